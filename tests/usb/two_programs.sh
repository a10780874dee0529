#!/bin/bash
# Two programs and one device: who comes second is told at once who has it, and has it afterwards.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/../interop/lib.sh"

fresh_card
p11 --login --pin "$pin" --keypairgen --key-type EC:prime256v1 --id 01 >/dev/null 2>&1
head -c 32 /dev/urandom >"$work/digest"
mkfifo "$work/input"

step "The first program is logged in and waits for what it shall sign"
pkcs11-tool --module "$TWINHSM_MODULE" --login --pin "$pin" --sign -m ECDSA --id 01 \
	-i "$work/input" -o "$work/signature" >"$work/first.log" 2>&1 &
first=$!
exec 5>"$work/input" # there is a reader now

step "The second is told"
refused timeout 20 "$tool"
printf '%s\n' "$out"
has "$out" 'another program holds the USB device'
has "$out" "pkcs11-tool, process $first, holds it"

step "The first goes on, and then it is the second's turn"
cat "$work/digest" >&5
exec 5>&-
wait $first || {
	cat "$work/first.log"
	fail "the first program"
}
[ "$(stat -c %s "$work/signature")" -eq 64 ] || fail "no signature"
"$tool" >/dev/null
echo "one after the other"
