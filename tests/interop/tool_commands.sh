#!/bin/bash
# The commands of twinhsm-tool: their answers as text and as JSON, their refusals, and what they
# make of a card full of garbage.
# shellcheck source=tests/interop/tool_lib.sh
. "$(dirname "$0")/tool_lib.sh"

ready=(--pin "$pin" --so-pin "$so_pin")

step "Command lines"
for command in status list show pin domain attest 'pin change' 'pin unblock' 'pin init' \
	'pin status' 'domain list' 'domain create' 'domain import' 'domain forget' \
	'domain delete'; do
	# shellcheck disable=SC2086 # words
	good "$tool" $command --help
	has "$out" "^usage: twinhsm-tool $command"
done
good "$tool" help
for command in status list show pin domain attest; do
	has "$out" "^  $command "
done
wrong 2 'unrecognized option' "$tool" status --pin 1
wrong 2 "'more' is too much" "$tool" status more
wrong 2 'something is missing' "$tool" show
wrong 2 'keys, certs or data' "$tool" list everything
wrong 2 'say what to do' "$tool" pin
wrong 2 "there is no 'make'" "$tool" domain make
wrong 1 'no environment variable' "$tool" pin change --pin env:NOT_THERE
wrong 2 'so-pin goes with --so' "$tool" pin change --so-pin $so_pin
wrong 1 'the domain takes a number' "$tool" domain create one
wrong 1 'twinhsm-emu create' "$tool" status
wrong 1 'twinhsm-emu create' "$tool" list

step "Status of every card"
card first "${ready[@]}" --label first --dkek-shares 2
card second
export TWINHSM_CARDS="emu:$work/first.token,emu:$work/none.token,emu:$work/second.token"
status=0
"$tool" status --json >"$work/out" 2>"$work/err" || status=$?
same "exit status with a card that is missing" $status 1
has "$(cat "$work/err")" "emu:$work/none.token: no such token file"
out=$(cat "$work/out")
json cards.0.address "emu:$work/first.token"
json cards.0.label first
json cards.0.user_pin.state ready
json cards.0.user_pin.tries_left 3
json cards.0.so_pin.tries_left 15
json cards.0.key_domains.0.kind DKEK
json cards.0.key_domains.0.missing 2
json cards.0.key_domains.1 -
json cards.0.device twin
json cards.0.public_keys -
json cards.1.error 'no such token file'
json cards.2.user_pin.state 'not set'
json cards.2.key_domains ''
json cards.3 -
good "$tool" status --reader first
has "$out" '^Label +: first$'
has "$out" '^User PIN +: state ready, tries left 3$'
has_not "$out" second
card keys
good "$tool" -X "${ready[@]}" --public-key-auth 3 --required-pub-keys 2
good "$tool" status --json
json cards.0.public_keys.total 3
json cards.0.public_keys.missing 3
json cards.0.public_keys.required 2

step "PINs"
card pins "${ready[@]}"
wrong 1 'no user PIN was typed.*--pin env:NAME' setsid -w "$tool" pin change
wrong 1 'no new user PIN was typed' setsid -w "$tool" pin change --pin $pin
wrong 1 'no SO-PIN was typed' setsid -w "$tool" pin unblock
wrong 1 '6 to 16 characters; nothing' "$tool" pin change --pin $pin --new-pin 12345
wrong 1 'hexadecimal string of 16' "$tool" pin change --so --so-pin $so_pin --new-pin 1234
wrong 1 'wrong user PIN, tries left: 2' "$tool" pin change --pin 648218 --new-pin 12345678
export OLD_PIN=$pin NEW_PIN=a-new-pin
good "$tool" pin change --pin env:OLD_PIN --new-pin env:NEW_PIN --json
json 'done' 'user PIN changed'
good "$tool" pin status --json
json user_pin.tries_left 3
for left in 2 1; do
	wrong 1 "wrong user PIN, tries left: $left" "$tool" pin change --pin $pin --new-pin 12345678
done
wrong 1 'locked; unblock it with' "$tool" pin change --pin $pin --new-pin 12345678
good "$tool" pin status --json
json user_pin.state locked
wrong 1 'wrong SO-PIN, tries left: 14' "$tool" pin unblock --so-pin 0000000000000000
good "$tool" pin unblock --so-pin $so_pin --json
json user_pin.tries_left 3
json so_pin.tries_left 15
good "$tool" pin change --pin env:NEW_PIN --new-pin $pin
good "$tool" pin unblock --so-pin $so_pin --new-pin 12345678
good "$tool" pin init --so-pin $so_pin --new-pin 87654321
good "$tool" pin change --pin 87654321 --new-pin $pin
good "$tool" pin change --so --so-pin $so_pin --new-pin 3031323334353637
wrong 1 'wrong SO-PIN, tries left: 14' "$tool" pin init --so-pin $so_pin --new-pin $pin
good "$tool" pin init --so-pin 3031323334353637 --new-pin $pin
card factory
wrong 1 'no user PIN; initialise it' "$tool" pin change --pin $pin --new-pin 12345678

