# shellcheck shell=bash
# What the steps share. Sourced; runs in the virtual machine.
# shellcheck source=tests/interop/lib.sh
. "$GUEST_FOLDER/../interop/lib.sh"
# shellcheck disable=SC2034 # for those who source this
vhci=/sys/devices/platform/vhci_hcd.0
