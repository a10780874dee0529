#!/bin/bash
# What backup, restore and verify refuse, with which message, and that nothing happens then: damaged
# and forged folders, wrong PINs, taken places, full cards, keys that must not leave.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/interop/backup_lib.sh
. "$(dirname "$0")/backup_lib.sh"

a=$work/a.token
b=$work/b.token
good=$work/good
bad=$work/bad
select=00A4040C0BE82B0601040181C31F0201
login=0020008106$(printf %s "$pin" | od -An -tx1 | tr -d ' \n')

# The command exits with $1 and says something like $2.
wrong() {
	local status=0

	out=$("${@:3}" 2>&1 </dev/null) || status=$?
	printf '%s\n' "$out"
	same "exit status of ${*:3}" "$status" "$1"
	has "$out" "$2"
	has_not "$out" "$pin|$so_pin"
}

# Files and keys of the card in token file $1.
contents() {
	serve_card "$1"
	send "$1.socket" $select 80580000000000
	stop_card
	tail -1 <<<"$out"
}

fresh_bad() {
	rm -rf "$bad"
	cp -r "$good" "$bad"
}

# The folder $bad is refused with a message like $1 and a card that has all keys is left alone.
refused_folder() {
	wrong 1 "$1" "$tool" verify "$bad"
	wrong 1 "$1" tool_on "$b" restore "$bad" --pin "$pin"
	same "contents of card B" "$(contents "$b")" "$empty"
}

# Replaces text $1 by $2 in the manifest, which must then be refused as $3 says.
forged() {
	fresh_bad
	python3 - "$bad/manifest.json" "$1" "$2" <<-'END'
		import sys
		path, old, new = sys.argv[1:]
		text = open(path).read()
		assert old in text, old
		open(path, "w").write(text.replace(old, new, 1))
	END
	refused_folder "$3"
}

# The manifest again, with the size and digest of file $1 as it is now.
signed_again() {
	python3 - "$bad" "$1" <<-'END'
		import hashlib, json, sys
		folder, name = sys.argv[1:]
		manifest = json.load(open(f"{folder}/manifest.json"))
		data = open(f"{folder}/{name}", "rb").read()
		for item in manifest["items"]:
		    if item["file"] == name:
		        item["size"] = len(data)
		        item["sha256"] = hashlib.sha256(data).hexdigest()
		json.dump(manifest, open(f"{folder}/manifest.json", "w"))
	END
}

# Turns over the bits of the byte at offset $2 (from the end when negative) of file $1.
bend() {
	python3 -c 'import sys
path, at = sys.argv[1], int(sys.argv[2])
data = bytearray(open(path, "rb").read())
data[at] ^= 0xFF
open(path, "wb").write(data)' "$1" "$2"
}

card_with_dkek() {
	rm -f "$1"
	new_card "$@"
	plain_shares "$1" "$(dkek_golden shares share1)"
}

card_with_dkek "$a" 1 --label mytoken
p11_on "$a" --keypairgen --key-type EC:prime256v1 --label one --id 01 >/dev/null
p11_on "$a" --keypairgen --key-type EC:prime256v1 --label two --id 02 >/dev/null
head -c 3000 /dev/urandom >"$work/data"
p11_on "$a" --write-object "$work/data" --type data --label notes >/dev/null
tool_on "$a" backup "$good" --pin "$pin"
card_with_dkek "$b" 1
empty=$(contents "$b")

step "Command lines that make no sense"
for command in backup restore verify; do
	wrong 2 "something is missing|DIR" "$tool" $command
	wrong 2 "too much|DIR" "$tool" $command one two
	wrong 2 'unrecognized option' "$tool" $command --fast "$good"
	wrong 0 "^usage: twinhsm-tool $command DIR" "$tool" $command --help
done

