/* SPDX-License-Identifier: Apache-2.0 */
/* Runs: the waves of a schedule, one after the other; units of a wave on several queues where the schedule is a parallel one. */
#include "circuit/work.h"

#include <stdlib.h>
#include <string.h>

#ifdef _OPENMP
#include <omp.h>
#endif

/* -- waves --------------------------------------------------------------------------------------------------------- */

typedef struct wave {
    const program_work *w;
    const program_unit *unit;
    uint32_t units;
    sable_status *status; /* [units] */
    uint32_t *by;         /* [units] the helper that ran it */
} wave;

static void run_unit(const wave *v, uint32_t u, uint32_t helper) {
    v->by[u] = helper;
    v->status[u] = sable_work_alone(v->w, v->w->helper[helper], v->w->schedule->lane[v->unit[u].first]);
}

/* The cpu backend does its work when it is called: a thread a queue. Regions inside it then have one thread each, unless
 * OMP_MAX_ACTIVE_LEVELS says otherwise. */
static void run_threads(const wave *v) {
#ifdef _OPENMP
    const int threads = (int)v->w->helpers;
#pragma omp parallel for num_threads(threads) schedule(dynamic, 1)
    for (uint32_t u = 0; u < v->units; u++) run_unit(v, u, (uint32_t)omp_get_thread_num());
#else
    for (uint32_t u = 0; u < v->units; u++) run_unit(v, u, 0);
#endif
}

/* A device works on its own: units are given out in turn. */
static void run_streams(const wave *v) {
    for (uint32_t u = 0, helper = 0; u < v->units; u++) {
        run_unit(v, u, helper);
        helper = helper + 1 < v->w->helpers ? helper + 1 : 0;
    }
}

/* What helpers wrote counts as written by the main queue, which waits for them. */
static sable_status join(const wave *v) {
    const program_work *w = v->w;
    for (uint32_t h = 0; h < w->helpers; h++)
        if (w->helper[h]->dead != SABLE_OK) w->queue->dead = w->helper[h]->dead;
    for (uint32_t u = 0; u < v->units; u++)
        if (v->status[u] != SABLE_OK)
            return SABLE_REFUSE(w->queue, v->status[u], "%s", sable_queue_error(w->helper[v->by[u]]));
    for (uint32_t h = 0; h < w->helpers; h++) SABLE_TRY(sable_queue_wait(w->queue, w->helper[h]));
    for (uint32_t u = 0; u < v->units; u++) {
        const uint32_t head = w->schedule->lane[v->unit[u].first];
        for (size_t k = 0; k < program_width(&w->p->step[head]); k++)
            sable_stamp_write(w->queue, &w->value[head + k]->stamp);
    }
    return SABLE_OK;
}

static sable_status run_parallel(const program_work *w, const program_unit *unit, uint32_t units) {
    for (uint32_t h = 0; h < w->helpers; h++) SABLE_TRY(sable_queue_wait(w->helper[h], w->queue));
    wave v = {w, unit, units, calloc(units, sizeof *v.status), calloc(units, sizeof *v.by)};
    sable_status status = SABLE_OK;
    if (!v.status || !v.by) {
        status = SABLE_REFUSE(w->queue, SABLE_NO_MEMORY, "no memory for %u steps at a time", units);
    } else {
        if (strcmp(w->queue->ctx->backend->name, "cpu") == 0)
            run_threads(&v);
        else
            run_streams(&v);
        status = join(&v);
    }
    free(v.status);
    free(v.by);
    return status;
}

static sable_status run_waves(const program_work *w) {
    const program_schedule *s = w->schedule;
    const program_run run = {w->queue, w->p, w->value, w->inputs, w->keys};
    uint32_t gone = 0;
    for (size_t k = 0; k < s->waves; k++) {
        const uint32_t units = s->wave[k + 1] - s->wave[k];
        if (units > 1)
            SABLE_TRY(run_parallel(w, &s->unit[s->wave[k]], units));
        else
            SABLE_TRY(sable_work_lanes(w, &s->unit[s->wave[k]]));
        if (w->visit) {
            const uint32_t head = s->lane[s->unit[s->wave[k]].first];
            SABLE_TRY(w->visit(w->arg, &run, head, program_width(&w->p->step[head])));
        }
        for (; gone < s->dead_end[k]; gone++) sable_work_let_go(w, s->dead[gone] - (uint32_t)w->p->inputs);
    }
    return SABLE_OK;
}

