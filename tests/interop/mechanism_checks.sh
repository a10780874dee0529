# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with the script that sources this
# Signatures, decryptions, key agreements and digests by pkcs11-tool, checked with openssl. Sourced
# by scripts that have sourced lib.sh and have a card; `p11` runs pkcs11-tool on the module under
# test.
mechanisms=
# Salts of RSA-PKCS-PSS.
salt_lengths=(digest 0)
# Digests with every use; more of them by themselves, and with RSA-PKCS; mechanisms to leave out.
hashes=(SHA1 SHA224 SHA256 SHA384 SHA512)
declare -A hash_bytes=([SHA1]=20 [SHA224]=28 [SHA256]=32 [SHA384]=48 [SHA512]=64)
# As pkcs11-tool calls them.
declare -A hash_name=([SHA1]=SHA-1 [SHA224]=SHA224 [SHA256]=SHA256 [SHA384]=SHA384
	[SHA512]=SHA512)
old_hashes=()
not_tried=()
declare -A tried=()
checks=0
id=10

listed() {
	grep -Eq "^  $1(,|\$)" <<<"$mechanisms"
}

# Runs pkcs11-tool with the current key; its output goes to $work/out.
card() {
	rm -f "$work/out"
	p11 --login --pin "$pin" --id "$id" --output-file "$work/out" "$@" >"$work/log" 2>&1 || {
		cat "$work/log"
		fail "$key: pkcs11-tool $*"
	}
}

# openssl must accept what the card made with mechanism $1.
check() {
	local mechanism=$1

	shift
	"$@" >"$work/log" 2>&1 || {
		cat "$work/log"
		fail "$key, $mechanism: $*"
	}
	tried[$mechanism]=1
	checks=$((checks + 1))
}

# The current key is generated as $1. Keys have IDs of their own, because pkcs11-tool does not look
# at labels when it signs.
make_key() {
	key=$1
	id=$((id + 1))
	p11 --login --pin "$pin" --keypairgen --key-type "$1" --id $id >"$work/log" 2>&1 || {
		cat "$work/log"
		fail "no key $key"
	}
}

rsa_public_key() {
	p11 --read-object --type pubkey --id $id --output-file "$work/pub.der" >"$work/log" 2>&1
	openssl pkey -pubin -inform DER -in "$work/pub.der" -pubout -out "$work/pub.pem"
}

