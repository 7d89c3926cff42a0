/* SPDX-License-Identifier: Apache-2.0 */
/* Vector by matrix, matrix by vector: a product of slots and a sum. */
#include "linalg/matrix.h"

/* A product that ends in a sum over rows has no mask to carry the factor. */
static bool no_factor(sable_circuit *circuit, const char *name, const sable_matrix *a, const sable_matrix *b,
                      double c) {
    if (c == 1) return true;
    linalg_refuse_pair(circuit, name, a, b, "this product has no mask to carry a factor: it must be 1");
    return false;
}

const sable_matrix *sable_matrix_multiply(sable_circuit *circuit, const sable_matrix *a, const sable_matrix *b,
                                          double c) {
    const char *name = "multiply";
    if (!linalg_usable(circuit, name, a) || !linalg_usable(circuit, name, b)) return NULL;
    if (a->shape.format == SABLE_ROW_VECTOR && b->shape.format == SABLE_MATRIX) {
        if (!no_factor(circuit, name, a, b, c)) return NULL;
        const sable_matrix *product = sable_matrix_hadamard(circuit, a, b);
        return product ? sable_matrix_sum_rows(circuit, product) : NULL;
    }
    if (a->shape.format == SABLE_MATRIX && b->shape.format == SABLE_COL_VECTOR) {
        const sable_matrix *product = sable_matrix_hadamard(circuit, a, b);
        return product ? sable_matrix_sum_cols(circuit, product, c) : NULL;
    }
    linalg_refuse_pair(circuit, name, a, b, "a row vector times a matrix, or a matrix times a column vector");
    return NULL;
}

/* -- mixed --------------------------------------------------------------------------------------------------------- */

/* Matrices that a vector in the exchanged tile can meet: their columns fit the narrow side, so slot s of column j has s mod height = j. */
static bool fits_mixed(sable_circuit *circuit, const char *name, const sable_matrix *m, const sable_matrix *vector) {
    const linalg_shape *s = &m->shape;
    if (s->format == SABLE_MATRIX && s->tile.height <= s->tile.width && s->cols <= s->tile.height) return true;
    const char *why = "a matrix in wide tiles, with no more columns than a tile has rows, is needed";
    if (vector)
        linalg_refuse_pair(circuit, name, m, vector, why);
    else
        linalg_refuse(circuit, name, m, why);
    return false;
}

const sable_matrix *sable_matrix_sum_rows_mixed_many(sable_circuit *circuit, const sable_matrix *const *list,
                                                     size_t count) {
    const char *name = "sum_rows_mixed";
    if (!linalg_usable_list(circuit, name, list, count)) return NULL;
    uint32_t rows = 0;
    sable_node sum = SABLE_NODE_NONE;
    for (size_t k = 0; k < count; k++) {
        const linalg_shape *a = &list[0]->shape, *b = &list[k]->shape;
        if (!fits_mixed(circuit, name, list[k], NULL)) return NULL;
        if (!linalg_same_tile(a->tile, b->tile) || a->cols != b->cols) {
            linalg_refuse_pair(circuit, name, list[0], list[k], "tiles and columns must be equal");
            return NULL;
        }
        rows = b->rows > rows ? b->rows : rows;
        for (uint32_t i = 0; i < list[k]->down; i++) sum = linalg_add_to(circuit, sum, list[k]->node[i]);
    }
    const sable_tile tile = list[0]->shape.tile;
    sable_matrix *r =
        linalg_create(circuit, name, (linalg_shape){SABLE_COL_VECTOR, 1, list[0]->shape.cols, linalg_exchanged(tile)});
    if (!r) return NULL;
    r->node[0] = linalg_rotate_sum(circuit, sum, tile.height, tile.width, linalg_least(rows, tile.height));
    return linalg_finish(r);
}

const sable_matrix *sable_matrix_sum_rows_mixed(sable_circuit *circuit, const sable_matrix *m) {
    return sable_matrix_sum_rows_mixed_many(circuit, &m, 1);
}

const sable_matrix *sable_matrix_hadamard_mixed(sable_circuit *circuit, const sable_matrix *matrix,
                                                const sable_matrix *vector) {
    const char *name = "hadamard_mixed";
    if (!linalg_usable(circuit, name, matrix) || !linalg_usable(circuit, name, vector)) return NULL;
    if (!fits_mixed(circuit, name, matrix, vector)) return NULL;
    const linalg_shape *v = &vector->shape;
    if (v->format != SABLE_COL_VECTOR || v->cols != matrix->shape.cols ||
        !linalg_same_tile(v->tile, linalg_exchanged(matrix->shape.tile))) {
        linalg_refuse_pair(
            circuit, name, matrix, vector,
            "a column vector with one value for each column, in the tile with height and width exchanged, is needed");
        return NULL;
    }
    sable_matrix *r = linalg_create(circuit, name, matrix->shape);
    if (!r) return NULL;
    for (uint32_t i = 0; i < r->down; i++) r->node[i] = sable_circuit_mul(circuit, matrix->node[i], vector->node[0]);
    return linalg_finish(r);
}

const sable_matrix *sable_matrix_multiply_mixed(sable_circuit *circuit, const sable_matrix *a, const sable_matrix *b,
                                                double c) {
    const char *name = "multiply_mixed";
    if (!linalg_usable(circuit, name, a) || !linalg_usable(circuit, name, b)) return NULL;
    if (a->shape.format == SABLE_ROW_VECTOR && b->shape.format == SABLE_MATRIX) {
        if (!no_factor(circuit, name, a, b, c) || !fits_mixed(circuit, name, b, a)) return NULL;
        const sable_matrix *product = sable_matrix_hadamard(circuit, a, b);
        return product ? sable_matrix_sum_rows_mixed(circuit, product) : NULL;
    }
    if (a->shape.format == SABLE_MATRIX && b->shape.format == SABLE_COL_VECTOR) {
        const sable_matrix *product = sable_matrix_hadamard_mixed(circuit, a, b);
        return product ? sable_matrix_sum_cols(circuit, product, c) : NULL;
    }
    linalg_refuse_pair(circuit, name, a, b, "a row vector times a matrix, or a matrix times a column vector");
    return NULL;
}
