#!/bin/bash
# twinhsm-tool import-key: keys that openssl made come to a card, sign there, and openssl verifies
# with the public key it had from the beginning; what must be refused is, and leaves nothing.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"

password='a long password'
cd "$work"

import() {
	"$tool" import-key "$@" --share share --password "$password" --pin $pin --json \
		>answer 2>notes || {
		cat notes
		fail "import-key $*"
	}
	has "$(cat notes)" 'made outside of the card: copies of it may exist'
	has "$(cat answer)" '"made_on_card": false'
}

# Refused with a message like $1; nothing new on the card.
wrong() {
	local pattern=$1 before

	shift
	before=$(files)
	refused "$tool" import-key --pin $pin "$@" </dev/null
	has "$out" "$pattern"
	has_not "$out" "$secret|$password|$pin"
	same "files on the card after import-key $*" "$(files)" "$before"
}

# What is on the card.
files() {
	p11 --login --pin $pin -O 2>/dev/null
	"$tool" list --json
}

# The key of the last answer signs by mechanism $1; openssl verifies with public key $2.
signs() {
	local id

	id=$(sed -n 's/.*"id": "\(.*\)".*/\1/p' answer)
	p11 --login --pin $pin --sign -m "$1" --signature-format openssl --id "$id" -i digest \
		--output-file signature >/dev/null 2>&1 || fail "no signature by $id"
	openssl pkeyutl -verify -pubin -inkey "$2" -in digest -sigfile signature >/dev/null ||
		fail "not a signature by $id"
}

step "Keys by openssl"
head -c 32 /dev/urandom >digest
secret=geheim42
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa2048.pem
openssl rsa -in rsa2048.pem -traditional -aes128 -passout pass:$secret -out rsa.pem 2>/dev/null
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:4096 -outform DER -out rsa4096.der
openssl ecparam -genkey -noout -name prime256v1 -out p256.sec1
openssl pkcs8 -topk8 -in p256.sec1 -outform DER -passout pass:$secret -out p256.p8
openssl ecparam -genkey -noout -name secp256k1 -out k256.pem
openssl ecparam -genkey -noout -name brainpoolP384r1 -out bp384.pem
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj '/CN=The CA' 2>/dev/null
openssl req -new -key bp384.pem -subj '/CN=My name' -out csr 2>/dev/null
openssl x509 -req -in csr -CA ca.pem -CAkey ca.key -out cert.pem 2>/dev/null
openssl pkcs12 -export -inkey bp384.pem -in cert.pem -certfile ca.pem -name 'my friend' \
	-passout pass:$secret -out bp384.p12
for key in rsa2048.pem rsa4096.der p256.sec1 k256.pem bp384.pem; do
	openssl pkey -in $key -pubout -out ${key%.*}.pub
done
openssl rand -hex 32 >aes.hex

step "A card with one share of a DKEK"
fresh_card
"$tool" --initialize --so-pin $so_pin --pin $pin --dkek-shares 1 --label mytoken >/dev/null
"$tool" --create-dkek-share share --password "$password" >/dev/null 2>&1
wrong '1 DKEK share\(s\) are still missing' rsa2048.pem --share share --password "$password"
"$tool" --import-dkek-share share --password "$password" >import.log 2>&1
value=$(sed -n 's/.*key check value : //p' import.log)

step "RSA 2048, traditional PEM with a password; 4096, DER"
import rsa.pem --file-password $secret --label one --id A1
has "$(cat answer)" "\"check_value\": \"$value\""
has "$(cat answer)" '"key_reference": 1'
signs RSA-PKCS rsa2048.pub
import rsa4096.der --key-reference 77
has "$(cat answer)" '"label": "rsa4096.der"'
signs RSA-PKCS rsa4096.pub

