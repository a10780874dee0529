#include "serve_options.h"

#include "base/log.h"
#include "twinhsm-emu.h"

enum code { VPCD, SOCKET, USBIP, VHCI, MODEL, FAULT, TRACE, VERBOSE };

static const struct endpoint default_reader = { "127.0.0.1", "35963" };
static const struct endpoint default_usbip = { "127.0.0.1", "3240" };

static const char *const models[] = {
	[FRONT_USB_NITROKEY] = "nitrokey",
	[FRONT_USB_STICK] = "stick",
};

static bool is_number(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* "HOST:PORT", the host in brackets when it has colons itself. */
static bool endpoint_parse(const char *text, struct endpoint *out)
{
	const char *colon = strrchr(text, ':');
	size_t host_n;

	if (colon == NULL || !is_number(colon + 1))
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
static int take_endpoint(struct endpoint *at, int argc, char **argv)
{
	if (optarg != NULL)
		return endpoint_parse(optarg, at) ? 0 : ui_usage("'%s' is not HOST:PORT", optarg);
	if (optind < argc && strchr(argv[optind], '/') == NULL && endpoint_parse(argv[optind], at))
		optind++;
	return 0;
}

static int take_reader(struct serve_options *s, int argc, char **argv)
{
	struct endpoint *r = &s->readers[s->readers_n];

	if (s->readers_n == READERS_MAX)
		return ui_usage("at most %d --vpcd", READERS_MAX);
	s->readers_n++;
	*r = default_reader;
	return take_endpoint(r, argc, argv);
}

static int take_socket(struct serve_options *s)
{
	if (s->sockets_n == SOCKETS_MAX)
		return ui_usage("at most %d --socket", SOCKETS_MAX);
	s->sockets[s->sockets_n++] = optarg;
	return 0;
}

static int take_usbip(struct serve_options *s, int argc, char **argv)
{
	if (s->usbip)
		return ui_usage("at most one --usbip");
	s->usbip = true;
	s->usbip_at = default_usbip;
	return take_endpoint(&s->usbip_at, argc, argv);
}

/* As with the others, the argument may be the next word. */
static int take_vhci(struct serve_options *s, int argc, char **argv)
{
	if (s->vhci)
		return ui_usage("at most one --vhci");
	s->vhci = true;
	s->vhci_port = optarg;
	if (optarg == NULL && optind < argc && is_number(argv[optind]))
		s->vhci_port = argv[optind++];
	return s->vhci_port == NULL || is_number(s->vhci_port)
	               ? 0
	               : ui_usage("'%s' is not a port of vhci_hcd", s->vhci_port);
}

static int take_model(struct serve_options *s)
{
	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
		if (strcmp(optarg, models[i]) == 0) {
			s->usb.model = (enum front_usb_model)i;
			return 0;
		}
	}
	return ui_usage("'%s' is no --usb-model: there are nitrokey and stick", optarg);
}

static int take(struct serve_options *s, enum code code, int argc, char **argv)
{
	switch (code) {
	case VPCD:
		return take_reader(s, argc, argv);
	case SOCKET:
		return take_socket(s);
	case USBIP:
		return take_usbip(s, argc, argv);
	case VHCI:
		return take_vhci(s, argc, argv);
	case MODEL:
		return take_model(s);
	case FAULT:
		s->usb.fault = optarg;
		return 0;
	case TRACE:
		s->trace = optarg;
		return 0;
	case VERBOSE:
		log_set(LOG_TRACE);
		return 0;
	}
	return EXIT_USAGE;
}

int serve_options_parse(struct serve_options *s, int argc, char **argv)
{
	static const struct option options[] = {
		{ "vpcd", optional_argument, NULL, VPCD },
		{ "socket", required_argument, NULL, SOCKET },
		{ "usbip", optional_argument, NULL, USBIP },
		{ "vhci", optional_argument, NULL, VHCI },
		{ "usb-model", required_argument, NULL, MODEL },
		{ "usb-fault", required_argument, NULL, FAULT },
		{ "trace", required_argument, NULL, TRACE },
		{ "verbose", no_argument, NULL, VERBOSE },
		{ 0 },
	};
	int code, status = 0;

	*s = (struct serve_options){ 0 };
	while (status == 0 && (code = getopt_long(argc, argv, "", options, NULL)) != -1)
		status = code == '?' ? EXIT_USAGE : take(s, (enum code)code, argc, argv);
	if (status == 0 && optind + 1 != argc)
		status = ui_usage("one TOKEN is needed");
	if (status == 0 && s->readers_n + s->sockets_n == 0 && !s->usbip && !s->vhci)
		status = ui_usage("where? --vpcd, --socket, --usbip or --vhci is needed");
	if (status == 0)
		s->token = argv[optind];
	return status;
}
