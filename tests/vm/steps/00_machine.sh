#!/bin/bash
# The machine is what the other steps take it for: Debian's kernel with its USB stack, this
# machine's programs, nothing of the host within reach of a write.
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/../lib.sh"

run uname -r
[ -d "$GUEST_KERNEL/lib/modules/$(uname -r)" ] || fail 'this is not the kernel that was fetched'
[ -e "$vhci/attach" ] || fail 'vhci_hcd is not there'
out=$(lsusb)
has "$out" '1d6b:0002 .*USB/IP Virtual Host Controller'
grep -q ' / overlay rw' /proc/mounts || fail 'nothing lies over the file system of the host'

fresh_card
run "$tool" status
