/* SPDX-License-Identifier: Apache-2.0 */
/* Inference rows. Feature-major: a full block of N/2 samples of 30 or 196 features, data at level 1. Row packing: 196 features in rows of
 * 256 slots, 1 and 16 samples in one ciphertext, data at level 2. bytes: every data and weight ciphertext read once, the result written.
 * Inference with plaintext weights reads its data and does little else: copy_30 and copy_196 copy the same data, reading and writing each
 * word, and say how fast that can be. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tool/bench.h"

#define BLOCK_FEATURES 30
#define WIDE_FEATURES  196
#define MOST_BYTES     (128u << 20) /* of a block */

void bench_infer_clear(bench_env *env) {
    sable_model_destroy(&env->infer.model);
    sable_ct_destroy(env->queue, &env->infer.data);
    sable_ct_destroy(env->queue, &env->infer.weights);
    sable_ct_destroy(env->queue, &env->infer.bias);
}

static sable_status encrypt(bench_env *env, sable_ct **out, const double *values, uint32_t batch, uint32_t level) {
    SABLE_TRY(sable_ct_create(out, env->ctx, &env->err));
    sable_encoding e = {.struct_size = sizeof e, .level = level, .batch = batch, .bound = 1};
    sable_pt *pt = NULL;
    SABLE_TRY(sable_pt_create(&pt, env->ctx, &env->err));
    sable_status status = sable_encode(env->queue, pt, values, (size_t)batch * env->info.slots, &e);
    if (status == SABLE_OK) status = sable_encrypt_secret(env->queue, *out, pt, env->secret);
    sable_pt_destroy(env->queue, &pt);
    return status;
}

/* Of `batch` ciphertexts of two parts. */
static double ct_bytes(const bench_env *env, const bench_row *row) {
    return 2.0 * row->limbs * env->ctx->params.n * 4 * row->batch;
}

/* Keys of a client that sends a key for this inference and nothing else; the row itself uses those of all rows. */
static sable_status count_keys(bench_env *env, bench_row *row, bool encrypted) {
    sable_key_spec *spec = NULL;
    SABLE_TRY(sable_key_spec_create(&spec, env->params, &env->err));
    const sable_status status = sable_infer_keys(spec, &env->infer.layout, NULL, encrypted, row->level, &env->err);
    row->keys = (uint32_t)sable_key_spec_count(spec);
    row->key_bytes = (double)sable_key_spec_bytes(spec);
    sable_key_spec_destroy(&spec);
    return status;
}

static sable_status make_block(bench_env *env, bench_row *row, sable_packing packing, uint32_t features, size_t samples,
                               bool encrypted) {
    bench_infer_clear(env);
    SABLE_TRY(sable_layout_choose(&env->infer.layout, env->params, packing, features, samples, &env->err));
    const sable_layout *l = &env->infer.layout;
    uint32_t level = sable_infer_depth(l, NULL);
    if (level > env->info.top_level || samples > l->samples_per_block) return SABLE_UNSUPPORTED;
    row->limbs = env->ctx->level[level].limbs;
    row->batch = l->members;
    if (ct_bytes(env, row) > MOST_BYTES) return SABLE_UNSUPPORTED;
    SABLE_TRY(sable_model_create(&env->infer.model, 1, features, false, &env->err));
    for (uint32_t j = 0; j < features; j++) env->infer.model->weights[j] = sin(j + 1.0) / features;
    double *rows = malloc(samples * features * sizeof *rows),
           *slots = malloc((size_t)l->members * l->slots * sizeof *slots);
    sable_status status =
        rows && slots ? SABLE_OK : sable_fail(&env->err, SABLE_NO_MEMORY, "no memory for %zu samples", samples);
    if (status == SABLE_OK) {
        for (size_t i = 0; i < samples * features && !env->planning; i++) rows[i] = cos(0.11 * (double)i);
        if (!env->planning) sable_layout_pack(l, slots, rows, samples); /* a plan reads no value */
        status = encrypt(env, &env->infer.data, slots, l->members, level);
    }
    free(rows);
    free(slots);
    if (status == SABLE_OK && encrypted) {
        sable_model_values v;
        status = sable_model_pack(&v, env->infer.model, l, 1, &env->err);
        if (status == SABLE_OK) {
            status = encrypt(env, &env->infer.weights, v.weights, v.weight_members, level);
            if (status == SABLE_OK) status = encrypt(env, &env->infer.bias, v.bias, v.bias_members, level - 1);
            sable_model_values_free(&v);
        }
    }
    row->level = level;
    row->bytes = ct_bytes(env, row) * ((encrypted ? 2.0 : 1.0) + 1.0 / l->members);
    return status == SABLE_OK ? count_keys(env, row, encrypted) : status;
}

