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

/* Scratch of hoisted rotations in one slab: digits, accumulators, and y, which the division uses again. */
typedef struct rotate_scratch {
    uint32_t *slab, *digits, *acc, *y;
} rotate_scratch;

/* at_once: how many rotations have an accumulator at a time. */
static sable_status scratch_alloc(sable_queue *queue, rotate_scratch *s, const sable_ct *in, size_t at_once,
                                  const char *name) {
    const sable_ctx *ctx = queue->ctx;
    const sable_level_tables *t = &ctx->level[in->level];
    size_t digits = sable_digits_words(ctx, in->level, in->batch);
    size_t acc = sable_acc_words(ctx, in->level, in->batch) * at_once;
    size_t y = (size_t)in->batch * t->limbs * ctx->params.n, divide = sable_divide_words(ctx, &t->down, 2 * in->batch);
    SABLE_TRY(sable_words_alloc(queue, &s->slab, digits + acc + (y > divide ? y : divide), name));
    s->digits = s->slab;
    s->acc = s->digits + digits;
    s->y = s->acc + acc;
    return SABLE_OK;
}

/* out = phi_galois(in) + add; add: NULL, or checked to be like in. */
static sable_status apply_galois(sable_queue *queue, sable_ct *out, const sable_ct *in, uint32_t galois,
                                 const sable_ct *add, const sable_keyset *keys, const char *name) {
    const sable_evk *key;
    SABLE_TRY(sable_key_find(queue, &key, keys, SABLE_KEY_GALOIS, galois, in->level, name));
    sable_ct meta = rotated_meta(in, keys);
    if (add) {
        const sable_ct turned = meta;
        SABLE_TRY(sable_sum_meta(queue, &meta, add, &turned, name));
    }
    uint32_t *data;
    SABLE_TRY(sable_out_words(queue, &data, out, &meta, out != in, name));
    const sable_limbs r = sable_meta_limbs(queue->ctx, &meta, data), c0 = sable_ct_part(in, 0),
                      c1 = sable_ct_part(in, 1), more = add ? sable_ct_limbs(add) : r;
    const sable_switch what = {.own = &c1, .add = &c0};
    return sable_finish(queue, out, &meta, data,
                        sable_switch_down(queue, &r, &what, key, in->level, &queue->ctx->level[in->level].down, galois,
                                          add ? &more : NULL));
}

sable_status sable_rotate(sable_queue *queue, sable_ct *out, const sable_ct *in, int64_t steps,
                          const sable_keyset *keys) {
    SABLE_TRY(sable_check_out(queue, out));
    SABLE_TRY(check_input(queue, in, keys, "rotate"));
    uint32_t galois = sable_galois_rotation(&queue->ctx->params, steps, in->slots);
    if (galois == 1) return sable_ct_copy(queue, out, in);
    char name[48];
    snprintf(name, sizeof name, "rotate by %lld", (long long)steps);
    return apply_galois(queue, out, in, galois, NULL, keys, name);
}

sable_status sable_rotate_add(sable_queue *queue, sable_ct *out, const sable_ct *a, const sable_ct *b, int64_t steps,
                              const sable_keyset *keys) {
    SABLE_TRY(sable_check_queue(queue));
    SABLE_TRY(sable_check_pair(queue, out, a, b, "rotate and add"));
    SABLE_TRY(check_input(queue, b, keys, "rotate and add"));
    SABLE_TRY(sable_check_parts(queue, a, 2, "rotate and add"));
    if (a->batch != b->batch)
        return SABLE_REFUSE(queue, SABLE_INVALID, "rotate and add: batches of %u and %u: they must be equal", a->batch,
                            b->batch);
    uint32_t galois = sable_galois_rotation(&queue->ctx->params, steps, b->slots);
    if (galois == 1) return sable_add(queue, out, a, b);
    char name[64];
    snprintf(name, sizeof name, "rotate by %lld and add", (long long)steps);
    return apply_galois(queue, out, b, galois, a, keys, name);
}

sable_status sable_conjugate(sable_queue *queue, sable_ct *out, const sable_ct *in, const sable_keyset *keys) {
    SABLE_TRY(sable_check_out(queue, out));
    SABLE_TRY(check_input(queue, in, keys, "conjugate"));
    return apply_galois(queue, out, in, sable_galois_conjugation(&queue->ctx->params), NULL, keys, "conjugate");
}

/* A hoisted rotation: its key, or NULL for a rotation by nothing; where its result goes. */
typedef struct hoisted {
    const sable_evk *key;
    uint32_t *data;
} hoisted;

