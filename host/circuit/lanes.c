/* SPDX-License-Identifier: Apache-2.0 */
/* Units at work. Lanes of a unit become members of one batch: operands that lie together already are viewed, others are copied together; results
 * stay together, and each lane's value is a view of its members. */
#include <math.h>
#include <stdlib.h>

#include "circuit/work.h"
#include "sable/poly.h"

const sable_ct *sable_work_operand(const program_work *w, uint32_t reg) {
    return reg < w->p->inputs ? w->inputs[reg] : w->value[reg - w->p->inputs];
}

void sable_work_let_go(const program_work *w, uint32_t step) {
    program_pack *pack = w->pack[step];
    if (!w->value[step]) return;
    if (pack) w->value[step]->data = NULL; /* the pack's */
    sable_ct_destroy(w->queue, &w->value[step]);
    w->pack[step] = NULL;
    if (!pack || --pack->readers > 0) return;
    sable_ct_destroy(w->queue, &pack->whole);
    free(pack);
}

/* A result with the bound that the circuit's caller declares. */
static sable_status declare(sable_queue *queue, sable_ct *result, const program_step *step) {
    if (step->bound == 0 || result->bound <= step->bound) return SABLE_OK;
    return sable_ct_declare(queue, result, step->bound, fmin(result->rms, step->bound));
}

/* -- one by one ---------------------------------------------------------------------------------------------------- */

/* Rotations of `in` by the steps of a hoisted group, into outs[k]. */
static sable_status rotate_group(const program_work *w, sable_queue *queue, sable_ct **outs, const sable_ct *in,
                                 const program_step *step) {
    const size_t count = program_width(step);
    int64_t *steps = malloc(count * sizeof *steps);
    if (!steps) return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "no memory for %zu rotations", count);
    sable_status status = SABLE_OK;
    for (size_t k = 0; k < count && status == SABLE_OK; k++) {
        steps[k] = step[k].integer;
        status = sable_ct_create(&outs[k], queue->ctx, &queue->error);
    }
    if (status == SABLE_OK) status = sable_rotate_hoisted(queue, outs, in, steps, count, w->keys);
    for (size_t k = 0; k < count && status == SABLE_OK; k++) status = declare(queue, outs[k], &step[k]);
    free(steps);
    return status;
}

sable_status sable_work_alone(const program_work *w, sable_queue *queue, uint32_t head) {
    const program_step *step = &w->p->step[head];
    const sable_ct *a = sable_work_operand(w, step->a),
                   *b = program_has_b(step->op) ? sable_work_operand(w, step->b) : NULL;
    const unsigned reuse = w->schedule->reuse[head];
    if (program_width(step) > 1) return rotate_group(w, queue, &w->value[head], a, step);
    if (reuse) {
        sable_ct **from = &w->value[(reuse == 1 ? step->a : step->b) - w->p->inputs];
        w->value[head] = *from;
        *from = NULL;
    } else {
        SABLE_TRY(sable_ct_create(&w->value[head], queue->ctx, &queue->error));
    }
    SABLE_TRY(
        sable_step_run(queue, w->value[head], step, a, b, w->plain ? &w->plain[head] : NULL, w->p->slots, w->keys));
    return declare(queue, w->value[head], step);
}

/* -- in one call --------------------------------------------------------------------------------------------------- */

static size_t words_of(const sable_ct *ct) {
    return (size_t)ct->batch * ct->parts * ct->ctx->level[ct->level].limbs * ct->ctx->params.n;
}

static uint32_t head_of(const program_work *w, const program_unit *unit, uint32_t lane) {
    return w->schedule->lane[unit->first + lane];
}
static uint32_t operand_of(const program_work *w, const program_unit *unit, uint32_t lane, bool second) {
    const program_step *step = &w->p->step[head_of(w, unit, lane)];
    return second ? step->b : step->a;
}

/* The operands of all lanes as one batch: *view of a pack's memory, or *copy, which the caller destroys. */
static sable_status gather(const program_work *w, const program_unit *unit, bool second, sable_ct *view,
                           sable_ct **copy) {
    const uint32_t inputs = (uint32_t)w->p->inputs, first = operand_of(w, unit, 0, second);
    const sable_ct *lead = sable_work_operand(w, first);
    const program_pack *pack = first >= inputs ? w->pack[first - inputs] : NULL;
    const sable_ct **each = malloc(unit->lanes * sizeof *each);
    if (!each) return SABLE_REFUSE(w->queue, SABLE_NO_MEMORY, "no memory for %u operands", unit->lanes);
    bool together = pack != NULL;
    for (uint32_t i = 0; i < unit->lanes; i++) {
        const uint32_t reg = operand_of(w, unit, i, second);
        each[i] = sable_work_operand(w, reg);
        together = together && reg >= inputs && w->pack[reg - inputs] == pack &&
                   each[i]->data == lead->data + i * words_of(lead);
    }
    sable_status status = SABLE_OK;
    if (together) {
        *view = *lead;
        view->batch = lead->batch * unit->lanes;
        view->seeded = false;
    } else {
        status = sable_ct_create(copy, w->queue->ctx, &w->queue->error);
        if (status == SABLE_OK) status = sable_ct_concat(w->queue, *copy, each, unit->lanes);
    }
    free(each);
    return status;
}

