/* SPDX-License-Identifier: Apache-2.0 */
/* Sums over rows and over columns.
 *
 * Rows: slots are cyclic in the row of a tile, so a rotation sum with stride `width` over all rows leaves the sum of each column in every slot of that column.
 *
 * Columns: a rotation sum with stride 1 mixes the end of a row with the beginning of the next; only the first slot of a row holds that row's sum. A mask keeps
 * these slots, and a rotation sum the other way copies each to the rest of its row. */
#include "linalg/matrix.h"

/* Matrices in equal tiles with equal columns (or rows). */
static bool may_be_summed(sable_circuit *circuit, const char *name, const sable_matrix *const *list, size_t count,
                          bool rows) {
    if (!linalg_usable_list(circuit, name, list, count)) return false;
    for (size_t k = 0; k < count; k++) {
        const linalg_shape *a = &list[0]->shape, *b = &list[k]->shape;
        const char *why = NULL;
        if (b->format != SABLE_MATRIX)
            why = "only a matrix can be summed";
        else if (!linalg_same_tile(a->tile, b->tile))
            why = "the tiles must be equal";
        else if (rows ? a->cols != b->cols : a->rows != b->rows)
            why = rows ? "the columns must be equal" : "the rows must be equal";
        if (!why) continue;
        if (k)
            linalg_refuse_pair(circuit, name, list[0], list[k], why);
        else
            linalg_refuse(circuit, name, list[0], why);
        return false;
    }
    return true;
}

const sable_matrix *sable_matrix_sum_rows_many(sable_circuit *circuit, const sable_matrix *const *list, size_t count) {
    const char *name = "sum_rows";
    if (!may_be_summed(circuit, name, list, count, true)) return NULL;
    const sable_tile tile = list[0]->shape.tile;
    uint32_t rows = 0;
    for (size_t k = 0; k < count; k++) rows = list[k]->shape.rows > rows ? list[k]->shape.rows : rows;
    sable_matrix *r = linalg_create(circuit, name, (linalg_shape){SABLE_COL_VECTOR, 1, list[0]->shape.cols, tile});
    if (!r) return NULL;
    for (uint32_t j = 0; j < r->across; j++) {
        sable_node sum = SABLE_NODE_NONE;
        for (size_t k = 0; k < count; k++)
            for (uint32_t i = 0; i < list[k]->down; i++)
                sum = linalg_add_to(circuit, sum, list[k]->node[i * r->across + j]);
        r->node[j] = linalg_rotate_sum(circuit, sum, tile.width, tile.height, linalg_least(rows, tile.height));
    }
    return linalg_finish(r);
}

const sable_matrix *sable_matrix_sum_rows(sable_circuit *circuit, const sable_matrix *m) {
    return sable_matrix_sum_rows_many(circuit, &m, 1);
}

const sable_matrix *sable_matrix_sum_cols_many(sable_circuit *circuit, const sable_matrix *const *list, size_t count,
                                               double c) {
    const char *name = "sum_cols";
    if (!may_be_summed(circuit, name, list, count, false) || !linalg_finite(circuit, name, c)) return NULL;
    const sable_tile tile = list[0]->shape.tile;
    uint32_t cols = 0;
    for (size_t k = 0; k < count; k++) cols = list[k]->shape.cols > cols ? list[k]->shape.cols : cols;
    sable_matrix *r = linalg_create(circuit, name, (linalg_shape){SABLE_ROW_VECTOR, list[0]->shape.rows, 1, tile});
    if (!r) return NULL;
    for (uint32_t i = 0; i < r->down; i++) {
        sable_node sum = SABLE_NODE_NONE;
        for (size_t k = 0; k < count; k++)
            for (uint32_t j = 0; j < list[k]->across; j++)
                sum = linalg_add_to(circuit, sum, list[k]->node[i * list[k]->across + j]);
        /* Any w slots in a row, of one row or of two, meet each column once. */
        sum = linalg_rotate_sum(circuit, sum, 1, tile.width, linalg_least(cols, tile.width));
        r->node[i] = linalg_keep_first_column(circuit, sum, tile, linalg_bound(circuit, sum), c);
    }
    return linalg_finish(r);
}

const sable_matrix *sable_matrix_sum_cols(sable_circuit *circuit, const sable_matrix *m, double c) {
    return sable_matrix_sum_cols_many(circuit, &m, 1, c);
}
