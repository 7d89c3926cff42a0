/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CKKS_ADJUST_H
#define SABLE_CKKS_ADJUST_H
/* Exact level changes l -> l' that may restore primes: c' = round(K*A*c / E), A = prod(Q_l' \ Q_l), E a subset of Q_l \ Q_l'. */
#include "ckks/tables.h"

typedef struct sable_adjust_factor {
    uint32_t drop_count;
    uint16_t drop[SABLE_MAX_Q]; /* the positions of E */
    sable_dd k;                 /* K = round(ratio*E/A), an exact integer */
    double rounding;            /* |K - ratio*E/A| / (ratio*E/A) */
} sable_adjust_factor;

/* E: the primes of Q_l \ Q_l' by decreasing prime, taken while ratio*E/A stays below 2^38, so that rounding K changes the scale by less than
 * 2^-39 where the chain allows. The order is part of the format: results are compared word for word. ratio: wanted new scale / old scale. */
void sable_adjust_choose(sable_adjust_factor *factor, const sable_params *params, uint32_t from, uint32_t to,
                         sable_dd ratio);

/* out = round(K*A*in/E) at the level and with the bound, scale, noise of *meta; 2 parts. The caller has checked the objects. */
sable_status sable_adjust_apply(sable_queue *queue, sable_ct *out, const sable_ct *in, sable_ct *meta,
                                const sable_adjust_factor *factor);

#endif
