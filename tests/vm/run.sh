#!/bin/bash
# run.sh [-v] [STEP...]: runs the steps of steps/ (or those named) in a virtual machine, on a real
# USB stack: QEMU without hardware acceleration, Debian's kernel, this machine's files, read-only.
# TWINHSM_BUILD is the folder of the build, build/dev by itself. -v shows what each step says.
# Exit status 0 when each step said ok; 77 when the kernel cannot be downloaded.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
build=$(realpath "${TWINHSM_BUILD:-$here/../../build/dev}")
bin=$build/tools
module=$build/module/p11/twinhsm-pkcs11.so
pin=648219
so_pin=3537363231383830
machine_limit=600
step_limit=200

verbose=
if [ "${1:-}" = -v ]; then
	verbose=1
	shift
fi
if [ $# -gt 0 ]; then steps=("$@"); else
	mapfile -t steps < <(cd "$here/steps" && printf '%s\n' *.sh | sed 's/\.sh$//')
fi

kernel=$("$here/../../scripts/fetch-kernel.sh")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A line of shell that sets $1 to $2.
setting() {
	printf '%s=%q\n' "$1" "$2"
}

# A card with a key pair of each kind, made here because the machine is slow.
make_token() {
	local p11=(env "TWINHSM_CARDS=emu:$work/keys.token" pkcs11-tool --module "$module")

	"$bin/twinhsm-emu" create --kdf cheap --label mytoken --pin $pin --so-pin $so_pin \
		"$work/keys.token"
	"${p11[@]}" --login --pin $pin --keypairgen --key-type EC:prime256v1 --id 10 --label ec
	"${p11[@]}" --login --pin $pin --keypairgen --key-type rsa:2048 --id 11 --label rsa
	for id in 10 11; do
		GLIBC_TUNABLES=glibc.malloc.tcache_count=127 "${p11[@]}" \
			--read-object --type pubkey --id $id -o "$work/$id.pub"
	done
}

# What the kernel unpacks into memory: init, its shell, the modules, the settings.
make_initrd() {
	local root=$work/root

	mkdir -p "$root/bin"
	cp "$(command -v busybox)" "$root/bin/busybox"
	cp -r "$kernel/lib" "$root/lib"
	install -m 755 "$here/init" "$root/init"
	{
		setting GUEST_SCRIPT "$here/guest.sh"
		setting GUEST_FOLDER "$here"
		setting GUEST_STEPS "${steps[*]}"
		setting GUEST_STEP_LIMIT $step_limit
		setting GUEST_VERBOSE "$verbose"
		setting GUEST_KERNEL "$kernel"
		setting GUEST_TOKEN "$work/keys.token"
		setting GUEST_REPLUG "$build/tests/vm/vm_replug"
		setting TWINHSM_BIN "$bin"
		setting TWINHSM_MODULE "$module"
	} >"$root/settings"
	(cd "$root" && find . | cpio -o -H newc --quiet) >"$work/initrd"
}

machine() {
	timeout --kill-after=5 $machine_limit qemu-system-x86_64 \
		-accel tcg -cpu max,la57=off -m 1024 \
		-nodefaults -nographic -no-reboot -serial stdio \
		-kernel "$kernel/vmlinux" -initrd "$work/initrd" \
		-append 'console=ttyS0 quiet loglevel=0 panic=-1 nokaslr mitigations=off' \
		-fsdev local,id=host,path=/,security_model=none,readonly=on,multidevs=remap \
		-device virtio-9p-pci,fsdev=host,mount_tag=host </dev/null
}

make_token >/dev/null 2>"$work/errors" || {
	cat "$work/errors"
	exit 1
}
make_initrd
machine | tr -d '\r' | tee "$work/output" | grep --line-buffered -av -e SeaBIOS -e '^Booting' ||
	echo "the machine ended with status ${PIPESTATUS[0]}"
failed=0
for step in "${steps[@]}"; do
	grep -q "^ok $step " "$work/output" || {
		echo "FAILED: $step"
		failed=1
	}
done
grep -qx 'guest finished: status 0' "$work/output" || {
	echo 'FAILED: the machine did not come to its end'
	failed=1
}
exit $failed
