#!/bin/bash
# twinhsm-tool list, show and attest say of a card's objects what openssl and pkcs11-tool say of
# them.
# shellcheck source=tests/interop/tool_lib.sh
. "$(dirname "$0")/tool_lib.sh"

generate() {
	p11 --login --pin "$pin" --keypairgen --key-type "$1" --id "$2" --label "$3" >/dev/null 2>&1
	p11 --read-object --type pubkey --id "$2" --output-file "$work/$2.der" >/dev/null 2>&1
	openssl pkey -pubin -inform DER -in "$work/$2.der" -out "$work/$2.pub"
}

# A certificate for public key $1 with subject $2.
certify() {
	openssl req -new -utf8 -key "$work/ca.key" -subj "$2" -out "$work/csr" 2>/dev/null
	openssl x509 -req -in "$work/csr" -force_pubkey "$work/$1.pub" -CA "$work/ca.pem" \
		-CAkey "$work/ca.key" -CAcreateserial -days 30 -outform DER \
		-out "$work/$1.cert" 2>/dev/null
}

write() {
	p11 --login --pin "$pin" --write-object "$@" >/dev/null 2>&1
}

digest() {
	openssl dgst -sha256 -r | cut -d' ' -f1 | tr a-f A-F
}

x509() {
	openssl x509 -inform DER -in "$1" -noout "${@:2}" | sed 's/^[a-zA-Z ]*=//'
}

step "Keys of three kinds, certificates, data"
fresh_card
openssl req -x509 -newkey rsa:3072 -nodes -keyout "$work/ca.key" -utf8 -subj '/O=Büro/CN=Root' \
	-days 400 -out "$work/ca.pem" 2>/dev/null
openssl x509 -in "$work/ca.pem" -outform DER -out "$work/ca.der"
generate EC:prime256v1 10 web
generate rsa:2048 20 "Schlüssel"
generate EC:prime256v1 30 third
# pkcs11-tool 0.23 makes this one but cannot export it.
p11 --login --pin "$pin" --keypairgen --key-type EC:brainpoolP384r1 --label large >/dev/null 2>&1
certify 10 '/O=Büro/CN=web "1"'
write "$work/10.cert" --type cert --id 10
write "$work/ca.der" --type cert --id 77 --label Root
printf 'public data' >"$work/data"
write "$work/data" --type data --label notes --application-label app --application-id 1.2.840.113549
write "$work/data" --type data --label secret --private
aes_key 05 900400000007 '' | play my

step "list"
good "$tool" list --json
json objects.0.file CC01
json objects.0.algorithm EC
json objects.0.curve prime256v1
json objects.0.label web
json objects.0.id 10
json objects.0.has_certificate true
json objects.1.file CE01
json objects.2.label Schlüssel
json objects.2.algorithm RSA
json objects.2.bits 2048
json objects.2.has_certificate false
json objects.4.curve brainpoolP384r1
json objects.4.bits 384
json objects.5.file CC05
json objects.5.problems 'no description'
json objects.6.label Root
json objects.6.bits 3072
json objects.7.label notes
json objects.7.application app
json objects.7.oid 1.2.840.113549
json objects.8.private true
json objects.9 -
good "$tool" list certs --json
json objects.0.file CE01
json objects.1.id 77
json objects.2 -
good "$tool" list data
has "$out" '^CF00 +data +notes$'
good "$tool" list keys
has "$out" '^CC01 +private key +EC +256 +prime256v1 .* yes +10 +web$'
has "$out" '^CC05 +private key .* no description$'

step "A serial number as pkcs11-tool shows it"
serial=$(p11 -L 2>/dev/null | sed -n 's/.*serial num *: *//p')
good "$tool" status --json
json cards.0.serial "$serial"

step "show: names of all kinds"
for name in 2 CC02 CE02 C402 20 id:20 Schlüssel label:Schlüssel; do
	good "$tool" show "$name" --json
	json file CC02
	json public_key_sha256 "$(digest <"$work/20.der")"
	json request.verified true
done
write "$work/data" --type data --label web
wrong 1 "'web' means 2 objects" "$tool" show web
wrong 1 "there is no '40'" "$tool" show 40
good "$tool" show 5 --json
json uses_left 7

step "show: certificates as openssl reads them"
for pair in "1 10.cert" "CA00 ca.der"; do
	read -r name file <<<"$pair"
	cert=$work/$file
	good "$tool" show "$name" --json
	json certificate.subject "$(x509 "$cert" -subject -nameopt RFC2253,-esc_msb)"
	json certificate.issuer "$(x509 "$cert" -issuer -nameopt RFC2253,-esc_msb)"
	json certificate.serial_number "$(x509 "$cert" -serial)"
	json certificate.sha256 "$(digest <"$cert")"
	json certificate.not_after "$(date -u -d "$(x509 "$cert" -enddate)" +%Y-%m-%dT%H:%M:%SZ)"
	json certificate.validity valid
