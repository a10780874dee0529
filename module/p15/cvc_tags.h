/* Data objects of card-verifiable certificates (BSI TR-03110-3 appendix D.2). */
#ifndef TWINHSM_P15_CVC_TAGS_H
#define TWINHSM_P15_CVC_TAGS_H

#define CVC_ID_TA_RSA   "\x04\x00\x7F\x00\x07\x02\x02\x02\x01"
#define CVC_ID_TA_ECDSA "\x04\x00\x7F\x00\x07\x02\x02\x02\x02"

enum cvc_tag {
	CVC_REQUEST = 0x67,
	CVC_CERT = 0x7F21,
	CVC_BODY = 0x7F4E,
	CVC_PROFILE = 0x5F29,
	CVC_CAR = 0x42,
	CVC_KEY = 0x7F49,
	CVC_CHR = 0x5F20,
	CVC_HOLDER_AUTH = 0x7F4C, /* certificate holder authorization template */
	CVC_ROLE_BITS = 0x53,
	CVC_EFFECTIVE = 0x5F25,
	CVC_EXPIRY = 0x5F24,
	CVC_EXTENSIONS = 0x65,
	CVC_SIGNATURE = 0x5F37,
	CVC_OID = 0x06,
};

/* Inside CVC_KEY; RSA uses the first two numbers for modulus and exponent. */
enum cvc_key_tag {
	CVC_RSA_BITS = 0x02,
	CVC_RSA_MODULUS = 0x81,
	CVC_RSA_EXPONENT = 0x82,
	CVC_EC_P = 0x81,
	CVC_EC_A,
	CVC_EC_B,
	CVC_EC_G,
	CVC_EC_ORDER,
	CVC_EC_POINT,
	CVC_EC_COFACTOR,
};

#endif
