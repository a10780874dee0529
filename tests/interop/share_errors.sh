#!/bin/bash
# Shares and wrapped keys that are wrong, cards that are full or lose their power: clear messages,
# no half of a key, and no secret in anything that is shown, logged, dumped or left in memory. With
# TWINHSM_LEFT, a library to be preloaded, the tool's memory is searched when it ends.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"

here=$(cd "$(dirname "$0")" && pwd)
golden=$here/../golden
pin=Kestrel-71
password=dossier-pass # of the published share
share1=6A00A1D4327180848F33E1F42B5781F85E54807A801C9182E3596419FC2FC53F
share2=C11390D24FCA774C6C01CDBE556491C286370BFCEED6E6CC01101CC111497B38
value1=4415267344DFB6E8 # the check value of share1 alone
select=00A4040C0BE82B0601040181C31F0201 # the applet
all=$work/everything_said
export TWINHSM_LOG=trace

hex_of() {
	printf %s "$1" | od -An -v -tx1 | tr -d ' \n'
}

# ---- the card, behind a socket ----

serve() {
	rm -f "$work/served"
	"$emu" serve "$1" --socket "$work/served" --verbose >"$work/server.log" 2>&1 &
	background=$!
	wait_for "$work/server.log" listening
}

stop() {
	kill "$background"
	wait "$background" || true
	cat "$work/server.log" >>"$all"
	background=
}

send() {
	python3 -B "$here/power_cut.py" --send "$work/served" "$select" "$@" |
		tail -n +2
}

# A card whose DKEK has this one share.
make_card() {
	"$emu" create --kdf cheap --pin "$pin" --so-pin "$so_pin" --dkek-shares 1 "${@:3}" "$1" \
		>/dev/null
	serve "$1"
	same "import" "$(send "8052000020${2}00" | tail -c 5)" 9000
	stop
}

make_key() {
	TWINHSM_LOG=error TWINHSM_CARDS=$(address_of "$1") p11 --login --pin "$pin" --keypairgen \
		--key-type "$2" --id "0$3" --label "key $3" >/dev/null 2>&1
}

# ---- the tool; all that it says is kept ----

say() {
	local status=0

	"$tool" "$@" >"$work/said" 2>&1 </dev/null || status=$?
	cat "$work/said" >>"$all"
	out=$(grep -v '^twinhsm: ' "$work/said" || true)
	return "$status"
}

# Fails with status 1, says something like $1.
wrong() {
	local status=0

	say "${@:2}" || status=$?
	same "exit status of $*" "$status" 1
	has "$out" "$1"
	printf '%s\n' "$(grep '^twinhsm-tool:' <<<"$out" | tail -n 1)"
}

good() {
	say "$@" || {
		printf '%s\n' "$out"
		fail "$*"
	}
}

files_of_card() {
	serve "$1"
	send 00580000000000
	stop
}

# Byte $3 of file $1, counted from 0 and from the end if negative, is another one in file $2.
bend() {
	python3 -c 'import sys
a = bytearray(open(sys.argv[1], "rb").read())
a[int(sys.argv[3])] ^= 1
open(sys.argv[2], "wb").write(a)' "$@"
}

card=$work/my.token
make_card "$card" $share1
make_card "$work/other.token" $share2
make_key "$card" EC:prime256v1 1
make_key "$work/other.token" EC:prime256v1 1
use_card "$card"
good -W "$work/wrapped" -i 1 --pin "$pin"
TWINHSM_CARDS=$(address_of "$work/other.token") good -W "$work/wrapped_other" -i 1 --pin "$pin"
cp "$golden/dkek_share1.pbe" "$work/share"
before=$(files_of_card "$card")

step "Shares"
head -c 63 "$work/share" >"$work/cut"
bend "$work/share" "$work/damaged" 0
printf '{"share": 1}%0100d' 0 >"$work/foreign"
for file in cut damaged foreign wrapped; do
	wrong "$work/$file: this is not a DKEK share" -I "$work/$file" --password "$password"
	wrong "$work/$file: this is not a DKEK share" -P "$work/$file" --password "$password"
done
wrong 'is the password correct' -I "$work/share" \
	--password "$password-not"

step "Parts of a password"
# The published prime and shares are of another password: the first three, then two.
parts() {
	python3 -c 'import json, sys
g = json.load(open(sys.argv[1]))
def text(value):
    n = int(value, 16) if isinstance(value, str) else value
    return ":".join(f"{b:02x}" for b in n.to_bytes(8, "big"))
print(text(g["prime"].replace(":", "")))
for wanted in sys.argv[2:]:
    row = [r for r in g["shares"] if str(r["id"]) == wanted][0]
    print("", f"{int(wanted):x}", text(row["value"].replace(":", "")), sep="\n")' \
		"$golden/password_shares.json" "$@"
}

