#compdef spikectl
# Completion of spikectl for zsh. Put into ~/.zshrc, after compinit: eval "$(spikectl completion zsh)"

_spikectl() {
  local tab=$'\t'
  local -a typed=() lines
  ((CURRENT > 2)) && typed=("${(@Q)words[2,CURRENT-1]}")
  lines=("${(@f)$(command spikectl complete -- "${typed[@]}" "${(Q)PREFIX}" 2>/dev/null)}")
  # Of --scope=user only what follows is completed.
  [[ $PREFIX == --*=* ]] && compset -P '*='
  case $lines[1] in
    files) _files ;;
    words)
      shift lines
      # As _describe wants them: word:meaning.
      lines=("${(@)lines//\\/\\\\}")
      lines=("${(@)lines//:/\\:}")
      lines=("${(@)lines//$tab/:}")
      _describe -V spikectl lines
      ;;
  esac
}

if [[ $funcstack[1] == _spikectl ]]; then
  _spikectl "$@"
elif (($+functions[compdef])); then
  compdef _spikectl spikectl
else
  print -u2 'spikectl: completion comes after: autoload -Uz compinit && compinit'
fi
