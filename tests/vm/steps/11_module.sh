#!/bin/bash
# The module and twinhsm-tool on the device: initialise, generate, sign, list.
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/../lib.sh"

"$emu" create "$work/my.token" >/dev/null
plug "$work/my.token" "$nitrokey"
export TWINHSM_CARDS='usb:*'

run "$tool" --initialize --so-pin "$so_pin" --pin "$pin" --label mytoken
make_key EC:prime256v1 10
make_key rsa:1024 11
sign_with 10 ECDSA-SHA256 "$TWINHSM_MODULE"
sign_with 11 SHA256-RSA-PKCS "$TWINHSM_MODULE"
out=$(run "$tool" list)
echo "$out"
has "$out" 'key10'
has "$out" 'key11'
