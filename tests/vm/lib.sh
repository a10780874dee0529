# shellcheck shell=bash
# What the steps share. Sourced; runs in the virtual machine.
set -euo pipefail
# shellcheck source=tests/interop/lib.sh
. "$GUEST_FOLDER/../interop/lib.sh"
vhci=/sys/devices/platform/vhci_hcd.0
# Vendor, product of the models.
nitrokey='20a0 4230'
# shellcheck disable=SC2034 # for those who source this
stick='04e6 5817'

# Is a configured device there whose vendor and product are $1? $device is its folder.
is_plugged() {
	local vendor= product= configuration=

	for device in "$vhci"/usb*/*-*[0-9]; do
		[ -e "$device/bConfigurationValue" ] || continue
		read -r configuration <"$device/bConfigurationValue" || continue
		read -r vendor <"$device/idVendor"
		read -r product <"$device/idProduct"
		[ -z "$configuration" ] || [ "$vendor $product" != "$1" ] || return 0
	done 2>/dev/null
	return 1
}

is_unplugged() {
	! is_plugged "$1"
}

# Waits up to ten seconds until the command succeeds.
until_it() {
	for _ in $(seq 200); do
		! "$@" || return 0
		sleep 0.05
	done
	fail "waited in vain: $*"
}

# Puts token file $1 into a USB port as the model of $2; $serve is the process.
plug() {
	"$emu" serve "$1" --vhci "${@:3}" >"$work/serve.log" 2>&1 &
	serve=$!
	background=$serve
	until_it is_plugged "$2"
}

unplug() {
	kill "$serve"
	wait "$serve" || true
	background=
	until_it is_unplugged "$1"
}

# A card with an EC key pair of ID 10 and an RSA key pair of ID 11, in a USB port as $1.
plug_keys() {
	cp "$GUEST_TOKEN" "$work/my.token"
	cp "$(dirname "$GUEST_TOKEN")"/*.pub "$work"
	plug "$work/my.token" "$@"
	export TWINHSM_CARDS=usb:${1/ /:}
}

# A key pair of type $1 with ID $2.
make_key() {
	run p11 --login --pin "$pin" --keypairgen --key-type "$1" --id "$2" --label "key$2"
	p11 --read-object --type pubkey --id "$2" -o "$work/$2.pub" >/dev/null
}

# Signs with key $1 by mechanism $2 through module $3; openssl checks it.
sign_with() {
	local form=()

	[[ $2 != ECDSA* ]] || form=(--signature-format openssl)
	echo "signed with key $1 through $3" >"$work/text"
	run pkcs11-tool --module "$3" --login --pin "$pin" --sign -m "$2" --id "$1" "${form[@]}" \
		-i "$work/text" -o "$work/signature"
	run openssl dgst -sha256 -verify "$work/$1.pub" -keyform DER \
		-signature "$work/signature" "$work/text"
}

# ---- pcscd ----

for opensc_module in /usr/lib/*/opensc-pkcs11.so; do :; done
pcscd=

reader_has_card() {
	opensc-tool --list-readers 2>/dev/null | grep -Eq '^0 +Yes'
}

# Debian's pcscd, which takes the reader at once; without readers that need no bus.
start_pcscd() {
	unset PCSCLITE_CSOCK_NAME
	mkdir -p /run/pcscd "$work/readers"
	pcscd --foreground --config "$work/readers" >"$work/pcscd.log" 2>&1 &
	pcscd=$!
	until_it reader_has_card
}

stop_pcscd() {
	kill "$pcscd"
	wait "$pcscd" || true
}
