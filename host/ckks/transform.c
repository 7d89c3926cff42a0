/* SPDX-License-Identifier: Apache-2.0 */
/* Linear maps with double hoisting. Modulo P*Q are: the baby steps V_b = phi_b(inner(digits of c1, key_b) + P (c0, 0)), the sums S_g of diagonals
 * times baby steps, and the sum of giant steps phi_g(inner(digits of S_g.1 / P, key_g) + (S_g.0, 0)). Divided by P are S_g.1 for every g != 0, and
 * the result, together with its rescale. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ckks/eval_internal.h"
#include "ckks/transform_plan.h"

struct sable_transform {
    sable_ctx *ctx;
    sable_diagonals *map;
    transform_plan plan;
    sable_pt *pt; /* a member a diagonal, positions of the level's Q and P, rotated back by its giant step */
};

/* Bytes of scratch that members of a batch share: a larger batch goes through in pieces. */
#define SCRATCH_BYTES ((size_t)1 << 28)

/* -- the object ---------------------------------------------------------------------------------------------------- */

static sable_status encode_diagonals(sable_queue *queue, const sable_transform *t, uint32_t *data, size_t part) {
    const sable_ctx *ctx = queue->ctx;
    const sable_level_tables *level = &ctx->level[t->plan.level];
    const size_t slots = t->map->slots, pair = t->map->is_complex ? 2 : 1;
    double *z = malloc(slots * pair * sizeof *z), *scratch = malloc(6 * slots * sizeof *scratch);
    sable_status status = SABLE_OK;
    if (!z || !scratch) status = SABLE_REFUSE(queue, SABLE_NO_MEMORY, "transform: no memory for %zu slots", slots);
    for (uint32_t i = 0; i < t->plan.diagonals && status == SABLE_OK; i++) {
        const sable_diagonal_values *d = &t->map->diagonal[i];
        const size_t giant = d->index & ~(t->plan.giant_step - 1); /* slot j holds what rot_g brings to slot j + g */
        memcpy(z + giant * pair, d->values, (slots - giant) * pair * sizeof *z);
        memcpy(z, d->values + (slots - giant) * pair, giant * pair * sizeof *z);
        const sable_limbs to =
            sable_dense_limbs(ctx, data + i * part, level->pos, level->limbs + ctx->params.p_count, 1, 1);
        status = sable_encode_member(queue, &to, z, t->map->is_complex, t->map->slots, t->plan.scale, scratch);
    }
    free(z);
    free(scratch);
    return status;
}

static sable_status encode(sable_queue *queue, sable_transform *t) {
    SABLE_TRY(sable_pt_create(&t->pt, t->ctx, &queue->error));
    const sable_pt meta = {.ctx = t->ctx,
                           .batch = t->plan.diagonals,
                           .level = t->plan.level,
                           .slots = t->map->slots,
                           .scale = t->plan.scale,
                           .bound = t->map->largest,
                           .rms = t->map->largest};
    transform_scratch s;
    transform_scratch_layout(&s, &t->plan, &t->ctx->params, 1);
    uint32_t *data;
    SABLE_TRY(sable_words_alloc(queue, &data, meta.batch * s.part, "the diagonals of a transform"));
    const sable_status status = encode_diagonals(queue, t, data, s.part);
    if (status == SABLE_OK)
        sable_pt_commit(queue, t->pt, &meta, data);
    else
        sable_words_release(queue, data);
    return status;
}

sable_status sable_transform_create(sable_queue *queue, sable_transform **out, sable_diagonals *diagonals,
                                    const sable_transform_options *options) {
    SABLE_TRY(sable_check_queue(queue));
    if (!out) return SABLE_REFUSE(queue, SABLE_INVALID, "sable_transform_create: out is NULL");
    sable_transform *t = calloc(1, sizeof *t);
    if (!t) return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "no memory for a transform");
    t->ctx = queue->ctx;
    sable_status status = transform_plan_make(&t->plan, diagonals, &t->ctx->params, options, &queue->error);
    if (status == SABLE_OK) {
        t->map = sable_diagonals_keep(diagonals);
        status = encode(queue, t);
    }
    if (status != SABLE_OK)
        sable_transform_destroy(queue, &t);
    else
        *out = t;
    return status;
}

void sable_transform_destroy(sable_queue *queue, sable_transform **transform) {
    if (!transform || !*transform) return;
    sable_transform *t = *transform;
    sable_pt_destroy(queue, &t->pt);
    transform_plan_free(&t->plan);
    sable_diagonals_destroy(&t->map);
    free(t);
    *transform = NULL;
}