# Put together from the point that is listed: pkcs11-tool cannot write out keys of every curve.
ec_public_key() {
	local point

	point=$(p11 -O --type pubkey 2>/dev/null | awk -v id=$id '
		$1 == "EC_POINT:" { point = $2 }
		$1 == "ID:" && $2 == id { print point }' | sed -E 's/^04(81..|[0-7].)04/04/')
	cat >"$work/spki.cnf" <<-END
		asn1 = SEQUENCE:spki
		[spki]
		algorithm = SEQUENCE:algorithm
		key = FORMAT:HEX,BITSTRING:$point
		[algorithm]
		type = OID:id-ecPublicKey
		curve = OID:$1
	END
	openssl asn1parse -genconf "$work/spki.cnf" -noout -out "$work/pub.der"
	openssl pkey -pubin -inform DER -in "$work/pub.der" -pubout -out "$work/pub.pem"
}

digest_to() {
	openssl dgst -"$1" -binary -out "$2" "$work/data"
}

# ---- RSA ----

rsa_pkcs1() {
	head -c 50 "$work/data" >"$work/short"
	card --sign -m RSA-PKCS -i "$work/short"
	check RSA-PKCS openssl pkeyutl -verify -pubin -inkey "$work/pub.pem" -in "$work/short" \
		-sigfile "$work/out"
	for hash in "${hashes[@]}" "${old_hashes[@]}"; do
		card --sign -m "$hash-RSA-PKCS" -i "$work/data"
		check "$hash-RSA-PKCS" openssl dgst "-$hash" -verify "$work/pub.pem" \
			-signature "$work/out" "$work/data"
	done
}

# Salt as long as the digest, and none; only where the key is long enough.
rsa_pss() {
	for hash in "${hashes[@]}"; do
		[ $((2 * hash_bytes[$hash] + 2)) -lt "$key_bytes" ] || continue
		digest_to "$hash" "$work/digest"
		for salt in "${salt_lengths[@]/digest/${hash_bytes[$hash]}}"; do
			card --sign -m RSA-PKCS-PSS --hash-algorithm "${hash_name[$hash]}" \
				--mgf "MGF1-$hash" --salt-len "$salt" -i "$work/digest"
			check RSA-PKCS-PSS openssl pkeyutl -verify -pubin -inkey "$work/pub.pem" \
				-in "$work/digest" -sigfile "$work/out" -pkeyopt "digest:$hash" \
				-pkeyopt rsa_padding_mode:pss -pkeyopt "rsa_pss_saltlen:$salt"
		done
		card --sign -m "$hash-RSA-PKCS-PSS" -i "$work/data"
		check "$hash-RSA-PKCS-PSS" openssl dgst "-$hash" -verify "$work/pub.pem" \
			-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest \
			-signature "$work/out" "$work/data"
	done
}

rsa_raw() {
	{ printf '\0' && head -c $((key_bytes - 1)) "$work/data"; } >"$work/block"
	card --sign -m RSA-X-509 -i "$work/block"
	check RSA-X-509 openssl pkeyutl -verifyrecover -pubin -inkey "$work/pub.pem" \
		-pkeyopt rsa_padding_mode:none -in "$work/out" -out "$work/back"
	check RSA-X-509 cmp "$work/back" "$work/block"
	decrypt RSA-X-509 "$work/block" -pkeyopt rsa_padding_mode:none
}

# openssl encrypts file $2 with the options from $3 on, the card decrypts with mechanism $1 and the
# options in $card_options.
decrypt() {
	local mechanism=$1 plain=$2

	shift 2
	openssl pkeyutl -encrypt -pubin -inkey "$work/pub.pem" "$@" -in "$plain" \
		-out "$work/secret"
	card --decrypt -m "$mechanism" "${card_options[@]}" -i "$work/secret"
	check "$mechanism" cmp "$work/out" "$plain"
}

rsa_decrypt() {
	card_options=()
	decrypt RSA-PKCS "$work/short" -pkeyopt rsa_padding_mode:pkcs1
	rsa_raw
	head -c 16 "$work/data" >"$work/session_key"
	for hash in "${hashes[@]}"; do
		[ $((2 * hash_bytes[$hash] + 2 + 16)) -le "$key_bytes" ] || continue
		card_options=(--hash-algorithm "${hash_name[$hash]}" --mgf "MGF1-$hash")
		decrypt RSA-PKCS-OAEP "$work/session_key" -pkeyopt rsa_padding_mode:oaep \
			-pkeyopt "rsa_oaep_md:$hash" -pkeyopt "rsa_mgf1_md:$hash"
	done
}

# ---- EC ----

ec_sign() {
	for hash in "${hashes[@]}"; do
		digest_to "$hash" "$work/digest"
		card --sign -m ECDSA --signature-format openssl -i "$work/digest"
		check ECDSA openssl pkeyutl -verify -pubin -inkey "$work/pub.pem" \
			-in "$work/digest" -sigfile "$work/out"
		card --sign -m "ECDSA-$hash" --signature-format openssl -i "$work/data"
		check "ECDSA-$hash" openssl dgst "-$hash" -verify "$work/pub.pem" \
			-signature "$work/out" "$work/data"
	done
}

ec_derive() {
	openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$1" -out "$work/peer.pem"
	openssl pkey -in "$work/peer.pem" -pubout -outform DER -out "$work/peer.der"
	openssl pkeyutl -derive -inkey "$work/peer.pem" -peerkey "$work/pub.pem" \
		-out "$work/expected"
	for mechanism in ECDH1-DERIVE ECDH1-COFACTOR-DERIVE; do
		listed $mechanism || continue
		card --derive -m $mechanism -i "$work/peer.der"
		check $mechanism cmp "$work/out" "$work/expected"
	done
}

# ---- all of them ----

digests() {
	key=digest
	for hash in "${hashes[@]}" "${old_hashes[@]}"; do
		rm -f "$work/out"
		name=${hash_name[$hash]:-$hash}
		p11 --hash -m "$name" -i "$work/data" --output-file "$work/out" >/dev/null 2>&1
		digest_to "$hash" "$work/digest"
		check "$name" cmp "$work/out" "$work/digest"
	done
}

all_tried() {
	while read -r name; do
		case $name in
		*-KEY-PAIR-GEN) ;;
		*)
			[ -n "${tried[$name]:-}" ] ||
				[[ " ${not_tried[*]} " == *" $name "* ]] ||
				fail "$name is listed and was not tried"
			;;
		esac
	done < <(sed -n 's/^  \([^,]*\).*/\1/p' <<<"$mechanisms")
	for name in "${!tried[@]}"; do
		listed "$name" || fail "$name works and is not listed"
	done
}

# Every mechanism with a key of size $1, in bits.
rsa_checks() {
	step "RSA $1"
	key_bytes=$(($1 / 8))
	make_key "rsa:$1"
	rsa_public_key
	rsa_pkcs1
	rsa_pss
	rsa_decrypt
}

# Every mechanism with a key on curve $1.
ec_checks() {
	step "EC $1"
	make_key "EC:$1"
	ec_public_key "$1"
	ec_sign
	ec_derive "$1"
}
