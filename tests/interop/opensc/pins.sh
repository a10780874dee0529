#!/bin/bash
# PINs through OpenSC: wrong ones lock, the SO-PIN unlocks, both are changed.
# shellcheck source=tests/interop/opensc/lib.sh
. "$(dirname "$0")/lib.sh"

log_in() {
	opensc -O --login --pin "$1"
}

refused_with() {
	local why=$1

	shift
	refused "$@"
	has "$out" "$why"
}

flags_are() {
	quiet opensc -L
	has "$out" "token flags +: login required, rng, token initialized, $1\$"
}

# Tries left as sc-hsm-tool sees them.
tries_are() {
	quiet sc-hsm-tool
	has "$out" "SO-PIN tries left +: $1\$"
	has "$out" "$2\$"
}

# The user PIN becomes $2, by the SO-PIN $1.
unblock() {
	opensc --login --login-type so --so-pin "$1" --init-pin --new-pin "$2"
}

new_card

step "Wrong PINs lock"
refused_with CKR_PIN_INCORRECT log_in 111111
tries_are 15 'User PIN tries left +: 2'
flags_are 'user PIN count low, PIN initialized'
refused_with CKR_PIN_INCORRECT log_in 111111
flags_are 'final user PIN try, PIN initialized'
quiet log_in "$pin"
flags_are 'PIN initialized'
for _ in 1 2 3; do
	refused log_in 111111
done
flags_are 'PIN initialized, user PIN locked'
refused_with CKR_PIN_LOCKED log_in "$pin"
tries_are 15 'User PIN locked'

step "The SO-PIN unlocks"
refused_with CKR_PIN_INCORRECT unblock 0000000000000000 123456
tries_are 14 'User PIN locked'
quiet unblock "$so_pin" 123456
tries_are 15 'User PIN tries left +: 3'
refused log_in "$pin"
quiet log_in 123456

step "PINs are changed"
refused opensc --change-pin --login --pin 111111 --new-pin 87654321
quiet opensc --change-pin --login --pin 123456 --new-pin 87654321
refused log_in 123456
quiet log_in 87654321
quiet opensc --change-pin --login --login-type so --so-pin "$so_pin" --new-pin 1122334455667788
refused unblock "$so_pin" 123456
quiet unblock 1122334455667788 123456
quiet log_in 123456

step "The same by pkcs15-tool"
quiet pkcs15-tool --verify-pin --auth-id 01 --pin 123456
refused pkcs15-tool --verify-pin --auth-id 01 --pin 123457
tries_are 15 'User PIN tries left +: 2'
quiet pkcs15-tool --change-pin --auth-id 01 --pin 123456 --new-pin "$pin"
quiet log_in "$pin"

step "It sends the SO-PIN as text, which no card takes: a try is lost"
refused_with 'PUK code incorrect; tries left: 14' pkcs15-tool --unblock-pin --auth-id 01 \
	--puk 1122334455667788 --new-pin 111111
tries_are 14 'User PIN tries left +: 3'
quiet log_in "$pin"
echo "PINs behave as OpenSC expects"
