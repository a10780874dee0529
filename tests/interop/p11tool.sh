#!/bin/bash
# GnuTLS's p11tool and certtool: list the card, make a key, sign with it, delete it.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"

gnutls() {
	GNUTLS_PIN=$pin "$1" --provider "$TWINHSM_MODULE" --batch "${@:2}"
}

fresh_card
token='pkcs11:token=mytoken'
uri=$("$emu" info "$work/my.token" | sed -n 's/^URI *: //p')

step "The token and its mechanisms"
out=$(gnutls p11tool --list-tokens)
echo "$out"
has "$out" 'Label: mytoken'
out=$(gnutls p11tool --list-mechanisms "$token")
has "$out" 'CKM_ECDSA'
has "$out" 'CKM_RSA_PKCS'

out=$(gnutls p11tool --list-mechanisms "$uri")
has "$out" 'CKM_ECDSA'
out=$(gnutls p11tool --list-mechanisms "${uri/serial=/serial=x}")
has_not "$out" 'CKM_'

step "Keys made by p11tool"
gnutls p11tool --login --generate-privkey rsa --bits 2048 --label rsa "$token" >/dev/null
gnutls p11tool --login --generate-privkey ecdsa --curve secp256r1 --label ec "$token" >/dev/null
out=$(gnutls p11tool --login --list-privkeys "$token")
echo "$out"
has "$out" 'Label: rsa'
has "$out" 'Label: ec'
for key in rsa ec; do
	gnutls p11tool --login --test-sign "$token;object=$key;type=private"
done

step "A certificate request by certtool, checked by openssl"
for key in rsa ec; do
	printf 'cn = "%s"\n' "$key" >"$work/template"
	GNUTLS_PIN=$pin certtool --provider "$TWINHSM_MODULE" --generate-request \
		--load-privkey "$token;object=$key;type=private" --template "$work/template" \
		--outfile "$work/$key.csr" 2>/dev/null
	out=$(openssl req -verify -noout -in "$work/$key.csr" 2>&1)
	has "$out" 'verify OK'
done

step "A certificate is written, exported and deleted"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x \
	-keyout "$work/x.key" -out "$work/x.pem" 2>/dev/null
gnutls p11tool --login --write --load-certificate "$work/x.pem" --label x "$token" >/dev/null
gnutls p11tool --login --export "$token;object=x;type=cert" --outfile "$work/back.pem"
same "certificate" "$(openssl x509 -in "$work/back.pem" -noout -fingerprint -sha256)" \
	"$(openssl x509 -in "$work/x.pem" -noout -fingerprint -sha256)"
gnutls p11tool --login --delete "$token;object=x;type=cert" >/dev/null
out=$(gnutls p11tool --login --list-all "$token")
has_not "$out" 'Label: x$'
echo "GnuTLS is content"
