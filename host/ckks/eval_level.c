/* SPDX-License-Identifier: Apache-2.0 */
/* Level changes: with a division that keeps the scale under control, and by leaving limbs out. */
#include "ckks/adjust.h"
#include "ckks/eval_internal.h"

static sable_dd dd_round(sable_dd x) {
    double hi = rint(x.hi);
    sable_dd rest = dd_add((sable_dd){x.hi - hi, 0}, dd(x.lo)); /* exact: hi is nearest to x.hi */
    return dd_quick_sum(hi, rint(rest.hi + rest.lo));
}

void sable_adjust_choose(sable_adjust_factor *factor, const sable_params *params, uint32_t from, uint32_t to,
                         sable_dd ratio) {
    uint16_t restored[SABLE_MAX_Q], *left = factor->drop;
    uint32_t count = sable_window_minus(params, from, to, left), used = 0;
    uint32_t na = sable_window_minus(params, to, from, restored);
    sable_dd product = dd(1);
    for (uint32_t i = 0; i < na; i++) product = dd_mul(product, dd(params->prime[restored[i]]));
    sable_dd k = dd_div(ratio, product);
    const double enough = 0x1p38;
    while (used < count && k.hi < enough) {
        uint32_t best = used;
        for (uint32_t i = used + 1; i < count; i++)
            if (params->prime[left[i]] > params->prime[left[best]]) best = i;
        uint16_t t = left[best];
        left[best] = left[used];
        left[used] = t;
        k = dd_mul(k, dd(params->prime[t]));
        used++;
    }
    factor->drop_count = used;
    factor->k = dd_round(k);
    factor->rounding = fabs(dd_sub(factor->k, k).hi) / k.hi;
}

sable_status sable_adjust_apply(sable_queue *queue, sable_ct *out, const sable_ct *in, sable_ct *meta,
                                const sable_adjust_factor *factor) {
    sable_ctx *ctx = queue->ctx;
    uint16_t restored[SABLE_MAX_Q];
    uint32_t na = sable_window_minus(&ctx->params, meta->level, in->level, restored);
    const sable_level_tables *t = &ctx->level[meta->level];
    sable_drop_plan plan;
    SABLE_TRY(sable_drop_plan_create(&plan, ctx->ring, factor->drop, factor->drop_count, t->pos, t->limbs, restored, na,
                                     factor->k, &queue->error));
    uint32_t *data, *scratch;
    sable_status status = sable_words_alloc(queue, &scratch, sable_divide_words(ctx, &plan, 2 * in->batch), "adjust");
    if (status == SABLE_OK) {
        status = sable_out_words(queue, &data, out, meta, out != in, "adjust");
        if (status == SABLE_OK) {
            /* Limbs of Q_l outside Q_to and E are simply not read. */
            sable_limbs r = sable_meta_limbs(ctx, meta, data), x = sable_ct_limbs(in);
            status = sable_finish(queue, out, meta, data, sable_divide(queue, &r, &x, &plan, 1, NULL, scratch));
        }
        sable_words_release(queue, scratch);
    }
    sable_drop_plan_free(&plan);
    return status;
}

sable_status sable_adjust(sable_queue *queue, sable_ct *out, const sable_ct *in, uint32_t level) {
    SABLE_TRY(sable_check_out(queue, out));
    SABLE_TRY(sable_check_ct(queue, in, "the operand"));
    if (level > in->level)
        return SABLE_REFUSE(queue, SABLE_LEVEL, "adjust to level %u: the ciphertext is at %u, levels only go down",
                            level, in->level);
    SABLE_TRY(sable_check_parts(queue, in, 2, "adjust"));
    if (in->scale.level != (int32_t)in->level || in->scale.power != 1)
        return SABLE_REFUSE(queue, SABLE_SCALE,
                            "adjust: the scale 2^%.4f is not the canonical one of level %u: rescale first",
                            log2(in->scale.hi), in->level);
    if (level == in->level) return sable_ct_copy(queue, out, in);
    sable_ctx *ctx = queue->ctx;
    sable_ct meta = *in;
    meta.level = level;
    meta.scale = sable_scale_canonical(ctx, level);
    sable_dd ratio = dd_div(sable_scale_dd(meta.scale), sable_scale_dd(in->scale));
    sable_adjust_factor factor;
    sable_adjust_choose(&factor, &ctx->params, in->level, level, ratio);
    meta.relative += factor.rounding;
    meta.noise_var = in->noise_var * ratio.hi * ratio.hi + sable_noise_rounding(ctx, 2);
    meta.seeded = false;
    SABLE_TRY(sable_check_capacity(queue, &meta, "adjust"));
    return sable_adjust_apply(queue, out, in, &meta, &factor);
}

sable_status sable_drop(sable_queue *queue, sable_ct *out, const sable_ct *in, uint32_t level) {
    SABLE_TRY(sable_check_out(queue, out));
    SABLE_TRY(sable_check_ct(queue, in, "the operand"));
    sable_ctx *ctx = queue->ctx;
    if (level > in->level)
        return SABLE_REFUSE(queue, SABLE_LEVEL, "drop to level %u: the ciphertext is at %u", level, in->level);
    if (level == in->level) return sable_ct_copy(queue, out, in);
    const sable_level_tables *from = &ctx->level[in->level], *to = &ctx->level[level];
    if (to->first < from->first || to->first + to->limbs > from->first + from->limbs)
        return SABLE_REFUSE(queue, SABLE_LEVEL,
                            "drop from level %u to %u: that window has primes that this one lacks: use sable_adjust",
                            in->level, level);
    sable_ct meta = *in;
    meta.level = level;
    meta.scale = sable_scale_value(in->scale.hi, in->scale.lo);
    meta.seeded = in->seeded; /* words are per prime: the seed still gives c1 */
    SABLE_TRY(sable_check_capacity(queue, &meta, "drop"));
    uint32_t *data;
    SABLE_TRY(sable_out_words(queue, &data, out, &meta, out != in, "drop"));
    sable_limbs r = sable_meta_limbs(ctx, &meta, data), x = sable_ct_limbs(in);
    x.data += (to->first - from->first) * x.limb_stride;
    x.pos = to->pos;
    x.limbs = to->limbs;
    sable_status status = ctx->backend->copy(queue->handle, &r, &x);
    if (status != SABLE_OK) status = sable_queue_kill(queue, status);
    return sable_finish(queue, out, &meta, data, status);
}
