#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "ui.h"

static const char env_prefix[] = "env:";

hsm_rc ui_secret_arg(char *arg, struct secret *out)
{
	const char *value = arg;
	size_t n = strlen(arg);

	if (strncmp(arg, env_prefix, sizeof(env_prefix) - 1) == 0) {
		value = getenv(arg + sizeof(env_prefix) - 1);
		if (value == NULL)
			return HSM_E_BAD_PARAM;
		return secret_set(out, rd_str(value));
	}
	TRY(secret_set(out, rd_of(value, n)));
	memset(arg, 'x', n);
	return HSM_OK;
}

/* Keys of the terminal that mean something while a secret is typed. */
enum key { KEY_INTERRUPT = 3, KEY_END = 4, KEY_BACK = 8, KEY_KILL = 21, KEY_DELETE = 127 };

/* Reads one line, key by key. HSM_E_NOT_ALLOWED when the person gave up. */
static hsm_rc read_line(int tty, struct secret *out)
{
	uint8_t c;

	out->n = 0;
	while (read(tty, &c, 1) == 1) {
		if (c == '\n' || c == '\r')
			return HSM_OK;
		if (c == KEY_INTERRUPT || c == KEY_END)
			return HSM_E_NOT_ALLOWED;
		if (c == KEY_KILL) {
			out->n = 0;
		} else if (c == KEY_BACK || c == KEY_DELETE) {
			out->n -= out->n > 0;
		} else {
			if (out->n == SECRET_MAX)
				return HSM_E_BAD_LEN;
			out->p[out->n++] = c;
		}
	}
	return HSM_E_NOT_ALLOWED;
}

static void put(int tty, const char *text)
{
	(void)!write(tty, text, strlen(text));
}

static hsm_rc ask(int tty, const char *prompt, struct secret *out)
{
	struct termios before, silent;
	hsm_rc rc;

	if (tcgetattr(tty, &before) != 0)
		return HSM_E_NOT_ALLOWED;
	silent = before;
	/* Without signals from keys, so that giving up cannot leave the echo switched off. */
	silent.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG);
	if (tcsetattr(tty, TCSAFLUSH, &silent) != 0)
		return HSM_E_NOT_ALLOWED;
	put(tty, prompt);
	rc = read_line(tty, out);
	tcsetattr(tty, TCSAFLUSH, &before);
	put(tty, "\n");
	return rc;
}

static hsm_rc ask_twice(int tty, const char *prompt, const char *again, struct secret *out)
{
	AUTO_SECRET second = { 0 };

	TRY(ask(tty, prompt, out));
	if (again == NULL)
		return HSM_OK;
	TRY(ask(tty, again, &second));
	return secret_equal(secret_rd(out), secret_rd(&second)) ? HSM_OK : HSM_E_BAD_DATA;
}

hsm_rc ui_secret_ask(const char *prompt, const char *again, struct secret *out)
{
	int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	hsm_rc rc;

	if (tty < 0)
		return HSM_E_NOT_ALLOWED;
	rc = ask_twice(tty, prompt, again, out);
	close(tty);
	if (rc != HSM_OK)
		secret_wipe(out);
	return rc;
}

hsm_rc ui_line_ask(const char *prompt, struct secret *out)
{
	uint8_t c;

	fputs(prompt, stdout);
	fflush(stdout);
	out->n = 0;
	while (read(STDIN_FILENO, &c, 1) == 1) {
		if (c == '\n')
			return HSM_OK;
		if (out->n < SECRET_MAX)
			out->p[out->n++] = c;
	}
	secret_wipe(out);
	return HSM_E_NOT_ALLOWED;
}
