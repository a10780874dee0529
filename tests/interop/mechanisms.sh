#!/bin/bash
# Signatures, decryptions, key agreements and digests of every mechanism that the module lists, on
# every RSA size and curve, checked with openssl. A mechanism that is listed and not tried here is a
# failure.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/interop/mechanism_checks.sh
. "$(dirname "$0")/mechanism_checks.sh"
# Ours for keys under the DKEK, which pkcs11-tool cannot name: tests/p11/test_wrap.c tries it.
not_tried=(mechtype-0xD4575701)

rsa_sizes=(1024 1536 2048 3072 4096)
curves=(prime192v1 prime256v1 secp384r1 secp521r1 brainpoolP192r1 brainpoolP224r1
	brainpoolP256r1 brainpoolP320r1 brainpoolP384r1 brainpoolP512r1 secp192k1 secp256k1)

fresh_card
head -c 5000 /dev/urandom >"$work/data"
mechanisms=$(p11 -M 2>/dev/null)
digests
for bits in "${rsa_sizes[@]}"; do
	rsa_checks "$bits"
done
for curve in "${curves[@]}"; do
	ec_checks "$curve"
done
all_tried
echo "$checks results of the card were right"