sable_status sable_transform_describe(const sable_transform *transform, sable_transform_cost *cost) {
    if (!transform || !cost || cost->struct_size != sizeof *cost) return SABLE_INVALID;
    transform_cost_fill(cost, &transform->plan, &transform->ctx->params);
    return SABLE_OK;
}

/* -- checks -------------------------------------------------------------------------------------------------------- */

/* Keys of the steps: [babies], then [giants]; NULL for a step of 0. */
static sable_status find_keys(sable_queue *queue, const sable_evk **key, const sable_transform *t,
                              const sable_keyset *keys) {
    const transform_plan *p = &t->plan;
    char missing[300] = "";
    uint32_t count = 0;
    for (uint32_t i = 0; i < p->babies + p->giants; i++) {
        const uint32_t steps = i < p->babies ? p->baby[i] : p->giant[i - p->babies];
        const uint32_t galois = sable_galois_rotation(&t->ctx->params, steps, t->map->slots);
        if (galois == 1 || sable_key_covering(t->ctx, &key[i], keys, SABLE_KEY_GALOIS, galois, p->level)) continue;
        const size_t at = strlen(missing);
        if (at + 16 < sizeof missing) snprintf(missing + at, sizeof missing - at, "%s%u", count ? ", " : "", steps);
        count++;
    }
    if (count == 0) return SABLE_OK;
    return SABLE_REFUSE(queue, SABLE_NO_KEY,
                        "transform: of %u rotations %u have no key that covers level %u: by %s%s "
                        "(sable_transform_add_keys)",
                        transform_keyed(p->baby, p->babies) + transform_keyed(p->giant, p->giants), count, p->level,
                        missing, strlen(missing) + 16 < sizeof missing ? "" : ", ...");
}

static sable_status check(sable_queue *queue, const sable_ct *out, const sable_ct *in, const sable_transform *t,
                          const sable_keyset *keys) {
    SABLE_TRY(sable_check_out(queue, out));
    SABLE_TRY(sable_check_ct(queue, in, "the operand"));
    SABLE_TRY(sable_check_parts(queue, in, 2, "transform"));
    if (!t) return SABLE_REFUSE(queue, SABLE_INVALID, "the transform is NULL");
    SABLE_TRY(sable_check_pt(queue, t->pt, "the transform"));
    if (in->level != t->plan.level)
        return SABLE_REFUSE(queue, SABLE_LEVEL,
                            "transform: the diagonals are encoded for level %u, the operand is at %u", t->plan.level,
                            in->level);
    if (in->slots != t->map->slots)
        return SABLE_REFUSE(queue, SABLE_INVALID, "transform: diagonals of %u slots, an operand of %u", t->map->slots,
                            in->slots);
    if (keys && keys->ctx != queue->ctx)
        return SABLE_REFUSE(queue, SABLE_INVALID, "transform: the key set belongs to another context");
    if (keys && memcmp(keys->key_id, in->key_id, sizeof in->key_id) != 0)
        return SABLE_REFUSE(queue, SABLE_KEY_MISMATCH,
                            "transform: the key set is of another secret than the ciphertext");
    return SABLE_OK;
}

/* Errors of the baby steps meet the diagonals; those of a giant step are one key switch and one polynomial's rounding. */
static sable_status result_meta(sable_queue *queue, sable_ct *meta, const sable_ct *in, const sable_transform *t,
                                const sable_keyset *keys) {
    const sable_ctx *ctx = queue->ctx;
    const transform_plan *p = &t->plan;
    const double f2 = p->scale.hi * p->scale.hi, message = in->scale.hi * in->rms;
    const double key = sable_noise_key_switch(ctx, p->level), rounding = sable_noise_rounding(ctx, 2);
    *meta = *in;
    meta->scale = sable_scale_product(in->scale, p->scale);
    meta->bound = in->bound * t->map->bound;
    meta->rms = in->rms * sqrt(t->map->energy);
    SABLE_TRY(sable_check_capacity(queue, meta, "transform"));
    /* A diagonal of few slots has few coefficients that were rounded. */
    double e = p->diagonals * message * message / 12 * (2.0 * t->map->slots / ctx->params.n);
    e += f2 * (in->noise_var * t->map->energy + key * p->baby_energy);
    e += transform_keyed(p->giant, p->giants) * (key + rounding - 1.0 / 12);
    const double product = meta->scale.hi;
    meta->level = in->level - 1;
    meta->scale = sable_scale_rescaled(ctx, meta->scale, in->level);
    const double rho = product / meta->scale.hi;
    meta->noise_var = e / (rho * rho) + rounding;
    meta->insecure |= keys && keys->insecure;
    meta->seeded = false;
    return sable_check_capacity(queue, meta, "transform");
}

