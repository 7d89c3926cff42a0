/* SPDX-License-Identifier: Apache-2.0 */
/* a + rotate(b): one step where nothing else reads the rotation (sable_rotate_add, the words of the two). The rotation's operand then lives
 * until the addition instead of its result: no more is alive than before. Rotations that share a decomposition are left alone, which saves
 * more. */
#include <stdlib.h>

#include "circuit/program.h"

/* uses[r]: how often register r is read, as an output too. */
static void count_uses(const sable_program *p, uint32_t *uses) {
    for (size_t i = 0; i < p->outputs; i++) uses[p->output[i].reg]++;
    for (size_t s = 0; s < p->steps; s++) {
        uses[p->step[s].a]++;
        if (program_has_b(p->step[s].op)) uses[p->step[s].b]++;
    }
}

/* Register r is a rotation of its own that only one step reads, and that nothing is declared of. */
static bool lone_rotation(const sable_program *p, const uint32_t *uses, uint32_t r) {
    if (r < p->inputs || uses[r] != 1) return false;
    const program_step *step = &p->step[r - p->inputs];
    return step->op == PROGRAM_ROTATE && step->hoisted == 1 && step->bound == 0;
}

sable_status sable_program_fuse(sable_program *program, sable_error *err) {
    sable_program *p = program;
    uint32_t *uses = calloc(p->inputs + p->steps + 1, sizeof *uses), *order = malloc((p->steps + 1) * sizeof *order);
    if (!uses || !order) {
        free(uses);
        free(order);
        return sable_fail(err, SABLE_NO_MEMORY, "no memory for %zu registers", p->inputs + p->steps);
    }
    count_uses(p, uses);
    for (size_t s = 0; s < p->steps; s++) {
        program_step *step = &p->step[s];
        if (step->op != PROGRAM_ADD) continue;
        const bool second = lone_rotation(p, uses, step->b);
        if (!second && !lone_rotation(p, uses, step->a)) continue;
        const uint32_t rotation = second ? step->b : step->a, added = second ? step->a : step->b;
        const program_step *rotate = &p->step[rotation - p->inputs];
        step->op = PROGRAM_ROTATE_ADD;
        step->a = added;
        step->b = rotate->a;
        step->integer = rotate->integer;
        uses[rotation] = 0;
    }
    size_t count = 0;
    for (size_t s = 0; s < p->steps; s++) {
        const bool gone = p->step[s].op == PROGRAM_ROTATE && uses[p->inputs + s] == 0;
        if (!gone) order[count++] = (uint32_t)s;
    }
    sable_status status = count < p->steps ? sable_program_reorder(p, order, count, err) : SABLE_OK;
    free(uses);
    free(order);
    return status;
}
