/* SPDX-License-Identifier: Apache-2.0 */
/* sable train: who does what. The data owner makes keys and encrypts; whoever computes sees the program, ciphertexts and evaluation keys; the
 * owner decrypts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "tool/cmd_train.h"
#include "tool/dry_run.h"
#include "tool/options.h"
#include "tool/report.h"

/* -- the data owner ------------------------------------------------------------------------------------------------ */

static sable_status make_keys(train *t) {
    session *s = &t->s;
    const double start = seconds_now();
    SABLE_TRY(t->w.secret ? sable_secret_load(&t->secret, s->ctx, t->w.secret, &s->err)
                          : sable_secret_generate(&t->secret, s->ctx, &s->err));
    SABLE_TRY(via_queue(s, sable_keyset_generate(s->queue, &t->evaluation_keys, t->secret, t->plan.keys)));
    SABLE_TRY(via_queue(s, sable_queue_sync(s->queue)));
    t->keys_seconds = seconds_now() - start;
    return SABLE_OK;
}

/* The root mean square that a ciphertext declares, for the tracking of noise: to a power of two, which says little of the data. */
static double rounded_rms(const double *slots, size_t count, double bound) {
    double energy = 0;
    for (size_t i = 0; i < count; i++) energy += slots[i] * slots[i];
    const double rms = sqrt(energy / (double)count);
    return rms > 0 ? fmin(exp2(ceil(log2(rms))), bound) : 0x1p-20 * bound;
}

static sable_status encrypt_input(train *t, sable_pt *pt, size_t i, double *slots) {
    const train_program *p = &t->plan;
    session *s = &t->s;
    sable_encoding e = {.struct_size = sizeof e, .slots = p->info.slots, .bound = sable_training_bound(p->training, i)};
    (void)sable_program_input(p->program, i, &e.level);
    SABLE_TRY(sable_training_pack(p->training, i, t->z, NULL, slots, &s->err));
    e.rms = rounded_rms(slots, p->info.slots, e.bound);
    SABLE_TRY(via_queue(s, sable_encode(s->queue, pt, slots, p->info.slots, &e)));
    return via_queue(s, sable_encrypt_secret(s->queue, t->inputs[i], pt, t->secret));
}

static sable_status encrypt_inputs(train *t) {
    session *s = &t->s;
    double *slots = calloc(t->plan.info.slots, sizeof *slots);
    sable_pt *pt = NULL;
    sable_status status = slots ? sable_pt_create(&pt, s->ctx, &s->err)
                                : sable_fail(&s->err, SABLE_NO_MEMORY, "no memory for %u slots", t->plan.info.slots);
    for (size_t i = 0; i < t->plan.lowered.inputs && status == SABLE_OK; i++) status = encrypt_input(t, pt, i, slots);
    sable_pt_destroy(s->queue, &pt);
    free(slots);
    return status;
}

/* What the inputs take on their way: fresh, with seeds. */
static sable_status count_files(train *t) {
    const sable_file_options stored = file_options();
    for (size_t i = 0; i < t->plan.lowered.inputs; i++) {
        sable_ct_shape shape = {.parts = 2, .batch = 1, .seeded = true};
        uint64_t bytes = 0;
        (void)sable_program_input(t->plan.program, i, &shape.level);
        SABLE_TRY(sable_ct_file_bytes(&bytes, t->plan.params, &shape, &stored, &t->s.err));
        t->input_file_bytes += bytes;
    }
    return SABLE_OK;
}

sable_status train_send_inputs(train *t) {
    session *s = &t->s;
    const size_t inputs = t->plan.lowered.inputs, outputs = t->plan.lowered.outputs;
    t->inputs = calloc(inputs, sizeof(sable_ct *));
    t->outputs = calloc(outputs, sizeof(sable_ct *));
    if (!t->inputs || !t->outputs) return sable_fail(&s->err, SABLE_NO_MEMORY, "no memory for %zu inputs", inputs);
    for (size_t i = 0; i < inputs; i++) SABLE_TRY(sable_ct_create(&t->inputs[i], s->ctx, &s->err));
    for (size_t i = 0; i < outputs; i++) SABLE_TRY(sable_ct_create(&t->outputs[i], s->ctx, &s->err));
    const double start = seconds_now();
    SABLE_TRY(encrypt_inputs(t));
    SABLE_TRY(via_queue(s, sable_queue_sync(s->queue)));
    t->encrypt_seconds = seconds_now() - start;
    return count_files(t);
}

static sable_status receive_weights(train *t) {
    session *s = &t->s;
    const size_t slots = t->plan.info.slots, outputs = t->plan.lowered.outputs;
    double *values = malloc(outputs * slots * sizeof *values);
    if (!values) return sable_fail(&s->err, SABLE_NO_MEMORY, "no memory for %zu slots", outputs * slots);
    const double start = seconds_now();
    sable_status status = SABLE_OK;
    for (size_t i = 0; i < outputs && status == SABLE_OK; i++)
        status = via_queue(s, sable_decrypt(s->queue, values + i * slots, slots, false, t->outputs[i], t->secret));
    if (status == SABLE_OK) status = sable_training_unpack(t->plan.training, values, t->weights, &s->err);
    t->decrypt_seconds = seconds_now() - start;
    free(values);
    return status;
}

