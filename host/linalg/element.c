/* SPDX-License-Identifier: Apache-2.0 */
/* Element by element. Padding stays 0: sums and products of zeros are 0, constants and polynomials leave padding out. */
#include <stdlib.h>

#include "linalg/matrix.h"

static uint32_t count_of(const sable_matrix *m) { return m->down * m->across; }

/* -- matrices ------------------------------------------------------------------------------------------------------ */

typedef sable_node (*tile_function)(sable_circuit *circuit, sable_node a, sable_node b);

static bool same_shape(const sable_matrix *a, const sable_matrix *b) {
    return a->shape.format == b->shape.format && a->shape.rows == b->shape.rows && a->shape.cols == b->shape.cols &&
           linalg_same_tile(a->shape.tile, b->shape.tile);
}

static const sable_matrix *zip(sable_circuit *circuit, const char *name, const sable_matrix *a, const sable_matrix *b,
                               tile_function f) {
    if (!linalg_usable(circuit, name, a) || !linalg_usable(circuit, name, b)) return NULL;
    if (!same_shape(a, b)) {
        linalg_refuse_pair(circuit, name, a, b, "formats, shapes and tiles must be equal");
        return NULL;
    }
    sable_matrix *r = linalg_create(circuit, name, a->shape);
    if (!r) return NULL;
    for (uint32_t k = 0; k < count_of(r); k++) r->node[k] = f(circuit, a->node[k], b->node[k]);
    return linalg_finish(r);
}

const sable_matrix *sable_matrix_add(sable_circuit *circuit, const sable_matrix *a, const sable_matrix *b) {
    return zip(circuit, "add", a, b, sable_circuit_add);
}
const sable_matrix *sable_matrix_sub(sable_circuit *circuit, const sable_matrix *a, const sable_matrix *b) {
    return zip(circuit, "sub", a, b, sable_circuit_sub);
}
const sable_matrix *sable_matrix_square(sable_circuit *circuit, const sable_matrix *m) {
    return zip(circuit, "square", m, m, sable_circuit_mul);
}

const sable_matrix *sable_matrix_add_many(sable_circuit *circuit, const sable_matrix *const *list, size_t count) {
    if (!linalg_usable_list(circuit, "add_many", list, count)) return NULL;
    const sable_matrix *sum = list[0];
    for (size_t k = 1; k < count && sum; k++) sum = zip(circuit, "add_many", sum, list[k], sable_circuit_add);
    return sum;
}

const sable_matrix *sable_matrix_hadamard(sable_circuit *circuit, const sable_matrix *a, const sable_matrix *b) {
    const char *name = "hadamard";
    if (!linalg_usable(circuit, name, a) || !linalg_usable(circuit, name, b)) return NULL;
    if (a->shape.format == b->shape.format) return zip(circuit, name, a, b, sable_circuit_mul);
    const bool by_row = a->shape.format == SABLE_ROW_VECTOR && b->shape.format == SABLE_MATRIX;
    const bool by_col = a->shape.format == SABLE_MATRIX && b->shape.format == SABLE_COL_VECTOR;
    if (!by_row && !by_col) {
        linalg_refuse_pair(circuit, name, a, b, "a row vector stands before a matrix, a column vector behind one");
        return NULL;
    }
    if (!linalg_same_tile(a->shape.tile, b->shape.tile)) {
        linalg_refuse_pair(circuit, name, a, b, "the tiles must be equal");
        return NULL;
    }
    if (by_row ? a->shape.rows != b->shape.rows : a->shape.cols != b->shape.cols) {
        linalg_refuse_pair(circuit, name, a, b,
                           by_row ? "one value for each row is needed" : "one value for each column is needed");
        return NULL;
    }
    sable_matrix *r = linalg_create(circuit, name, by_row ? b->shape : a->shape);
    if (!r) return NULL;
    for (uint32_t k = 0; k < count_of(r); k++)
        r->node[k] =
            sable_circuit_mul(circuit, a->node[by_row ? k / r->across : k], b->node[by_row ? k : k % r->across]);
    return linalg_finish(r);
}

const sable_matrix *sable_matrix_negate(sable_circuit *circuit, const sable_matrix *m) {
    if (!linalg_usable(circuit, "negate", m)) return NULL;
    sable_matrix *r = linalg_create(circuit, "negate", m->shape);
    if (!r) return NULL;
    for (uint32_t k = 0; k < count_of(r); k++) r->node[k] = sable_circuit_negate(circuit, m->node[k]);
    return linalg_finish(r);
}

