# shellcheck shell=bash
# Cards that share a DKEK, for the tests of backup and restore. Sourced after lib.sh.

golden=$(dirname "${BASH_SOURCE[0]}")/../golden
wire=$(dirname "${BASH_SOURCE[0]}")/wire.py
server=

# A value of tests/golden/dkek.json by its keys.
dkek_golden() {
	python3 -c 'import json, sys
value = json.load(open(sys.argv[1]))
for key in sys.argv[2:]:
    value = value[key]
print(value)' "$golden/dkek.json" "$@"
}

# Token file $1 for $2 shares of the DKEK, or with no DKEK; more options of `create` may follow.
new_card() {
	local shares=()

	[ "$2" = none ] || shares=(--dkek-shares "$2")
	"$emu" create --kdf cheap --pin "$pin" --so-pin "$so_pin" "${shares[@]}" "${@:3}" \
		"$1" >/dev/null
}

# The card in token file $1 on the socket $1.socket, until stop_card.
serve_card() {
	"$emu" serve "$1" --socket "$1.socket" 2>"$1.log" &
	server=$!
	wait_for "$1.log" 'listening|socket'
	for _ in $(seq 200); do
		[ ! -S "$1.socket" ] || return 0
		sleep 0.05
	done
	fail "no socket"
}

stop_card() {
	kill "$server"
	wait "$server" || true
	server=
}

stop_all() {
	[ -z "$server" ] || kill "$server" 2>/dev/null || true
	leave
}
trap stop_all EXIT

# Commands in hexadecimal for the card on socket $1; $out has the answers.
send() {
	out=$(python3 -B "$wire" send "$@")
}

# Shares in the clear for the card in token file $1, as only commands can give them.
plain_shares() {
	local share

	serve_card "$1"
	for share in "${@:2}"; do
		send "$1.socket" "00A4040C0BE82B0601040181C31F0201" "8052000020${share}00"
		has "$out" '9000$'
	done
	stop_card
}

# Runs twinhsm-tool with the card in token file $1.
tool_on() {
	TWINHSM_CARDS=$(address_of "$1") "$tool" "${@:2}"
}

p11_on() {
	TWINHSM_CARDS=$(address_of "$1") p11 --login --pin "$pin" "${@:2}" 2>/dev/null
}
