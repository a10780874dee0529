#!/bin/bash
# Secure messaging from the programs and the module to a card behind a socket: everything works as
# in clear, and after the channel is open nothing crosses the carrier unprotected.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/../interop/lib.sh"

fresh_card
token=$work/my.token
mkdir -p "$work/.config/twinhsm"
unset TWINHSM_CARDS
printf 'cards = unix:%s\nsecure = test\n' "$work/socket" >"$work/.config/twinhsm/twinhsm.conf"
"$emu" serve "$token" --socket "$work/socket" --trace "$work/trace" 2>"$work/log" &
background=$!
wait_for "$work/log" listening

step "PINs, keys and signatures"
"$tool" --initialize --so-pin $so_pin --pin $pin --label secured
p11 --login --pin $pin --keypairgen --key-type rsa:2048 --id 01 --label rsa >/dev/null
p11 --read-object --type pubkey --id 01 --output-file "$work/spki"
openssl pkey -pubin -inform DER -in "$work/spki" -out "$work/public"
echo text >"$work/text"
p11 --login --pin $pin --sign -m SHA256-RSA-PKCS --id 01 -i "$work/text" \
	--output-file "$work/signature"
openssl dgst -sha256 -verify "$work/public" -signature "$work/signature" "$work/text"
refused p11 --login --pin 111111 --sign -m SHA256-RSA-PKCS --id 01 -i "$work/text"
has "$out" CKR_PIN_INCORRECT
has "$("$tool")" 'User PIN tries left +: 2'

step "What crossed the socket in clear"
in_clear=$(sed -n 's/^> \(........\).*/\1/p' "$work/trace" | grep -Ev '^[08]C' | sort -u)
same "commands in clear" "$in_clear" "$(printf '%s\n' 002241A4 00860000 00A40400 00B12F02)"
grep -Eq '^> 0C200081' "$work/trace" || fail "no PIN was presented at all"

step "A card that cannot show a genuine certificate is not trusted"
sed -i 's/secure = test/secure = on/' "$work/.config/twinhsm/twinhsm.conf"
refused "$tool"
has "$out" 'certificate of the card is not trusted'
kill "$background"
wait "$background" || true
background=
