#!/bin/bash
# The main job, end to end, with the programs as Debian ships them: a card is initialised, keys are
# made, certified, used for TLS. Every step is checked by a program that is none of ours.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/interop/tls.sh
. "$(dirname "$0")/tls.sh"

rsa=my_key3
ec=my_key4

# ---- steps ----

make_token() {
	step "A card as it leaves the factory, in a file; then it is initialised"
	run "$emu" create "$work/my.token"
	use_card "$work/my.token"
	run "$tool" --initialize --so-pin $so_pin --pin $pin --dkek-shares 1 --label mytoken
	out=$(run "$tool")
	echo "$out"
	has "$out" 'User PIN tries left +: 3'
	has "$out" 'SO-PIN tries left +: 15'
	out=$(p11 -L)
	has "$out" 'token label +: mytoken$'
	has "$out" 'token flags.*token initialized, PIN initialized'
}

make_keys() {
	step "Key pairs are made on the card, with an ID of our choice and without one"
	run p11 --keypairgen --key-type rsa:2048 --login --pin $pin --label $rsa --id 10
	run p11 --keypairgen --key-type EC:prime256v1 --login --pin $pin --label $ec --id 11
	run p11 --keypairgen --key-type rsa:2048 --login --pin $pin --label spare_rsa
	run p11 --keypairgen --key-type EC:prime256v1 --login --pin $pin --label spare_ec

	for key in $rsa $ec spare_rsa spare_ec; do
		p11 --read-object --type pubkey --label "$key" --output-file "$work/$key.pub" \
			>/dev/null
		openssl pkey -pubin -inform DER -in "$work/$key.pub" -pubout \
			-out "$work/$key.pub.pem"
	done
	out=$(openssl pkey -pubin -in "$work/$rsa.pub.pem" -noout -text)
	has "$out" 'Public-Key: \(2048 bit\)'
	out=$(openssl pkey -pubin -in "$work/$ec.pub.pem" -noout -text)
	has "$out" 'prime256v1'
}

# The ID of private key $1, as pkcs11-tool shows it.
id_of() {
	p11 --login --pin $pin -O --type privkey | awk -v label="$1" '
		$1 == "label:" { found = $2 == label }
		$1 == "ID:" && found { print $2; exit }'
}

# A request with the key of label $1 that OpenSSL is told as $2; checked without the card.
request() {
	local csr=$work/$1.csr

	rm -f "$csr"
	echo "\$ openssl req -new -engine pkcs11 -keyform engine -key '$2' -subj '/CN=$1' ..."
	with_engine openssl req -new -engine pkcs11 -keyform engine -key "$2" -subj "/CN=$1" \
		-out "$csr" 2>"$work/req.log" || {
		cat "$work/req.log"
		fail "no request with $2"
	}
	out=$(openssl req -verify -noout -in "$csr" 2>&1)
	has "$out" 'verify OK'
	same "key in the request" "$(openssl req -in "$csr" -noout -pubkey)" \
		"$(cat "$work/$1.pub.pem")"
}

make_requests() {
	step "OpenSSL makes certificate requests with the keys, under each of their names"
	for key in $rsa $ec spare_rsa spare_ec; do
		id=$(id_of "$key")
		[ -n "$id" ] || fail "$key has no ID"
		request "$key" "label_$key"
		request "$key" "id_$id"
		request "$key" "slot_0-label_$key"
		request "$key" "slot_0-id_$id"
		request "$key" "0:$id"
		request "$key" "pkcs11:token=mytoken;object=$key;type=private"
	done
	same "ID of $rsa" "$(id_of $rsa)" 10
	same "ID of $ec" "$(id_of $ec)" 11
}

certify() {
	step "A certification authority, made with openssl alone, signs the requests"
	make_ca
	sign_requests $rsa $ec server
}

write_certificates() {
	step "The certificates go onto the card, beside their keys"
	for key in $rsa $ec; do
		openssl x509 -in "$work/$key.pem" -outform DER -out "$work/$key.der"
		run p11 --write-object "$work/$key.der" --type cert --label "$key" \
			--id "$(id_of "$key")" --login --pin $pin
	done
	run p11 --write-object "$work/ca.der" --type cert --label ca --id 20 --login --pin $pin
}