step "Key domains; the check value is that of the published share"
value=$(python3 -B "$here/json_value.py" "$(cat "$golden/dkek.json")" dkek.share1_only.kcv)
card none "${ready[@]}"
wrong 1 'no key domains; it gets them with' "$tool" domain create 0 --pin $pin
card domains "${ready[@]}" --key-domains 3
good "$tool" domain list --json
json key_domains.2.state empty
json key_domains.3 -
wrong 1 'there is no key domain 3, the last one is 2' "$tool" domain create 3 --pin $pin
wrong 1 'wrong user PIN, tries left: 2' "$tool" domain create 1 --pin 648218
good "$tool" domain create 1 --pin $pin --json
json key_domain.missing 1
wrong 1 'not empty' "$tool" domain create 1 --pin $pin
wrong 1 'key domain 0 is empty' "$tool" domain import 0 "$golden/dkek_share1.pbe" --password x
wrong 1 'not a DKEK share' "$tool" domain import 1 "$0" --password x
good "$tool" domain import 1 "$golden/dkek_share1.pbe" --password dossier-pass --json
json key_domain.state complete
json key_domain.key_check_value "$value"
wrong 1 'all shares .* there already' "$tool" domain import 1 "$golden/dkek_share1.pbe" \
	--password dossier-pass
good "$tool" status --json
json cards.0.key_domains.1.key_check_value "$value"
good "$tool" domain list
has "$out" "^1 +DKEK +complete +1 +0 +$value\$"
aes_key 01 '' 920101 | play domains
wrong 1 'key domain 1 still holds keys' "$tool" domain delete 1 --pin $pin
good "$tool" show 1 --json
json key_domain 1
json allowed_algorithms 'AES-CBC encrypt,AES-CBC decrypt,AES-CMAC,AES derive'
good "$tool" domain forget 1 --pin $pin --json
json key_domain.missing 1
json key_domain.key_check_value -
good "$tool" domain delete 0 --pin $pin
wrong 1 'goes without --dkek-shares' "$tool" -X "${ready[@]}" -s 1 --key-domains 2
good "$tool" domain list --json
json key_domains.1.shares 1

step "A card full of garbage"
# The description of an EC key of 256 bits with this label, in hexadecimal, and ID 06.
described() {
	local label=$1
	local n=$((${#label} / 2))

	printf 'A0%02X30%02X0C%02X%s300704010603020780A10A30083002040002020100' $((n + 25)) \
		$((n + 2)) $n "$label"
}

evil=$(printf '\033]0;owned\007\302\233\233\342\200\256end' | hex)
openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -days 1 -outform DER \
	-subj "/CN=$(printf '\033[31mred\177')" -out "$work/evil.der" 2>/dev/null
card garbage "${ready[@]}" --label "$(printf '\033[2Jlabel')"
{
	for kid in 01 02 03 04 05 06; do
		aes_key $kid '' ''
	done
	file C402 ''
	file C403 FFFFFFFFFFFFFFFF
	file C404 30820FFF30
	file C405 "$(openssl rand -hex 300)"
	file C406 "$(described "$evil")"
	file C407 "$(described 6C6F7374)"
	file CE01 6700
	file CE02 3082FFFF
	file CE03 7F21820400
	file CE04 67820100"$(openssl rand -hex 256)"
	file CE05 "$(openssl rand -hex 900)"
	file CE06 "$(hex <"$work/evil.der")"
	file CE08 30030201
	file C800 30800000
	file CA01 "$(openssl rand -hex 64)"
	file C902 300D300B0C0953797374656D0A3132
	file CF03 00
	file CD03 00
} | play garbage

obeyed='[\x00-\x08\x0B-\x1F\x7F]|\xC2[\x80-\x9F]|\xE2\x80\xAE'

# No byte that a terminal obeys, and no crash; the status is 0 or 1.
harmless() {
	local status=0

	"$@" >"$work/out" 2>&1 </dev/null || status=$?
	[ $status -le 1 ] || fail "exit status $status: $*"
	if LC_ALL=C grep -qaP "$obeyed" "$work/out"; then
		cat -v "$work/out"
		fail "control characters on the terminal: $*"
	fi
	iconv -f UTF-8 -t UTF-8 "$work/out" >/dev/null || fail "not UTF-8: $*"
	out=$(cat "$work/out")
	has_not "$out" 'Sanitizer|runtime error'
}

for form in --wait --json; do
	harmless "$tool" status $form
	harmless "$tool" list $form
	for name in 1 2 3 4 5 6 7 8 CA00 CA01 CF02 CF03; do
		harmless "$tool" show "$name" $form
		harmless "$tool" show "$name" --pin "$pin" $form
		harmless "$tool" attest "$name" $form
	done
done
good "$tool" status --json
json cards.0.label "$(printf '\033[2Jlabel')"
good "$tool" list --json
json objects.0.file CC01
json objects.0.problems 'no description,certificate or request malformed'
json objects.2.problems 'description malformed,certificate or request malformed'
json objects.5.algorithm EC
good "$tool" show 6 --json
json problems -
json certificate.validity valid
json certificate.belongs_to_key no
good "$tool" show lost
has "$out" 'nothing on the card'
wrong 1 'key 1 is malformed' "$tool" attest 1
wrong 1 'a certificate has taken the place' "$tool" attest 6
wrong 1 "there is no 'none'" "$tool" show none
echo "every command answered well"
