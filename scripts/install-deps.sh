#!/bin/sh
# Installs the Debian packages of the groups named as arguments, only those that are missing.
#   build  what compiles the module and the tools
#   story  the programs that quickstart.sh shows the module with
#   tests  all that run-tests.sh needs, the two others included
# As root apt-get runs as it is, otherwise through sudo. Asks nothing.
set -eu

BUILD='gcc libc6-dev cmake ninja-build pkg-config libssl-dev libsqlite3-dev libp11-kit-dev
	libjansson-dev libusb-1.0-0-dev'
STORY='openssl opensc libengine-pkcs11-openssl libnss3-tools'
TESTS='clang llvm clang-format libclang-rt-dev libcmocka-dev python3 p11-kit gnutls-bin softhsm2
	pcscd libccid vsmartcard-vpcd sqlite3 binutils mandoc shellcheck git umockdev
	libumockdev-dev usbutils usbip qemu-system-x86 busybox-static cpio kmod zstd'

usage() {
	echo "usage: $0 build|story|tests..." >&2
	exit 2
}

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

[ $# -gt 0 ] || usage
wanted=
for group in "$@"; do
	case $group in
	build) wanted="$wanted $BUILD" ;;
	story) wanted="$wanted $STORY" ;;
	tests) wanted="$wanted $BUILD $STORY $TESTS" ;;
	*) usage ;;
	esac
done

missing=
for package in $wanted; do
	is_installed "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || {
		echo "$0: as root, run: apt-get install$missing" >&2
		exit 1
	}
	as_root=sudo
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086 # a list of words
$as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
