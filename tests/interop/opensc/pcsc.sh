#!/bin/bash
# Our module and tool on a card in a reader of PC/SC ("pcsc:READER"): the whole work with
# pkcs11-tool, checked by openssl; OpenSC on the same card in turns; resets, removal, a service that
# ends, none at all. Needs TWINHSM_TURNS, the program turns.
# shellcheck source=tests/interop/opensc/lib.sh
. "$(dirname "$0")/lib.sh"

: "${TWINHSM_TURNS:?path of turns}"

self_test() {
	quiet p11 --test --login --pin "$pin"
	has "$out" 'No errors'
	has_not "$out" 'ERR:|CKR_'
}

# Key $1 signs with mechanism $2 through $3, p11 or opensc; openssl checks.
signs() {
	quiet "$3" --login --pin "$pin" --sign -m "$2" --signature-format openssl --id "$1" \
		-i "$work/digest" --output-file "$work/signature"
	quiet openssl pkeyutl -verify -pubin -inkey "$work/$1.pub" -in "$work/digest" \
		-sigfile "$work/signature"
}

# Key $1 of type $2, made through $3.
make_key() {
	quiet "$3" --login --pin "$pin" --keypairgen --key-type "$2" --id "$1" --label "key $1"
	quiet p11 --read-object --type pubkey --id "$1" --output-file "$work/spki"
	openssl pkey -pubin -inform DER -in "$work/spki" -out "$work/$1.pub"
}

# A certificate of key $1 goes onto the card through $2 and comes back through $3.
certificate() {
	openssl x509 -new -force_pubkey "$work/$1.pub" -signkey "$work/ca.key" -subj "/CN=$1" \
		-set_serial 7 -days 30 -outform DER -out "$work/$1.der"
	quiet "$2" --login --pin "$pin" --write-object "$work/$1.der" --type cert --id "$1" \
		--label "key $1"
	rm -f "$work/back"
	quiet "$3" --read-object --type cert --id "$1" --output-file "$work/back"
	cmp "$work/$1.der" "$work/back" || fail "certificate $1"
}

tool_says() {
	quiet "$tool"
	has "$out" "$1"
}

tool_refuses() {
	refused timeout 20 "$tool"
	same "output" "$out" "twinhsm-tool: $1"
}

openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/ca.key"
head -c 32 /dev/urandom >"$work/digest"
"$emu" create --kdf cheap "$token" >/dev/null
start_pcscd
insert_card
export TWINHSM_CARDS="pcsc:$reader"

step "Made ready for use"
tool_says 'never been initialized'
has "$out" "Card +: pcsc:$reader"
quiet "$tool" --initialize --so-pin "$so_pin" --pin "$pin" --label mytoken
tool_says 'User PIN tries left +: 3'
has "$out" 'Label +: mytoken'

step "pkcs11-tool's own tests, keys, signatures, certificates"
self_test
make_key 01 rsa:2048 p11
make_key 02 EC:prime256v1 p11
self_test
signs 01 RSA-PKCS p11
signs 02 ECDSA p11
certificate 01 p11 p11
certificate 02 p11 p11
quiet p11 --login --pin "$pin" -O
same "private keys" "$(grep -c 'Private Key Object' <<<"$out")" 2

step "OpenSC and this module in turns"
make_key 03 EC:prime256v1 opensc
certificate 03 opensc p11
signs 03 ECDSA p11
signs 01 RSA-PKCS opensc
signs 02 ECDSA opensc
certificate 02 p11 opensc
quiet sc-hsm-tool
has "$out" 'User PIN tries left +: 3'

step "Several programs at once"
for i in 1 2 3; do
	p11 --login --pin "$pin" --sign -m ECDSA --id 02 -i "$work/digest" \
		--output-file "$work/signature$i" >"$work/at_once$i" 2>&1 &
	pids[i]=$!
done
for i in 1 2 3; do
	# The card has one login: a program that begins logs the others out.
	wait "${pids[i]}" || has "$(cat "$work/at_once$i")" 'CKR_USER_NOT_LOGGED_IN'
done
signs 02 ECDSA p11

step "Which cards there are"
TWINHSM_CARDS='pcsc:*' tool_says "Card +: pcsc:$reader"
unset TWINHSM_CARDS
tool_says "Card +: pcsc:$reader"
if [ "$TWINHSM_READER" = vpcd ]; then
	TWINHSM_CARDS='pcsc:Virtual PCD' tool_refuses \
		'pcsc:Virtual PCD: more than one reader has that in its name'
	TWINHSM_CARDS='pcsc:00 01' tool_refuses 'pcsc:00 01: no card in the reader'
fi
TWINHSM_CARDS='pcsc:Floppy' tool_refuses 'pcsc:Floppy: no such reader'

step "Resets, removal and the end of the service while logged in"
if [ "$TWINHSM_READER" = vpcd ]; then
	put_in="'$emu' serve '$token' --vpcd 127.0.0.1:$(cat "$work/pcscd/port") >/dev/null 2>&1 &
	echo \$! >'$work/server'"
	take_out="kill \$(cat '$work/server')"
	echo "$server" >"$work/server"
else
	put_in="'$TWINHSM_MOCK' tell have '$token' | cut -d' ' -f1 >'$work/port'"
	take_out="'$TWINHSM_MOCK' tell unplug \$(cat '$work/port')"
	port_of "$token" >"$work/port"
fi
cat >"$work/card" <<END
#!/bin/bash
until_there_is() {
	for _ in \$(seq 100); do
		cards=\$(opensc-tool --list-readers 2>/dev/null | grep -Ec '^0 +Yes')
		[ "\$cards" != "\$1" ] || exit 0
		sleep 0.1
	done
	exit 1
}
if [ "\$1" = in ]; then
	$put_in
	until_there_is 1
fi
$take_out
until_there_is 0
END
chmod +x "$work/card"
if [ "$TWINHSM_READER" = vpcd ]; then
	# shellcheck disable=SC2154 # status
	trap 'status=$?; set +e; server=$(cat "$work/server"); (exit "$status"); leave_opensc' EXIT
fi
export TWINHSM_CARDS="pcsc:$reader"
quiet timeout 120 "$TWINHSM_TURNS" "$TWINHSM_MODULE" 'opensc-tool --reset >/dev/null 2>&1' \
	"'$work/card' out" "'$work/card' in" \
	"kill $pcscd; while kill -0 $pcscd 2>/dev/null; do sleep 0.1; done"
pcscd=

step "Without the service"
tool_refuses "pcsc:$reader: the PC/SC service is not running"
quiet p11 -L
has "$out" "Slot 0.*$reader"
has "$out" '\(empty\)'

step "PC/SC is not installed"
mkdir "$work/none"
echo 'no library' >"$work/none/libpcsclite.so.1"
export LD_LIBRARY_PATH=$work/none
tool_refuses "pcsc:$reader: PC/SC is not installed"
unset TWINHSM_CARDS
refused "$tool"
has_not "$out" PC/SC
echo "PC/SC and this module get along"
