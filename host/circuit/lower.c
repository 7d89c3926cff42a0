/* SPDX-License-Identifier: Apache-2.0 */
/* Lowering: from what is computed to where it is computed. Two walks decide, a third writes steps.
 *
 * Forward, the form of each node's result: products have the scale Delta^2 and, of two ciphertexts, three parts ("raw"); sums
 * of raw values stay raw, so a sum of products is relinearised and rescaled once; everything else needs and gives the
 * normal form, scale Delta and two parts. A sum of a raw and a normal value is normal: the raw one is brought down.
 *
 * Backward, the level: outputs stand at the output level, and each node at the lowest level that serves all its users and
 * holds the declared bounds. A user at a lower level gets an adjusted copy. Low levels have fewer limbs, so everything is as cheap as its users
 * allow, and inputs are encrypted at the level where they are first used. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "circuit/lower.h"
#include "ckks/diagonals.h"
#include "ckks/noise.h"

#define NO_LEVEL (-1)

typedef struct node_plan {
    sable_node same; /* the node that computes this value: itself, or an equal earlier one */
    bool raw;        /* the result has scale Delta^2 */
    uint8_t parts;
    int32_t normal; /* highest level at which the normal form is used, or NO_LEVEL */
    int32_t level;  /* of the result, raw or not; NO_LEVEL: nobody uses it */
} node_plan;

typedef struct lowering {
    const sable_circuit *c;
    const sable_lowering *o;
    uint32_t site; /* label of the node that steps are written for */
    sable_program *p;
    node_plan *plan;
    sable_node *twin;        /* [nodes + 1] the next rotation of the same node, or SABLE_NODE_NONE */
    uint32_t *reg;           /* [nodes + 1] register of the result */
    uint32_t *normal;        /* [nodes + 1] register of its normal form at the highest level used, or NO_REGISTER */
    double *room, *room_raw; /* log2 of the largest |slot| that a level holds at scale Delta, Delta^2 */
    sable_error *err;
} lowering;

#define NO_REGISTER UINT32_MAX

static bool keeps_raw(circuit_op op) { /* works on any scale and on three parts */
    switch (op) {
    case CIRCUIT_ADD:
    case CIRCUIT_SUB:
    case CIRCUIT_NEGATE:
    case CIRCUIT_ADD_SCALAR:
    case CIRCUIT_MUL_INTEGER:
    case CIRCUIT_MUL_I:
    case CIRCUIT_ADD_PLAIN: return true;
    default: return false;
    }
}
static bool is_product(circuit_op op) {
    return op == CIRCUIT_MUL || op == CIRCUIT_MUL_PLAIN || op == CIRCUIT_MUL_SCALAR;
}

static const circuit_node *node_of(const lowering *l, size_t i) { return &l->c->node[i]; }
static sable_node operand(const lowering *l, const circuit_node *n, unsigned k) {
    return l->plan[k ? n->b : n->a].same;
}

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

/* -- forms and levels ---------------------------------------------------------------------------------------------- */

static void choose_forms(lowering *l) {
    for (size_t i = 1; i <= l->c->count; i++) {
        const circuit_node *n = node_of(l, i);
        node_plan *plan = &l->plan[i];
        const unsigned count = circuit_operands(n->op);
        plan->raw = is_product(n->op);
        plan->parts = n->op == CIRCUIT_MUL ? 3 : 2;
        if (keeps_raw(n->op)) {
            plan->raw = true;
            for (unsigned k = 0; k < count; k++) {
                const node_plan *from = &l->plan[operand(l, n, k)];
                plan->raw &= from->raw;
                if (from->parts > plan->parts) plan->parts = from->parts;
            }
            if (!plan->raw) plan->parts = 2; /* raw operands are brought to the normal form */
        }
        if (l->o->eager_relin) plan->parts = 2;
        if (l->o->eager_rescale) plan->raw = false, plan->parts = 2;
        plan->normal = plan->level = NO_LEVEL;
    }
}

/* Whether |slots| up to bound fit at a level in that form. Levels beyond the chain hold everything: check_levels refuses them. */
static bool fits(const lowering *l, double bound, int32_t level, bool raw) {
    if (level > (int32_t)l->p->params.top_level) return true;
    return log2(bound) <= (raw ? l->room_raw : l->room)[level];
}

/* The level of the operands of a node whose result is at plan->level. */
static int32_t operand_level(const lowering *l, size_t i) {
    const circuit_node *n = node_of(l, i);
    const node_plan *plan = &l->plan[i];
    if (n->op == CIRCUIT_BOOTSTRAP) { /* the lowest: what comes out has nothing to do with it */
        int32_t level = 0;
        while (!fits(l, n->bound, level, false)) level++;
        return level;
    }
    if (n->op == CIRCUIT_POLY) return plan->level + (int32_t)sable_poly_depth(n->poly);
    if (n->op == CIRCUIT_TRANSFORM || (is_product(n->op) && !plan->raw)) return plan->level + 1; /* rescaled at once */
    return plan->level;
}