step "Answers as JSON, alone on standard output, also when something is refused"
answer() {
	"${@:2}" 2>/dev/null | python3 -c 'import json, sys
answer = json.load(sys.stdin)
print(answer["ok"], len(answer["items"]), answer.get("complete"))' >"$work/answer" || true
	same "answer of ${*:2}" "$(cat "$work/answer")" "$1"
}
answer 'True 4 True' "$tool" verify "$good" --json
answer 'False 0 None' tool_on "$a" backup "$good" --pin "$pin" --json
answer 'True 4 True' tool_on "$a" backup "$work/json" --pin "$pin" --json
answer 'False 0 None' "$tool" verify "$work/none" --json
answer 'False 0 None' tool_on "$b" restore "$work/none" --pin "$pin" --json
cp "$b" "$work/json.token"
answer 'True 4 True' tool_on "$work/json.token" restore "$good" --pin "$pin" --json

step "Manifests that are none"
printf 'no JSON' >"$work/text"
fresh_bad
cp "$work/text" "$bad/manifest.json"
refused_folder 'manifest is damaged: it is not JSON'
head -c 300 "$good/manifest.json" >"$bad/manifest.json"
refused_folder 'manifest is damaged: it is not JSON'
rm "$bad/manifest.json"
refused_folder 'no backup: it has no manifest.json'
mkfifo "$bad/manifest.json"
refused_folder 'not an ordinary file'
forged twinhsm-backup other-backup 'not the manifest of a backup'
forged '"version": 1' '"version": 2' 'version is not 1'
forged '"version": 1' '"version": "1"' 'version is not 1'
forged '"size": 3000' '"size": -1' 'not a size'
forged '"size": 3000' '"size": 3001' 'not the one that was written'
forged '"items"' '"itemz"' '"items" is not a list'
forged '"fid": "CC02"' '"fid": "CC01"' 'CC01 is not key-001.wrap|"file" of CC01'
forged '"fid": "CF00"' '"fid": "CD00"' 'CD00 is no number of a backup'
forged '"complete": true' '"complete": false' 'never completed'
for name in ../good/key-001.wrap /etc/passwd key-1.wrap ./key-001.wrap key-001.wrap/; do
	forged '"file": "key-001.wrap"' "\"file\": \"$name\"" '"file" of CC01 is not key-001.wrap'
done
kcv=$(dkek_golden dkek share1_only kcv)
other=$(dkek_golden dkek share1_xor_share2 kcv)
forged "\"kcv\": \"$kcv\"" "\"kcv\": \"$other\"" 'another key check value than the key blob'

step "Files that are not those that were written"
fresh_bad
rm "$bad/key-002.wrap"
refused_folder 'key-002.wrap: No such file'
fresh_bad
bend "$bad/key-001.wrap" 20
refused_folder 'key-001.wrap: the file is not the one that was written'
fresh_bad
echo >>"$bad/data-cf00.bin"
refused_folder 'data-cf00.bin: the file is not the one that was written'
fresh_bad
rm "$bad/key-001.wrap"
mkfifo "$bad/key-001.wrap"
refused_folder 'key-001.wrap: this is not an ordinary file'
rm "$bad/key-001.wrap"
ln -s "$good/key-001.wrap" "$bad/key-001.wrap"
refused_folder 'key-001.wrap: this is not an ordinary file'

step "Forged with the right digests: bent lengths, a bent code, a key that is another"
fresh_bad
bend "$bad/key-001.wrap" 3
signed_again key-001.wrap
refused_folder 'key-001.wrap: this is not a wrapped key'
fresh_bad
bend "$bad/key-001.wrap" 100 # in the encrypted part: only who has the DKEK can tell
signed_again key-001.wrap
"$tool" verify "$bad" >/dev/null
wrong 1 'key 1 "one".*was not restored: the card refuses the blob: it is damaged' \
	tool_on "$b" restore "$bad" --pin "$pin"
