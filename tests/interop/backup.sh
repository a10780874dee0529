#!/bin/bash
# Two machines: card A is set up by three custodians, gets keys and certificates, is backed up.
# Card B gets the same shares and the backup; the same TLS client authentication works with it.
# Cards without that DKEK refuse.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/interop/backup_lib.sh
. "$(dirname "$0")/backup_lib.sh"
# shellcheck source=tests/interop/tls.sh
. "$(dirname "$0")/tls.sh"

a=$work/a.token
b=$work/b.token
backup=$work/backup
export SHARE1=dossier-pass SHARE2='the second custodian'

step "Card A: three custodians bring their shares"
new_card "$a" 3 --label mytoken
run tool_on "$a" --create-dkek-share "$work/share2.pbe" --password env:SHARE2
import_shares() {
	run tool_on "$1" --import-dkek-share "$golden/dkek_share1.pbe" --password env:SHARE1
	run tool_on "$1" --import-dkek-share "$work/share2.pbe" --password env:SHARE2
	plain_shares "$1" "$(dkek_golden shares share2)"
	out=$(tool_on "$1")
	has "$out" 'DKEK key check value : [0-9A-F]{16}$'
	kcv=$(sed -n 's/.*key check value : //p' <<<"$out")
}
import_shares "$a"
kcv_a=$kcv

step "Keys, certificates and data on card A"
use_card "$a"
write_openssl_conf
make_ca
for spec in rsa_key:rsa:2048:10 ec_key:EC:prime256v1:11; do
	IFS=: read -r name type size id <<<"$spec"
	run p11 --keypairgen --key-type "$type:$size" --login --pin $pin --label "$name" --id "$id"
	with_engine openssl req -new -engine pkcs11 -keyform engine -key "label_$name" \
		-subj "/CN=$name" -out "$work/$name.csr" 2>/dev/null
	p11 --read-object --type pubkey --label "$name" --output-file "$work/$name.pub" >/dev/null
done
sign_requests rsa_key ec_key server
for spec in rsa_key:10 ec_key:11; do
	name=${spec%:*}
	openssl x509 -in "$work/$name.pem" -outform DER -out "$work/$name.der"
	run p11 --write-object "$work/$name.der" --type cert --label "$name" --id "${spec#*:}" \
		--login --pin $pin
done
openssl x509 -in "$work/ca.pem" -outform DER -out "$work/ca.der"
run p11 --write-object "$work/ca.der" --type cert --label ca --id 20 --login --pin $pin
echo 'free for all' >"$work/public"
run p11 --write-object "$work/public" --type data --label notes --login --pin $pin
start_server
log_on rsa_key -tls1_3
log_on ec_key -tls1_2

step "The backup of card A"
run "$tool" backup "$backup" --pin $pin
cat "$backup/manifest.json"
same "items" "$(grep -c '"sha256"' "$backup/manifest.json")" 6
same "mode of the folder" "$(stat -c %a "$backup")" 700
same "modes of the files" "$(stat -c %a "$backup"/* | sort -u)" 600
for name in rsa_key ec_key; do
	digest=$(openssl dgst -sha256 "$work/$name.pub" | sed 's/.*= *//')
	grep -qi "\"public_key_sha256\": \"$digest\"" "$backup/manifest.json" ||
		fail "the public key of $name is not in the manifest"
done
for file in "$backup"/*.*; do
	[ "$file" = "$backup/manifest.json" ] ||
		grep -qi "$(sha256sum "$file" | cut -d' ' -f1)" "$backup/manifest.json" ||
		fail "digest of $file"
done
grep -q "\"kcv\": \"$kcv_a\"" "$backup/manifest.json" || fail "check value"
run "$tool" verify "$backup"

step "Card A is gone; card B has the same shares"
mv "$a" "$work/lost.token"
new_card "$b" 3
import_shares "$b"
same "check value of card B" "$kcv" "$kcv_a"
use_card "$b"
out=$(run "$tool" verify "$backup" --reader 0)
echo "$out"
has "$out" 'places on the card: 6 free'
run "$tool" restore "$backup" --pin $pin

step "Card B is to its users what card A was"
for name in rsa_key ec_key ca; do
	p11 --read-object --type cert --label "$name" --output-file "$work/back" >/dev/null
	run cmp "$work/back" "$work/$name.der"
done
p11 --read-object --type data --label notes --output-file "$work/back" >/dev/null
run cmp "$work/back" "$work/public"
out=$(p11 -L)
has "$out" 'token label +: mytoken$'
for version in -tls1_2 -tls1_3; do
	log_on rsa_key $version
	log_on ec_key $version
done
stop_server

step "Restoring once more changes nothing"
out=$(run "$tool" restore "$backup" --pin $pin)
same "items that are there" "$(grep -c 'there already' <<<"$out")" 6

step "Cards without this DKEK refuse, and say which check values there are"
c=$work/c.token
new_card "$c" none
refused tool_on "$c" restore "$backup" --pin $pin
has "$out" "no DKEK; the key was wrapped under $kcv_a"
rm "$c"
new_card "$c" 1
refused tool_on "$c" restore "$backup" --pin $pin
has "$out" "1 DKEK share.*missing.*$kcv_a"
plain_shares "$c" "$(dkek_golden shares share1)"
for command in "restore $backup --pin $pin" "verify $backup --reader 0"; do
	# shellcheck disable=SC2086
	refused tool_on "$c" $command
	has "$out" "wrapped under $kcv_a, the card has $(dkek_golden dkek share1_only kcv)"
done
out=$(p11_on "$c" -O)
same "objects on card C" "$out" ""

step "With all shares, every key of a backup opens and is that of its certificate"
use_card "$c"
p11 --keypairgen --key-type rsa:2048 --login --pin $pin --label one --id 01 >/dev/null
p11 --keypairgen --key-type EC:brainpoolP384r1 --login --pin $pin --label two --id 02 >/dev/null
run "$tool" backup "$work/other" --pin $pin
out=$(run "$tool" verify "$work/other" --share "$golden/dkek_share1.pbe" --password env:SHARE1 2>&1)
echo "$out"
has "$out" '2 keys open with the shares; 2 are the keys of their certificates'
has_not "$out" "$(dkek_golden shares share1)|$SHARE1"
echo "The story of two machines went through."
