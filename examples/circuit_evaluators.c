/* SPDX-License-Identifier: Apache-2.0 */
/* One circuit on every evaluator: weighted sums over 8 slots, squared. What it needs and costs is told before any key exists.
 * Build: cc circuit_evaluators.c -lsable_client -lsable -lm */
#include <math.h>
#include <sable/sable.h>
#include <stdio.h>

#define CHECK(call) \
    if ((call) != SABLE_OK) return fprintf(stderr, "%s\n%s\n", err.text, sable_queue_error(queue)), 1

enum { SLOTS = 4096 };
static double weights[SLOTS], x[2 * SLOTS], want[2 * SLOTS], y[2 * SLOTS];

static void build(sable_circuit *c) {
    SABLE_SITE(c);
    const sable_node wx = sable_circuit_mul_plain(c, sable_circuit_input(c, "x", 1), weights);
    SABLE_SITE(c);
    const sable_node sum = sable_circuit_rotate_sum(c, wx, 1, 8);
    sable_circuit_output(c, "y", sable_circuit_mul(c, sum, sum));
}

int main(void) {
    for (int i = 0; i < SLOTS; i++) weights[i] = (i % 8) / 32.0, x[2 * i] = sin(i);
    const double *in = x;
    double *out = want, largest = 0;
    sable_error err = {0};
    sable_circuit *c = NULL;
    sable_params *params = NULL;
    sable_ctx *ctx = NULL;
    sable_queue *queue = NULL;
    sable_program *p = NULL;
    CHECK(sable_circuit_create(&c, SLOTS, &err));
    build(c);
    CHECK(sable_circuit_run_plain(c, &out, 1, &in, 1, &err)); /* plaintext */
    sable_depth_info depth = {.struct_size = sizeof depth};
    CHECK(sable_circuit_depth(c, &depth, NULL, &err)); /* depth: no parameters yet */
    CHECK(sable_params_load(&params, "infer13", NULL, &err));
    CHECK(sable_program_create(&p, c, params, NULL, &err));
    sable_op_count ops;
    size_t keys = 0;
    CHECK(sable_program_count(p, -1, &ops));            /* operations */
    CHECK(sable_program_keys(p, NULL, 0, &keys, &err)); /* keys */
    printf("%u levels, %u products, %u rotations, %zu keys\n", depth.depth, ops.mul, ops.rotate, keys);
    sable_pricing *prices = NULL;
    sable_program_cost_info cost = {.struct_size = sizeof cost};
    CHECK(sable_pricing_create(&prices, params, NULL, &err));
    CHECK(sable_program_cost(p, prices, 1, &cost, &err)); /* cost */
    sable_forecast *noise = NULL;
    sable_output_forecast told = {.struct_size = sizeof told};
    CHECK(sable_program_forecast(&noise, p, NULL, &err)); /* noise, precision, scales */
    CHECK(sable_forecast_output(noise, 0, &told));
    printf("%.2f ms, %.1f MB; error of a slot %.1e\n", 1e3 * cost.seconds, 1e-6 * (double)cost.memory_bytes,
           told.noise_std);
    sable_secret *secret = NULL; /* now keys and runs */
    sable_key_spec *spec = NULL;
    sable_keyset *set = NULL;
    sable_pt *pt = NULL;
    sable_ct *ct = NULL, *result = NULL;
    sable_encoding e = {.struct_size = sizeof e, .bound = 1, .is_complex = true};
    (void)sable_program_input(p, 0, &e.level);
    CHECK(sable_ctx_create(&ctx, params, NULL, &err) || sable_queue_create(&queue, ctx, NULL, &err));
    CHECK(sable_key_spec_create(&spec, params, &err) || sable_program_add_keys(p, spec, &err));
    CHECK(sable_secret_generate(&secret, ctx, &err) || sable_keyset_generate(queue, &set, secret, spec));
    CHECK(sable_pt_create(&pt, ctx, &err) || sable_encode(queue, pt, x, 2 * SLOTS, &e));
    CHECK(sable_ct_create(&ct, ctx, &err) || sable_encrypt_secret(queue, ct, pt, secret));
    CHECK(sable_ct_create(&result, ctx, &err));
    const sable_ct *from = ct;
    sable_debug_report report = {.struct_size = sizeof report};
    CHECK(sable_debug_run(queue, p, &result, 1, &from, 1, &in, set, secret, NULL, &report)); /* debug */
    CHECK(sable_program_run(queue, p, &result, 1, &from, 1, set));                           /* homomorphic */
    CHECK(sable_decrypt(queue, y, 2 * SLOTS, true, result, secret));
    for (int i = 0; i < SLOTS; i++) largest = fmax(largest, fabs(y[2 * i] - want[2 * i]));
    printf("%zu values compared, worst at %s; largest error %.1e\n", report.compared, report.worst.site, largest);
    sable_ct_destroy(queue, &ct), sable_ct_destroy(queue, &result), sable_pt_destroy(queue, &pt);
    sable_keyset_destroy(queue, &set), sable_key_spec_destroy(&spec), sable_secret_destroy(&secret);
    sable_forecast_destroy(&noise), sable_pricing_destroy(&prices), sable_program_destroy(&p);
    sable_queue_destroy(&queue), sable_ctx_destroy(&ctx), sable_params_destroy(&params), sable_circuit_destroy(&c);
    return largest < 30 * told.noise_std ? 0 : 1;
}
