/* Memory for SQLite, which takes and gives back a thousand pieces for each card: lists of free
 * pieces by size. AddressSanitizer is told what is in use, so that it still sees whoever reads what
 * SQLite has given back, or beside it. */
#ifndef TWINHSM_TESTS_FUZZ_POOL_H
#define TWINHSM_TESTS_FUZZ_POOL_H

/* Before SQLite is first used; from then on one thread at a time may use it. */
void pool_use(void);

#endif
