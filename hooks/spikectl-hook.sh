#!/bin/sh
# Starts the hook of the plugin: the build that lies beside it, else the spikectl that is installed.
root=${0%/*}/..
if [ -f "$root/dist/hook.js" ]; then
  PATH="$root/node_modules/.bin:$PATH"
  exec node "$root/bin/spikectl-hook.js"
fi
command -v spikectl-hook >/dev/null 2>&1 && exec spikectl-hook
echo 'spikectl: the plugin finds no program to run. Run: npm install --global spikectl' >&2
exit 1
