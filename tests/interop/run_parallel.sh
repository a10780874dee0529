#!/bin/bash
# Twenty `twinhsm-emu run` side by side: each has a card of its own, hands the command's exit status
# on, passes signals on, and leaves nothing behind.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"

n=20
export TMPDIR=$work/tmp
mkdir "$TMPDIR"

# What each command does: makes a key under a label of its own, and sees only that one.
cat >"$work/one.sh" <<'END'
set -eu
pkcs11-tool --module "$TWINHSM_MODULE" --keypairgen --key-type EC:prime256v1 --login \
	--pin "$TWINHSM_PIN" --label "key$1" >/dev/null 2>&1
seen=$(pkcs11-tool --module "$TWINHSM_MODULE" --login --pin "$TWINHSM_PIN" -O --type privkey \
	2>/dev/null | sed -n 's/^ *label: *//p')
[ "$seen" = "key$1" ]
[ "$TWINHSM_LABEL" = "label $1" ]
[ -f "$TWINHSM_TOKEN" ]
[ "$TWINHSM_CARDS" = "emu:$TWINHSM_TOKEN" ]
case $TWINHSM_URI in *"token=label%20$1"*) ;; *) exit 1 ;; esac
echo "$TWINHSM_TOKEN" >"$2/path.$1"
exit "$((100 + $1))"
END

# The exit status of a command goes to $status.
status_of() {
	status=0
	"$@" 2>/dev/null || status=$?
}

step "$n runs at once"
children=()
for i in $(seq $n); do
	"$emu" run --label "label $i" -- sh "$work/one.sh" "$i" "$work" &
	children+=($!)
done
for i in $(seq $n); do
	status_of wait "${children[i - 1]}"
	same "exit status of run $i" "$status" $((100 + i))
done
same "different tokens" "$(cat "$work"/path.* | sort -u | wc -l)" $n

step "Exit status of commands that cannot be run, or are killed"
status_of "$emu" run -- no-such-command
same "status when not found" "$status" 127
status_of "$emu" run -- /etc/passwd
same "status when not a program" "$status" 126
# shellcheck disable=SC2016 # for the inner shell
status_of "$emu" run -- sh -c 'kill -9 $$'
same "status when killed" "$status" $((128 + 9))

step "Signals reach the command, and the token goes all the same"
cat >"$work/trap.sh" <<'END'
trap 'exit 42' "$1"
: >"$2"
while :; do sleep 0.05; done
END
for signal in TERM INT HUP; do
	# A shell starts its background commands deaf to SIGINT.
	env --default-signal=INT "$emu" run -- sh "$work/trap.sh" $signal "$work/up.$signal" &
	child=$!
	for _ in $(seq 200); do
		[ ! -e "$work/up.$signal" ] || break
		sleep 0.05
	done
	kill -$signal $child
	status_of wait $child
	same "status after SIG$signal" "$status" 42
done

step "--file: the token is there while the command runs, and never replaces a file"
# shellcheck disable=SC2016 # for the inner shell
"$emu" run --file "$work/named.token" -- sh -c '[ -f "$0" ] && [ "$TWINHSM_TOKEN" = "$0" ]' \
	"$work/named.token"
[ ! -e "$work/named.token" ] || fail "the named token was left behind"
echo precious >"$work/other"
refused "$emu" run --file "$work/other" -- true
same "the other file" "$(cat "$work/other")" precious

step "Nothing is left"
same "temporary folder" "$(ls -A "$TMPDIR")" ""
echo "all runs were clean"
