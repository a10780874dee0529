#!/bin/bash
# What the two programs say, and how they exit, when something is wrong: 2 for a command line that
# makes no sense, 1 for everything else, always with the file or card in the message.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"

# The command exits with $1 and says something like $2; nothing on standard output.
wrong() {
	local status=0 wanted=$1 pattern=$2

	shift 2
	"$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
	out=$(cat "$work/err")
	printf '%s\n' "$out"
	same "exit status of $*" "$status" "$wanted"
	has "$out" "$pattern"
	same "standard output of $*" "$(cat "$work/out")" ""
}

good() {
	"$@" >"$work/out" 2>"$work/err" </dev/null || {
		cat "$work/err"
		fail "$*"
	}
	out=$(cat "$work/out")
}

tool_says() {
	local status=0

	"$tool" >"$work/out" 2>&1 || status=$?
	out=$(cat "$work/out")
	same "exit status of twinhsm-tool" "$status" "$1"
	has "$out" "$2"
}

initialize=("$tool" --initialize --so-pin "$so_pin" --pin "$pin" --label mytoken)
card=$work/my.token
pins=(--pin "$pin" --so-pin "$so_pin")

step "Help and version"
for program in "$emu" "$tool"; do
	good "$program" --help
	has "$out" '^usage: '
	good "$program" --version
	has "$out" '^twinhsm-(emu|tool) [0-9]+\.[0-9]+\.[0-9]+$'
done
good "$emu" create --help

step "Command lines that make no sense"
wrong 2 'which command' "$emu"
wrong 2 "no command 'crate'" "$emu" crate
wrong 2 'one FILE' "$emu" create
wrong 2 'one FILE' "$emu" create "$card" another
wrong 2 'unrecognized option .*--lable' "$emu" create --lable x "$card"
wrong 2 'go together' "$emu" create --pin $pin "$card"
wrong 2 'go together' "$emu" create --so-pin $so_pin "$card"
wrong 2 'needed as well' "$emu" create --label x "$card"
wrong 2 'strong or cheap' "$emu" create --kdf medium "$card"
wrong 1 'from 1 to 255' "$emu" create "${pins[@]}" --pin-retry 0 "$card"
wrong 1 'from 0 to 255' "$emu" create "${pins[@]}" --dkek-shares 1x "$card"
wrong 1 'no environment variable' "$emu" create --pin env:NOT_THERE --so-pin $so_pin "$card"
wrong 2 'COMMAND' "$emu" run --label x --
wrong 2 "there is no command 'extra'" "$tool" extra
wrong 2 "'extra' is not an option" "$tool" -f extra
wrong 2 'unrecognized option .*--unwrap-keys' "$tool" --unwrap-keys file
wrong 1 'option -n .* requires option -X' "$tool" -n 2
wrong 1 'option -g .* excludes option -W' "$tool" -g file -W file
[ ! -e "$card" ] || fail "a file was made"

step "Rules for PINs, checked before anything is made"
wrong 1 'SO-PIN must be a hexadecimal string of 16' "$emu" create --pin 1 --so-pin 12 "$card"
wrong 1 'SO-PIN must be a hexadecimal string of 16' "$emu" create --pin $pin \
	--so-pin 353736323138383x "$card"
wrong 1 'at least 6 characters' "$emu" create --pin 12345 --so-pin $so_pin "$card"
wrong 1 'longer than 16' "$emu" create --pin 12345678901234567 --so-pin $so_pin "$card"
wrong 1 'not exceed 3 for a PIN of 6' "$emu" create "${pins[@]}" --pin-retry 4 "$card"
wrong 1 'not exceed 5 for a PIN of 7' "$emu" create --pin 1234567 --so-pin $so_pin \
	--pin-retry 6 "$card"
wrong 1 'not exceed 10' "$emu" create --pin 12345678 --so-pin $so_pin --pin-retry 11 "$card"
wrong 1 '1 to 32 bytes' "$emu" create "${pins[@]}" --label '' "$card"
[ ! -e "$card" ] || fail "a file was made"

step "No card anywhere"
wrong 1 'twinhsm-emu create' "$tool"
wrong 1 'twinhsm-emu create' "${initialize[@]}"
wrong 1 'twinhsm-emu create' "$emu" list
wrong 1 "$work/none.token: no such token file" "$emu" info "$work/none.token"
wrong 1 "$work/none/my.token: there is no such folder" "$emu" create "$work/none/my.token"

