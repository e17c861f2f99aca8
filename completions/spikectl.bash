# Completion of spikectl for bash. Put into ~/.bashrc: eval "$(spikectl completion bash)"

_spikectl() {
  local word=${COMP_WORDS[COMP_CWORD]} kind='' value about quoted
  local -a explained=()
  COMPREPLY=()
  # What holds a colon comes in pieces: it can only be a file.
  [[ $word == : || ${COMP_WORDS[COMP_CWORD - 1]} == : ]] && return
  {
    read -r kind
    while IFS=$'\t' read -r value about; do
      printf -v quoted %q "$value"
      [[ $value == "$2"* ]] || continue
      # Inside of quotes others would be needed.
      [[ $word == [\"\']* && $quoted != "$value" ]] && continue
      COMPREPLY+=("$quoted")
      explained+=("$quoted${about:+  ($about)}")
    done
  } < <(command spikectl complete -- "${COMP_WORDS[@]:1:COMP_CWORD-1}" "$2" 2>/dev/null)
  # Nothing to offer is no reason to offer files.
  [[ $kind == files ]] || compopt +o default 2>/dev/null
  # Where several are listed and none is put in, the list says what they mean.
  [[ $COMP_TYPE =~ ^(33|63|64)$ && ${#COMPREPLY[@]} -gt 1 ]] && COMPREPLY=("${explained[@]}")
}

complete -o default -o nosort -F _spikectl spikectl 2>/dev/null || complete -o default -F _spikectl spikectl