/* Results number k of all lanes are the members of `whole`, which is taken. */
static sable_status scatter(const program_work *w, const program_unit *unit, uint32_t k, sable_ct *whole) {
    program_pack *pack = malloc(sizeof *pack);
    if (!pack) {
        sable_ct_destroy(w->queue, &whole);
        return SABLE_REFUSE(w->queue, SABLE_NO_MEMORY, "no memory for a batch of %u values", unit->lanes);
    }
    *pack = (program_pack){whole, 1}; /* held until all lanes have it */
    const size_t words = words_of(whole) / unit->lanes;
    sable_status status = SABLE_OK;
    for (uint32_t i = 0; i < unit->lanes && status == SABLE_OK; i++) {
        const uint32_t step = head_of(w, unit, i) + k;
        status = sable_ct_create(&w->value[step], w->queue->ctx, &w->queue->error);
        if (status != SABLE_OK) break;
        *w->value[step] = *whole;
        w->value[step]->batch = whole->batch / unit->lanes;
        w->value[step]->data = whole->data + i * words;
        w->pack[step] = pack;
        pack->readers++;
    }
    if (--pack->readers == 0) {
        sable_ct_destroy(w->queue, &pack->whole);
        free(pack);
    }
    return status;
}

static sable_status work_on_batch(const program_work *w, const program_unit *unit, const sable_ct *a,
                                  const sable_ct *b) {
    const uint32_t head = head_of(w, unit, 0);
    const program_step *step = &w->p->step[head];
    const program_plain *plain = w->plain ? &w->plain[head] : NULL;
    const size_t count = program_width(step);
    sable_ct **outs = calloc(count, sizeof *outs);
    if (!outs) return SABLE_REFUSE(w->queue, SABLE_NO_MEMORY, "no memory for %zu results", count);
    sable_status status;
    if (count > 1) {
        status = rotate_group(w, w->queue, outs, a, step);
    } else {
        status = sable_ct_create(&outs[0], w->queue->ctx, &w->queue->error);
        if (status == SABLE_OK) status = sable_step_run(w->queue, outs[0], step, a, b, plain, w->p->slots, w->keys);
        if (status == SABLE_OK) status = declare(w->queue, outs[0], step);
    }
    for (size_t k = 0; k < count; k++)
        if (status == SABLE_OK)
            status = scatter(w, unit, (uint32_t)k, outs[k]);
        else
            sable_ct_destroy(w->queue, &outs[k]);
    free(outs);
    return status;
}

/* Whether the operands of every lane are batches of one size, the two of a step too. */
static bool batches_agree(const program_work *w, const program_unit *unit) {
    const uint32_t batch = sable_work_operand(w, operand_of(w, unit, 0, false))->batch;
    const bool pair = program_has_b(w->p->step[head_of(w, unit, 0)].op);
    bool agree = true;
    for (uint32_t i = 0; i < unit->lanes; i++) {
        agree &= sable_work_operand(w, operand_of(w, unit, i, false))->batch == batch;
        if (pair) agree &= sable_work_operand(w, operand_of(w, unit, i, true))->batch == batch;
    }
    return agree;
}

sable_status sable_work_lanes(const program_work *w, const program_unit *unit) {
    if (unit->lanes == 1 || !batches_agree(w, unit)) {
        for (uint32_t i = 0; i < unit->lanes; i++) SABLE_TRY(sable_work_alone(w, w->queue, head_of(w, unit, i)));
        return SABLE_OK;
    }
    sable_ct view[2] = {{.ctx = NULL}, {.ctx = NULL}}, *copy[2] = {NULL, NULL};
    const bool pair = program_has_b(w->p->step[head_of(w, unit, 0)].op);
    sable_status status = gather(w, unit, false, &view[0], &copy[0]);
    if (status == SABLE_OK && pair) status = gather(w, unit, true, &view[1], &copy[1]);
    if (status == SABLE_OK) status = work_on_batch(w, unit, copy[0] ? copy[0] : &view[0], copy[1] ? copy[1] : &view[1]);
    sable_ct_destroy(w->queue, &copy[0]);
    sable_ct_destroy(w->queue, &copy[1]);
    return status;
}
