/* The kernel's virtual host controller, by its files. */
#include <stdio.h>

#include "emu_file.h"
#include "front/usbip_vhci.h"

/* As the file is on a machine where port 0 is in use; linux, drivers/usb/usbip/vhci_sysfs.c. */
static const char vhci_status[] = "hub port sta spd dev      sockfd local_busid\n"
                                  "hs  0000 006 002 00010002 000003 1-1\n"
                                  "hs  0001 004 000 00000000 000000 0-0\n"
                                  "hs  0002 004 000 00000000 000000 0-0\n"
                                  "ss  0008 004 000 00000000 000000 0-0\n";

static void vhci_free_port__status__first_of_usb2(void **state)
{
	unsigned port = 0;

	(void)state;
	assert_true(vhci_free_port(vhci_status, &port));
	assert_int_equal(port, 1);
	port = 2;
	assert_true(vhci_free_port(vhci_status, &port));
	assert_int_equal(port, 2);
	port = 3;
	assert_false(vhci_free_port(vhci_status, &port));
	assert_false(vhci_free_port("", &port));
}

/* The files of the controller in a folder of ours. */
static void vhci_attach__writes_what_the_kernel_reads(void **state)
{
	struct token_place place;
	char path[128], want[64];
	AUTO_BUF text = { 0 };
	unsigned used = 99;

	(void)state;
	place_make(&place);
	snprintf(path, sizeof(path), "%s/status", place.folder);
	file_write(path, rd_of(vhci_status, sizeof(vhci_status) - 1));
	assert_non_null(vhci_attach(place.folder, NULL, 5, &used));
	snprintf(path, sizeof(path), "%s/attach", place.folder);
	file_write(path, RD_LIT(""));
	assert_null(vhci_attach(place.folder, NULL, 5, &used));
	assert_int_equal(used, 1);
	file_read(path, &text);
	snprintf(want, sizeof(want), "1 5 65538 2");
	assert_true(rd_equal(buf_rd(&text), rd_str(want)));
	file_write(path, RD_LIT(""));
	assert_null(vhci_attach(place.folder, "7", 6, &used));
	assert_int_equal(used, 7);
	assert_non_null(strstr(vhci_attach("/nowhere", NULL, 5, &used), "no vhci_hcd"));
	place_remove(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vhci_free_port__status__first_of_usb2),
		cmocka_unit_test(vhci_attach__writes_what_the_kernel_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
