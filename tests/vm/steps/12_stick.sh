#!/bin/bash
# The other model, which takes whole APDUs.
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/../lib.sh"

plug_keys "$stick" --usb-model stick
out=$(lsusb -v -d 04e6:5817 2>/dev/null | sed -nE 's/^ +//p')
has "$out" '^dwFeatures +000404BA$'
has "$out" '^Short and extended APDU level exchange$'
sign_with 11 SHA256-RSA-PKCS "$TWINHSM_MODULE"
