/* SPDX-License-Identifier: Apache-2.0 */
/* The rows. Unless a prepare says otherwise: top level, batch 1, full slots. */
#include <stdlib.h>
#include <string.h>

#include "tool/bench.h"

/* Bytes of `polys` polynomials on `limbs` limbs. */
static double poly_bytes(const bench_env *env, double polys, uint32_t limbs) {
    return polys * limbs * env->ctx->params.n * 4.0;
}
static uint32_t top_limbs(const bench_env *env) { return env->ctx->level[env->info.top_level].limbs; }
static double key_bytes(const bench_env *env) {
    return poly_bytes(env, 2.0 * env->ctx->level[env->info.top_level].digits, top_limbs(env) + env->info.p_count);
}

/* -- ring ---------------------------------------------------------------------------------------------------------- */

/* The last limbs of the top level: mains, where it has terminals as well. */
static sable_limbs ring_view(const bench_env *env, uint32_t limbs) {
    const uint16_t *pos = env->ctx->level[env->info.top_level].pos + top_limbs(env) - limbs;
    return sable_dense_limbs(env->ctx, env->scratch, pos, limbs, 1, 1);
}
static sable_status prepare_ntt(bench_env *env, bench_row *row) {
    row->bytes = poly_bytes(env, 2, row->limbs);
    return SABLE_OK;
}
static sable_status run_ntt_forward(bench_env *env, const bench_row *row) {
    sable_limbs x = ring_view(env, row->limbs);
    SABLE_RUN(env->queue, ntt_forward(env->queue->handle, &x));
    return SABLE_OK;
}
static sable_status run_ntt_inverse(bench_env *env, const bench_row *row) {
    sable_limbs x = ring_view(env, row->limbs);
    SABLE_RUN(env->queue, ntt_inverse(env->queue->handle, &x, &x, NULL));
    return SABLE_OK;
}
/* One limb alone, again and again: it and its tables stay in cache. */
static sable_status prepare_ntt_1(bench_env *env, bench_row *row) {
    row->limbs = 1;
    return prepare_ntt(env, row);
}
/* As many limbs of distinct primes as a comparison per bit of the modulus takes. */
static sable_status prepare_ntt_40(bench_env *env, bench_row *row) {
    if (row->limbs < 40) return SABLE_UNSUPPORTED;
    row->limbs = 40;
    return prepare_ntt(env, row);
}
/* The first digit to all other limbs of Q and P: `limbs` counts source limbs. */
static sable_status prepare_base_convert(bench_env *env, bench_row *row) {
    const sable_basis *basis = env->ctx->level[env->info.top_level].mod_up[0];
    row->limbs = basis->src_count;
    row->bytes = poly_bytes(env, 1, basis->src_count + basis->dst_count);
    return SABLE_OK;
}
static sable_status run_base_convert(bench_env *env, const bench_row *row) {
    const sable_basis *basis = env->ctx->level[env->info.top_level].mod_up[0];
    (void)row;
    sable_limbs y = sable_dense_limbs(env->ctx, env->scratch, basis->src, basis->src_count, 1, 1);
    sable_limbs out = sable_dense_limbs(env->ctx, y.data + y.batch_stride, basis->dst, basis->dst_count, 1, 1);
    SABLE_RUN(env->queue, base_convert(env->queue->handle, &out, &y, basis));
    return SABLE_OK;
}

/* -- ciphertexts --------------------------------------------------------------------------------------------------- */

static sable_status prepare_add(bench_env *env, bench_row *row) {
    row->bytes = poly_bytes(env, 6, row->limbs);
    return SABLE_OK;
}
static sable_status run_add(bench_env *env, const bench_row *row) {
    (void)row;
    return sable_add(env->queue, env->out, env->a, env->b);
}
static sable_status prepare_mul_plain(bench_env *env, bench_row *row) {
    row->bytes = poly_bytes(env, 5, row->limbs);
    return SABLE_OK;
}
static sable_status run_mul_plain(bench_env *env, const bench_row *row) {
    (void)row;
    return sable_mul_plain(env->queue, env->out, env->a, env->pt);
}
/* In place: `out` holds the words of `a` at first, and before every run the state of `a`, so that neither its bound nor
 * its scale grows from run to run. */
