/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of a program: how long they live, whose memory is used again, and steps in another order. */
#include <stdlib.h>
#include <string.h>

#include "circuit/program.h"

uint64_t sable_program_register_bytes(const sable_program *program, uint32_t reg) {
    const program_register *r = &program->reg[reg];
    return (uint64_t)r->parts * sable_window_limbs(&program->params, r->level) * program->params.n * sizeof(uint32_t);
}

/* Operations whose output may be an input's words, written over one by one. */
static bool writes_over(program_op op) {
    switch (op) {
    case PROGRAM_ADD:
    case PROGRAM_SUB:
    case PROGRAM_NEGATE:
    case PROGRAM_ADD_SCALAR:
    case PROGRAM_MUL_SCALAR:
    case PROGRAM_MUL_INTEGER:
    case PROGRAM_MUL_I:
    case PROGRAM_ADD_PLAIN:
    case PROGRAM_MUL_PLAIN: return true;
    default: return false;
    }
}

unsigned sable_program_reuse(const sable_program *program, size_t step, bool last_a, bool last_b) {
    const program_step *s = &program->step[step];
    const uint8_t parts = program->reg[program->inputs + step].parts;
    if (!writes_over(s->op)) return 0;
    if (last_a && s->a >= program->inputs && program->reg[s->a].parts == parts) return 1;
    if (last_b && program_has_b(s->op) && s->b >= program->inputs && program->reg[s->b].parts == parts) return 2;
    return 0;
}

/* What is alive at each step, its result beside its operands unless it takes the memory of one. */
static void count_alive(sable_program *p) {
    size_t live = p->inputs;
    uint64_t bytes = 0;
    for (size_t i = 0; i < p->inputs; i++) bytes += sable_program_register_bytes(p, (uint32_t)i);
    p->live_most = live;
    p->live_bytes = bytes;
    for (size_t first = 0; first < p->steps; first += program_width(&p->step[first])) {
        const size_t end = first + program_width(&p->step[first]);
        for (size_t s = first; s < end; s++) {
            const program_step *step = &p->step[s];
            const bool reuses = sable_program_reuse(p, s, step->last_a, step->last_b) != 0;
            live += !reuses;
            if (!reuses) bytes += sable_program_register_bytes(p, (uint32_t)(p->inputs + s));
        }
        if (live > p->live_most) p->live_most = live;
        if (bytes > p->live_bytes) p->live_bytes = bytes;
        for (size_t s = first; s < end; s++) { /* inputs belong to the caller and stay */
            const program_step *step = &p->step[s];
            const unsigned reused = sable_program_reuse(p, s, step->last_a, step->last_b);
            if (step->last_a && step->a >= p->inputs && reused != 1)
                live--, bytes -= sable_program_register_bytes(p, step->a);
            if (step->last_b && step->b >= p->inputs && reused != 2)
                live--, bytes -= sable_program_register_bytes(p, step->b);
        }
    }
}

sable_status sable_program_find_last_uses(sable_program *program, sable_error *err) {
    sable_program *p = program;
    const size_t count = p->inputs + p->steps;
    bool *used = calloc(count + 1, sizeof *used);
    if (!used) return sable_fail(err, SABLE_NO_MEMORY, "no memory for %zu registers", count);
    for (size_t i = 0; i < p->outputs; i++) used[p->output[i].reg] = true;
    for (size_t s = p->steps; s-- > 0;) {
        program_step *step = &p->step[s];
        step->last_a = !used[step->a];
        used[step->a] = true;
        step->last_b = program_has_b(step->op) && !used[step->b];
        if (program_has_b(step->op)) used[step->b] = true;
    }
    free(used);
    count_alive(p);
    return SABLE_OK;
}

sable_status sable_program_reorder(sable_program *program, const uint32_t *order, size_t count, sable_error *err) {
    sable_program *p = program;
    const size_t inputs = p->inputs;
    program_step *step = malloc((count + 1) * sizeof *step);
    program_register *reg = malloc((inputs + count + 1) * sizeof *reg);
    uint32_t *now = malloc((inputs + p->steps + 1) * sizeof *now);
    if (!step || !reg || !now) {
        free(step);
        free(reg);
        free(now);
        return sable_fail(err, SABLE_NO_MEMORY, "no memory to order %zu steps", count);
    }
    memcpy(reg, p->reg, inputs * sizeof *reg);
    for (uint32_t i = 0; i < inputs; i++) now[i] = i;
    for (size_t k = 0; k < count; k++) {
        now[inputs + order[k]] = (uint32_t)(inputs + k);
        step[k] = p->step[order[k]];
        reg[inputs + k] = p->reg[inputs + order[k]];
    }
    for (size_t k = 0; k < count; k++) {
        step[k].a = now[step[k].a];
        if (program_has_b(step[k].op)) step[k].b = now[step[k].b];
    }
    for (size_t i = 0; i < p->outputs; i++) p->output[i].reg = now[p->output[i].reg];
    free(now);
    free(p->step);
    free(p->reg);
    p->step = step;
    p->reg = reg;
    p->steps = p->room = count;
    return SABLE_OK;
}
