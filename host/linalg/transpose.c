/* SPDX-License-Identifier: Apache-2.0 */
/* The slots of a matrix read in the tile with height and width exchanged. Nothing moves; what changes is which element a slot stands for. */
#include "linalg/matrix.h"

/* The shape that m has in the exchanged tile, or why it has none. */
static const char *exchanged_shape(const sable_matrix *m, linalg_shape *to) {
    const linalg_shape *s = &m->shape;
    const uint32_t h = s->tile.height, w = s->tile.width, r = h < w ? w / h : h / w;
    *to = *s;
    to->tile = linalg_exchanged(s->tile);
    if (h == w) return NULL;
    const bool wide = h < w;
    switch (s->format) {
    case SABLE_ROW_VECTOR:
        if (!wide) return "a row of the wide tile would hold several values";
        if (s->rows > UINT32_MAX / r) return "too many values";
        to->rows = s->rows * r;
        return NULL;
    case SABLE_COL_VECTOR:
        if (wide) return "a column of the tall tile would hold several values";
        if (m->across != 1) return "its values fill several tiles, whose columns would follow each other in one row";
        to->cols = h;
        return NULL;
    default:
        if (wide ? s->cols > h : s->cols > w) return "it has more columns than the narrow side of its tile";
        if (wide && s->rows > UINT32_MAX / r) return "too many rows";
        to->rows = wide ? s->rows * r : (s->rows - 1) / r + 1;
        to->cols = wide ? s->cols : h;
        return NULL;
    }
}

const sable_matrix *sable_matrix_transpose_tile(sable_circuit *circuit, const sable_matrix *m) {
    const char *name = "transpose_tile";
    if (!linalg_usable(circuit, name, m)) return NULL;
    linalg_shape to;
    const char *why = exchanged_shape(m, &to);
    if (why) {
        linalg_refuse(circuit, name, m, why);
        return NULL;
    }
    sable_matrix *r = linalg_create(circuit, name, to);
    if (!r) return NULL;
    for (uint32_t k = 0; k < r->down * r->across; k++) r->node[k] = m->node[k];
    return linalg_finish(r);
}
