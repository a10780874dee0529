#include <stdio.h>

#include "actions.h"
#include "backup/backup.h"
#include "base/tlv.h"
#include "common/file.h"

enum { FILE_MAX = 1 << 13 };

static void print_status(const struct card_pka *p)
{
	printf("Number of public keys:     %u\nMissing public keys:       %u\n"
	       "Required pubkeys for auth: %u\nAuthenticated public keys: %u\n",
	        p->total, p->missing, p->required, p->authenticated);
}

static int failed(struct session *s, const char *what, hsm_rc rc)
{
	if (rc == HSM_E_UNSUPPORTED)
		return ui_fail("%s: the card was not initialised for public keys, see "
		               "--public-key-auth",
		        s->address);
	if (rc == HSM_E_UNTRUSTED)
		return ui_fail(
		        "%s: the card does not trust the device that made this key", s->address);
	if (rc == HSM_E_NOT_ALLOWED)
		return ui_fail("%s: the card refused this key: it is registered already, or not "
		               "signed by the device it names",
		        s->address);
	return session_fail(s, what, rc);
}

int act_export_public(struct session *s, struct request *r)
{
	AUTO_BUF request = { 0 };
	AUTO_BUF chain = { 0 };
	uint8_t bytes[FILE_MAX];
	struct wr file = WR_ARRAY(bytes);
	struct pkafile parts;
	hsm_rc rc;

	rc = card_read_file(s->lane, FID(FID_CERT, r->key_reference), &request);
	if (rc == HSM_OK)
		rc = card_read_file(s->lane, EF_DEVAUT, &chain);
	if (rc == HSM_OK)
		rc = pkafile_from_card(buf_rd(&request), buf_rd(&chain), &parts);
	if (rc == HSM_OK)
		rc = pkafile_build_old(&parts, &file);
	if (rc == HSM_E_NO_FILE)
		return ui_fail("%s: there is no public key %ld", s->address, r->key_reference);
	if (rc == HSM_E_BAD_DATA)
		return ui_fail("%s: key %ld has a certificate in the place of its request, which "
		               "is needed here",
		        s->address, r->key_reference);
	if (rc != HSM_OK)
		return session_fail(s, "the public key", rc);
	fputs("Warning: Device certificate chain not verified!\n", stderr);
	return file_save(r->file[ACT_EXPORT_PUBLIC], wr_rd(&file), false);
}

/* The content of the request, which is what the card wants. */
static struct rd content_of(struct rd object)
{
	struct rd value = { 0 };
	uint16_t tag;

	return tlv_next(&object, &tag, &value, NULL) ? value : (struct rd){ 0 };
}

int act_register_public(struct session *s, struct request *r)
{
	const char *path = r->file[ACT_REGISTER_PUBLIC];
	AUTO_BUF file = { 0 };
	struct pkafile parts;
	struct card_pka status;
	const int loaded = file_load(path, FILE_MAX, &file);
	hsm_rc rc;

	if (loaded != 0)
		return loaded;
	if (pkafile_parse(buf_rd(&file), &parts) != HSM_OK)
		return ui_fail("%s: this is not a public key for authentication", path);
	rc = card_pka_register(
	        s->lane, parts.issuer, parts.device, content_of(parts.request), &status);
	if (rc != HSM_OK)
		return failed(s, "the key was not registered", rc);
	print_status(&status);
	return 0;
}

int act_public_status(struct session *s, struct request *r)
{
	struct card_pka status;
	const hsm_rc rc = card_pka_status(s->lane, &status);

	(void)r;
	if (rc != HSM_OK)
		return failed(s, "no status of public keys", rc);
	print_status(&status);
	return 0;
}
