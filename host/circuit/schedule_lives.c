/* SPDX-License-Identifier: Apache-2.0 */
/* How long values live in a schedule, and whose memory is used again. */
#include <stdlib.h>

#include "circuit/schedule.h"

typedef struct lives {
    const sable_program *p;
    program_schedule *out;
    uint32_t *unit_of;  /* [steps] */
    uint32_t *last;     /* [registers] the last wave that reads it, + 1; FOREVER: an output */
    uint32_t *readings; /* [registers] steps of that wave that do */
    uint32_t *sharing;  /* [units] lanes that are alive in the memory of one batch */
    uint64_t live;
} lives;

#define FOREVER UINT32_MAX

static void read_by(const lives *l, uint32_t reg, uint32_t wave) {
    if (l->last[reg] == FOREVER) return;
    if (l->last[reg] != wave + 1) l->readings[reg] = 0;
    l->last[reg] = wave + 1;
    l->readings[reg]++;
}

static void find_last_readings(const lives *l) {
    const sable_program *p = l->p;
    const program_schedule *out = l->out;
    for (size_t i = 0; i < p->outputs; i++) l->last[p->output[i].reg] = FOREVER;
    for (uint32_t w = 0; w < out->waves; w++)
        for (uint32_t u = out->wave[w]; u < out->wave[w + 1]; u++)
            for (uint32_t i = 0; i < out->unit[u].lanes; i++) {
                const uint32_t head = out->lane[out->unit[u].first + i];
                for (uint32_t k = 0; k < program_width(&p->step[head]); k++) {
                    const program_step *step = &p->step[head + k];
                    l->unit_of[head + k] = u;
                    read_by(l, step->a, w);
                    if (program_has_b(step->op) && step->b != step->a) read_by(l, step->b, w);
                }
            }
}

/* Nothing else reads it in this wave, nor anything later. */
static bool mine(const lives *l, uint32_t reg, uint32_t wave) {
    return l->last[reg] == wave + 1 && l->readings[reg] == 1;
}

/* The result of a step of wave w; lanes share memory, which goes when the last of them does. */
static void begin_life(lives *l, uint32_t s, uint32_t w, bool shared) {
    const sable_program *p = l->p;
    const program_step *step = &p->step[s];
    const uint32_t inputs = (uint32_t)p->inputs;
    /* A lane's memory is part of a batch's: nothing takes it over. */
    const bool free_a = mine(l, step->a, w) && step->a >= inputs && !l->sharing[l->unit_of[step->a - inputs]];
    const bool free_b = program_has_b(step->op) && mine(l, step->b, w) && step->b >= inputs &&
                        !l->sharing[l->unit_of[step->b - inputs]];
    l->out->reuse[s] = shared || l->out->keeps ? 0 : (uint8_t)sable_program_reuse(p, s, free_a, free_b);
    if (shared) l->sharing[l->unit_of[s]]++;
    if (l->out->reuse[s]) {
        const uint32_t taken = l->out->reuse[s] == 1 ? step->a : step->b;
        l->live -= sable_program_register_bytes(p, taken);
        l->last[taken] = 0; /* not there any more */
    }
    l->live += sable_program_register_bytes(p, inputs + s);
}

static void end_lives(lives *l, const uint32_t *ending, uint32_t count) {
    const uint32_t inputs = (uint32_t)l->p->inputs;
    for (uint32_t k = 0; k < count; k++) {
        const uint32_t r = ending[k], u = l->unit_of[r - inputs];
        const uint64_t bytes = sable_program_register_bytes(l->p, r);
        if (!l->sharing[u]) {
            l->live -= bytes;
        } else if (--l->sharing[u] == 0) {
            l->live -= bytes * l->out->unit[u].lanes * program_width(&l->p->step[l->out->lane[l->out->unit[u].first]]);
        }
    }
}

/* Copies of operands that a unit of several lanes makes, unless they lie together. */
static uint64_t copies(const lives *l, const program_unit *unit) {
    uint64_t bytes = 0;
    for (uint32_t i = 0; unit->lanes > 1 && i < unit->lanes; i++) {
        const program_step *step = &l->p->step[l->out->lane[unit->first + i]];
        bytes += sable_program_register_bytes(l->p, step->a);
        if (program_has_b(step->op)) bytes += sable_program_register_bytes(l->p, step->b);
    }
    return bytes;
}

static void live_through(lives *l) {
    const sable_program *p = l->p;
    program_schedule *out = l->out;
    const uint32_t inputs = (uint32_t)p->inputs;
    uint32_t deads = 0;
    for (uint32_t i = 0; i < inputs; i++) l->live += sable_program_register_bytes(p, i);
    out->live_bytes = l->live;
    for (uint32_t w = 0; w < out->waves; w++) {
        const uint32_t before = deads;
        uint64_t extra = 0;
        for (uint32_t u = out->wave[w]; u < out->wave[w + 1]; u++) {
            const program_unit *unit = &out->unit[u];
            extra += copies(l, unit);
            for (uint32_t i = 0; i < unit->lanes; i++) {
                const uint32_t head = out->lane[unit->first + i];
                for (uint32_t k = 0; k < program_width(&p->step[head]); k++)
                    begin_life(l, head + k, w, unit->lanes > 1);
            }
        }
        if (l->live + extra > out->live_bytes) out->live_bytes = l->live + extra;
        for (uint32_t i = out->unit[out->wave[w]].first;
             i < out->unit[out->wave[w + 1] - 1].first + out->unit[out->wave[w + 1] - 1].lanes; i++)
            for (uint32_t k = 0; k < program_width(&p->step[out->lane[i]]); k++) {
                const program_step *step = &p->step[out->lane[i] + k];
                const uint32_t operand[2] = {step->a, program_has_b(step->op) ? step->b : step->a};
                for (unsigned j = 0; j < 2; j++)
                    if (operand[j] >= inputs && l->last[operand[j]] == w + 1) {
                        out->dead[deads++] = operand[j];
                        l->last[operand[j]] = 0;
                    }
            }
        end_lives(l, out->dead + before, deads - before);
        out->dead_end[w] = deads;
    }
}

sable_status sable_schedule_lives(program_schedule *schedule, const sable_program *program, sable_error *err) {
    const size_t steps = program->steps, registers = program->inputs + steps;
    schedule->reuse = calloc(steps + 1, sizeof *schedule->reuse);
    schedule->dead = malloc((steps + 1) * sizeof *schedule->dead);
    schedule->dead_end = malloc((schedule->waves + 1) * sizeof *schedule->dead_end);
    uint32_t *room = calloc(steps + 2 * registers + schedule->units + 1, sizeof *room);
    sable_status status = SABLE_OK;
    if (!schedule->reuse || !schedule->dead || !schedule->dead_end || !room) {
        status = sable_fail(err, SABLE_NO_MEMORY, "no memory to schedule %zu steps", steps);
    } else {
        lives l = {.p = program,
                   .out = schedule,
                   .unit_of = room,
                   .last = room + steps,
                   .readings = room + steps + registers,
                   .sharing = room + steps + 2 * registers};
        find_last_readings(&l);
        live_through(&l);
    }
    free(room);
    return status;
}
