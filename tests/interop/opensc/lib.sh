# shellcheck shell=bash
# A private pcscd with our card in a reader, and OpenSC's tools on it. TWINHSM_READER says which
# reader: a virtual one (vpcd, the default), or the card is a USB device of a model of
# ../../usb/mock_token.c, which libccid drives. Sourced.
# shellcheck source=tests/interop/lib.sh
declare -F use_card >/dev/null || . "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

for opensc_module in /usr/lib/*/opensc-pkcs11.so; do :; done
token=$work/my.token
pcscd=
server=
inserted=
case ${TWINHSM_READER:=vpcd} in
vpcd) reader='Virtual PCD 00 00' ;;
nitrokey) reader='Nitrokey Nitrokey HSM' ;;
stick) reader='Identive SCT3522CC token' ;;
esac
unset OPENSC_CONF OPENSC_DEBUG

leave_opensc() {
	local status=$?

	set +e
	stop_process "$server"
	stop_process "$pcscd"
	(exit "$status")
	leave
}
trap leave_opensc EXIT

# Ends process $1, which may be none or gone.
stop_process() {
	[ -n "$1" ] || return 0
	kill "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
}

start_pcscd() {
	local start=(python3 -B "$(dirname "${BASH_SOURCE[0]}")/pcscd.py" "$work/pcscd")

	mkdir "$work/pcscd"
	: >"$work/server.log"
	export PCSCLITE_CSOCK_NAME=$work/pcscd/comm
	if [ "$TWINHSM_READER" != vpcd ]; then
		start_bus "$TWINHSM_READER"
		start=(umockdev-wrapper "${start[@]}" --usb)
	fi
	"${start[@]}" >"$work/pcscd/log" 2>&1 &
	pcscd=$!
	wait_for "$work/pcscd/port" .
}

reader_has_card() {
	opensc-tool --list-readers 2>/dev/null | grep -Eq '^0 +Yes'
}

# Puts the card of $token into the reader.
insert_card() {
	local port

	if [ "$TWINHSM_READER" = vpcd ]; then
		port=$(cat "$work/pcscd/port")
		"$emu" serve "$token" --vpcd "127.0.0.1:$port" >"$work/server.log" 2>&1 &
		server=$!
	else
		port_of "$token" >/dev/null
	fi
	inserted=yes
	wait_until reader_has_card
}

reader_is_empty() {
	! reader_has_card
}

# Waits up to ten seconds until a command succeeds.
wait_until() {
	for _ in $(seq 100); do
		! "$@" || return 0
		sleep 0.1
	done
	cat "$work/pcscd/log" "$work/server.log"
	fail "waited in vain: $*"
}

remove_card() {
	if [ "$TWINHSM_READER" = vpcd ]; then
		stop_process "$server"
		server=
	else
		unplug "$token"
	fi
	inserted=
	wait_until reader_is_empty
}

# OpenSC's own PKCS#11 module.
opensc() {
	pkcs11-tool --module "$opensc_module" "$@"
}

# Runs a command, whose output goes to $out, and is shown when it fails.
quiet() {
	out=$("$@" 2>&1) || {
		printf '%s\n' "$out"
		fail "$*"
	}
}

# A card that is ready for use, in the reader of a new pcscd.
new_card() {
	fresh_card
	start_pcscd
	insert_card
}
