#include "emu_other.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void serve(const char *path, int from, int to)
{
	char hex[256];
	struct emu_bench *b = emu_bench_open(path);

	while (read(from, hex, sizeof(hex)) == (ssize_t)sizeof(hex)) {
		const uint16_t sw = emu_hex(b, hex);

		if (write(to, &sw, sizeof(sw)) != (ssize_t)sizeof(sw))
			break;
	}
	emu_bench_free(b);
	_exit(0);
}

struct other other_start(const char *path)
{
	struct other o;
	int up[2], down[2];

	assert_int_equal(pipe(up), 0);
	assert_int_equal(pipe(down), 0);
	o.pid = fork();
	assert_true(o.pid >= 0);
	if (o.pid == 0) {
		close(down[1]);
		close(up[0]);
		emu_forget();
		serve(path, down[0], up[1]);
	}
	close(down[0]);
	close(up[1]);
	o.to = down[1];
	o.from = up[0];
	return o;
}

void other_send(const struct other *o, const char *hex)
{
	char block[256] = { 0 };

	assert_true(strlen(hex) < sizeof(block));
	strcpy(block, hex);
	assert_int_equal(write(o->to, block, sizeof(block)), (ssize_t)sizeof(block));
}

uint16_t other_hex(const struct other *o, const char *hex)
{
	uint16_t sw = 0;

	other_send(o, hex);
	assert_int_equal(read(o->from, &sw, sizeof(sw)), (ssize_t)sizeof(sw));
	return sw;
}

void other_stop(struct other *o)
{
	close(o->to);
	close(o->from);
	assert_int_equal(waitpid(o->pid, NULL, 0), o->pid);
}
