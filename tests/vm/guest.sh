#!/bin/bash
# guest.sh: runs in the virtual machine, with the programs of the host; the steps, in order, each
# with its own limit of time. One line for a step, and what it said when it failed.
set -a
# shellcheck source=/dev/null # made by run.sh
. /run/settings
set +a
export PATH=/usr/sbin:/usr/bin:/sbin:/bin TMPDIR=/run/work
mkdir -p "$TMPDIR"

# The step is a process group of its own, of which nothing is left afterwards.
run_step() {
	local group

	timeout --kill-after=5 "$GUEST_STEP_LIMIT" \
		bash "$GUEST_FOLDER/steps/$1.sh" </dev/null >/run/log 2>&1 &
	group=$!
	wait $group
	status=$?
	kill -KILL -- -$group 2>/dev/null
}

echo
echo "# Linux $(uname -r), up after $(cut -d' ' -f1 /proc/uptime) s"
failed=0
for step in $GUEST_STEPS; do
	start=${EPOCHREALTIME/./}
	run_step "$step"
	took=$(((${EPOCHREALTIME/./} - start) / 100000))
	verdict=ok
	if [ "$status" -ne 0 ]; then
		verdict="not ok"
		failed=1
	fi
	printf '%s %s # %d.%d s, status %d\n' "$verdict" "$step" $((took / 10)) $((took % 10)) \
		"$status"
	if [ "$status" -ne 0 ] || [ -n "$GUEST_VERBOSE" ]; then
		tail -n 100 /run/log | sed 's/^/#  /'
	fi
done
[ $failed -eq 0 ] || dmesg --level=emerg,alert,crit,err,warn | tail -n 30 | sed 's/^/# kernel: /'
exit 0
