/* SPDX-License-Identifier: Apache-2.0 */
/* Hybrid key switching: mod-up of the digits, inner product with the key, division by P (docs/ALGORITHMS.md, key switching).
 * Digits are fixed blocks of alpha positions of U, so one key serves every window that its hull contains. */
#include "ckks/eval_internal.h"

/* keys->key[i] is for that, at some levels. */
static bool serves(const sable_keyset *keys, size_t i, sable_key_kind kind, uint32_t galois) {
    return keys->key[i].need.kind == kind && keys->key[i].need.galois == galois;
}

bool sable_key_covering(const sable_ctx *ctx, const sable_evk **key, const sable_keyset *keys, sable_key_kind kind,
                        uint32_t galois, uint32_t level) {
    const sable_level_tables *t = &ctx->level[level];
    for (size_t i = 0; keys && i < keys->count; i++) {
        const sable_key_need *need = &keys->key[i].need;
        if (!serves(keys, i, kind, galois)) continue;
        if (need->first > t->first || need->first + need->limbs < t->first + t->limbs) continue;
        *key = &keys->key[i];
        return true;
    }
    return false;
}

sable_status sable_key_find(sable_queue *queue, const sable_evk **key, const sable_keyset *keys, sable_key_kind kind,
                            uint32_t galois, uint32_t level, const char *name) {
    if (!keys) return SABLE_REFUSE(queue, SABLE_NO_KEY, "%s: no key set given", name);
    if (keys->ctx != queue->ctx)
        return SABLE_REFUSE(queue, SABLE_INVALID, "%s: the key set belongs to another context", name);
    if (sable_key_covering(queue->ctx, key, keys, kind, galois, level)) return SABLE_OK;
    const sable_level_tables *t = &queue->ctx->level[level];
    const sable_evk *narrow = NULL;
    for (size_t i = 0; i < keys->count; i++)
        if (serves(keys, i, kind, galois)) narrow = &keys->key[i];
    if (narrow)
        return SABLE_REFUSE(queue, SABLE_NO_KEY,
                            "%s: the key covers positions %u..%u, level %u needs %u..%u: generate it for this level",
                            name, narrow->need.first, narrow->need.first + narrow->need.limbs - 1, level, t->first,
                            t->first + t->limbs - 1);
    if (kind == SABLE_KEY_RELIN)
        return SABLE_REFUSE(queue, SABLE_NO_KEY,
                            "%s: the key set has no relinearisation key (sable_key_spec_add_relin)", name);
    return SABLE_REFUSE(queue, SABLE_NO_KEY,
                        "%s: the key set has no key for Galois element %u (sable_key_spec_add_rotation)", name, galois);
}

size_t sable_acc_words(const sable_ctx *ctx, uint32_t level, uint32_t batch) {
    return (size_t)batch * 2 * (ctx->level[level].limbs + ctx->params.p_count) * ctx->params.n;
}

size_t sable_digits_words(const sable_ctx *ctx, uint32_t level, uint32_t batch) {
    return sable_acc_words(ctx, level, batch) / 2 * ctx->level[level].digits;
}

static sable_limbs acc_view(const sable_ctx *ctx, uint32_t *acc, uint32_t level, uint32_t batch) {
    const sable_level_tables *t = &ctx->level[level];
    return sable_dense_limbs(ctx, acc, t->pos, t->limbs + ctx->params.p_count, 2, batch);
}
static sable_limbs digits_view(const sable_ctx *ctx, uint32_t *digits, uint32_t level, uint32_t batch) {
    const sable_level_tables *t = &ctx->level[level];
    return sable_dense_limbs(ctx, digits, t->pos, t->limbs + ctx->params.p_count, t->digits, batch);
}

/* The level's limbs within the key: its window inside the hull, then P. Digits of the key start at the hull's first
 * block. slot: room for SABLE_MAX_LIMBS. */
static sable_limbs key_view(const sable_ctx *ctx, const sable_evk *key, uint32_t level, uint32_t batch,
                            uint16_t *slot) {
    const sable_level_tables *t = &ctx->level[level];
    for (uint32_t i = 0; i < t->limbs; i++) slot[i] = (uint16_t)(t->first - key->need.first + i);
    for (uint32_t i = 0; i < ctx->params.p_count; i++) slot[t->limbs + i] = (uint16_t)(key->need.limbs + i);
    sable_limbs kv = sable_dense_limbs(ctx, key->data, t->pos, key->need.limbs + ctx->params.p_count, 2 * t->digits, 1);
    kv.data += 2 * (size_t)(t->first_block - key->first_block) * kv.part_stride;
    kv.limbs = t->limbs + ctx->params.p_count;
    kv.slot = slot;
    kv.batch = batch;
    kv.batch_stride = 0;
    return kv;
}