# Like wrong, with the parts that are typed.
wrong_parts() {
	local status=0

	"$tool" -I "$work/share" --pwd-shares-total "$2" <"$work/parts" >"$work/said" 2>&1 ||
		status=$?
	cat "$work/said" >>"$all"
	same "exit status" "$status" 1
	has "$(cat "$work/said")" "$1"
	tail -n 1 "$work/said"
}

parts 1 1 >"$work/parts"
wrong_parts 'share 1 was entered before' 3
parts 1 2 >"$work/parts"
wrong_parts 'the parts of the password were not typed' 3
wrong_parts 'a split password has 2 to 255 parts' 1
printf 'f9:1a\n' >"$work/parts"
wrong_parts 'not the prime' 2

step "Wrapped keys"
head -c 100 "$work/wrapped" >"$work/wrapped_cut"
bend "$work/wrapped" "$work/wrapped_length" 3
for file in wrapped_cut wrapped_length share; do
	wrong "$work/$file: this is not a wrapped key" -U "$work/$file" -i 5 --pin "$pin"
done
python3 -c 'import sys
a = bytearray(open(sys.argv[1], "rb").read())
at = 1 + (1 if a[1] < 128 else 1 + (a[1] & 127))
n = 1 if a[at + 1] < 128 else 1 + (a[at + 1] & 127)
length = a[at + 1] if n == 1 else int.from_bytes(a[at + 2:at + 1 + n], "big")
a[at + n + length] ^= 1
open(sys.argv[2], "wb").write(a)' "$work/wrapped" "$work/wrapped_mac"
wrong 'wrapped key does not match DKEK, or the file is damaged' -U "$work/wrapped_mac" -i 5 \
	--pin "$pin"
wrong "wrapped under [0-9A-F]{16}, the card has $value1" -U "$work/wrapped_other" -i 5 --pin "$pin"
wrong 'found existing' -U "$work/wrapped" -i 1 --pin "$pin"
wrong 'wrong user PIN, tries left: 2' -U "$work/wrapped" -i 5 --pin "$pin-not"
same "the card" "$(files_of_card "$card")" "$before"

step "A full card"
make_card "$work/full.token" $share1 --profile nitrokey-hsm
use_card "$work/full.token"
i=0
for size in 4000 1000 250 60; do
	head -c "$size" /dev/zero >"$work/data"
	while TWINHSM_LOG=error p11 --login --pin "$pin" --write-object "$work/data" --type data \
		--label "data $i" >/dev/null 2>&1; do
		i=$((i + 1))
		[ "$i" -lt 250 ] || fail "this card is never full"
	done
done
full=$(files_of_card "$work/full.token")
wrong 'memory|space|full' -U "$work/wrapped" -i 5 --pin "$pin"
same "the full card" "$(files_of_card "$work/full.token")" "$full"

step "The card loses its power in the middle of --unwrap-key"
# The list of files must not have a description or certificate of key 5 without the key.
whole_or_nothing() {
	local files key description

	files=$(files_of_card "$work/cut.token" | sed 's/9000$//' | fold -w 4)
	key=$(grep -c '^CC05$' <<<"$files" || true)
	description=$(grep -Ec '^(C4|CE)05$' <<<"$files" || true)
	[ "$key" -eq 1 ] || same "what is there without the key ($1)" "$description" 0
}

cut_at() {
	local status=0

	rm -f "$work/cut.token"* "$work/socket"
	cp "$1" "$work/cut.token"
	serve "$work/cut.token"
	python3 -B "$here/power_cut.py" "$work/socket" "$work/served" "$background" "$2" \
		>"$work/relay" &
	relay=$!
	for _ in $(seq 200); do
		[ ! -S "$work/socket" ] || break
		sleep 0.05
	done
	TWINHSM_CARDS=unix:$work/socket say -U "$work/wrapped" -i 5 --pin "$pin" "${@:3}" ||
		status=$?
	wait "$relay"
	[ "$(cat "$work/relay")" = cut ] || whole=yes
	same "exit status after $2 commands" "$status" "$([ $whole = yes ] && echo 0 || echo 1)"
	kill "$background" 2>/dev/null || true
	wait "$background" 2>/dev/null || true
	background=
	whole_or_nothing "$2 commands"
}

