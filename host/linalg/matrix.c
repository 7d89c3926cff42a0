/* SPDX-License-Identifier: Apache-2.0 */
/* Making, checking and describing matrices; inputs and results. */
#include "linalg/matrix.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST_TILES ((uint64_t)1 << 20)

/* -- shapes -------------------------------------------------------------------------------------------------------- */

static bool power_of_two(uint32_t x) { return x != 0 && (x & (x - 1)) == 0; }

sable_status linalg_check_shape(const char *name, const linalg_shape *shape, uint32_t slots, sable_error *err) {
    const sable_tile t = shape->tile;
    if (shape->format != SABLE_MATRIX && shape->format != SABLE_ROW_VECTOR && shape->format != SABLE_COL_VECTOR)
        return sable_fail(err, SABLE_INVALID, "%s: format %d: SABLE_MATRIX, SABLE_ROW_VECTOR or SABLE_COL_VECTOR", name,
                          (int)shape->format);
    if (!power_of_two(t.height) || !power_of_two(t.width) || (uint64_t)t.height * t.width > (1u << 16))
        return sable_fail(err, SABLE_INVALID, "%s: a tile of %u x %u: powers of two with a product up to 65536", name,
                          t.height, t.width);
    if (slots && t.height * t.width != slots)
        return sable_fail(err, SABLE_INVALID, "%s: a tile of %u x %u has %u slots, the circuit has %u", name, t.height,
                          t.width, t.height * t.width, slots);
    if (shape->rows == 0 || shape->cols == 0)
        return sable_fail(err, SABLE_INVALID, "%s: a shape of %u x %u has no element", name, shape->rows, shape->cols);
    if (shape->format == SABLE_ROW_VECTOR && shape->cols != 1)
        return sable_fail(err, SABLE_INVALID, "%s: a row vector of f values is f x 1, not %u x %u", name, shape->rows,
                          shape->cols);
    if (shape->format == SABLE_COL_VECTOR && shape->rows != 1)
        return sable_fail(err, SABLE_INVALID, "%s: a column vector of g values is 1 x g, not %u x %u", name,
                          shape->rows, shape->cols);
    const uint64_t count = (uint64_t)linalg_tiles(shape->rows, t.height) * linalg_tiles(shape->cols, t.width);
    if (count > MOST_TILES)
        return sable_fail(err, SABLE_LIMIT, "%s: %u x %u in tiles of %u x %u makes %llu tiles, at most %llu", name,
                          shape->rows, shape->cols, t.height, t.width, (unsigned long long)count,
                          (unsigned long long)MOST_TILES);
    return SABLE_OK;
}

bool linalg_has_padding(const sable_matrix *m, uint32_t tile_row, uint32_t tile_col) {
    const linalg_shape *s = &m->shape;
    const bool rows = s->format != SABLE_COL_VECTOR && (uint64_t)(tile_row + 1) * s->tile.height > s->rows;
    const bool cols = s->format != SABLE_ROW_VECTOR && (uint64_t)(tile_col + 1) * s->tile.width > s->cols;
    return rows || cols;
}

/* -- refusals ------------------------------------------------------------------------------------------------------ */

/* "matrix 5 x 7 in tiles 4 x 8" */
static void tell(char text[96], const sable_matrix *m) {
    const linalg_shape *s = &m->shape;
    const sable_tile t = s->tile;
    if (s->format == SABLE_MATRIX)
        snprintf(text, 96, "matrix %u x %u in tiles %u x %u", s->rows, s->cols, t.height, t.width);
    else
        snprintf(text, 96, "%s vector of %u in tiles %u x %u", s->format == SABLE_ROW_VECTOR ? "row" : "column",
                 s->format == SABLE_ROW_VECTOR ? s->rows : s->cols, t.height, t.width);
}

void linalg_refuse(sable_circuit *circuit, const char *name, const sable_matrix *a, const char *why) {
    char x[96];
    tell(x, a);
    (void)sable_fail(&circuit->err, SABLE_INVALID, "%s: %s: %s", name, x, why);
}

void linalg_refuse_pair(sable_circuit *circuit, const char *name, const sable_matrix *a, const sable_matrix *b,
                        const char *why) {
    char x[96], y[96];
    tell(x, a);
    tell(y, b);
    (void)sable_fail(&circuit->err, SABLE_INVALID, "%s: %s and %s: %s", name, x, y, why);
}

bool linalg_finite(sable_circuit *circuit, const char *name, double x) {
    if (isfinite(x)) return true;
    (void)sable_fail(&circuit->err, SABLE_DATA, "%s: the factor %g is not finite", name, x);
    return false;
}

bool linalg_usable(sable_circuit *circuit, const char *name, const sable_matrix *m) {
    if (!circuit || circuit->err.code != SABLE_OK) return false;
    if (m && m->circuit == circuit) return true;
    if (m)
        linalg_refuse(circuit, name, m, "it belongs to another circuit");
    else
        (void)sable_fail(&circuit->err, SABLE_INVALID, "%s: the matrix is NULL", name);
    return false;
}