const sable_matrix *sable_matrix_mul_scalar(sable_circuit *circuit, const sable_matrix *m, double x) {
    if (!linalg_usable(circuit, "mul_scalar", m)) return NULL;
    sable_matrix *r = linalg_create(circuit, "mul_scalar", m->shape);
    if (!r) return NULL;
    for (uint32_t k = 0; k < count_of(r); k++) r->node[k] = sable_circuit_mul_scalar(circuit, m->node[k], x, 0);
    return linalg_finish(r);
}

/* -- constants ----------------------------------------------------------------------------------------------------- */

typedef sable_node (*slots_function)(sable_circuit *circuit, sable_node a, const double *slots);

static const sable_matrix *with_values(sable_circuit *circuit, const char *name, const sable_matrix *m,
                                       const double *values, double sign, slots_function f) {
    if (!linalg_usable(circuit, name, m)) return NULL;
    if (!values) {
        linalg_refuse(circuit, name, m, "no values given");
        return NULL;
    }
    sable_matrix *r = linalg_create(circuit, name, m->shape);
    double *slots = r ? linalg_slots(circuit) : NULL;
    if (!slots) return NULL;
    for (uint32_t k = 0; k < count_of(r); k++) {
        linalg_pack(&m->shape, k / m->across, k % m->across, values, slots);
        for (uint32_t s = 0; s < circuit->slots; s++) slots[s] *= sign;
        r->node[k] = f(circuit, m->node[k], slots);
    }
    free(slots);
    return linalg_finish(r);
}

const sable_matrix *sable_matrix_add_values(sable_circuit *circuit, const sable_matrix *m, const double *values) {
    return with_values(circuit, "add_values", m, values, 1, sable_circuit_add_plain);
}
const sable_matrix *sable_matrix_sub_values(sable_circuit *circuit, const sable_matrix *m, const double *values) {
    return with_values(circuit, "sub_values", m, values, -1, sable_circuit_add_plain);
}
const sable_matrix *sable_matrix_mul_values(sable_circuit *circuit, const sable_matrix *m, const double *values) {
    return with_values(circuit, "mul_values", m, values, 1, sable_circuit_mul_plain);
}

/* Node a of tile k, with x added to its elements, or to its padding. */
static sable_node add_where(sable_circuit *circuit, const sable_matrix *m, uint32_t k, sable_node a, double x,
                            bool padding) {
    double *slots = linalg_slots(circuit);
    if (!slots) return SABLE_NODE_NONE;
    for (uint32_t s = 0; s < circuit->slots; s++)
        if ((linalg_element(&m->shape, k / m->across, k % m->across, s) == SIZE_MAX) == padding) slots[s] = x;
    a = sable_circuit_add_plain(circuit, a, slots);
    free(slots);
    return a;
}

const sable_matrix *sable_matrix_add_scalar(sable_circuit *circuit, const sable_matrix *m, double x) {
    if (!linalg_usable(circuit, "add_scalar", m)) return NULL;
    sable_matrix *r = linalg_create(circuit, "add_scalar", m->shape);
    if (!r) return NULL;
    for (uint32_t k = 0; k < count_of(r); k++)
        r->node[k] = linalg_has_padding(m, k / m->across, k % m->across)
                         ? add_where(circuit, m, k, m->node[k], x, false)
                         : sable_circuit_add_scalar(circuit, m->node[k], x, 0);
    return linalg_finish(r);
}

const sable_matrix *sable_matrix_poly(sable_circuit *circuit, const sable_matrix *m, const sable_poly *poly) {
    if (!linalg_usable(circuit, "poly", m)) return NULL;
    sable_poly_info info = {.struct_size = sizeof info};
    if (!poly || sable_poly_describe(poly, &info) != SABLE_OK) {
        linalg_refuse(circuit, "poly", m, "the polynomial is NULL");
        return NULL;
    }
    sable_matrix *r = linalg_create(circuit, "poly", m->shape);
    if (!r) return NULL;
    const double at_zero = sable_poly_value(poly, 0);
    for (uint32_t k = 0; k < count_of(r); k++) {
        const bool padding = linalg_has_padding(m, k / m->across, k % m->across);
        if (padding && (info.lo > 0 || info.hi < 0)) {
            (void)sable_fail(
                &circuit->err, SABLE_BOUND,
                "poly: %u x %u in tiles of %u x %u has padding, which is 0, and the polynomial is for [%g, %g]: fit it on an "
                "interval that contains 0",
                m->shape.rows, m->shape.cols, m->shape.tile.height, m->shape.tile.width, info.lo, info.hi);
            return NULL;
        }
        r->node[k] = sable_circuit_poly(circuit, m->node[k], poly);
        if (padding && at_zero != 0 && r->node[k]) r->node[k] = add_where(circuit, m, k, r->node[k], -at_zero, true);
    }
    return linalg_finish(r);
}