/* y = INTT(c), each limb times the factor of its digit's conversion. */
static sable_status decompose(sable_queue *queue, uint32_t *y, sable_limbs *yv, const sable_limbs *c, uint32_t level) {
    const sable_level_tables *t = &queue->ctx->level[level];
    *yv = sable_dense_limbs(queue->ctx, y, t->pos, t->limbs, 1, c->batch);
    SABLE_RUN(queue, ntt_inverse(queue->handle, yv, c, t->mod_up_mult));
    return SABLE_OK;
}

sable_status sable_key_switch(sable_queue *queue, uint32_t *acc, uint32_t *y, const sable_limbs *c,
                              const sable_evk *key, uint32_t level, const sable_limbs *add) {
    const sable_ctx *ctx = queue->ctx;
    const sable_level_tables *t = &ctx->level[level];
    uint16_t slot[SABLE_MAX_LIMBS];
    sable_limbs yv, av = acc_view(ctx, acc, level, c->batch), kv = key_view(ctx, key, level, c->batch, slot);
    SABLE_TRY(decompose(queue, y, &yv, c, level));
    SABLE_RUN(queue, key_switch(queue->handle, &av, &yv, (const sable_basis *const *)t->mod_up, c, &kv,
                                ctx->params.alpha, t->first_block, add, t->p_mod_q));
    return SABLE_OK;
}

sable_status sable_mod_up(sable_queue *queue, uint32_t *digits, uint32_t *y, const sable_limbs *c, uint32_t level) {
    sable_limbs yv, dv = digits_view(queue->ctx, digits, level, c->batch);
    SABLE_TRY(decompose(queue, y, &yv, c, level));
    SABLE_RUN(queue, mod_up(queue->handle, &dv, &yv, (const sable_basis *const *)queue->ctx->level[level].mod_up));
    return SABLE_OK;
}

sable_status sable_key_inner_many(sable_queue *queue, const sable_limbs *acc, uint32_t *digits, const sable_limbs *c,
                                  const sable_evk *const *key, const uint32_t *galois, uint32_t count, uint32_t level,
                                  const sable_limbs *add) {
    const sable_ctx *ctx = queue->ctx;
    const sable_level_tables *t = &ctx->level[level];
    uint16_t slot[SABLE_HOISTED_AT_ONCE][SABLE_MAX_LIMBS];
    sable_limbs keys[SABLE_HOISTED_AT_ONCE];
    for (uint32_t k = 0; k < count; k++) keys[k] = key_view(ctx, key[k], level, c->batch, slot[k]);
    const sable_limbs dv = digits_view(ctx, digits, level, c->batch);
    SABLE_RUN(queue, key_inner_many(queue->handle, acc, &dv, c, keys, galois, count, ctx->params.alpha, t->first_block,
                                    add, t->p_mod_q));
    return SABLE_OK;
}

size_t sable_divide_words(const sable_ctx *ctx, const sable_drop_plan *plan, uint32_t polys) {
    return (size_t)polys * plan->drop_count * ctx->params.n;
}

sable_status sable_divide(sable_queue *queue, const sable_limbs *out, const sable_limbs *x, const sable_drop_plan *plan,
                          uint32_t galois, const sable_limbs *add, uint32_t *scratch) {
    sable_limbs y = sable_dense_limbs(queue->ctx, scratch, plan->drop, plan->drop_count, x->parts, x->batch);
    uint16_t slot[SABLE_MAX_LIMBS];
    const sable_limbs dropped = sable_view_at(*x, plan->drop, plan->drop_count, slot);
    SABLE_RUN(queue, ntt_inverse(queue->handle, &y, &dropped, plan->basis->y_mult));
    SABLE_RUN(queue, mod_down(queue->handle, out, &y, plan->basis, x, plan->x_mult, plan->e_mult, galois, add));
    return SABLE_OK;
}

sable_status sable_switch_down(sable_queue *queue, const sable_limbs *out, const sable_switch *what,
                               const sable_evk *key, uint32_t level, const sable_drop_plan *plan, uint32_t galois,
                               const sable_limbs *more) {
    const sable_ctx *ctx = queue->ctx;
    const sable_level_tables *t = &ctx->level[level];
    uint16_t slot[SABLE_MAX_LIMBS];
    const sable_limbs kv = key_view(ctx, key, level, out->batch, slot);
    sable_switch w = *what;
    w.y_mult = t->mod_up_mult;
    w.add_mult = t->p_mod_q;
    w.up = (const sable_basis *const *)t->mod_up;
    w.key = &kv;
    w.alpha = ctx->params.alpha;
    w.first_block = t->first_block;
    w.galois = galois;
    w.down = plan->basis;
    w.x_mult = plan->x_mult;
    w.e_mult = plan->e_mult;
    w.more = more;
    SABLE_RUN(queue, switch_down(queue->handle, out, &w));
    return SABLE_OK;
}