static void reset_state(bench_env *env) {
    env->out->scale = env->a->scale;
    env->out->bound = env->a->bound;
    env->out->rms = env->a->rms;
    env->out->noise_var = env->a->noise_var;
}
static sable_status prepare_add_in_place(bench_env *env, bench_row *row) {
    SABLE_TRY(prepare_add(env, row));
    return sable_ct_copy(env->queue, env->out, env->a);
}
static sable_status run_add_in_place(bench_env *env, const bench_row *row) {
    (void)row;
    reset_state(env);
    return sable_add(env->queue, env->out, env->out, env->b);
}
static sable_status prepare_mul_plain_in_place(bench_env *env, bench_row *row) {
    SABLE_TRY(prepare_mul_plain(env, row));
    return sable_ct_copy(env->queue, env->out, env->a);
}
static sable_status run_mul_plain_in_place(bench_env *env, const bench_row *row) {
    (void)row;
    reset_state(env);
    return sable_mul_plain(env->queue, env->out, env->out, env->pt);
}
static sable_status needs_level(const bench_env *env) {
    return env->info.top_level >= 1 ? SABLE_OK : SABLE_UNSUPPORTED;
}
static sable_status prepare_multiply(bench_env *env, bench_row *row) {
    row->bytes = poly_bytes(env, 6, row->limbs) + key_bytes(env);
    return needs_level(env);
}
static sable_status run_multiply(bench_env *env, const bench_row *row) {
    (void)row;
    return sable_multiply(env->queue, env->out, env->a, env->b, env->keys);
}
static sable_status prepare_rotate(bench_env *env, bench_row *row) {
    row->bytes = poly_bytes(env, 4, row->limbs) + key_bytes(env);
    return SABLE_OK;
}
static sable_status run_rotate(bench_env *env, const bench_row *row) {
    (void)row;
    return sable_rotate(env->queue, env->out, env->a, 1, env->keys);
}
/* Four rotations of one ciphertext; the row is the time of all four. */
static sable_status prepare_hoisted(bench_env *env, bench_row *row) {
    row->bytes = poly_bytes(env, 2 + 4 * 2, row->limbs) + 4 * key_bytes(env);
    row->batch = 4;
    return SABLE_OK;
}
static sable_status run_hoisted(bench_env *env, const bench_row *row) {
    static const int64_t steps[4] = {1, 2, 4, 8};
    (void)row;
    return sable_rotate_hoisted(env->queue, env->hoisted, env->a, steps, 4, env->keys);
}
static sable_status prepare_rescale(bench_env *env, bench_row *row) {
    row->bytes = poly_bytes(env, 4, row->limbs);
    return needs_level(env);
}
static sable_status run_rescale(bench_env *env, const bench_row *row) {
    (void)row;
    return sable_rescale(env->queue, env->out, env->product);
}

/* -- client -------------------------------------------------------------------------------------------------------- */

static sable_status prepare_encode(bench_env *env, bench_row *row) {
    row->bytes = poly_bytes(env, 1, row->limbs);
    return SABLE_OK;
}
/* Fewer limbs: what the transform of the values costs shows. */
static sable_status prepare_encode_low(bench_env *env, bench_row *row) {
    row->level = 12;
    if (row->level >= env->info.top_level) return SABLE_UNSUPPORTED;
    row->limbs = env->ctx->level[row->level].limbs;
    return prepare_encode(env, row);
}
static sable_status run_encode(bench_env *env, const bench_row *row) {
    sable_encoding e = {.struct_size = sizeof e, .level = row->level};
    sable_pt *out = row->level == env->info.top_level ? env->pt : env->pt_low; /* other rows take pt at the top */
    return sable_encode(env->queue, out, env->values, env->info.slots, &e);
}
static sable_status prepare_encrypt(bench_env *env, bench_row *row) {
    row->bytes = poly_bytes(env, 3, row->limbs);
    return SABLE_OK;
}
static sable_status run_encrypt_sk(bench_env *env, const bench_row *row) {
    (void)row;
    return sable_encrypt_secret(env->queue, env->out, env->pt, env->secret);
}
static sable_status run_encrypt_pk(bench_env *env, const bench_row *row) {
    (void)row;
    return sable_encrypt_public(env->queue, env->out, env->pt, env->public_key);
}
static sable_status prepare_decrypt(bench_env *env, bench_row *row) {
    row->bytes = poly_bytes(env, 2, row->limbs);
    return SABLE_OK;
}
static sable_status run_decrypt(bench_env *env, const bench_row *row) {
    (void)row;
    double *z = malloc(env->info.slots * sizeof *z);
    if (!z) return SABLE_NO_MEMORY;
    sable_status status = sable_decrypt(env->queue, z, env->info.slots, false, env->a, env->secret);
    free(z);
    return status;
}
static sable_status prepare_key(bench_env *env, bench_row *row) {
    row->bytes = key_bytes(env);
    return SABLE_OK;
}
static sable_status run_key_relin(bench_env *env, const bench_row *row) {
    (void)row;
    sable_keyset *keys = NULL;
    sable_status status = sable_keyset_generate(env->queue, &keys, env->secret, env->relin_spec);
    sable_keyset_destroy(env->queue, &keys);
    return status;
}

const bench_case bench_cases[] = {
    {"ntt_forward", prepare_ntt, run_ntt_forward},
    {"ntt_forward_1", prepare_ntt_1, run_ntt_forward},
    {"ntt_forward_40", prepare_ntt_40, run_ntt_forward},
    {"ntt_inverse", prepare_ntt, run_ntt_inverse},
    {"base_convert", prepare_base_convert, run_base_convert},
    {"add", prepare_add, run_add},
    {"add_in_place", prepare_add_in_place, run_add_in_place},
    {"multiply_plain", prepare_mul_plain, run_mul_plain},
    {"multiply_plain_in_place", prepare_mul_plain_in_place, run_mul_plain_in_place},
    {"rescale", prepare_rescale, run_rescale},
    {"multiply_relin_rescale", prepare_multiply, run_multiply},
    {"rotate", prepare_rotate, run_rotate},
    {"rotate_hoisted", prepare_hoisted, run_hoisted},
    {"encode", prepare_encode, run_encode},
    {"encode_level_12", prepare_encode_low, run_encode},
    {"encrypt_sk", prepare_encrypt, run_encrypt_sk},
    {"encrypt_pk", prepare_encrypt, run_encrypt_pk},
    {"decrypt_decode", prepare_decrypt, run_decrypt},
    {"key_relin", prepare_key, run_key_relin},
    {0},
};
