#!/bin/bash
# twinhsm-tool dkek: shares made, split, checked and put together without a card; what it shows of
# them is what a card shows that they are imported to.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"

cd "$work"
one='password of one' two='password of two'
export TWO=$two

# The check value in an answer.
value() {
	sed -n 's/.*"check_value": "\(.*\)".*/\1/p' "$1"
}

step "Two shares, the second with a password that three people share"
"$tool" dkek make one.pbe --password "$one" --json >made 2>notes
refused "$tool" dkek make one.pbe --password "$one"
has "$out" 'exists'
printf '\n%.0s' {1..6} >enters
"$tool" dkek split two.pbe --pwd-shares-threshold 2 --pwd-shares-total 3 <enters >parts 2>notes
same "parts" "$(grep -c '^Share value' parts)" 3
same "length of the files" "$(cat one.pbe two.pbe | wc -c)" 128
has_not "$(cat made notes)" "$one"

step "The check value of a share is that of its 32 bytes"
fresh_card # without one --print-dkek-share does nothing
"$tool" --print-dkek-share one.pbe --password "$one" >plain 2>notes
escaped=$(grep -E '^[0-9A-F]{64}$' plain | sed 's/../\\x&/g')
sum=$(printf '%b' "$escaped" | sha256sum | cut -c 1-16 | tr a-f A-F)
same "check value of share one" "$(value made)" "$sum"
"$tool" dkek check one.pbe --password "$one" --json >checked 2>notes
same "check value of share one, opened" "$(value checked)" "$sum"

step "Together: two of three people give the second password"
prime=$(sed -n 's/^Prime *: //p' parts | head -n 1)
part() {
	printf '\n%s\n%s\n' "$1" "$(sed -n 's/^Share value *: //p' parts | sed -n "$1p")"
}
{
	printf '%s\n' "$prime"
	part 3
	part 1
} >typed
"$tool" dkek combine one.pbe two.pbe --password "$one" --pwd-shares-total 2 <typed >both 2>notes
together=$(sed -n 's/^Check value *: //p' both)

step "A card shows the same"
"$tool" --initialize --so-pin $so_pin --pin $pin --dkek-shares 2 >/dev/null
"$tool" --import-dkek-share one.pbe --password "$one" >/dev/null 2>&1
"$tool" --import-dkek-share two.pbe --pwd-shares-total 2 <typed >imported 2>&1
has "$(cat imported)" "key check value : $together"

step "Refused"
refused "$tool" dkek check one.pbe --password env:TWO
has "$out" 'is the password correct'
refused "$tool" dkek combine one.pbe one.pbe --password "$one" --password "$one"
has "$out" 'are the same share'
refused "$tool" dkek check typed --password "$one"
has "$out" 'not a DKEK share'
refused "$tool" dkek check one.pbe </dev/null
has "$out" 'no password was typed'
refused "$tool" dkek check one.pbe --password "$one" --password "$two"
has "$out" 'more passwords than shares'
refused "$tool" dkek split three.pbe --pwd-shares-threshold 4 --pwd-shares-total 3 </dev/null
[ ! -e three.pbe ] || fail "a share that nobody can open"
refused "$tool" dkek share one.pbe
has "$out" "there is no 'share'"
echo "the check values agree"
