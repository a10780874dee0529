#!/bin/sh
# install.sh BUILD: what `cmake --install` puts where, and that the installed module answers.
set -eu

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
DESTDIR=$stage cmake --install "$1" >/dev/null

one() {
	found=$(find "$stage" -path "*/$1")
	[ "$(printf '%s\n' "$found" | grep -c .)" -eq 1 ] || {
		echo "installed, not once: $1"
		exit 1
	}
}
for name in bin/twinhsm-tool bin/twinhsm-emu man1/twinhsm-tool.1 man1/twinhsm-emu.1 \
	man5/twinhsm.conf.5 man7/twinhsm-pkcs11.7 lib/udev/rules.d/60-twinhsm.rules; do
	one "$name"
done

one '*.module'
grep -q '^module: *\(.*/\)\{0,1\}twinhsm-pkcs11.so$' "$found"
one pkcs11/twinhsm-pkcs11.so
# A card that is not there: the library answers all the same.
TWINHSM_CARDS=emu:$stage/none.token pkcs11-tool --module "$found" --show-info |
	grep -q '^Cryptoki version'
