#!/bin/bash
# with_bus.sh COMMAND...: runs it on a simulated bus, for scripts that cannot source interop/lib.sh.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/../interop/lib.sh"
"$@"
