/* SPDX-License-Identifier: Apache-2.0 */
/* Converters between the two kinds of vectors. A vector in tiles h x w becomes one of the other kind in tiles w x h: both hold as many values a tile.
 *
 * Row vector: slot s holds y[s div w], wanted is y[s mod h]. Column vector: slot s holds y[s mod w], wanted is y[s div h]. A mask keeps slots where
 * both agree, and a rotation sum spreads them:
 *   as many values as the other side is long, or fewer      every value has such slots: one mask
 *   r times as many      one slot of every value agrees after a rotation by d times the other side, for one d < r: r masks, whose sum
 *                        holds every value once
 * The spread of a row vector's values is cyclic and ends there. Rows of the result end at their neighbours, so a column vector's values are summed
 * and copied along them as in sums.c: a second mask. */
#include <stdlib.h>

#include "linalg/matrix.h"

/* Which value slot s holds, and which it is to hold. */
static uint32_t held(bool row, sable_tile t, uint32_t s) { return row ? s / t.width : s % t.width; }
static uint32_t wanted(bool row, sable_tile t, uint32_t s) { return row ? s % t.height : s / t.height; }

/* c in the slots where the vector, rotated by `steps`, holds what is wanted and that is one of its values; false: there is none. */
static bool fill_mask(double *mask, bool row, sable_tile t, int64_t steps, uint32_t values, double c) {
    const int64_t slots = (int64_t)t.height * t.width;
    bool any = false;
    for (uint32_t s = 0; s < (uint32_t)slots; s++) {
        const uint32_t value = held(row, t, (uint32_t)((s + steps) % slots));
        const bool keep = value < values && value == wanted(row, t, s);
        mask[s] = keep ? c : 0;
        any |= keep;
    }
    return any;
}

/* Tile k: slots that hold what is wanted of them, times c; 0 in the others. */
static sable_node keep_agreeing(sable_circuit *circuit, const sable_matrix *m, uint32_t k, double c) {
    const sable_tile t = m->shape.tile;
    const bool row = m->shape.format == SABLE_ROW_VECTOR;
    const uint32_t side = row ? t.height : t.width, other = row ? t.width : t.height; /* side: values of a full tile */
    const uint32_t values = linalg_least((row ? m->shape.rows : m->shape.cols) - k * side, side);
    const uint32_t classes = side > other ? side / other : 1;
    double *mask = linalg_slots(circuit);
    sable_node kept = SABLE_NODE_NONE;
    for (uint32_t d = 0; mask && d < classes; d++) {
        const int64_t steps = (int64_t)d * other;
        if (!fill_mask(mask, row, t, steps, values, c)) continue;
        const sable_node a = sable_circuit_rotate(circuit, m->node[k], steps);
        kept = linalg_add_apart(circuit, kept, sable_circuit_mul_plain(circuit, a, mask));
    }
    free(mask);
    return kept;
}

static const sable_matrix *convert(sable_circuit *circuit, const char *name, const sable_matrix *m, sable_format from,
                                   double c) {
    if (!linalg_usable(circuit, name, m) || !linalg_finite(circuit, name, c)) return NULL;
    const bool row = from == SABLE_ROW_VECTOR;
    if (m->shape.format != from) {
        linalg_refuse(circuit, name, m, row ? "a row vector is needed" : "a column vector is needed");
        return NULL;
    }
    const sable_tile t = m->shape.tile, to = linalg_exchanged(t);
    const uint32_t narrow = linalg_least(t.height, t.width), wide = t.height > t.width ? t.height : t.width;
    sable_matrix *r = linalg_create(circuit, name,
                                    row ? (linalg_shape){SABLE_COL_VECTOR, 1, m->shape.rows, to}
                                        : (linalg_shape){SABLE_ROW_VECTOR, m->shape.cols, 1, to});
    if (!r) return NULL;
    for (uint32_t k = 0; k < r->down * r->across; k++) {
        if (narrow == 1) { /* both kinds hold the same values in the same slots */
            r->node[k] = linalg_times(circuit, m->node[k], c);
        } else if (row) {
            r->node[k] = linalg_rotate_sum(circuit, keep_agreeing(circuit, m, k, c), wide, narrow, 1);
        } else {
            /* A run of slots as long as the narrow side meets at most two kept ones, and from the first of a row just its own. */
            const sable_node kept = keep_agreeing(circuit, m, k, 1);
            const sable_node sum = linalg_rotate_sum(circuit, kept, 1, narrow, 2);
            r->node[k] = linalg_keep_first_column(circuit, sum, to, linalg_bound(circuit, kept), c);
        }
    }
    return linalg_finish(r);
}

const sable_matrix *sable_matrix_row_to_col(sable_circuit *circuit, const sable_matrix *m, double c) {
    return convert(circuit, "row_to_col", m, SABLE_ROW_VECTOR, c);
}

const sable_matrix *sable_matrix_col_to_row(sable_circuit *circuit, const sable_matrix *m, double c) {
    return convert(circuit, "col_to_row", m, SABLE_COL_VECTOR, c);
}
