#!/bin/bash
# twinhsm-emu serve --usbip and --vhci as a program: messages, and what Linux's tool usbip sees.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/../interop/lib.sh"

PATH=$PATH:/usr/sbin
fresh_card
token=$work/my.token

# Serves over USB/IP at any port, which becomes $port. Arguments as for serve.
serve() {
	: >"$work/log"
	"$emu" serve "$token" --usbip 127.0.0.1:0 "$@" 2>"$work/log" &
	background=$!
	wait_for "$work/log" "listening at port"
	port=$(sed -n 's/.*listening at port \([0-9]*\) .*/\1/p' "$work/log")
}

stop() {
	local status=0

	kill -TERM "$background"
	wait "$background" || status=$?
	background=
	same "exit status" "$status" 0
}

step "usbip lists the device"
serve
list=$(usbip --tcp-port "$port" list -r 127.0.0.1)
has "$list" "1-1: .*20a0:4230"
has "$list" "0 - .*03/00/00"
has "$list" "1 - .*0b/00/00"

step "the port is in use"
refused "$emu" serve "$token" --usbip "127.0.0.1:$port"
has "$out" "usbip 127.0.0.1:$port: cannot listen there: another program listens there"
stop

step "the other model"
serve --usb-model stick
has "$(usbip --tcp-port "$port" list -r 127.0.0.1)" "1-1: .*04e6:5817"
stop

step "with other front ends"
serve --socket "$work/socket" --usb-fault stall@1
[ -S "$work/socket" ] || fail "no socket"
stop

step "messages"
refused "$emu" serve "$token" --usbip --usb-fault nonsense
has "$out" "'nonsense' is not a list of faults"
refused "$emu" serve "$token" --usbip --usb-model toaster
has "$out" "'toaster' is no --usb-model: there are nitrokey and stick"
refused "$emu" serve "$token" --usbip=nonsense
has "$out" "'nonsense' is not HOST:PORT"
refused "$emu" serve "$token" --vhci=nonsense
has "$out" "'nonsense' is not a port of vhci_hcd"
refused "$emu" serve "$token" --usbip --usbip
has "$out" "at most one --usbip"

step "no host controller"
if [ ! -e /sys/devices/platform/vhci_hcd.0 ]; then
	refused "$emu" serve "$token" --vhci
	has "$out" "vhci: the kernel has no vhci_hcd, or it is not loaded \(modprobe vhci-hcd\)"
	refused "$emu" serve "$token" --vhci 3
	has "$out" "vhci: the kernel has no vhci_hcd"
fi
