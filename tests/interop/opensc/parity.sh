#!/bin/bash
# sc-hsm-tool and twinhsm-tool get the same command lines, those of parity.txt, each on a card of
# its own. Both must end with the same exit status, the same card and the same files.
#
# usage: parity.sh PART     the part of the table whose headings begin with this
# shellcheck source=tests/interop/opensc/two_readers.sh
. "$(dirname "$0")/two_readers.sh"

here=$(cd "$(dirname "$0")" && pwd)
golden=$here/../../golden
part=$1
theirs=0
ours=1

# Words of the table.
export SO=$so_pin PIN=$pin PASSWORD=dossier-pass
# shellcheck disable=SC2034
so=$so_pin
# shellcheck disable=SC2034
wrong_so=0102030405060708
# shellcheck disable=SC2034
password=$PASSWORD # of the file "share", a published one
share1=6A00A1D4327180848F33E1F42B5781F85E54807A801C9182E3596419FC2FC53F # what is in it
share2=C11390D24FCA774C6C01CDBE556491C286370BFCEED6E6CC01101CC111497B38

state_of() {
	python3 -B "$here/card_state.py" "$1"
}

# ---- cards and files to begin with ----

make_token() {
	"$emu" create --kdf cheap "${@:2}" "$work/$1.token" >/dev/null
}

make_ready() {
	make_token "$1" --label "$1" --pin "$pin" --so-pin "$so_pin" "${@:2}"
}

with_card() {
	TWINHSM_CARDS=emu:$work/$1.token "${@:2}"
}

make_key() {
	quiet with_card "$1" p11 --login --pin "$pin" --keypairgen --key-type EC:prime256v1 \
		--id 01 --label "key of $1"
}

# A card with DKEK share $2.
make_dkek() {
	make_ready "$1" --dkek-shares 1
	put_in 0 "$work/$1.token"
	send_ok 0 "8052000020${2}00"
	make_key "$1"
}

wrap() {
	quiet with_card "$1" "$tool" --wrap-key "$work/files/$2" --key-reference "$3" --pin "$pin"
}

make_cards() {
	make_token blank
	make_ready ready
	make_ready pending --dkek-shares 2
	make_ready pka
	quiet with_card pka "$tool" -X --so-pin "$so_pin" --pin "$pin" -K 2 -n 1
	make_key ready
	make_dkek other "$share2"
	make_dkek dkek "$share1"
	send_ok 0 "00200081$(printf %02X ${#pin})$(printf %s "$pin" | od -An -tx1 | tr -d ' \n')" \
		004802B00791051011189992 004803B006910410111899
	take_out 0
}

make_files() {
	mkdir "$work/files"
	cp "$golden/dkek_share1.pbe" "$work/files/share"
	wrap dkek wrapped 1
	wrap dkek wrapped_aes 2
	wrap other wrapped_other 1
	quiet with_card ready "$tool" -e "$work/files/signer.pka" -i 1
	quiet with_card other "$tool" -e "$work/files/other.pka" -i 1
	quiet with_card pka "$tool" -g "$work/files/other.pka"
	: >"$work/files/empty"
	cp "$here/parity.txt" "$work/files/text"
	for name in share wrapped signer.pka; do
		head -c 60 "$work/files/$name" >"$work/files/cut_$name"
	done
	mkdir "$work/files/folder"
	for name in blank ready pending pka dkek; do
		state_of "$work/$name.token" >"$work/$name.state"
	done
}

# ---- one side ----

# Side $1 gets the card $2, unless it has just that.
give_card() {
	local now=$work/side$1.token

	if [ "$2" = none ]; then
		take_out "$1"
		return
	fi
	if [ -n "${servers[$1]}" ] && [ "${card[$1]}" = "$2" ] &&
		state_of "$now" | cmp -s - "$work/$2.state"; then
		return
	fi
	take_out "$1"
	rm -f "$now"*
	cp "$work/$2.token" "$now"
	put_in "$1" "$now"
	card[$1]=$2
}

