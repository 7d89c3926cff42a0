/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_LINALG_MATRIX_H
#define SABLE_LINALG_MATRIX_H
/* Matrices of a circuit, and what their functions share. */
#include "circuit/graph.h"
#include "sable/linalg.h"

typedef struct linalg_shape {
    sable_format format;
    uint32_t rows, cols;
    sable_tile tile;
} linalg_shape;

struct sable_matrix {
    sable_circuit *circuit;
    linalg_shape shape;
    uint32_t down, across; /* tiles */
    sable_node node[];     /* [down][across] */
};

/* SABLE_INVALID, SABLE_LIMIT. slots: of the circuit; 0: any. name: of the function, for the sentence. */
sable_status linalg_check_shape(const char *name, const linalg_shape *shape, uint32_t slots, sable_error *err);
/* Index of the element in slot s of a tile, in values laid out as for sable_matrix_pack; SIZE_MAX in padding. */
size_t linalg_element(const linalg_shape *shape, uint32_t tile_row, uint32_t tile_col, uint32_t s);
/* Slots of a tile from values. */
void linalg_pack(const linalg_shape *shape, uint32_t tile_row, uint32_t tile_col, const double *values, double *slots);

/* A matrix whose nodes are to be filled; NULL when the circuit has failed, or fails now for the shape. */
sable_matrix *linalg_create(sable_circuit *circuit, const char *name, linalg_shape shape);
/* m, or NULL when building its nodes failed. */
const sable_matrix *linalg_finish(const sable_matrix *m);
/* Whether building goes on and m is a matrix of this circuit. */
bool linalg_usable(sable_circuit *circuit, const char *name, const sable_matrix *m);
/* The same of every matrix of a list that is not empty. */
bool linalg_usable_list(sable_circuit *circuit, const char *name, const sable_matrix *const *list, size_t count);
/* SABLE_INVALID: "name: <a>: why", "name: <a> and <b>: why". */
void linalg_refuse(sable_circuit *circuit, const char *name, const sable_matrix *a, const char *why);
void linalg_refuse_pair(sable_circuit *circuit, const char *name, const sable_matrix *a, const sable_matrix *b,
                        const char *why);
/* Whether x is finite; refuses it otherwise. */
bool linalg_finite(sable_circuit *circuit, const char *name, double x);

static inline bool linalg_same_tile(sable_tile a, sable_tile b) { return a.height == b.height && a.width == b.width; }
static inline sable_tile linalg_exchanged(sable_tile t) { return (sable_tile){t.width, t.height}; }
/* Tiles that cover a length. */
static inline uint32_t linalg_tiles(uint32_t length, uint32_t side) {
    return (uint32_t)(((uint64_t)length + side - 1) / side);
}
static inline uint32_t linalg_least(uint32_t a, uint32_t b) { return a < b ? a : b; }
/* Whether a tile has slots that belong to no element. */
bool linalg_has_padding(const sable_matrix *m, uint32_t tile_row, uint32_t tile_col);

/* Sum of a and b, or b alone while there is no a. */
sable_node linalg_add_to(sable_circuit *circuit, sable_node a, sable_node b);
/* The same where no slot is other than 0 in both. */
sable_node linalg_add_apart(sable_circuit *circuit, sable_node a, sable_node b);
/* sable_circuit_declare; nothing for a value that is known to be 0, or was not made. */
void linalg_declare(sable_circuit *circuit, sable_node a, double bound);
/* sable_circuit_rotate_sum where no slot's sum has more than `nonzero` terms that are not 0: the bound grows by that factor only. */
sable_node linalg_rotate_sum(sable_circuit *circuit, sable_node a, int64_t stride, uint32_t count, uint32_t nonzero);
/* Zeroed slots for a mask, to be freed; NULL: the circuit has failed for lack of memory. */
double *linalg_slots(sable_circuit *circuit);
/* a * c; a itself for c = 1. */
sable_node linalg_times(sable_circuit *circuit, sable_node a, double c);
/* Masks: one column, or the first cols slots of one row, times c; the other slots 0. */
sable_node linalg_keep_column(sable_circuit *circuit, sable_node a, sable_tile tile, uint32_t column, double c);
sable_node linalg_keep_row(sable_circuit *circuit, sable_node a, sable_tile tile, uint32_t row, uint32_t cols,
                           double c);
/* Column `from` of every row of a, whose other columns are 0, in all columns. */
sable_node linalg_replicate_column(sable_circuit *circuit, sable_node a, sable_tile tile, uint32_t from);
/* Row vector of the first column, whose slots are at most `bound`, times c: a mask and the replicas; in tiles of width 1 there is nothing to
 * mask. */
sable_node linalg_keep_first_column(sable_circuit *circuit, sable_node a, sable_tile tile, double bound, double c);
/* Bound of a value; 0 where there is none. */
double linalg_bound(const sable_circuit *circuit, sable_node a);

#endif
