#include <p11-kit/uri.h>
#include <stdio.h>

#include "base/text.h"
#include "twinhsm-emu.h"

const char *info_state(const struct emu_info *info)
{
	if (!info->initialised)
		return "factory new";
	if (!info->user_pin && info->so_tries != 0)
		return info->pka ? "registered keys log in" : "no user PIN";
	if (info->so_tries == 0)
		return info->user_tries == 0 ? "both PINs locked" : "SO-PIN locked";
	return info->user_tries == 0 ? "user PIN locked" : "ready";
}

char *info_uri(const struct emu_info *info)
{
	P11KitUri *uri = p11_kit_uri_new();
	CK_TOKEN_INFO *token;
	char *text = NULL;

	if (uri == NULL)
		return NULL;
	token = p11_kit_uri_get_token_info(uri);
	if (info->label[0] != '\0')
		text_pad(token->label, sizeof(token->label), rd_str(info->label));
	text_pad(token->serialNumber, sizeof(token->serialNumber), rd_str(info->serial));
	if (p11_kit_uri_format(uri, P11_KIT_URI_FOR_TOKEN, &text) != P11_KIT_URI_OK)
		text = NULL;
	p11_kit_uri_free(uri);
	return text;
}

int token_fail(const char *path, hsm_rc rc)
{
	return ui_fail("%s: %s", path, rc_text(rc));
}
