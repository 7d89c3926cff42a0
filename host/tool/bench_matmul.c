/* SPDX-License-Identifier: Apache-2.0 */
/* Products of matrices, as prepared circuits: plaintexts are encoded before, the row is one run.
 *   matmul_pc     a 128 x 128 matrix in the clear times an encrypted vector, by diagonals, operand at level 8 or the highest below
 *   matmul_cc_64  the product of encrypted 64 x 64 matrices, result at level 0; batch: pairs of matrices in the ciphertexts
 * bytes: operands, keys and plaintexts once, the result. Keys and plaintexts take up to gigabytes, so these rows run only when --filter names them. */
#include <math.h>
#include <stdlib.h>

#include "tool/bench.h"

enum { PC_SIDE = 128, PC_LEVEL = 8, CC_SIDE = 64 };

void bench_matmul_clear(bench_env *env) {
    sable_prepared_destroy(env->queue, &env->matmul.prepared);
    sable_keyset_destroy(env->queue, &env->matmul.keys);
    sable_program_destroy(&env->matmul.program);
    for (int i = 0; i < 2; i++) sable_ct_destroy(env->queue, &env->matmul.operand[i]);
    env->matmul.operands = 0;
}

/* The program of a circuit, which is taken; keys, operands and plaintexts for it. */
static sable_status make_ready(bench_env *env, bench_row *row, sable_circuit *circuit, uint32_t output_level) {
    const sable_lowering o = {.struct_size = sizeof o, .output_level = output_level};
    sable_status status = sable_program_create(&env->matmul.program, circuit, env->params, &o, &env->err);
    sable_circuit_destroy(&circuit);
    if (status == SABLE_LEVEL) return SABLE_UNSUPPORTED;
    SABLE_TRY(status);
    sable_program_info info = {.struct_size = sizeof info};
    SABLE_TRY(sable_program_describe(env->matmul.program, &info));
    env->matmul.operands = (uint32_t)info.inputs;
    for (uint32_t i = 0; i < info.inputs; i++) {
        sable_encoding e = {.struct_size = sizeof e, .bound = 1};
        (void)sable_program_input(env->matmul.program, i, &e.level);
        row->level = e.level;
        SABLE_TRY(sable_encode(env->queue, env->pt_low, env->values, env->info.slots, &e));
        SABLE_TRY(sable_ct_create(&env->matmul.operand[i], env->ctx, &env->err));
        SABLE_TRY(sable_encrypt_secret(env->queue, env->matmul.operand[i], env->pt_low, env->secret));
    }
    sable_key_spec *spec = NULL;
    SABLE_TRY(sable_key_spec_create(&spec, env->params, &env->err));
    status = sable_program_add_keys(env->matmul.program, spec, &env->err);
    if (status == SABLE_OK) status = sable_keyset_generate(env->queue, &env->matmul.keys, env->secret, spec);
    row->keys = (uint32_t)sable_key_spec_count(spec);
    row->key_bytes = (double)sable_key_spec_bytes(spec);
    sable_key_spec_destroy(&spec);
    SABLE_TRY(status);
    SABLE_TRY(sable_program_prepare(env->queue, &env->matmul.prepared, env->matmul.program, NULL));
    sable_prepared_info prepared = {.struct_size = sizeof prepared};
    SABLE_TRY(sable_prepared_describe(env->matmul.prepared, &prepared));
    row->limbs = env->ctx->level[row->level].limbs;
    row->bytes = (double)(info.input_bytes + prepared.plain_bytes) + row->key_bytes +
                 2.0 * env->ctx->level[output_level].limbs * env->ctx->params.n * sizeof(uint32_t);
    return SABLE_OK;
}

static sable_status prepare_pc(bench_env *env, bench_row *row) {
    bench_matmul_clear(env);
    if (env->info.top_level == 0) return SABLE_UNSUPPORTED;
    const uint32_t level = env->info.top_level < PC_LEVEL ? env->info.top_level : PC_LEVEL;
    sable_circuit *c = NULL;
    double *matrix = malloc(sizeof *matrix * PC_SIDE * PC_SIDE);
    if (!matrix) return sable_fail(&env->err, SABLE_NO_MEMORY, "no memory for a %d x %d matrix", PC_SIDE, PC_SIDE);
    for (int i = 0; i < PC_SIDE * PC_SIDE; i++) matrix[i] = cos(0.1 * i) / PC_SIDE;
    sable_status status = sable_circuit_create(&c, env->info.slots, &env->err);
    if (status == SABLE_OK) {
        const sable_node x = sable_circuit_input(c, "x", 1);
        sable_circuit_output(c, "y", sable_circuit_matrix_vector(c, matrix, PC_SIDE, PC_SIDE, x));
        status = make_ready(env, row, c, level - 1);
    }
    free(matrix);
    return status;
}

static sable_status prepare_cc(bench_env *env, bench_row *row) {
    bench_matmul_clear(env);
    sable_squares squares = {.struct_size = sizeof squares};
    const sable_status fits = sable_squares_choose(&squares, env->info.slots, CC_SIDE, &env->err);
    if (fits == SABLE_INVALID) return SABLE_UNSUPPORTED; /* slots */
    SABLE_TRY(fits);
    sable_circuit *c = NULL;
    SABLE_TRY(sable_circuit_create(&c, env->info.slots, &env->err));
    const sable_node a = sable_circuit_input(c, "a", 1), b = sable_circuit_input(c, "b", 1);
    sable_circuit_output(c, "ab", sable_circuit_multiply_squares(c, &squares, a, b));
    row->batch = squares.count;
    return make_ready(env, row, c, 0);
}

static sable_status run(bench_env *env, const bench_row *row) {
    (void)row;
    return sable_prepared_run(env->queue, env->matmul.prepared, &env->out, 1,
                              (const sable_ct *const *)env->matmul.operand, env->matmul.operands, env->matmul.keys);
}

const bench_case bench_matmul_cases[] = {
    {"matmul_pc", prepare_pc, run},
    {"matmul_cc_64", prepare_cc, run},
    {0},
};
