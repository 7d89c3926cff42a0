/* SPDX-License-Identifier: Apache-2.0 */
#include "ckks/encoder.h"
#include "ckks/eval_internal.h"
#include "ring/word.h"

sable_status sable_check_pair(sable_queue *queue, const sable_ct *out, const sable_ct *a, const sable_ct *b,
                              const char *name) {
    SABLE_TRY(sable_check_out(queue, out));
    SABLE_TRY(sable_check_ct(queue, a, "the first operand"));
    SABLE_TRY(sable_check_ct(queue, b, "the second operand"));
    if (a->level != b->level)
        return SABLE_REFUSE(queue, SABLE_LEVEL,
                            "%s: levels %u and %u: bring one to the other's level with sable_adjust", name, a->level,
                            b->level);
    if (memcmp(a->key_id, b->key_id, sizeof a->key_id) != 0)
        return SABLE_REFUSE(queue, SABLE_KEY_MISMATCH,
                            "%s: key ids %02x%02x%02x%02x.. and %02x%02x%02x%02x..: encrypted for different keys", name,
                            a->key_id[0], a->key_id[1], a->key_id[2], a->key_id[3], b->key_id[0], b->key_id[1],
                            b->key_id[2], b->key_id[3]);
    if (a->slots != b->slots)
        return SABLE_REFUSE(queue, SABLE_INVALID, "%s: packings of %u and %u slots", name, a->slots, b->slots);
    if (a->batch != b->batch && a->batch != 1 && b->batch != 1)
        return SABLE_REFUSE(queue, SABLE_INVALID, "%s: batches of %u and %u: equal, or one of them 1", name, a->batch,
                            b->batch);
    return SABLE_OK;
}

sable_status sable_check_capacity(sable_queue *queue, const sable_ct *meta, const char *name) {
    const sable_ctx *ctx = queue->ctx;
    double need = log2(meta->bound) + log2(meta->scale.hi), have = sable_level_capacity_log2(ctx, meta->level);
    if (need <= have) return SABLE_OK;
    return SABLE_REFUSE(
        queue, SABLE_BOUND,
        "%s: values up to %g at scale 2^%.2f need %.1f bits, level %u holds %.1f: declare a smaller bound (sable_ct_declare) "
        "or work at a higher level",
        name, meta->bound, log2(meta->scale.hi), need, meta->level, have);
}

sable_status sable_check_parts(sable_queue *queue, const sable_ct *ct, uint32_t parts, const char *name) {
    if (ct->parts == parts) return SABLE_OK;
    return SABLE_REFUSE(queue, SABLE_DEGREE, "%s needs a ciphertext of %u parts, this one has %u%s", name, parts,
                        ct->parts, ct->parts == 3 ? ": relinearize it first" : "");
}

sable_status sable_out_words(sable_queue *queue, uint32_t **data, const sable_ct *out, const sable_ct *meta, bool keep,
                             const char *name) {
    const sable_ctx *ctx = queue->ctx;
    size_t words = (size_t)meta->batch * meta->parts * ctx->level[meta->level].limbs * ctx->params.n;
    if (keep && out->data && (size_t)out->batch * out->parts * ctx->level[out->level].limbs * ctx->params.n == words) {
        *data = out->data;
        return SABLE_OK;
    }
    return sable_words_alloc(queue, data, words, name);
}

sable_scale sable_scale_product(sable_scale a, sable_scale b) {
    sable_dd v = dd_mul(sable_scale_dd(a), sable_scale_dd(b));
    if (a.level >= 0 && a.level == b.level) return (sable_scale){v.hi, v.lo, a.level, a.power + b.power};
    return sable_scale_value(v.hi, v.lo);
}

sable_scale sable_scale_rescaled(const sable_ctx *ctx, sable_scale s, uint32_t level) {
    /* Delta_l^2 * Q_{l-1}/Q_l = Delta_{l-1}: the definition of the canonical scales. */
    if (s.level == (int32_t)level && s.power == 2) return sable_scale_canonical(ctx, level - 1);
    sable_dd v = dd_mul(sable_scale_dd(s), sable_level_ratio(ctx, level - 1, level));
    return sable_scale_value(v.hi, v.lo);
}

void sable_scalar_words(const sable_ctx *ctx, uint32_t *lo, uint32_t *hi, uint32_t level, double re, double im,
                        sable_dd scale) {
    const sable_level_tables *t = &ctx->level[level];
    int excess = 0, bits; /* sable_encode_scalar takes 120 bits */
    (void)frexp(fmax(fabs(re), fabs(im)) * scale.hi, &bits);
    if (bits > 118) excess = bits - 118;
    sable_dd reduced = {ldexp(scale.hi, -excess), ldexp(scale.lo, -excess)};
    sable_encode_scalar(lo, hi, ctx->ring, t->pos, t->limbs, re, im, reduced);
    for (uint32_t i = 0; excess && i < t->limbs; i++) {
        uint32_t p = ctx->ring->prime[t->pos[i]].p, power = sable_pow_mod(2, (uint32_t)excess, p);
        lo[i] = sable_mul_mod(lo[i], power, p);
        hi[i] = sable_mul_mod(hi[i], power, p);
    }
}
