/* SPDX-License-Identifier: Apache-2.0 */
/* Depth of a circuit, without a set of parameters: levels are counted backwards from the outputs, a bootstrapping point starting anew. */
#include <stdlib.h>

#include "circuit/graph.h"
#include "sable/evaluators.h"

typedef struct node_depth {
    bool used;
    uint32_t below;  /* levels from the result to the next bootstrapping point or output */
    uint32_t whole;  /* to an output */
    uint32_t points; /* bootstrapping points to an output */
} node_depth;

static void raise_to(uint32_t *most, uint32_t value) {
    if (value > *most) *most = value;
}

static void walk(node_depth *d, const sable_circuit *c, sable_depth_info *info) {
    for (size_t i = 0; i < c->outputs; i++) d[c->output[i].node].used = true;
    for (size_t i = c->count; i >= 1; i--) {
        if (!d[i].used) continue;
        const circuit_node *n = &c->node[i];
        const bool fresh = n->op == CIRCUIT_INPUT || n->op == CIRCUIT_BOOTSTRAP, point = n->op == CIRCUIT_BOOTSTRAP;
        if (fresh) raise_to(&info->depth, d[i].below);
        if (n->op == CIRCUIT_INPUT) {
            raise_to(&info->whole, d[i].whole);
            raise_to(&info->bootstraps_in_chain, d[i].points);
        }
        info->bootstraps += point;
        const uint32_t levels = circuit_levels(n), below = point ? 0 : d[i].below + levels;
        for (unsigned k = 0; k < circuit_operands(n->op); k++) {
            node_depth *a = &d[k ? n->b : n->a];
            a->used = true;
            raise_to(&a->below, below);
            raise_to(&a->whole, d[i].whole + levels);
            raise_to(&a->points, d[i].points + point);
        }
    }
}

sable_status sable_circuit_depth(const sable_circuit *circuit, sable_depth_info *info, uint32_t *input_levels,
                                 sable_error *err) {
    const sable_circuit *c = circuit;
    SABLE_TRY(sable_circuit_status(c, err));
    if (!info || info->struct_size != sizeof *info)
        return sable_fail(err, SABLE_INVALID, "sable_circuit_depth: info is NULL or its struct_size is not %zu",
                          sizeof *info);
    node_depth *d = calloc(c->count + 1, sizeof *d);
    if (!d) return sable_fail(err, SABLE_NO_MEMORY, "no memory for the depth of %zu nodes", c->count);
    sable_depth_info found = {.struct_size = sizeof found};
    walk(d, c, &found);
    sable_status status = SABLE_OK;
    for (size_t i = 0; i < c->inputs && status == SABLE_OK; i++) {
        const int32_t declared = c->node[c->input[i].node].level;
        const uint32_t needs = d[c->input[i].node].below;
        if (declared != CIRCUIT_NO_LEVEL && needs > (uint32_t)declared)
            status = sable_fail(err, SABLE_LEVEL,
                                "input \"%s\" is declared at level %d, the circuit needs it at level %u: encrypt it "
                                "there",
                                c->input[i].name, declared, needs);
    }
    if (status == SABLE_OK) {
        for (size_t i = 0; input_levels && i < c->inputs; i++) input_levels[i] = d[c->input[i].node].below;
        *info = found;
    }
    free(d);
    return status;
}