has "$out" 'not on the card yet: key 2 "two"'
has_not "$(contents "$b")" '(CC|C4|CE)0[12]'
wrong 1 'key 1 .*does not open with the shares: the blob is damaged or forged' \
	"$tool" verify "$bad" --share "$golden/dkek_share1.pbe" --password dossier-pass
has_not "$out" dossier-pass
cp "$good/key-002.wrap" "$bad/key-001.wrap"
signed_again key-001.wrap
python3 - "$good" "$bad/key-001.wrap" <<-'END'
	import sys
	# the blob of key 2 with the description and certificate of key 1
	def parts(path):
	    data = open(path, "rb").read()
	    at = 2 if data[1] < 0x80 else 2 + (data[1] & 0x7F)
	    size = data[at + 1]
	    n = 2 + size if size < 0x80 else 2 + (size & 0x7F) + int.from_bytes(
	        data[at + 2:at + 2 + (size & 0x7F)], "big")
	    return data[at:at + n], data[at + n:]
	one, two = (parts(f"{sys.argv[1]}/key-00{i}.wrap") for i in (1, 2))
	body = two[0] + one[1]
	open(sys.argv[2], "wb").write(b"\x30\x82" + len(body).to_bytes(2, "big") + body)
END
signed_again key-001.wrap
wrong 1 'key 1 .*opens, but is not the key of its certificate' \
	"$tool" verify "$bad" --share "$golden/dkek_share1.pbe" --password dossier-pass

step "Wrong PINs"
card_with_dkek "$b" 1
wrong 1 'wrong user PIN, tries left: 2' tool_on "$b" restore "$good" --pin 000000
same "contents of card B" "$(contents "$b")" "$empty"
wrong 1 'wrong user PIN, tries left: 2' tool_on "$a" backup "$work/none" --pin 000000
[ ! -e "$work/none" ] || fail "a folder was made"
wrong 1 'no user PIN was typed' tool_on "$a" backup "$work/none"

step "A backup is never overwritten without --force"
before=$(cat "$good/manifest.json")
wrong 1 'complete backup of this card' tool_on "$a" backup "$good" --pin "$pin"
wrong 1 'holds a backup of card .*, this is card' tool_on "$b" backup "$good" --pin "$pin"
mkdir "$work/papers"
echo text >"$work/papers/letter"
wrong 1 "neither empty nor a backup: it has 'letter'" \
	tool_on "$a" backup "$work/papers" --pin "$pin"
wrong 1 "neither empty nor" tool_on "$a" backup "$work/papers" --pin "$pin" --force
wrong 1 'another process works' flock "$good" env TWINHSM_CARDS="$(address_of "$a")" \
	"$tool" backup "$good" --pin "$pin" --force
same "the manifest" "$(cat "$good/manifest.json")" "$before"
fresh_bad
echo text >"$bad/manifest.json"
wrong 1 'manifest is damaged' tool_on "$a" backup "$bad" --pin "$pin"
tool_on "$a" backup "$bad" --pin "$pin" --force >/dev/null
"$tool" verify "$bad" >/dev/null

step "Keys that the card has no more are not thrown away"
fresh_bad
sed -i 's/"complete": true/"complete": false/' "$bad/manifest.json"
cp "$a" "$work/later.token"
p11_on "$work/later.token" --delete-object --type privkey --id 02 >/dev/null
wrong 1 'the folder has key 2 "two".*, which the card no longer has' \
	tool_on "$work/later.token" backup "$bad" --pin "$pin"
[ -e "$bad/key-002.wrap" ] || fail "the key is gone"
tool_on "$work/later.token" backup "$bad" --pin "$pin" --force >/dev/null
[ ! -e "$bad/key-002.wrap" ] || fail "the key is still there"
"$tool" verify "$bad" >/dev/null

