#!/bin/sh
# The hook of the plugin.
exec "${0%/*}/spikectl.sh" --hook
