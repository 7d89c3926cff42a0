/* SPDX-License-Identifier: Apache-2.0 */
/* Divisions: rescale, relinearisation, both at once. */
#include "ckks/eval_internal.h"

sable_status sable_rescale(sable_queue *queue, sable_ct *out, const sable_ct *in) {
    SABLE_TRY(sable_check_out(queue, out));
    SABLE_TRY(sable_check_ct(queue, in, "the operand"));
    if (in->level == 0)
        return SABLE_REFUSE(queue, SABLE_LEVEL,
                            "rescale at level 0: no prime is left to divide by; start at a higher level or bootstrap");
    sable_ctx *ctx = queue->ctx;
    const sable_drop_plan *plan = &ctx->level[in->level].rescale;
    sable_ct meta = *in;
    meta.level = in->level - 1;
    meta.scale = sable_scale_rescaled(ctx, in->scale, in->level);
    double rho = in->scale.hi / meta.scale.hi;
    meta.noise_var = in->noise_var / (rho * rho) + sable_noise_rounding(ctx, in->parts);
    meta.seeded = false;
    SABLE_TRY(sable_check_capacity(queue, &meta, "rescale"));
    uint32_t *data, *scratch;
    SABLE_TRY(sable_words_alloc(queue, &scratch, sable_divide_words(ctx, plan, in->parts * in->batch), "rescale"));
    sable_status status = sable_out_words(queue, &data, out, &meta, out != in, "rescale");
    if (status == SABLE_OK) {
        sable_limbs r = sable_meta_limbs(ctx, &meta, data), x = sable_ct_limbs(in);
        status = sable_finish(queue, out, &meta, data, sable_divide(queue, &r, &x, plan, 1, NULL, scratch));
    }
    sable_words_release(queue, scratch);
    return status;
}

/* Scratch of a key switch in one slab: the accumulator, then y, which the division uses again. */
typedef struct switch_slab {
    uint32_t *acc, *y;
} switch_slab;

static sable_status slab_alloc(sable_queue *queue, switch_slab *slab, uint32_t level, uint32_t batch,
                               const sable_drop_plan *plan, const char *name) {
    const sable_ctx *ctx = queue->ctx;
    size_t acc = sable_acc_words(ctx, level, batch), divide = sable_divide_words(ctx, plan, 2 * batch);
    size_t y = (size_t)batch * ctx->level[level].limbs * ctx->params.n;
    SABLE_TRY(sable_words_alloc(queue, &slab->acc, acc + (y > divide ? y : divide), name));
    slab->y = slab->acc + acc;
    return SABLE_OK;
}

static sable_status relinearize(sable_queue *queue, sable_ct *out, const sable_ct *in, const sable_keyset *keys,
                                bool rescale) {
    const char *name = rescale ? "relinearize and rescale" : "relinearize";
    SABLE_TRY(sable_check_out(queue, out));
    SABLE_TRY(sable_check_ct(queue, in, "the operand"));
    SABLE_TRY(sable_check_parts(queue, in, 3, name));
    if (rescale && in->level == 0)
        return SABLE_REFUSE(queue, SABLE_LEVEL, "%s at level 0: no prime is left to divide by", name);
    const sable_evk *key;
    SABLE_TRY(sable_key_find(queue, &key, keys, SABLE_KEY_RELIN, 1, in->level, name));
    if (memcmp(keys->key_id, in->key_id, sizeof in->key_id) != 0)
        return SABLE_REFUSE(queue, SABLE_KEY_MISMATCH, "%s: the key set is of another secret than the ciphertext",
                            name);
    sable_ctx *ctx = queue->ctx;
    const sable_level_tables *t = &ctx->level[in->level];
    const sable_drop_plan *plan = rescale ? &t->down_rescale : &t->down;
    sable_ct meta = *in;
    meta.parts = 2;
    meta.noise_var += sable_noise_key_switch(ctx, in->level);
    if (rescale) {
        meta.level = in->level - 1;
        meta.scale = sable_scale_rescaled(ctx, in->scale, in->level);
        double rho = in->scale.hi / meta.scale.hi;
        meta.noise_var /= rho * rho;
        SABLE_TRY(sable_check_capacity(queue, &meta, name));
    }
    meta.noise_var += sable_noise_rounding(ctx, 2);
    meta.insecure |= keys->insecure;
    switch_slab slab;
    SABLE_TRY(slab_alloc(queue, &slab, in->level, in->batch, plan, name));
    uint32_t *data;
    sable_status status = sable_out_words(queue, &data, out, &meta, out != in, name);
    if (status == SABLE_OK) {
        sable_limbs all = sable_ct_limbs(in), d01 = sable_limbs_parts(all, 0, 2), d2 = sable_limbs_parts(all, 2, 1);
        status = sable_key_switch(queue, slab.acc, slab.y, &d2, key, in->level, &d01);
        sable_limbs x = sable_dense_limbs(ctx, slab.acc, t->pos, t->limbs + ctx->params.p_count, 2, in->batch);
        sable_limbs r = sable_meta_limbs(ctx, &meta, data);
        if (status == SABLE_OK) status = sable_divide(queue, &r, &x, plan, 1, NULL, slab.y);
        status = sable_finish(queue, out, &meta, data, status);
    }
    sable_words_release(queue, slab.acc);
    return status;
}

sable_status sable_relinearize(sable_queue *queue, sable_ct *out, const sable_ct *in, const sable_keyset *keys) {
    return relinearize(queue, out, in, keys, false);
}
sable_status sable_relinearize_rescale(sable_queue *queue, sable_ct *out, const sable_ct *in,
                                       const sable_keyset *keys) {
    return relinearize(queue, out, in, keys, true);
}

sable_status sable_multiply(sable_queue *queue, sable_ct *out, const sable_ct *a, const sable_ct *b,
                            const sable_keyset *keys) {
    SABLE_TRY(sable_check_queue(queue));
    SABLE_TRY(sable_check_pair(queue, out, a, b, "multiply"));
    if (a->level == 0)
        return SABLE_REFUSE(queue, SABLE_LEVEL, "multiply at level 0: no level is left; start higher or bootstrap");
    const sable_evk *key; /* missing keys are noticed before any work */
    SABLE_TRY(sable_key_find(queue, &key, keys, SABLE_KEY_RELIN, 1, a->level, "multiply"));
    sable_ct product = {.ctx = queue->ctx};
    SABLE_TRY(sable_tensor(queue, &product, a, b));
    sable_status status = relinearize(queue, out, &product, keys, true);
    sable_words_release(queue, product.data);
    return status;
}

sable_status sable_square(sable_queue *queue, sable_ct *out, const sable_ct *a, const sable_keyset *keys) {
    return sable_multiply(queue, out, a, a, keys);
}
