#!/bin/sh
# exports.sh MODULE FUNCTIONS_DEF: the module exports the names of functions.def, nothing else.
set -eu

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
nm -D --defined-only "$1" | awk '{ print $3 }' | sed 's/@.*//' | sort >"$dir/exported"
grep -oE '\bC_[A-Za-z]+' "$2" | sort -u >"$dir/listed"
[ -s "$dir/listed" ]
diff -u "$dir/listed" "$dir/exported"
