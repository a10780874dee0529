#!/bin/bash
# The standard tool attaches what --usbip offers, on the guest's own network.
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/../lib.sh"

is_listed() {
	usbip list --remote 127.0.0.1 >"$work/list" 2>&1 && grep -q 20a0:4230 "$work/list"
}

cp "$GUEST_TOKEN" "$work/my.token"
cp "$(dirname "$GUEST_TOKEN")"/*.pub "$work"
"$emu" serve "$work/my.token" --usbip &
background=$!
until_it is_listed
cat "$work/list"
bus_id=$(sed -nE 's/^ *([0-9.-]+): .*\(20a0:4230\).*/\1/p' "$work/list")
run usbip attach --remote 127.0.0.1 --busid "$bus_id"
until_it is_plugged "$nitrokey"
out=$(run usbip port)
echo "$out"
has "$out" '20a0:4230'
TWINHSM_CARDS=usb:20a0:4230 sign_with 10 ECDSA-SHA256 "$TWINHSM_MODULE"
run usbip detach --port "$(sed -nE 's/^Port ([0-9]+):.*/\1/p' <<<"$out")"
until_it is_unplugged "$nitrokey"
is_listed || fail 'after detaching it is not offered any more'
