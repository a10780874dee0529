# shellcheck shell=bash
# What the scripts about the commands of twinhsm-tool share. Sourced.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
here=$(dirname "$0")
# shellcheck disable=SC2034 # for those who source this
golden=$here/../golden

# The command succeeds; $out is its standard output.
good() {
	"$@" >"$work/out" 2>"$work/err" </dev/null || {
		cat "$work/err"
		fail "$*"
	}
	out=$(cat "$work/out")
}

# The command exits with $1 and says $2; nothing but that on standard output.
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

# In the JSON text $out the value at $1 is $2.
json() {
	python3 -B "$here/json_value.py" "$out" "$@"
}

card() {
	rm -f "$work/$1.token"
	"$emu" create --kdf cheap "${@:2}" "$work/$1.token" >/dev/null
	use_card "$work/$1.token"
}

# Plays the commands on standard input to card $1 with the user logged in.
play() {
	{
		printf '> 00A404000BE82B0601040181C31F020100\n> 0020008106%s\n< 9000\n' \
			"$(printf %s "$pin" | hex)"
		cat
	} >"$work/transcript"
	good "$emu" replay "$work/transcript" "$work/$1.token"
}

hex() {
	od -An -v -tx1 | tr -d ' \n'
}

# The command that makes AES key $1 with the objects $2 before its list and $3 after it.
aes_key() {
	local objects=${2}910410111899$3

	printf '> 0048%sB2%02X%s\n< 9000\n' "$1" $((${#objects} / 2)) "$objects"
}

# The command that makes file $1 hold the hexadecimal bytes $2.
file() {
	local n=$((${#2} / 2))

	printf '> 00D7%s00%04X540200005382%04X%s\n< 9000\n' "$1" $((n + 8)) $n "$2"
}
