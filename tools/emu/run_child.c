#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "twinhsm-emu.h"

extern char **environ;

enum { STATUS_NOT_RUN = 126, STATUS_NOT_FOUND = 127, STATUS_SIGNAL = 128 };

static sigset_t mask_before;

static sigset_t signals_of_ours(bool with_child)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (with_child)
		sigaddset(&set, SIGCHLD);
	return set;
}

void child_prepare(void)
{
	sigset_t set = signals_of_ours(true);

	signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_BLOCK, &set, &mask_before);
}

int child_interrupted(void)
{
	sigset_t set = signals_of_ours(false);
	int n = sigtimedwait(&set, NULL, &(struct timespec){ 0 });

	return n > 0 ? n : 0;
}

/* Passes signals on until the child has ended. What the terminal sends (SI_KERNEL) goes to the
 * whole group of processes, so the child has had it already. */
static int wait_for(pid_t pid)
{
	sigset_t set = signals_of_ours(true);
	siginfo_t info;
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		int n = sigwaitinfo(&set, &info);

		if (n > 0 && n != SIGCHLD && info.si_code != SI_KERNEL)
			kill(pid, n);
	}
	return WIFSIGNALED(status) ? STATUS_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

int child_run(char **argv)
{
	posix_spawnattr_t attr;
	pid_t pid;
	int error = posix_spawnattr_init(&attr);

	if (error == 0) {
		posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
		posix_spawnattr_setsigmask(&attr, &mask_before);
		error = posix_spawnp(&pid, argv[0], NULL, &attr, argv, environ);
		posix_spawnattr_destroy(&attr);
	}
	if (error == 0)
		return wait_for(pid);
	ui_fail("%s: %s", argv[0], strerror(error));
	return error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUN;
}
