/* SPDX-License-Identifier: Apache-2.0 */
/* Products of two encrypted matrices, one row or column of the result at a time:
 *   row-major      row k of A*B = sum over i of A[k][i] * row i of B: column k of the transposed A as a row vector, times B
 *   column-major   column k of A*B: A times row k of the transposed B as a column vector
 * Rows and columns of the result are masked into their places and added: the sum of the masked products is divided by the scale once. */
#include <stdlib.h>

#include "linalg/matrix.h"

/* Column `col` of m as a row vector, row `row` as a column vector: a node for each tile along it. */
static void column_as_row_vector(sable_circuit *circuit, const sable_matrix *m, uint32_t col, sable_node *vector) {
    const sable_tile t = m->shape.tile;
    for (uint32_t i = 0; i < m->down; i++) {
        const sable_node a = m->node[i * m->across + col / t.width];
        vector[i] =
            linalg_replicate_column(circuit, linalg_keep_column(circuit, a, t, col % t.width, 1), t, col % t.width);
    }
}
static void row_as_column_vector(sable_circuit *circuit, const sable_matrix *m, uint32_t row, sable_node *vector) {
    const sable_tile t = m->shape.tile;
    for (uint32_t j = 0; j < m->across; j++) {
        const sable_node a = m->node[row / t.height * m->across + j];
        vector[j] = linalg_rotate_sum(circuit, linalg_keep_row(circuit, a, t, row % t.height, t.width, 1), t.width,
                                      t.height, 1);
    }
}

static sable_node *nodes(sable_circuit *circuit, uint32_t count) {
    sable_node *r = calloc(count, sizeof *r);
    if (!r) (void)sable_fail(&circuit->err, SABLE_NO_MEMORY, "no memory for the tiles of a vector");
    return r;
}

/* In tiles of the result's shape, which are those of the operands or the exchanged ones. */
static const sable_matrix *row_major(sable_circuit *circuit, const char *name, const sable_matrix *at,
                                     const sable_matrix *b, sable_tile tile, double c) {
    sable_matrix *r = linalg_create(circuit, name, (linalg_shape){SABLE_MATRIX, at->shape.cols, b->shape.cols, tile});
    sable_node *vector = r ? nodes(circuit, at->down) : NULL;
    if (!vector) return NULL;
    const sable_tile t = b->shape.tile;
    for (uint32_t k = 0; k < at->shape.cols && circuit->err.code == SABLE_OK; k++) {
        column_as_row_vector(circuit, at, k, vector);
        for (uint32_t j = 0; j < b->across; j++) {
            sable_node sum = SABLE_NODE_NONE;
            for (uint32_t i = 0; i < b->down; i++)
                sum = linalg_add_to(circuit, sum, sable_circuit_mul(circuit, vector[i], b->node[i * b->across + j]));
            sum = linalg_rotate_sum(circuit, sum, t.width, t.height, linalg_least(b->shape.rows, t.height));
            /* In exchanged tiles a row holds its values several times: those beyond the columns are left out. */
            sum = linalg_keep_row(circuit, sum, tile, k % tile.height, linalg_least(tile.width, b->shape.cols), c);
            sable_node *to = &r->node[k / tile.height * r->across + j];
            *to = linalg_add_apart(circuit, *to, sum);
        }
    }
    free(vector);
    return linalg_finish(r);
}

static const sable_matrix *col_major(sable_circuit *circuit, const char *name, const sable_matrix *a,
                                     const sable_matrix *bt, double c) {
    const sable_tile t = a->shape.tile;
    sable_matrix *r = linalg_create(circuit, name, (linalg_shape){SABLE_MATRIX, a->shape.rows, bt->shape.rows, t});
    sable_node *vector = r ? nodes(circuit, bt->across) : NULL;
    if (!vector) return NULL;
    for (uint32_t k = 0; k < bt->shape.rows && circuit->err.code == SABLE_OK; k++) {
        row_as_column_vector(circuit, bt, k, vector);
        const uint32_t col = k % t.width;
        for (uint32_t i = 0; i < a->down; i++) {
            sable_node sum = SABLE_NODE_NONE;
            for (uint32_t j = 0; j < a->across; j++)
                sum = linalg_add_to(circuit, sum, sable_circuit_mul(circuit, a->node[i * a->across + j], vector[j]));
            sum = linalg_rotate_sum(circuit, sum, 1, t.width, linalg_least(a->shape.cols, t.width));
            sum = sable_circuit_rotate(circuit, sum, -(int64_t)col); /* from the first column of each row */
            sable_node *to = &r->node[i * r->across + k / t.width];
            *to = linalg_add_apart(circuit, *to, linalg_keep_column(circuit, sum, t, col, c));
        }
    }
    free(vector);
    return linalg_finish(r);
}

