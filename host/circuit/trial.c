/* SPDX-License-Identifier: Apache-2.0 */
#include "circuit/trial.h"

#include <stdlib.h>

#include "ckks/eval_internal.h"

static sable_status make_input(program_trial *t, size_t index, uint32_t batch, sable_error *err) {
    const program_port *port = &t->p->input[index];
    const uint32_t level = t->p->reg[port->reg].level;
    sable_ct meta = {.batch = batch,
                     .parts = 2,
                     .level = level,
                     .slots = t->p->slots,
                     .scale = sable_scale_canonical(t->ctx, level),
                     .bound = port->bound,
                     .rms = port->rms > 0 ? port->rms : port->bound / sqrt(3),
                     .noise_var = SABLE_SIGMA2 + 1.0 / 12};
    SABLE_TRY(sable_ct_create(&t->input[index], t->ctx, err));
    uint32_t *data;
    const size_t words = 2 * (size_t)batch * t->ctx->level[level].limbs * t->ctx->params.n;
    if (sable_words_alloc(t->queue, &data, words, "an input of a program") != SABLE_OK)
        return sable_fail(err, SABLE_NO_MEMORY, "%s", sable_queue_error(t->queue));
    sable_ct_commit(t->queue, t->input[index], &meta, data);
    return SABLE_OK;
}

/* A set that says what it has. Its words are counted, as all memory of a planning context, and never looked at. */
static sable_status make_keys(program_trial *t, sable_error *err) {
    sable_key_spec *spec = NULL;
    SABLE_TRY(sable_key_spec_create(&spec, &t->p->params, err));
    sable_status status = sable_program_add_keys(t->p, spec, err);
    const size_t count = sable_key_spec_count(spec);
    if (status == SABLE_OK) {
        t->keys = calloc(1, sizeof *t->keys);
        if (t->keys) t->keys->key = calloc(count + 1, sizeof *t->keys->key);
        if (!t->keys || !t->keys->key) status = sable_fail(err, SABLE_NO_MEMORY, "no memory for %zu keys", count);
    }
    for (size_t i = 0; status == SABLE_OK && i < count; i++) {
        sable_evk *key = &t->keys->key[i];
        status = sable_key_spec_get(spec, i, &key->need);
        key->first_block = key->need.first / t->p->params.alpha;
        key->digits = sable_key_digits(&t->p->params, &key->need);
        const size_t words =
            2 * (size_t)key->digits * (key->need.limbs + t->p->params.p_count) * (size_t)t->p->params.n;
        if (status == SABLE_OK && sable_words_alloc(t->queue, &key->data, words, "a key of a program") != SABLE_OK)
            status = sable_fail(err, SABLE_NO_MEMORY, "%s", sable_queue_error(t->queue));
        t->keys->count = i + 1;
    }
    if (t->keys) t->keys->ctx = t->ctx;
    sable_key_spec_destroy(&spec);
    return status;
}

sable_status sable_trial_open(program_trial *trial, const sable_program *program, const sable_ctx_options *options,
                              uint32_t batch, sable_error *err) {
    *trial = (program_trial){.p = program};
    SABLE_TRY(sable_ctx_create_planning(&trial->ctx, &program->params, options, err));
    sable_status status = sable_queue_create(&trial->queue, trial->ctx, NULL, err);
    if (status == SABLE_OK) {
        trial->input = calloc(program->inputs + 1, sizeof(sable_ct *));
        trial->output = calloc(program->outputs + 1, sizeof(sable_ct *));
        if (!trial->input || !trial->output)
            status = sable_fail(err, SABLE_NO_MEMORY, "no memory for the ports of a program");
    }
    for (size_t i = 0; status == SABLE_OK && i < program->inputs; i++) status = make_input(trial, i, batch, err);
    for (size_t i = 0; status == SABLE_OK && i < program->outputs; i++)
        status = sable_ct_create(&trial->output[i], trial->ctx, err);
    if (status == SABLE_OK) status = make_keys(trial, err);
    if (status != SABLE_OK) sable_trial_close(trial);
    return status;
}

sable_status sable_trial_run(program_trial *trial, program_visit visit, void *arg, sable_error *err) {
    const sable_program *p = trial->p;
    const sable_status status =
        sable_program_run_visited(trial->queue, p, trial->output, p->outputs, (const sable_ct *const *)trial->input,
                                  p->inputs, trial->keys, visit, arg);
    if (status != SABLE_OK) return sable_fail(err, status, "%s", sable_queue_error(trial->queue));
    return SABLE_OK;
}

void sable_trial_close(program_trial *trial) {
    if (!trial->ctx) return;
    for (size_t i = 0; trial->input && i < trial->p->inputs; i++) sable_ct_destroy(trial->queue, &trial->input[i]);
    for (size_t i = 0; trial->output && i < trial->p->outputs; i++) sable_ct_destroy(trial->queue, &trial->output[i]);
    free(trial->input);
    free(trial->output);
    sable_keyset_destroy(trial->queue, &trial->keys);
    sable_queue_destroy(&trial->queue);
    sable_ctx_destroy(&trial->ctx);
    *trial = (program_trial){0};
}
