/* SPDX-License-Identifier: Apache-2.0 */
/* What a training takes, without doing it: data are read and the circuit is run in the clear, as their range decides whether the
 * command refuses; all that is encrypted is counted. */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "circuit/schedule.h"
#include "ckks/objects.h"
#include "client/plan.h"
#include "logreg/model_plan.h"
#include "tool/cmd_train.h"
#include "tool/dry_run.h"
#include "tool/options.h"
#include "tool/report.h"

static const char *target(const train *t) { return t->params_out ? t->params_out : t->out ? t->out : t->weights_out; }

static sable_status finish(const train *t) {
    train_report_plan(t);
    dry_report();
    return SABLE_OK;
}

/* -- parameters alone ---------------------------------------------------------------------------------------------- */

static sable_status tell_params(train *t, double seconds) {
    char *text = NULL;
    SABLE_TRY(sable_params_write(t->plan.params, &text, &t->s.err));
    const uint64_t bytes = strlen(text);
    sable_text_free(text);
    dry_begin_clear(t->params_out);
    dry_step_seconds("read the data, choose a set", 1, seconds);
    const double work[SABLE_WORKS] = {[SABLE_WORK_WRITE] = (double)bytes, [SABLE_WORK_SYNC] = 2};
    dry_step_seconds("write the file", 1, dry_price(work));
    dry_file("parameters", t->params_out, bytes, true);
    dry_memory(bytes, 0);
    return finish(t);
}

/* -- a training ---------------------------------------------------------------------------------------------------- */

/* A plan reads no word of a key, but refuses those of another secret. */
static sable_status plan_keys(train *t) {
    session *s = &t->s;
    SABLE_TRY(t->w.secret ? sable_secret_load(&t->secret, s->ctx, t->w.secret, &s->err)
                          : sable_secret_generate(&t->secret, s->ctx, &s->err));
    session_tally(s)->work[SABLE_WORK_TERNARY] += 2.0 * s->info.slots;
    SABLE_TRY(via_queue(s, sable_keyset_plan(s->queue, &t->evaluation_keys, t->plan.keys)));
    SABLE_TRY(sable_secret_key_id(t->secret, t->evaluation_keys->key_id));
    dry_step(s, "keys", 1, 0);
    return SABLE_OK;
}

/* For the memory the run is counted step by step; where several go at a time, each has room of its own. */
static sable_status plan_run(train *t, uint64_t *beside) {
    session *s = &t->s;
    const train_program *p = &t->plan;
    sable_prepared *prepared = NULL;
    SABLE_TRY(via_queue(s, sable_program_prepare(s->queue, &prepared, p->program, NULL)));
    dry_step(s, "encode what is public", 1, 0);
    const size_t before = session_tally(s)->live;
    const sable_status status =
        via_queue(s, sable_prepared_run(s->queue, prepared, t->outputs, p->lowered.outputs,
                                        (const sable_ct *const *)t->inputs, p->lowered.inputs, t->evaluation_keys));
    sable_prepared_destroy(s->queue, &prepared);
    SABLE_TRY(status);
    dry_forget(s);
    dry_step_seconds("train", 1, p->cost.seconds); /* the choice of the set has measured its price with care */
    *beside = (sable_schedule_at_a_time(s->ctx) - 1) * (uint64_t)(session_tally(s)->peak - before);
    return SABLE_OK;
}

static sable_status plan_decryption(train *t) {
    session *s = &t->s;
    const size_t slots = t->plan.info.slots;
    double *values = calloc(slots, sizeof *values);
    if (!values) return sable_fail(&s->err, SABLE_NO_MEMORY, "no memory for %zu slots", slots);
    sable_status status = SABLE_OK;
    for (size_t i = 0; i < t->plan.lowered.outputs && status == SABLE_OK; i++)
        status = via_queue(s, sable_decrypt(s->queue, values, slots, false, t->outputs[i], t->secret));
    free(values);
    if (status == SABLE_OK) dry_step(s, "decrypt the weights", 1, 0);
    return status;
}

static sable_status plan_files(train *t) {
    session *s = &t->s;
    uint64_t bytes = 0;
    if (t->out) {
        sable_encrypted_model model = {0};
        SABLE_TRY(via_queue(
            s, sable_training_model(s->queue, &model, t->plan.training, t->outputs, t->plan.lowered.outputs)));
        const sable_ct_shape weights = {.level = model.weights->level, .parts = 2, .batch = model.weights->batch},
                             bias = {.level = model.bias->level, .parts = 2, .batch = model.bias->batch};
        const sable_file_options stored = file_options();
        const sable_status status =
            sable_encrypted_model_file_bytes(&bytes, s->params, &weights, &bias, &stored, &s->err);
        sable_encrypted_model_clear(s->queue, &model);
        SABLE_TRY(status);
        count_write(s, (double)bytes, 3);
        dry_file("encrypted model", t->out, bytes, true);
    }
    if (t->weights_out) {
        const uint32_t features = t->plan.shape.options.features;
        bytes = sable_model_file_most(1, features, true, t->weights_out);
        session_tally(s)->work[SABLE_WORK_PRINT] += 3.0 * features + 1;
        count_write(s, (double)bytes, 2);
        dry_file("model", t->weights_out, bytes, false);
    }
    if (target(t)) dry_step(s, "write the files", 1, 0);
    return SABLE_OK;
}

sable_status train_dry(train *t, double seconds) {
    session *s = &t->s;
    uint64_t beside = 0;
    if (t->params_out) return tell_params(t, seconds);
    SABLE_TRY(session_open_params(s, t->plan.params));
    SABLE_TRY(dry_measure(s, target(t)));
    dry_step_seconds("read the data, choose a set", 1, seconds);
    dry_open(s);
    SABLE_TRY(plan_keys(t));
    SABLE_TRY(train_send_inputs(t));
    dry_step(s, "encrypt the inputs", 1, 0);
    SABLE_TRY(plan_run(t, &beside));
    SABLE_TRY(plan_decryption(t));
    SABLE_TRY(plan_files(t));
    const uint64_t slots = t->data.samples * (uint64_t)t->data.features * sizeof(double);
    dry_memory(planned_memory(s, slots) + beside, session_tally(s)->peak + beside);
    return finish(t);
}
