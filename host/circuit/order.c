/* SPDX-License-Identifier: Apache-2.0 */
/* The order of steps: what an output needs is made just before it is used, so products are added up as they are made. Outputs are visited in
 * turn; of two operands the one whose making keeps more alive comes first (Sethi and Ullman's rule for trees, a heuristic where values are
 * shared). The order of building stays where this one would hold more bytes. */
#include <stdlib.h>
#include <string.h>

#include "circuit/program.h"

typedef struct ordering {
    sable_program *p;
    uint32_t *head;  /* [steps] first step of the group that a step runs with */
    uint32_t *need;  /* [steps] of heads: values alive at once while it is made from nothing */
    uint32_t *order; /* [steps] the result */
    uint32_t *stack; /* [2 * steps + outputs] heads to visit; DONE is added when their operands have been */
    bool *placed;    /* [steps] of heads */
    size_t count;
} ordering;

#define OPERANDS_DONE 0x80000000u

/* Heads of the steps that make the operands of a head; returns how many: 0, 1 or 2. */
static unsigned makers(const ordering *o, uint32_t head, uint32_t *maker) {
    const program_step *step = &o->p->step[head];
    const size_t inputs = o->p->inputs;
    unsigned count = 0;
    if (step->a >= inputs) maker[count++] = o->head[step->a - inputs];
    if (program_has_b(step->op) && step->b >= inputs) maker[count++] = o->head[step->b - inputs];
    if (count == 2 && maker[0] == maker[1]) count = 1;
    return count;
}

static void measure_needs(const ordering *o) {
    for (size_t s = 0; s < o->p->steps; s += program_width(&o->p->step[s])) {
        uint32_t maker[2], results = (uint32_t)program_width(&o->p->step[s]), need = results;
        const unsigned count = makers(o, (uint32_t)s, maker);
        if (count >= 1 && o->need[maker[0]] > need) need = o->need[maker[0]];
        if (count == 2) {
            const uint32_t x = o->need[maker[0]], y = o->need[maker[1]];
            const uint32_t both = x == y ? x + 1 : x > y ? x : y;
            if (both > need) need = both;
        }
        o->need[s] = need;
    }
}

static void visit(ordering *o, uint32_t root) {
    size_t top = 0;
    o->stack[top++] = root;
    while (top > 0) {
        const uint32_t entry = o->stack[--top], head = entry & ~OPERANDS_DONE;
        if (o->placed[head]) continue;
        if (entry & OPERANDS_DONE) {
            o->placed[head] = true;
            for (size_t k = 0; k < program_width(&o->p->step[head]); k++) o->order[o->count++] = head + (uint32_t)k;
            continue;
        }
        uint32_t maker[2];
        const unsigned count = makers(o, head, maker);
        const bool swap = count == 2 && o->need[maker[1]] > o->need[maker[0]];
        o->stack[top++] = head | OPERANDS_DONE;
        for (unsigned k = count; k-- > 0;) /* the last one pushed is made first */
            if (!o->placed[maker[swap ? 1 - k : k]]) o->stack[top++] = maker[swap ? 1 - k : k];
    }
}

static void make_order(ordering *o) {
    const sable_program *p = o->p;
    for (size_t s = 0; s < p->steps;) {
        const size_t width = program_width(&p->step[s]);
        for (size_t k = 0; k < width; k++) o->head[s + k] = (uint32_t)s;
        s += width;
    }
    measure_needs(o);
    for (size_t i = 0; i < p->outputs; i++)
        if (p->output[i].reg >= p->inputs) visit(o, o->head[p->output[i].reg - p->inputs]);
}

sable_status sable_program_order(sable_program *program, sable_error *err) {
    sable_program *p = program;
    const size_t steps = p->steps;
    ordering o = {.p = p};
    uint32_t *room = malloc((5 * steps + 1) * sizeof *room);
    o.placed = calloc(steps + 1, sizeof *o.placed);
    uint32_t *back = malloc((steps + 1) * sizeof *back);
    sable_status status = SABLE_OK;
    if (!room || !o.placed || !back) {
        status = sable_fail(err, SABLE_NO_MEMORY, "no memory to order %zu steps", steps);
    } else {
        o.head = room;
        o.need = room + steps;
        o.order = room + 2 * steps;
        o.stack = room + 3 * steps;
        make_order(&o);
        status = sable_program_find_last_uses(p, err);
    }
    /* Every step serves an output, so none is lost. */
    const uint64_t before = p->live_bytes;
    if (status == SABLE_OK) status = sable_program_reorder(p, o.order, o.count, err);
    if (status == SABLE_OK) status = sable_program_find_last_uses(p, err);
    if (status == SABLE_OK && p->live_bytes > before) {
        for (size_t k = 0; k < o.count; k++) back[o.order[k]] = (uint32_t)k;
        status = sable_program_reorder(p, back, o.count, err);
    }
    free(room);
    free(o.placed);
    free(back);
    return status;
}