done

step "show: does the certificate belong to the key?"
good "$tool" show 1 --json
json certificate.belongs_to_key 'not known'
good "$tool" show 1 --pin "$pin" --json
json certificate.belongs_to_key yes
json certificate.evidence signature
generate EC:prime256v1 31 another
certify 31 /CN=another
file CE01 "$(hex <"$work/31.cert")" | play my
good "$tool" show 1 --pin "$pin" --json
json certificate.belongs_to_key no
json certificate.evidence signature
certify 20 /CN=rsa
file CE01 "$(hex <"$work/20.cert")" | play my
good "$tool" show 1 --json
json certificate.belongs_to_key no
json certificate.evidence 'type and size'
file CE02 "$(hex <"$work/20.cert")" | play my
good "$tool" show 2 --pin "$pin" --json
json certificate.belongs_to_key yes
p11 --login --pin "$pin" --keypairgen --key-type EC:prime256v1 --label own >/dev/null 2>&1
good "$tool" show own --json
same "ID, as SHA-1 of the point" "$(python3 -B "$here/json_value.py" "$out" id)" \
	"$(p11 --read-object --type pubkey --label own 2>/dev/null | tail -c 65 |
		openssl dgst -sha1 -r | cut -d' ' -f1 | tr a-f A-F)"

step "show: data, private only after login"
good "$tool" show notes --json
json value "$(hex <"$work/data" | tr a-f A-F)"
json sha256 "$(digest <"$work/data")"
good "$tool" show secret --json
json size -
good "$tool" show secret --pin "$pin" --json
json value "$(hex <"$work/data" | tr a-f A-F)"

step "attest"
good "$tool" attest third --json --out "$work/attested"
json verified true
json made_by twin
json public_key.sha256 "$(digest <"$work/30.der")"
json public_key.curve prime256v1
json attested_by "${serial}00000"
json device_certificate.holder "${serial}00000"
json issuer_certificate.authority ZZTWINROOT00001
good "$tool" attest third
has "$out" 'private key is public'
refused "$tool" attest third --out "$work/attested"
good "$tool" attest third --out "$work/attested" --force
wrong 1 'certificate has taken the place' "$tool" attest 1
wrong 1 'no request' "$tool" attest 5
wrong 1 'CA00 is no key' "$tool" attest CA00

# Attesting key $1 answers, and fails with the message $2.
not_attested() {
	local status=0

	"$tool" attest "$1" "${@:3}" --json >"$work/out" 2>"$work/err" || status=$?
	same "exit status" $status 1
	out=$(cat "$work/out")
	json verified false
	has "$(cat "$work/err")" "$2"
}

whole=$(hex <"$work/attested")
end=$((2 * ($(printf '%d' "0x${whole:4:4}") + 4)))
[ "${whole:0:4}" = 6782 ] || fail "not a request: ${whole:0:8}"
request=${whole:0:$end}
same "what follows the request" "${whole:$end:4}" 7f21
before=${request%%5f3740*}5f3740 # up to the signature of the key, which is the first one
at=${#before}
flipped=$(printf '%02x' $((0x${request:at:2} ^ 1)))
file CE03 "$before$flipped${request:at+2}" | play my
not_attested 3 'not signed by its key'
last=$(printf '%02x' $((0x${request: -2} ^ 1)))
file CE03 "${request:0:end-2}$last" | play my
not_attested 3 'not signed by this card'
file CE03 "$request" | play my
good "$tool" attest 3 --json
json belongs_to_key 'not known'
good "$tool" attest 3 --pin "$pin" --json
json belongs_to_key yes
file CE01 "$request" | play my
not_attested 1 'that of another key' --pin "$pin"
json signed_by_device true

step "A request of a genuine device is not one of this card"
file CE03 "$(python3 -B "$here/json_value.py" "$(cat "$golden/genuine_device.json")" \
	generated_keys.1.data)" | play my
not_attested 3 'not signed by this card'
json signed_by_key true
json attested_by DENK040414400000

step "Few commands: SELECT and one to open the card, one for the list of files, one for each file"
rm "$work/my.token"
fresh_card
generate EC:prime256v1 10 one
generate EC:prime256v1 11 two
"$tool" list -v -v >/dev/null 2>"$work/trace"
same "commands of list" "$(count '^twinhsm: > ' "$work/trace")" 6
echo "all is as others say"
