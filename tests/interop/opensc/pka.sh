#!/bin/bash
# sc-hsm-tool and public key authentication: keys of one card are registered with another, which
# then knows them.
# shellcheck source=tests/interop/opensc/lib.sh
. "$(dirname "$0")/lib.sh"

target=$work/target.token
signer=$work/signer.token

# Puts the card of token $1 into the reader instead of the one that is there.
change_card() {
	[ -z "$inserted" ] || remove_card
	token=$1
	insert_card
}

# Makes an authenticator card with an EC key and exports that to file $1.
new_signer() {
	rm -f "$signer"*
	"$emu" create --kdf cheap "$signer" >/dev/null
	change_card "$signer"
	quiet sc-hsm-tool --initialize --so-pin "$so_pin" --pin "$pin"
	quiet opensc --login --pin "$pin" --keypairgen --key-type "$2" --id 01 --label signer
	quiet sc-hsm-tool --export-for-pub-key-auth "$1" --key-reference 1
	openssl asn1parse -inform DER -in "$1" >/dev/null
}

keys_are() {
	has "$out" "Number of public keys: +$1\$"
	has "$out" "Missing public keys: +$2\$"
	has "$out" "Required pubkeys for auth: +$3\$"
	has "$out" "Authenticated public keys: +$4\$"
}

register() {
	quiet sc-hsm-tool --register-public-key "$1"
}

start_pcscd
"$emu" create --kdf cheap "$target" >/dev/null

step "A card without public key authentication"
change_card "$target"
quiet sc-hsm-tool --initialize --so-pin "$so_pin" --pin "$pin"
status=$(sc-hsm-tool --public-key-auth-status 2>&1) || true
has "$status" 'Card not initialized for public key registration'

step "Two keys, one of them required"
quiet sc-hsm-tool --initialize --so-pin "$so_pin" --pin "$pin" --public-key-auth 2 \
	--required-pub-keys 1
quiet sc-hsm-tool --public-key-auth-status
keys_are 2 2 1 0
quiet sc-hsm-tool
has "$out" 'User PIN tries left +: 3$' # which it sets always

step "Keys of two cards"
new_signer "$work/first.pka" EC:prime256v1
new_signer "$work/second.pka" rsa:2048

step "They are registered"
change_card "$target"
register "$work/first.pka"
keys_are 2 1 1 0
refused sc-hsm-tool --register-public-key "$work/first.pka" # once is enough
has "$out" 'REGISTER_PUBLIC_KEY'
register "$work/second.pka"
keys_are 2 0 1 0
refused sc-hsm-tool --register-public-key "$work/first.pka"

step "They are still there when the card comes back"
remove_card
insert_card
quiet sc-hsm-tool --public-key-auth-status
keys_are 2 0 1 0
quiet opensc --login --pin "$pin" --list-objects

step "Keys alone: no user PIN, which only a command can ask for"
quiet opensc-tool --send-apdu "8050000012800200018208${so_pin}93020101"
has "$out" 'SW1=0x90, SW2=0x00'
quiet sc-hsm-tool
has "$out" 'Public key authentication active\.$'
has "$out" 'SO-PIN tries left +: 15$'
register "$work/second.pka"
keys_are 1 0 1 0
quiet sc-hsm-tool
has "$out" 'Public key authentication active\.$'
remove_card
has "$(TWINHSM_CARDS=emu:$target "$tool")" 'Public key authentication active\.$'
has "$("$emu" info "$target")" 'registered keys log in'
insert_card
refused opensc --login --pin "$pin" --list-objects
quiet opensc --list-objects
echo "sc-hsm-tool is content"