/* Whether node i can be computed where its users put it: result and operands fit their levels. */
static bool holds(const lowering *l, size_t i) {
    const circuit_node *n = node_of(l, i);
    const node_plan *plan = &l->plan[i];
    const int32_t level = operand_level(l, i);
    const bool raw = plan->raw && keeps_raw(n->op);
    /* What the caller declares of a product holds before it is divided. */
    const bool divided = (is_product(n->op) && !plan->raw) || n->op == CIRCUIT_TRANSFORM;
    if (!fits(l, divided ? n->bound : n->derived, plan->level, plan->raw)) return false;
    if (divided && !fits(l, n->derived, level, true)) return false;
    for (unsigned k = 0; k < circuit_operands(n->op); k++)
        if (!fits(l, node_of(l, operand(l, n, k))->bound, level, raw)) return false;
    return true;
}

/* Node `a` is used at `level`, raw or in its normal form. */
static void use(lowering *l, sable_node a, bool raw, int32_t level) {
    node_plan *plan = &l->plan[a];
    if (!raw && level > plan->normal) plan->normal = level;
    const int32_t result = plan->raw && !raw ? level + 1 : level;
    if (result > plan->level) plan->level = result;
}

static int32_t output_level(const lowering *l, size_t output) {
    int32_t level = (int32_t)l->o->output_level;
    while (!fits(l, node_of(l, l->c->output[output].node)->bound, level, false)) level++;
    return level;
}

/* An input that nobody uses. */
static void place_unused(lowering *l) {
    for (size_t i = 0; i < l->c->inputs; i++) {
        const sable_node node = l->c->input[i].node;
        const int32_t declared = l->c->node[node].level, output = (int32_t)l->o->output_level;
        if (l->plan[node].level == NO_LEVEL) l->plan[node].level = declared == CIRCUIT_NO_LEVEL ? output : declared;
    }
}

static void choose_levels(lowering *l) {
    for (size_t i = 0; i < l->c->outputs; i++) use(l, l->plan[l->c->output[i].node].same, false, output_level(l, i));
    for (size_t i = l->c->count; i >= 1; i--) {
        const circuit_node *n = node_of(l, i);
        if (l->plan[i].level == NO_LEVEL) continue;
        while (!holds(l, i)) l->plan[i].level++;
        if (n->op == CIRCUIT_INPUT && n->level > l->plan[i].level) l->plan[i].level = n->level;
        const bool raw = l->plan[i].raw && keeps_raw(n->op);
        for (unsigned k = 0; k < circuit_operands(n->op); k++) use(l, operand(l, n, k), raw, operand_level(l, i));
    }
    place_unused(l);
}

/* A quarter of the modulus, as eval.h demands, less what rounding of bounds could take. */
static sable_status measure_levels(lowering *l) {
    const size_t levels = l->p->params.top_level + 1;
    l->room = malloc(2 * levels * sizeof *l->room);
    if (!l->room) return sable_fail(l->err, SABLE_NO_MEMORY, "no memory to lower a circuit");
    l->room_raw = l->room + levels;
    for (uint32_t level = 0; level < levels; level++) {
        sable_level_info info = {.struct_size = sizeof info};
        SABLE_TRY(sable_params_level(&l->p->params, level, &info));
        l->room[level] = info.log_q - 2 - info.log_scale - 0x1p-20;
        l->room_raw[level] = l->room[level] - info.log_scale;
    }
    return SABLE_OK;
}

/* -- steps --------------------------------------------------------------------------------------------------------- */

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
    const uint32_t level = (uint32_t)operand_level(l, i);
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
        p->output[i].reg = normal_at(l, l->plan[c->output[i].node].same, (uint32_t)output_level(l, i));
        if (p->output[i].reg == NO_REGISTER) return sable_fail(l->err, SABLE_NO_MEMORY, "no memory for a program");
    }
    return SABLE_OK;
}

/* Whether inputs are declared at the levels that they need, and the set has the levels: named is what needs most. */
static sable_status check_levels(const lowering *l) {
    int32_t most = 0;
    for (size_t i = 0; i < l->c->inputs; i++) {
        const int32_t declared = l->c->node[l->c->input[i].node].level, needs = l->plan[l->c->input[i].node].level;
        if (declared != CIRCUIT_NO_LEVEL && needs > declared)
            return sable_fail(
                l->err, SABLE_LEVEL,
                "input \"%s\" is declared at level %d, the circuit needs it at level %d: encrypt it there",
                l->c->input[i].name, declared, needs);
    }
    sable_node where = SABLE_NODE_NONE;
    for (size_t i = 1; i <= l->c->count; i++) {
        const int32_t level = l->plan[i].level == NO_LEVEL ? 0 : operand_level(l, i);
        if (level > most) most = level, where = (sable_node)i;
    }
    if (most <= (int32_t)l->p->params.top_level) return SABLE_OK;
    const circuit_node *n = node_of(l, where);
    const char *name = NULL;
    for (size_t i = 0; i < l->c->inputs; i++)
        if (l->c->input[i].node == where) name = l->c->input[i].name;
    return sable_fail(
        l->err, SABLE_LEVEL,
        "the circuit needs level %d (%s%s%s), the highest of set %s is %u: take a set with more levels or a "
        "shallower circuit",
        most, n->op == CIRCUIT_INPUT ? "input \"" : "node ", name ? name : "in the middle", name ? "\"" : "",
        l->p->params.name, l->p->params.top_level);
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
    if (status == SABLE_OK) status = measure_levels(&l);
    if (status == SABLE_OK) status = share_nodes(&l);
    if (status == SABLE_OK) {
        choose_forms(&l);
        choose_levels(&l);
        status = check_levels(&l);
    }
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
