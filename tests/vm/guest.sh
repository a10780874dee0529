#!/bin/bash
# guest.sh: runs in the virtual machine, with the programs of the host; the steps, in order, each
# with its own limit of time. One line for a step, and what it said when it failed.
# shellcheck source=/dev/null # made by run.sh
. /run/settings
export PATH=/usr/sbin:/usr/bin:/sbin:/bin TMPDIR=/run/work
mkdir -p "$TMPDIR"

echo
echo "# Linux $(uname -r), up after $(cut -d' ' -f1 /proc/uptime) s"
for step in $GUEST_STEPS; do
	start=${EPOCHREALTIME/./}
	timeout --kill-after=5 "$GUEST_STEP_LIMIT" \
		bash "$GUEST_FOLDER/steps/$step.sh" </dev/null >/run/log 2>&1
	status=$?
	took=$(((${EPOCHREALTIME/./} - start) / 100000))
	if [ "$status" -eq 0 ]; then
		printf 'ok %s # %d.%d s\n' "$step" $((took / 10)) $((took % 10))
	else
		printf 'not ok %s # %d.%d s, status %d\n' "$step" $((took / 10)) $((took % 10)) \
			"$status"
	fi
	if [ "$status" -ne 0 ] || [ -n "$GUEST_VERBOSE" ]; then
		tail -n 100 /run/log | sed 's/^/#  /'
	fi
done
dmesg --level=emerg,alert,crit,err | sed 's/^/# kernel: /'
