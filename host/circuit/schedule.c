/* SPDX-License-Identifier: Apache-2.0 */
/* Schedules by lists: of the next steps in the program's order those whose operands are there are looked at, and the kind of which most are ready
 * goes next, the earliest of these kinds. Steps that free memory come first, and no more than fit one call or wave wait of a
 * kind: so few values more are alive than in the program's order. */
#include "circuit/schedule.h"

#include <stdlib.h>
#include <string.h>

#include "ckks/objects.h"

#define WINDOW 128u /* steps that are looked at */

/* Where single-threaded calls side by side, or batches, pay: docs/CIRCUITS.md has the measurements. */
#define SMALL_RING_LOG 14u
#define BATCH_MOST     8u
/* Units of a parallel wave for each thread: more would keep more values alive. */
#define WAVE_ROUNDS    2u

typedef struct scheduling {
    const sable_program *p;
    program_schedule *out;
    uint32_t *next;  /* [steps] the undone head after this one; NONE */
    uint32_t *uses;  /* [registers] readings that are to come, as an output too */
    uint32_t *place; /* [steps] of heads: lanes of one unit have places one after the other, other lanes have not */
    bool *done;      /* [steps] */
    uint32_t first;  /* undone head */
    uint32_t ready[WINDOW], chosen[WINDOW];
    uint32_t readies, chosens, lanes, places;
} scheduling;

#define NONE UINT32_MAX

static void resolve(sable_schedule *kind, uint32_t *most, const sable_ctx *ctx) {
    const bool small = ctx->params.log_n <= SMALL_RING_LOG, on_cpu = strcmp(ctx->backend->name, "cpu") == 0;
    const uint32_t threads = ctx->backend->threads(ctx->state);
    if (*kind == SABLE_SCHEDULE_AUTO && small)
        *kind = !on_cpu ? SABLE_SCHEDULE_BATCHED : threads > 1 ? SABLE_SCHEDULE_PARALLEL : SABLE_SCHEDULE_SERIAL;
    else if (*kind == SABLE_SCHEDULE_AUTO)
        *kind = SABLE_SCHEDULE_SERIAL;
    if (*most == 0) *most = *kind == SABLE_SCHEDULE_BATCHED ? BATCH_MOST : on_cpu ? threads : 2;
    if (*kind == SABLE_SCHEDULE_SERIAL) *most = 1;
}
void sable_schedule_choose(sable_schedule *kind, uint32_t *most, const sable_ctx *ctx) {
    resolve(kind, most, ctx);
    if (!ctx->tally || *kind != SABLE_SCHEDULE_PARALLEL) return;
    *kind = SABLE_SCHEDULE_SERIAL; /* counted by one thread */
    *most = 1;
}
uint32_t sable_schedule_at_a_time(const sable_ctx *ctx) {
    sable_schedule kind = SABLE_SCHEDULE_AUTO;
    uint32_t most = 0;
    resolve(&kind, &most, ctx);
    return most;
}

/* -- choosing a wave ----------------------------------------------------------------------------------------------- */

static bool there(const scheduling *l, uint32_t reg) { return reg < l->p->inputs || l->done[reg - l->p->inputs]; }

static void look_around(scheduling *l) {
    l->readies = 0;
    uint32_t looked = 0;
    for (uint32_t s = l->first; s != NONE && looked < WINDOW; s = l->next[s], looked++) {
        const program_step *step = &l->p->step[s];
        if (there(l, step->a) && (!program_has_b(step->op) || there(l, step->b))) l->ready[l->readies++] = s;
    }
}

/* A step that writes over its operand: nothing more is alive after it. */
static bool frees(const scheduling *l, uint32_t s) {
    const program_step *step = &l->p->step[s];
    return sable_program_reuse(l->p, s, l->uses[step->a] == 1, program_has_b(step->op) && l->uses[step->b] == 1) != 0;
}

/* Operands of y lie behind those of x in the memory of one batch. */
static bool follows(const scheduling *l, uint32_t x, uint32_t y) {
    const program_step *s = &l->p->step[x], *t = &l->p->step[y];
    const uint32_t inputs = (uint32_t)l->p->inputs;
    if (s->a < inputs || t->a < inputs || l->place[t->a - inputs] != l->place[s->a - inputs] + 1) return false;
    if (!program_has_b(s->op)) return true;
    return s->b >= inputs && t->b >= inputs && l->place[t->b - inputs] == l->place[s->b - inputs] + 1;
}

/* The steps that go with `lead`, itself first. */
static void gather(scheduling *l, uint32_t lead, uint32_t most) {
    const bool batched = l->out->kind == SABLE_SCHEDULE_BATCHED, heavy = sable_step_is_heavy(l->p->step[lead].op);
    l->chosens = 0;
    l->chosen[l->chosens++] = lead;
    for (uint32_t i = 0; i < l->readies && l->chosens < most; i++) {
        const uint32_t s = l->ready[i];
        if (s <= lead) continue;
        if (batched ? sable_steps_are_one_call(l->p, lead, s) && (heavy || follows(l, l->chosen[l->chosens - 1], s))
                    : sable_steps_cost_alike(l->p, lead, s))
            l->chosen[l->chosens++] = s;
    }
}

