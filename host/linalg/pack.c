/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers in the clear and the slots of a tile. */
#include "linalg/matrix.h"

size_t linalg_element(const linalg_shape *shape, uint32_t tile_row, uint32_t tile_col, uint32_t s) {
    const sable_tile t = shape->tile;
    const uint64_t row = (uint64_t)tile_row * t.height + s / t.width, col = (uint64_t)tile_col * t.width + s % t.width;
    switch (shape->format) {
    case SABLE_ROW_VECTOR: return row < shape->rows ? (size_t)row : SIZE_MAX;
    case SABLE_COL_VECTOR: return col < shape->cols ? (size_t)col : SIZE_MAX;
    default: return row < shape->rows && col < shape->cols ? (size_t)(row * shape->cols + col) : SIZE_MAX;
    }
}

void linalg_pack(const linalg_shape *shape, uint32_t tile_row, uint32_t tile_col, const double *values, double *slots) {
    const uint32_t count = shape->tile.height * shape->tile.width;
    for (uint32_t s = 0; s < count; s++) {
        const size_t at = linalg_element(shape, tile_row, tile_col, s);
        slots[s] = at == SIZE_MAX ? 0 : values[at];
    }
}

static sable_status check(const char *name, const linalg_shape *shape, uint32_t tile_row, uint32_t tile_col,
                          const void *values, const void *slots, sable_error *err) {
    SABLE_TRY(linalg_check_shape(name, shape, 0, err));
    if (!values || !slots) return sable_fail(err, SABLE_INVALID, "%s: values and slots must not be NULL", name);
    if ((uint64_t)tile_row * shape->tile.height >= shape->rows || (uint64_t)tile_col * shape->tile.width >= shape->cols)
        return sable_fail(err, SABLE_INVALID, "%s: tile (%u, %u) of %u x %u in tiles of %u x %u: there is none", name,
                          tile_row, tile_col, shape->rows, shape->cols, shape->tile.height, shape->tile.width);
    return SABLE_OK;
}

sable_status sable_matrix_pack(sable_format format, uint32_t rows, uint32_t cols, sable_tile tile, uint32_t tile_row,
                               uint32_t tile_col, const double *values, double *slots, sable_error *err) {
    const linalg_shape shape = {format, rows, cols, tile};
    SABLE_TRY(check("matrix pack", &shape, tile_row, tile_col, values, slots, err));
    linalg_pack(&shape, tile_row, tile_col, values, slots);
    return SABLE_OK;
}

sable_status sable_matrix_unpack(sable_format format, uint32_t rows, uint32_t cols, sable_tile tile, uint32_t tile_row,
                                 uint32_t tile_col, const double *slots, double *values, sable_error *err) {
    const linalg_shape shape = {format, rows, cols, tile};
    SABLE_TRY(check("matrix unpack", &shape, tile_row, tile_col, values, slots, err));
    for (uint32_t s = 0; s < tile.height * tile.width; s++) {
        const size_t at = linalg_element(&shape, tile_row, tile_col, s);
        const bool replica =
            (format == SABLE_ROW_VECTOR && s % tile.width) || (format == SABLE_COL_VECTOR && s >= tile.width);
        if (at != SIZE_MAX && !replica) values[at] = slots[s];
    }
    return SABLE_OK;
}
