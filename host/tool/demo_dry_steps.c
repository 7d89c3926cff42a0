/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a demonstration, planned one by one. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ckks/serial.h"
#include "ckks/serial_keys.h"
#include "client/plan.h"
#include "tool/cmd_decrypt.h"
#include "tool/cmd_encrypt.h"
#include "tool/cmd_infer_memory.h"
#include "tool/demo_dry.h"
#include "tool/dry_run.h"
#include "tool/report.h"

/* Any will do that is no zero: a plan reads no value. */
#define SOME_RANGE 16.0

static sable_infer_options options_of(const demo *d, bool encrypted) {
    const bool probabilities = d->options.probabilities;
    return (sable_infer_options){.struct_size = sizeof(sable_infer_options),
                                 .probabilities = probabilities,
                                 .degree = probabilities ? d->options.degree : 0,
                                 .range = probabilities || encrypted ? SOME_RANGE : 1};
}

/* The status of a step, with the sentence that the demonstration would give. */
static sable_status judge(dry_demo *t, const session *s, const char *command, sable_status status) {
    if (status == SABLE_OK) return SABLE_OK;
    return sable_fail(&t->d->err, status, "the step \"sable %s\" failed: %s", command, s->err.text);
}

/* -- keys ---------------------------------------------------------------------------------------------------------- */

sable_status dry_demo_keys(dry_demo *t) {
    demo *d = t->d;
    keygen *k = &t->keys;
    k->plan = (key_plan){.purpose = KEYS_FOR_INFER,
                         .features = d->data.features,
                         .packing = d->layout.packing,
                         .encrypted_weights = true,
                         .probabilities = d->options.probabilities,
                         .degree = d->options.probabilities ? d->options.degree : 0,
                         .level = d->level,
                         .level_given = true};
    k->out = t->keys_folder = dry_demo_path(t, "data-owner/keys");
    keygen_places(k);
    dry_process_begin();
    sable_status status = session_plan(&k->s, d->options.params);
    if (status == SABLE_OK) {
        dry_open(&k->s);
        status = keygen_specify(k);
    }
    if (status == SABLE_OK) status = keygen_plan(k);
    if (status == SABLE_OK) dry_process_end("keys", "data owner", planned_memory(&k->s, 0), session_tally(&k->s)->peak);
    return judge(t, &k->s, "keygen", status);
}

/* -- encryption ---------------------------------------------------------------------------------------------------- */

static sable_status open_encrypt(encrypt *e) {
    SABLE_TRY(sable_pt_create(&e->pt, e->s.ctx, &e->s.err));
    SABLE_TRY(sable_ct_create(&e->ct, e->s.ctx, &e->s.err));
    dry_open(&e->s);
    return SABLE_OK;
}

static void close_encrypt(encrypt *e) {
    sable_ct_destroy(e->s.queue, &e->ct);
    sable_pt_destroy(e->s.queue, &e->pt);
    sable_public_key_destroy(e->s.queue, &e->public_key);
    session_close(&e->s);
}

sable_status dry_demo_encrypt(dry_demo *t) {
    const demo *d = t->d;
    char *out = dry_demo_path(t, "data-owner/samples.sable");
    encrypt e = {.out = out, .secret = t->secret, .level = d->level, .bound = t->bound};
    const encrypt_scan scan = {.samples = d->data.count, .features = d->data.features};
    const sable_blocks_info info = {.struct_size = sizeof info,
                                    .kind = SABLE_BLOCKS_DATASET,
                                    .layout = d->layout,
                                    .samples = d->data.count,
                                    .stored = file_options()};
    uint64_t bytes = 0;
    dry_process_begin();
    sable_status status = session_plan(&e.s, d->options.params);
    if (status == SABLE_OK) status = open_encrypt(&e);
    if (status == SABLE_OK)
        status = encrypt_plan_data(&e, &scan, &info, t->read_value * (double)d->data.count * d->data.features);
    if (status == SABLE_OK) status = encrypt_file_bytes(&e, &info, &bytes);
    if (status == SABLE_OK) {
        t->data = *e.ct;
        dry_process_end("encrypt the samples", "data owner", planned_memory(&e.s, encrypt_held_bytes(&d->layout)),
                        session_tally(&e.s)->peak);
        dry_demo_send(t, "data set", "evaluator/samples.sable", bytes, true);
    }
    status = judge(t, &e.s, "encrypt", status);
    close_encrypt(&e);
    free(out);
    return status;
}

