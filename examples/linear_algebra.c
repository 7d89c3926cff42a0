/* SPDX-License-Identifier: Apache-2.0 */
/* A step of gradient descent for least squares, all of it encrypted: x - a M^T (M x - b), with M of 12 x 20 in 2 x 2 tiles.
 * Build: cc linear_algebra.c -lsable_client -lsable -lm */
#include <math.h>
#include <sable/sable.h>
#include <stdio.h>

#define CHECK(call) \
    if ((call) != SABLE_OK) return fprintf(stderr, "%s\n%s\n", err.text, sable_queue_error(queue)), 1

enum { F = 12, G = 20, HEIGHT = 8, WIDTH = 16, SLOTS = HEIGHT * WIDTH, TILES = 8 };
static const sable_tile tile = {HEIGHT, WIDTH};
static const double rate = 0.125;
static double m[F * G], x[G], b[F], y[G], slots[SLOTS];

static void build(sable_circuit *c) {
    const sable_matrix *M = sable_matrix_input(c, "M", SABLE_MATRIX, F, G, tile, 0.5);
    const sable_matrix *X = sable_matrix_input(c, "x", SABLE_COL_VECTOR, 1, G, tile, 1);
    const sable_matrix *B = sable_matrix_input(c, "b", SABLE_ROW_VECTOR, F, 1, tile, 1);
    /* The mask of M x carries the rate; the product with M on the other side is the transposed one. */
    const sable_matrix *residual =
        sable_matrix_sub(c, sable_matrix_multiply(c, M, X, rate), sable_matrix_mul_scalar(c, B, rate));
    sable_matrix_output(c, "x", sable_matrix_sub(c, X, sable_matrix_multiply(c, residual, M, 1)));
}

int main(void) {
    for (int i = 0; i < F * G; i++) m[i] = 0.5 * sin(i);
    for (int i = 0; i < F; i++) b[i] = cos(i);
    for (int j = 0; j < G; j++) x[j] = y[j] = 0.05 * j - 0.5;
    for (int i = 0; i < F; i++) { /* the same in the clear */
        double r = -b[i];
        for (int j = 0; j < G; j++) r += m[i * G + j] * x[j];
        for (int j = 0; j < G; j++) y[j] -= rate * r * m[i * G + j];
    }
    sable_error err = {0};
    sable_circuit *c = NULL;
    sable_params *params = NULL;
    sable_ctx *ctx = NULL;
    sable_queue *queue = NULL;
    sable_program *p = NULL;
    sable_secret *secret = NULL;
    sable_key_spec *spec = NULL;
    sable_keyset *keys = NULL;
    sable_pt *pt = NULL;
    sable_ct *in[TILES] = {0}, *out[2] = {0};
    CHECK(sable_circuit_create(&c, SLOTS, &err));
    build(c);
    CHECK(sable_params_load(&params, "infer14", NULL, &err) || sable_program_create(&p, c, params, NULL, &err));
    CHECK(sable_ctx_create(&ctx, params, NULL, &err) || sable_queue_create(&queue, ctx, NULL, &err));
    CHECK(sable_key_spec_create(&spec, params, &err) || sable_program_add_keys(p, spec, &err));
    CHECK(sable_secret_generate(&secret, ctx, &err) || sable_keyset_generate(queue, &keys, secret, spec));
    CHECK(sable_pt_create(&pt, ctx, &err));
    for (uint32_t k = 0; k < TILES; k++) { /* M: 2 x 2 tiles; x: 2 across; b: 2 down */
        sable_encoding e = {.struct_size = sizeof e, .slots = SLOTS};
        printf("%-6s at level ", sable_program_input(p, k, &e.level));
        printf("%u\n", e.level);
        if (k < 4) CHECK(sable_matrix_pack(SABLE_MATRIX, F, G, tile, k / 2, k % 2, m, slots, &err));
        if (k == 4 || k == 5) CHECK(sable_matrix_pack(SABLE_COL_VECTOR, 1, G, tile, 0, k - 4, x, slots, &err));
        if (k > 5) CHECK(sable_matrix_pack(SABLE_ROW_VECTOR, F, 1, tile, k - 6, 0, b, slots, &err));
        CHECK(sable_ct_create(&in[k], ctx, &err) || sable_encode(queue, pt, slots, SLOTS, &e));
        CHECK(sable_encrypt_secret(queue, in[k], pt, secret));
    }
    CHECK(sable_ct_create(&out[0], ctx, &err) || sable_ct_create(&out[1], ctx, &err));
    CHECK(sable_program_run(queue, p, out, 2, (const sable_ct *const *)in, TILES, keys));
    for (uint32_t k = 0; k < 2; k++) {
        CHECK(sable_decrypt(queue, slots, SLOTS, false, out[k], secret));
        CHECK(sable_matrix_unpack(SABLE_COL_VECTOR, 1, G, tile, 0, k, slots, x, &err));
    }
    double largest = 0;
    for (int j = 0; j < G; j++) largest = fmax(largest, fabs(x[j] - y[j]));
    printf("%zu keys; x[0] = %.6f, in the clear %.6f; largest error %.1e\n", sable_keyset_count(keys), x[0], y[0],
           largest);
    for (int k = 0; k < TILES; k++) sable_ct_destroy(queue, &in[k]);
    sable_ct_destroy(queue, &out[0]), sable_ct_destroy(queue, &out[1]), sable_pt_destroy(queue, &pt);
    sable_keyset_destroy(queue, &keys), sable_key_spec_destroy(&spec), sable_secret_destroy(&secret);
    sable_program_destroy(&p), sable_queue_destroy(&queue), sable_ctx_destroy(&ctx);
    sable_params_destroy(&params), sable_circuit_destroy(&c);
    return largest < 1e-6 ? 0 : 1;
}
