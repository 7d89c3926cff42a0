/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CKKS_SELFTEST_H
#define SABLE_CKKS_SELFTEST_H
/* Compares every function of a backend's table with the portable path of the cpu backend, word by word, on the machine where
 * it runs: what a user does after installing a driver, a device or a release. */
#include "base/shared.h"
#include "ring/ring.h"

enum { SABLE_SELFTEST_LOG_N_LEAST = 4, SABLE_SELFTEST_LOG_N_MOST = 16, SABLE_SELFTEST_PATH = 96 };

/* Told of each comparison. difference: NULL when all words are equal, else which word differs. */
typedef void sable_selftest_tell(void *context, const char *function, uint32_t log_n, const char *difference);

/* backend: as in sable_ctx_options. Degrees 2^4, 2^8, 2^10 and every second one on to 2^log_n_most. *different = comparisons that found
 * one. *name and *path: which backend answered; path has room for SABLE_SELFTEST_PATH bytes. SABLE_INVALID, SABLE_NO_DEVICE, SABLE_NO_MEMORY;
 * SABLE_DEVICE with the sentence of the backend and the function at which it failed. */
SABLE_SHARED SABLE_CHECKED sable_status sable_selftest(const char *backend, uint32_t log_n_most, const char **name,
                                                       char *path, uint32_t *different, sable_selftest_tell *tell,
                                                       void *context, sable_error *err);

/* The same for a table that the caller has. */
SABLE_SHARED SABLE_CHECKED sable_status sable_selftest_table(const sable_backend *table, const char *device,
                                                             uint32_t log_n_most, char *path, uint32_t *different,
                                                             sable_selftest_tell *tell, void *context,
                                                             sable_error *err);

/* -- what the cases work on (selftest_cases.c) --------------------------------------------------------------------- */

/* Positions: 8 ciphertext primes in two digits of 4, then 4 special ones. */
enum { SELFTEST_Q = 8, SELFTEST_P = 4, SELFTEST_ALL = 12, SELFTEST_ALPHA = 4, SELFTEST_OPERANDS = 6 };

typedef struct selftest_side {
    const sable_backend *backend;
    void *state, *queue;
} selftest_side;

typedef struct selftest_world {
    selftest_side side[2]; /* the reference, then what is tested */
    sable_ring *ring;
    sable_basis *up[2], *down;
    uint32_t constant[2][64]; /* below every prime */
    double *coefficients;     /* [2][2 * n]: high and low parts */
    uint64_t random;
} selftest_world;

typedef enum selftest_limbs { SELFTEST_NONE, SELFTEST_OF_Q, SELFTEST_OF_P, SELFTEST_OF_ALL } selftest_limbs;

typedef struct selftest_operand {
    selftest_limbs limbs; /* SELFTEST_NONE ends the list */
    uint32_t parts, batch;
} selftest_operand;

/* The first operand is the output. extra: a number that the function gives beside it. */
typedef struct selftest_case {
    const char *function;
    selftest_operand operand[SELFTEST_OPERANDS + 1];
    sable_status (*call)(const selftest_world *world, const selftest_side *side, const sable_limbs *v, uint64_t *extra);
} selftest_case;
extern const selftest_case selftest_cases[];
extern const size_t selftest_case_count;

#endif