/* -- work ---------------------------------------------------------------------------------------------------------- */

/* One evaluation on members first .. first+batch-1. */
typedef struct work {
    sable_queue *queue;
    const sable_transform *t;
    const sable_level_tables *level;
    const sable_evk *const *key;
    const transform_scratch *s;
    uint32_t *slab;
    sable_limbs c0, c1;
} work;

/* An accumulator, or `count` that lie one after the other. */
static sable_limbs acc_at(const work *w, size_t at, uint32_t count) {
    const sable_ctx *ctx = w->queue->ctx;
    sable_limbs x = sable_dense_limbs(ctx, w->slab + at, w->level->pos, w->level->limbs + ctx->params.p_count, 2,
                                      count * w->c0.batch);
    x.part_stride = w->s->part;
    x.batch_stride = 2 * w->s->part;
    return x;
}

/* V_0 = P (c0, c1): 0 modulo the primes of P. */
static sable_status lift(const work *w, size_t at) {
    sable_queue *queue = w->queue;
    sable_limbs q = acc_at(w, at, 1), p = q, x = w->c0;
    q.limbs = w->level->limbs;
    p.limbs -= q.limbs;
    p.pos += q.limbs;
    p.data += q.limbs * p.limb_stride;
    x.parts = 2;
    SABLE_RUN(queue, mul_const(queue->handle, &q, &x, w->level->p_mod_q, NULL));
    SABLE_RUN(queue, zero(queue->handle, &p));
    return SABLE_OK;
}

static sable_status baby_steps(const work *w) {
    const transform_plan *p = &w->t->plan;
    const transform_scratch *s = w->s;
    uint32_t i = p->babies - transform_keyed(p->baby, p->babies);
    if (i) SABLE_TRY(lift(w, s->baby));
    if (i < p->babies) SABLE_TRY(sable_mod_up(w->queue, w->slab + s->digits, w->slab + s->y, &w->c1, p->level));
    while (i < p->babies) {
        const uint32_t left = p->babies - i, count = left < SABLE_HOISTED_AT_ONCE ? left : SABLE_HOISTED_AT_ONCE;
        uint32_t galois[SABLE_HOISTED_AT_ONCE];
        for (uint32_t k = 0; k < count; k++) galois[k] = w->key[i + k]->need.galois;
        const sable_limbs steps = acc_at(w, s->baby + i * s->acc, count);
        SABLE_TRY(sable_key_inner_many(w->queue, &steps, w->slab + s->digits, &w->c1, w->key + i, galois, count,
                                       p->level, &w->c0));
        i += count;
    }
    return SABLE_OK;
}

/* Sums of giant steps from .. from+count-1, one after the other from `at`. */
static sable_status sum_products(const work *w, size_t at, uint32_t from, uint32_t count) {
    sable_queue *queue = w->queue;
    const transform_plan *p = &w->t->plan;
    const sable_limbs out = acc_at(w, at, count), in = acc_at(w, w->s->baby, p->babies);
    sable_limbs pt = sable_dense_limbs(queue->ctx, w->t->pt->data, out.pos, out.limbs, 1, p->diagonals);
    pt.batch_stride = w->s->part;
    SABLE_RUN(queue, accumulate(queue->handle, &out, &in, &pt, p->which + (size_t)from * p->babies, p->babies));
    return SABLE_OK;
}

/* sum += phi_g(S_g); is_first: sum = that. */
static sable_status giant_step(const work *w, size_t at, const sable_evk *key, bool is_first) {
    sable_queue *queue = w->queue;
    const sable_ctx *ctx = queue->ctx;
    const transform_scratch *s = w->s;
    const sable_limbs all = acc_at(w, at, 1), s0 = sable_view_parts(all, 0, 1), s1 = sable_view_parts(all, 1, 1);
    const sable_limbs t = sable_dense_limbs(ctx, w->slab + s->t, w->level->pos, w->level->limbs, 1, w->c0.batch);
    SABLE_TRY(sable_divide(queue, &t, &s1, &w->level->down, 1, NULL, w->slab + s->y));
    SABLE_TRY(sable_key_switch(queue, w->slab + s->switched, w->slab + s->y, &t, key, w->t->plan.level, NULL));
    const sable_limbs switched =
        sable_dense_limbs(ctx, w->slab + s->switched, w->level->pos, all.limbs, 2, w->c0.batch);
    const sable_limbs first = sable_view_parts(switched, 0, 1);
    const sable_limbs sum = acc_at(w, s->sum, 1), turned = is_first ? sum : acc_at(w, s->turned, 1);
    SABLE_RUN(queue, add(queue->handle, &first, &first, &s0));
    SABLE_RUN(queue, automorphism(queue->handle, &turned, &switched, key->need.galois));
    if (!is_first) SABLE_RUN(queue, add(queue->handle, &sum, &sum, &turned));
    return SABLE_OK;
}

