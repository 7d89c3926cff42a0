/* SPDX-License-Identifier: Apache-2.0 */
/* Time and memory of a run: the work that a planning context counts, step by step, times what it costs. */
#include <stdlib.h>
#include <string.h>

#include "circuit/pricing.h"
#include "circuit/trial.h"
#include "ring/params_internal.h"

typedef struct costing {
    const sable_pricing *pricing;
    sable_tally *tally;
    double *ready;    /* [inputs + steps] end of the longest chain to a register */
    uint32_t *length; /* the same in steps */
    sable_tally last; /* when the step before ended */
    sable_program_cost_info *info;
} costing;

/* Without fresh memory: all runs but the first find theirs in the pool. */
static double seconds_since(const costing *c, const sable_tally *then) {
    double work[SABLE_WORKS];
    for (int i = 0; i < SABLE_WORKS; i++) work[i] = c->tally->work[i] - then->work[i];
    work[SABLE_WORK_FRESH] = 0;
    return sable_price_sum(&c->pricing->prices, work);
}

/* A rotation of a group by itself: with unbounded parallelism none waits for another one. What it counts is taken back. */
static sable_status alone(costing *c, const program_run *run, const program_step *step, double *seconds) {
    const sable_tally before = *c->tally;
    sable_ct *out = NULL;
    SABLE_TRY(sable_ct_create(&out, run->queue->ctx, &run->queue->error));
    const sable_status status =
        sable_rotate(run->queue, out, program_register_of(run, step->a), step->integer, run->keys);
    *seconds = seconds_since(c, &before);
    sable_ct_destroy(run->queue, &out);
    *c->tally = before;
    return status;
}

static sable_status note(void *arg, const program_run *run, size_t first, size_t count) {
    costing *c = arg;
    const sable_program *p = run->p;
    const double together = seconds_since(c, &c->last);
    double each = together;
    c->info->seconds += together;
    if (count > 1) SABLE_TRY(alone(c, run, &p->step[first], &each));
    for (size_t s = first; s < first + count; s++) {
        const program_step *step = &p->step[s];
        const size_t reg = p->inputs + s, b = program_has_b(step->op) ? step->b : step->a;
        const size_t later = c->ready[b] > c->ready[step->a] ? b : step->a;
        const uint32_t longer = c->length[b] > c->length[step->a] ? c->length[b] : c->length[step->a];
        c->ready[reg] = c->ready[later] + each;
        c->length[reg] = longer + 1;
        if (c->ready[reg] > c->info->chain_seconds) c->info->chain_seconds = c->ready[reg];
        if (c->length[reg] > c->info->chain_steps) c->info->chain_steps = c->length[reg];
    }
    c->last = *c->tally;
    return SABLE_OK;
}

/* Twice: for the memory, which is a little more where somebody looks on, and for the time of each step. */
static sable_status play(costing *c, program_trial *t, sable_error *err) {
    SABLE_TRY(sable_trial_run(t, NULL, NULL, err));
    c->info->memory_bytes = c->tally->total_peak;
    c->last = *c->tally;
    return sable_trial_run(t, note, c, err);
}

static uint64_t port_bytes(const sable_program *p, const program_port *port, uint32_t batch) {
    return 2ull * batch * sable_window_limbs(&p->params, p->reg[port->reg].level) * p->params.n * sizeof(uint32_t);
}

sable_status sable_program_cost(const sable_program *program, const sable_pricing *pricing, uint32_t batch,
                                sable_program_cost_info *info, sable_error *err) {
    if (!program || !pricing || !info || info->struct_size != sizeof *info)
        return sable_fail(err, SABLE_INVALID,
                          "sable_program_cost: program, pricing or info is NULL, or its struct_size is not %zu",
                          sizeof *info);
    const sable_program *p = program;
    if (memcmp(pricing->digest, p->params.digest, sizeof pricing->digest) != 0)
        return sable_fail(err, SABLE_PARAMS_MISMATCH, "the program is for set %s, the prices for set %s",
                          p->params.name, pricing->set);
    if (batch == 0) batch = 1;
    sable_program_cost_info found = {
        .struct_size = sizeof found, .predicted = pricing->predicted, .bootstraps = p->bootstraps};
    const char *path = pricing->predicted ? "portable" : pricing->prices.path;
    const sable_ctx_options options = {
        .struct_size = sizeof options, .backend = "cpu", .cpu_path = path, .threads = pricing->prices.threads};
    program_trial t;
    SABLE_TRY(sable_trial_open(&t, p, &options, batch, err));
    const size_t count = p->inputs + p->steps;
    costing c = {.pricing = pricing, .tally = t.ctx->tally, .info = &found};
    c.ready = calloc(count + 1, sizeof *c.ready);
    c.length = calloc(count + 1, sizeof *c.length);
    sable_status status = SABLE_OK;
    if (!c.ready || !c.length) status = sable_fail(err, SABLE_NO_MEMORY, "no memory for %zu registers", count);
    if (status == SABLE_OK) status = play(&c, &t, err);
    if (status == SABLE_OK) {
        found.key_bytes = sable_keyset_bytes(t.keys);
        for (size_t i = 0; i < p->inputs; i++) {
            found.input_bytes += port_bytes(p, &p->input[i], batch);
            found.input_levels += p->reg[p->input[i].reg].level;
        }
        for (size_t i = 0; i < p->outputs; i++) found.output_bytes += port_bytes(p, &p->output[i], batch);
        *info = found;
    }
    free(c.ready);
    free(c.length);
    sable_trial_close(&t);
    return status;
}
