/* SPDX-License-Identifier: Apache-2.0 */
/* Lowering: from what is computed to where it is computed. levels.c decides, and here steps are written. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "circuit/lowering.h"
#include "ckks/diagonals.h"
#include "ckks/noise.h"

/* plan[i].same: an equal earlier node, or i itself. */
static sable_status share_nodes(lowering *l) {
    for (size_t i = 0; i <= l->c->count; i++) l->plan[i].same = (sable_node)i;
    if (l->o->no_sharing) return SABLE_OK;
    SABLE_TRY(sable_circuit_share(l->reg, l->c, l->err));
    for (size_t i = 0; i <= l->c->count; i++) {
        l->plan[i].same = l->reg[i];
        l->reg[i] = NO_REGISTER;
    }
    return SABLE_OK;
}

/* Appends a step and returns its register; NO_REGISTER without memory. */
static uint32_t emit(lowering *l, program_step step, uint32_t level, unsigned power, unsigned parts) {
    sable_program *p = l->p;
    if (p->steps == p->room) {
        const size_t room = p->room ? 2 * p->room : 64;
        program_step *steps = realloc(p->step, room * sizeof *steps);
        if (steps) p->step = steps;
        program_register *regs = steps ? realloc(p->reg, (p->inputs + room) * sizeof *regs) : NULL;
        if (!regs) return NO_REGISTER;
        p->reg = regs;
        p->room = room;
    }
    const uint32_t reg = (uint32_t)(p->inputs + p->steps);
    step.site = l->site;
    p->step[p->steps++] = step;
    if (step.map) sable_diagonals_keep(step.map);
    p->reg[reg] = (program_register){level, (uint8_t)power, (uint8_t)parts, p->reg[step.a].bound};
    return reg;
}

/* Register r, raw, in its normal form one level below. */
static uint32_t normalise(lowering *l, uint32_t r) {
    const program_register from = l->p->reg[r];
    const program_op op = from.parts == 3 ? PROGRAM_RELIN_RESCALE : PROGRAM_RESCALE;
    return emit(l, (program_step){.op = op, .a = r, .level = from.level}, from.level - 1, 1, 2);
}

/* The register of node a's normal form at a level, made when it is not there. */
static uint32_t normal_at(lowering *l, sable_node a, uint32_t level) {
    uint32_t r = l->normal[a];
    if (r == NO_REGISTER) {
        r = l->reg[a];
        if (l->p->reg[r].power == 2) r = normalise(l, r);
        if (r == NO_REGISTER) return r;
        l->normal[a] = r;
    }
    if (l->p->reg[r].level == level) return r;
    /* The same adjusted copy may be there already: it was made after r, for another user. */
    for (size_t s = l->p->steps; s-- > 0 && l->p->inputs + s > r;)
        if (l->p->step[s].op == PROGRAM_ADJUST && l->p->step[s].a == r && l->p->step[s].integer == level)
            return (uint32_t)(l->p->inputs + s);
    return emit(l, (program_step){.op = PROGRAM_ADJUST, .a = r, .level = l->p->reg[r].level, .integer = level}, level,
                1, 2);
}

/* Raw at a level: the result itself, or its normal form times 1 with the scale of that level. */
static uint32_t raw_at(lowering *l, sable_node a, uint32_t level) {
    const uint32_t r = l->reg[a];
    if (l->p->reg[r].level == level) return r;
    const uint32_t from = normal_at(l, a, level);
    if (from == NO_REGISTER) return from;
    return emit(l, (program_step){.op = PROGRAM_MUL_SCALAR, .a = from, .level = level, .re = 1}, level, 2, 2);
}

static const program_op step_of[] = {
    [CIRCUIT_ADD] = PROGRAM_ADD,
    [CIRCUIT_SUB] = PROGRAM_SUB,
    [CIRCUIT_NEGATE] = PROGRAM_NEGATE,
    [CIRCUIT_MUL] = PROGRAM_TENSOR,
    [CIRCUIT_ADD_SCALAR] = PROGRAM_ADD_SCALAR,
    [CIRCUIT_MUL_SCALAR] = PROGRAM_MUL_SCALAR,
    [CIRCUIT_MUL_INTEGER] = PROGRAM_MUL_INTEGER,
    [CIRCUIT_MUL_I] = PROGRAM_MUL_I,
    [CIRCUIT_ADD_PLAIN] = PROGRAM_ADD_PLAIN,
    [CIRCUIT_MUL_PLAIN] = PROGRAM_MUL_PLAIN,
    [CIRCUIT_ROTATE] = PROGRAM_ROTATE,
    [CIRCUIT_CONJUGATE] = PROGRAM_CONJUGATE,
    [CIRCUIT_POLY] = PROGRAM_POLY,
    [CIRCUIT_TRANSFORM] = PROGRAM_TRANSFORM,
    [CIRCUIT_BOOTSTRAP] = PROGRAM_BOOTSTRAP,
};

