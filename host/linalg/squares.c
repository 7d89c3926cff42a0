/* SPDX-License-Identifier: Apache-2.0 */
/* Encrypted d x d matrices: the method of Jiang, Kim, Lauter and Song (ACM CCS 2018, eprint 2018/1041). Where the slots hold twice the matrix, sigma writes every
 * row twice: a shift of columns is a rotation then, without the masks and their level. */
#include <stdlib.h>

#include "circuit/graph.h"
#include "sable/matmul.h"

sable_status sable_squares_choose(sable_squares *squares, uint32_t slots, uint32_t size, sable_error *err) {
    if (!squares || squares->struct_size != sizeof *squares)
        return sable_fail(err, SABLE_INVALID, "sable_squares_choose: squares is NULL or its struct_size is not set");
    if (slots == 0 || (slots & (slots - 1)) != 0 || size == 0)
        return sable_fail(err, SABLE_INVALID, "%u x %u matrices in %u slots: at least 1 x 1, and a power of two", size,
                          size, slots);
    if (size > SABLE_SQUARES_MOST)
        return sable_fail(err, SABLE_LIMIT, "%u x %u matrices: at most %d x %d; cut them into blocks", size, size,
                          SABLE_SQUARES_MOST, SABLE_SQUARES_MOST);
    uint32_t side = 1;
    while (side < size) side *= 2;
    if (side * side > slots)
        return sable_fail(err, SABLE_INVALID, "%u x %u matrices take %u slots, there are %u: cut them into blocks",
                          size, size, side * side, slots);
    const uint32_t width = 2 * side * side <= slots ? 2 * side : side;
    *squares = (sable_squares){.struct_size = sizeof *squares,
                               .size = size,
                               .side = side,
                               .width = width,
                               .count = slots / (side * width),
                               .depth = width == side ? 3 : 2};
    return SABLE_OK;
}

static size_t slot_of(const sable_squares *s, uint32_t i, uint32_t j, uint32_t q) {
    return ((size_t)i * s->width + j) * s->count + q;
}
static uint32_t slots_of(const sable_squares *s) { return s->side * s->width * s->count; }

void sable_squares_pack(const sable_squares *squares, const double *matrices, double *slots) {
    const sable_squares *s = squares;
    for (size_t k = 0; k < slots_of(s); k++) slots[k] = 0;
    for (uint32_t q = 0; q < s->count; q++)
        for (uint32_t i = 0; i < s->size; i++)
            for (uint32_t j = 0; j < s->size; j++) slots[slot_of(s, i, j, q)] = *matrices++;
}

void sable_squares_unpack(const sable_squares *squares, const double *slots, double *matrices) {
    const sable_squares *s = squares;
    for (uint32_t q = 0; q < s->count; q++)
        for (uint32_t i = 0; i < s->size; i++)
            for (uint32_t j = 0; j < s->size; j++) *matrices++ = slots[slot_of(s, i, j, q)];
}

/* -- permutations as maps ------------------------------------------------------------------------------------------ */

/* The map under construction: y[j] = x[j + index] where the diagonal of that index is 1. */
typedef struct builder {
    const sable_squares *s;
    uint32_t slots, room;
    sable_diagonal *list; /* [room]: diagonals by turns of index modulo slots; values NULL: not there */
    double *values;       /* [room][slots] */
    uint32_t count;
} builder;

static bool begin(builder *b, const sable_squares *s, uint32_t room) {
    *b = (builder){.s = s, .slots = slots_of(s), .room = room};
    b->list = calloc(room, sizeof *b->list);
    b->values = calloc((size_t)room * b->slots, sizeof *b->values);
    return b->list && b->values;
}

/* Slot (i, j) of every matrix takes what is `index` * count slots further on. */
static void take(builder *b, uint32_t i, uint32_t j, int64_t index) {
    const int64_t slots = b->slots, reduced = ((index * b->s->count) % slots + slots) % slots;
    uint32_t d = 0;
    while (d < b->count && b->list[d].index != reduced) d++;
    if (d == b->count) {
        b->list[d] = (sable_diagonal){reduced, b->values + (size_t)d * b->slots};
        b->count++;
    }
    double *values = b->values + (size_t)d * b->slots;
    for (uint32_t q = 0; q < b->s->count; q++) values[slot_of(b->s, i, j, q)] = 1;
}

