# Completion of spikectl for fish. Put into ~/.config/fish/config.fish: spikectl completion fish | source

# Keeps the words to offer; false where files are expected, which fish completes by itself.
function __spikectl_ask
    set --global __spikectl_words
    command --query spikectl; or return 0
    set --local typed (commandline --current-process --cut-at-cursor --tokenize)
    set --local word (commandline --current-token --cut-at-cursor | string trim --left --chars \'\")
    set --local lines (command spikectl complete -- $typed[2..-1] "$word" 2>/dev/null)
    test "$lines[1]" = files; and return 1
    # Of --scope=user only what follows is completed.
    set --local before (string match --regex -- '^--[^=]*=' "$word")
    set __spikectl_words "$before"$lines[2..-1]
    return 0
end

complete --command spikectl --condition __spikectl_ask --no-files --keep-order --arguments '$__spikectl_words'