/* -- checks -------------------------------------------------------------------------------------------------------- */

/* Two matrices whose tiles are equal, or each other's exchanged ones, and whose sums have the same length. */
static bool may_be_multiplied(sable_circuit *circuit, const char *name, const sable_matrix *a, const sable_matrix *b,
                              bool rows, bool exchanged, double c) {
    if (!linalg_usable(circuit, name, a) || !linalg_usable(circuit, name, b)) return false;
    if (!linalg_finite(circuit, name, c)) return false;
    const sable_tile other = exchanged ? linalg_exchanged(b->shape.tile) : b->shape.tile;
    const char *why = NULL;
    if (a->shape.format != SABLE_MATRIX || b->shape.format != SABLE_MATRIX)
        why = "two matrices are needed";
    else if (!linalg_same_tile(a->shape.tile, other))
        why = exchanged ? "the tiles must be each other's with height and width exchanged" : "the tiles must be equal";
    else if (rows ? a->shape.rows != b->shape.rows : a->shape.cols != b->shape.cols)
        why = rows ? "the rows must be equal: the first operand is the transposed one"
                   : "the columns must be equal: the second operand is the transposed one";
    if (!why) return true;
    linalg_refuse_pair(circuit, name, a, b, why);
    return false;
}

const sable_matrix *sable_matrix_multiply_row_major(sable_circuit *circuit, const sable_matrix *a_transposed,
                                                    const sable_matrix *b, double c) {
    const char *name = "multiply_row_major";
    if (!may_be_multiplied(circuit, name, a_transposed, b, true, false, c)) return NULL;
    return row_major(circuit, name, a_transposed, b, b->shape.tile, c);
}

const sable_matrix *sable_matrix_multiply_col_major(sable_circuit *circuit, const sable_matrix *a,
                                                    const sable_matrix *b_transposed, double c) {
    const char *name = "multiply_col_major";
    if (!may_be_multiplied(circuit, name, a, b_transposed, false, false, c)) return NULL;
    return col_major(circuit, name, a, b_transposed, c);
}

const sable_matrix *sable_matrix_multiply_row_major_mixed(sable_circuit *circuit, const sable_matrix *a_transposed,
                                                          const sable_matrix *b, double c) {
    const char *name = "multiply_row_major_mixed";
    if (!may_be_multiplied(circuit, name, a_transposed, b, true, false, c)) return NULL;
    const sable_tile t = b->shape.tile;
    if (t.height < t.width || a_transposed->shape.cols > t.width || b->shape.cols > t.width) {
        linalg_refuse_pair(circuit, name, a_transposed, b,
                           "tall tiles, and no more columns than one of them has, are needed");
        return NULL;
    }
    return row_major(circuit, name, a_transposed, b, linalg_exchanged(t), c);
}

const sable_matrix *sable_matrix_multiply_col_major_mixed(sable_circuit *circuit, const sable_matrix *a,
                                                          const sable_matrix *b_transposed, double c) {
    const char *name = "multiply_col_major_mixed";
    if (!may_be_multiplied(circuit, name, a, b_transposed, false, true, c)) return NULL;
    const sable_tile t = a->shape.tile;
    if (t.height > t.width || a->shape.cols > t.height) {
        linalg_refuse_pair(circuit, name, a, b_transposed,
                           "a first matrix in wide tiles, with no more columns than a tile has rows, is needed");
        return NULL;
    }
    return col_major(circuit, name, a, b_transposed, c);
}