sable_status dry_demo_encrypt_model(dry_demo *t) {
    const demo *d = t->d;
    char *out = dry_demo_path(t, "model-owner/model.sable");
    encrypt e = {.out = out, .use_public = true, .level = d->level};
    const bool row = d->layout.packing == SABLE_PACK_ROW;
    /* weights are divided by a range: how large they are is known after the training, and hardly matters */
    const encrypt_piece piece[2] = {{row ? 1 : d->data.features, d->level, 1.0 / d->data.features},
                                    {1, d->level - 1, 1}};
    const uint64_t held = (uint64_t)(piece[0].members + 1) * d->info.slots * sizeof(double);
    const sable_file_options stored = file_options();
    sable_ct *bias = NULL;
    dry_process_begin();
    sable_status status = session_plan(&e.s, d->options.params);
    if (status == SABLE_OK) status = open_encrypt(&e);
    if (status == SABLE_OK) status = sable_ct_create(&bias, e.s.ctx, &e.s.err);
    if (status == SABLE_OK)
        status = via_queue(&e.s, sable_public_key_plan_read(e.s.queue, &e.public_key, t->key_id, &stored));
    if (status == SABLE_OK) {
        dry_step(&e.s, "read the public key", 1, 0);
        status = encrypt_plan_model(&e, bias, piece);
    }
    if (status == SABLE_OK) {
        t->weights = *e.ct;
        t->bias = *bias;
        const uint64_t bytes = dry_process_bytes();
        dry_process_end("encrypt the model", "model owner", planned_memory(&e.s, held), session_tally(&e.s)->peak);
        dry_demo_send(t, "encrypted model", "evaluator/model.sable", bytes, true);
    }
    status = judge(t, &e.s, "encrypt", status);
    if (bias) sable_ct_destroy(e.s.queue, &bias);
    close_encrypt(&e);
    free(out);
    return status;
}

/* -- inference ----------------------------------------------------------------------------------------------------- */

typedef struct evaluation {
    session s;
    sable_model *model;
    sable_keyset *keys;
    sable_ct *block, *weights, *bias, *result;
} evaluation;

/* A model like any other: no weight is zero. */
static sable_status some_model(sable_model **model, uint32_t features, sable_error *err) {
    SABLE_TRY(sable_model_create(model, 1, features, false, err));
    for (uint32_t j = 0; j < features; j++) (*model)->weights[j] = sin(j + 1.0) / features;
    (*model)->bias[0] = 0.5;
    return SABLE_OK;
}

static sable_status open_evaluation(const dry_demo *t, evaluation *v) {
    session *s = &v->s;
    sable_ct **const all[] = {&v->block, &v->weights, &v->bias, &v->result};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) SABLE_TRY(sable_ct_create(all[i], s->ctx, &s->err));
    dry_open(s);
    return some_model(&v->model, t->d->data.features, &s->err);
}

static void close_evaluation(evaluation *v) {
    session *s = &v->s;
    sable_model_destroy(&v->model);
    if (s->queue) {
        sable_ct **const all[] = {&v->block, &v->weights, &v->bias, &v->result};
        for (size_t i = 0; i < sizeof all / sizeof *all; i++) sable_ct_destroy(s->queue, all[i]);
        sable_keyset_destroy(s->queue, &v->keys);
    }
}

static sable_status read_shape(session *s, sable_ct *to, const sable_ct *shape) {
    return via_queue(s, sable_ct_plan_read(s->queue, to, shape, file_options().residue_bits, "a file"));
}

static sable_status read_keys(const dry_demo *t, evaluation *v, const sable_key_spec *spec) {
    const sable_file_options stored = file_options();
    if (sable_key_spec_count(spec) == 0) return SABLE_OK;
    return via_queue(&v->s, sable_keyset_plan_read(v->s.queue, &v->keys, spec, t->key_id, &stored));
}

static sable_status read_model(const dry_demo *t, evaluation *v) {
    SABLE_TRY(read_shape(&v->s, v->weights, &t->weights));
    return read_shape(&v->s, v->bias, &t->bias);
}

static sable_status run_inference(const dry_demo *t, evaluation *v, bool encrypted) {
    const sable_infer_options o = options_of(t->d, encrypted);
    const sable_layout *layout = &t->d->layout;
    return via_queue(
        &v->s, encrypted
                   ? sable_infer_encrypted(v->s.queue, v->result, v->block, v->weights, v->bias, 1, layout, &o, v->keys)
                   : sable_infer_plain(v->s.queue, v->result, v->block, v->model, layout, &o, v->keys));
}

