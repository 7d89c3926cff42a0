/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CKKS_PRICE_STAGE_H
#define SABLE_CKKS_PRICE_STAGE_H
/* Where work is timed to know its price. */
#include "ckks/price.h"
#include "ring/ring.h"

/* A backend on a ring of its own, and words that are below every prime. */
typedef struct price_stage {
    const sable_backend *cpu;
    sable_ring *ring;
    void *state, *queue;
    uint32_t *words;
    size_t count;                  /* of words */
    uint16_t pos[SABLE_MAX_LIMBS]; /* the positions 0, 1, 2, .. */
    uint32_t one[SABLE_MAX_LIMBS];
    sable_status status; /* of the first timed call that failed */
} price_stage;

/* On failure too price_stage_close gives back what there is. */
sable_status price_stage_open(price_stage *s, const sable_params *params, size_t words,
                              const sable_backend_options *options, sable_error *err);
void price_stage_close(price_stage *s);

/* limbs x parts x batch polynomials' limbs, dense, `skip` limbs behind the first word. */
sable_limbs price_view(const price_stage *s, size_t skip, uint32_t limbs, uint32_t parts, uint32_t batch);
/* What a timed call says. */
void price_note(price_stage *s, sable_status status);
/* Seconds of job(arg), which works on the stage; the jobs before left residues of other primes there. */
double price_time(void (*job)(void *), price_stage *s, void *arg);

/* Adds the prices of transforms inside key switches and divisions, SABLE_WORK_UP and SABLE_WORK_DOWN, to the others, which
 * must be there. */
sable_status price_switches(sable_prices *prices, const sable_params *params, const sable_backend_options *options,
                            sable_error *err);

#endif
