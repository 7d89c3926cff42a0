/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *bench_error(const bench_env *env) {
    const char *text = env->queue ? sable_queue_error(env->queue) : "";
    return text[0] ? text : env->err.text;
}

/* No operation's time depends on the values. */
static sable_status make_operands(bench_env *env) {
    uint32_t slots = env->info.slots, top = env->info.top_level;
    env->values = malloc(slots * sizeof *env->values);
    if (!env->values) return sable_fail(&env->err, SABLE_NO_MEMORY, "no memory for %u values", slots);
    for (uint32_t i = 0; i < slots; i++) env->values[i] = sin(0.37 * i);
    sable_encoding e = {.struct_size = sizeof e, .level = top};
    SABLE_TRY(sable_encode(env->queue, env->pt, env->values, slots, &e));
    SABLE_TRY(sable_encrypt_secret(env->queue, env->a, env->pt, env->secret));
    SABLE_TRY(sable_encrypt_secret(env->queue, env->b, env->pt, env->secret));
    return sable_mul_plain(env->queue, env->product, env->a, env->pt);
}

static sable_status make_keys(bench_env *env) {
    sable_key_spec *spec = NULL;
    uint32_t top = env->info.top_level;
    SABLE_TRY(sable_key_spec_create(&spec, env->params, &env->err));
    SABLE_TRY(sable_key_spec_create(&env->relin_spec, env->params, &env->err));
    sable_status status = sable_key_spec_add_relin(env->relin_spec, 0, top, &env->err);
    if (status == SABLE_OK) status = sable_key_spec_add_relin(spec, 0, top, &env->err);
    for (uint32_t step = 1; step <= 128 && status == SABLE_OK; step *= 2)
        /* The row packing's sums run below the top; the first four rotations are timed there. */
        status = sable_key_spec_add_rotation(spec, step, 0, 0, step <= 8 ? top : top ? top - 1 : 0, &env->err);
    if (status == SABLE_OK) status = sable_keyset_generate(env->queue, &env->keys, env->secret, spec);
    sable_key_spec_destroy(&spec);
    return status;
}

sable_status bench_env_open(bench_env *env, const char *params, const sable_ctx_options *options, bool planning) {
    memset(env, 0, sizeof *env);
    env->planning = planning;
    env->params_name = params;
    env->info.struct_size = sizeof env->info;
    env->ctx_info.struct_size = sizeof env->ctx_info;
    sable_error *err = &env->err;
    sable_params_options allow = {sizeof allow, true}; /* timing needs no security; rows name the set */
    SABLE_TRY(sable_params_load(&env->params, params, &allow, err));
    SABLE_TRY(sable_params_describe(env->params, &env->info));
    SABLE_TRY(planning ? sable_ctx_create_planning(&env->ctx, env->params, options, err)
                       : sable_ctx_create(&env->ctx, env->params, options, err));
    SABLE_TRY(sable_ctx_describe(env->ctx, &env->ctx_info));
    SABLE_TRY(sable_queue_create(&env->queue, env->ctx, NULL, err));
    SABLE_TRY(sable_secret_generate(&env->secret, env->ctx, err));
    SABLE_TRY(sable_pt_create(&env->pt, env->ctx, err));
    SABLE_TRY(sable_pt_create(&env->pt_low, env->ctx, err));
    sable_ct **const ct[] = {&env->a, &env->b, &env->out, &env->product};
    for (size_t i = 0; i < sizeof ct / sizeof *ct; i++) SABLE_TRY(sable_ct_create(ct[i], env->ctx, err));
    for (int i = 0; i < 8; i++) SABLE_TRY(sable_ct_create(&env->hoisted[i], env->ctx, err));
    SABLE_TRY(sable_public_key_generate(env->queue, &env->public_key, env->secret));
    SABLE_TRY(make_keys(env));
    SABLE_TRY(sable_words_alloc(env->queue, &env->scratch,
                                (env->info.q_count + env->info.p_count) * (size_t)env->ctx->params.n, "bench"));
    sable_limbs all = sable_dense_limbs(env->ctx, env->scratch, env->ctx->level[env->info.top_level].pos,
                                        env->info.q_count + env->info.p_count, 1, 1);
    if (env->ctx->backend->zero(env->queue->handle, &all) != SABLE_OK) return SABLE_DEVICE;
    return make_operands(env);
}

