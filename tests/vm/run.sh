#!/bin/bash
# run.sh [-v] [STEP...]: runs the steps of steps/ (or those named) in a virtual machine, on a real
# USB stack: QEMU without hardware acceleration, Debian's kernel, this machine's files, read-only.
# Needs TWINHSM_BIN and TWINHSM_MODULE, see README.md. -v shows what each step says.
# Exit status 0 when each step said ok; 77 when the kernel cannot be downloaded.
set -euo pipefail

: "${TWINHSM_BIN:?folder of twinhsm-emu and twinhsm-tool}"
: "${TWINHSM_MODULE:?path of twinhsm-pkcs11.so}"
here=$(cd "$(dirname "$0")" && pwd)
machine_limit=300
step_limit=90

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
		setting TWINHSM_BIN "$(realpath "$TWINHSM_BIN")"
		setting TWINHSM_MODULE "$(realpath "$TWINHSM_MODULE")"
		echo 'export TWINHSM_BIN TWINHSM_MODULE GUEST_FOLDER GUEST_KERNEL'
	} >"$root/settings"
	(cd "$root" && find . | cpio -o -H newc --quiet) >"$work/initrd"
}

machine() {
	timeout --kill-after=5 $machine_limit qemu-system-x86_64 \
		-accel tcg -cpu max -m 1024 \
		-nodefaults -nographic -no-reboot -serial stdio \
		-kernel "$kernel/vmlinux" -initrd "$work/initrd" \
		-append 'console=ttyS0 quiet loglevel=0 panic=-1 nokaslr mitigations=off' \
		-fsdev local,id=host,path=/,security_model=none,readonly=on,multidevs=remap \
		-device virtio-9p-pci,fsdev=host,mount_tag=host </dev/null
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
