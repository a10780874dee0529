#!/bin/bash
# From a fresh clone on Debian 12 to a signature: installs what is missing, builds, and shows the
# module at work with well-known programs, on a card that is made for this and thrown away.
set -euo pipefail
cd "$(dirname "$0")"

say() {
	printf '\n### %s\n' "$*"
}

if [ $# -gt 0 ]; then
	echo "usage: ./quickstart.sh" >&2
	exit 2
fi

say "1 of 3: Debian packages. Only those that are missing are installed."
scripts/install-deps.sh build story

say "2 of 3: building, into build/release. This takes a minute."
cmake --preset release >/dev/null
cmake --build --preset release

say "3 of 3: the story. All of it happens in a temporary folder; your own files stay as they are."
here=$PWD/build/release
export TWINHSM_BIN=$here/tools TWINHSM_MODULE=$here/module/p11/twinhsm-pkcs11.so
bash tests/interop/story.sh

cat <<END

### That was it. How to go on:

A card of your own. It lives in a file and is found by itself:

  PATH=$here/tools:\$PATH
  M=$here/module/p11/twinhsm-pkcs11.so
  twinhsm-emu create ~/.local/share/twinhsm/my.token
  twinhsm-tool --initialize --label mytoken
  pkcs11-tool --module \$M --login --keypairgen --key-type EC:prime256v1 --label my_key

A fresh card for one command, for example a test suite:

  twinhsm-emu run -- COMMAND

To install:         sudo cmake --install build/release
To run the tests:   ./run-tests.sh
To read more:       README.md, and man -l specs/man/twinhsm-pkcs11.7
END