look_at_it() {
	step "What pkcs11-tool sees"
	out=$(run p11 -L)
	echo "$out"
	has "$out" 'token label +: mytoken$'
	out=$(run p11 -M)
	echo "$out"
	has "$out" 'RSA-PKCS, .*sign'
	has "$out" 'ECDSA, .*sign'
	has "$out" 'RSA-PKCS-KEY-PAIR-GEN'
	out=$(run p11 -O --login --pin $pin)
	echo "$out"
	same "private keys" "$(grep -c 'Private Key Object' <<<"$out")" 4
	same "public keys" "$(grep -c 'Public Key Object' <<<"$out")" 4
	same "certificates" "$(grep -c 'Certificate Object' <<<"$out")" 3
	out=$(p11 -O)
	has_not "$out" 'Private Key Object'

	for key in $rsa $ec ca; do
		p11 --read-object --type cert --label "$key" --output-file "$work/back" >/dev/null
		run cmp "$work/back" "$work/$key.der"
	done
	for key in $rsa $ec; do
		p11 --read-object --type pubkey --id "$(id_of "$key")" --output-file "$work/back" \
			>/dev/null
		run cmp "$work/back" "$work/$key.pub"
	done
}

nss() {
	step "The browser's library, NSS, takes the module and sees keys and certificates"
	mkdir "$work/nss"
	echo $pin >"$work/pin.txt"
	certutil -N -d "sql:$work/nss" --empty-password
	run modutil -dbdir "sql:$work/nss" -force -add TwinHSM -libfile "$TWINHSM_MODULE"
	out=$(run modutil -dbdir "sql:$work/nss" -list)
	echo "$out"
	has "$out" 'TwinHSM'
	has "$out" 'token: mytoken'
	out=$(run certutil -L -d "sql:$work/nss" -h mytoken -f "$work/pin.txt")
	echo "$out"
	has "$out" "mytoken:$rsa +u,u,u"
	has "$out" "mytoken:$ec +u,u,u"
	out=$(run certutil -K -d "sql:$work/nss" -h mytoken -f "$work/pin.txt")
	echo "$out"
	has "$out" 'rsa .*(my_key3|mytoken)'
	has "$out" 'ec .*(my_key4|mytoken)'
}

# The same without a certificate, TLS version option $1.
log_on_without() {
	local refusal='peer did not return a certificate'
	local before

	before=$(count "$refusal" "$work/server.log")
	echo "\$ openssl s_client $1 ... without a certificate"
	connect "$1" || true
	has_not "$(cat "$work/client.log")" '^backward$'
	for _ in $(seq 200); do
		[ "$(count "$refusal" "$work/server.log")" = "$before" ] || break
		sleep 0.05
	done
	same "refusals" "$(count "$refusal" "$work/server.log")" $((before + 1))
	echo "refused by the server: $refusal"
}

tls() {
	step "Logging on to a TLS server that demands a client certificate"
	start_server
	for version in -tls1_2 -tls1_3; do
		log_on $rsa $version
		log_on $ec $version
		log_on_without $version
	done
	stop_server
}

lock_and_unlock() {
	step "Three wrong PINs lock the card; the SO-PIN unlocks it"
	for flags in 'user PIN count low' 'final user PIN try' 'user PIN locked'; do
		refused p11 --login --pin 000000 -O
		out=$(p11 -L)
		has "$out" "token flags.*$flags"
		grep 'token flags' <<<"$out"
	done
	refused p11 --login --pin $pin -O
	has "$out" 'CKR_PIN_LOCKED'
	out=$("$tool")
	has "$out" 'User PIN locked'
	run p11 --init-pin --login --login-type so --so-pin $so_pin --new-pin $pin
	out=$(p11 -L)
	has_not "$out" 'user PIN locked'
	request $rsa label_$rsa
	out=$("$tool")
	has "$out" 'User PIN tries left +: 3'
	has "$out" 'SO-PIN tries left +: 15'
}

# Object of type $1 and label $2 goes, and is gone.
delete() {
	run p11 --delete-object --type "$1" --label "$2" --login --pin $pin
	refused p11 --login --pin $pin --read-object --type "$1" --label "$2" \
		--output-file "$work/back"
}

clean_up() {
	step "Certificates and keys are deleted again"
	delete cert $rsa
	delete cert $ec
	delete cert ca
	delete pubkey spare_rsa
	delete pubkey spare_ec
	for key in $rsa $ec spare_rsa spare_ec; do
		run p11 --delete-object --type privkey --label "$key" --login --pin $pin
	done
	out=$(p11 -O --login --pin $pin)
	has_not "$out" 'Private Key Object|Certificate Object|spare_'
	refused with_engine openssl req -new -engine pkcs11 -keyform engine -key label_$rsa \
		-subj /CN=gone -out "$work/gone.csr"
	run "$emu" delete --force "$work/my.token"
	[ ! -e "$work/my.token" ] || fail "the token file is still there"
}

make_token
make_keys
step "OpenSSL learns of the module through its engine"
write_openssl_conf
cat "$work/openssl.cnf"
make_requests
certify
openssl x509 -in "$work/ca.pem" -outform DER -out "$work/ca.der"
write_certificates
look_at_it
nss
tls
lock_and_unlock
clean_up
printf '\nThe whole story went through.\n'
