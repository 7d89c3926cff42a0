/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CKKS_EVAL_INTERNAL_H
#define SABLE_CKKS_EVAL_INTERNAL_H
/* Checks and pieces that several operations share. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ckks/noise.h"
#include "ckks/objects.h"
#include "ckks/tables.h"

/* Output, inputs alive; equal level, slots, key id, batches equal or one of them 1. */
sable_status sable_check_pair(sable_queue *queue, const sable_ct *out, const sable_ct *a, const sable_ct *b,
                              const char *name);
/* Refuses when bound*scale leaves Q_level/4: the plaintext would wrap around. */
sable_status sable_check_capacity(sable_queue *queue, const sable_ct *meta, const char *name);
/* What a + b says about itself: equal scales, bounds and noise added up; batch and parts the larger ones. The pair is
 * checked already. */
sable_status sable_sum_meta(sable_queue *queue, sable_ct *meta, const sable_ct *a, const sable_ct *b, const char *name);
/* What a sum of `terms` products of members of a and b, for each of `groups` members, says about itself, or the refusal of
 * operands that have not 2 parts or whose product the level does not hold. The pair is checked already. */
sable_status sable_tensor_meta(sable_queue *queue, sable_ct *meta, const sable_ct *a, const sable_ct *b,
                               uint32_t groups, uint32_t terms, const char *name);
/* Exactly `parts` parts. */
sable_status sable_check_parts(sable_queue *queue, const sable_ct *ct, uint32_t parts, const char *name);

/* Words for a result of shape *meta. keep: out's own buffer may be taken when its size fits (element-wise results, which may overwrite
 * an input word by word). */
sable_status sable_out_words(sable_queue *queue, uint32_t **data, const sable_ct *out, const sable_ct *meta, bool keep,
                             const char *name);
/* Takes `data` into out. */
static inline sable_status sable_finish(sable_queue *queue, sable_ct *out, sable_ct *meta, uint32_t *data,
                                        sable_status status) {
    if (status != SABLE_OK) {
        if (data != out->data) sable_words_release(queue, data);
        return status;
    }
    sable_ct_commit(queue, out, meta, data);
    return SABLE_OK;
}
static inline sable_limbs sable_meta_limbs(const sable_ctx *ctx, const sable_ct *meta, uint32_t *data) {
    const sable_level_tables *t = &ctx->level[meta->level];
    return sable_dense_limbs(ctx, data, t->pos, t->limbs, meta->parts, meta->batch);
}

sable_scale sable_scale_product(sable_scale a, sable_scale b);
/* Scale after a rescale from `level`. */
sable_scale sable_scale_rescaled(const sable_ctx *ctx, sable_scale s, uint32_t level);
static inline sable_dd sable_scale_dd(sable_scale s) { return (sable_dd){s.hi, s.lo}; }
/* Residues of round((re + i*im)*scale) on the limbs of a level, for mul_const and add_const. Any size that the level holds: beyond 2^118 the
 * constant is rounded to a multiple of a power of two, 2^-118 of itself. */
void sable_scalar_words(const sable_ctx *ctx, uint32_t *lo, uint32_t *hi, uint32_t level, double re, double im,
                        sable_dd scale);
/* sable_mul_scalar with the constant encoded at `scale`; objects and values are checked already. */
sable_status sable_mul_scalar_at(sable_queue *queue, sable_ct *out, const sable_ct *a, double re, double im,
                                 sable_scale scale);

/* One polynomial from slot values (encode.c): out is of one part and member, at any positions; values times the scale stay below 2^119. scratch: 6 numbers
 * a slot. */
sable_status sable_encode_member(sable_queue *queue, const sable_limbs *out, const double *z, bool is_complex,
                                 uint32_t slots, sable_scale scale, double *scratch);

/* -- key switching (keyswitch.c) ----------------------------------------------------------------------------------- */

/* The key for (kind, galois) that covers the level, or a refusal that says what is missing. */
sable_status sable_key_find(sable_queue *queue, const sable_evk **key, const sable_keyset *keys, sable_key_kind kind,
                            uint32_t galois, uint32_t level, const char *name);
/* Whether there is one; keys may be NULL. */
bool sable_key_covering(const sable_ctx *ctx, const sable_evk **key, const sable_keyset *keys, sable_key_kind kind,
                        uint32_t galois, uint32_t level);
/* Words of the digits of `batch` polynomials at a level, of their accumulator. */
size_t sable_digits_words(const sable_ctx *ctx, uint32_t level, uint32_t batch);
size_t sable_acc_words(const sable_ctx *ctx, uint32_t level, uint32_t batch);
/* acc (sable_acc_words, positions Q_l then P) = inner product of the digits of the one-part view c with the key, plus P*add
 * on the limbs of Q_l (add: 1 or 2 parts, or NULL). y: limbs*batch*N words of scratch. */
sable_status sable_key_switch(sable_queue *queue, uint32_t *acc, uint32_t *y, const sable_limbs *c,
                              const sable_evk *key, uint32_t level, const sable_limbs *add);
/* The two halves of sable_key_switch, for several keys on the same digits (sable_digits_words). acc: count * c->batch
 * members, those of a key together; at most SABLE_HOISTED_AT_ONCE keys: more would share the reading of the digits, and take memory. galois: NULL, or the
 * automorphism of each accumulator. */
#define SABLE_HOISTED_AT_ONCE 4u
sable_status sable_mod_up(sable_queue *queue, uint32_t *digits, uint32_t *y, const sable_limbs *c, uint32_t level);
sable_status sable_key_inner_many(sable_queue *queue, const sable_limbs *acc, uint32_t *digits, const sable_limbs *c,
                                  const sable_evk *const *key, const uint32_t *galois, uint32_t count, uint32_t level,
                                  const sable_limbs *add);
/* out (view on plan->out) = phi_galois(division of x) + add, x having at least plan->drop and the kept limbs; scratch:
 * sable_divide_words. galois != 1: out shares no memory with x. add: NULL, or a view like out, which may be out. */
size_t sable_divide_words(const sable_ctx *ctx, const sable_drop_plan *plan, uint32_t polys);
sable_status sable_divide(sable_queue *queue, const sable_limbs *out, const sable_limbs *x, const sable_drop_plan *plan,
                          uint32_t galois, const sable_limbs *add, uint32_t *scratch);

/* out = mod_down(key_switch(what), plan), the automorphism of its result and the sum with more, in one call of the backend
 * (sable_switch of backend.h). what: own and add, or a and b, and nothing else. out: 2 parts, as many members as the operands, positions of
 * the plan, shares no memory with them but for more, which is NULL or a view like out. SABLE_NO_MEMORY: out is as it was. */
sable_status sable_switch_down(sable_queue *queue, const sable_limbs *out, const sable_switch *what,
                               const sable_evk *key, uint32_t level, const sable_drop_plan *plan, uint32_t galois,
                               const sable_limbs *more);

#endif
