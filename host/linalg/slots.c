/* SPDX-License-Identifier: Apache-2.0 */
/* What sums, products and converters do to single tiles. */
#include <math.h>
#include <stdlib.h>

#include "linalg/matrix.h"

sable_node linalg_add_to(sable_circuit *circuit, sable_node a, sable_node b) {
    return a == SABLE_NODE_NONE ? b : sable_circuit_add(circuit, a, b);
}

double linalg_bound(const sable_circuit *circuit, sable_node a) {
    return a == SABLE_NODE_NONE ? 0 : circuit->node[a].bound;
}

void linalg_declare(sable_circuit *circuit, sable_node a, double bound) {
    if (a != SABLE_NODE_NONE && bound > 0) sable_circuit_declare(circuit, a, bound);
}

sable_node linalg_add_apart(sable_circuit *circuit, sable_node a, sable_node b) {
    if (a == SABLE_NODE_NONE || b == SABLE_NODE_NONE) return b;
    const double bound = fmax(circuit->node[a].bound, circuit->node[b].bound);
    a = sable_circuit_add(circuit, a, b);
    linalg_declare(circuit, a, bound);
    return a;
}

sable_node linalg_rotate_sum(sable_circuit *circuit, sable_node a, int64_t stride, uint32_t count, uint32_t nonzero) {
    if (a == SABLE_NODE_NONE) return a;
    const double bound = circuit->node[a].bound;
    for (uint32_t half = 1; half < count; half *= 2) {
        a = sable_circuit_add(circuit, a, sable_circuit_rotate(circuit, a, stride * (int64_t)half));
        linalg_declare(circuit, a, bound * linalg_least(2 * half, nonzero));
    }
    return a;
}

double *linalg_slots(sable_circuit *circuit) {
    double *slots = calloc(circuit->slots, sizeof *slots);
    if (!slots) (void)sable_fail(&circuit->err, SABLE_NO_MEMORY, "no memory for %u slots", circuit->slots);
    return slots;
}

sable_node linalg_times(sable_circuit *circuit, sable_node a, double c) {
    return c == 1 ? a : sable_circuit_mul_scalar(circuit, a, c, 0);
}

sable_node linalg_keep_column(sable_circuit *circuit, sable_node a, sable_tile tile, uint32_t column, double c) {
    double *mask = linalg_slots(circuit);
    if (!mask) return SABLE_NODE_NONE;
    for (uint32_t s = 0; s < circuit->slots; s++) mask[s] = s % tile.width == column ? c : 0;
    a = sable_circuit_mul_plain(circuit, a, mask);
    free(mask);
    return a;
}

sable_node linalg_keep_row(sable_circuit *circuit, sable_node a, sable_tile tile, uint32_t row, uint32_t cols,
                           double c) {
    double *mask = linalg_slots(circuit);
    if (!mask) return SABLE_NODE_NONE;
    for (uint32_t j = 0; j < cols; j++) mask[row * tile.width + j] = c;
    a = sable_circuit_mul_plain(circuit, a, mask);
    free(mask);
    return a;
}

/* From the first column no replica leaves its row. */
sable_node linalg_replicate_column(sable_circuit *circuit, sable_node a, sable_tile tile, uint32_t from) {
    return linalg_rotate_sum(circuit, sable_circuit_rotate(circuit, a, from), -1, tile.width, 1);
}

sable_node linalg_keep_first_column(sable_circuit *circuit, sable_node a, sable_tile tile, double bound, double c) {
    if (tile.width == 1) return linalg_times(circuit, a, c);
    a = linalg_keep_column(circuit, a, tile, 0, c);
    linalg_declare(circuit, a, bound * fabs(c));
    return linalg_replicate_column(circuit, a, tile, 0);
}
