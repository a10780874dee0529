#!/bin/sh
# format.sh ROOT: every C source is laid out as clang-format with the tree's .clang-format does it.
set -eu

command -v clang-format >/dev/null || {
	echo "clang-format is not installed"
	exit 77
}
cd "$1"
find module firmware-emu tools tests -name '*.[ch]' -exec clang-format --dry-run -Werror {} +
