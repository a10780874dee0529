#!/bin/bash
# twinhsm-tool and Debian's sc-hsm-tool exchange DKEK shares, parts of split passwords and wrapped
# keys in both directions; restored keys are the same keys, as openssl and raw commands see it.
# shellcheck source=tests/interop/opensc/two_readers.sh
. "$(dirname "$0")/two_readers.sh"

here=$(cd "$(dirname "$0")" && pwd)
export TERM=dumb # for clear(1), which sc-hsm-tool runs

# sc-hsm-tool and twinhsm-tool with the card in reader $1.
theirs() {
	sc-hsm-tool --reader "$1" "${@:2}"
}

ours() {
	TWINHSM_CARDS="pcsc:${readers[$1]}" "$tool" "${@:2}"
}

on_card() {
	TWINHSM_CARDS="pcsc:${readers[$1]}" p11 --login --pin "$pin" "${@:2}"
}

# ---- shares ----

# Tool $1 makes share $2, with a password split 3 of 5; what it showed goes to a file.
create_split() {
	printf '\n%.0s' {1..20} >"$work/enter"
	"$1" 0 --create-dkek-share "$work/$2" --pwd-shares-threshold 3 --pwd-shares-total 5 \
		<"$work/enter" >"$work/$2.shown" 2>&1 || {
		cat "$work/$2.shown"
		fail "$1 made no share"
	}
	has "$(cat "$work/$2.shown")" "^DKEK share created and saved to $work/$2\$"
	same "length of a share" "$(wc -c <"$work/$2")" 64
	same "choices of 3" "$(python3 -B "$here/split_choices.py" "$work/$2.shown")" 10
}

# What holders $2... of share $1 type.
typed() {
	local text=$work/$1.shown holder

	sed -n 's/^Prime *: //p' "$text" | head -n 1
	for holder in "${@:2}"; do
		printf '\n%s\n' "$holder"
		sed -n 's/^Share value *: //p' "$text" | sed -n "${holder}p"
	done
}

# Tool $1 imports share $3 into card $2 with the parts of holders $4...
import_split() {
	typed "$3" "${@:4}" >"$work/typed$2"
	"$1" "$2" --import-dkek-share "$work/$3" --pwd-shares-total $(($# - 3)) <"$work/typed$2" \
		>"$work/import$2" 2>&1
}

imported() {
	import_split "$@" || {
		cat "$work/import$2"
		fail "import of $3 by $1 into card $2"
	}
	has "$(cat "$work/import$2")" '^DKEK share imported$'
}

not_imported() {
	! import_split "$@" || fail "two parts are enough for $1"
	has "$(cat "$work/import$2")" '[Pp]assword correct ?\?'
}

check_value() {
	quiet "$1" "$2"
	sed -n 's/^DKEK key check value : //p' <<<"$out"
}

# ---- keys ----

# number, type and mechanism of each
keys=(
	'1 rsa:2048 RSA-PKCS'
	'2 rsa:4096 RSA-PKCS'
	'3 EC:prime256v1 ECDSA'
	'4 EC:brainpoolP256r1 ECDSA'
	'5 EC:secp256k1 ECDSA'
)
aes_keys=('6 B0' '7 B2')

make_keys() {
	local number type rest

	while read -r number type rest; do
		quiet on_card 0 --keypairgen --key-type "$type" --id "0$number" \
			--label "key $number"
		quiet on_card 0 --read-object --type pubkey --id "0$number" \
			--output-file "$work/spki"
		openssl pkey -pubin -inform DER -in "$work/spki" -out "$work/$number.pub"
	done < <(printf '%s\n' "${keys[@]}")
	while read -r number type; do
		send_ok 0 "$login" "00480${number}${type}0791051011189992"
		aes_answers 0 "$number" >"$work/$number.answers"
		same "answers" "$(wc -l <"$work/$number.answers")" 2
	done < <(printf '%s\n' "${aes_keys[@]}")
}

# CBC and CMAC of a block by AES key $2 on card $1, as opensc-tool shows them.
aes_answers() {
	local block=00112233445566778899AABBCCDDEEFF

	send_ok "$1" "$login" "80780${2}1010${block}00" "80780${2}1810${block}00"
	grep -E '^([0-9A-F]{2} ){16}' <<<"$out"
}

signs() {
	quiet on_card "$1" --sign -m "$3" --signature-format openssl --id "0$2" -i "$work/digest" \
		--output-file "$work/signature"
	quiet openssl pkeyutl -verify -pubin -inkey "$work/$2.pub" -in "$work/digest" \
		-sigfile "$work/signature"
}

# The keys of card 0, wrapped by $1, are unwrapped by $2 into card 1.
carry() {
	local number type mechanism files=$work/by_$1

	mkdir "$files"
	while read -r number _; do
		quiet "$1" 0 --wrap-key "$files/$number" --key-reference "$number" --pin "$pin"
		quiet "$2" 1 --unwrap-key "$files/$number" --key-reference "$number" --pin "$pin" \
			"${@:3}"
		has "$out" '^Key successfully imported$'
	done < <(printf '%s\n' "${keys[@]}" "${aes_keys[@]}")
	while read -r number type mechanism; do
		signs 1 "$number" "$mechanism"
	done < <(printf '%s\n' "${keys[@]}")
	while read -r number _; do
		same "AES key $number" "$(aes_answers 1 "$number")" "$(cat "$work/$number.answers")"
	done < <(printf '%s\n' "${aes_keys[@]}")
}

head -c 32 /dev/urandom >"$work/digest"
login=0020008106$(printf %s "$pin" | od -An -tx1 | tr -d ' \n')
start_pcscd
for i in 0 1; do
	"$emu" create --kdf cheap "$work/card$i.token" >/dev/null
	put_in $i "$work/card$i.token"
done

step "Two cards with two shares, one initialised by each"
quiet theirs 0 --initialize --so-pin "$so_pin" --pin "$pin" --dkek-shares 2
quiet ours 1 --initialize --so-pin "$so_pin" --pin "$pin" --dkek-shares 2

step "Each makes a share with a password split 3 of 5"
create_split theirs their_share
create_split ours our_share

step "Each takes both; two parts are not enough"
not_imported ours 1 their_share 2 4 &
not_imported theirs 0 our_share 3 5
wait $!
imported ours 1 their_share 1 3 5 &
imported theirs 0 our_share 5 2 4
wait $!
imported theirs 1 our_share 1 2 3 &
imported ours 0 their_share 4 5 2
wait $!
value=$(check_value ours 0)
has "$value" '^[0-9A-F]{16}$'
same "check value of card 0" "$(check_value theirs 0)" "$value"
same "check value of card 1" "$(check_value ours 1)" "$value"
same "check value of card 1" "$(check_value theirs 1)" "$value"

step "Keys go from one card to the other"
make_keys
carry theirs ours
carry ours theirs --force
echo "the two tools understand each other"
