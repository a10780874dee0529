#!/bin/bash
# Signatures, decryptions, key agreements and digests of every mechanism that OpenSC's PKCS#11
# module lists for the card in the virtual reader, on every RSA size and curve, checked with
# openssl.
# shellcheck source=tests/interop/opensc/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/interop/mechanism_checks.sh
. "$(dirname "$0")/../mechanism_checks.sh"

p11() {
	opensc "$@"
}

# The card makes the salt as long as the digest. OpenSSL has no GOST digest.
salt_lengths=(digest)
old_hashes=(MD5 RIPEMD160)
not_tried=(GOSTR3411)

# The next key takes the place of the current one: OpenSC reads all keys every time.
delete_key() {
	quiet opensc --login --pin "$pin" --delete-object --type privkey --id $id
}

new_card
head -c 900 /dev/urandom >"$work/data"
mechanisms=$(p11 -M 2>/dev/null)
digests
for bits in 1024 1536 2048 3072 4096; do
	rsa_checks "$bits"
	delete_key
done
for curve in prime192v1 prime256v1 secp384r1 secp521r1 brainpoolP192r1 brainpoolP224r1 \
	brainpoolP256r1 brainpoolP320r1 brainpoolP384r1 brainpoolP512r1 secp192k1 secp256k1; do
	ec_checks "$curve"
	delete_key
done
all_tried
echo "$checks results of the card were right"
