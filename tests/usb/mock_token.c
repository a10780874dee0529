/* Token files as tokens on a simulated USB bus, for any program that uses libusb or libudev.
 * Everything runs under umockdev-wrapper.
 *
 *   mock_token [[--model nitrokey|stick] [--fault FAULTS] [--trace FILE] TOKEN]... -- COMMAND...
 *   mock_token --serve FILE [[--model ...] [--fault ...] TOKEN]...
 *       Runs the command on the bus and ends with its status; or writes UMOCKDEV_DIR=... to FILE
 *       when all is plugged in, and serves whoever uses it until it is killed.
 *   mock_token tell plug [--model ...] [--fault ...] TOKEN
 *   mock_token tell unplug PORT
 *   mock_token tell messages PORT
 *   mock_token tell have TOKEN
 *       Commands to the bus of UMOCKDEV_DIR. `have` plugs in what is not there, or is another file
 *       now. `plug` and `have` print "PORT SERIAL", `messages` how many CCID messages there
 *       have been on the bulk endpoints, both ways.
 *
 * A model holds for all tokens behind it, a trace (front/trace.h) for the next one. FAULTS are
 * those of front/ccid_fault.h. */
#include <glib-unix.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "bus.h"
#include "control.h"

struct run {
	GMainLoop *loop;
	GPid child;
	int status;
};

static bool usage(const char *wrong)
{
	fprintf(stderr, "mock_token: what is %s?\n", wrong);
	return false;
}

static bool model_of(const char *name, enum ccid_dev_model *out)
{
	if (strcmp(name, "nitrokey") == 0)
		*out = CCID_DEV_NITROKEY;
	else if (strcmp(name, "stick") == 0)
		*out = CCID_DEV_STICK;
	else
		return false;
	return true;
}

/* Plugs in what the words say, up to the end or "--"; the number of words used, or -1. */
static int plug_all(struct bus *b, int argc, char **argv, unsigned *port)
{
	static enum ccid_dev_model model = CCID_DEV_NITROKEY;
	struct bus_token t = { 0 };
	int i;

	for (i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
		hsm_rc rc;

		if (strcmp(argv[i], "--fault") == 0 && i + 1 < argc) {
			t.faults = argv[++i];
		} else if (strcmp(argv[i], "--trace") == 0 && i + 1 < argc) {
			t.trace = argv[++i];
		} else if (strcmp(argv[i], "--model") == 0 && i + 1 < argc) {
			if (!model_of(argv[++i], &model))
				return usage(argv[i]) ? 0 : -1;
		} else {
			t.path = argv[i];
			t.model = model;
			rc = bus_plug(b, &t, port);
			t.trace = NULL;
			if (rc != HSM_OK) {
				fprintf(stderr, "mock_token: %s: %s\n", argv[i], rc_text(rc));
				return -1;
			}
		}
	}
	return i;
}

static bool say_port(const struct bus *b, unsigned port, char *text)
{
	const char *serial = bus_serial(b, port);

	if (serial == NULL)
		return false;
	snprintf(text, CONTROL_TEXT, "%u %s", port, serial);
	return true;
}

static bool have(struct bus *b, char *token, char *text)
{
	bool same;
	unsigned port = bus_port_of(b, token, &same);

	if (port != 0 && same)
		return say_port(b, port, text);
	if (port != 0 && !bus_unplug(b, port))
		return false;
	return plug_all(b, 1, &token, &port) == 1 && say_port(b, port, text);
}

static bool command(struct bus *b, int argc, char **argv, char *text)
{
	unsigned port = 0;

	snprintf(text, CONTROL_TEXT, "mock_token: not done");
	if (argc > 1 && strcmp(argv[0], "plug") == 0)
		return plug_all(b, argc - 1, argv + 1, &port) == argc - 1 &&
		       say_port(b, port, text);
	if (argc == 2 && strcmp(argv[0], "messages") == 0) {
		snprintf(text, CONTROL_TEXT, "%u", bus_messages(b, (unsigned)atoi(argv[1])));
		return true;
	}
	if (argc == 2 && strcmp(argv[0], "have") == 0)
		return have(b, argv[1], text);
	if (argc == 2 && strcmp(argv[0], "unplug") == 0) {
		text[0] = '\0';
		return bus_unplug(b, (unsigned)atoi(argv[1]));
	}
	return false;
}

static gboolean killed(gpointer arg)
{
	g_main_loop_quit(arg);
	return G_SOURCE_CONTINUE;
}

static void child_ended(GPid pid, gint status, gpointer arg)
{
	struct run *r = arg;

	(void)pid;
	r->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	r->child = 0;
	g_main_loop_quit(r->loop);
}

static bool start_child(struct run *r, char **argv)
{
	if (argv[0] == NULL || posix_spawnp(&r->child, argv[0], NULL, NULL, argv, environ) != 0) {
		perror(argv[0]);
		return false;
	}
	g_child_watch_add(r->child, child_ended, r);
	return true;
}

/* Says to whoever waits for the file where the bus is. */
static bool announce(const char *file)
{
	g_autofree char *line = g_strdup_printf("UMOCKDEV_DIR=%s\n", getenv("UMOCKDEV_DIR"));
	g_autoptr(GError) error = NULL;

	if (g_file_set_contents(file, line, -1, &error))
		return true;
	fprintf(stderr, "mock_token: %s\n", error->message);
	return false;
}

static int run_bus(struct bus *b, int argc, char **argv)
{
	struct run r = { .status = 1 };
	const char *file = NULL;
	unsigned port;
	int used;

	if (argc > 1 && strcmp(argv[0], "--serve") == 0) {
		file = argv[1];
		argc -= 2;
		argv += 2;
	}
	used = plug_all(b, argc, argv, &port);
	if (used < 0 || !control_serve(b, command))
		return 1;
	r.loop = g_main_loop_new(NULL, FALSE);
	g_unix_signal_add(SIGTERM, killed, r.loop);
	g_unix_signal_add(SIGINT, killed, r.loop);
	if (file != NULL ? announce(file) : start_child(&r, argv + used + (used < argc)))
		g_main_loop_run(r.loop);
	if (r.child != 0)
		kill(r.child, SIGTERM);
	g_main_loop_unref(r.loop);
	return file != NULL ? 0 : r.status;
}

static int tell(int argc, char **argv)
{
	char text[CONTROL_TEXT];
	bool done = control_tell(argc, (const char *const *)argv, text);

	fprintf(done ? stdout : stderr, "%s\n", text);
	return done ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct bus *b;
	int status;

	if (argc > 1 && strcmp(argv[1], "tell") == 0)
		return tell(argc - 2, argv + 2);
	b = bus_new();
	status = run_bus(b, argc - 1, argv + 1);
	bus_free(b);
	return status;
}
