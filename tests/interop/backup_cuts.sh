#!/bin/bash
# Power cuts: backup and restore are ended before each command that they send to the card, once by
# the card losing its power, once by SIGKILL. Run again, they end as if nothing had happened; in
# between there is no half-written key and no backup that calls itself complete.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/interop/backup_lib.sh
. "$(dirname "$0")/backup_lib.sh"

a=$work/a.token
b=$work/b.token
good=$work/good
whole=99 # wire.py cut: the command came to its end
select=00A4040C0BE82B0601040181C31F0201
enumerate=80580000000000

# The answer of the tool about the card on socket $1.
listed() {
	TWINHSM_CARDS=unix:$1 "$tool" list --json | grep -v '"address"'
}

# Runs twinhsm-tool with the card on socket $1, ended before command $2 in way $3. $status, $said.
cut_off() {
	status=0
	said=$(TWINHSM_CARDS=unix:$work/cut python3 -B "$wire" cut "$1" "$work" "$2" "$3" -- \
		"$tool" "${@:4}" 2>&1) || status=$?
}

# Each key of the card on socket $1 has its description and its certificate.
keys_are_whole() {
	local fids fid

	send "$1" $select $enumerate
	fids=$(tail -1 <<<"$out" | sed 's/9000$//' | fold -w 4)
	for fid in $(grep '^CC' <<<"$fids" | grep -v '^CC00' || true); do
		grep -q "^C4${fid#CC}" <<<"$fids" || fail "key ${fid#CC} without description"
		grep -q "^CE${fid#CC}" <<<"$fids" || fail "key ${fid#CC} without certificate"
	done
}

# The EC key on socket $1 signs what openssl verifies with the public key from card A.
signs() {
	TWINHSM_CARDS=unix:$1 p11 --login --pin "$pin" --sign -m ECDSA --id 02 \
		--signature-format openssl --input-file "$work/digest" \
		--output-file "$work/signature" >"$work/sign.log" 2>&1 || {
		cat "$work/sign.log"
		return 1
	}
	openssl pkeyutl -verify -pubin -keyform DER -inkey "$work/ec.pub" -in "$work/digest" \
		-sigfile "$work/signature" >/dev/null
}

step "Card A with keys, a certificate and data; its backup"
new_card "$a" 1 --label mytoken
plain_shares "$a" "$(dkek_golden shares share1)"
head -c 32 /dev/urandom >"$work/digest"
head -c 3000 /dev/urandom >"$work/data"
p11_on "$a" --keypairgen --key-type rsa:2048 --label rsa --id 01 >/dev/null
p11_on "$a" --keypairgen --key-type EC:prime256v1 --label ec --id 02 >/dev/null
p11_on "$a" --write-object "$work/data" --type data --label notes >/dev/null
p11_on "$a" --read-object --type pubkey --label ec --output-file "$work/ec.pub" >/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=ca -outform DER \
	-keyout "$work/ca.key" -out "$work/ca.der" 2>/dev/null
p11_on "$a" --write-object "$work/ca.der" --type cert --label ca --id 20 >/dev/null
run tool_on "$a" backup "$good" --pin "$pin"

step "Card B, whole"
new_card "$work/empty.token" 1
plain_shares "$work/empty.token" "$(dkek_golden shares share1)"
cp "$work/empty.token" "$b"
serve_card "$b"
cut_off "$b.socket" 100000 kill restore "$good" --pin "$pin"
same "status of restore" "$status" $whole
wanted=$(listed "$b.socket")
has "$wanted" '"label": "ec"'
stop_card

restore_cut() {
	cp "$work/empty.token" "$b"
	serve_card "$b"
	cut_off "$b.socket" "$1" "$2" restore "$good" --pin "$pin"
	keys_are_whole "$b.socket"
	[ "$status" -ne 0 ] || fail "restore took a card without power for restored"
	if [ "$status" -ne $whole ]; then
		[ "$2" = kill ] || has "$said" 'twinhsm-tool restore: unix:'
		again=$(TWINHSM_CARDS=unix:$b.socket "$tool" restore "$good" --pin "$pin") ||
			fail "restore after a cut before command $1"
		has "$again" 'all 6 items of the backup are on the card'
	fi
	same "card B after a cut before command $1" "$(listed "$b.socket")" "$wanted"
	signs "$b.socket" || fail "key after a cut before command $1"
	stop_card
	[ "$status" -ne $whole ]
}

# Calls $1 N HOW for N = 1 and every $3 more, until a command is not reached. (Within it the shell
# does not stop at what fails.)
every() {
	local n=1

	while "$1" $n "$2"; do
		n=$((n + $3))
	done
	echo "$n commands"
	[ $n -gt 15 ] || fail "too few commands were cut off"
}

step "Restore is ended before each of its commands"
every restore_cut power 1
every restore_cut kill 4

backup_cut() {
	rm -rf "$work/cut_backup"
	cut_off "$a.socket" "$1" "$2" backup "$work/cut_backup" --pin "$pin"
	if [ "$status" -ne $whole ]; then
		[ ! -e "$work/cut_backup/manifest.json" ] ||
			refused "$tool" verify "$work/cut_backup"
		TWINHSM_CARDS=unix:$a.socket "$tool" backup "$work/cut_backup" --pin "$pin" \
			>/dev/null || fail "backup after a cut before command $1"
	fi
	"$tool" verify "$work/cut_backup" >/dev/null || fail "verify after a cut"
	same "files after a cut before command $1" "$(ls "$work/cut_backup")" "$(ls "$good")"
	for file in certificate-ca00.der data-cf00.bin; do
		cmp "$work/cut_backup/$file" "$good/$file" || fail "$file after a cut"
	done
	[ "$status" -ne $whole ]
}

serve_card "$a"
step "Backup is ended before each of its commands"
every backup_cut kill 1
every backup_cut power 4
stop_card

step "What was cut off while it was written is taken away"
rm "$work/cut_backup/manifest.json" "$work"/cut_backup/*.wrap "$work"/cut_backup/*.der \
	"$work"/cut_backup/*.bin
: >"$work/cut_backup/manifest.json.AbC123"
: >"$work/cut_backup/key-001.wrap.AbC123"
tool_on "$a" backup "$work/cut_backup" --pin "$pin" >/dev/null
same "files" "$(ls "$work/cut_backup")" "$(ls "$good")"
echo "No cut did harm."