void bench_env_close(bench_env *env) {
    if (env->queue) {
        bench_infer_clear(env);
        bench_train_clear(env);
        bench_matmul_clear(env);
        sable_words_release(env->queue, env->scratch);
        sable_ct **const ct[] = {&env->a, &env->b, &env->out, &env->product};
        for (size_t i = 0; i < sizeof ct / sizeof *ct; i++) sable_ct_destroy(env->queue, ct[i]);
        for (int i = 0; i < 8; i++) sable_ct_destroy(env->queue, &env->hoisted[i]);
        sable_pt_destroy(env->queue, &env->pt);
        sable_pt_destroy(env->queue, &env->pt_low);
        sable_keyset_destroy(env->queue, &env->keys);
        sable_public_key_destroy(env->queue, &env->public_key);
    }
    sable_key_spec_destroy(&env->relin_spec);
    sable_secret_destroy(&env->secret);
    sable_queue_destroy(&env->queue);
    sable_ctx_destroy(&env->ctx);
    sable_params_destroy(&env->params);
    free(env->values);
    env->values = NULL;
}

static double now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e6 * (double)t.tv_sec + 1e-3 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void begin_row(const bench_env *env, const bench_case *c, bench_row *row) {
    const uint32_t top = env->info.top_level;
    *row = (bench_row){.n = env->ctx->params.n,
                       .limbs = env->ctx->level[top].limbs,
                       .level = top,
                       .batch = 1,
                       .threads = env->ctx_info.threads};
    snprintf(row->name, sizeof row->name, "%s", c->name);
    snprintf(row->params, sizeof row->params, "%s", env->params_name);
    snprintf(row->backend, sizeof row->backend, "%s", env->ctx_info.backend);
    snprintf(row->path, sizeof row->path, "%s", env->ctx_info.path);
}

sable_status bench_count(bench_env *env, const bench_case *c, double prepare[SABLE_WORKS], bench_row *row) {
    double *work = env->ctx->tally->work;
    begin_row(env, c, row);
    memset(work, 0, SABLE_WORKS * sizeof *work);
    if (c->prepare) SABLE_TRY(c->prepare(env, row));
    memcpy(prepare, work, SABLE_WORKS * sizeof *work);
    memset(work, 0, SABLE_WORKS * sizeof *work);
    return c->run(env, row);
}

sable_status bench_measure(bench_env *env, const bench_case *c, double seconds, bench_row *row) {
    begin_row(env, c, row);
    if (c->prepare) SABLE_TRY(c->prepare(env, row));
    for (int i = 0; i < 2; i++) SABLE_TRY(c->run(env, row));
    SABLE_TRY(sable_queue_sync(env->queue));
    double *sample = malloc(BENCH_MOST_RUNS * sizeof *sample), start = now_us();
    if (!sample) return sable_fail(&env->err, SABLE_NO_MEMORY, "no memory for timings");
    sable_status status = SABLE_OK;
    while (status == SABLE_OK && row->runs < BENCH_MOST_RUNS && (row->runs < 5 || now_us() - start < 1e6 * seconds)) {
        double begin = now_us();
        status = c->run(env, row);
        if (status == SABLE_OK) status = sable_queue_sync(env->queue);
        sample[row->runs++] = now_us() - begin;
    }
    qsort(sample, row->runs, sizeof *sample, by_value);
    row->median_us = sample[row->runs / 2];
    row->p10_us = sample[row->runs / 10];
    row->p90_us = sample[row->runs * 9 / 10];
    free(sample);
    return status;
}
