#!/usr/bin/env bash
# Installs fresh clones as newcomers do: with npm 10, which Node 22 ships, and without scripts.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
PATH="$root/node_modules/.bin:$PATH"

clones=$(mktemp -d)
trap 'rm -rf "$clones"' EXIT

git clone --quiet "$root" "$clones/npm-10"
cd "$clones/npm-10"
npx --yes npm@10 ci
test ! -e node_modules/better-sqlite3/build # nothing was compiled
npx spikectl demo

git clone --quiet "$root" "$clones/no-scripts"
cd "$clones/no-scripts"
export npm_config_ignore_scripts=true
npm ci
code=0
npx spikectl demo >stdout 2>stderr || code=$?
test "$code" = 2
test ! -s stdout
test "$(wc -l <stderr)" = 1
grep -q 'Run: npm run build$' stderr
npm run build
npx spikectl --version
echo 'clones: npm 10 compiles nothing, and without scripts one line says what to run'
