#!/usr/bin/env bash
# Packs the package, installs the tarball globally into an empty prefix with npm's defaults, and uses it.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PWD/node_modules/.bin:$PATH"

prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT

npm pack --pack-destination "$prefix"
npm install --global --prefix "$prefix" "$prefix"/spikectl-*.tgz
cd "$prefix"
bin/spikectl demo
bin/spikectl completion zsh | grep -q '^#compdef spikectl$'
bin/spikectl complete -- '' | grep -q '^audit'

home=$prefix/home
mkdir "$home"
echo '{"rate":{"blockPerMin":2}}' >"$home/config.json"
call() {
  echo "{\"session_id\":\"s1\",\"hook_event_name\":\"PreToolUse\",\"tool_name\":\"Bash\",\"tool_use_id\":\"$1\"}" |
    SPIKECTL_HOME=$home bin/spikectl-hook 2>"$prefix/stderr" >/dev/null || code=$?
}
code=0; call t1; test "$code" = 0
code=0; call t2; test "$code" = 2
grep -q '^rate_limited: ' "$prefix/stderr"
echo 'package: installed from its tarball, the demo and the hook work'
