#include <signal.h>
#include <stdlib.h>

#include "base/log.h"
#include "front/front.h"
#include "twinhsm-emu.h"

enum { READERS_MAX = 16, SOCKETS_MAX = 16, NAME_MAX_N = 256 };

struct endpoint {
	char host[NAME_MAX_N], port[16];
};

struct serve {
	const char *trace; /* NULL: none */
	struct endpoint readers[READERS_MAX];
	const char *sockets[SOCKETS_MAX];
	unsigned readers_n, sockets_n;
};

static const struct endpoint default_reader = { "127.0.0.1", "35963" };

/* "HOST:PORT", the host in brackets when it has colons itself. */
static bool endpoint_parse(const char *text, struct endpoint *out)
{
	const char *colon = strrchr(text, ':');
	size_t host_n;

	if (colon == NULL || colon[1] == '\0' ||
	        strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return false;
	host_n = (size_t)(colon - text);
	if (host_n >= 2 && text[0] == '[' && colon[-1] == ']') {
		text++;
		host_n -= 2;
	}
	if (host_n == 0 || host_n >= sizeof(out->host) || strlen(colon + 1) >= sizeof(out->port))
		return false;
	memcpy(out->host, text, host_n);
	out->host[host_n] = '\0';
	strcpy(out->port, colon + 1);
	return true;
}

/* The argument may follow "--vpcd=" or be the next word, when that looks like one. */
static int take_reader(struct serve *s, int argc, char **argv)
{
	struct endpoint *r = &s->readers[s->readers_n];

	if (s->readers_n == READERS_MAX)
		return ui_usage("at most %d --vpcd", READERS_MAX);
	s->readers_n++;
	*r = default_reader;
	if (optarg != NULL)
		return endpoint_parse(optarg, r) ? 0 : ui_usage("'%s' is not HOST:PORT", optarg);
	if (optind < argc && strchr(argv[optind], '/') == NULL && endpoint_parse(argv[optind], r))
		optind++;
	return 0;
}

static int take_socket(struct serve *s)
{
	if (s->sockets_n == SOCKETS_MAX)
		return ui_usage("at most %d --socket", SOCKETS_MAX);
	s->sockets[s->sockets_n++] = optarg;
	return 0;
}

static int parse(struct serve *s, int argc, char **argv)
{
	static const struct option options[] = {
		{ "vpcd", optional_argument, NULL, 'v' },
		{ "socket", required_argument, NULL, 's' },
		{ "trace", required_argument, NULL, 't' },
		{ "verbose", no_argument, NULL, 'l' },
		{ 0 },
	};
	int code, status = 0;

	while (status == 0 && (code = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (code == 'v')
			status = take_reader(s, argc, argv);
		else if (code == 's')
			status = take_socket(s);
		else if (code == 't')
			s->trace = optarg;
		else if (code == 'l')
			log_set(LOG_TRACE);
		else
			status = EXIT_USAGE;
	}
	if (status == 0 && optind + 1 != argc)
		status = ui_usage("one TOKEN is needed");
	if (status == 0 && s->readers_n + s->sockets_n == 0)
		status = ui_usage("where? --vpcd, --socket or both are needed");
	return status;
}

static hsm_rc start(struct front *f, const struct serve *s)
{
	for (unsigned i = 0; i < s->sockets_n; i++)
		TRY(front_socket(f, s->sockets[i]));
	for (unsigned i = 0; i < s->readers_n; i++)
		TRY(front_vpcd(f, s->readers[i].host, s->readers[i].port));
	return HSM_OK;
}

/* Signals are blocked before there are threads, so that they wait for us. */
static void stop_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int serve(const char *token, const struct serve *s)
{
	struct front *f = NULL;
	sigset_t stop;
	hsm_rc rc;
	int n;

	stop_signals(&stop);
	rc = front_new(token, s->trace, &f);
	if (rc == HSM_OK) {
		rc = start(f, s);
		if (rc == HSM_OK)
			sigwait(&stop, &n);
		front_stop(f);
	}
	if (rc == HSM_OK || rc == HSM_E_IO)
		return rc == HSM_OK ? EXIT_SUCCESS : EXIT_FAILURE;
	return ui_fail("%s", rc_text(rc));
}

int emu_cmd_serve(int argc, char **argv)
{
	struct serve s = { 0 };
	struct emu_info info;
	int status;
	hsm_rc rc;

	log_set(LOG_INFO);
	status = parse(&s, argc, argv);
	if (status != 0)
		return status;
	rc = emu_inspect(argv[optind], &info);
	return rc == HSM_OK ? serve(argv[optind], &s) : token_fail(argv[optind], rc);
}