static sable_status prepare_plain(bench_env *env, bench_row *row) {
    return make_block(env, row, SABLE_PACK_FEATURE_MAJOR, BLOCK_FEATURES, env->info.slots, false);
}
static sable_status prepare_encrypted(bench_env *env, bench_row *row) {
    return make_block(env, row, SABLE_PACK_FEATURE_MAJOR, BLOCK_FEATURES, env->info.slots, true);
}
static sable_status prepare_plain_wide(bench_env *env, bench_row *row) {
    return make_block(env, row, SABLE_PACK_FEATURE_MAJOR, WIDE_FEATURES, env->info.slots, false);
}
/* What a service answers at once: fewer samples than slots cost the same. */
static sable_status prepare_encrypted_wide(bench_env *env, bench_row *row) {
    const size_t samples = env->info.slots < 1024 ? env->info.slots : 1024;
    return make_block(env, row, SABLE_PACK_FEATURE_MAJOR, WIDE_FEATURES, samples, true);
}
static sable_status prepare_copy(bench_env *env, bench_row *row) {
    SABLE_TRY(prepare_plain(env, row));
    row->bytes = 2 * ct_bytes(env, row);
    return SABLE_OK;
}
static sable_status prepare_copy_wide(bench_env *env, bench_row *row) {
    SABLE_TRY(prepare_plain_wide(env, row));
    row->bytes = 2 * ct_bytes(env, row);
    return SABLE_OK;
}
static sable_status prepare_row_1(bench_env *env, bench_row *row) {
    return make_block(env, row, SABLE_PACK_ROW, WIDE_FEATURES, 1, false);
}
static sable_status prepare_row_16(bench_env *env, bench_row *row) {
    return make_block(env, row, SABLE_PACK_ROW, WIDE_FEATURES, 16, false);
}

static sable_status run_plain(bench_env *env, const bench_row *row) {
    (void)row;
    return sable_infer_plain(env->queue, env->out, env->infer.data, env->infer.model, &env->infer.layout, NULL,
                             env->keys);
}
static sable_status run_encrypted(bench_env *env, const bench_row *row) {
    (void)row;
    return sable_infer_encrypted(env->queue, env->out, env->infer.data, env->infer.weights, env->infer.bias, 1,
                                 &env->infer.layout, NULL, env->keys);
}

static sable_status run_copy(bench_env *env, const bench_row *row) {
    (void)row;
    return sable_ct_copy(env->queue, env->out, env->infer.data);
}

const bench_case bench_infer_cases[] = {
    {"copy_30", prepare_copy, run_copy},
    {"infer_plain_weights", prepare_plain, run_plain},
    {"copy_196", prepare_copy_wide, run_copy},
    {"infer_plain_weights_196", prepare_plain_wide, run_plain},
    {"infer_encrypted_weights", prepare_encrypted, run_encrypted},
    {"infer_encrypted_weights_196", prepare_encrypted_wide, run_encrypted},
    {"infer_row_packed_1", prepare_row_1, run_plain},
    {"infer_row_packed_16", prepare_row_16, run_plain},
    {0},
};