/* In the order of cmd_infer.c. */
static sable_status infer_blocks(dry_demo *t, evaluation *v, bool encrypted, uint64_t *bytes) {
    const demo *d = t->d;
    session *s = &v->s;
    const sable_infer_options o = options_of(d, encrypted);
    sable_key_spec *spec = NULL;
    SABLE_TRY(read_shape(s, v->block, &t->data));
    if (encrypted) SABLE_TRY(read_model(t, v));
    SABLE_TRY(sable_key_spec_create(&spec, s->params, &s->err));
    sable_status status = sable_infer_keys(spec, &d->layout, &o, encrypted, d->level, &s->err);
    if (status == SABLE_OK) status = read_keys(t, v, spec);
    sable_key_spec_destroy(&spec);
    SABLE_TRY(status);
    dry_step(s, "read", 1, 0);
    SABLE_TRY(run_inference(t, v, encrypted));
    dry_step(s, "compute", t->blocks, 0);
    if (t->blocks > 1) {
        SABLE_TRY(read_shape(s, v->block, &t->data));
        dry_step(s, "read", t->blocks - 1, 0);
        SABLE_TRY(run_inference(t, v, encrypted));
        dry_forget(s);
    }
    const sable_ct_shape shape = {.level = d->level - sable_infer_depth(&d->layout, &o), .parts = 2, .batch = 1};
    const sable_file_options stored = file_options();
    SABLE_TRY(sable_blocks_file_bytes(bytes, s->params, &shape, t->blocks, &stored, &s->err));
    count_write(s, (double)*bytes, 2.0 * t->blocks + 3);
    dry_step(s, "write", 1, 0);
    return check_memory(s, planned_memory(s, 0), d->layout.members, "infer");
}

sable_status dry_demo_infer(dry_demo *t, bool encrypted) {
    evaluation v = {0};
    uint64_t bytes = 0;
    char *out = dry_demo_path(t, encrypted ? "evaluator/encrypted.results" : "evaluator/plain.results");
    dry_process_begin();
    sable_status status = session_plan(&v.s, t->d->options.params);
    if (status == SABLE_OK) status = open_evaluation(t, &v);
    if (status == SABLE_OK) status = infer_blocks(t, &v, encrypted, &bytes);
    if (status == SABLE_OK) {
        t->result[encrypted] = *v.result;
        dry_file("results", out, bytes, true);
        dry_process_end(encrypted ? "infer, encrypted model" : "infer, model in the clear", "evaluator",
                        planned_memory(&v.s, 0), session_tally(&v.s)->peak);
        dry_demo_send(t, "results", encrypted ? "data-owner/encrypted.results" : "data-owner/plain.results", bytes,
                      true);
    }
    status = judge(t, &v.s, "infer", status);
    close_evaluation(&v);
    session_close(&v.s);
    free(out);
    return status;
}

/* -- decryption ---------------------------------------------------------------------------------------------------- */

static sable_status decrypt_blocks(dry_demo *t, session *s, sable_ct **ct, const sable_ct *result,
                                   const sable_blocks_info *info, const char *path) {
    double slots;
    const decrypt how = {.out = path};
    const decrypt_output out = {.info = info, .columns = 1, .classes = 2};
    SABLE_TRY(sable_ct_create(ct, s->ctx, &s->err));
    dry_open(s);
    for (int i = 0; i < 2 && (i == 0 || t->blocks > 1); i++) { /* the second shows what two hold */
        SABLE_TRY(read_shape(s, *ct, result));
        SABLE_TRY(via_queue(s, sable_decrypt(s->queue, &slots, s->info.slots, false, *ct, t->secret)));
        if (i == 0) dry_step(s, "decrypt", t->blocks, 0);
    }
    dry_forget(s);
    const uint64_t bytes = decrypt_csv_most(&how, &out);
    count_write(s, (double)bytes, 2.0 * t->blocks + 3);
    session_tally(s)->work[SABLE_WORK_PRINT] += (double)info->samples;
    dry_step(s, "write", 1, 0);
    dry_file("table", path, bytes, false);
    return check_memory(s, planned_memory(s, decrypt_held_bytes(info, false)), 1, "decrypt");
}

