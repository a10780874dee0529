#!/bin/bash
# sc-hsm-tool and the DKEK: shares are made and imported, keys are wrapped on one card, deleted, and
# unwrapped there and on another card; openssl checks that they are the same keys.
# shellcheck source=tests/interop/opensc/lib.sh
. "$(dirname "$0")/lib.sh"

initialize() {
	quiet sc-hsm-tool --initialize --so-pin "$so_pin" --pin "$pin" --dkek-shares "$1"
	has_not "$out" failed
}

# Ten million rounds of MD5: the tool needs seconds for each share.
import() {
	quiet sc-hsm-tool --import-dkek-share "$work/share" --password "$password"
	has "$out" 'DKEK share imported'
}

# A share in the clear, which only a command can give.
import_plain() {
	quiet opensc-tool --send-apdu "8052000020${1}00"
	has "$out" 'SW1=0x90, SW2=0x00'
}

status_has() {
	quiet sc-hsm-tool
	has "$out" "$1"
}

# The card signs with key $1; openssl checks with the key that was exported when it was made.
signs() {
	quiet opensc --login --pin "$pin" --sign -m "$2" --signature-format openssl --id "$1" \
		-i "$work/digest" --output-file "$work/signature"
	quiet openssl pkeyutl -verify -pubin -inkey "$work/$1.pub" -in "$work/digest" \
		-sigfile "$work/signature"
}

make_key() {
	quiet opensc --login --pin "$pin" --keypairgen --key-type "$2" --id "$1" --label "key $1"
	quiet opensc --read-object --type pubkey --id "$1" --output-file "$work/spki"
	openssl pkey -pubin -inform DER -in "$work/spki" -out "$work/$1.pub"
}

unwrap() {
	quiet sc-hsm-tool --unwrap-key "$work/wrapped$1" --key-reference "$1" --pin "$pin" "${@:2}"
	has "$out" 'Key successfully imported'
}

"$emu" create --kdf cheap "$token" >/dev/null
start_pcscd
insert_card
head -c 32 /dev/urandom >"$work/digest"
plain=$(openssl rand -hex 32)
password='a long password'

step "Two shares"
initialize 2
status_has 'DKEK shares +: 2'
status_has 'DKEK import pending, 2 share\(s\) still missing'
quiet sc-hsm-tool --create-dkek-share "$work/share" --password "$password"
has "$out" 'DKEK share created and saved'
import_plain "$plain"
status_has 'DKEK import pending, 1 share\(s\) still missing'
import
status_has 'DKEK key check value : [0-9A-F]{16}$'
value=$(sed -n 's/.*key check value : //p' <<<"$out")

step "Keys are wrapped, deleted and unwrapped"
make_key 01 rsa:2048
make_key 02 EC:prime256v1
for i in 1 2; do
	quiet sc-hsm-tool --wrap-key "$work/wrapped$i" --key-reference $i --pin "$pin"
	refused sc-hsm-tool --unwrap-key "$work/wrapped$i" --key-reference $i --pin "$pin"
	has "$out" 'Found existing'
	quiet opensc --login --pin "$pin" --delete-object --type privkey --id 0$i
	unwrap $i --force
done
signs 01 RSA-PKCS
signs 02 ECDSA

step "A card with another DKEK refuses them"
remove_card
rm "$token"*
"$emu" create --kdf cheap "$token" >/dev/null
insert_card
initialize 1
import_plain "$plain"
refused sc-hsm-tool --unwrap-key "$work/wrapped1" --key-reference 1 --pin "$pin"
has "$out" 'Wrapped key does not match DKEK'

step "The same keys on that card with the same shares, in another order"
initialize 2
import
import_plain "$plain"
status_has "DKEK key check value : $value"
unwrap 1
unwrap 2
signs 01 RSA-PKCS
signs 02 ECDSA

step "A card without a DKEK neither wraps nor takes shares"
quiet sc-hsm-tool --initialize --so-pin "$so_pin" --pin "$pin"
quiet opensc-tool --send-apdu "8052000020${plain}00"
has_not "$out" 'SW1=0x90'
quiet opensc --login --pin "$pin" --keypairgen --key-type EC:prime256v1 --id 01
refused sc-hsm-tool --wrap-key "$work/none" --key-reference 1 --pin "$pin"
echo "sc-hsm-tool is content"