static void choose(scheduling *l) {
    const bool parallel = l->out->kind == SABLE_SCHEDULE_PARALLEL;
    const uint32_t cap = parallel ? WAVE_ROUNDS * l->out->most : l->out->most, most = cap < WINDOW ? cap : WINDOW;
    look_around(l);
    for (uint32_t i = 0; i < l->readies; i++)
        if (frees(l, l->ready[i])) {
            gather(l, l->ready[i], most);
            return;
        }
    uint32_t best = 0, lead = l->ready[0], light = NONE;
    for (uint32_t i = 0; i < l->readies && best < most; i++) {
        if (!parallel && !sable_step_is_heavy(l->p->step[l->ready[i]].op)) {
            if (light == NONE) light = l->ready[i];
            continue;
        }
        gather(l, l->ready[i], most);
        if (l->chosens > best) best = l->chosens, lead = l->ready[i];
    }
    /* A batch that is not full waits for what the steps that need none may add to it. */
    gather(l, best < most && light != NONE ? light : lead, most);
    /* Too few for all threads: better one by one, each by all of them. Whole rounds otherwise. */
    const uint32_t round = l->out->most > 1 ? l->out->most : 1;
    if (parallel && 2 * l->chosens < round) l->chosens = 1;
    if (parallel && l->chosens > round) l->chosens -= l->chosens % round;
}

/* -- writing it down ----------------------------------------------------------------------------------------------- */

static void place(scheduling *l, uint32_t head) {
    const program_step *step = &l->p->step[head];
    l->out->lane[l->lanes] = head;
    for (uint32_t k = 0; k < program_width(step); k++) {
        l->done[head + k] = true;
        l->place[head + k] = l->places;
        l->uses[step[k].a]--;
        if (program_has_b(step[k].op)) l->uses[step[k].b]--;
    }
    l->lanes++;
    l->places++;
}

static void write_wave(scheduling *l) {
    program_schedule *out = l->out;
    const bool batched = out->kind == SABLE_SCHEDULE_BATCHED;
    out->wave[out->waves++] = (uint32_t)out->units;
    for (uint32_t i = 0; i < l->chosens; i++) {
        if (i == 0 || !batched) {
            out->unit[out->units++] = (program_unit){l->lanes, 0};
            l->places++;
        }
        out->unit[out->units - 1].lanes++;
        place(l, l->chosen[i]);
    }
    out->wave[out->waves] = (uint32_t)out->units;
    for (uint32_t *at = &l->first;
         l->chosens && *at != NONE;) { /* chosen steps are in the list's first WINDOW entries */
        if (l->done[*at]) {
            *at = l->next[*at];
            l->chosens--;
        } else {
            at = &l->next[*at];
        }
    }
}

static void make_waves(scheduling *l) {
    const sable_program *p = l->p;
    uint32_t *at = &l->first;
    for (size_t s = 0; s < p->steps; s += program_width(&p->step[s])) {
        *at = (uint32_t)s;
        at = &l->next[s];
    }
    *at = NONE;
    for (size_t i = 0; i < p->outputs; i++) l->uses[p->output[i].reg]++;
    for (size_t s = 0; s < p->steps; s++) {
        l->uses[p->step[s].a]++;
        if (program_has_b(p->step[s].op)) l->uses[p->step[s].b]++;
    }
    while (l->first != NONE) {
        if (l->out->kind == SABLE_SCHEDULE_SERIAL) {
            l->chosen[0] = l->first;
            l->chosens = 1;
        } else {
            choose(l);
        }
        write_wave(l);
    }
}

sable_status sable_schedule_make(program_schedule *out, const sable_program *program, sable_schedule kind,
                                 uint32_t most, bool keeps, sable_error *err) {
    const size_t steps = program->steps, registers = program->inputs + steps;
    *out = (program_schedule){.kind = kind, .most = most, .keeps = keeps};
    scheduling l = {.p = program, .out = out, .first = NONE};
    out->lane = malloc((steps + 1) * sizeof *out->lane);
    out->unit = malloc((steps + 1) * sizeof *out->unit);
    out->wave = calloc(steps + 2, sizeof *out->wave);
    l.next = malloc((steps + 1) * sizeof *l.next);
    l.place = calloc(steps + 1, sizeof *l.place);
    l.uses = calloc(registers + 1, sizeof *l.uses);
    l.done = calloc(steps + 1, sizeof *l.done);
    sable_status status = SABLE_OK;
    if (!out->lane || !out->unit || !out->wave || !l.next || !l.place || !l.uses || !l.done)
        status = sable_fail(err, SABLE_NO_MEMORY, "no memory to schedule %zu steps", steps);
    if (status == SABLE_OK) {
        make_waves(&l);
        status = sable_schedule_lives(out, program, err);
    }
    free(l.next);
    free(l.place);
    free(l.uses);
    free(l.done);
    if (status != SABLE_OK) sable_schedule_free(out);
    return status;
}

void sable_schedule_free(program_schedule *schedule) {
    free(schedule->lane);
    free(schedule->unit);
    free(schedule->wave);
    free(schedule->reuse);
    free(schedule->dead);
    free(schedule->dead_end);
    *schedule = (program_schedule){0};
}
