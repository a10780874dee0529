#!/bin/sh
# Writes the seeds of token_file with the programs of a build, once the format of token files has
# changed: make_token_seeds.sh [build folder]
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
build=${1:-$root/build/dev}
seeds=$root/tests/fuzz/seeds/token_file
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$build/tools/twinhsm-emu" create --kdf cheap "$work/factory"
"$build/tools/twinhsm-emu" create --kdf cheap --label seed --pin 648219 \
	--so-pin 3537363231383830 --dkek-shares 2 "$work/keys"
tool() {
	TWINHSM_CARDS=emu:$work/keys pkcs11-tool --login --pin 648219 \
		--module "$build/module/p11/twinhsm-pkcs11.so" "$@"
}
tool --keypairgen --key-type EC:prime256v1 --label ec --id 10
tool --keypairgen --key-type rsa:1024 --label rsa --id 11
echo secret >"$work/data"
tool --write-object "$work/data" --type data --label data --private
# A card with public key authentication and a registered key of a genuine card.
python3 - "$root/tests/golden/genuine_device.json" >"$work/transcript" <<'END'
import json, sys

genuine = json.load(open(sys.argv[1]))
device, issuer = genuine["ef_2F02"][8:464], genuine["ef_2F02"][472:]
request = genuine["generated_keys"][0]["data"][8:]


def command(header, data, answer="9000"):
    print(f"> {header}00{len(data) // 2:04X}{data}\n< {answer}")


def select(holder):
    command("002281B6", f"83{len(holder):02X}" + holder.encode().hex())


print("> 00A404000BE82B0601040181C31F0201\n< 9000")
command("80500000", "80020001 82083537363231383830 93020201".replace(" ", ""))
select("DESRCACC100001")
command("002A00BE", issuer)
select("DEDINK0400001")
command("002A00BE", device)
select("DENK040414400000")
command("80540000", request)
END
"$build/tools/twinhsm-emu" create --kdf cheap "$work/registered"
"$build/tools/twinhsm-emu" replay "$work/transcript" "$work/registered"
head -c 100 "$work/keys" >"$work/header"
head -c 12288 "$work/keys" >"$work/truncated"
for name in factory keys registered header truncated; do
	cp "$work/$name" "$seeds/$name"
	chmod 644 "$seeds/$name"
done
