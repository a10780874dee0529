#!/bin/bash
# An application signs while another wants the device, which is told who holds it; while the device
# is pulled out, in the middle of a command or after one; and when it is put back.
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/../lib.sh"

# The application has said $1 as often as $2.
has_said() {
	[ "$(count "^$1$" "$work/said")" -eq "$2" ]
}

plug_keys "$nitrokey"
TWINHSM_CARDS='usb:*' "$GUEST_REPLUG" "$TWINHSM_MODULE" 2 >"$work/said" 2>&1 &
application=$!
for round in 1 2; do
	until_it has_said signing $round
	if [ $round = 1 ]; then
		refused "$tool" status
		echo "$out"
		has "$out" "vm_replug, process $application, holds it"
		kill -KILL $serve
		until_it is_unplugged "$nitrokey"
	else
		unplug "$nitrokey"
	fi
	until_it has_said gone $round
	[ $round = 2 ] || plug "$work/my.token" "$nitrokey"
done
wait $application || fail 'the application is not content'
