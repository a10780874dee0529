#!/bin/bash
# How many commands a card gets for the work of an application: ours beside OpenSC's module, on
# copies of one card. Prints tables.
#
#   commands.sh [--carrier CARRIER] [KEYS...]
#		1, 10 and 100 keys, without and with certificates; the times are the best of three
#   commands.sh --check KEYS
#		fails unless ours needs a quarter of OpenSC's at most for the first signature and
#		for a list of the keys
#
# CARRIER: vpcd, the virtual reader of a pcscd, for both; or usb-nitrokey or usb-stick, a model of
# ../usb/mock_token.c, to which ours talks with libusb and OpenSC's through pcscd with libccid.
set -euo pipefail
here=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
check=
carrier=vpcd
runs=3
while [[ ${1-} = --* ]]; do
	case $1 in
	--check)
		check=yes
		runs=1
		;;
	--carrier)
		carrier=$2
		shift
		;;
	*)
		echo "commands.sh: what is $1?" >&2
		exit 2
		;;
	esac
	shift
done
counts=("$@")
[ $# -ne 0 ] || counts=(1 10 100)

# By hand, what is measured is built first.
if [ -z "${TWINHSM_COMMANDS-}" ]; then
	build=$here/../../build/bench
	module=module/p11/twinhsm-pkcs11.so
	targets=(twinhsm_commands twinhsm-emu "$module")
	[ "$carrier" = vpcd ] || targets+=(mock_token)
	cmake -S "$here/../.." -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release >/dev/null
	cmake --build "$build" --target "${targets[@]}" >/dev/null
	export TWINHSM_BIN=$build/tools TWINHSM_MODULE=$build/$module
	TWINHSM_COMMANDS=$build/tests/bench/twinhsm_commands
	TWINHSM_MOCK=$build/tests/usb/mock_token
fi
TWINHSM_READER=${carrier#usb-}
# shellcheck source=tests/interop/opensc/lib.sh
. "$here/../interop/opensc/lib.sh"
trace=$work/trace

# What plugs a card in for ours and for OpenSC's, and the environment of a program then.
if [ "$carrier" = vpcd ]; then
	ours=(serve_card env 'TWINHSM_CARDS=pcsc:Virtual PCD 00 00')
	theirs=(serve_card env)
	start_pcscd
else
	start_bus "$TWINHSM_READER"
	ours=(plug_in_usb env 'TWINHSM_CARDS=usb:*' "UMOCKDEV_DIR=$UMOCKDEV_DIR"
		LD_PRELOAD=libumockdev-preload.so.0)
	background=$bus
	rm "$work/bus"
	start_pcscd
	theirs=(plug_in_pcscd env "UMOCKDEV_DIR=$UMOCKDEV_DIR")
fi

# Makes the card of which all that are measured are copies, with $1 keys, with certificates when
# there is $2.
make_card() {
	rm -f "$work/made.token"
	"$emu" create --kdf cheap --profile large --label mytoken --pin "$pin" \
		--so-pin "$so_pin" "$work/made.token" >/dev/null
	# shellcheck disable=SC2086 # an empty $2 is no argument
	TWINHSM_CARDS=emu:$work/made.token "$TWINHSM_COMMANDS" "$TWINHSM_MODULE" make "$1" $2
}

serve_card() {
	"$emu" serve "$token" --vpcd "127.0.0.1:$(cat "$work/pcscd/port")" --trace "$trace" \
		>"$work/server.log" 2>&1 &
	server=$!
	wait_until reader_has_card
}

plug_in_usb() {
	tell plug --trace "$trace" "$token" >"$work/port"
}

plug_in_pcscd() {
	plug_in_usb
	wait_until reader_has_card
}

# Says a word to the bus of the card that is measured.
tell() {
	"${with[@]}" "$TWINHSM_MOCK" tell "$@"
}

# How many CCID messages the card has seen, if it is a USB device.
messages() {
	if [ "$carrier" = vpcd ]; then
		echo 0
	else
		tell messages "$(cut -d' ' -f1 "$work/port")"
	fi
}

unplug_card() {
	if [ "$carrier" = vpcd ]; then
		remove_card
	else
		tell unplug "$(cut -d' ' -f1 "$work/port")" >/dev/null
	fi
}

# What a command of pkcs11-tool costs: "what<tab>commands<tab>milliseconds<tab>messages".
tool_line() {
	local what=$1 before began ended messages

	shift
	before=$(count '^>' "$trace")
	messages=$(messages)
	began=$(date +%s%N)
	quiet "${with[@]}" pkcs11-tool "$@"
	ended=$(date +%s%N)
	printf '%s\t%d\t%d\t%d\n' "$what" $(($(count '^>' "$trace") - before)) \
		$(((ended - began) / 1000000)) $(($(messages) - messages))
}

# All lines for module $1 on a card with $2 keys, the middle one of which signs.
measure() {
	local module=$1 keys=$2 middle=$((($2 + 1) / 2))

	"${with[@]}" "$TWINHSM_COMMANDS" "$module" list "$keys" "$trace"
	[ -n "$check" ] || measure_tool "$module" "$middle"
	"${with[@]}" "$TWINHSM_COMMANDS" "$module" sign "key-$middle" "$trace"
}

# The same for pkcs11-tool, which shows the public keys, too, and all that is to be known of them.
measure_tool() {
	local module=$1 id

	id=$(printf '%04x' "$2")
	tool_line 'pkcs11-tool -L' --module "$module" -L
	tool_line 'pkcs11-tool -O' --module "$module" -O
	tool_line 'pkcs11-tool -O --login' --module "$module" -O --login --pin "$pin"
	tool_line 'pkcs11-tool -O --login --type privkey' \
		--module "$module" -O --login --pin "$pin" --type privkey
	tool_line 'pkcs11-tool --sign' --module "$module" --sign -m ECDSA --login --pin "$pin" \
		--id "$id" --input-file "$work/digest" --output-file "$work/signature"
}

# Column $2, if there is one, of the line of file $1 that is named $3.
cell() {
	awk -F'\t' -v name="$3" -v column="$2" '$1 == name { print $column }' "$1"
}

# The commands of the line $1 in parts of OpenSC's.
ratio() {
	awk -v a="$(cell "$work/ours" 2 "$1")" -v b="$(cell "$work/theirs" 2 "$1")" \
		'BEGIN { if (b > 0) printf "%.2f", a / b; else print "-" }'
}

# "| ours | theirs " of column $1 for the line $2.
pair() {
	local file

	for file in ours theirs; do
		printf '| %s ' "$(cell "$work/$file" "$1" "$2" | grep . || echo -)"
	done
}

print_table() {
	local name

	printf '\n%s, %s, load %s\n\n' "$carrier" "$1" "$(cut -d' ' -f1 /proc/loadavg)"
	printf '| | commands | of OpenSC | ratio | ms | of OpenSC | messages | of OpenSC |\n'
	printf '| --- | --- | --- | --- | --- | --- | --- | --- |\n'
	while IFS=$'\t' read -r name _; do
		printf '| %s %s| %s %s%s|\n' "$name" "$(pair 2 "$name")" "$(ratio "$name")" \
			"$(pair 3 "$name")" "$(pair 4 "$name")"
	done < <(cat "$work/ours")
}

# The rule, and that nothing is asked twice.
check_quarter() {
	local name ours theirs

	for name in 'from the start to a list of the keys' 'from the start to a signature'; do
		ours=$(cell "$work/ours" 2 "$name")
		theirs=$(cell "$work/theirs" 2 "$name")
		echo "$1 keys, $name: $ours commands, OpenSC $theirs"
		[ $((4 * ours)) -le "$theirs" ] || fail 'more than a quarter'
	done
	same 'commands of a second list' "$(cell "$work/ours" 2 'list them again')" 0
	same 'commands of a second signature' \
		"$(cell "$work/ours" 2 'find the key and sign again')" 1
}

# Adds what module $1 needs for a copy of the card with $2 keys to the lines of file $3. The words
# behind are one of the two lists above.
measure_copy() {
	local module=$1 keys=$2 lines=$3 plug_in=$4

	with=("${@:5}")
	cp "$work/made.token" "$token"
	"$plug_in"
	measure "$module" "$keys" >>"$lines"
	unplug_card
	rm "$token"
}

# The least of all runs in file $1, each line once.
best() {
	awk -F'\t' -v OFS='\t' '
		!($1 in ms) { name[++n] = $1; commands[$1] = $2; ms[$1] = $3; messages[$1] = $4 }
		commands[$1] != $2 { print $1 ": other commands now" >"/dev/stderr"; bad = 1 }
		$3 < ms[$1] { ms[$1] = $3 }
		$4 < messages[$1] { messages[$1] = $4 }
		END { if (bad) exit 1; for (i = 1; i <= n; i++) {
			k = name[i]
			print k, commands[k], ms[k], messages[k] ? messages[k] : ""
		} }' "$1"
}

compare() {
	make_card "$1" "$2"
	rm -f "$work/ours.runs" "$work/theirs.runs"
	for _ in $(seq $runs); do
		measure_copy "$TWINHSM_MODULE" "$1" "$work/ours.runs" "${ours[@]}"
		measure_copy "$opensc_module" "$1" "$work/theirs.runs" "${theirs[@]}"
	done
	best "$work/ours.runs" >"$work/ours"
	best "$work/theirs.runs" >"$work/theirs"
	[ -n "$check" ] || print_table "$1 keys${2:+ with $2}"
	[ -z "$check" ] || check_quarter "$1"
}

head -c 32 /dev/zero >"$work/digest"
for n in "${counts[@]}"; do
	compare "$n" ''
	[ -n "$check" ] || compare "$n" certificates
done
