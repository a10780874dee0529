#!/bin/bash
# The same device for pcscd, its CCID driver and OpenSC; then for the module, through pcscd, and who
# it says has the device when it wants that for itself.
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/../lib.sh"

plug_keys "$nitrokey"
start_pcscd
out=$(run opensc-tool --list-readers)
echo "$out"
has "$out" '^0 +Yes +Nitrokey Nitrokey HSM'
out=$(run opensc-tool --name 2>&1)
has "$out" 'SmartCard-HSM'
sign_with 10 ECDSA-SHA256 "$opensc_module"

step 'Without settings the module goes through pcscd, which has the device'
unset TWINHSM_CARDS
sign_with 11 SHA256-RSA-PKCS "$TWINHSM_MODULE"
out=$(p11 -L)
has "$out" 'pcsc:Nitrokey'
has_not "$out" 'usb:'

step 'When it wants the device for itself, it is told who has it'
export TWINHSM_CARDS=usb:20a0:4230
refused "$tool" status
echo "$out"
has "$out" "pcscd, process $pcscd, holds it: use it through PC/SC"

step 'Without pcscd it is free again'
stop_pcscd
run "$tool" status