# Key 5 does not exist; then it does, and is replaced.
cp "$card" "$work/with5.token"
TWINHSM_CARDS=$(address_of "$work/with5.token") good -U "$work/wrapped" -i 5 --pin "$pin"
for start in "$card" "$work/with5.token --force"; do
	whole=no
	for n in $(seq 1 60); do
		# shellcheck disable=SC2086 # a file and an option
		set -- $start
		cut_at "$1" "$n" "${@:2}"
		[ "$whole" = no ] || break
		TWINHSM_CARDS=$(address_of "$work/cut.token") \
			good -U "$work/wrapped" -i 5 --pin "$pin" --force
		has "$out" 'Key successfully imported'
	done
	[ "$whole" = yes ] || fail "so many commands?"
	echo "cut after each of $((n - 1)) commands"
done

step "No secret in what was said and logged"
for secret in "$pin" "$password" "$so_pin" "$share1" "$share2"; do
	for form in "$secret" "$(hex_of "$secret")"; do
		! grep -qiF -- "$form" "$all" || fail "a secret was said: $secret"
	done
done
[ "$(wc -l <"$all")" -gt 500 ] || fail "nothing was logged"

step "No core file"
parts 1 2 3 >"$work/parts"
mkfifo "$work/fifo"
(
	cd "$work"
	ulimit -c unlimited
	exec "$tool" -I share --pwd-shares-total 3 <"$work/fifo" >"$work/said" 2>&1
) &
victim=$!
exec 5>"$work/fifo"
head -n 3 "$work/parts" >&5
wait_for "$work/said" 'share ID'
kill -SEGV $victim
status=0
wait $victim || status=$?
exec 5>&-
same "exit status" "$status" 139
[ -z "$(find "$work" -maxdepth 1 -name 'core*')" ] || fail "a core file"

[ -n "${TWINHSM_LEFT-}" ] || exit 0
step "No secret is left in memory"
unset TWINHSM_LOG

# Each byte of $1, given in hex, is masked as the library wants it.
mask() {
	python3 -c 'import sys
print(",".join(bytes(b ^ 0x5A for b in bytes.fromhex(h)).hex() for h in sys.argv[1:]))' "$@"
}

# Runs the tool; $1 secrets in hex, separated by commas, must be gone when it ends.
nothing_left() {
	local secrets

	# shellcheck disable=SC2046 # words
	secrets=$(mask $(tr , ' ' <<<"$1"))
	rm -f "$work/report"
	LEFT_SECRETS=$secrets LEFT_REPORT=$work/report LD_PRELOAD=$TWINHSM_LEFT "$tool" "${@:2}" \
		<"$work/input" >"$work/said" 2>&1 || true
	tail -n 1 "$work/said"
	has "$(tail -n 1 "$work/report")" '^looked for [1-9]'
	has_not "$(cat "$work/report")" '^secret '
}

: >"$work/input"
serve "$card"
export TWINHSM_CARDS=unix:$work/served
# It finds what is there: the name of the file stays among the arguments.
LEFT_SECRETS=$(mask "$(hex_of wrapped_twice)") LEFT_REPORT=$work/report LD_PRELOAD=$TWINHSM_LEFT \
	"$tool" -W "$work/wrapped_twice" -i 1 --pin "$pin"
has "$(cat "$work/report")" '^secret 1 in .*stack'
nothing_left "$(hex_of "$pin")" -W "$work/wrapped_again" -i 1 --pin "$pin"
nothing_left "$(hex_of "$pin")" -U "$work/wrapped" -i 1 --pin "$pin" --force
nothing_left "$(hex_of "$pin-not")" -U "$work/wrapped" -i 1 --pin "$pin-not" --force
# The share, which the tool prints here, in bytes and in hex.
nothing_left "$(hex_of "$password"),$share1,$(hex_of "$share1")" -P "$work/share" \
	--password "$password"
has "$(cat "$work/said")" "^$share1\$"
parts 1 2 3 >"$work/input"
nothing_left "$(hex_of "$(sed -n 4p "$work/input")"),$(hex_of "$(sed -n 7p "$work/input")")" \
	-I "$work/share" --pwd-shares-total 3
has "$(cat "$work/said")" 'password correct'
: >"$work/input"
nothing_left "$(hex_of "$pin"),$(hex_of "$so_pin"),$so_pin" -X --so-pin "$so_pin" --pin "$pin"
stop
echo "wrong shares and keys do no harm"
