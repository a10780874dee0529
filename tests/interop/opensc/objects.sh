#!/bin/bash
# Certificates, data objects and keys through OpenSC: written by pkcs11-tool, read by it and by
# pkcs15-tool, compared with what openssl made, deleted; and pkcs11-tool's own tests.
# shellcheck source=tests/interop/opensc/lib.sh
. "$(dirname "$0")/lib.sh"

write() {
	quiet opensc --login --pin "$pin" --write-object "$@"
}

# What is read back with the arguments from $2 on is file $1.
reads() {
	rm -f "$work/out"
	quiet opensc --output-file "$work/out" --read-object "${@:2}"
	cmp "$work/out" "$1" || fail "read back: ${*:2}"
}

delete() {
	quiet opensc --login --pin "$pin" --delete-object "$@"
}

objects() {
	quiet opensc -O --login --pin "$pin"
}

fingerprint() {
	openssl x509 -in "$1" -noout -fingerprint -sha256
}

# A certificate for the public key $2 of the card, signed by the test's own key, into $1.der.
certify() {
	openssl x509 -new -force_pubkey "$2" -signkey "$work/ca.key" -subj "/CN=$1" \
		-days 30 -outform DER -out "$work/$1.der"
}

self_test() {
	quiet opensc --test --login --pin "$pin"
	has "$out" 'No errors'
	has_not "$out" 'ERR:|CKR_'
}

new_card
self_test
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/ca.key"
openssl pkey -in "$work/ca.key" -pubout -out "$work/ca.pub"
certify foreign "$work/ca.pub"
# With libccid OpenSC 0.23 wants a file in one answer, and no card sends more than 1454 bytes.
[ "$TWINHSM_READER" = vpcd ] && size=3000 || size=1400
head -c "$size" /dev/urandom >"$work/public"
head -c 100 /dev/urandom >"$work/private"

step "Keys, and certificates for them"
key_with_certificate() {
	local type=$1 name=$2 id=$3

	quiet opensc --login --pin "$pin" --keypairgen --key-type "$type" --label "$name key" \
		--id "$id"
	quiet opensc --read-object --type pubkey --id "$id" --output-file "$work/spki"
	openssl pkey -pubin -inform DER -in "$work/spki" -out "$work/$name.pub"
	certify "$name" "$work/$name.pub"
	write "$work/$name.der" --type cert --id "$id" --label "$name key"
	reads "$work/$name.der" --type cert --id "$id"
}
key_with_certificate rsa:2048 RSA a1
key_with_certificate EC:prime256v1 EC a2
self_test
has "$out" 'testing key 0 \(RSA key\)'

step "A certificate without a key"
write "$work/foreign.der" --type cert --id 0f --label foreign
reads "$work/foreign.der" --type cert --id 0f
pkcs15-tool --read-certificate 0f >"$work/foreign.pem" 2>/dev/null
same "certificate of pkcs15-tool" "$(fingerprint "$work/foreign.pem")" \
	"$(fingerprint "$work/foreign.der")"

step "Data objects"
write "$work/public" --type data --label public --application-label app \
	--application-id 1.2.3.4
write "$work/private" --type data --label private --private
reads "$work/public" --type data --label public
reads "$work/private" --type data --label private --login --pin "$pin"
refused opensc --read-object --type data --label private
quiet opensc -O
has "$out" "'public'"
has "$out" 'app_id: +1.2.3.4'
has_not "$out" "'private'"

step "The same objects in pkcs15-tool"
quiet pkcs15-tool -D
for line in 'PKCS#15 Card \[mytoken\]' 'Private RSA Key \[RSA key\]' 'Private EC Key \[EC key\]' \
	'ModLength +: 2048' 'FieldLength +: 256' 'X.509 Certificate \[RSA key\]' \
	'X.509 Certificate \[foreign\]' "Data object 'public'" "Data object 'private'"; do
	has "$out" "$line"
done
pkcs15-tool --read-public-key a1 2>/dev/null >"$work/read.pub"
cmp "$work/read.pub" "$work/RSA.pub"

step "Deleted"
delete --type cert --id 0f
delete --type data --label public
delete --type data --label private
objects
has_not "$out" 'foreign|public|private'
has "$out" 'Certificate Object'
for id in a1 a2; do
	delete --type cert --id $id
	delete --type privkey --id $id
done
objects
has_not "$out" 'Certificate Object|Key Object|Data object'

step "Random numbers, and the EC test"
quiet opensc --generate-random 64 --output-file "$work/random"
same "number of random bytes" "$(stat -c %s "$work/random")" 64
quiet opensc --test-ec --session-rw --login --pin "$pin" --key-type EC:secp384r1 --label tmp \
	--id 03
has_not "$out" 'ERR:'
echo "pkcs11-tool and pkcs15-tool are content"
