/* SPDX-License-Identifier: Apache-2.0 */
/* Predicted against measured time of circuits: prices are measured, then the circuit runs, in turn, several rounds; the least of each counts,
 * because whatever else the machine does only adds.
 *   bench_predict [SET ...]     default: infer13 infer14 train15 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sable/sable.h"

enum { ROUNDS = 5, MOST_CIRCUITS = 64 };

#define CHECK(call)                                                                                  \
    do {                                                                                             \
        if ((call) != SABLE_OK) {                                                                    \
            fprintf(stderr, "%s\n%s\n%s\n", #call, err.text, queue ? sable_queue_error(queue) : ""); \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

/* Processor time where there is one thread: a run that is longer than a time slice always meets other programs on a busy machine. */
static clockid_t clock_used = CLOCK_MONOTONIC;
static double now(void) {
    struct timespec t;
    clock_gettime(clock_used, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static sable_poly *sigmoid;

static void rotation_sum(sable_circuit *c, uint32_t slots) {
    const sable_node x = sable_circuit_input(c, "x", 1);
    sable_circuit_output(c, "r", sable_circuit_rotate_sum(c, x, 1, slots / 4));
}
static void diagonals(sable_circuit *c, uint32_t slots) {
    double *row = malloc(slots * sizeof *row);
    const sable_node x = sable_circuit_input(c, "x", 1);
    sable_node sum = SABLE_NODE_NONE;
    for (uint32_t k = 0; row && k < 16; k++) {
        for (uint32_t j = 0; j < slots; j++) row[j] = sin(k + 3.0 * j) / 16;
        const sable_node term = sable_circuit_mul_plain(c, sable_circuit_rotate(c, x, k), row);
        sum = k ? sable_circuit_add(c, sum, term) : term;
    }
    free(row);
    sable_circuit_output(c, "r", sum);
}
static void plains(sable_circuit *c, uint32_t slots) {
    double *row = malloc(slots * sizeof *row);
    sable_node sum = sable_circuit_input(c, "x", 1);
    for (uint32_t k = 0; row && k < 16; k++) {
        for (uint32_t j = 0; j < slots; j++) row[j] = sin(k + 3.0 * j) / 16;
        sum = sable_circuit_add_plain(c, sum, row);
    }
    free(row);
    sable_circuit_output(c, "r", sum);
}
static void inner_product(sable_circuit *c, uint32_t slots) {
    (void)slots;
    sable_node sum = SABLE_NODE_NONE;
    for (int k = 0; k < 8; k++) {
        char a[8], b[8];
        snprintf(a, sizeof a, "a%d", k);
        snprintf(b, sizeof b, "b%d", k);
        const sable_node term = sable_circuit_mul(c, sable_circuit_input(c, a, 1), sable_circuit_input(c, b, 1));
        sum = k ? sable_circuit_add(c, sum, term) : term;
    }
    sable_circuit_output(c, "r", sum);
}
static void polynomial(sable_circuit *c, uint32_t slots) {
    (void)slots;
    sable_circuit_output(c, "r", sable_circuit_poly(c, sable_circuit_input(c, "x", 1), sigmoid));
}
static void square(sable_circuit *c, uint32_t slots) {
    (void)slots;
    const sable_node x = sable_circuit_input(c, "x", 1);
    sable_circuit_output(c, "r", sable_circuit_mul(c, x, x));
}
static void sums(sable_circuit *c, uint32_t slots) {
    (void)slots;
    sable_node x = sable_circuit_input(c, "x", 1), y = sable_circuit_input(c, "y", 1);
    for (int k = 0; k < 12; k++) {
        const sable_node z = sable_circuit_add_scalar(c, sable_circuit_sub(c, x, y), 0.25, 0);
        y = x;
        x = sable_circuit_mul_i(c, z);
    }
    sable_circuit_output(c, "r", x);
}
static void scaled(sable_circuit *c, uint32_t slots) {
    const sable_node x = sable_circuit_input(c, "x", 1);
    sable_node r = sable_circuit_mul_scalar(c, sable_circuit_conjugate(c, x), 0.5, 0);
    r = sable_circuit_add(c, sable_circuit_mul_scalar(c, sable_circuit_rotate(c, r, slots / 2), 0.3, 0), x);
    sable_circuit_output(c, "r", r);
}

static const struct {
    const char *name;
    void (*build)(sable_circuit *c, uint32_t slots);
} circuits[] = {{"rotation_sum", rotation_sum},
                {"diagonals_16", diagonals},
                {"inner_product_8", inner_product},
                {"sigmoid_7", polynomial},
                {"plains_16", plains},
                {"square", square},
                {"sums", sums},
                {"scaled", scaled}};

typedef struct figure {
    char name[48];
    double predicted, measured;
} figure;

/* One circuit with its keys and inputs in one context. */
static figure compare(const sable_params *params, sable_ctx *ctx, const char *set, size_t which) {
    sable_error err = {0};
    sable_queue *queue = NULL;
    sable_circuit *c = NULL;
    sable_program *p = NULL;
    sable_secret *secret = NULL;
    sable_key_spec *spec = NULL;
    sable_keyset *keys = NULL;
    sable_pt *pt = NULL;
    sable_ct *in[16] = {NULL}, *out = NULL;
    const uint32_t slots = 1u << 12;
    CHECK(sable_queue_create(&queue, ctx, NULL, &err));
    CHECK(sable_circuit_create(&c, slots, &err));
    circuits[which].build(c, slots);
    sable_lowering lowering = {.struct_size = sizeof lowering, .output_level = 1};
    const sable_status status = sable_program_create(&p, c, params, &lowering, &err);
    if (status == SABLE_LEVEL) { /* too deep for this set */
        sable_circuit_destroy(&c);
        sable_queue_destroy(&queue);
        return (figure){.measured = 0};
    }
    CHECK(status);
    CHECK(sable_secret_generate(&secret, ctx, &err));
    CHECK(sable_key_spec_create(&spec, params, &err));
    CHECK(sable_program_add_keys(p, spec, &err));
    if (sable_key_spec_count(spec)) CHECK(sable_keyset_generate(queue, &keys, secret, spec));
    double *values = calloc(slots, sizeof *values);
    sable_encoding e = {.struct_size = sizeof e, .slots = slots, .bound = 1};
    size_t inputs = 0;
    CHECK(sable_pt_create(&pt, ctx, &err));
    for (; inputs < 16 && sable_program_input(p, inputs, &e.level); inputs++) {
        CHECK(sable_ct_create(&in[inputs], ctx, &err));
        CHECK(sable_encode(queue, pt, values, slots, &e));
        CHECK(sable_encrypt_secret(queue, in[inputs], pt, secret));
    }
    CHECK(sable_ct_create(&out, ctx, &err));
    figure f = {.predicted = INFINITY, .measured = INFINITY};
    snprintf(f.name, sizeof f.name, "%s %s", set, circuits[which].name);
    for (int round = 0; round < ROUNDS; round++) {
        sable_pricing *pricing = NULL;
        sable_program_cost_info cost = {.struct_size = sizeof cost};
        CHECK(sable_pricing_create(&pricing, params, NULL, &err));
        CHECK(sable_program_cost(p, pricing, 1, &cost, &err));
        sable_pricing_destroy(&pricing);
        f.predicted = fmin(f.predicted, cost.seconds);
        for (int i = 0; i < 4; i++) {
            const double start = now();
            CHECK(sable_program_run(queue, p, &out, 1, (const sable_ct *const *)in, inputs, keys));
            CHECK(sable_queue_sync(queue));
            f.measured = fmin(f.measured, now() - start);
        }
    }
    for (size_t i = 0; i < inputs; i++) sable_ct_destroy(queue, &in[i]);
    sable_ct_destroy(queue, &out);
    sable_pt_destroy(queue, &pt);
    sable_keyset_destroy(queue, &keys);
    sable_key_spec_destroy(&spec);
    sable_secret_destroy(&secret);
    sable_program_destroy(&p);
    sable_circuit_destroy(&c);
    sable_queue_destroy(&queue);
    free(values);
    return f;
}

static int ascending(const void *x, const void *y) {
    const double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

int main(int argc, char **argv) {
    static const char *const usual[] = {"infer13", "infer14", "train15"};
    const size_t sets = argc > 1 ? (size_t)argc - 1 : sizeof usual / sizeof usual[0];
    double off[MOST_CIRCUITS];
    size_t count = 0;
    sable_error err = {0};
    sable_queue *queue = NULL;
    const double k[] = {0.5, 0.6, 0, -0.13, 0, 0.03, 0, -0.006};
    CHECK(sable_poly_chebyshev(&sigmoid, k, 8, -1, 1, &err));
    printf("%-28s %12s %12s %8s\n", "circuit", "predicted ms", "measured ms", "ratio");
    for (size_t s = 0; s < sets; s++) {
        const char *set = argc > 1 ? argv[s + 1] : usual[s];
        sable_params *params = NULL;
        sable_ctx *ctx = NULL;
        CHECK(sable_params_load(&params, set, NULL, &err));
        CHECK(sable_ctx_create(&ctx, params, NULL, &err));
        sable_ctx_info info = {.struct_size = sizeof info};
        CHECK(sable_ctx_describe(ctx, &info));
        if (info.threads == 1) clock_used = CLOCK_PROCESS_CPUTIME_ID;
        for (size_t i = 0; i < sizeof circuits / sizeof circuits[0] && count < MOST_CIRCUITS; i++) {
            const figure f = compare(params, ctx, set, i);
            if (f.measured == 0) continue;
            printf("%-28s %12.3f %12.3f %8.2f\n", f.name, 1e3 * f.predicted, 1e3 * f.measured,
                   f.predicted / f.measured);
            fflush(stdout);
            off[count++] = fabs(log2(f.predicted / f.measured));
        }
        sable_ctx_destroy(&ctx);
        sable_params_destroy(&params);
    }
    sable_poly_destroy(&sigmoid);
    qsort(off, count, sizeof *off, ascending);
    printf("off by a factor of %.2f in the median, %.2f at most\n", exp2(off[count / 2]), exp2(off[count - 1]));
    return 0;
}