/* Every rotation's key and, before the first result is written, its memory: a refusal leaves every output as it was. */
static sable_status prepare_hoisted(sable_queue *queue, hoisted *list, sable_ct *const *outs, const sable_ct *in,
                                    const sable_ct *meta, const int64_t *steps, size_t count,
                                    const sable_keyset *keys) {
    for (size_t i = 0; i < count; i++) {
        const uint32_t galois = sable_galois_rotation(&queue->ctx->params, steps[i], in->slots);
        char name[64];
        snprintf(name, sizeof name, "rotate hoisted by %lld", (long long)steps[i]);
        if (galois != 1)
            SABLE_TRY(sable_key_find(queue, &list[i].key, keys, SABLE_KEY_GALOIS, galois, in->level, name));
    }
    for (size_t i = 0; i < count; i++)
        SABLE_TRY(sable_out_words(queue, &list[i].data, outs[i], meta, true, "rotate hoisted"));
    return SABLE_OK;
}

/* Results of list[0..count), as many as have accumulators. */
static sable_status rotate_some(sable_queue *queue, const hoisted *list, size_t count, const sable_ct *in,
                                const sable_ct *meta, const rotate_scratch *s) {
    const sable_ctx *ctx = queue->ctx;
    const sable_limbs c0 = sable_ct_part(in, 0), c1 = sable_ct_part(in, 1), all = sable_ct_limbs(in);
    const size_t acc = sable_acc_words(ctx, in->level, in->batch);
    const sable_evk *key[SABLE_HOISTED_AT_ONCE];
    uint32_t keyed = 0;
    for (size_t i = 0; i < count; i++)
        if (list[i].key) key[keyed++] = list[i].key;
    const sable_level_tables *t = &ctx->level[in->level];
    const sable_limbs all_acc =
        sable_dense_limbs(ctx, s->acc, t->pos, t->limbs + ctx->params.p_count, 2, keyed * in->batch);
    if (keyed) SABLE_TRY(sable_key_inner_many(queue, &all_acc, s->digits, &c1, key, NULL, keyed, in->level, &c0));
    keyed = 0;
    for (size_t i = 0; i < count; i++) {
        if (list[i].key) {
            const sable_limbs to = sable_meta_limbs(ctx, meta, list[i].data),
                              x = sable_dense_limbs(ctx, s->acc + keyed++ * acc, t->pos, t->limbs + ctx->params.p_count,
                                                    2, in->batch);
            SABLE_TRY(sable_divide(queue, &to, &x, &t->down, list[i].key->need.galois, NULL, s->y));
        } else {
            const sable_limbs to = sable_meta_limbs(ctx, meta, list[i].data);
            SABLE_RUN(queue, copy(queue->handle, &to, &all));
        }
    }
    return SABLE_OK;
}

sable_status sable_rotate_hoisted(sable_queue *queue, sable_ct *const *outs, const sable_ct *in, const int64_t *steps,
                                  size_t count, const sable_keyset *keys) {
    SABLE_TRY(sable_check_queue(queue));
    SABLE_TRY(check_input(queue, in, keys, "rotate hoisted"));
    if (!outs || !steps || count == 0)
        return SABLE_REFUSE(queue, SABLE_INVALID, "rotate hoisted: no outputs or no steps");
    for (size_t i = 0; i < count; i++) {
        SABLE_TRY(sable_check_out(queue, outs[i]));
        if (outs[i] == in) return SABLE_REFUSE(queue, SABLE_INVALID, "rotate hoisted: output %zu is the input", i);
        for (size_t j = 0; j < i; j++)
            if (outs[i] == outs[j])
                return SABLE_REFUSE(queue, SABLE_INVALID, "rotate hoisted: outputs %zu and %zu are one handle", j, i);
    }
    const sable_ct meta = rotated_meta(in, keys);
    const size_t at_once = count < SABLE_HOISTED_AT_ONCE ? count : SABLE_HOISTED_AT_ONCE;
    rotate_scratch s = {.slab = NULL};
    hoisted *list = calloc(count, sizeof *list);
    if (!list) return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "rotate hoisted: no memory");
    sable_status status = prepare_hoisted(queue, list, outs, in, &meta, steps, count, keys);
    if (status == SABLE_OK) status = scratch_alloc(queue, &s, in, at_once, "rotate hoisted");
    const sable_limbs c1 = sable_ct_part(in, 1);
    if (status == SABLE_OK) status = sable_mod_up(queue, s.digits, s.y, &c1, in->level);
    for (size_t i = 0; i < count && status == SABLE_OK; i += at_once)
        status = rotate_some(queue, list + i, count - i < at_once ? count - i : at_once, in, &meta, &s);
    for (size_t i = 0; i < count; i++) {
        if (status == SABLE_OK) {
            sable_ct m = list[i].key ? meta : *in;
            sable_ct_commit(queue, outs[i], &m, list[i].data);
        } else if (list[i].data != outs[i]->data) {
            sable_words_release(queue, list[i].data);
        }
    }
    free(list);
    sable_words_release(queue, s.slab);
    return status;
}
