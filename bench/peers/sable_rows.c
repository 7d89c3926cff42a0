/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of `sable bench`, by its own code, served one request a line like the peer programs (harness.hpp), so that a
 * row of Sable and the same row of a peer follow each other without set-up in between.
 * Usage: sable_rows PARAMS THREADS */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fail.h"
#include "tool/bench.h"

enum { TABLES = 3 };
static const bench_case *const tables[TABLES] = {bench_cases, bench_infer_cases, bench_matmul_cases};

typedef struct operands {
    double *x, *y, *z;
} operands;

/* Vectors uniform in [-1, 1], encrypted with the public key at a level, multiplied, relinearised, rescaled; -log2 of
 * the largest and of the mean absolute error. */
static sable_status product(bench_env *env, operands *o, uint32_t level, double *max_bits, double *mean_bits) {
    uint32_t slots = env->info.slots;
    sable_encoding e = {.struct_size = sizeof e, .level = level};
    SABLE_TRY(sable_encode(env->queue, env->pt, o->x, slots, &e));
    SABLE_TRY(sable_encrypt_public(env->queue, env->hoisted[0], env->pt, env->public_key));
    SABLE_TRY(sable_encode(env->queue, env->pt, o->y, slots, &e));
    SABLE_TRY(sable_encrypt_public(env->queue, env->hoisted[1], env->pt, env->public_key));
    SABLE_TRY(sable_multiply(env->queue, env->out, env->hoisted[0], env->hoisted[1], env->keys));
    SABLE_TRY(sable_decrypt(env->queue, o->z, slots, false, env->out, env->secret));
    double largest = 0, sum = 0;
    for (uint32_t i = 0; i < slots; i++) {
        double error = fabs(o->z[i] - o->x[i] * o->y[i]);
        largest = fmax(largest, error);
        sum += error;
    }
    *max_bits = -log2(largest);
    *mean_bits = -log2(sum / slots);
    /* The plaintext is an operand of other rows: back to what bench_env_open made. */
    e.level = env->info.top_level;
    return sable_encode(env->queue, env->pt, env->values, slots, &e);
}

static void print_list(const char *name, const double *bits, uint32_t count, const char *end) {
    printf("\"%s\": [", name);
    for (uint32_t i = 0; i < count; i++) printf("%s%.2f", i ? ", " : "", bits[i]);
    printf("]%s", end);
}

/* At every level from 1 to the top. */
static sable_status precision(bench_env *env) {
    size_t slots = env->info.slots;
    uint32_t levels = env->info.top_level;
    double bits[2][SABLE_MAX_LEVELS], *values = malloc(3 * slots * sizeof *values);
    if (!values) return SABLE_NO_MEMORY;
    operands o = {values, values + slots, values + 2 * slots};
    uint64_t state = 1;
    for (size_t i = 0; i < 2 * slots; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        values[i] = (double)(state >> 11) * 0x1p-52 - 1;
    }
    sable_status status = SABLE_OK;
    for (uint32_t l = 0; l < levels && status == SABLE_OK; l++)
        status = product(env, &o, l + 1, &bits[0][l], &bits[1][l]);
    free(values);
    if (status != SABLE_OK) return status;
    printf("{");
    print_list("precision_bits_max", bits[0], levels, ", ");
    print_list("precision_bits_mean", bits[1], levels, "}\n");
    return SABLE_OK;
}

/* Processor time of the process beside the elapsed time that bench_measure takes. */
static const bench_case *timed;
static double processor_sample[2000];
static size_t processor_count;

static double processor_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return 1e6 * (double)t.tv_sec + 1e-3 * (double)t.tv_nsec;
}

