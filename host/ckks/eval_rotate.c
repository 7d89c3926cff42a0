/* SPDX-License-Identifier: Apache-2.0 */
/* Automorphisms. The key for g has the target secret phi_g^-1(s): switch first, then permute the two results once. */
#include <stdio.h>

#include "ckks/eval_internal.h"

static sable_status check_input(sable_queue *queue, const sable_ct *in, const sable_keyset *keys, const char *name) {
    SABLE_TRY(sable_check_ct(queue, in, "the operand"));
    SABLE_TRY(sable_check_parts(queue, in, 2, name));
    if (!keys) return SABLE_REFUSE(queue, SABLE_NO_KEY, "%s: no key set given", name);
    if (memcmp(keys->key_id, in->key_id, sizeof in->key_id) != 0)
        return SABLE_REFUSE(queue, SABLE_KEY_MISMATCH, "%s: the key set is of another secret than the ciphertext",
                            name);
    return SABLE_OK;
}

static sable_ct rotated_meta(const sable_ct *in, const sable_keyset *keys) {
    sable_ct meta = *in;
    meta.noise_var += sable_noise_key_switch(in->ctx, in->level) + sable_noise_rounding(in->ctx, 2);
    meta.insecure |= keys->insecure;
    meta.seeded = false;
    return meta;
}

/* Scratch of a key switch in one slab: digits (hoisted rotations only), accumulator, and y, which the division uses
 * again. */
typedef struct rotate_scratch {
    uint32_t *slab, *digits, *acc, *y;
} rotate_scratch;

static sable_status scratch_alloc(sable_queue *queue, rotate_scratch *s, const sable_ct *in, bool hoisted,
                                  const char *name) {
    const sable_ctx *ctx = queue->ctx;
    const sable_level_tables *t = &ctx->level[in->level];
    size_t digits = hoisted ? sable_digits_words(ctx, in->level, in->batch) : 0;
    size_t acc = sable_acc_words(ctx, in->level, in->batch);
    size_t y = (size_t)in->batch * t->limbs * ctx->params.n, divide = sable_divide_words(ctx, &t->down, 2 * in->batch);
    SABLE_TRY(sable_words_alloc(queue, &s->slab, digits + acc + (y > divide ? y : divide), name));
    s->digits = s->slab;
    s->acc = s->digits + digits;
    s->y = s->acc + acc;
    return SABLE_OK;
}

/* data = phi_g( acc / P ), acc = inner(digits of c1, key) + P*(c0, 0). */
static sable_status divide_and_permute(sable_queue *queue, uint32_t *data, const sable_ct *meta, const sable_ct *in,
                                       const sable_evk *key, rotate_scratch *s) {
    const sable_ctx *ctx = queue->ctx;
    const sable_level_tables *t = &ctx->level[in->level];
    sable_limbs x = sable_dense_limbs(ctx, s->acc, t->pos, t->limbs + ctx->params.p_count, 2, in->batch);
    sable_limbs r = sable_meta_limbs(ctx, meta, data);
    return sable_divide(queue, &r, &x, &t->down, key->need.galois, s->y);
}

static sable_status apply_galois(sable_queue *queue, sable_ct *out, const sable_ct *in, uint32_t galois,
                                 const sable_keyset *keys, const char *name) {
    const sable_evk *key;
    SABLE_TRY(sable_key_find(queue, &key, keys, SABLE_KEY_GALOIS, galois, in->level, name));
    sable_ct meta = rotated_meta(in, keys);
    rotate_scratch s;
    SABLE_TRY(scratch_alloc(queue, &s, in, false, name));
    uint32_t *data;
    sable_status status = sable_out_words(queue, &data, out, &meta, out != in, name);
    if (status == SABLE_OK) {
        sable_limbs c0 = sable_ct_part(in, 0), c1 = sable_ct_part(in, 1);
        status = sable_key_switch(queue, s.acc, s.y, &c1, key, in->level, &c0);
        if (status == SABLE_OK) status = divide_and_permute(queue, data, &meta, in, key, &s);
        status = sable_finish(queue, out, &meta, data, status);
    }
    sable_words_release(queue, s.slab);
    return status;
}