/* -- from checked inputs to outputs -------------------------------------------------------------------------------- */

/* Values move into the outputs: nothing can fail once the first has moved. A register that serves several outputs, an input that is
 * one, and members of a batch are copied before that, into `copy`. */
static sable_status hand_over(const program_work *w, sable_ct *const *outputs, sable_ct **copy) {
    const sable_program *p = w->p;
    sable_queue *queue = w->queue;
    for (size_t i = 0; i < p->outputs; i++) {
        const uint32_t from = p->output[i].reg;
        bool again = from < p->inputs || w->pack[from - p->inputs];
        for (size_t j = 0; j < i; j++) again |= p->output[j].reg == from;
        if (!again) continue;
        SABLE_TRY(sable_ct_create(&copy[i], queue->ctx, &queue->error));
        SABLE_TRY(sable_ct_copy(queue, copy[i], sable_work_operand(w, from)));
    }
    for (size_t i = 0; i < p->outputs; i++) {
        sable_ct *from = copy[i] ? copy[i] : w->value[p->output[i].reg - p->inputs];
        sable_ct_commit(queue, outputs[i], from, from->data);
        from->data = NULL;
    }
    return SABLE_OK;
}

static sable_status open_helpers(program_work *w) {
    if (w->schedule->kind != SABLE_SCHEDULE_PARALLEL) return SABLE_OK;
    for (; w->helpers < w->schedule->most; w->helpers++)
        SABLE_TRY(sable_queue_create(&w->helper[w->helpers], w->queue->ctx, NULL, &w->queue->error));
    return SABLE_OK;
}

sable_status sable_work_run(program_work *w, sable_ct *const *outputs) {
    const size_t steps = w->p->steps, count = w->p->outputs;
    w->value = calloc(steps + 1, sizeof *w->value);
    w->pack = calloc(steps + 1, sizeof *w->pack);
    sable_ct **copy = calloc(count + 1, sizeof *copy);
    sable_status status = SABLE_OK;
    if (!w->value || !w->pack || !copy)
        status = SABLE_REFUSE(w->queue, SABLE_NO_MEMORY, "no memory for %zu registers", steps);
    if (status == SABLE_OK) status = open_helpers(w);
    if (status == SABLE_OK) status = run_waves(w);
    if (status == SABLE_OK) status = hand_over(w, outputs, copy);
    for (uint32_t s = 0; w->value && w->pack && s < steps; s++) sable_work_let_go(w, s);
    for (size_t i = 0; copy && i < count; i++) sable_ct_destroy(w->queue, &copy[i]);
    for (uint32_t h = 0; h < w->helpers; h++) sable_queue_destroy(&w->helper[h]);
    free(w->value);
    free(w->pack);
    free(copy);
    return status;
}

sable_status sable_program_run(sable_queue *queue, const sable_program *program, sable_ct *const *outputs,
                               size_t output_count, const sable_ct *const *inputs, size_t input_count,
                               const sable_keyset *keys) {
    return sable_program_run_visited(queue, program, outputs, output_count, inputs, input_count, keys, NULL, NULL);
}

sable_status sable_program_run_visited(sable_queue *queue, const sable_program *program, sable_ct *const *outputs,
                                       size_t output_count, const sable_ct *const *inputs, size_t input_count,
                                       const sable_keyset *keys, program_visit visit, void *arg) {
    SABLE_TRY(sable_check_queue(queue));
    if (!program) return SABLE_REFUSE(queue, SABLE_INVALID, "sable_program_run: the program is NULL");
    SABLE_TRY(sable_program_check(queue, program, outputs, output_count, inputs, input_count, keys));
    program_schedule schedule;
    SABLE_TRY(sable_schedule_make(&schedule, program, SABLE_SCHEDULE_SERIAL, 1, visit != NULL, &queue->error));
    program_work w = {.p = program,
                      .schedule = &schedule,
                      .inputs = inputs,
                      .keys = keys,
                      .visit = visit,
                      .arg = arg,
                      .queue = queue};
    const sable_status status = sable_work_run(&w, outputs);
    sable_schedule_free(&schedule);
    return status;
}