sable_status dry_demo_decrypt(dry_demo *t, bool encrypted) {
    const demo *d = t->d;
    session s = {0};
    sable_ct *ct = NULL;
    const sable_blocks_info info = {.struct_size = sizeof info,
                                    .kind = SABLE_BLOCKS_RESULTS,
                                    .layout = d->layout,
                                    .samples = d->data.count,
                                    .blocks = t->blocks,
                                    .classes = 1};
    char *out = dry_demo_path(t, encrypted ? "data-owner/encrypted.csv" : "data-owner/plain.csv");
    dry_process_begin();
    sable_status status = session_plan(&s, d->options.params);
    if (status == SABLE_OK) status = decrypt_blocks(t, &s, &ct, &t->result[encrypted], &info, out);
    if (status == SABLE_OK)
        dry_process_end(encrypted ? "decrypt the second results" : "decrypt the results", "data owner",
                        planned_memory(&s, decrypt_held_bytes(&info, false)), session_tally(&s)->peak);
    status = judge(t, &s, "decrypt", status);
    if (s.queue) sable_ct_destroy(s.queue, &ct);
    session_close(&s);
    free(out);
    return status;
}

/* -- timings ------------------------------------------------------------------------------------------------------- */

/* Seconds of baseline.c's runs of a job: warm-up, then at least five, more as long as there is time. */
static double timed_seconds(double once, double seconds) {
    return once * (BASELINE_WARM_UP + fmin(fmax(ceil(seconds / once), BASELINE_RUNS_LEAST), BASELINE_RUNS_MOST));
}

static sable_status time_way(dry_demo *t, evaluation *v) {
    session *s = &v->s;
    SABLE_TRY(read_keys(t, v, t->keys.plan.spec));
    SABLE_TRY(read_model(t, v));
    dry_step(s, "read", 1, 0);
    SABLE_TRY(read_shape(s, v->block, &t->data));
    dry_step(s, "read", t->blocks, 0);
    for (int encrypted = 0; encrypted < 2; encrypted++) {
        for (int i = 0; i < BASELINE_WARM_UP; i++) { /* memory is fresh once only */
            dry_forget(s);
            SABLE_TRY(run_inference(t, v, encrypted));
        }
        const double once = dry_price(session_tally(s)->work);
        dry_forget(s);
        dry_step_seconds("time", t->blocks, timed_seconds(once, t->d->options.seconds / t->blocks));
        const double bytes = (double)sable_ct_payload_bytes(v->result, file_options().residue_bits);
        session_tally(s)->work[SABLE_WORK_READ] += bytes; /* the digest of the results is that of a file */
        count_write(s, bytes, 2);
        dry_step(s, "write", t->blocks, 0);
    }
    return SABLE_OK;
}

static sable_status plan_way(dry_demo *t, const sable_ctx_options *how) {
    const demo *d = t->d;
    evaluation v = {.s = {.params = d->params, .info = d->info}};
    session *s = &v.s;
    char name[64];
    sable_ctx_info info = {.struct_size = sizeof info};
    const double start = seconds_now();
    sable_status status = sable_ctx_create_planning(&s->ctx, d->params, how, &s->err);
    s->opening = seconds_now() - start;
    if (status == SABLE_OK) status = sable_ctx_describe(s->ctx, &info);
    if (status == SABLE_OK) status = sable_queue_create(&s->queue, s->ctx, NULL, &s->err);
    if (status == SABLE_OK) status = dry_measure(s, dry_target());
    dry_process_begin();
    if (status == SABLE_OK) status = open_evaluation(t, &v);
    if (status == SABLE_OK) status = time_way(t, &v);
    if (status == SABLE_OK) {
        snprintf(name, sizeof name, "timings, %s, %u thread%s", info.path ? info.path : info.backend, info.threads,
                 info.threads == 1 ? "" : "s");
        dry_process_end(name, "evaluator", planned_memory(s, 0), session_tally(s)->peak);
    } else
        t->d->err = s->err;
    close_evaluation(&v);
    sable_queue_destroy(&s->queue);
    sable_ctx_destroy(&s->ctx);
    return status;
}

sable_status dry_demo_ways(dry_demo *t) {
    sable_ctx_options how[WAYS];
    const uint32_t ways = demo_ways(t->d, how);
    for (uint32_t i = 0; i < ways; i++) SABLE_TRY(plan_way(t, &how[i]));
    return SABLE_OK;
}
