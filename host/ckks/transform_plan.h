/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CKKS_TRANSFORM_PLAN_H
#define SABLE_CKKS_TRANSFORM_PLAN_H
/* Baby steps and giant steps of a linear map: diagonal d = giant + baby. */
#include "ckks/diagonals.h"

/* Giant steps whose sums are made at once: the baby steps are read from memory once for all of them. Also what a giant
 * step costs in units of a baby step, when the giant step is chosen: it has the division of a polynomial and its digits
 * to make beside the product with the key. */
enum { TRANSFORM_GIANTS_AT_ONCE = 4, TRANSFORM_GIANT_COST = 3 };

typedef struct transform_plan {
    uint32_t level, giant_step;
    sable_scale scale;
    uint32_t diagonals, babies, giants; /* steps of 0 included */
    uint32_t *baby, *giant;             /* increasing: a step of 0 comes first */
    uint32_t *which;                    /* [giants][babies]: diagonal, or SABLE_ABSENT */
    double baby_energy;                 /* of the diagonals with a baby step other than 0 */
} transform_plan;

/* Checks options against params and map. Freed with transform_plan_free, also after a failure. */
sable_status transform_plan_make(transform_plan *plan, const sable_diagonals *map, const sable_params *params,
                                 const sable_transform_options *options, sable_error *err);
void transform_plan_free(transform_plan *plan);
static inline uint32_t transform_keyed(const uint32_t *step, uint32_t count) { return count - (count && step[0] == 0); }

/* Words between polynomials that are summed together, beyond their length: a multiple of 4 KiB apart, equal words of all of them would
 * compete for a few lines of every cache. 128-byte aligned. */
enum { TRANSFORM_SKEW = 1056 };

/* Scratch of an evaluation of `batch` members, in words from the start of one block. An accumulator has two parts modulo P*Q for each member. */
typedef struct transform_scratch {
    size_t part;   /* words from a part to the next: of accumulators, and of diagonals */
    size_t acc;    /* words of an accumulator */
    size_t baby;   /* [babies] accumulators: rot_b(x) */
    size_t sum;    /* the result before the last division */
    size_t giants; /* [at_once] accumulators, right behind sum */
    uint32_t at_once;
    size_t digits;              /* of x, while the baby steps are made */
    size_t switched, turned, t; /* of a giant step */
    size_t y;                   /* of mod-up and divisions */
    size_t words;
} transform_scratch;
void transform_scratch_layout(transform_scratch *s, const transform_plan *plan, const sable_params *params,
                              uint32_t batch);

void transform_cost_fill(sable_transform_cost *cost, const transform_plan *plan, const sable_params *params);

#endif