/* Plaintext values belong to the program from now on: the circuit may go. */
static const double *keep_values(lowering *l, const double *values) {
    sable_program *p = l->p;
    double **grown = realloc(p->values, (p->plains + 1) * sizeof *grown);
    if (!grown) return NULL;
    p->values = grown;
    double *copy = malloc(p->slots * sizeof *copy);
    if (copy) p->values[p->plains++] = memcpy(copy, values, p->slots * sizeof *copy);
    return copy;
}

static void measure_values(program_step *step, uint32_t slots) {
    double most = 0, energy = 0;
    for (uint32_t j = 0; j < slots; j++) {
        most = fmax(most, fabs(step->values[j]));
        energy += step->values[j] * step->values[j];
    }
    step->plain_bound = most > 0 ? sable_power_of_two_from(most) : 0;
    step->plain_rms = fmin(sqrt(energy / slots), step->plain_bound);
}

static sable_status lower_node(lowering *l, size_t i) {
    const circuit_node *n = node_of(l, i);
    const node_plan *plan = &l->plan[i];
    const uint32_t level = (uint32_t)sable_lower_operand_level(l, i);
    const bool raw_operands = plan->raw && keeps_raw(n->op);
    uint32_t from[2] = {NO_REGISTER, NO_REGISTER};
    unsigned parts = 2;
    l->site = n->site;
    for (unsigned k = 0; k < circuit_operands(n->op); k++) {
        from[k] = raw_operands ? raw_at(l, operand(l, n, k), level) : normal_at(l, operand(l, n, k), level);
        if (from[k] == NO_REGISTER) return SABLE_NO_MEMORY;
        if (l->p->reg[from[k]].parts > parts) parts = l->p->reg[from[k]].parts;
    }
    program_step step = {.op = step_of[n->op],
                         .a = from[0],
                         .b = from[1],
                         .level = level,
                         .re = n->re,
                         .im = n->im,
                         .bound = n->declared ? n->bound : 0,
                         .integer = n->integer,
                         .map = n->map};
    if (n->poly && !(step.poly = sable_circuit_polys_keep(&l->p->polys, n->poly))) return SABLE_NO_MEMORY;
    if (n->values && !(step.values = keep_values(l, n->values))) return SABLE_NO_MEMORY;
    if (n->values) measure_values(&step, l->p->slots);
    if (n->op == CIRCUIT_MUL) parts = 3;
    const unsigned power = is_product(n->op) || raw_operands ? 2 : 1;
    const bool leaves =
        n->op == CIRCUIT_POLY || n->op == CIRCUIT_TRANSFORM || n->op == CIRCUIT_BOOTSTRAP; /* the operand's level */
    if (n->op == CIRCUIT_BOOTSTRAP) step.integer = plan->level;
    uint32_t r = emit(l, step, leaves ? (uint32_t)plan->level : level, power, parts);
    if (r != NO_REGISTER) l->p->reg[r].bound = n->bound;
    if (r != NO_REGISTER && power == 2 && !plan->raw) {
        r = normalise(l, r);
    } else if (r != NO_REGISTER && parts == 3 && l->o->eager_relin) {
        r = emit(l, (program_step){.op = PROGRAM_RELIN, .a = r, .level = level}, level, 2, 2);
    }
    l->reg[i] = r;
    if (r != NO_REGISTER && l->p->reg[r].power == 1) l->normal[i] = r;
    return r == NO_REGISTER ? SABLE_NO_MEMORY : SABLE_OK;
}

/* Rotations of one value at one level, from node i on: one after the other, so that they are done together. */
static sable_status lower_rotations(lowering *l, size_t i) {
    const size_t first = l->p->steps;
    size_t group = first;
    for (sable_node k = (sable_node)i; k; k = l->o->no_hoisting ? SABLE_NODE_NONE : l->twin[k]) {
        if (l->plan[k].level != l->plan[i].level || l->reg[k] != NO_REGISTER) continue;
        SABLE_TRY(lower_node(l, k));
        if (k == i) group = l->p->steps - 1; /* its operand may have taken steps before it */
    }
    for (size_t s = group; s < l->p->steps; s++) l->p->step[s].hoisted = 0;
    l->p->step[group].hoisted = (uint32_t)(l->p->steps - group);
    return SABLE_OK;
}

