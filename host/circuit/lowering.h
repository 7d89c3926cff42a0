/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CIRCUIT_LOWERING_H
#define SABLE_CIRCUIT_LOWERING_H
/* A circuit on its way to a program: what lower.c and levels.c share. */
#include "circuit/lower.h"

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

static inline bool keeps_raw(circuit_op op) { /* works on any scale and on three parts */
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
static inline bool is_product(circuit_op op) {
    return op == CIRCUIT_MUL || op == CIRCUIT_MUL_PLAIN || op == CIRCUIT_MUL_SCALAR;
}

static inline const circuit_node *node_of(const lowering *l, size_t i) { return &l->c->node[i]; }
static inline sable_node operand(const lowering *l, const circuit_node *n, unsigned k) {
    return l->plan[k ? n->b : n->a].same;
}

/* levels.c. What each level holds, in l->room and l->room_raw. */
sable_status sable_lower_measure(lowering *l);
/* Forms and levels of all nodes; SABLE_LEVEL when the set lacks levels. */
sable_status sable_lower_place(lowering *l);
/* The level of the operands of a node whose result is at plan->level. */
int32_t sable_lower_operand_level(const lowering *l, size_t node);
int32_t sable_lower_output_level(const lowering *l, size_t output);

#endif
