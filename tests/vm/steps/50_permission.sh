#!/bin/bash
# Who is not root is told of the udev rule; with the rule, and a udevd that obeys it, the group
# plugdev may use the device, and so may who sits at the machine.
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/../lib.sh"

rules=/usr/lib/udev/rules.d
udevadm=$GUEST_KERNEL/udev/bin/udevadm
# The root file system is a chroot here.
export SYSTEMD_IGNORE_CHROOT=1

# A command as somebody without rights, in the group plugdev when $1 says so.
as_nobody() {
	local groups=--clear-groups

	[ "$1" = other ] || groups=--groups=$1
	HOME=/ setpriv --reuid=nobody --regid=nogroup "$groups" "${@:2}"
}

start_udevd() {
	cp -r "$GUEST_KERNEL/udev/lib/udev/." /usr/lib/udev/
	cp "$GUEST_FOLDER/../../udev/60-twinhsm.rules" $rules
	(exec -a systemd-udevd "$udevadm" >"$work/udevd.log" 2>&1) &
	until_it "$udevadm" control --ping
}

# The file of the device belongs to the group; $node is its path.
node_is_shared() {
	local bus address

	read -r bus <"$device/busnum"
	read -r address <"$device/devnum"
	printf -v node '/dev/bus/usb/%03d/%03d' "$bus" "$address"
	[ "$(stat -c '%G %a' "$node")" = 'plugdev 660' ]
}

# Where anybody may run it.
install -m 755 "$tool" /run/twinhsm-tool
plug_keys "$nitrokey"
refused as_nobody plugdev /run/twinhsm-tool status
echo "$out"
has "$out" 'no permission to use /dev/bus/usb/'
has "$out" 'udev rule 60-twinhsm.rules'
unplug "$nitrokey"

start_udevd
plug "$work/my.token" "$nitrokey"
until_it node_is_shared
out=$("$udevadm" info --query=property "$node")
has "$out" '^TAGS=.*:uaccess:'
refused as_nobody other /run/twinhsm-tool status
has "$out" 'no permission'
run as_nobody plugdev /run/twinhsm-tool status
