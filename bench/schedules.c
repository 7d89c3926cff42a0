/* SPDX-License-Identifier: Apache-2.0 */
/* What fusion, schedules and kept plaintexts of a circuit bring: rows of the same work (a square, the sum of 8 rotations, a mask) are run in
 * turn in all ways. docs/CIRCUITS.md has the results.
 *
 *   bench_schedules [set] [rows] [threads] [seconds]     (SABLE_BACKEND names the backend) */
#include <sable/circuit.h>
#include <sable/client.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define CHECK(call)                                                                                \
    do {                                                                                           \
        if ((call) != SABLE_OK) {                                                                  \
            fprintf(stderr, "%s\n%s\n", b->err.text, b->queue ? sable_queue_error(b->queue) : ""); \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

enum { ROWS_MOST = 64, WAYS = 6, RUNS_MOST = 4096 };

typedef struct bench {
    sable_error err;
    sable_params *params;
    sable_params_info info;
    sable_ctx *ctx;
    sable_queue *queue;
    sable_secret *secret;
    sable_keyset *keys;
    sable_ct *in[ROWS_MOST], *out[ROWS_MOST];
    size_t rows;
} bench;

typedef struct way {
    const char *name;
    sable_schedule schedule;
    bool no_fusion, late;
    sable_program *program;
    sable_prepared *prepared;
    double run[RUNS_MOST], work[RUNS_MOST]; /* seconds passed, of processors */
    size_t runs;
} way;

static sable_circuit *make_circuit(bench *b) {
    sable_circuit *c = NULL;
    double *mask = calloc(b->info.slots, sizeof *mask);
    CHECK(sable_circuit_create(&c, b->info.slots, &b->err));
    if (!mask) exit(1);
    for (uint32_t j = 0; j < b->info.slots; j += 8) mask[j] = 0.125;
    for (size_t i = 0; i < b->rows; i++) {
        char name[32];
        snprintf(name, sizeof name, "x%zu", i);
        const sable_node x = sable_circuit_input(c, name, 1);
        sable_node r = sable_circuit_rotate_sum(c, sable_circuit_mul(c, x, x), 1, 8);
        sable_circuit_output(c, name, sable_circuit_mul_plain(c, r, mask));
    }
    free(mask);
    CHECK(sable_circuit_status(c, &b->err));
    return c;
}

static void make_inputs(bench *b, const sable_program *p) {
    sable_key_spec *spec = NULL;
    CHECK(sable_key_spec_create(&spec, b->params, &b->err));
    CHECK(sable_program_add_keys(p, spec, &b->err));
    CHECK(sable_keyset_generate(b->queue, &b->keys, b->secret, spec));
    sable_key_spec_destroy(&spec);
    double *values = malloc(b->info.slots * sizeof *values);
    if (!values) exit(1);
    for (size_t i = 0; i < b->rows; i++) {
        sable_encoding e = {.struct_size = sizeof e, .bound = 1};
        sable_pt *pt = NULL;
        (void)sable_program_input(p, i, &e.level);
        for (uint32_t j = 0; j < b->info.slots; j++) values[j] = (double)(j % 17) / 17;
        CHECK(sable_pt_create(&pt, b->ctx, &b->err));
        CHECK(sable_encode(b->queue, pt, values, b->info.slots, &e));
        CHECK(sable_ct_create(&b->in[i], b->ctx, &b->err));
        CHECK(sable_ct_create(&b->out[i], b->ctx, &b->err));
        CHECK(sable_encrypt_secret(b->queue, b->in[i], pt, b->secret));
        sable_pt_destroy(b->queue, &pt);
    }
    free(values);
}

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void run(bench *b, way *w) {
    const double start = now(CLOCK_MONOTONIC), begin = now(CLOCK_PROCESS_CPUTIME_ID);
    CHECK(sable_prepared_run(b->queue, w->prepared, b->out, b->rows, (const sable_ct *const *)b->in, b->rows, b->keys));
    CHECK(sable_queue_sync(b->queue));
    if (w->runs == RUNS_MOST) return;
    w->work[w->runs] = now(CLOCK_PROCESS_CPUTIME_ID) - begin;
    w->run[w->runs++] = now(CLOCK_MONOTONIC) - start;
}

static int compare(const void *x, const void *y) {
    const double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

int main(int argc, char **argv) {
    static bench bench_state;
    static way ways[WAYS] = {{.name = "no fusion", .schedule = SABLE_SCHEDULE_SERIAL, .no_fusion = true},
                             {.name = "encoded in each run", .schedule = SABLE_SCHEDULE_SERIAL, .late = true},
                             {.name = "serial", .schedule = SABLE_SCHEDULE_SERIAL},
                             {.name = "batched", .schedule = SABLE_SCHEDULE_BATCHED},
                             {.name = "parallel", .schedule = SABLE_SCHEDULE_PARALLEL},
                             {.name = "automatic", .schedule = SABLE_SCHEDULE_AUTO}};
    bench *b = &bench_state;
    const char *set = argc > 1 ? argv[1] : "infer13";
    b->rows = argc > 2 ? (size_t)atoi(argv[2]) : 8;
    const sable_ctx_options options = {.struct_size = sizeof options,
                                       .threads = argc > 3 ? (uint32_t)atoi(argv[3]) : 0};
    const double seconds = argc > 4 ? atof(argv[4]) : 2;
    if (b->rows < 1 || b->rows > ROWS_MOST) return fprintf(stderr, "1 to %d rows\n", ROWS_MOST), 2;
    b->info.struct_size = sizeof b->info;
    CHECK(sable_params_load(&b->params, set, NULL, &b->err));
    CHECK(sable_params_describe(b->params, &b->info));
    CHECK(sable_ctx_create(&b->ctx, b->params, &options, &b->err));
    CHECK(sable_queue_create(&b->queue, b->ctx, NULL, &b->err));
    CHECK(sable_secret_generate(&b->secret, b->ctx, &b->err));
    sable_circuit *c = make_circuit(b);
    for (size_t i = 0; i < WAYS; i++) {
        const sable_lowering o = {.struct_size = sizeof o, .no_fusion = ways[i].no_fusion};
        const sable_prepare_options p = {
            .struct_size = sizeof p, .schedule = ways[i].schedule, .encode_late = ways[i].late};
        CHECK(sable_program_create(&ways[i].program, c, b->params, &o, &b->err));
        if (i == 0) make_inputs(b, ways[i].program);
        CHECK(sable_program_prepare(b->queue, &ways[i].prepared, ways[i].program, &p));
    }
    for (const double end = now(CLOCK_MONOTONIC) + seconds; now(CLOCK_MONOTONIC) < end || ways[WAYS - 1].runs < 3;)
        for (size_t i = 0; i < WAYS; i++) run(b, &ways[i]);
    printf("%-20s %6s %10s %10s %10s %10s\n", "way", "calls", "ms min", "ms median", "ms of cpus", "MB alive");
    for (size_t i = 0; i < WAYS; i++) {
        sable_prepared_info info = {.struct_size = sizeof info};
        CHECK(sable_prepared_describe(ways[i].prepared, &info));
        const size_t runs = ways[i].runs;
        qsort(ways[i].run, runs, sizeof *ways[i].run, compare);
        qsort(ways[i].work, runs, sizeof *ways[i].work, compare);
        printf("%-20s %6zu %10.3f %10.3f %10.3f %10.2f\n", ways[i].name, info.calls, 1e3 * ways[i].run[0],
               1e3 * ways[i].run[runs / 2], 1e3 * ways[i].work[0], (double)info.live_bytes * 1e-6);
        sable_prepared_destroy(b->queue, &ways[i].prepared);
        sable_program_destroy(&ways[i].program);
    }
    sable_circuit_destroy(&c);
    for (size_t i = 0; i < b->rows; i++) sable_ct_destroy(b->queue, &b->in[i]), sable_ct_destroy(b->queue, &b->out[i]);
    sable_keyset_destroy(b->queue, &b->keys);
    sable_secret_destroy(&b->secret);
    sable_queue_destroy(&b->queue);
    sable_ctx_destroy(&b->ctx);
    sable_params_destroy(&b->params);
    return 0;
}