# Runs program $2 for side $1 with the arguments of the row, away from any terminal. Leaves what it
# said and its exit status.
# shellcheck disable=SC2034 # words that the table may use
run_side() (
	local reader=0 reader_name=${readers[$1]} status=0

	[ "$1" != "$theirs" ] || reader=$1
	export TWINHSM_CARDS=pcsc:$reader_name
	rm -rf "$work/folder$1"
	cp -r "$work/files" "$work/folder$1"
	cd "$work/folder$1"
	eval "setsid --wait timeout 300 \"\$2\" $arguments" </dev/null >"$work/said$1" 2>&1 ||
		status=$?
	echo "$status" >"$work/status$1"
)

# The files of side $1: names and lengths, and which of those that were there have changed.
files_of() (
	cd "$work/folder$1"
	for name in *; do
		if [ -d "$name" ]; then
			echo "$name: folder"
		elif cmp -s "$name" "$work/files/$name"; then
			echo "$name: as before"
		else
			echo "$name: $(wc -c <"$name") bytes"
		fi
	done
)

# ---- a row ----

show_row() {
	printf '%s\n-- sc-hsm-tool said:\n' "$*"
	cat "$work/said$theirs"
	printf -- '-- twinhsm-tool said:\n'
	cat "$work/said$ours"
	failures=$((failures + 1))
}

compare_row() {
	local wanted=("${1%/*}" "${1#*/}") side

	for side in "$theirs" "$ours"; do
		status[side]=$(cat "$work/status$side")
		[ "${status[side]}" = "${wanted[side]}" ] || {
			show_row "exit status ${status[side]} instead of ${wanted[side]}"
			return
		}
		files_of "$side" >"$work/files$side"
		[ "$2" = none ] || state_of "$work/side$side.token" >"$work/state$side"
	done
	diff -u "$work/files$theirs" "$work/files$ours" || show_row "other files"
	[ "$2" != none ] || return 0
	if diff -u "$work/state$theirs" "$work/state$ours" >"$work/diff"; then
		[[ $reason != state* ]] || show_row "the same card, which the table does not say"
	elif [[ $reason != state* ]]; then
		cat "$work/diff"
		show_row "another card"
	fi
}

do_row() {
	local name=$1 expected=$2 side

	arguments=$3
	reason=$4
	rows=$((rows + 1))
	printf '%s: %s\n' "$name" "$arguments"
	for side in "$theirs" "$ours"; do
		give_card "$side" "$name"
	done
	run_side "$theirs" sc-hsm-tool &
	run_side "$ours" "$tool"
	wait $!
	if [[ $expected = */* ]] && [ -z "$reason" ]; then
		fail "the table does not say why these differ"
	fi
	compare_row "$expected" "$name"
}

trim() {
	sed 's/^ *//; s/ *$//' <<<"$1"
}

do_table() {
	local line chosen=no columns

	while IFS= read -r line <&4; do
		case $line in
		'#'* | '') ;;
		'== '*)
			chosen=no
			[[ $line != "== $part"* ]] || chosen=yes
			[ "$chosen" = no ] || printf '\n%s\n' "$line"
			;;
		*)
			[ "$chosen" = yes ] || continue
			IFS='|' read -r -a columns <<<"$line"
			do_row "$(trim "${columns[0]}")" "$(trim "${columns[1]}")" \
				"$(trim "${columns[2]-}")" "$(trim "${columns[3]-}")"
			;;
		esac
	done 4<"$here/parity.txt"
}

start_pcscd
make_cards
make_files
rows=0
failures=0
card=('' '')
status=('' '')
do_table
[ "$rows" -gt 0 ] || fail "no such part of the table: $part"
[ "$failures" -eq 0 ] || fail "$failures differences"
echo "$rows command lines have the same effect with both programs"
