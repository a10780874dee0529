/* PKCS#15 description records of the card (PKCS#15 v1.1 sections 6.3 to 6.8, in the dialect of
 * OpenSC and the SmartCard shell). Parsed structs borrow from the record's bytes; parsers stop
 * at the outer length, tolerate what they need not know, and answer HSM_E_CARD_DATA otherwise. */
#ifndef TWINHSM_P15_P15_H
#define TWINHSM_P15_P15_H

#include "base/wr.h"
#include "p15/limits.h"

enum p15_usage {
	P15_ENCRYPT = 1 << 0,
	P15_DECRYPT = 1 << 1,
	P15_SIGN = 1 << 2,
	P15_SIGN_RECOVER = 1 << 3,
	P15_WRAP = 1 << 4,
	P15_UNWRAP = 1 << 5,
	P15_VERIFY = 1 << 6,
	P15_VERIFY_RECOVER = 1 << 7,
	P15_DERIVE = 1 << 8,
	P15_NON_REPUDIATION = 1 << 9,
};

enum p15_access {
	P15_SENSITIVE = 1 << 0,
	P15_EXTRACTABLE = 1 << 1,
	P15_ALWAYS_SENSITIVE = 1 << 2,
	P15_NEVER_EXTRACTABLE = 1 << 3,
	P15_LOCAL = 1 << 4,
	/* a key pair made on the card, which all are whose description does not say */
	P15_CARD_KEY = P15_SENSITIVE | P15_ALWAYS_SENSITIVE | P15_NEVER_EXTRACTABLE | P15_LOCAL,
};

enum p15_flags {
	P15_PRIVATE = 1 << 0,
	P15_MODIFIABLE = 1 << 1,
};

enum p15_key_type { P15_RSA = 0x30, P15_EC = 0xA0, P15_AES = 0xA8 };

/* PRKD or SKD, EF C4kk. */
struct p15_key {
	enum p15_key_type type;
	struct rd label; /* UTF-8 */
	struct rd id;
	uint16_t usage;    /* enum p15_usage */
	uint16_t access;   /* enum p15_access; 0 when absent */
	uint16_t flags;    /* enum p15_flags; 0 when absent */
	uint8_t reference; /* key reference; 0 when absent */
	uint16_t bits;     /* RSA modulus, EC field (528 reads as 521) or AES key; 0 if absent */
	struct rd subject; /* DER Name, whole; empty when absent */
};

HSM_MUST hsm_rc p15_key_parse(struct rd record, struct p15_key *out);

/* As OpenSC writes it: flags 06C0 and authId 01 always, access flags when not 0, reference when
 * not 0, subject when there is one and the key is no secret key. HSM_E_SMALL. */
HSM_MUST hsm_rc p15_key_build(const struct p15_key *key, struct wr *w);

/* CD, EF C8nn: a certificate without a key. */
struct p15_cert {
	struct rd label;
	struct rd id;
	uint16_t fid; /* where the certificate is: CAnn */
};

HSM_MUST hsm_rc p15_cert_parse(struct rd record, struct p15_cert *out);
HSM_MUST hsm_rc p15_cert_build(const struct p15_cert *cert, struct wr *w);

/* DCOD, EF C9nn: a data object. */
struct p15_data {
	struct rd label;
	struct rd application;
	struct rd oid; /* body of the OBJECT IDENTIFIER; empty when absent */
	bool is_private;
	uint16_t fid; /* CDnn or CFnn */
};

HSM_MUST hsm_rc p15_data_parse(struct rd record, struct p15_data *out);
HSM_MUST hsm_rc p15_data_build(const struct p15_data *data, struct wr *w);

/* TokenInfo, EF 2F03: the label. */
HSM_MUST hsm_rc p15_tokeninfo_parse(struct rd record, struct rd *label);
HSM_MUST hsm_rc p15_tokeninfo_build(struct rd label, struct wr *w);

#endif
