#!/bin/bash
# Sets up and runs the tests on Debian 12. Installs what is missing, asks nothing.
#   ./run-tests.sh         every build (gcc, clang, ASan and UBSan, TSan) and every test
#   ./run-tests.sh quick   the gcc build and its tests
# The last line is the sum of all runs: "N passed, N failed" (", N skipped").
set -uo pipefail
cd "$(dirname "$0")" || exit 1

jobs=$(nproc)
passed=0
failed=0
skipped=0
summary=()

export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1

# The numbers of ctest's closing lines in the file $1; no closing line is one failure.
count() {
	local closing bad all left_out
	closing=$(grep -E 'tests passed, [0-9]+ tests failed out of [0-9]+' "$1")
	if [ -z "$closing" ]; then
		failed=$((failed + 1))
		return
	fi
	bad=$(sed -E 's/.*, ([0-9]+) tests failed out of.*/\1/' <<<"$closing")
	all=$(sed -E 's/.*out of ([0-9]+).*/\1/' <<<"$closing")
	left_out=$(grep -c '\*\*\*Skipped' "$1")
	failed=$((failed + bad))
	passed=$((passed + all - bad - left_out))
	skipped=$((skipped + left_out))
}

# Builds preset $1 and runs those of its tests that the other arguments choose.
stage() {
	local preset=$1 start=$SECONDS outcome=ok log
	shift
	echo "== $preset"
	log=$(mktemp)
	if ! cmake --preset "$preset" >"$log" 2>&1 ||
		! cmake --build --preset "$preset" -j "$jobs" >"$log" 2>&1; then
		cat "$log"
		failed=$((failed + 1))
		outcome='build failed'
	else
		ctest --test-dir "build/$preset" -j "$jobs" --timeout 300 --output-on-failure \
			--no-tests=error "$@" 2>&1 | tee "$log" || outcome='tests failed'
		count "$log"
	fi
	rm -f "$log"
	summary+=("$(printf '%-11s %-13s %4d s' "$preset" "$outcome" $((SECONDS - start)))")
}

scripts/install-deps.sh tests || exit 1

stage dev -LE usb-all
if [ "${1:-}" != quick ]; then
	stage clang -LE 'interop|stress|bench|lint'
	stage asan-ubsan -LE 'interop|bench|lint'
	stage tsan -L threads
fi

echo
printf '%s\n' "${summary[@]}"
echo "$passed passed, $failed failed$([ "$skipped" -eq 0 ] || echo ", $skipped skipped")"
[ "$failed" -eq 0 ]
