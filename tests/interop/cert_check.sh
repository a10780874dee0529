#!/bin/bash
# twinhsm-tool cert-check: certificates by openssl, each with the findings that it must have and no
# others.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"

cd "$work"
good_key=p256.key

new_key() {
	openssl genpkey -quiet "${@:2}" -out "$1"
}

# Makes $1.pem with the extensions $2, lines between "|", and further options of openssl x509. The
# subject is $subject.
issue() {
	openssl req -new -key "${key:-$good_key}" -subj "${subject-/CN=Jo}" -out csr 2>/dev/null
	tr '|' '\n' <<<"$2" >extensions
	openssl x509 -req -in csr -CA ca.pem -CAkey ca.key -extfile extensions \
		-out "$1.pem" "${@:3}" 2>/dev/null
}

# cert-check of $1.pem finds exactly the codes $2 and exits with $3.
finds() {
	local status=0 found

	"$tool" cert-check "$1.pem" --json "${@:4}" >answer 2>notes || status=$?
	found=$(sed -n 's/.*"code": "\(.*\)".*/\1/p' answer | sort | tr '\n' ' ')
	same "findings of $1" "$found" "$2${2:+ }"
	same "exit status of $1" "$status" "$3"
}

client='basicConstraints=CA:FALSE|keyUsage=digitalSignature|extendedKeyUsage=clientAuth'
server='keyUsage=digitalSignature|extendedKeyUsage=serverAuth'

step "Keys and an issuer"
new_key p256.key -algorithm EC -pkeyopt ec_paramgen_curve:P-256
new_key p521.key -algorithm EC -pkeyopt ec_paramgen_curve:P-521
new_key k256.key -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1
new_key bp.key -algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP256r1
new_key rsa1024.key -algorithm RSA -pkeyopt rsa_keygen_bits:1024
new_key rsa2048.key -algorithm RSA -pkeyopt rsa_keygen_bits:2048
new_key ed.key -algorithm ED25519
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj '/CN=The CA' \
	-addext keyUsage=keyCertSign 2>/dev/null
openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.pem -subj '/CN=Other' \
	2>/dev/null

step "Nothing to say"
issue good "$client" -days 90
finds good '' 0
finds good '' 0 --ca ca.pem
key=rsa2048.key issue rsa "$client" -days 90
finds rsa '' 0
issue named "$server|subjectAltName=DNS:example.org" -days 90
finds named 'not_for_clients' 0

step "When"
issue soon "$client" -days 10
finds soon 'expires_soon' 0
issue past "$client" -days -1
finds past 'expired' 1
finds past 'expired' 1 --ca ca.pem
openssl ca -help >/dev/null 2>&1
touch index
printf '01\n' >serial
cat >ca.conf <<-'CONF'
	[ca]
	default_ca = here
	[here]
	database = index
	serial = serial
	new_certs_dir = .
	default_md = sha256
	policy = any
	[any]
	commonName = optional
CONF
openssl req -new -key p256.key -subj /CN=Jo -out csr 2>/dev/null
tr '|' '\n' <<<"$client" >extensions
openssl ca -batch -config ca.conf -cert ca.pem -keyfile ca.key -in csr -out future.pem \
	-startdate 20480101000000Z -enddate 20490101000000Z -extfile extensions 2>/dev/null
finds future 'not_yet_valid' 1

step "For what"
issue sign "keyUsage=digitalSignature,keyCertSign|extendedKeyUsage=clientAuth" -days 90
finds sign 'cert_sign_without_ca' 1
issue encrypt "keyUsage=keyEncipherment|extendedKeyUsage=clientAuth" -days 90
finds encrypt 'no_digital_signature' 1
issue authority "basicConstraints=CA:TRUE|extendedKeyUsage=clientAuth" -days 90
finds authority 'is_ca' 1
issue mail "keyUsage=digitalSignature|extendedKeyUsage=emailProtection" -days 90
finds mail 'not_for_tls' 1
issue any "keyUsage=digitalSignature" -days 90
finds any 'any_use' 0
issue none "" -days 90
finds none 'any_use old_version' 1
issue critical "$client|1.2.3.4=critical,ASN1:UTF8:x" -days 90
finds critical 'unknown_critical' 1

step "For whom"
issue long "$server|subjectAltName=DNS:example.org" -days 500
finds long 'not_for_clients server_too_long' 0
issue unnamed "$server" -days 90
finds unnamed 'no_server_name not_for_clients' 1
subject=/ issue nameless "$client" -days 90
finds nameless 'nameless' 1

step "Keys and signatures"
key=rsa1024.key issue short "$client" -days 90
finds short 'short_key' 1
key=k256.key issue koblitz "$client" -days 90
finds koblitz 'curve_not_in_tls' 1
key=bp.key issue brainpool "$client" -days 90
finds brainpool 'curve_not_in_tls' 1
key=p521.key issue large "$client" -days 90
finds large 'rare_curve' 0
key=ed.key issue edwards "$client" -days 90
finds edwards 'other_key' 1
issue weak "$client" -days 90 -sha1
finds weak 'weak_signature' 1
issue zero "$client" -days 90 -set_serial 0
finds zero 'bad_serial' 0

step "Chain"
finds good 'no_chain' 1 --ca other.pem
openssl req -x509 -key p256.key -subj /CN=Jo -out self.pem -days 90 \
	-addext keyUsage=digitalSignature -addext basicConstraints=critical,CA:FALSE \
	-addext extendedKeyUsage=clientAuth 2>/dev/null
finds self 'no_chain' 1 --ca ca.pem

step "The key on a card"
fresh_card
finds good 'key_not_on_card' 1 --reader "$TWINHSM_CARDS"
p11 --login --pin $pin --keypairgen --key-type EC:prime256v1 --id 01 --label mine >/dev/null 2>&1
p11 -r --type pubkey --id 01 -o mine.der >/dev/null 2>&1
openssl pkey -pubin -inform DER -in mine.der -out mine.pub
issue card "$client" -days 90 -force_pubkey mine.pub
finds card '' 0 --reader "$TWINHSM_CARDS"
finds good 'key_not_on_card' 1 --reader "$TWINHSM_CARDS"

step "People read it; files that are none"
"$tool" cert-check sign.pem >answer && fail "keyCertSign"
has "$(cat answer)" 'without keyCertSign'
openssl x509 -in good.pem -outform DER -out der.pem
finds der '' 0
refused "$tool" cert-check ca.key
has "$out" 'no certificate'
head -c 300 der.pem >cut.pem
refused "$tool" cert-check cut.pem
has "$out" 'no certificate'
echo "all findings as they should be"