step "Files that are no tokens stay as they are"
echo 'my diary' >"$work/diary"
for command in info 'delete --force' create; do
	# shellcheck disable=SC2086 # two words
	wrong 1 "$work/diary" "$emu" $command "$work/diary"
done
TWINHSM_CARDS=emu:$work/diary wrong 1 "$work/diary" "$tool"
same "the diary" "$(cat "$work/diary")" 'my diary'

step "A card from the factory, in the folder where it is found by itself"
card=$HOME/.local/share/twinhsm/my.token
good "$emu" create "$card"
wrong 1 'exists already' "$emu" create "$card"
good "$emu" list
has "$out" 'my.token.*factory new'
good "$emu" info "$card"
has "$out" 'State +: factory new'
tool_says 0 'never been initialized'
good "${initialize[@]}"
same "output of --initialize" "$out" ''
tool_says 0 'Label +: mytoken'
tool_says 0 'User PIN tries left +: 3'
good "$emu" info "$card"
has "$out" 'Label +: mytoken'
has "$out" "TWINHSM_CARDS=emu:$card"
has "$out" 'URI +: pkcs11:.*token=mytoken'

step "A wrong SO-PIN is counted; nothing changes"
wrong 1 'wrong SO-PIN, tries left: 14' "$tool" --initialize --so-pin 0000000000000000 --pin $pin
tool_says 0 'SO-PIN tries left +: 14'
tool_says 0 'Label +: mytoken'
wrong 1 'at least 6 characters.*nothing was changed' "$tool" --initialize --so-pin $so_pin --pin 1
tool_says 0 'SO-PIN tries left +: 14'
good "${initialize[@]}" --pin-retry 2
tool_says 0 'SO-PIN tries left +: 15'
tool_says 0 'User PIN tries left +: 2'

step "PINs from the environment, and none without a terminal"
export GOOD_PIN=$pin GOOD_SO_PIN=$so_pin
good "$tool" -X --so-pin env:GOOD_SO_PIN --pin env:GOOD_PIN --label second
tool_says 0 'Label +: second'
wrong 1 'no SO-PIN was typed' setsid -w "$tool" --initialize
wrong 1 'no user PIN was typed' setsid -w "$tool" --initialize --so-pin $so_pin

step "Several cards"
other=$work/other.token
good "$emu" create "${pins[@]}" --label other --kdf cheap "$other"
export TWINHSM_CARDS="emu:$card,emu:$other"
tool_says 0 'Label +: second'
has "$out" 'Label +: other'
wrong 1 '2 cards; say which with --reader' "${initialize[@]}"
wrong 1 'none of these' "${initialize[@]}" --reader 2
wrong 1 'none of these' "${initialize[@]}" --reader nothing
wrong 1 'more than one' "${initialize[@]}" --reader .token
for reader in 1 other.token "emu:$other"; do
	good "$tool" --reader "$reader"
	has "$out" 'Label +: other'
	has_not "$out" 'Label +: second'
done
TWINHSM_CARDS="emu:$other,emu:$work/none.token" tool_says 1 'none.token: no such token file'
has "$out" 'Label +: other'
TWINHSM_CARDS=floppy:a wrong 1 'floppy' "$tool"

step "A SO-PIN that was wrong 15 times is locked for ever"
export TWINHSM_CARDS=emu:$other
for left in $(seq 14 -1 1); do
	wrong 1 "wrong SO-PIN, tries left: $left" "$tool" -X --so-pin 0000000000000000 --pin "$pin"
done
wrong 1 'locked for ever' "$tool" -X --so-pin 0000000000000000 --pin "$pin"
tool_says 0 'SO-PIN locked'
wrong 1 'locked for ever' "${initialize[@]}"
tool_says 0 'Label +: other'
good "$emu" info "$other"
has "$out" 'State +: SO-PIN locked'
unset TWINHSM_CARDS

step "Delete asks, unless told not to"
wrong 1 'without a terminal --force' "$emu" delete "$other"
ln -s "$other" "$work/link.token"
wrong 1 'a link' "$emu" delete --force "$work/link.token"
[ -f "$other" ] || fail "it was deleted"
good "$emu" delete --force "$other"
[ ! -e "$other" ] || fail "it is still there"
echo "every mistake was answered well"
