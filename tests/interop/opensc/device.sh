#!/bin/bash
# opensc-tool and sc-hsm-tool: the reader, the card's name, its status, and making it ready for use;
# pkcs11-tool makes it ready again. The card may be taken out and put back.
# shellcheck source=tests/interop/opensc/lib.sh
. "$(dirname "$0")/lib.sh"

# Its output, $out, must be the lines of the here-document.
shows() {
	local expected

	expected=$(cat)
	quiet "$@"
	same "output of $*" "$(grep -v '^Using reader' <<<"$out")" "$expected"
}

# What the tool makes of 6A88, the answer of cards since version 4.0 that have no DKEK.
no_dkek='sc_card_ctl(*, SC_CARDCTL_SC_HSM_IMPORT_DKEK_SHARE, *) failed with Data object not found
DKEK shares          : 0
DKEK key check value : 0000000000000000'

initialize() {
	quiet sc-hsm-tool --initialize --so-pin "$so_pin" --pin "$pin" "$@"
	has_not "$out" 'failed'
}

status_of_new_card() {
	shows sc-hsm-tool <<-END
		Version              : 4.1
		Config options       :
		  User PIN reset with SO-PIN enabled
		SO-PIN tries left    : 15
		User PIN tries left  : $1
		$no_dkek
	END
}

token_label_is() {
	quiet opensc -L
	has "$out" "token label +: $1 \\(UserPIN\\)"
	has "$out" 'token manufacturer : www.CardContact.de'
	has "$out" 'token flags +: login required, rng, token initialized, PIN initialized$'
}

"$emu" create --kdf cheap "$token" >/dev/null
start_pcscd
insert_card

step "Reader and card"
quiet opensc-tool --list-readers
has "$out" "^0 +Yes +$reader"
shows opensc-tool --atr <<<3b:de:96:ff:81:91:fe:1f:c3:80:31:81:54:48:53:4d:31:73:80:21:40:81:07:92
shows opensc-tool --name <<<'SmartCard-HSM Applet for JCOP version 4.1'
quiet opensc-tool --send-apdu 0084000010
has "$out" 'SW1=0x90, SW2=0x00'

step "A card as it leaves the factory"
shows sc-hsm-tool <<END
Version              : 4.1
SmartCard-HSM has never been initialized. Please use --initialize to set SO-PIN and user PIN.
$no_dkek
END

step "Made ready for use"
initialize --label 'my card'
status_of_new_card 3
token_label_is 'my card'
opensc --keypairgen --key-type EC:prime256v1 --login --pin "$pin" --id 01 >/dev/null 2>&1
initialize --pin-retry 2
status_of_new_card 2
quiet opensc -O --login --pin "$pin"
has_not "$out" 'Key Object'

step "A wrong SO-PIN costs a try and changes nothing"
quiet sc-hsm-tool --initialize --so-pin 0000000000000000 --pin 111111
has "$out" 'failed with PIN code or key incorrect'
quiet sc-hsm-tool
has "$out" 'SO-PIN tries left +: 14'
quiet opensc -O --login --pin "$pin"

step "C_InitToken and C_InitPIN"
quiet opensc --init-token --label fresh --so-pin "$so_pin"
quiet opensc --login --login-type so --so-pin "$so_pin" --init-pin --new-pin 12345678
token_label_is fresh
quiet opensc -O --login --pin 12345678
status_of_new_card 3

step "Taken out and put back"
remove_card
refused opensc -O
if [ "$TWINHSM_READER" = vpcd ]; then
	quiet opensc-tool --list-readers
	has "$out" "^0 +No +$reader"
fi
insert_card
token_label_is fresh
echo "opensc-tool and sc-hsm-tool are content"
