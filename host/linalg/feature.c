/* SPDX-License-Identifier: Apache-2.0 */
/* Products with plaintext matrices, and products over many samples that stand feature by feature. */
#include <stddef.h>

#include "circuit/graph.h"
#include "sable/matmul.h"

/* Whether building goes on and the list is one. */
static bool usable(sable_circuit *c, const char *name, const void *list, size_t count) {
    if (!c || c->err.code != SABLE_OK) return false;
    if (list && count) return true;
    (void)sable_fail(&c->err, SABLE_INVALID, "%s: no values are given", name);
    return false;
}

sable_node sable_circuit_matrix_vector(sable_circuit *circuit, const double *matrix, uint32_t rows, uint32_t cols,
                                       sable_node x) {
    if (!usable(circuit, "matrix times vector", matrix, 1)) return SABLE_NODE_NONE;
    sable_diagonals *map = NULL;
    if (sable_diagonals_matrix(&map, circuit->slots, matrix, rows, cols, &circuit->err) != SABLE_OK)
        return SABLE_NODE_NONE;
    sable_node y = sable_circuit_transform(circuit, x, map);
    sable_diagonals_destroy(&map);
    uint32_t m = 1, n = 1;
    while (m < rows) m *= 2;
    while (n < cols) n *= 2;
    return n > m ? sable_circuit_rotate_sum(circuit, y, m, n / m) : y;
}

sable_node sable_circuit_combine(sable_circuit *circuit, const sable_node *x, size_t count, const double *weights) {
    if (!usable(circuit, "combine", x, count) || !usable(circuit, "combine", weights, count)) return SABLE_NODE_NONE;
    sable_node sum = SABLE_NODE_NONE;
    for (size_t j = 0; j < count; j++) {
        if (weights[j] == 0) continue;
        const sable_node term = sable_circuit_mul_scalar(circuit, x[j], weights[j], 0);
        sum = sum ? sable_circuit_add(circuit, sum, term) : term;
    }
    if (sum == SABLE_NODE_NONE && circuit->err.code == SABLE_OK)
        (void)sable_fail(&circuit->err, SABLE_INVALID,
                         "combine: all of %zu weights are 0: the result would be 0, and no ciphertext", count);
    return sum;
}

sable_node sable_circuit_dot(sable_circuit *circuit, const sable_node *a, const sable_node *b, size_t count) {
    if (!usable(circuit, "dot", a, count) || !usable(circuit, "dot", b, count)) return SABLE_NODE_NONE;
    sable_node sum = SABLE_NODE_NONE;
    for (size_t j = 0; j < count; j++) {
        const sable_node term = sable_circuit_mul(circuit, a[j], b[j]);
        sum = sum ? sable_circuit_add(circuit, sum, term) : term;
    }
    return sum;
}
