#!/bin/sh
# Builds the preset "fuzz" and runs targets for some seconds each: run.sh [seconds] [target ...]
# New inputs are collected in build/fuzz/corpus/<target>; a crash is left there as crash-*.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
build=$root/build/fuzz
seconds=${1:-30}
[ $# -eq 0 ] || shift

cmake -S "$root" --preset fuzz >/dev/null
cmake --build "$build" --target fuzzers

if [ $# -eq 0 ]; then
	for folder in "$root"/tests/fuzz/seeds/*; do
		set -- "$@" "$(basename "$folder")"
	done
fi
for name in "$@"; do
	corpus=$build/corpus/$name
	mkdir -p "$corpus"
	echo "== $name, $seconds s"
	"$build/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -max_len=4096 -timeout=10 \
		-print_final_stats=0 -verbosity=0 -artifact_prefix="$corpus/crash-" \
		"$corpus" "$root/tests/fuzz/seeds/$name"
done
