#!/bin/bash
# pkcs15-init makes keys, stores certificates and data, and deletes them; pkcs15-crypt signs and
# deciphers; openssl checks. What OpenSC's driver for this card does not do is refused.
# shellcheck source=tests/interop/opensc/lib.sh
. "$(dirname "$0")/lib.sh"

init() {
	quiet pkcs15-init --verify-pin --auth-id 01 --pin "$pin" "$@"
}

init_refused() {
	refused pkcs15-init --verify-pin --auth-id 01 --pin "$pin" "$@"
}

# pkcs15-crypt's output goes to $work/out.
crypt() {
	rm -f "$work/out"
	quiet pkcs15-crypt --pin "$pin" --raw --input "$work/$1" --output "$work/out" "${@:2}"
}

public_key() {
	pkcs15-tool --read-public-key "$1" 2>/dev/null >"$work/pub.pem"
}

# openssl must say that $work/out is a signature of the digest in file $1.
verified() {
	quiet openssl pkeyutl -verify -pubin -inkey "$work/pub.pem" -in "$work/$1" \
		-sigfile "$work/out" "${@:2}"
}

new_card
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/ca.key" -subj /CN=stored \
	-out "$work/ca.pem" 2>/dev/null
head -c 100 /dev/urandom >"$work/data"
for hash in sha1 sha224 sha256 sha384 sha512; do
	openssl dgst -$hash -binary -out "$work/$hash" "$work/data"
done

step "pkcs15-init makes keys and stores certificates and data"
init --generate-key rsa/2048 --id 21 --label init-rsa --key-usage sign,decrypt
init --generate-key ec/prime256v1 --id 22 --label init-ec
init --store-certificate "$work/ca.pem" --id 23 --label init-cert
init --store-data "$work/data" --label init-data --application-name app --application-id 1.2.3
quiet pkcs15-tool -D
for line in 'Private RSA Key \[init-rsa\]' 'Private EC Key \[init-ec\]' \
	'X.509 Certificate \[init-cert\]' "Data object 'init-data'" 'applicationOID: +1.2.3'; do
	has "$out" "$line"
done
pkcs15-tool --read-certificate 23 2>/dev/null >"$work/back.pem"
cmp "$work/back.pem" "$work/ca.pem"
quiet pkcs15-tool --verify-pin --pin "$pin" --read-data-object init-data --raw \
	--output "$work/back"
cmp "$work/back" "$work/data"

step "pkcs15-crypt signs and deciphers with RSA"
public_key 21
for hash in sha1 sha224 sha256 sha384 sha512; do
	crypt $hash --sign --key 21 --pkcs1 "--${hash/sha/sha-}"
	verified $hash -pkeyopt digest:$hash
done
openssl pkeyutl -encrypt -pubin -inkey "$work/pub.pem" -in "$work/data" -out "$work/secret"
crypt secret --decipher --key 21 --pkcs1
cmp "$work/out" "$work/data"

step "pkcs15-crypt signs with ECDSA; with the name of a digest the card hashes once more"
public_key 22
crypt sha256 --sign --key 22 --signature-format openssl
verified sha256
crypt sha1 --sign --key 22 --signature-format openssl --sha-256
quiet openssl dgst -sha256 -verify "$work/pub.pem" -signature "$work/out" "$work/sha1"

step "What the driver does not do"
init_refused --store-private-key "$work/ca.key" --id 24
has "$out" 'Not supported'
init_refused --erase-card
has "$out" 'Not supported'
refused pkcs15-init --generate-key ec/prime256v1 --auth-id 01 --pin "$pin" --id 25
has "$out" 'Security status not satisfied'

step "pkcs15-init deletes"
init --delete-objects cert --id 23
init --delete-objects data --application-name app --label init-data
init --delete-objects privkey,pubkey --id 22
quiet pkcs15-tool -D
has_not "$out" 'init-cert|init-data|init-ec'
has "$out" 'Private RSA Key \[init-rsa\]'
echo "pkcs15-init and pkcs15-crypt are content"
