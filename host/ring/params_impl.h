/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_RING_PARAMS_IMPL_H
#define SABLE_RING_PARAMS_IMPL_H
/* The fields of a parameter set, read by every layer and written by ring/params*.c only. */
#include "base/dd.h"
#include "sable/backend.h"
#include "sable/params.h"

#define SABLE_MAX_LEVELS 64

/* Bootstrapping plan as the file gives it (all 0 when absent). */
typedef struct sable_boot_plan {
    uint32_t stc_levels, em_levels, cts_levels; /* from low to high, above the application levels */
    uint32_t k, double_angle, degree;           /* EvalMod: |I| <= k, r doublings, even degree */
    uint32_t ephemeral_weight;
    uint32_t cts_radix[8], stc_radix[8]; /* log2 radices in order of application */
} sable_boot_plan;

struct sable_params {
    char name[32];
    uint32_t log_n, n;
    uint32_t terminals; /* T: U starts with t_{T-1}..t_0 */
    uint32_t q_count, p_count;
    uint32_t prime[SABLE_MAX_LIMBS]; /* U then P */
    uint32_t top_level;
    uint8_t nt[SABLE_MAX_LEVELS], nm[SABLE_MAX_LEVELS];
    sable_dd scale[SABLE_MAX_LEVELS];
    uint32_t alpha, digits;
    bool insecure;
    uint32_t modulus_bits, security_bits, security_bound;
    uint32_t security_model; /* sable_security_model of ring/security.h */
    sable_boot_plan boot;
    uint8_t digest[SABLE_DIGEST_BYTES], chain_sha256[SABLE_DIGEST_BYTES];
};

/* First position and number of limbs of the window of a level. */
static inline uint32_t sable_window_first(const sable_params *p, uint32_t level) { return p->terminals - p->nt[level]; }
static inline uint32_t sable_window_limbs(const sable_params *p, uint32_t level) {
    return (uint32_t)p->nt[level] + p->nm[level];
}

#endif
