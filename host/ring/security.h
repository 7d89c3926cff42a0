/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_RING_SECURITY_H
#define SABLE_RING_SECURITY_H
/* How large a modulus a key may have. Security belongs to each published key: its secret and the product of ALL
 * primes it is defined over. Everything is compared in whole bits of the exact product. Tables and their sources:
 * docs/PARAMETERS.md. */
#include <stdbool.h>
#include <stdint.h>

#include "base/shared.h"

typedef enum sable_security_model {
    SABLE_MODEL_CLASSICAL = 0, /* Bossuat et al. 2024 */
    SABLE_MODEL_PQ = 1         /* the lower of the 2018 standard and the 2024 script, both quantum */
} sable_security_model;

typedef enum sable_secret_kind {
    SABLE_SECRET_TERNARY = 0,   /* coefficients uniform in {-1,0,1} */
    SABLE_SECRET_EPHEMERAL = 1, /* sparse secret of bootstrapping; keys of two primes only */
    SABLE_SECRET_SPARSE = 2     /* sparse main secret: no published table, comparison runs only */
} sable_secret_kind;

typedef struct sable_security_query {
    sable_secret_kind secret;
    uint32_t weight; /* nonzero coefficients, sparse kinds only */
    uint32_t log_n;
    uint32_t modulus_bits;  /* exact bit length of the product of the key's primes */
    uint32_t security_bits; /* 128, 192, 256 */
    sable_security_model model;
    bool allow_sparse_main; /* without it SABLE_SECRET_SPARSE is refused */
} sable_security_query;

#define SABLE_EPHEMERAL_MODULUS_BITS 121
#define SABLE_EPHEMERAL_MIN_WEIGHT   32
#define SABLE_EPHEMERAL_MIN_LOG_N    15

/* Largest bit length for uniform ternary secrets; 0: the tables have no entry. */
uint32_t sable_security_bound(uint32_t log_n, uint32_t security_bits, sable_security_model model);
/* Name of the table that sable_security_bound reads. */
const char *sable_security_table(sable_security_model model);
/* SABLE_OK, or SABLE_INSECURE with the numbers. *bound (may be NULL) receives the largest allowed bit length, 0 when
 * none is allowed. */
SABLE_SHARED SABLE_CHECKED sable_status sable_security_check(const sable_security_query *query, uint32_t *bound,
                                                             sable_error *err);

#endif
