/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CKKS_ENCODER_GARNER_H
#define SABLE_CKKS_ENCODER_GARNER_H
/* Mixed-radix conversion of residues, block by block. The value modulo D = p_0 ... p_{k-1} is
 * v = d_0 + d_1 p_0 + d_2 p_0 p_1 + ... with 0 <= d_i < p_i. D is odd, so (D-1)/2 has the digits (p_i - 1)/2, and
 * v > (D-1)/2, the negative half of the centred range, is a lexicographic comparison from the top digit down. Then
 * D - v = 1 + (the number with digits p_i - 1 - d_i): no borrow. */
#include <stddef.h>
#include <stdint.h>

#include "base/dd.h"
#include "base/shared.h"
#include "ring/ring.h"

#define SABLE_GARNER_MAX   54 /* digits: 2^19 < p, D < 2^1000 */
#define SABLE_GARNER_BLOCK 128u

typedef struct sable_garner_factor {
    uint32_t w, shoup;
} sable_garner_factor;

typedef struct sable_garner {
    uint32_t used, extra; /* limbs that determine the value, limbs that check it */
    uint32_t p[SABLE_GARNER_MAX];
    uint32_t cover[SABLE_GARNER_MAX]; /* least multiple of p_i above 2^30: keeps differences positive */
    sable_garner_factor *inverse;     /* [used][used]: (i,j), j < i: p_j^-1 mod p_i */
    sable_garner_factor *weight;      /* [extra][used]: p_0 ... p_{i-1} mod the extra prime */
    const uint32_t *extra_p;          /* [extra] */
    const uint32_t *extra_d;          /* [extra]: D mod the extra prime */
    sable_dd inverse_scale;
} sable_garner;

/* Holds secret values: wiped by the caller. */
typedef struct sable_garner_work {
    uint32_t digit[SABLE_GARNER_MAX][SABLE_GARNER_BLOCK];
    uint32_t negative[SABLE_GARNER_BLOCK], sum[SABLE_GARNER_BLOCK], bad[SABLE_GARNER_BLOCK],
        residue[SABLE_GARNER_BLOCK];
    double hi[SABLE_GARNER_BLOCK], lo[SABLE_GARNER_BLOCK];
} sable_garner_work;

/* Constants for limbs pos[0..limbs), the first `used` of which determine the value. SABLE_INVALID if they cannot. */
SABLE_CHECKED sable_status sable_garner_init(sable_garner *g, const sable_ring *ring, const uint16_t *pos,
                                             uint32_t limbs, uint32_t used, sable_dd scale, sable_error *err);
void sable_garner_free(sable_garner *g);

/* coeff[0..count) from the coefficients first .. first + count - 1 of x, count <= SABLE_GARNER_BLOCK. Returns the
 * number of inconsistent ones. */
typedef size_t sable_garner_block(const sable_garner *g, sable_garner_work *work, double *coeff,
                                  const uint32_t *const *x, size_t stride, size_t first, size_t count);
/* Implementation `index` (0 = portable), NULL if the processor or the build lacks it. */
SABLE_SHARED sable_garner_block *sable_garner_block_at(uint32_t index);
#define SABLE_GARNER_KERNELS 3

#endif
