#!/bin/sh
# Starts spikectl, or with --hook its hook: the build that lies beside it, else what is installed.
root=${0%/*}/..
name=spikectl
if [ "$1" = --hook ]; then
  name=spikectl-hook
  shift
fi
if [ -f "$root/dist/hook.js" ]; then
  PATH="$root/node_modules/.bin:$PATH"
  exec node "$root/bin/$name.js" "$@"
fi
command -v "$name" >/dev/null 2>&1 && exec "$name" "$@"
echo "spikectl: the plugin finds no $name to run. From a clone of spikectl: npm ci --ignore-scripts=false && npm pack && npm install --global ./spikectl-*.tgz" >&2
exit 1
