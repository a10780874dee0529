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
head -c 100 "$work/keys" >"$work/header"
head -c 12288 "$work/keys" >"$work/truncated"
for name in factory keys header truncated; do
	cp "$work/$name" "$seeds/$name"
	chmod 644 "$seeds/$name"
done