step "Places that are taken"
p11_on "$b" --keypairgen --key-type EC:prime256v1 --label mine --id 01 >/dev/null
taken=$(contents "$b")
wrong 1 'something else is in the place of key 1 "one"' tool_on "$b" restore "$good" --pin "$pin"
has "$out" 'nothing was restored; --force replaces'
wrong 1 'something else is in the place of key 1' "$tool" verify "$good" \
	--reader "$(address_of "$b")"
has "$out" 'key 1 .*: its place is taken'
same "contents of card B" "$(contents "$b")" "$taken"
out=$(tool_on "$b" restore "$good" --pin "$pin" --force)
has "$out" 'key 1 "one".*: replaced'
out=$(tool_on "$b" restore "$good" --pin "$pin")
same "items" "$(grep -c 'there already' <<<"$out")" 4

step "The beginning of a file, as a power cut leaves it, is completed"
card_with_dkek "$b" 1
serve_card "$b"
part=$(head -c 40 "$good/description-c900.der" | head -c 10 | od -An -tx1 | tr -d ' \n')
send "$b.socket" $select "$login" "00D7C9001054020000530A$part"
has "$out" '9000$'
stop_card
tool_on "$b" restore "$good" --pin "$pin" >/dev/null
out=$(p11_on "$b" -O)
has "$out" notes

step "A full card"
card_with_dkek "$b" 1 --profile nitrokey-hsm
free_memory() {
	tool_on "$b" status --json | sed -n 's/.*"free_memory": \([0-9]*\).*/\1/p'
}
fill() {
	head -c "$1" /dev/zero >"$work/fill"
	p11_on "$b" --write-object "$work/fill" --type data --label fill >/dev/null
}
while [ "$(free_memory)" -gt 8600 ]; do
	fill 4900 # pkcs11-tool takes no more
done
fill $(($(free_memory) - 3500))
# data object 0 is in use now; that of the backup goes to a place of its own
fresh_bad
python3 - "$bad" <<-'END'
	import json, os, sys
	folder = sys.argv[1]
	manifest = json.load(open(f"{folder}/manifest.json"))
	for item in manifest["items"]:
	    if item["fid"] == "CF00":
	        os.rename(f"{folder}/{item['file']}", f"{folder}/data-cf99.bin")
	        item.update(fid="CF99", file="data-cf99.bin")
	manifest["items"] = [item for item in manifest["items"] if item["fid"] != "C900"]
	json.dump(manifest, open(f"{folder}/manifest.json", "w"))
END
wrong 1 'was not restored: card is full' tool_on "$b" restore "$bad" --pin "$pin"
has "$out" 'not on the card yet: key'
has "$out" '[12] of 3 items are on the card; run restore again'
full=$(contents "$b")
for n in 1 2; do
	if grep -q "CC0$n" <<<"$full"; then
		has "$full" "C40$n"
		has "$full" "CE0$n"
	else
		has_not "$full" "(C4|CE)0$n"
	fi
done
p11_on "$b" --delete-object --type data --label fill >/dev/null
tool_on "$b" restore "$bad" --pin "$pin" >/dev/null

step "Keys that must not leave are named"
serve_card "$a"
body=5F29010042095554434130303030317F4915060A04007F0007020202010282030100010202
body=${body}08005F20105A5A454D55303130303030303030303091 # and a list: RSA signatures only
send "$a.socket" $select "$login" "0046050000003D${body}01300000"
has "$out" '9000$'
stop_card
wrong 1 'not in the backup: key 5: it must not leave the card: its list' \
	tool_on "$a" backup "$work/third" --pin "$pin"
has "$out" '1 object\(s\) of the card are not in the backup'
out=$("$tool" verify "$work/third" 2>&1)
has "$out" 'not in the backup: key 5'
new_card "$work/c.token" none
p11_on "$work/c.token" --keypairgen --key-type EC:prime256v1 --label one --id 01 >/dev/null
wrong 1 'not in the backup: key 1 "one": its key domain has no key' \
	tool_on "$work/c.token" backup "$work/fourth" --pin "$pin"
echo "All faults were told."
