/* What we accept at most from a card or an application, in bytes unless said otherwise. */
#ifndef TWINHSM_P15_LIMITS_H
#define TWINHSM_P15_LIMITS_H

enum {
	P15_FILE_MAX = 0xFFFF, /* offset of READ BINARY has two bytes */
	P15_FILES_MAX = 1024,  /* entries of ENUMERATE OBJECTS */
	P15_LABEL_MAX = 255,
	P15_ID_MAX = 255,
	P15_RECORD_MAX = 1024, /* a PRKD, CD, DCOD or TokenInfo that we write */
	P15_CHR_MAX = 16,
	P15_SERIAL_MAX = 16,
};

#endif