bool linalg_usable_list(sable_circuit *circuit, const char *name, const sable_matrix *const *list, size_t count) {
    if (!circuit || circuit->err.code != SABLE_OK) return false;
    if (!list || count == 0) {
        (void)sable_fail(&circuit->err, SABLE_INVALID, "%s: an empty list of matrices", name);
        return false;
    }
    for (size_t k = 0; k < count; k++)
        if (!linalg_usable(circuit, name, list[k])) return false;
    return true;
}

/* -- making -------------------------------------------------------------------------------------------------------- */

sable_matrix *linalg_create(sable_circuit *circuit, const char *name, linalg_shape shape) {
    if (!circuit || circuit->err.code != SABLE_OK) return NULL;
    if (linalg_check_shape(name, &shape, circuit->slots, &circuit->err) != SABLE_OK) return NULL;
    const uint32_t down = linalg_tiles(shape.rows, shape.tile.height),
                   across = linalg_tiles(shape.cols, shape.tile.width);
    sable_matrix *m = sable_circuit_keep(circuit, sizeof *m + (size_t)down * across * sizeof m->node[0]);
    if (!m) return NULL;
    m->circuit = circuit;
    m->shape = shape;
    m->down = down;
    m->across = across;
    return m;
}

const sable_matrix *linalg_finish(const sable_matrix *m) { return m->circuit->err.code == SABLE_OK ? m : NULL; }

/* "name", or "name[I,J]" of one of several tiles. */
static const char *tile_name(char *text, size_t room, const char *name, const sable_matrix *m, uint32_t tile) {
    if (!name || m->down * m->across == 1) return name;
    snprintf(text, room, "%s[%u,%u]", name, tile / m->across, tile % m->across);
    return text;
}

const sable_matrix *sable_matrix_input(sable_circuit *circuit, const char *name, sable_format format, uint32_t rows,
                                       uint32_t cols, sable_tile tile, double bound) {
    sable_matrix *m = linalg_create(circuit, "matrix input", (linalg_shape){format, rows, cols, tile});
    if (!m) return NULL;
    char text[2 * CIRCUIT_NAME]; /* longer than a name may be: the circuit refuses what does not fit */
    for (uint32_t k = 0; k < m->down * m->across; k++)
        m->node[k] = sable_circuit_input(circuit, tile_name(text, sizeof text, name, m, k), bound);
    return linalg_finish(m);
}

void sable_matrix_output(sable_circuit *circuit, const char *name, const sable_matrix *m) {
    if (!linalg_usable(circuit, "matrix output", m)) return;
    char text[2 * CIRCUIT_NAME];
    for (uint32_t k = 0; k < m->down * m->across; k++)
        sable_circuit_output(circuit, tile_name(text, sizeof text, name, m, k), m->node[k]);
}

const sable_matrix *sable_matrix_from_nodes(sable_circuit *circuit, sable_format format, uint32_t rows, uint32_t cols,
                                            sable_tile tile, const sable_node *nodes) {
    sable_matrix *m = linalg_create(circuit, "from_nodes", (linalg_shape){format, rows, cols, tile});
    if (!m) return NULL;
    for (uint32_t k = 0; k < m->down * m->across; k++) {
        if (!nodes || nodes[k] == SABLE_NODE_NONE || nodes[k] > circuit->count) {
            linalg_refuse(circuit, "from_nodes", m, nodes ? "a node is no value of this circuit" : "nodes is NULL");
            return NULL;
        }
        m->node[k] = nodes[k];
    }
    return m;
}

sable_node sable_matrix_tile_node(const sable_matrix *m, uint32_t tile_row, uint32_t tile_col) {
    if (!m || tile_row >= m->down || tile_col >= m->across) return SABLE_NODE_NONE;
    return m->node[tile_row * m->across + tile_col];
}

void sable_matrix_declare(sable_circuit *circuit, const sable_matrix *m, double bound) {
    if (!linalg_usable(circuit, "matrix declare", m)) return;
    for (uint32_t k = 0; k < m->down * m->across; k++) sable_circuit_declare(circuit, m->node[k], bound);
}

sable_status sable_matrix_describe(const sable_matrix *m, sable_matrix_info *info) {
    if (!m || !info || info->struct_size != sizeof *info) return SABLE_INVALID;
    double bound = 0;
    for (uint32_t k = 0; k < m->down * m->across; k++) bound = fmax(bound, m->circuit->node[m->node[k]].bound);
    *info = (sable_matrix_info){.struct_size = sizeof *info,
                                .format = m->shape.format,
                                .rows = m->shape.rows,
                                .cols = m->shape.cols,
                                .tile = m->shape.tile,
                                .down = m->down,
                                .across = m->across,
                                .bound = bound};
    return SABLE_OK;
}