sable_status sable_rotate(sable_queue *queue, sable_ct *out, const sable_ct *in, int64_t steps,
                          const sable_keyset *keys) {
    SABLE_TRY(sable_check_out(queue, out));
    SABLE_TRY(check_input(queue, in, keys, "rotate"));
    uint32_t galois = sable_galois_rotation(&queue->ctx->params, steps, in->slots);
    if (galois == 1) return sable_ct_copy(queue, out, in);
    char name[48];
    snprintf(name, sizeof name, "rotate by %lld", (long long)steps);
    return apply_galois(queue, out, in, galois, keys, name);
}

sable_status sable_conjugate(sable_queue *queue, sable_ct *out, const sable_ct *in, const sable_keyset *keys) {
    SABLE_TRY(sable_check_out(queue, out));
    SABLE_TRY(check_input(queue, in, keys, "conjugate"));
    return apply_galois(queue, out, in, sable_galois_conjugation(&queue->ctx->params), keys, "conjugate");
}

sable_status sable_rotate_hoisted(sable_queue *queue, sable_ct *const *outs, const sable_ct *in, const int64_t *steps,
                                  size_t count, const sable_keyset *keys) {
    SABLE_TRY(sable_check_queue(queue));
    SABLE_TRY(check_input(queue, in, keys, "rotate hoisted"));
    if (!outs || !steps || count == 0)
        return SABLE_REFUSE(queue, SABLE_INVALID, "rotate hoisted: no outputs or no steps");
    const sable_params *params = &queue->ctx->params;
    for (size_t i = 0; i < count; i++) {
        SABLE_TRY(sable_check_out(queue, outs[i]));
        if (outs[i] == in) return SABLE_REFUSE(queue, SABLE_INVALID, "rotate hoisted: output %zu is the input", i);
        for (size_t j = 0; j < i; j++)
            if (outs[i] == outs[j])
                return SABLE_REFUSE(queue, SABLE_INVALID, "rotate hoisted: outputs %zu and %zu are one handle", j, i);
        uint32_t galois = sable_galois_rotation(params, steps[i], in->slots);
        const sable_evk *key;
        char name[64];
        snprintf(name, sizeof name, "rotate hoisted by %lld", (long long)steps[i]);
        if (galois != 1) SABLE_TRY(sable_key_find(queue, &key, keys, SABLE_KEY_GALOIS, galois, in->level, name));
    }
    sable_ct meta = rotated_meta(in, keys);
    rotate_scratch s;
    SABLE_TRY(scratch_alloc(queue, &s, in, true, "rotate hoisted"));
    /* All outputs have memory before the first is written, so a refusal leaves every one of them as it was. */
    uint32_t **data = calloc(count, sizeof *data);
    sable_status status = data ? SABLE_OK : SABLE_REFUSE(queue, SABLE_NO_MEMORY, "rotate hoisted: no memory");
    for (size_t i = 0; i < count && status == SABLE_OK; i++)
        status = sable_out_words(queue, &data[i], outs[i], &meta, true, "rotate hoisted");
    sable_limbs c0 = sable_ct_part(in, 0), c1 = sable_ct_part(in, 1);
    if (status == SABLE_OK) status = sable_mod_up(queue, s.digits, s.y, &c1, in->level);
    for (size_t i = 0; i < count && data; i++) {
        if (status == SABLE_OK) {
            uint32_t galois = sable_galois_rotation(params, steps[i], in->slots);
            const sable_evk *key = NULL;
            sable_ct m = meta;
            if (galois == 1) {
                m = *in;
                sable_limbs from = sable_ct_limbs(in), to = sable_meta_limbs(queue->ctx, &m, data[i]);
                status = queue->ctx->backend->copy(queue->handle, &to, &from);
                if (status != SABLE_OK) status = sable_queue_kill(queue, status);
            } else {
                status = sable_key_find(queue, &key, keys, SABLE_KEY_GALOIS, galois, in->level, "rotate hoisted");
                if (status == SABLE_OK) status = sable_key_inner(queue, s.acc, s.digits, &c1, key, in->level, &c0);
                if (status == SABLE_OK) status = divide_and_permute(queue, data[i], &m, in, key, &s);
            }
            status = sable_finish(queue, outs[i], &m, data[i], status);
        } else if (data[i] != outs[i]->data) {
            sable_words_release(queue, data[i]);
        }
    }
    free(data);
    sable_words_release(queue, s.slab);
    return status;
}
