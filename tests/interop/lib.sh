# shellcheck shell=bash
# What the scripts of this folder share. Sourced; needs TWINHSM_BIN (folder of the two programs) and
# TWINHSM_MODULE (the module). Works in a temporary folder, $work, that is removed at the end.
set -euo pipefail

: "${TWINHSM_BIN:?folder of twinhsm-emu and twinhsm-tool}"
: "${TWINHSM_MODULE:?path of twinhsm-pkcs11.so}"
emu=$TWINHSM_BIN/twinhsm-emu
tool=$TWINHSM_BIN/twinhsm-tool
pin=648219
so_pin=3537363231383830

work=$(mktemp -d)
background=
bus=
# Nothing of the person who runs this is read or written.
export HOME=$work LC_ALL=C.UTF-8 PCSCLITE_CSOCK_NAME=$work/no-pcscd
# pkcs11-tool 0.23 reads what it has freed when it writes an EC public key to a file; memory that
# waits in a long cache is still what it was.
export GLIBC_TUNABLES=glibc.malloc.tcache_count=127
unset XDG_DATA_HOME XDG_CONFIG_HOME TWINHSM_CARDS TWINHSM_LOG OPENSSL_CONF

leave() {
	local status=$?

	[ -z "$background" ] || kill "$background" 2>/dev/null || true
	[ -z "$bus" ] || kill "$bus" 2>/dev/null || true
	rm -rf "$work"
	[ "$status" -eq 0 ] || echo "FAILED: $0" >&2
}
trap leave EXIT

step() {
	printf '\n== %s\n' "$*"
}

fail() {
	printf 'FAILED: %s\n' "$*" >&2
	exit 1
}

# Shows a command and runs it.
run() {
	local shown=("$@")

	[ "$1" != p11 ] || shown=(pkcs11-tool --module twinhsm-pkcs11.so "${@:2}")
	printf '$'
	printf ' %q' "${shown[@]}"
	printf '\n'
	"$@"
}

# The command must fail; $out is what it said.
refused() {
	if out=$("$@" 2>&1); then
		printf '%s\n' "$out"
		fail "this should have been refused: $*"
	fi
}

# The text $1 must contain the extended regular expression $2.
has() {
	grep -Eq -- "$2" <<<"$1" || {
		printf '%s\n' "$1"
		fail "not in the output above: $2"
	}
}

has_not() {
	if grep -Eq -- "$2" <<<"$1"; then
		printf '%s\n' "$1"
		fail "should not be in the output above: $2"
	fi
}

# The two values $2 and $3 must be the same; $1 says what they are.
same() {
	[ "$2" = "$3" ] || fail "$1: '$2' is not '$3'"
}

# Waits up to ten seconds until file $1 contains $2.
wait_for() {
	for _ in $(seq 200); do
		! grep -Eq -- "$2" "$1" 2>/dev/null || return 0
		sleep 0.05
	done
	cat "$1"
	fail "waited for '$2' in vain"
}

# How many lines of file $2 contain $1.
count() {
	grep -ac -- "$1" "$2" || true
}

p11() {
	pkcs11-tool --module "$TWINHSM_MODULE" "$@"
}

# The address of the card in token file $1: the file itself, or with TWINHSM_CARRIER=usb-nitrokey or
# usb-stick the USB device that it is.
address_of() {
	case ${TWINHSM_CARRIER:-emu} in
	usb-*) echo "usb:1-$(port_of "$1")" ;;
	*) echo "emu:$1" ;;
	esac
}

# Makes token file $1 the card of the module, as above, or with TWINHSM_CARRIER=pcsc in a reader of
# pcscd: see opensc/lib.sh.
use_card() {
	if [ "${TWINHSM_CARRIER:-emu}" = pcsc ]; then
		# shellcheck source=/dev/null # which takes in this file
		. "$(dirname "${BASH_SOURCE[0]}")/opensc/lib.sh"
		export token=$1
		start_pcscd
		insert_card
		export TWINHSM_CARDS="pcsc:$reader"
	else
		TWINHSM_CARDS=$(address_of "$1")
		export TWINHSM_CARDS
	fi
}

# A card that is ready for use, cheap to log in to.
fresh_card() {
	"$emu" create --kdf cheap --label mytoken --pin "$pin" --so-pin "$so_pin" \
		"$work/my.token" >/dev/null
	use_card "$work/my.token"
}

# shellcheck source=tests/usb/carrier.sh
. "$(dirname "${BASH_SOURCE[0]}")/../usb/carrier.sh"
if [[ ${TWINHSM_CARRIER-} = usb-* ]]; then
	start_bus "${TWINHSM_CARRIER#usb-}"
	export LD_PRELOAD=libumockdev-preload.so.0
fi