/* Before any key is made, whether values stay where the options say: the circuit in the clear finds out the rest. */
static sable_status check_range(const train *t) {
    const double range = t->options.range;
    if (t->largest <= 2 * range) return SABLE_OK;
    return sable_fail(
        t->err, SABLE_BOUND,
        "in the clear |Z v| reaches %.3g and the cubic is a sigmoid up to %g: training would diverge; take a "
        "smaller --rate, or a larger --range",
        t->largest, range);
}

static void judge(train *t) {
    const size_t width = (size_t)t->data.features + 1;
    double most = 0, error = 0;
    for (size_t j = 0; j < width; j++) {
        most = fmax(most, fabs(t->twin[j]));
        error = fmax(error, fabs(t->weights[j] - t->twin[j]));
    }
    t->weight_error = most > 0 ? error / most : error;
    t->encrypted = train_judge(t, t->weights);
}

static sable_status save_weights(train *t) {
    if (!t->weights_out) return SABLE_OK;
    const size_t features = t->data.features;
    memcpy(t->scaling->weights, t->weights, features * sizeof *t->weights);
    t->scaling->bias[0] = t->weights[features];
    return sable_model_save(t->scaling, t->weights_out, &t->s.err);
}

/* -- who computes -------------------------------------------------------------------------------------------------- */

/* Masks are encoded once; then the run, from encrypted inputs to encrypted weights. */
static sable_status compute(train *t) {
    session *s = &t->s;
    sable_prepared *prepared = NULL;
    double start = seconds_now();
    SABLE_TRY(via_queue(s, sable_program_prepare(s->queue, &prepared, t->plan.program, NULL)));
    t->prepare_seconds = seconds_now() - start;
    start = seconds_now();
    const double processor = processor_seconds();
    sable_status status = via_queue(s, sable_prepared_run(s->queue, prepared, t->outputs, t->plan.lowered.outputs,
                                                          (const sable_ct *const *)t->inputs, t->plan.lowered.inputs,
                                                          t->evaluation_keys));
    if (status == SABLE_OK) status = via_queue(s, sable_queue_sync(s->queue));
    t->seconds = seconds_now() - start;
    t->processor_seconds = processor_seconds() - processor;
    sable_prepared_destroy(s->queue, &prepared);
    return status;
}

static sable_status save_model(train *t) {
    session *s = &t->s;
    if (!t->out) return SABLE_OK;
    sable_encrypted_model model = {0};
    SABLE_TRY(
        via_queue(s, sable_training_model(s->queue, &model, t->plan.training, t->outputs, t->plan.lowered.outputs)));
    const sable_file_options stored = file_options();
    const sable_status status = via_queue(s, sable_encrypted_model_save(s->queue, &model, t->out, &stored));
    sable_encrypted_model_clear(s->queue, &model);
    return status;
}

/* -- order --------------------------------------------------------------------------------------------------------- */

sable_status train_run(train *t) {
    const double start = processor_seconds();
    t->err = &t->s.err;
    if (t->keys) SABLE_TRY(workspace_open(&t->w, t->keys, false, t->params, t->secret_file, t->err));
    SABLE_TRY(train_load(t));
    SABLE_TRY(check_range(t));
    SABLE_TRY(train_choose(t));
    SABLE_TRY(sable_training_twin(t->plan.training, t->z, NULL, t->twin, t->err));
    t->clear = train_judge(t, t->twin);
    if (settings.dry_run) return train_dry(t, processor_seconds() - start);
    if (t->params_out) return sable_params_save(t->plan.params, t->params_out, t->err);
    SABLE_TRY(session_open_params(&t->s, t->plan.params));
    SABLE_TRY(make_keys(t));
    SABLE_TRY(train_send_inputs(t));
    SABLE_TRY(compute(t));
    SABLE_TRY(receive_weights(t));
    SABLE_TRY(save_model(t));
    SABLE_TRY(save_weights(t));
    judge(t);
    return SABLE_OK;
}

void train_release(train *t) {
    session *s = &t->s;
    for (size_t i = 0; t->inputs && i < t->plan.lowered.inputs; i++) sable_ct_destroy(s->queue, &t->inputs[i]);
    for (size_t i = 0; t->outputs && i < t->plan.lowered.outputs; i++) sable_ct_destroy(s->queue, &t->outputs[i]);
    free(t->inputs);
    free(t->outputs);
    if (s->queue) sable_keyset_destroy(s->queue, &t->evaluation_keys);
    sable_secret_destroy(&t->secret);
    train_program_clear(&t->plan);
    session_close(s);
    workspace_close(&t->w);
    sable_model_destroy(&t->scaling);
    demo_data_clear(&t->data);
    free(t->z);
    free(t->weights);
}
