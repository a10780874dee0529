#!/bin/bash
# A token filled through OpenSC's PKCS#11 module, and one filled through ours, show the same objects
# and attributes through both modules. differences.txt has what may differ, and why. Each module
# uses the keys that the other one made. Needs TWINHSM_DUMP, the program dump_objects.
# shellcheck source=tests/interop/opensc/lib.sh
. "$(dirname "$0")/lib.sh"

: "${TWINHSM_DUMP:?path of dump_objects}"
table=$(dirname "$0")/differences.txt

# Fills the card through `$1`, opensc or p11: keys of every kind of use, a certificate with its key
# and one without, data objects.
fill() {
	local -a make=("$1" --login --pin "$pin" --keypairgen)
	local -a write=("$1" --login --pin "$pin" --write-object)

	quiet "${make[@]}" --key-type rsa:2048 --id a1 --label "RSA key"
	quiet "${make[@]}" --key-type EC:prime256v1 --id a2 --label "EC key"
	quiet "${make[@]}" --key-type EC:secp384r1 --id 6133 --label signer --usage-sign
	quiet "${make[@]}" --key-type EC:secp521r1 --id a4 --label agrees --usage-derive
	quiet "${make[@]}" --key-type rsa:1024 --id a5 --label decrypts --usage-decrypt
	quiet "${make[@]}" --key-type EC:brainpoolP256r1 --id a6 --label certified
	public_key "$1" a6
	openssl x509 -new -force_pubkey "$work/a6.pub" -signkey "$work/ca.key" -subj /CN=a6 \
		-set_serial 7 -days 30 -outform DER -out "$work/a6.der"
	quiet "${write[@]}" "$work/a6.der" --type cert --id a6 --label certified
	quiet "${write[@]}" "$work/ca.der" --type cert --id b1 --label foreign
	quiet "${write[@]}" "$work/data" --type data --label public --application-label app \
		--application-id 1.2.3.4
	quiet "${write[@]}" "$work/data" --type data --label private --private \
		--application-label app2
}

# The public key with ID $2, seen through $1, as $work/$2.pub.
public_key() {
	quiet "$1" --read-object --type pubkey --id "$2" --output-file "$work/$2.spki"
	openssl pkey -pubin -inform DER -in "$work/$2.spki" -out "$work/$2.pub"
}

# The objects of the card seen through both modules. OpenSC makes a public key out of a certificate
# without a key; ours shows what is on the card.
dump() {
	"$TWINHSM_DUMP" "$opensc_module" | grep -v '^public b1 ' | sort >"$work/$1.opensc"
	"$TWINHSM_DUMP" "$TWINHSM_MODULE" | sort >"$work/$1.ours"
}

# The lines of dump $1 that the table does not leave out.
unmasked() {
	awk 'NR == FNR { masked[$1, $2] = 1; next } !(($1, $3) in masked)' "$table" "$1"
}

no_difference() {
	diff "$1" "$2" || fail "$3"
}

same_through_both() {
	unmasked "$work/$1.opensc" >"$work/a"
	unmasked "$work/$1.ours" >"$work/b"
	no_difference "$work/a" "$work/b" "the modules see the token filled by $1 differently"
	same "objects" "$(grep -c ' LABEL ' "$work/$1.ours")" 16
}

# Of the two tokens, what module $1 shows, without what is different in every key.
same_content() {
	local token

	for token in opensc p11; do
		grep -Ev '^(private|public|cert) [^ ]+ (VALUE|PUBLIC_KEY_INFO|MODULUS|EC_POINT) ' \
			"$work/$token.$1" >"$work/$token"
	done
	no_difference "$work/opensc" "$work/p11" "the tokens differ through the module $1"
}

# $1 signs with keys that the other module made.
signs() {
	openssl dgst -sha256 -binary -out "$work/digest" "$work/data"
	public_key "$2" a1
	quiet "$1" --login --pin "$pin" --sign -m SHA256-RSA-PKCS --id a1 -i "$work/data" \
		--output-file "$work/signature"
	quiet openssl dgst -sha256 -verify "$work/a1.pub" -signature "$work/signature" \
		"$work/data"
	public_key "$2" a2
	quiet "$1" --login --pin "$pin" --sign -m ECDSA --signature-format openssl --id a2 \
		-i "$work/digest" --output-file "$work/signature"
	quiet openssl pkeyutl -verify -pubin -inkey "$work/a2.pub" -in "$work/digest" \
		-sigfile "$work/signature"
}

# Every row of the table is needed.
table_has_no_more() {
	for token in opensc p11; do
		comm -3 "$work/$token.opensc" "$work/$token.ours"
	done >"$work/differ"
	awk 'NR == FNR { seen[$1, $3] = 1; next }
		$1 != "#" && !(($1, $2) in seen) { print; bad = 1 }
		END { exit bad }' "$work/differ" "$table" || fail "rows that hide no difference"
}

openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/ca.key" -subj /CN=foreign \
	-out "$work/ca.pem" 2>/dev/null
openssl x509 -in "$work/ca.pem" -outform DER -out "$work/ca.der"
head -c 300 /dev/urandom >"$work/data"
start_pcscd

step "A token filled by OpenSC"
fresh_card
insert_card
fill opensc
dump opensc
same_through_both opensc
signs p11 opensc
remove_card
rm "$token"*

step "A token filled by this module"
fresh_card
insert_card
fill p11
dump p11
same_through_both p11
signs opensc p11

step "Both tokens look alike"
same_content opensc
same_content ours
table_has_no_more
echo "both modules agree"
