/* SPDX-License-Identifier: Apache-2.0 */
/* Trains a logistic regression on two encrypted minibatches with the low-depth circuit.
 * Build: cc training.c -lsable_client -lsable -lm */
#include <math.h>
#include <sable/sable.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(call) \
    if ((call) != SABLE_OK) return fprintf(stderr, "%s\n%s\n", err.text, queue ? sable_queue_error(queue) : ""), 1

int main(void) {
    enum { FEATURES = 8, BATCH = 64, STEPS = 2, SAMPLES = 256, LOG_N = 14, SLOTS = 1 << (LOG_N - 1), MOST = 16 };
    static double x[SAMPLES * FEATURES], z[STEPS * BATCH * (FEATURES + 1)], slots[SLOTS];
    static int32_t labels[SAMPLES];
    double weights[FEATURES + 1], twin[FEATURES + 1], worst = 0;
    sable_error err = {0};
    sable_queue *queue = NULL;
    for (int i = 0; i < SAMPLES; i++) { /* the label is the sign of a sum of features */
        double sum = 0;
        for (int j = 0; j < FEATURES; j++) sum += x[i * FEATURES + j] = sin(i * 1.7 + j * j * 2.3) * (j + 1) / FEATURES;
        labels[i] = sum > 0;
    }
    /* The circuit, and a set with exactly the levels it takes: known to both sides. */
    const sable_training_options options = {.struct_size = sizeof options,
                                            .kind = SABLE_TRAIN_LOWDEPTH,
                                            .iterations = STEPS,
                                            .minibatch = BATCH,
                                            .features = FEATURES};
    sable_training *training = NULL;
    sable_training_info info = {.struct_size = sizeof info};
    sable_params *params = NULL;
    sable_program *program = NULL;
    sable_key_spec *spec = NULL;
    CHECK(sable_training_create(&training, &options, SLOTS, &err));
    CHECK(sable_training_describe(training, &info));
    CHECK(sable_params_plan_levels(&params, "training", LOG_N, info.depth, 2, NULL, &err));
    CHECK(sable_program_create(&program, sable_training_circuit(training), params, NULL, &err));
    CHECK(sable_key_spec_create(&spec, params, &err));
    CHECK(sable_program_add_keys(program, spec, &err));
    /* The data owner: keys, minibatches, encryption at the level where each input is first used. */
    sable_ctx *ctx = NULL;
    sable_secret *secret = NULL;
    sable_keyset *keys = NULL;
    sable_pt *pt = NULL;
    sable_ct *in[MOST] = {0}, *out = NULL;
    CHECK(sable_ctx_create(&ctx, params, NULL, &err));
    CHECK(sable_queue_create(&queue, ctx, NULL, &err));
    CHECK(sable_secret_generate(&secret, ctx, &err));
    CHECK(sable_keyset_generate(queue, &keys, secret, spec));
    CHECK(sable_training_draw(z, &options, x, labels, SAMPLES, 0, &err));
    CHECK(sable_pt_create(&pt, ctx, &err));
    for (size_t i = 0; i < info.inputs && i < MOST; i++) {
        sable_encoding e = {.struct_size = sizeof e, .bound = sable_training_bound(training, i)};
        sable_program_input(program, i, &e.level);
        CHECK(sable_training_pack(training, i, z, NULL, slots, &err));
        CHECK(sable_ct_create(&in[i], ctx, &err));
        CHECK(sable_encode(queue, pt, slots, SLOTS, &e));
        CHECK(sable_encrypt_secret(queue, in[i], pt, secret));
    }
    /* Whoever computes: ciphertexts and evaluation keys only. */
    CHECK(sable_ct_create(&out, ctx, &err));
    CHECK(sable_program_run(queue, program, &out, 1, (const sable_ct *const *)in, info.inputs, keys));
    /* The data owner again. */
    CHECK(sable_decrypt(queue, slots, SLOTS, false, out, secret));
    CHECK(sable_training_unpack(training, slots, weights, &err));
    CHECK(sable_training_twin(training, z, NULL, twin, &err));
    for (int j = 0; j <= FEATURES; j++) worst = fmax(worst, fabs(weights[j] - twin[j]));
    printf("depth %u; first weight %.6f; largest error %.1e\n", info.depth, weights[0], worst);
    for (size_t i = 0; i < info.inputs && i < MOST; i++) sable_ct_destroy(queue, &in[i]);
    sable_ct_destroy(queue, &out), sable_pt_destroy(queue, &pt), sable_keyset_destroy(queue, &keys);
    sable_secret_destroy(&secret), sable_key_spec_destroy(&spec), sable_queue_destroy(&queue);
    sable_ctx_destroy(&ctx), sable_program_destroy(&program), sable_training_destroy(&training);
    sable_params_destroy(&params);
    return worst < 1e-5 ? 0 : 1;
}
