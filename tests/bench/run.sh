#!/bin/sh
# Builds for release and prints the benchmark's table, SoftHSM2 in it where it is installed.
set -eu
cd "$(dirname "$0")/../.."

build=build/bench
module=module/p11/twinhsm-pkcs11.so
softhsm=/usr/lib/softhsm/libsofthsm2.so

cmake -S . -B $build -G Ninja -DCMAKE_BUILD_TYPE=Release \
	-DCMAKE_INTERPROCEDURAL_OPTIMIZATION=ON >/dev/null
cmake --build $build --target twinhsm_bench twinhsm-emu $module >/dev/null
[ -e $softhsm ] || softhsm=
$build/tests/bench/twinhsm_bench $build/$module $build/tools/twinhsm-emu $softhsm
