#include <openssl/crypto.h>
#include <stdio.h>
#include <unistd.h>

#include "admin/act/actions.h"
#include "backup/backup.h"
#include "base/ossl.h"

/* Erases a terminal and what can be scrolled back to: ECMA-48 8.3.39, 8.3.57, and xterm's own. */
static const char clear_screen[] = "\033[H\033[2J\033[3J";

static void clear(void)
{
	if (isatty(STDOUT_FILENO) == 1)
		fputs(clear_screen, stdout);
	fflush(stdout);
}

/* ---- making ---- */

static hsm_rc make_secret(struct session *s, struct secret *out)
{
	uint8_t random[SPLIT_LEN];
	hsm_rc rc;

	do {
		TRY(s != NULL ? card_random(s->lane, random, sizeof(random))
		              : ossl_random(random, sizeof(random)));
		rc = split_secret(rd_of(random, sizeof(random)), out);
	} while (rc == HSM_E_BAD_DATA);
	OPENSSL_cleanse(random, sizeof(random));
	return rc;
}

static void show_one(const struct split *split, size_t i)
{
	char prime[SPLIT_TEXT], value[SPLIT_TEXT];

	split_text(split->prime, prime);
	split_text(split->share[i].value, value);
	printf("Share %zu of %zu\n\n\n", i + 1, split->n);
	printf("Prime       : %s\nShare ID    : %u\nShare value : %s\n", prime, split->share[i].id,
	        value);
	fflush(stdout);
	OPENSSL_cleanse(value, sizeof(value));
}

/* Each holder sees a part of his own and nothing of the others'. */
static int show_all(const struct split *split)
{
	char prompt[96];

	for (size_t i = 0; i < split->n; i++) {
		AUTO_SECRET line = { 0 };

		snprintf(prompt, sizeof(prompt),
		        "Press <enter> to display key share %zu of %zu\n\n", i + 1, split->n);
		if (ui_line_ask(prompt, &line) != HSM_OK)
			return ui_fail("nobody pressed <enter>; no share was made");
		clear();
		show_one(split, i);
		if (ui_line_ask("\n\nPlease note above values and press <enter> when finished",
		            &line) != HSM_OK)
			return ui_fail("not all parts were shown; no share was made");
		clear();
	}
	return 0;
}

int split_show(struct session *s, unsigned threshold, unsigned total, struct secret *password)
{
	AUTO_SPLIT split = { .n = 0 };
	hsm_rc rc;

	if (split_limits(threshold, total) != HSM_OK)
		return ui_fail("a password is split with --pwd-shares-total of 3 to 255 and a "
		               "--pwd-shares-threshold of 2 up to that");
	rc = make_secret(s, password);
	if (rc == HSM_OK)
		rc = split_make(secret_rd(password), threshold, total, &split);
	return rc == HSM_OK ? show_all(&split)
	                    : ui_fail("the password could not be split: %s", rc_text(rc));
}

/* ---- putting together ---- */

static int not_typed(void)
{
	return ui_fail("the parts of the password were not typed");
}

static int ask_number(const char *prompt, uint8_t *out)
{
	AUTO_SECRET line = { 0 };

	while (ui_line_ask(prompt, &line) == HSM_OK) {
		if (split_text_parse(secret_rd(&line), out) == HSM_OK)
			return 0;
		ui_fail("that is not one to eight bytes in hexadecimal; try again");
	}
	return not_typed();
}

static int ask_id(struct split_share *share)
{
	AUTO_SECRET line = { 0 };

	while (ui_line_ask("Please enter share ID: ", &line) == HSM_OK) {
		if (split_id_parse(secret_rd(&line), &share->id) == HSM_OK)
			return 0;
		ui_fail("that is not a number from 1 to 255; try again");
	}
	return not_typed();
}

static int check_share(const struct split *split, size_t n)
{
	switch (split_share_check(split->prime, split->share, n)) {
	case HSM_OK:
		return 0;
	case HSM_E_EXISTS:
		return ui_fail("share %u was entered before", split->share[n - 1].id);
	case HSM_E_BAD_PARAM:
		return ui_fail("the value of share %u does not belong to this prime",
		        split->share[n - 1].id);
	default:
		return ui_fail("this is not a share");
	}
}

static int ask_share(unsigned n, size_t i, struct split *split)
{
	AUTO_SECRET line = { 0 };
	char prompt[96];
	int status;

	snprintf(prompt, sizeof(prompt), "\nPress <enter> to enter share %zu of %u\n\n", i + 1, n);
	if (ui_line_ask(prompt, &line) != HSM_OK)
		return not_typed();
	clear();
	status = ask_id(&split->share[i]);
	if (status == 0)
		status = ask_number("Please enter share value: ", split->share[i].value);
	if (status == 0)
		status = check_share(split, i + 1);
	clear();
	return status;
}

static int ask_all(unsigned n, struct split *split)
{
	int status;

	printf("Deciphering the DKEK for import into the SmartCard-HSM requires %u key share "
	       "holders.\nThey enter the ID of their share as well as its value.\n\n",
	        n);
	status = ask_number("Please enter prime: ", split->prime);
	if (status == 0 && split_prime_check(split->prime) != HSM_OK)
		return ui_fail("that is not the prime of a split password");
	for (size_t i = 0; status == 0 && i < n; i++)
		status = ask_share(n, i, split);
	split->n = n;
	return status;
}

int split_ask(unsigned n, struct secret *password)
{
	AUTO_SPLIT split = { .n = 0 };
	int status;
	hsm_rc rc;

	if (n < SPLIT_THRESHOLD_MIN || n > SPLIT_TOTAL_MAX)
		return ui_fail("a split password has 2 to 255 parts");
	status = ask_all(n, &split);
	if (status != 0)
		return status;
	rc = split_combine(split.prime, split.share, n, password);
	return rc == HSM_OK ? 0 : ui_fail("the parts do not make a password: %s", rc_text(rc));
}
