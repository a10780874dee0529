#!/bin/bash
# The tests that pkcs11-tool brings along: on an empty card, and on one with keys of both kinds.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"

self_test() {
	out=$(p11 --test --login --pin "$pin" 2>&1) || {
		echo "$out"
		fail "pkcs11-tool --test"
	}
	echo "$out"
	has "$out" 'No errors'
	has_not "$out" 'ERR:|CKR_'
}

fresh_card
step "A card without keys"
self_test
step "A card with RSA and EC keys"
p11 --keypairgen --key-type rsa:2048 --login --pin "$pin" --label rsa --id 01 >/dev/null
p11 --keypairgen --key-type EC:prime256v1 --login --pin "$pin" --label ec --id 02 >/dev/null
self_test
has "$out" 'Signatures'
step "EC, fork"
out=$(p11 --test-ec --session-rw --login --pin "$pin" --key-type EC:secp384r1 --label tmp \
	--id 03 2>&1) || {
	echo "$out"
	fail "pkcs11-tool --test-ec"
}
echo "$out"
has_not "$out" 'ERR:'
out=$(p11 --test-fork --login --pin "$pin" 2>&1) || {
	echo "$out"
	fail "pkcs11-tool --test-fork"
}
echo "$out"
has_not "$out" 'ERR:'