/* A giant step of 0 comes first, and its sum is where the result will be: right before those of the others. */
static sable_status giant_steps(const work *w) {
    const transform_plan *p = &w->t->plan;
    const transform_scratch *s = w->s;
    const uint32_t free_one = p->giants - transform_keyed(p->giant, p->giants);
    uint32_t done = 0;
    do {
        const uint32_t before = done == 0 ? free_one : 0, left = p->giants - done - before;
        const uint32_t count = left < s->at_once ? left : s->at_once;
        SABLE_TRY(sum_products(w, before ? s->sum : s->giants, done, before + count));
        for (uint32_t k = 0; k < count; k++) {
            const uint32_t giant = done + before + k;
            SABLE_TRY(giant_step(w, s->giants + k * s->acc, w->key[p->babies + giant], giant == 0));
        }
        done += before + count;
    } while (done < p->giants);
    return SABLE_OK;
}

static sable_status evaluate(const work *w, const sable_limbs *out) {
    SABLE_TRY(baby_steps(w));
    SABLE_TRY(giant_steps(w));
    const sable_limbs sum = acc_at(w, w->s->sum, 1);
    return sable_divide(w->queue, out, &sum, &w->level->down_rescale, 1, NULL, w->slab + w->s->y);
}

/* Members `first` .. of a view. */
static sable_limbs members(sable_limbs x, uint32_t first, uint32_t count) {
    x.data += first * x.batch_stride;
    x.batch = count;
    return x;
}

static sable_status evaluate_members(sable_queue *queue, const sable_limbs *out, const sable_ct *in,
                                     const sable_transform *t, const sable_evk *const *key) {
    transform_scratch s;
    transform_scratch_layout(&s, &t->plan, &t->ctx->params, 1);
    const size_t fit = SCRATCH_BYTES / (s.words * sizeof(uint32_t));
    const uint32_t at_once = fit < 1 ? 1 : fit < in->batch ? (uint32_t)fit : in->batch;
    transform_scratch_layout(&s, &t->plan, &t->ctx->params, at_once);
    work w = {queue, t, &queue->ctx->level[t->plan.level], key, &s, NULL, {0}, {0}};
    SABLE_TRY(sable_words_alloc(queue, &w.slab, s.words, "transform"));
    sable_status status = SABLE_OK;
    for (uint32_t b = 0; b < in->batch && status == SABLE_OK; b += at_once) {
        const uint32_t left = in->batch - b, count = left < at_once ? left : at_once;
        if (count != at_once) transform_scratch_layout(&s, &t->plan, &t->ctx->params, count);
        w.c0 = members(sable_ct_part(in, 0), b, count);
        w.c1 = members(sable_ct_part(in, 1), b, count);
        const sable_limbs to = members(*out, b, count);
        status = evaluate(&w, &to);
    }
    sable_words_release(queue, w.slab);
    return status;
}

sable_status sable_transform_apply(sable_queue *queue, sable_ct *out, const sable_ct *in,
                                   const sable_transform *transform, const sable_keyset *keys) {
    SABLE_TRY(check(queue, out, in, transform, keys));
    const transform_plan *p = &transform->plan;
    const sable_evk **key = calloc((size_t)p->babies + p->giants, sizeof *key);
    if (!key) return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "transform: no memory for %u steps", p->babies + p->giants);
    sable_ct meta;
    sable_status status = find_keys(queue, key, transform, keys);
    if (status == SABLE_OK) status = result_meta(queue, &meta, in, transform, keys);
    uint32_t *data;
    if (status == SABLE_OK) status = sable_out_words(queue, &data, out, &meta, out != in, "transform");
    if (status == SABLE_OK) {
        const sable_limbs to = sable_meta_limbs(queue->ctx, &meta, data);
        status = sable_finish(queue, out, &meta, data, evaluate_members(queue, &to, in, transform, key));
    }
    free(key);
    return status;
}
