#!/bin/bash
# Each model of card that a token can be made as: OpenSC's tools and our own module make it ready
# and use keys on it, up to what that model knows; openssl judges the signatures.
# shellcheck source=tests/interop/opensc/lib.sh
. "$(dirname "$0")/lib.sh"

# Puts a card of model $1 into the reader and makes it ready with sc-hsm-tool.
put_in() {
	[ -z "$inserted" ] || remove_card
	rm -f "$token"*
	"$emu" create --kdf cheap --profile "$1" "$token" >/dev/null
	insert_card
	quiet opensc-tool --name
	has "$out" "SmartCard-HSM.*version $2\$|^SmartCard-HSM\$"
	quiet sc-hsm-tool --initialize --so-pin "$so_pin" --pin "$pin" --label "$1"
	has_not "$out" failed
}

# The public key $2 of type $3 in $work/public, put together from what is shown of it: pkcs11-tool
# 0.23 reads what it has freed when it writes EC keys to a file.
public_of() {
	local point

	rm -f "$work/public"
	case $3 in
	EC:*)
		quiet "$1" -O --type pubkey
		point=$(awk -v id="$2" '$1 == "EC_POINT:" { p = $2 }
			$1 == "ID:" && $2 == id { print p }' <<<"$out")
		cat >"$work/spki.conf" <<-END
			asn1 = SEQUENCE:key
			[key]
			algorithm = SEQUENCE:algorithm
			point = FORMAT:HEX,BITSTRING:${point:4}
			[algorithm]
			type = OID:id-ecPublicKey
			curve = OID:${3#EC:}
		END
		quiet openssl asn1parse -genconf "$work/spki.conf" -noout -out "$work/spki"
		;;
	*) quiet "$1" --read-object --type pubkey --id "$2" --output-file "$work/spki" ;;
	esac
	quiet openssl pkey -pubin -inform DER -in "$work/spki" -out "$work/public"
}

# A signature by key $2 of type $3 with the module function $1 is right.
signs() {
	local module=$1 id=$2 type=$3 mechanism=RSA-PKCS

	case $type in
	EC*) mechanism=ECDSA ;;
	esac
	quiet "$module" --login --pin "$pin" --keypairgen --key-type "$type" --id "$id" \
		--label "$type"
	public_of "$module" "$id" "$type"
	quiet "$module" --login --pin "$pin" --sign -m $mechanism --signature-format openssl \
		--id "$id" -i "$work/digest" --output-file "$work/signature"
	quiet openssl pkeyutl -verify -pubin -inkey "$work/public" -in "$work/digest" \
		-sigfile "$work/signature"
}

# Neither module makes a key of type $1 on this model.
knows_not() {
	refused opensc --login --pin "$pin" --keypairgen --key-type "$1" --id 77
	refused p11 --login --pin "$pin" --keypairgen --key-type "$1" --id 77
	has "$out" 'CKR_KEY_SIZE_RANGE|0x140' # CKR_CURVE_NOT_SUPPORTED
}

# Both modules, one after the other, on the same token.
both_sign() {
	signs opensc "$1" "$2"
	remove_card
	TWINHSM_CARDS=emu:$token signs p11 "1${1#0}" "$2"
	insert_card
}

start_pcscd
head -c 32 /dev/urandom >"$work/digest"
export TWINHSM_CARDS=emu:$token

for model in nitrokey-hsm2:4.1 smartcard-hsm-4k:3.5; do
	step "${model%:*}"
	put_in "${model%:*}" "${model#*:}"
	both_sign 01 rsa:2048
	both_sign 02 EC:secp384r1
	quiet sc-hsm-tool
	has "$out" "Version +: ${model#*:}"
done

step "nitrokey-hsm"
put_in nitrokey-hsm 2.6
both_sign 01 rsa:2048
both_sign 02 EC:prime256v1
knows_not rsa:4096
knows_not EC:secp521r1
quiet sc-hsm-tool --initialize --so-pin "$so_pin" --pin "$pin" --dkek-shares 1
quiet sc-hsm-tool
has "$out" 'DKEK shares +: 1'

step "smartcard-hsm-1.2"
put_in smartcard-hsm-1.2 1.2
both_sign 01 rsa:2048
both_sign 02 EC:prime256v1
knows_not rsa:4096
knows_not EC:secp384r1
refused "$tool" --reader "emu:$token" --initialize --so-pin "$so_pin" --pin "$pin" --dkek-shares 1
quiet "$tool" --reader "emu:$token"
has "$out" 'Version +: 1.2'
echo "every model is a SmartCard-HSM"
