/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CPU_TALLY_IMPL_H
#define SABLE_CPU_TALLY_IMPL_H
/* What the files of the counting backend share. */
#include "cpu/backend_impl.h"
#include "cpu/tally.h"

typedef struct reserved {
    struct reserved *next;
    char *address;
    size_t bytes, counted;
} reserved;

typedef struct tally_state {
    sable_tally tally;
    cpu_state cpu; /* ring, kernels and threads of the backend that is stood for */
    reserved *all;
} tally_state;

typedef struct tally_queue {
    tally_state *state;
    sable_error err;
} tally_queue;

static inline const cpu_state *tally_cpu(void *queue) { return &((tally_queue *)queue)->state->cpu; }
static inline void tally_count(void *queue, sable_work work, double amount) {
    ((tally_queue *)queue)->state->tally.work[work] += amount;
}
static inline void tally_called(void *queue) { tally_count(queue, SABLE_WORK_CALL, 1); }
static inline double tally_words(void *queue, const sable_limbs *v) {
    return (double)v->batch * v->parts * v->limbs * tally_cpu(queue)->ring->n;
}
/* Memory that a function takes while it runs. */
static inline void tally_pass(void *queue, size_t bytes) {
    if (bytes == 0) return;
    sable_tally *tally = &((tally_queue *)queue)->state->tally;
    const size_t counted = cpu_pool_counts(bytes);
    tally->live += counted;
    sable_tally_scratch(tally, 0);
    tally->live -= counted;
}

/* Functions of the table that several files need (sable/backend.h). */
sable_status tally_inverse(void *queue, const sable_limbs *out, const sable_limbs *in, const uint32_t *mult);
sable_status tally_tensor(void *queue, const sable_limbs *out, const sable_limbs *a, size_t a_term_stride,
                          const sable_limbs *b, size_t b_term_stride, uint32_t terms);
/* tally_switch.c */
sable_status tally_mod_up(void *queue, const sable_limbs *digits, const sable_limbs *y, const sable_basis *const *up);
sable_status tally_key_inner(void *queue, const sable_limbs *acc, const sable_limbs *digits, const sable_limbs *own,
                             const sable_limbs *key, uint32_t alpha, uint32_t first_block, const sable_limbs *add,
                             const uint32_t *add_mult);
sable_status tally_key_inner_many(void *queue, const sable_limbs *acc, const sable_limbs *digits,
                                  const sable_limbs *own, const sable_limbs *keys, const uint32_t *galois,
                                  uint32_t keys_count, uint32_t alpha, uint32_t first_block, const sable_limbs *add,
                                  const uint32_t *add_mult);
sable_status tally_accumulate(void *queue, const sable_limbs *out, const sable_limbs *in, const sable_limbs *pt,
                              const uint32_t *which, uint32_t terms);
sable_status tally_key_switch(void *queue, const sable_limbs *acc, const sable_limbs *y, const sable_basis *const *up,
                              const sable_limbs *own, const sable_limbs *key, uint32_t alpha, uint32_t first_block,
                              const sable_limbs *add, const uint32_t *add_mult);
sable_status tally_ntt_mod_down(void *queue, const sable_limbs *out, const sable_limbs *e, const sable_limbs *x,
                                const uint32_t *x_mult, const uint32_t *e_mult);
sable_status tally_mod_down(void *queue, const sable_limbs *out, const sable_limbs *y, const sable_basis *basis,
                            const sable_limbs *x, const uint32_t *x_mult, const uint32_t *e_mult, uint32_t galois,
                            const sable_limbs *add);
sable_status tally_switch_down(void *queue, const sable_limbs *out, const sable_switch *w);

#endif
