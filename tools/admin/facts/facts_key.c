#include <stdio.h>

#include "facts_object.h"

/* The card's algorithms (specs/card-commands.md). */
static const struct {
	uint8_t alg;
	const char *name;
} algorithms[] = {
	{ ALG_AES_CBC_ENCRYPT, "AES-CBC encrypt" },
	{ ALG_AES_CBC_DECRYPT, "AES-CBC decrypt" },
	{ ALG_AES_CMAC, "AES-CMAC" },
	{ 0x99, "AES derive" },
	{ ALG_RSA_RAW, "RSA raw" },
	{ ALG_RSA_DECRYPT_RAW, "RSA decrypt raw" },
	{ ALG_RSA_DECRYPT_PKCS1, "RSA decrypt PKCS1" },
	{ ALG_RSA_DECRYPT_OAEP, "RSA decrypt OAEP" },
	{ ALG_RSA_PKCS1, "RSA-PKCS1" },
	{ ALG_RSA_PKCS1_SHA1, "RSA-PKCS1 SHA1" },
	{ ALG_RSA_PKCS1_SHA224, "RSA-PKCS1 SHA224" },
	{ ALG_RSA_PKCS1_SHA256, "RSA-PKCS1 SHA256" },
	{ ALG_RSA_PKCS1_SHA384, "RSA-PKCS1 SHA384" },
	{ ALG_RSA_PKCS1_SHA512, "RSA-PKCS1 SHA512" },
	{ ALG_RSA_PSS, "RSA-PSS" },
	{ ALG_RSA_PSS_SHA1, "RSA-PSS SHA1" },
	{ ALG_RSA_PSS_SHA224, "RSA-PSS SHA224" },
	{ ALG_RSA_PSS_SHA256, "RSA-PSS SHA256" },
	{ ALG_RSA_PSS_SHA384, "RSA-PSS SHA384" },
	{ ALG_RSA_PSS_SHA512, "RSA-PSS SHA512" },
	{ ALG_ECDSA, "ECDSA" },
	{ ALG_ECDSA_SHA1, "ECDSA SHA1" },
	{ ALG_ECDSA_SHA224, "ECDSA SHA224" },
	{ ALG_ECDSA_SHA256, "ECDSA SHA256" },
	{ ALG_ECDSA_SHA384, "ECDSA SHA384" },
	{ ALG_ECDSA_SHA512, "ECDSA SHA512" },
	{ ALG_ECDH, "ECDH" },
	{ 0x83, "authenticate" },
	{ ALG_XKEK, "XKEK" },
	{ ALG_WRAP, "wrap" },
	{ ALG_UNWRAP, "unwrap" },
	{ ALG_EC_DERIVE, "EC derive" },
};

static json_t *algorithm_name(uint8_t alg)
{
	char number[8];

	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		if (algorithms[i].alg == alg)
			return json_string(algorithms[i].name);
	}
	snprintf(number, sizeof(number), "0x%02X", alg);
	return json_string(number);
}

static json_t *allowed(const struct card_key_info *info)
{
	json_t *out = json_array();

	for (size_t i = 0; i < info->algs_n; i++)
		json_array_append_new(out, algorithm_name(info->algs[i]));
	if (info->algs_n == 0)
		json_array_append_new(out, json_string("all"));
	return out;
}

hsm_rc facts_key_rules(struct card_lane *lane, uint8_t kid, json_t *out)
{
	struct card_key_info info;

	TRY(card_key_info(lane, kid, &info));
	if (info.has_uses)
		json_object_set_new(out, "uses_left", json_integer(info.uses));
	json_object_set_new(out, "allowed_algorithms", allowed(&info));
	if (info.has_domain)
		json_object_set_new(out, "key_domain", json_integer(info.domain));
	return HSM_OK;
}