/* plan[k].level >= 0: rotations that are computed at all. */
static void link_rotations(lowering *l) {
    sable_node *last = l->normal; /* not in use yet: the last rotation of each node */
    for (size_t i = 0; i <= l->c->count; i++) last[i] = l->twin[i] = SABLE_NODE_NONE;
    for (size_t i = 1; i <= l->c->count; i++) {
        if (node_of(l, i)->op != CIRCUIT_ROTATE || l->plan[i].level == NO_LEVEL) continue;
        const sable_node a = operand(l, node_of(l, i), 0);
        if (last[a]) l->twin[last[a]] = (sable_node)i;
        last[a] = (sable_node)i;
    }
    for (size_t i = 0; i <= l->c->count; i++) l->normal[i] = NO_REGISTER;
}

static sable_status write_steps(lowering *l) {
    const sable_circuit *c = l->c;
    sable_program *p = l->p;
    for (size_t i = 0; i < c->inputs; i++) {
        const sable_node node = c->input[i].node;
        const int32_t level = l->plan[node].level;
        memcpy(p->input[i].name, c->input[i].name, CIRCUIT_NAME);
        p->input[i].reg = (uint32_t)i;
        p->input[i].bound = c->node[node].bound;
        p->input[i].rms = c->node[node].rms;
        p->input[i].site = c->node[node].site;
        p->reg[i] = (program_register){(uint32_t)level, 1, 2, c->node[node].bound};
        l->reg[node] = l->normal[node] = (uint32_t)i;
    }
    for (size_t i = 1; i <= c->count; i++)
        if (l->plan[i].level != NO_LEVEL && l->reg[i] == NO_REGISTER) {
            const bool rotates = node_of(l, i)->op == CIRCUIT_ROTATE;
            if ((rotates ? lower_rotations(l, i) : lower_node(l, i)) != SABLE_OK)
                return sable_fail(l->err, SABLE_NO_MEMORY, "no memory for a program");
        }
    for (size_t i = 0; i < c->outputs; i++) {
        memcpy(p->output[i].name, c->output[i].name, CIRCUIT_NAME);
        p->output[i].bound = c->node[c->output[i].node].bound;
        p->output[i].site = l->site = c->node[c->output[i].node].site;
        p->output[i].reg = normal_at(l, l->plan[c->output[i].node].same, (uint32_t)sable_lower_output_level(l, i));
        if (p->output[i].reg == NO_REGISTER) return sable_fail(l->err, SABLE_NO_MEMORY, "no memory for a program");
    }
    return SABLE_OK;
}

sable_status sable_circuit_lower(sable_program *program, const sable_circuit *circuit, const sable_lowering *options,
                                 sable_error *err) {
    lowering l = {.c = circuit, .o = options, .p = program, .err = err};
    const size_t count = circuit->count + 1;
    l.plan = calloc(count, sizeof *l.plan);
    l.twin = malloc(count * sizeof *l.twin);
    l.reg = malloc(count * sizeof *l.reg);
    l.normal = malloc(count * sizeof *l.normal);
    program->reg = calloc(circuit->inputs + 1, sizeof *program->reg);
    program->input = calloc(circuit->inputs + 1, sizeof *program->input);
    program->output = calloc(circuit->outputs + 1, sizeof *program->output);
    program->inputs = circuit->inputs;
    program->outputs = circuit->outputs;
    sable_status status = SABLE_OK;
    if (!l.plan || !l.twin || !l.reg || !l.normal || !program->reg || !program->input || !program->output)
        status = sable_fail(err, SABLE_NO_MEMORY, "no memory to lower a circuit of %zu nodes", circuit->count);
    for (size_t i = 0; status == SABLE_OK && i < count; i++) l.reg[i] = l.normal[i] = NO_REGISTER;
    if (status == SABLE_OK) status = sable_lower_measure(&l);
    if (status == SABLE_OK) status = share_nodes(&l);
    if (status == SABLE_OK) status = sable_lower_place(&l);
    if (status == SABLE_OK) {
        link_rotations(&l);
        status = write_steps(&l);
    }
    free(l.room);
    free(l.plan);
    free(l.twin);
    free(l.reg);
    free(l.normal);
    return status;
}
