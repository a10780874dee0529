#!/usr/bin/env python3
"""unpack-kernel.py VMLINUZ VMLINUX: the ELF file that a bzImage carries, compressed.

QEMU enters the ELF file through its PVH note, so that an emulated processor has nothing to
unpack, which takes it more time than the whole boot. Offsets: the kernel's
Documentation/x86/boot.rst.
"""

import lzma
import struct
import subprocess
import sys
import zlib
from pathlib import Path

SECTOR = 512
SETUP_SECTS = 0x1F1
DEFAULT_SETUP_SECTS = 4
MAGIC = 0x202
PAYLOAD = 0x248


def unzstd(payload):
    # The last four bytes are the length of the kernel, not part of the stream.
    return subprocess.run(
        ["zstd", "-dcq"], input=payload[:-4], stdout=subprocess.PIPE, check=True
    ).stdout


UNPACKERS = (
    (b"\xfd7zXZ\0", lambda payload: lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(payload)),
    (b"\x1f\x8b", lambda payload: zlib.decompressobj(wbits=31).decompress(payload)),
    (b"\x28\xb5\x2f\xfd", unzstd),
)


def unpack(image):
    if image[MAGIC : MAGIC + 4] != b"HdrS":
        sys.exit("not a bzImage")
    offset, length = struct.unpack_from("<II", image, PAYLOAD)
    start = ((image[SETUP_SECTS] or DEFAULT_SETUP_SECTS) + 1) * SECTOR + offset
    payload = image[start : start + length]
    for magic, unpacker in UNPACKERS:
        if payload.startswith(magic):
            return unpacker(payload)
    sys.exit(f"a kernel packed with {payload[:6].hex()}")


def main():
    source, target = map(Path, sys.argv[1:])
    kernel = unpack(source.read_bytes())
    if not kernel.startswith(b"\x7fELF"):
        sys.exit("what was unpacked is not an ELF file")
    target.write_bytes(kernel)


if __name__ == "__main__":
    main()
