#!/bin/bash
# How many commands a card gets for the work of an application: ours beside OpenSC's module, on the
# same card, a twin in the virtual reader of a pcscd. Prints tables.
#
#   commands.sh [KEYS...]		1, 10 and 100 keys, without and with certificates
#   commands.sh --check KEYS		fails unless ours needs a quarter of OpenSC's at most
#					for the first signature and for a list of the keys
set -euo pipefail
here=$(realpath "$(dirname "${BASH_SOURCE[0]}")")

# By hand, what is measured is built first.
if [ -z "${TWINHSM_COMMANDS-}" ]; then
	build=$here/../../build/bench
	module=module/p11/twinhsm-pkcs11.so
	cmake -S "$here/../.." -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release >/dev/null
	cmake --build "$build" --target twinhsm_commands twinhsm-emu $module >/dev/null
	export TWINHSM_BIN=$build/tools TWINHSM_MODULE=$build/$module
	TWINHSM_COMMANDS=$build/tests/bench/twinhsm_commands
fi
# shellcheck source=tests/interop/opensc/lib.sh
. "$here/../interop/opensc/lib.sh"
trace=$work/trace

# Makes a card with $1 keys, with certificates when there is $2, and plugs it in.
plug_in() {
	export token=$work/$1$2.token
	"$emu" create --kdf cheap --profile large --label mytoken --pin "$pin" \
		--so-pin "$so_pin" "$token" >/dev/null
	# shellcheck disable=SC2086 # an empty $2 is no argument
	TWINHSM_CARDS=emu:$token "$TWINHSM_COMMANDS" "$TWINHSM_MODULE" make "$1" $2
	"$emu" serve "$token" --vpcd "127.0.0.1:$(cat "$work/pcscd/port")" --trace "$trace" \
		>"$work/server.log" 2>&1 &
	export server=$!
	wait_until reader_has_card
}

# What a command of pkcs11-tool costs: "what<tab>commands<tab>milliseconds".
tool_line() {
	local what=$1 before after began ended

	shift
	before=$(count '^>' "$trace")
	began=$(date +%s%N)
	quiet pkcs11-tool "$@"
	ended=$(date +%s%N)
	after=$(count '^>' "$trace")
	printf '%s\t%d\t%d\n' "$what" $((after - before)) $(((ended - began) / 1000000))
}

# All lines for module $1 on a card with $2 keys, the middle one of which signs.
measure() {
	local module=$1 keys=$2 middle=$((($2 + 1) / 2))

	"$TWINHSM_COMMANDS" "$module" list "$keys" "$trace"
	[ -n "$check" ] || measure_tool "$module" "$middle"
	"$TWINHSM_COMMANDS" "$module" sign "key-$middle" "$trace"
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

ratio() {
	awk -v a="$1" -v b="${2:-0}" 'BEGIN { if (b > 0) printf "%.2f", a / b; else print "-" }'
}

print_table() {
	local name ours theirs

	printf '\n%s\n\n' "$1"
	printf '| | commands | of OpenSC | ratio | ms | of OpenSC |\n'
	printf '| --- | --- | --- | --- | --- | --- |\n'
	while IFS=$'\t' read -r name _; do
		ours=$(cell "$work/ours" 2 "$name")
		theirs=$(cell "$work/theirs" 2 "$name")
		printf '| %s | %d | %s | %s | %d | %s |\n' "$name" "$ours" "${theirs:--}" \
			"$(ratio "$ours" "$theirs")" "$(cell "$work/ours" 3 "$name")" \
			"$(cell "$work/theirs" 3 "$name" | grep . || echo -)"
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

compare() {
	plug_in "$1" "$2"
	TWINHSM_CARDS='pcsc:Virtual PCD 00 00' measure "$TWINHSM_MODULE" "$1" >"$work/ours"
	remove_card
	# A card of its own, so that it has as many keys; OpenSC's files are not cached by default.
	rm "$token"
	plug_in "$1" "$2"
	measure "$opensc_module" "$1" >"$work/theirs"
	remove_card
	rm "$token"
	[ -n "$check" ] || print_table "$1 keys${2:+ with $2}"
	[ -z "$check" ] || check_quarter "$1"
}

check=
if [ "${1-}" = --check ]; then
	check=yes
	shift
fi
keys=("$@")
[ $# -ne 0 ] || keys=(1 10 100)
head -c 32 /dev/zero >"$work/digest"
start_pcscd
for n in "${keys[@]}"; do
	compare "$n" ''
	[ -n "$check" ] || compare "$n" certificates
done