step "EC P-256, encrypted PKCS#8; secp256k1, PEM"
import p256.p8 --file-password $secret --label two
signs ECDSA p256.pub
# SHA-1 of the point is the default identifier
point=$(openssl ec -pubin -in p256.pub -outform DER 2>/dev/null | tail -c 65 | sha1sum)
has "$(cat answer)" "\"id\": \"$(cut -c 1-40 <<<"$point" | tr a-f A-F)\""
import k256.pem --label three
signs ECDSA k256.pub

step "brainpoolP384r1 with certificate and issuer in PKCS#12"
import bp384.p12 --file-password $secret
has "$(cat answer)" '"label": "my friend"'
has "$(cat answer)" '"issuer_certificates": 1'
signs ECDSA bp384.pub
p11 -r --type cert --label 'my friend' -o cert.der >/dev/null 2>&1
same "the certificate" "$(openssl x509 -inform DER -in cert.der)" "$(openssl x509 -in cert.pem)"
p11 -r --type cert --label 'The CA' -o ca.der >/dev/null 2>&1
same "the issuer's" "$(openssl x509 -inform DER -in ca.der)" "$(openssl x509 -in ca.pem)"

step "What hosts see: the public key without a certificate, a key that is not local"
objects=$(p11 --login --pin $pin -O 2>/dev/null)
same "private keys" "$(grep -c '^Private Key' <<<"$objects")" 5
same "public keys" "$(grep -c '^Public Key' <<<"$objects")" 5
has_not "$objects" 'local'
p11 -r --type pubkey --label two -o two.der >/dev/null 2>&1
same "the public key" "$(openssl pkey -pubin -inform DER -in two.der)" "$(cat p256.pub)"

step "AES, which can leave the card again"
import aes.hex --aes --label disk --key-reference 90
has "$(cat answer)" '"bits": 256'
"$tool" --wrap-key aes.wrapped --key-reference 90 --pin $pin

step "Refused, and nothing is left on the card"
wrong 'shares of the card.s DKEK are needed' rsa2048.pem
wrong 'found existing key' rsa2048.pem --key-reference 77 --share share --password "$password"
wrong 'wrong password, or the file is damaged' rsa.pem --file-password wrong$secret --share share
wrong 'wrong password, or the file is damaged' bp384.p12 --file-password no --share share
wrong 'no password was typed' p256.p8 --share share
wrong 'no private key in this file' cert.pem --share share
wrong 'no private key in this file' digest --share share
wrong '16, 24 or 32 bytes' cert.pem --aes --share share
wrong 'No such file' nothing.pem --share share
openssl genpkey -quiet -algorithm ED25519 -out ed.pem
wrong 'type ED25519' ed.pem --share share
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:sect283k1 -out binary.pem
wrong 'type EC .*cards have' binary.pem --share share
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:4224 -out big.pem
wrong 'type RSA with 4224 bits' big.pem --share share
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -pkeyopt rsa_keygen_primes:3 \
	-out primes.pem
wrong 'two primes' primes.pem --share share
openssl rsa -in rsa2048.pem -traditional -outform DER -out bent.der 2>/dev/null
printf '\x55' | dd of=bent.der bs=1 seek=700 conv=notrunc 2>/dev/null
wrong 'damaged' bent.der --share share
head -c 700 rsa2048.pem >cut.pem
wrong 'no private key' cut.pem --share share
wrong 'not a DKEK share' rsa2048.pem --share cert.pem
wrong 'is the password correct' rsa2048.pem --share share --password "no $password"
# nothing protects these bytes: another share
cp share other
printf 'another' | dd of=other bs=1 seek=17 conv=notrunc 2>/dev/null
wrong "not the shares of this card's DKEK: together they make .*the card has $value" \
	rsa2048.pem --share other --password "$password"
wrong 'wrong user PIN' rsa2048.pem --share share --password "$password" --pin 111111

step "A card without a DKEK"
"$emu" create --kdf cheap --label none --pin $pin --so-pin $so_pin none.token >/dev/null
refused "$tool" import-key rsa2048.pem --share share --pin $pin \
	--reader "$(address_of "$work/none.token")"
has "$out" 'has no DKEK'
echo "the keys are the same"
