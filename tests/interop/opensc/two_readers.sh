# shellcheck shell=bash
# Two cards in the two readers of one pcscd: reader 0 and reader 1. Sourced.
# shellcheck source=tests/interop/opensc/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# shellcheck disable=SC2034 # for those who source this
readers=('Virtual PCD 00 00' 'Virtual PCD 00 01')
servers=('' '')

leave_two() {
	local status=$?

	set +e
	stop_process "${servers[0]}"
	stop_process "${servers[1]}"
	(exit "$status")
	leave_opensc
}
trap leave_two EXIT

# Reader $1 shows $2, Yes or No, in the column that says whether it has a card.
reader_shows() {
	opensc-tool --list-readers 2>/dev/null | grep -Eq "^$1 +$2"
}

take_out() {
	[ -n "${servers[$1]}" ] || return 0
	stop_process "${servers[$1]}"
	servers[$1]=
	wait_until reader_shows "$1" No
}

# Puts the card of token file $2 into reader $1 instead of what is there.
put_in() {
	local port

	take_out "$1"
	port=$(($(cat "$work/pcscd/port") + $1))
	"$emu" serve "$2" --vpcd "127.0.0.1:$port" >"$work/server.log" 2>&1 &
	servers[$1]=$!
	wait_until reader_shows "$1" Yes
}

# Sends commands in hex to the card in reader $1; $out is what opensc-tool said of them.
send() {
	local reader=$1 args=() command

	shift
	for command; do
		args+=(--send-apdu "$command")
	done
	quiet opensc-tool --reader "$reader" "${args[@]}"
}

# The same, and all must answer 9000.
send_ok() {
	send "$@"
	same "commands that worked" "$(grep -c 'SW1=0x90, SW2=0x00' <<<"$out")" $(($# - 1))
}
