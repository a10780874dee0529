/* SQLite's connections and prepared statements, used again when the card they belonged to is gone:
 * making them is most of what a new card costs. The card's code is the same, and so are the bytes
 * it reads. Takes the place of functions of SQLite when linked (option --wrap). */
#ifndef TWINHSM_TESTS_FUZZ_REUSE_H
#define TWINHSM_TESTS_FUZZ_REUSE_H

/* From now on, for stores that are opened from bytes and by one thread at a time. */
void reuse_start(void);

#endif
