#!/bin/sh
# symbols.sh SOURCE BUILD: no function of a program has the name of one in the libraries that it is
# linked with. The linker would take the first one for both without a word.
set -eu

# The objects of program $2 in build folder $1, without those whose source is gone.
objects_of() {
	(cd "$1/tools/CMakeFiles/$2.dir" && find . -name '*.o') | while read -r object; do
		if [ -e "$source/tools/${object%.o}" ]; then
			echo "$1/tools/CMakeFiles/$2.dir/$object"
		fi
	done
}

source=$1
found=
libraries=$(find "$2/tools" "$2/firmware-emu" "$2/module" -name '*.a' \
	! -name 'libhsm_p11.a' ! -name 'libhsm_token.a')
for program in twinhsm-tool twinhsm-emu; do
	objects=$(objects_of "$2" "$program")
	[ -n "$objects" ] && [ -n "$libraries" ] || exit 77
	# shellcheck disable=SC2086 # lists of words
	mine=$(nm -g --defined-only $objects | awk 'NF == 3 { print $3 }' | sort -u)
	# shellcheck disable=SC2086
	theirs=$(nm -g --defined-only $libraries 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u)
	for name in $(printf '%s\n%s\n' "$mine" "$theirs" | sort | uniq -d); do
		echo "$program: there is a '$name' in a library as well" >&2
		found=yes
	done
done
[ -z "$found" ]