static sable_node finish(builder *b, bool complete, sable_circuit *circuit, sable_node a) {
    sable_diagonals *map = NULL;
    sable_status status = SABLE_OK;
    if (circuit->err.code != SABLE_OK)
        status = circuit->err.code;
    else if (!complete)
        status = sable_fail(&circuit->err, SABLE_NO_MEMORY, "no memory for %u diagonals of a permutation", b->room);
    else
        status = sable_diagonals_create(&map, b->slots, b->list, b->count, false, &circuit->err);
    const sable_node made = status == SABLE_OK ? sable_circuit_transform(circuit, a, map) : SABLE_NODE_NONE;
    sable_diagonals_destroy(&map);
    free(b->list);
    free(b->values);
    return made;
}

/* Column j of row i: element (i, i + j) of A, in both halves of the width. */
static sable_node sigma(sable_circuit *circuit, const sable_squares *s, sable_node a) {
    builder b;
    const bool complete = begin(&b, s, s->width + s->side - 1);
    for (uint32_t i = 0; i < s->side && complete; i++)
        for (uint32_t j = 0; j < s->width; j++) take(&b, i, j, (int64_t)((i + j) % s->side) - j);
    return finish(&b, complete, circuit, a);
}

/* Row i of column j < side: element (i + j, j) of B; the other columns are 0. */
static sable_node tau(sable_circuit *circuit, const sable_squares *s, sable_node b_matrix) {
    builder b;
    const bool complete = begin(&b, s, s->side);
    for (uint32_t i = 0; i < s->side && complete; i++)
        for (uint32_t j = 0; j < s->side; j++) take(&b, i, j, (int64_t)j * s->width);
    return finish(&b, complete, circuit, b_matrix);
}

/* With width = side: columns beyond the edge, of a matrix that is rotated by k already, come from one row before. */
static sable_node wrap(sable_circuit *circuit, const sable_squares *s, sable_node rotated, uint32_t k) {
    builder b;
    const bool complete = begin(&b, s, 2);
    for (uint32_t i = 0; i < s->side && complete; i++)
        for (uint32_t j = 0; j < s->side; j++) take(&b, i, j, j + k < s->side ? 0 : -(int64_t)s->side);
    return finish(&b, complete, circuit, rotated);
}

/* -- the product --------------------------------------------------------------------------------------------------- */

/* list[k] = a rotated by k*stride, k < count: in two stages, so that keys and decompositions are about 2*sqrt(count) and not count. */
static void rotations(sable_circuit *circuit, sable_node *list, sable_node a, int64_t stride, uint32_t count) {
    uint32_t first = 1;
    while (4 * first * first <= count) first *= 2;
    for (uint32_t k = 0; k < count; k++)
        list[k] = k < first ? sable_circuit_rotate(circuit, a, k * stride)
                            : sable_circuit_rotate(circuit, list[k % first], (k - k % first) * stride);
}

static sable_node sum_products(sable_circuit *circuit, const sable_squares *s, sable_node a, sable_node b,
                               sable_node *left, sable_node *right) {
    rotations(circuit, left, sigma(circuit, s, a), s->count, s->side);
    rotations(circuit, right, tau(circuit, s, b), (int64_t)s->width * s->count, s->side);
    sable_node sum = SABLE_NODE_NONE;
    for (uint32_t k = 0; k < s->side; k++) {
        if (s->width == s->side && k > 0) left[k] = wrap(circuit, s, left[k], k);
        const sable_node product = sable_circuit_mul(circuit, left[k], right[k]);
        sum = k ? sable_circuit_add(circuit, sum, product) : product;
    }
    return sum;
}

sable_node sable_circuit_multiply_squares(sable_circuit *circuit, const sable_squares *squares, sable_node a,
                                          sable_node b) {
    const sable_squares *s = squares;
    if (!circuit || circuit->err.code != SABLE_OK) return SABLE_NODE_NONE;
    if (!s || s->struct_size != sizeof *s || slots_of(s) != circuit->slots) {
        (void)sable_fail(&circuit->err, SABLE_INVALID,
                         "multiply squares: the layout takes %u slots, the circuit has %u (sable_squares_choose)",
                         s && s->struct_size == sizeof *s ? slots_of(s) : 0, circuit->slots);
        return SABLE_NODE_NONE;
    }
    sable_node *list = calloc((size_t)2 * s->side, sizeof *list);
    if (!list) {
        (void)sable_fail(&circuit->err, SABLE_NO_MEMORY, "no memory for %u values of a circuit", 2 * s->side);
        return SABLE_NODE_NONE;
    }
    const sable_node product = sum_products(circuit, s, a, b, list, list + s->side);
    free(list);
    return product;
}
