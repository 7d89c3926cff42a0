/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CIRCUIT_GRAPH_H
#define SABLE_CIRCUIT_GRAPH_H
/* The graph of a circuit: nodes in the order of building, so operands stand before what uses them. */
#include <stddef.h>

#include "base/fail.h"
#include "sable/circuit.h"

typedef enum circuit_op {
    CIRCUIT_INPUT,
    CIRCUIT_ADD,
    CIRCUIT_SUB,
    CIRCUIT_NEGATE,
    CIRCUIT_MUL,
    CIRCUIT_ADD_SCALAR,
    CIRCUIT_MUL_SCALAR,
    CIRCUIT_MUL_INTEGER,
    CIRCUIT_MUL_I,
    CIRCUIT_ADD_PLAIN,
    CIRCUIT_MUL_PLAIN,
    CIRCUIT_ROTATE,
    CIRCUIT_CONJUGATE,
    CIRCUIT_POLY,
    CIRCUIT_TRANSFORM,
    CIRCUIT_BOOTSTRAP
} circuit_op;

typedef struct circuit_node {
    circuit_op op;
    sable_node a, b;      /* operands; SABLE_NODE_NONE where there is none */
    double re, im;        /* scalars */
    int64_t integer;      /* MUL_INTEGER; ROTATE: steps in [1, slots) */
    const double *values; /* [slots] of plaintext operands, owned by the circuit */
    const sable_poly *poly;
    sable_diagonals *map; /* kept by the node */
    double bound;         /* every |slot| <= bound */
    bool declared;        /* the bound is the caller's, below the one that follows from the operands, */
    double derived;       /* which is this one */
    double rms;           /* INPUT: declared, or 0 */
    int32_t level;        /* INPUT: declared, or CIRCUIT_NO_LEVEL */
    uint32_t site;        /* index of the label in sable_circuit.site */
} circuit_node;

#define CIRCUIT_NO_LEVEL (-1)
#define CIRCUIT_SITE     64
typedef struct circuit_site {
    char text[CIRCUIT_SITE];
} circuit_site;

#define CIRCUIT_NAME 32
typedef struct circuit_port {
    char name[CIRCUIT_NAME];
    sable_node node;
} circuit_port;

/* Memory that goes with the circuit. */
typedef struct circuit_block {
    struct circuit_block *next;
    max_align_t data[];
} circuit_block;

typedef struct circuit_polys {
    sable_poly **poly;
    size_t count;
} circuit_polys;
/* The list's own copy of a polynomial, one for all equal ones; NULL without memory. */
const sable_poly *sable_circuit_polys_keep(circuit_polys *list, const sable_poly *poly);
void sable_circuit_polys_free(circuit_polys *list);

struct sable_circuit {
    uint32_t slots;
    circuit_node *node; /* [1 .. count], number 0 is none */
    size_t count, room;
    circuit_port *input, *output;
    size_t inputs, outputs;
    double **values; /* every plaintext operand */
    size_t plains;
    circuit_polys polys;
    circuit_block *kept;
    circuit_site *site; /* [sites], number 0 is "" */
    size_t sites;
    uint32_t at;     /* the label of nodes that are built now */
    sable_error err; /* the first one of the build */
};

/* Zeroed memory that lives as long as the circuit; NULL after the first error, which lack of memory is too. */
void *sable_circuit_keep(sable_circuit *circuit, size_t bytes);

/* Operands that a node of this kind has: 0, 1 or 2. */
static inline unsigned circuit_operands(circuit_op op) {
    if (op == CIRCUIT_INPUT) return 0;
    return op == CIRCUIT_ADD || op == CIRCUIT_SUB || op == CIRCUIT_MUL ? 2 : 1;
}
/* Levels that one node takes on the way from its operands to its result in the normal form. */
static inline uint32_t circuit_levels(const circuit_node *n) {
    if (n->op == CIRCUIT_POLY) return sable_poly_depth(n->poly);
    return n->op == CIRCUIT_MUL || n->op == CIRCUIT_MUL_PLAIN || n->op == CIRCUIT_MUL_SCALAR ||
           n->op == CIRCUIT_TRANSFORM;
}

#endif
