#include <signal.h>
#include <stdlib.h>

#include "base/log.h"
#include "serve_options.h"
#include "twinhsm-emu.h"

static hsm_rc start(struct front *f, const struct serve_options *s)
{
	for (unsigned i = 0; i < s->sockets_n; i++)
		TRY(front_socket(f, s->sockets[i]));
	for (unsigned i = 0; i < s->readers_n; i++)
		TRY(front_vpcd(f, s->readers[i].host, s->readers[i].port));
	if (s->usbip)
		TRY(front_usbip(f, s->usbip_at.host, s->usbip_at.port, &s->usb));
	return s->vhci ? front_vhci(f, s->vhci_port, &s->usb) : HSM_OK;
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

static int serve(const struct serve_options *s)
{
	struct front *f = NULL;
	sigset_t stop;
	hsm_rc rc;
	int n;

	stop_signals(&stop);
	rc = front_new(s->token, s->trace, &f);
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
	struct serve_options s;
	struct emu_info info;
	int status;
	hsm_rc rc;

	log_set(LOG_INFO);
	status = serve_options_parse(&s, argc, argv);
	if (status != 0)
		return status;
	rc = emu_inspect(s.token, &info);
	return rc == HSM_OK ? serve(&s) : token_fail(s.token, rc);
}
