#!/bin/sh
# scripts.sh ROOT: shellcheck has nothing to say about the shell scripts.
set -eu

command -v shellcheck >/dev/null || {
	echo "shellcheck is not installed"
	exit 77
}
cd "$1"
scripts=$(find . -path './build*' -prune -o -path './.git' -prune -o -type f -print |
	while read -r file; do
		if head -n 1 "$file" | grep -aqE '^#!.*(sh|bash)$'; then echo "$file"; fi
	done)
[ -n "$scripts" ]
# shellcheck disable=SC2086 # a list of names without spaces
shellcheck -x $scripts
