#!/usr/bin/env bash
# Runs the hook's program tests on the oldest Node that is supported and on the newest one.
set -euo pipefail
cd "$(dirname "$0")/.."

for version in 22.14.0 latest; do
  npm exec --yes --package="node@$version" -- bash -c '
    node --version
    node --experimental-strip-types --disable-warning=ExperimentalWarning --test --test-reporter=dot "test/program/hook.test.ts"'
done
echo 'nodes: the hook works on the oldest and on the newest'
