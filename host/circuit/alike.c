/* SPDX-License-Identifier: Apache-2.0 */
/* Like steps: those that one call on a batch can do, and those that take about as long. */
#include "circuit/schedule.h"

bool sable_step_is_heavy(program_op op) {
    switch (op) {
    case PROGRAM_ROTATE:
    case PROGRAM_ROTATE_ADD:
    case PROGRAM_CONJUGATE:
    case PROGRAM_POLY:
    case PROGRAM_TRANSFORM:
    case PROGRAM_RELIN:
    case PROGRAM_RESCALE:
    case PROGRAM_RELIN_RESCALE:
    case PROGRAM_ADJUST: return true;
    default: return false;
    }
}

static bool same_form(const sable_program *p, uint32_t r, uint32_t t) {
    return p->reg[r].level == p->reg[t].level && p->reg[r].power == p->reg[t].power &&
           p->reg[r].parts == p->reg[t].parts;
}

bool sable_steps_cost_alike(const sable_program *program, uint32_t x, uint32_t y) {
    const program_step *s = &program->step[x], *t = &program->step[y];
    return s->op == t->op && s->level == t->level && s->poly == t->poly && s->map == t->map &&
           program_width(s) == program_width(t) && (s->op != PROGRAM_ADJUST || s->integer == t->integer);
}

/* Sums and products of two values carry their bounds on: those of a batch are the largest of its members, so the sum of two batches may be
 * given a bound that no member has. Equal declared bounds make that impossible. */
static bool bounds_agree(const sable_program *p, const program_step *s, const program_step *t) {
    return p->reg[s->a].bound == p->reg[t->a].bound && p->reg[s->b].bound == p->reg[t->b].bound;
}

bool sable_steps_are_one_call(const sable_program *program, uint32_t x, uint32_t y) {
    const sable_program *p = program;
    const program_step *s = &p->step[x], *t = &p->step[y];
    if (s->op == PROGRAM_ADD_PLAIN || s->op == PROGRAM_MUL_PLAIN) return false; /* plaintexts of their own */
    if (!sable_steps_cost_alike(p, x, y) || !same_form(p, s->a, t->a)) return false;
    if (program_has_b(s->op) && (!same_form(p, s->b, t->b) || !bounds_agree(p, s, t))) return false;
    if (s->re != t->re || s->im != t->im) return false;
    for (size_t k = 0; k < program_width(s); k++)
        if (s[k].integer != t[k].integer || s[k].bound != t[k].bound) return false;
    return true;
}
