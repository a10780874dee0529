/* pin_kill MODULE TWINHSM_EMU
 * A process tries a PIN and is killed as soon as the token file shows that the try was counted, in
 * the middle of the comparison (key stretching takes at least 50 ms here). The counter stays where
 * it is, until the token is locked: for a wrong PIN, and for the right one just as well. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "emu.h"

enum { TRIES = 3 };

struct guess {
	const char *label;
	const char *pin;
};

static unsigned tries_left(const char *path)
{
	struct emu_info info;
	hsm_rc rc = emu_inspect(path, &info);

	if (rc != HSM_OK)
		client_die("%s: %s", path, rc_text(rc));
	return info.user_tries;
}

static CK_RV login(const struct client *c, const struct guess *g)
{
	CK_UTF8CHAR pin[16];
	CK_SESSION_HANDLE s = client_session(c, client_slot(c, g->label), false);

	memcpy(pin, g->pin, strlen(g->pin));
	return c->f->C_Login(s, CKU_USER, pin, strlen(g->pin));
}

/* Tries the PIN; says so on `report` if it lives to see the answer. */
static _Noreturn void try_pin(const char *module, const struct guess *g, int report)
{
	struct client c;

	client_open(&c, module);
	login(&c, g);
	if (write(report, "!", 1) != 1)
		client_die("cannot report");
	_exit(0);
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
	       info.si_pid != 0;
}

/* Kills the guesser once the counter moved; true if that was before it had its answer. */
static bool guess_and_kill(const char *module, const char *path, const struct guess *g)
{
	unsigned before = tries_left(path);
	char answer;
	int ends[2], status;
	ssize_t n;
	pid_t pid;

	if (pipe(ends) != 0 || (pid = fork()) < 0)
		client_die("no process");
	if (pid == 0)
		try_pin(module, g, ends[1]);
	close(ends[1]);
	while (tries_left(path) == before && !has_ended(pid))
		;
	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || (WIFEXITED(status) && WEXITSTATUS(status) != 0))
		client_die("the guesser failed");
	n = read(ends[0], &answer, 1);
	close(ends[0]);
	return n == 0;
}

/* A guesser that got its answer before the kill does not count, and must not have changed more than
 * its answer says: a wrong PIN takes one try, the right one restores them all. */
static void kill_until_locked(const char *module, const char *path, const struct guess *g)
{
	unsigned left = TRIES;

	for (int attempts = 0; left > 0; attempts++) {
		unsigned after;

		if (attempts == 20 * TRIES)
			client_die("no guesser could be killed in time");
		if (!guess_and_kill(module, path, g)) {
			left = tries_left(path);
			continue;
		}
		after = tries_left(path);
		if (after != left - 1)
			client_die("%u tries left, then killed, then %u", left, after);
		left = after;
	}
}

static void expect_locked(const char *module, const struct guess *right)
{
	struct client c;
	CK_RV rv;

	client_open(&c, module);
	rv = login(&c, right);
	if (rv != CKR_PIN_LOCKED)
		client_die("the right PIN after all tries: 0x%lx", rv);
	client_close(&c);
}

int main(int argc, char **argv)
{
	static const struct guess guesses[] = { { "wrong", "111111" }, { "right", CLIENT_PIN } };
	struct client_place place;

	if (argc != 3)
		client_die("usage: pin_kill MODULE TWINHSM_EMU");
	client_place_make(&place, argv[1], argv[2]);
	for (size_t i = 0; i < 2; i++) {
		struct guess right = { guesses[i].label, CLIENT_PIN };
		char path[128];

		client_make_token(&place, guesses[i].label, "strong");
		client_token_path(&place, guesses[i].label, path, sizeof(path));
		if (tries_left(path) != TRIES)
			client_die("a new token has %u tries", tries_left(path));
		kill_until_locked(place.module, path, &guesses[i]);
		expect_locked(place.module, &right);
	}
	client_place_remove(&place);
	return 0;
}
