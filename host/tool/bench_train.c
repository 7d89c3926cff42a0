/* SPDX-License-Identifier: Apache-2.0 */
/* Training rows: six minibatches of 128 samples of 196 features, from encrypted inputs to encrypted weights, inputs at the levels where they are first
 * used. A set needs the levels: train15 holds the low-depth circuit, train16 all. Keys take gigabytes, so these rows run only when --filter
 * names them. bytes: every input and key once. */
#include <stdlib.h>

#include "tool/bench.h"

enum { ITERATIONS = 6, MINIBATCH = 128, FEATURES = 196 };

void bench_train_clear(bench_env *env) {
    sable_prepared_destroy(env->queue, &env->train.prepared);
    for (size_t i = 0; env->train.ct && i < env->train.inputs + env->train.outputs; i++)
        sable_ct_destroy(env->queue, &env->train.ct[i]);
    free(env->train.ct);
    env->train.ct = NULL;
    sable_keyset_destroy(env->queue, &env->train.keys);
    sable_program_destroy(&env->train.program);
    sable_training_destroy(&env->train.training);
}

/* Values do not matter: small ones, which keep every bound. */
static sable_status encrypt_inputs(bench_env *env) {
    double *slots = calloc(env->info.slots, sizeof *slots);
    if (!slots) return sable_fail(&env->err, SABLE_NO_MEMORY, "no memory for %u slots", env->info.slots);
    sable_status status = SABLE_OK;
    for (size_t i = 0; i < env->train.inputs && status == SABLE_OK; i++) {
        sable_encoding e = {.struct_size = sizeof e, .bound = sable_training_bound(env->train.training, i)};
        e.rms = 0x1p-20 * e.bound;
        (void)sable_program_input(env->train.program, i, &e.level);
        status = sable_encode(env->queue, env->pt_low, slots, env->info.slots, &e);
        if (status == SABLE_OK) status = sable_encrypt_secret(env->queue, env->train.ct[i], env->pt_low, env->secret);
    }
    free(slots);
    return status;
}

static sable_status make_keys(bench_env *env, bench_row *row) {
    sable_key_spec *spec = NULL;
    SABLE_TRY(sable_key_spec_create(&spec, env->params, &env->err));
    sable_status status = sable_program_add_keys(env->train.program, spec, &env->err);
    if (status == SABLE_OK) status = sable_keyset_generate(env->queue, &env->train.keys, env->secret, spec);
    row->bytes += (double)sable_key_spec_bytes(spec);
    sable_key_spec_destroy(&spec);
    return status;
}

static sable_status make_program(bench_env *env, bench_row *row, sable_training_kind kind) {
    const sable_training_options options = {.struct_size = sizeof options,
                                            .kind = kind,
                                            .iterations = ITERATIONS,
                                            .minibatch = MINIBATCH,
                                            .features = FEATURES};
    sable_training_info info = {.struct_size = sizeof info};
    sable_program_info program = {.struct_size = sizeof program};
    sable_status status = sable_training_create(&env->train.training, &options, env->info.slots, &env->err);
    if (status == SABLE_LIMIT) return SABLE_UNSUPPORTED; /* slots */
    SABLE_TRY(status);
    SABLE_TRY(sable_training_describe(env->train.training, &info));
    if (info.depth > env->info.top_level) return SABLE_UNSUPPORTED;
    SABLE_TRY(sable_program_create(&env->train.program, sable_training_circuit(env->train.training), env->params, NULL,
                                   &env->err));
    SABLE_TRY(sable_program_describe(env->train.program, &program));
    env->train.inputs = program.inputs;
    env->train.outputs = program.outputs;
    row->level = info.depth;
    row->limbs = env->ctx->level[info.depth].limbs;
    row->bytes = (double)program.input_bytes;
    return SABLE_OK;
}

static sable_status prepare(bench_env *env, bench_row *row, sable_training_kind kind) {
    bench_train_clear(env);
    SABLE_TRY(make_program(env, row, kind));
    SABLE_TRY(make_keys(env, row));
    const size_t count = env->train.inputs + env->train.outputs;
    env->train.ct = calloc(count, sizeof(sable_ct *));
    if (!env->train.ct) return sable_fail(&env->err, SABLE_NO_MEMORY, "no memory for %zu handles", count);
    for (size_t i = 0; i < count; i++) SABLE_TRY(sable_ct_create(&env->train.ct[i], env->ctx, &env->err));
    SABLE_TRY(encrypt_inputs(env));
    return sable_program_prepare(env->queue, &env->train.prepared, env->train.program, NULL);
}

static sable_status prepare_baseline(bench_env *env, bench_row *row) { return prepare(env, row, SABLE_TRAIN_BASELINE); }
static sable_status prepare_folded(bench_env *env, bench_row *row) { return prepare(env, row, SABLE_TRAIN_FOLDED); }
static sable_status prepare_lowdepth(bench_env *env, bench_row *row) { return prepare(env, row, SABLE_TRAIN_LOWDEPTH); }

static sable_status run(bench_env *env, const bench_row *row) {
    (void)row;
    return sable_prepared_run(env->queue, env->train.prepared, env->train.ct + env->train.inputs, env->train.outputs,
                              (const sable_ct *const *)env->train.ct, env->train.inputs, env->train.keys);
}

const bench_case bench_train_cases[] = {
    {"train_baseline_6", prepare_baseline, run},
    {"train_folded_6", prepare_folded, run},
    {"train_lowdepth_6", prepare_lowdepth, run},
    {0},
};
