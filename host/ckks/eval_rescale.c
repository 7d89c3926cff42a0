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

/* *meta = what the relinearised (and rescaled) *in says about itself, and the key that does it, or why that cannot be. in: 3
 * parts; only what it says about itself is read. */
static sable_status relin_meta(sable_queue *queue, sable_ct *meta, const sable_evk **key, const sable_ct *in,
                               const sable_keyset *keys, bool rescale, const char *name) {
    if (rescale && in->level == 0)
        return SABLE_REFUSE(queue, SABLE_LEVEL, "%s at level 0: no prime is left to divide by", name);
    SABLE_TRY(sable_key_find(queue, key, keys, SABLE_KEY_RELIN, 1, in->level, name));
    if (memcmp(keys->key_id, in->key_id, sizeof in->key_id) != 0)
        return SABLE_REFUSE(queue, SABLE_KEY_MISMATCH, "%s: the key set is of another secret than the ciphertext",
                            name);
    const sable_ctx *ctx = queue->ctx;
    *meta = *in;
    meta->parts = 2;
    meta->noise_var += sable_noise_key_switch(ctx, in->level);
    if (rescale) {
        meta->level = in->level - 1;
        meta->scale = sable_scale_rescaled(ctx, in->scale, in->level);
        const double rho = in->scale.hi / meta->scale.hi;
        meta->noise_var /= rho * rho;
        SABLE_TRY(sable_check_capacity(queue, meta, name));
    }
    meta->noise_var += sable_noise_rounding(ctx, 2);
    meta->insecure |= keys->insecure;
    return SABLE_OK;
}

static sable_status relinearize(sable_queue *queue, sable_ct *out, const sable_ct *in, const sable_keyset *keys,
                                bool rescale) {
    const char *name = rescale ? "relinearize and rescale" : "relinearize";
    SABLE_TRY(sable_check_out(queue, out));
    SABLE_TRY(sable_check_ct(queue, in, "the operand"));
    SABLE_TRY(sable_check_parts(queue, in, 3, name));
    const sable_evk *key;
    sable_ct meta;
    SABLE_TRY(relin_meta(queue, &meta, &key, in, keys, rescale, name));
    const sable_level_tables *t = &queue->ctx->level[in->level];
    uint32_t *data;
    SABLE_TRY(sable_out_words(queue, &data, out, &meta, out != in, name));
    const sable_limbs r = sable_meta_limbs(queue->ctx, &meta, data), all = sable_ct_limbs(in),
                      d01 = sable_view_parts(all, 0, 2), d2 = sable_view_parts(all, 2, 1);
    const sable_switch what = {.own = &d2, .add = &d01};
    return sable_finish(
        queue, out, &meta, data,
        sable_switch_down(queue, &r, &what, key, in->level, rescale ? &t->down_rescale : &t->down, 1, NULL));
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
    const uint32_t batch = a->batch > b->batch ? a->batch : b->batch;
    const sable_evk *key;
    sable_ct product, meta;
    SABLE_TRY(sable_tensor_meta(queue, &product, a, b, batch, 1, "multiply"));
    SABLE_TRY(relin_meta(queue, &meta, &key, &product, keys, true, "multiply"));
    uint32_t *data;
    SABLE_TRY(sable_out_words(queue, &data, out, &meta, out != a && out != b, "multiply"));
    const sable_limbs r = sable_meta_limbs(queue->ctx, &meta, data), x = sable_limbs_repeat(sable_ct_limbs(a), batch),
                      y = sable_limbs_repeat(sable_ct_limbs(b), batch);
    const sable_switch what = {.a = &x, .b = &y};
    return sable_finish(
        queue, out, &meta, data,
        sable_switch_down(queue, &r, &what, key, a->level, &queue->ctx->level[a->level].down_rescale, 1, NULL));
}

sable_status sable_square(sable_queue *queue, sable_ct *out, const sable_ct *a, const sable_keyset *keys) {
    return sable_multiply(queue, out, a, a, keys);
}
