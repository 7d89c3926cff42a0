/* SPDX-License-Identifier: Apache-2.0 */
/* Key switching and division, counted: beside each function of backend_switch.c, backend_hoist.c and backend_switch_down.c what it does. */
#include "base/fail.h"
#include "cpu/tally_impl.h"

/* Conversions and transforms of the digits of `members` polynomials. */
static void count_digits(void *queue, const sable_basis *const *up, uint32_t digits, uint32_t members) {
    const double words = (double)members * tally_cpu(queue)->ring->n;
    for (uint32_t j = 0; j < digits; j++) {
        tally_count(queue, SABLE_WORK_CONVERT, words * up[j]->src_count * up[j]->dst_count);
        tally_count(queue, SABLE_WORK_UP, words * up[j]->dst_count);
    }
}

sable_status tally_mod_up(void *queue, const sable_limbs *digits, const sable_limbs *y, const sable_basis *const *up) {
    tally_called(queue);
    (void)y;
    tally_pass(queue, cpu_mod_up_bytes(tally_cpu(queue), up, digits->parts));
    count_digits(queue, up, digits->parts, digits->batch);
    return SABLE_OK;
}
static void count_inner(void *queue, const sable_limbs *acc, uint32_t digits, const sable_limbs *add) {
    tally_count(queue, SABLE_WORK_INNER, tally_words(queue, acc) / 2 * digits);
    if (add) tally_count(queue, SABLE_WORK_SUM, tally_words(queue, add));
}
sable_status tally_key_inner(void *queue, const sable_limbs *acc, const sable_limbs *digits, const sable_limbs *own,
                             const sable_limbs *key, uint32_t alpha, uint32_t first_block, const sable_limbs *add,
                             const uint32_t *add_mult) {
    tally_called(queue);
    (void)own, (void)key, (void)alpha, (void)first_block, (void)add_mult;
    count_inner(queue, acc, digits->parts, add);
    return SABLE_OK;
}
sable_status tally_key_inner_many(void *queue, const sable_limbs *acc, const sable_limbs *digits,
                                  const sable_limbs *own, const sable_limbs *keys, const uint32_t *galois,
                                  uint32_t keys_count, uint32_t alpha, uint32_t first_block, const sable_limbs *add,
                                  const uint32_t *add_mult) {
    tally_called(queue);
    (void)own, (void)keys, (void)alpha, (void)first_block, (void)add_mult;
    tally_pass(queue, cpu_key_inner_many_bytes(tally_cpu(queue), galois, keys_count));
    sable_limbs one = *acc;
    one.batch = digits->batch;
    for (uint32_t k = 0; k < keys_count; k++) {
        count_inner(queue, &one, digits->parts, add);
        if (galois && galois[k] != 1) tally_count(queue, SABLE_WORK_ELEMENT, tally_words(queue, &one));
    }
    return SABLE_OK;
}
sable_status tally_accumulate(void *queue, const sable_limbs *out, const sable_limbs *in, const sable_limbs *pt,
                              const uint32_t *which, uint32_t terms) {
    tally_called(queue);
    (void)pt;
    const uint32_t members = in->batch / terms, groups = out->batch / members;
    sable_limbs one = *out; /* a pair of parts costs what a digit times the two halves of a key does */
    one.batch = members;
    one.parts = (out->parts + 1) / 2;
    for (size_t k = 0; k < (size_t)groups * terms; k++)
        if (which[k] != SABLE_ABSENT) tally_count(queue, SABLE_WORK_INNER, tally_words(queue, &one));
    return SABLE_OK;
}
sable_status tally_key_switch(void *queue, const sable_limbs *acc, const sable_limbs *y, const sable_basis *const *up,
                              const sable_limbs *own, const sable_limbs *key, uint32_t alpha, uint32_t first_block,
                              const sable_limbs *add, const uint32_t *add_mult) {
    tally_called(queue);
    (void)y, (void)own, (void)alpha, (void)first_block, (void)add_mult;
    const uint32_t digits = key->parts / 2;
    tally_pass(queue, cpu_key_switch_bytes(tally_cpu(queue), acc, up, digits));
    count_digits(queue, up, digits, acc->batch);
    count_inner(queue, acc, digits, add);
    return SABLE_OK;
}
sable_status tally_ntt_mod_down(void *queue, const sable_limbs *out, const sable_limbs *e, const sable_limbs *x,
                                const uint32_t *x_mult, const uint32_t *e_mult) {
    tally_called(queue);
    (void)x, (void)x_mult, (void)e_mult;
    tally_count(queue, SABLE_WORK_FORWARD, tally_words(queue, e));
    tally_count(queue, SABLE_WORK_DOWN, tally_words(queue, out));
    return SABLE_OK;
}
sable_status tally_mod_down(void *queue, const sable_limbs *out, const sable_limbs *y, const sable_basis *basis,
                            const sable_limbs *x, const uint32_t *x_mult, const uint32_t *e_mult, uint32_t galois,
                            const sable_limbs *add) {
    (void)y;
    tally_pass(queue, cpu_mod_down_bytes(tally_cpu(queue), out, basis, add));
    tally_count(queue, SABLE_WORK_CONVERT, tally_words(queue, out) * basis->src_count);
    if (galois != 1) tally_count(queue, SABLE_WORK_ELEMENT, tally_words(queue, out));
    if (add) tally_count(queue, SABLE_WORK_SUM, tally_words(queue, out));
    return tally_ntt_mod_down(queue, out, out, x, x_mult, e_mult);
}

/* The calls that cpu_switch_down makes, within its memory. */
sable_status tally_switch_down(void *queue, const sable_limbs *out, const sable_switch *w) {
    const cpu_switch_room room = cpu_switch_room_of(tally_cpu(queue), out, w);
    sable_tally *tally = &((tally_queue *)queue)->state->tally;
    const size_t scratch = cpu_pool_counts(room.bytes),
                 product = room.product_bytes ? cpu_pool_counts(room.product_bytes) : 0;
    tally->live += scratch + product;
    sable_tally_scratch(tally, 0);
    sable_limbs add = room.product;
    add.parts = 2;
    if (product) SABLE_TRY(tally_tensor(queue, &room.product, w->a, 0, w->b, 0, 1));
    SABLE_TRY(tally_inverse(queue, &room.y, &room.y, w->y_mult));
    SABLE_TRY(tally_key_switch(queue, &room.acc, &room.y, w->up, &room.y, w->key, w->alpha, w->first_block,
                               product ? &add : w->add, w->add_mult));
    tally->live -= product;
    SABLE_TRY(tally_inverse(queue, &room.divided, &room.divided, w->down->y_mult));
    SABLE_TRY(tally_mod_down(queue, out, &room.divided, w->down, &room.acc, w->x_mult, w->e_mult, w->galois, w->more));
    tally->live -= scratch;
    return SABLE_OK;
}
