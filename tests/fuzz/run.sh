#!/bin/sh
# Builds the preset "fuzz" and runs targets, each until its time is over or its executions are done:
#   run.sh [--seconds N | --runs N] [--jobs N] [target ...]
# 30 seconds, one process and all targets if nothing else is said; N jobs share seconds and
# executions. New inputs are collected in build/fuzz/corpus/<target>; a crash is left there as
# crash-*. Ends with 1 when there was one, and says the count of executions of each target.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
build=${TWINHSM_FUZZ_BUILD:-$root/build/fuzz}
seconds=30
runs=-1
jobs=1
while [ $# -ne 0 ]; do
	case $1 in
	--seconds) seconds=$2 runs=-1 ;;
	--runs) runs=$2 seconds=0 ;;
	--jobs) jobs=$2 ;;
	-*) sed -n 's/^# \{0,1\}//; 2,6p' "$0" >&2 && exit 2 ;;
	*) break ;;
	esac
	shift 2
done
if [ $# -eq 0 ]; then
	for folder in "$root"/tests/fuzz/seeds/*; do
		set -- "$@" "$(basename "$folder")"
	done
fi

[ -f "$build/CMakeCache.txt" ] || cmake -S "$root" --preset fuzz -B "$build" >/dev/null
for name in "$@"; do
	cmake --build "$build" --target "fuzz_$name"
done

# What AddressSanitizer keeps of memory that was given back is most of what allocation costs.
ASAN_OPTIONS=${ASAN_OPTIONS:-quarantine_size_mb=8:malloc_context_size=1}
export ASAN_OPTIONS

# One process; the statistics of libFuzzer go to its log.
one_job() { # target, number, executions
	"$build/tests/fuzz/fuzz_$1" -max_total_time="$seconds" -runs="$3" \
		-max_len=4096 -timeout=20 -print_final_stats=1 -reload=60 \
		-artifact_prefix="$build/corpus/$1/crash-" \
		"$build/corpus/$1" "$root/tests/fuzz/seeds/$1" >"$build/corpus/$1.$2.log" 2>&1
}

status=0
for name in "$@"; do
	mkdir -p "$build/corpus/$name"
	rm -f "$build/corpus/$name".*.log
	each=$runs
	[ "$runs" -lt 0 ] || each=$(((runs + jobs - 1) / jobs))
	job=1
	pids=
	begin=$(date +%s)
	while [ "$job" -le "$jobs" ]; do
		one_job "$name" "$job" "$each" &
		pids="$pids $!"
		job=$((job + 1))
	done
	result=ok
	for pid in $pids; do
		wait "$pid" || result=FAILED
	done
	count=$(cat "$build/corpus/$name".*.log |
		awk '/^stat::number_of_executed_units:/ { n += $2 } END { print n + 0 }')
	echo "$name: $count executions in $(($(date +%s) - begin)) s, $result"
	if [ "$result" != ok ]; then
		status=1
		grep -h 'broken:\|ERROR:\|runtime error:\|SUMMARY:\|Test unit written' \
			"$build/corpus/$name".*.log || true
	fi
done
exit $status
