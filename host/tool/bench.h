/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_BENCH_H
#define SABLE_TOOL_BENCH_H
/* Benchmark rows: what is timed, and how. One row = one operation on one parameter set; its fields are fixed by docs/CLI.md. */
#include <stddef.h>

#include "ckks/objects.h"
#include "sable/sable.h"

/* Objects that rows work on, made once a parameter set. */
typedef struct bench_env {
    bool planning;
    const char *params_name;
    sable_params *params;
    sable_params_info info;
    sable_ctx *ctx;
    sable_ctx_info ctx_info;
    sable_queue *queue;
    sable_secret *secret;
    sable_public_key *public_key;
    sable_keyset *keys; /* relinearisation, rotations 1,2,4,8 and the row packing's, all levels */
    sable_key_spec *relin_spec;
    double *values;        /* slots */
    sable_pt *pt;          /* at the top */
    sable_pt *pt_low;      /* below it */
    sable_ct *a, *b, *out; /* at the top, batch 1 */
    sable_ct *product;     /* canonical power 2, 2 parts, top: what rescale takes */
    sable_ct *hoisted[8];
    uint32_t *scratch; /* limbs of the top level, for transforms and conversions */
    struct {           /* inference rows: made by the row that needs them */
        sable_layout layout;
        sable_model *model;
        sable_ct *data, *weights, *bias;
    } infer;
    struct { /* training rows, likewise */
        sable_training *training;
        sable_program *program;
        sable_prepared *prepared;
        sable_keyset *keys;
        sable_ct **ct; /* inputs, then outputs */
        size_t inputs, outputs;
    } train;
    struct { /* products of matrices, likewise */
        sable_program *program;
        sable_prepared *prepared;
        sable_keyset *keys;
        sable_ct *operand[2];
        uint32_t operands;
    } matmul;
    sable_error err;
} bench_env;

typedef struct bench_row {
    char name[32], params[32];
    uint32_t n, limbs, level, batch, threads, runs;
    char backend[16], path[96];
    double median_us, p10_us, p90_us;
    double bytes;  /* least traffic: every input and key word read once, every output word written once */
    uint32_t keys; /* evaluation keys that the work needs; 0: none, or not told */
    double key_bytes;
} bench_row;

typedef struct bench_case {
    const char *name;
    /* Called before the timed runs; fills limbs, level, batch, bytes of the row. May be NULL. SABLE_UNSUPPORTED: not on this parameter set. */
    sable_status (*prepare)(bench_env *env, bench_row *row);
    sable_status (*run)(bench_env *env, const bench_row *row);
} bench_case;

/* NULL-terminated by name: primitives, inference; training and products of matrices, only when --filter names them. */
extern const bench_case bench_cases[];
extern const bench_case bench_infer_cases[];
extern const bench_case bench_train_cases[];
extern const bench_case bench_matmul_cases[];
void bench_infer_clear(bench_env *env);
void bench_train_clear(bench_env *env);
void bench_matmul_clear(bench_env *env);

/* planning: on a context that counts and computes nothing (--dry-run). */
sable_status bench_env_open(bench_env *env, const char *params, const sable_ctx_options *options, bool planning);
void bench_env_close(bench_env *env);
enum { BENCH_MOST_RUNS = 1000 };
/* Times one case: 2 warm-up runs, then runs until `seconds` have passed, at least 5 and at most BENCH_MOST_RUNS. */
sable_status bench_measure(bench_env *env, const bench_case *c, double seconds, bench_row *row);
/* On a planning context (--dry-run): what preparing the row takes, and in the tally what one run does. */
sable_status bench_count(bench_env *env, const bench_case *c, double prepare[SABLE_WORKS], bench_row *row);
/* The sentence of the last failure. */
const char *bench_error(const bench_env *env);

#endif
