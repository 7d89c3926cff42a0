/* SPDX-License-Identifier: Apache-2.0 */
/* Two walks over a circuit that decide where its values stand.
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

#include "circuit/lowering.h"

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

int32_t sable_lower_operand_level(const lowering *l, size_t i) {
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
    const int32_t level = sable_lower_operand_level(l, i);
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

int32_t sable_lower_output_level(const lowering *l, size_t output) {
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
    for (size_t i = 0; i < l->c->outputs; i++)
        use(l, l->plan[l->c->output[i].node].same, false, sable_lower_output_level(l, i));
    for (size_t i = l->c->count; i >= 1; i--) {
        const circuit_node *n = node_of(l, i);
        if (l->plan[i].level == NO_LEVEL) continue;
        while (!holds(l, i)) l->plan[i].level++;
        if (n->op == CIRCUIT_INPUT && n->level > l->plan[i].level) l->plan[i].level = n->level;
        const bool raw = l->plan[i].raw && keeps_raw(n->op);
        for (unsigned k = 0; k < circuit_operands(n->op); k++)
            use(l, operand(l, n, k), raw, sable_lower_operand_level(l, i));
    }
    place_unused(l);
}

/* A quarter of the modulus, as eval.h demands, less what rounding of bounds could take. */
sable_status sable_lower_measure(lowering *l) {
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
        const int32_t level = l->plan[i].level == NO_LEVEL ? 0 : sable_lower_operand_level(l, i);
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

sable_status sable_lower_place(lowering *l) {
    choose_forms(l);
    choose_levels(l);
    return check_levels(l);
}
