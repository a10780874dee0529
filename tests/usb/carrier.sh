# shellcheck shell=bash
# A simulated USB bus for the scripts of ../interop, where token files are devices. Sourced by
# interop/lib.sh. Needs TWINHSM_MOCK, mock_token.

# Starts the bus for devices of model $1. Programs that run with umockdev's library see it, and no
# other USB devices.
start_bus() {
	[ -n "${TWINHSM_MOCK-}" ] || {
		echo "umockdev is not installed"
		exit 77
	}
	umockdev-wrapper "$TWINHSM_MOCK" --serve "$work/bus" --model "$1" \
		>"$work/bus.log" 2>&1 &
	bus=$!
	wait_for "$work/bus" .
	# shellcheck source=/dev/null
	. "$work/bus"
	export UMOCKDEV_DIR
}

# The port in which token file $1 is a device; it is plugged in when it is not there yet.
port_of() {
	local port

	port=$("$TWINHSM_MOCK" tell have "$1") || {
		cat "$work/bus.log" >&2
		fail "$1 is not plugged in"
	}
	echo "${port%% *}"
}

unplug() {
	"$TWINHSM_MOCK" tell unplug "$(port_of "$1")" >/dev/null
}
