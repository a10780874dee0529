# shellcheck shell=bash
# A certification authority and a TLS server of openssl's, and clients whose key is on a card.
# Sourced after lib.sh; works in $work.

write_openssl_conf() {
	cat >"$work/openssl.cnf" <<-END
		openssl_conf = init
		[init]
		engines = engines
		[engines]
		pkcs11 = pkcs11
		[pkcs11]
		engine_id = pkcs11
		MODULE_PATH = $TWINHSM_MODULE
		PIN = $pin
		init = 0
		[req]
		distinguished_name = name
		[name]
	END
}

with_engine() {
	OPENSSL_CONF=$work/openssl.cnf "$@"
}

# A root, and a request of the server "localhost".
make_ca() {
	mkdir "$work/ca"
	: >"$work/ca/index.txt"
	echo 01 >"$work/ca/serial"
	cat >"$work/ca.cnf" <<-END
		[ca]
		default_ca = test
		[test]
		dir = $work/ca
		database = $work/ca/index.txt
		serial = $work/ca/serial
		new_certs_dir = $work/ca
		certificate = $work/ca.pem
		private_key = $work/ca.key
		default_md = sha256
		default_days = 30
		policy = any
		x509_extensions = leaf
		[any]
		commonName = supplied
		[leaf]
		basicConstraints = CA:FALSE
		[req]
		distinguished_name = name
		x509_extensions = root
		[name]
		[root]
		basicConstraints = critical, CA:TRUE
		keyUsage = keyCertSign, cRLSign
	END
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 60 \
		-config "$work/ca.cnf" -subj "/CN=Test CA" -keyout "$work/ca.key" \
		-out "$work/ca.pem" 2>/dev/null
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-config "$work/ca.cnf" -subj "/CN=localhost" -keyout "$work/server.key" \
		-out "$work/server.csr" 2>/dev/null
}

# A certificate of each request $work/NAME.csr.
sign_requests() {
	local name

	for name in "$@"; do
		openssl ca -batch -notext -config "$work/ca.cnf" -in "$work/$name.csr" \
			-out "$work/$name.pem" 2>"$work/ca.log" || {
			cat "$work/ca.log"
			fail "openssl ca did not sign $name"
		}
		run openssl verify -CAfile "$work/ca.pem" "$work/$name.pem"
	done
}

start_server() {
	openssl s_server -accept 127.0.0.1:0 -cert "$work/server.pem" -key "$work/server.key" \
		-CAfile "$work/ca.pem" -Verify 1 -verify_return_error -rev -no_ticket \
		>"$work/server.log" 2>&1 &
	background=$!
	wait_for "$work/server.log" '^ACCEPT .*:[0-9]+'
	port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' "$work/server.log" | head -1)
}

stop_server() {
	kill "$background"
	wait "$background" || true
	background=
}

# One connection with the arguments given; the server turns the line round that it is sent.
connect() {
	printf 'drawkcab\nCLOSE\n' | timeout 20 openssl s_client -connect "127.0.0.1:$port" \
		-servername localhost -CAfile "$work/ca.pem" -verify_return_error -ign_eof "$@" \
		>"$work/client.log" 2>&1
}

# Connection with the key of label $1 and TLS version option $2.
log_on() {
	local before

	before=$(count "Peer certificate: CN = $1" "$work/server.log")
	echo "\$ openssl s_client $2 -engine pkcs11 -keyform engine -key label_$1 -cert $1.pem ..."
	with_engine connect "$2" -engine pkcs11 -keyform engine -key "label_$1" \
		-cert "$work/$1.pem" || {
		cat "$work/client.log"
		fail "no connection with $1 $2"
	}
	out=$(cat "$work/client.log")
	has "$out" '^backward$'
	has "$out" 'Verify return code: 0'
	same "connections of $1" "$(count "Peer certificate: CN = $1" "$work/server.log")" \
		$((before + 1))
	grep 'Peer certificate' "$work/server.log" | tail -1
}
