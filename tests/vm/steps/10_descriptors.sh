#!/bin/bash
# What the kernel read from the twin, as lsusb shows it, is what a Nitrokey HSM says, by the public
# list of libccid and the published firmware of its reader.
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/../lib.sh"

# The lines of $out between the one that matches $1 and the next that matches $2.
part() {
	sed -nE "/$1/,/$2/p" <<<"$out"
}

plug_keys "$nitrokey"
out=$(lsusb -v -d 20a0:4230 2>&1)
echo "$out"
has "$out" '^ +bcdUSB +1\.10$'
has "$out" '^ +bMaxPacketSize0 +64$'
has "$out" '^ +iManufacturer +1 Nitrokey$'
has "$out" '^ +iProduct +2 Nitrokey HSM$'
serial=$("$emu" info "$work/my.token" | sed -nE 's/^Serial[^:]*: *//p')
has "$out" "^ +iSerial +3 .*$serial"
has "$out" '^ +bNumConfigurations +1$'
has "$out" '^ +bNumInterfaces +2$'
has "$(part 'bInterfaceNumber +0' 'bInterfaceNumber +1')" 'bInterfaceClass +3( |$)'
has "$(part 'bInterfaceNumber +0' 'bInterfaceNumber +1')" 'bEndpointAddress +0x84 +EP 4 IN'

out=$(part 'bInterfaceNumber +1' 'Device Status')
for field in 'bInterfaceClass +11( |$)' 'bNumEndpoints +3' 'ChipCard Interface Descriptor' \
	'nMaxSlotIndex +0$' 'dwProtocols +2 +T=1' 'dwMaxIFSD +254$' 'dwFeatures +000104BA$' \
	'TPDU level' 'dwMaxCCIDMsgLen +271$'; do
	has "$out" "$field"
done
[[ $out != *'APDU level'* ]] || fail 'it claims to take APDUs'
# Address, type, size of each endpoint.
same endpoints "$(awk '
	/bEndpointAddress/ { at = $2 }
	/Transfer Type/ { type = $3 }
	/wMaxPacketSize/ { print at, type, $2 }' <<<"$out")" "0x81 Interrupt 0x0040
0x02 Bulk 0x0040
0x82 Bulk 0x0040"
same speed "$(cat "$device/speed")" 12
same "driver of interface 0" "$(basename "$(realpath "$device"/*:1.0/driver)")" usbhid
