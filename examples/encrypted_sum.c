/* SPDX-License-Identifier: Apache-2.0 */
/* Encrypts two vectors, multiplies and adds them without the key, decrypts.
 * Build: cc encrypted_sum.c -lsable_client -lsable -lm */
#include <math.h>
#include <sable/sable.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(call) \
    if ((call) != SABLE_OK) return fprintf(stderr, "%s\n%s\n", err.text, sable_queue_error(queue)), 1

int main(void) {
    enum { SLOTS = 4096, LEVEL = 2 };
    static double x[SLOTS], y[SLOTS], z[SLOTS];
    for (int i = 0; i < SLOTS; i++) x[i] = i / 4096.0, y[i] = 1 - x[i];
    sable_error err = {0};
    sable_params *params = NULL;
    sable_ctx *ctx = NULL;
    sable_queue *queue = NULL;
    sable_secret *secret = NULL;
    sable_key_spec *spec = NULL;
    sable_keyset *keys = NULL;
    sable_pt *px = NULL, *py = NULL;
    sable_ct *a = NULL, *b = NULL, *c = NULL;
    CHECK(sable_params_load(&params, "infer13", NULL, &err));
    CHECK(sable_ctx_create(&ctx, params, NULL, &err));
    CHECK(sable_queue_create(&queue, ctx, NULL, &err));
    CHECK(sable_secret_generate(&secret, ctx, &err)); /* the data owner's side: libsable_client */
    CHECK(sable_key_spec_create(&spec, params, &err));
    CHECK(sable_key_spec_add_relin(spec, 1, LEVEL, &err));
    CHECK(sable_keyset_generate(queue, &keys, secret, spec));
    CHECK(sable_pt_create(&px, ctx, &err));
    CHECK(sable_pt_create(&py, ctx, &err));
    CHECK(sable_ct_create(&a, ctx, &err));
    CHECK(sable_ct_create(&b, ctx, &err));
    CHECK(sable_ct_create(&c, ctx, &err));
    sable_encoding e = {.struct_size = sizeof e, .level = LEVEL};
    CHECK(sable_encode(queue, px, x, SLOTS, &e));
    CHECK(sable_encode(queue, py, y, SLOTS, &e));
    CHECK(sable_encrypt_secret(queue, a, px, secret));
    CHECK(sable_encrypt_secret(queue, b, py, secret));
    CHECK(sable_multiply(queue, c, a, b, keys)); /* the server's side: libsable alone */
    CHECK(sable_add(queue, c, c, c));
    CHECK(sable_decrypt(queue, z, SLOTS, false, c, secret));
    double largest = 0;
    for (int i = 0; i < SLOTS; i++) largest = fmax(largest, fabs(z[i] - 2 * x[i] * y[i]));
    printf("2 * x[1024] * y[1024] = %.7f; largest error of %d products: %.1e\n", z[1024], SLOTS, largest);
    sable_ct_destroy(queue, &a), sable_ct_destroy(queue, &b), sable_ct_destroy(queue, &c);
    sable_pt_destroy(queue, &px), sable_pt_destroy(queue, &py);
    sable_keyset_destroy(queue, &keys);
    sable_key_spec_destroy(&spec);
    sable_secret_destroy(&secret);
    sable_queue_destroy(&queue);
    sable_ctx_destroy(&ctx);
    sable_params_destroy(&params);
    return largest < 1e-6 ? 0 : 1;
}
