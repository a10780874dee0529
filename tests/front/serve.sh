#!/bin/bash
# twinhsm-emu serve and replay as programs: messages, exit status, signals, and a trace that plays.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/../interop/lib.sh"

fresh_card
token=$work/my.token

# Starts a server in the background and waits until it listens. Arguments as for serve.
serve() {
	: >"$work/log"
	"$emu" serve "$@" 2>"$work/log" &
	background=$!
	wait_for "$work/log" "listening|virtual reader"
}

# Ends it with signal $1; it must say nothing more and exit with 0.
stop() {
	local status=0

	kill -"$1" "$background"
	wait "$background" || status=$?
	background=
	same "exit status after $1" "$status" 0
}

step "start and stop"
for signal in TERM INT HUP; do
	serve "$token" --socket "$work/socket"
	[ -S "$work/socket" ] || fail "no socket"
	stop "$signal"
	[ ! -e "$work/socket" ] || fail "the socket is left after $signal"
done

step "what a killed server leaves is replaced"
serve "$token" --socket "$work/socket"
kill -KILL "$background"
wait "$background" || true
[ -S "$work/socket" ] || fail "no socket left"
serve "$token" --socket "$work/socket"

step "a second server at the same place is refused, the first goes on"
refused "$emu" serve "$token" --socket "$work/socket"
has "$out" "$work/socket: cannot listen there: another server listens there"
export TWINHSM_CARDS=unix:$work/socket
has "$("$tool")" "Label +: mytoken"
echo mine >"$work/file"
refused "$emu" serve "$token" --socket "$work/file"
has "$out" "$work/file: .*not a socket"
same "the file" "$(cat "$work/file")" mine
refused "$emu" serve "$token" --socket "$work/none/socket"
has "$out" "$work/none/socket: .*No such file"
stop TERM

step "messages"
refused "$emu" serve "$token"
has "$out" "--vpcd, --socket, --usbip or --vhci"
refused "$emu" serve --socket "$work/socket"
has "$out" "one TOKEN"
refused "$emu" serve "$token" --vpcd=nonsense
has "$out" "'nonsense' is not HOST:PORT"
refused "$emu" serve "$work/none.token" --socket "$work/socket"
has "$out" "none.token: no such token file"
refused "$emu" serve "$token" --socket "$work/socket" --trace "$work/none/trace"
has "$out" "$work/none/trace: No such file"

step "nobody listens for the virtual reader"
serve "$token" --vpcd 127.0.0.1:1 --vpcd "[::1]:1"
wait_for "$work/log" "vpcd 127.0.0.1:1: no virtual reader of pcscd: nobody listens; trying on"
stop TERM

step "log and trace never show a PIN"
serve "$token" --socket "$work/socket" --trace "$work/trace" --verbose
"$tool" -X --so-pin "$so_pin" --pin 97531246 --label other >/dev/null
"$tool" -X --so-pin "$so_pin" --pin "$pin" --label mytoken >/dev/null
refused "$tool" -X --so-pin 0102030405060708 --pin "$pin" --label never
stop TERM
wait_for "$work/log" "80 50 00 00 Lc [0-9]+ Le 0: 0 bytes, 9000"
for secret in "$pin" 97531246 57621880; do
	hex=$(printf %s "$secret" | od -An -tx1 | tr -d ' \n')
	has_not "$(cat "$work/log" "$work/trace")" "$secret|$hex"
done
has "$(cat "$work/trace")" "^> 80500000..X+$"
same "rights of the trace" "$(stat -c %a "$work/trace")" 600

step "replay"
grep -m 1 '^> 80500000..X' "$work/trace" >"$work/blanked"
refused "$emu" replay "$work/blanked" "$token"
has "$out" "blanked, line 1: bytes of this command are blanked"
cat >"$work/good" <<'TEXT'
# a factory card: nobody has a PIN
> 00A40400 0B E82B0601040181C31F0201 00
< 6F0A XXXX 78 .. 9000
> 00200081
< XXXX
! reset
> 00200081
< 6E00
! session 2
> 00A40400 0B E82B0601040181C31F0201
< 9000
! session 1
> 00200081
< 6E00
TEXT
has "$("$emu" replay --fresh "$work/good")" "good: 5 commands, answered as recorded"
sed 's/^< 9000/< 9001/' "$work/good" >"$work/other"
refused "$emu" replay --fresh "$work/other"
has "$out" "other, line 11: the card answers something else"
has "$out" "answered: 9000"
for line in "> 00A" "> 00G0" "what" "! dance" "< 9000"; do
	echo "$line" >"$work/bad"
	refused "$emu" replay --fresh "$work/bad"
	has "$out" "bad, line 1: "
done
refused "$emu" replay --fresh "$work/none"
has "$out" "none: cannot be read"
refused "$emu" replay "$work/good"
has "$out" "a TOKEN or --fresh"
refused "$emu" replay "$work/good" "$work/none.token"
has "$out" "none.token: no such token file"
