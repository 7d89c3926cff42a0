/* SPDX-License-Identifier: Apache-2.0 */
/* Equal nodes: same operation on the same operands with the same constants, and the same bound. */
#include <stdlib.h>
#include <string.h>

#include "circuit/lower.h"

static bool commutes(circuit_op op) { return op == CIRCUIT_ADD || op == CIRCUIT_MUL; }

static bool equal_nodes(const circuit_node *x, const circuit_node *y, const sable_circuit *c) {
    if (x->op != y->op || x->op == CIRCUIT_INPUT) return false;
    if (x->a != y->a || x->b != y->b || x->re != y->re || x->im != y->im || x->integer != y->integer) return false;
    if (x->poly != y->poly || x->map != y->map || x->bound != y->bound) return false;
    return !x->values || memcmp(x->values, y->values, c->slots * sizeof *x->values) == 0;
}

static uint64_t mix(uint64_t h, uint64_t x) {
    h = (h ^ x) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}
static uint64_t hash_node(const circuit_node *n, const sable_circuit *c) {
    uint64_t h = mix(mix(mix(1, n->op), (uint64_t)n->a << 32 | n->b), (uint64_t)n->integer), bits;
    memcpy(&bits, &n->re, sizeof bits);
    h = mix(h, bits);
    memcpy(&bits, &n->im, sizeof bits);
    h = mix(mix(mix(h, bits), (uintptr_t)n->poly), (uintptr_t)n->map);
    for (uint32_t j = 0; n->values && j < c->slots; j++) memcpy(&bits, &n->values[j], sizeof bits), h = mix(h, bits);
    return h;
}

/* Operands are replaced by their representatives first, so equality goes all the way down. */
sable_status sable_circuit_share(sable_node *same, const sable_circuit *circuit, sable_error *err) {
    const sable_circuit *c = circuit;
    size_t room = 64;
    while (room < 2 * c->count) room *= 2;
    sable_node *table = calloc(room, sizeof *table);
    circuit_node *node = malloc((c->count + 1) * sizeof *node);
    same[0] = SABLE_NODE_NONE;
    if (table && node)
        for (size_t i = 1; i <= c->count; i++) {
            node[i] = c->node[i];
            node[i].a = same[node[i].a];
            node[i].b = same[node[i].b];
            if (commutes(node[i].op) && node[i].a > node[i].b) {
                const sable_node swap = node[i].a;
                node[i].a = node[i].b;
                node[i].b = swap;
            }
            size_t at = hash_node(&node[i], c) & (room - 1);
            while (table[at] && !equal_nodes(&node[table[at]], &node[i], c)) at = (at + 1) & (room - 1);
            if (!table[at]) table[at] = (sable_node)i;
            same[i] = table[at];
        }
    const bool done = table && node;
    free(table);
    free(node);
    return done ? SABLE_OK : sable_fail(err, SABLE_NO_MEMORY, "no memory to compare %zu nodes", c->count);
}
