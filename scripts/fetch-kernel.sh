#!/bin/bash
# fetch-kernel.sh: prints the folder with what a virtual machine boots, and fills it when need be:
#   vmlinux       Debian's kernel, as an ELF file
#   lib/modules/  those modules of it that the machine loads
#   udev/         the package udev
# Both packages come through apt, which checks their signatures; they are unpacked, not installed.
# Exit status 77: they are not here and cannot be downloaded.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/twinhsm
place=$cache/vm-$(sha256sum <"$0" | cut -c1-8)
wanted=('./boot/vmlinuz*' '*/kernel/net/9p/*' '*/kernel/fs/9p/*' '*/kernel/fs/netfs/*'
	'*/kernel/fs/fscache/*' '*/kernel/fs/overlayfs/*' '*/kernel/drivers/virtio/*'
	'*/kernel/drivers/usb/core/*' '*/kernel/drivers/usb/common/*' '*/kernel/drivers/usb/usbip/*'
	'*/kernel/drivers/hid/*' '*/modules.builtin*' '*/modules.order')

# The package that linux-image-amd64 stands for; nothing without package lists.
kernel_package() {
	apt-cache depends linux-image-amd64 2>/dev/null | awk '/Depends:/ { print $2; exit }'
}

# Into the current folder. As root the package lists are fetched when they lack or are too old.
download() {
	local package

	for attempt in with-lists-here with-new-lists; do
		[ $attempt = with-lists-here ] || [ "$(id -u)" -ne 0 ] || apt-get update -qq || true
		package=$(kernel_package)
		if [ -n "$package" ]; then
			apt-get download -qq -o APT::Sandbox::User=root "$package" udev && return
		fi
	done
	return 1
}

unpack() {
	local version

	dpkg-deb --fsys-tarfile linux-image-*.deb | tar -x --wildcards "${wanted[@]}"
	python3 -B "$here/unpack-kernel.py" boot/vmlinuz-* vmlinux
	version=$(ls lib/modules)
	depmod -b . "$version"
	dpkg-deb -x udev_*.deb udev
	rm -r boot ./*.deb
}

mkdir -p "$cache"
exec 9>"$cache/vm.lock"
flock 9
if [ ! -e "$place" ]; then
	new=$(mktemp -d "$cache/new.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	chmod 755 "$new"
	cd "$new"
	download >&2 || {
		echo "$0: the kernel cannot be downloaded" >&2
		exit 77
	}
	unpack >&2
	rm -rf "$cache"/vm-*/
	mv -T "$new" "$place"
fi
echo "$place"