static sable_status run_timed(bench_env *env, const bench_row *row) {
    double begin = processor_us();
    SABLE_TRY(timed->run(env, row));
    SABLE_TRY(sable_queue_sync(env->queue));
    if (processor_count < sizeof processor_sample / sizeof *processor_sample)
        processor_sample[processor_count++] = processor_us() - begin;
    return SABLE_OK;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static sable_status measure(bench_env *env, const bench_case *c, double seconds, bench_row *row, double *processor) {
    bench_case with_processor = {c->name, c->prepare, run_timed};
    timed = c;
    processor_count = 0;
    SABLE_TRY(bench_measure(env, &with_processor, seconds, row));
    double *sample = processor_sample + 2; /* after two warm-up runs */
    qsort(sample, processor_count - 2, sizeof *sample, by_value);
    *processor = sample[(processor_count - 2) / 2];
    return SABLE_OK;
}

/* log2 of the modulus that a row works on: the last `limbs` primes of its level. */
static double row_bits(const bench_env *env, const bench_row *r) {
    double bits = 0;
    const sable_level_tables *level = &env->ctx->level[r->level];
    for (uint32_t i = level->limbs - r->limbs; i < level->limbs; i++)
        bits += log2(env->ctx->ring->prime[level->pos[i]].p);
    return bits;
}

static void print_row(const bench_env *env, const bench_row *r, double processor) {
    printf("{\"name\": \"%s\", \"n\": %u, \"limbs\": %u, \"level\": %u, \"params\": \"%s\", \"batch\": %u, "
           "\"backend\": \"%s\", "
           "\"path\": \"%s\", \"threads\": %u, \"median_us\": %.3f, \"p10_us\": %.3f, \"p90_us\": %.3f, \"runs\": %u, "
           "\"bytes\": %.0f, \"gb_per_s\": %.4f, \"peer\": \"\", \"log_q\": %.2f, \"log_p\": %.2f, \"log_pq\": %.2f, "
           "\"digits\": %u, \"scale_log2\": %.2f, \"row_bits\": %.2f, \"processor_us\": %.3f, \"keys\": %u, "
           "\"key_bytes\": %.0f}\n",
           r->name, r->n, r->limbs, r->level, r->params, r->batch, r->backend, r->path, r->threads, r->median_us,
           r->p10_us, r->p90_us, r->runs, r->bytes, r->bytes / r->median_us * 1e-3, env->info.log_q, env->info.log_p,
           env->info.log_q + env->info.log_p, env->ctx->level[env->info.top_level].digits,
           log2(sable_scale_canonical(env->ctx, 1).hi), row_bits(env, r), processor, r->keys, r->key_bytes);
}

static void print_names(void) {
    const char *before = "[";
    for (size_t i = 0; i < TABLES; i++)
        for (const bench_case *c = tables[i]; c->name; c++, before = ", ") printf("%s\"%s\"", before, c->name);
    printf("]\n");
}

static sable_status time_row(bench_env *env, const char *name, double seconds) {
    for (size_t i = 0; i < TABLES; i++)
        for (const bench_case *c = tables[i]; c->name; c++) {
            bench_row row;
            double processor;
            if (strcmp(name, c->name) != 0) continue;
            sable_status status = measure(env, c, seconds, &row, &processor);
            if (status == SABLE_OK) print_row(env, &row, processor);
            if (status != SABLE_UNSUPPORTED) return status;
            printf("null\n"); /* not on this parameter set */
            return SABLE_OK;
        }
    printf("{\"error\": \"no row is called %s\"}\n", name);
    return SABLE_OK;
}

static sable_status answer(bench_env *env, char *line) {
    char what[16] = "", name[32] = "";
    double seconds = 0.5;
    sscanf(line, "%15s %31s %lf", what, name, &seconds);
    if (!strcmp(what, "precision")) return precision(env);
    if (!strcmp(what, "time")) return time_row(env, name, seconds);
    print_names();
    return SABLE_OK;
}

int main(int argc, char **argv) {
    if (argc != 3) return fprintf(stderr, "usage: %s PARAMS THREADS\n", argv[0]), 2;
    bench_env env;
    sable_ctx_options options = {sizeof options, "cpu", NULL, (uint32_t)strtoul(argv[2], NULL, 10), 0};
    sable_status status = bench_env_open(&env, argv[1], &options, false);
    char line[128];
    while (status == SABLE_OK && fgets(line, sizeof line, stdin)) {
        status = answer(&env, line);
        fflush(stdout);
    }
    if (status != SABLE_OK) fprintf(stderr, "%s: %s\n", argv[0], bench_error(&env));
    bench_env_close(&env);
    return status == SABLE_OK ? 0 : 1;
}
