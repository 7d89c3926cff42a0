/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_LINALG_H
#define SABLE_LINALG_H
/* Matrices and vectors on the slots of a circuit (docs/LINALG.md).
 *
 * A matrix is cut into tiles of height x width = slots; each tile is one value of the circuit. The functions below build circuits and nothing else, so whatever
 * is written with them runs on every evaluator, on batches of matrices, and says nothing of levels, scales or keys.
 *
 * One invariant holds for every matrix of this header and every function keeps it: slots that belong to no element are 0. So sums never see padding, and a
 * matrix of any shape may follow any other.
 *
 * Matrices are immutable and belong to their circuit, which frees them. The first error of a build stays in the circuit (sable_circuit_status): the
 * function gives NULL, and so does every later one. Errors: SABLE_INVALID (formats, shapes, tiles that do not fit; one sentence names both operands),
 * SABLE_LIMIT, SABLE_DATA (a number that is not finite), SABLE_NO_MEMORY, and those of circuit.h.
 *
 * Cost is stated a tile, in levels (multiplications in a row) and rotations; h x w is the tile's shape, log2 of it the number of halvings. */
#include "sable/circuit.h"
#include "sable/files.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Powers of two; height * width = slots of the circuit. Wide: height < width; tall: height > width. */
typedef struct sable_tile {
    uint32_t height, width;
} sable_tile;

typedef enum sable_format {
    SABLE_MATRIX = 1, /* f x g: slot i*width + j of tile (I, J) holds element (I*height + i, J*width + j) */
    SABLE_ROW_VECTOR, /* f values: every slot of row i of tile I holds value I*height + i. f x 1; meets matrices of f rows */
    SABLE_COL_VECTOR /* g values: every slot of column j of tile J holds value J*width + j. 1 x g; meets matrices of g columns */
} sable_format;

typedef struct sable_matrix sable_matrix;

typedef struct sable_matrix_info {
    size_t struct_size;
    sable_format format;
    uint32_t rows, cols; /* of a row vector: f, 1; of a column vector: 1, g */
    sable_tile tile;
    uint32_t down, across; /* tiles: rows/height and cols/width, rounded up */
    double bound;          /* every |element| <= bound */
} sable_matrix_info;
SABLE_API SABLE_CHECKED sable_status sable_matrix_describe(const sable_matrix *m, sable_matrix_info *info);

/* -- in and out ---------------------------------------------------------------------------------------------------- */
/* One encrypted input of the circuit for each tile, row of tiles by row of tiles: "name" when there is one, else "name[I,J]". Who encrypts them answers
 * for the padding: sable_matrix_pack writes it. */
SABLE_API const sable_matrix *sable_matrix_input(sable_circuit *circuit, const char *name, sable_format format,
                                                 uint32_t rows, uint32_t cols, sable_tile tile, double bound);
/* One result for each tile, named likewise. */
SABLE_API void sable_matrix_output(sable_circuit *circuit, const char *name, const sable_matrix *m);
/* The value of a tile, for what the functions here do not do. SABLE_NODE_NONE: there is no such tile. */
SABLE_API sable_node sable_matrix_tile_node(const sable_matrix *m, uint32_t tile_row, uint32_t tile_col);
/* A matrix of values that are there, row of tiles by row of tiles. The caller answers for format and padding. */
SABLE_API const sable_matrix *sable_matrix_from_nodes(sable_circuit *circuit, sable_format format, uint32_t rows,
                                                      uint32_t cols, sable_tile tile, const sable_node *nodes);
/* sable_circuit_declare of every tile. */
SABLE_API void sable_matrix_declare(sable_circuit *circuit, const sable_matrix *m, double bound);

/* Numbers in the clear: values[rows][cols] (of a vector: its values) <-> the height*width slots of a tile. pack writes zeros into padding; unpack writes the
 * values of this tile and no others, taking those of a vector from the first column, or row, of the tile. */
SABLE_API SABLE_CHECKED sable_status sable_matrix_pack(sable_format format, uint32_t rows, uint32_t cols,
                                                       sable_tile tile, uint32_t tile_row, uint32_t tile_col,
                                                       const double *values, double *slots, sable_error *err);
SABLE_API SABLE_CHECKED sable_status sable_matrix_unpack(sable_format format, uint32_t rows, uint32_t cols,
                                                         sable_tile tile, uint32_t tile_row, uint32_t tile_col,
                                                         const double *slots, double *values, sable_error *err);

/* -- element by element: no rotation ------------------------------------------------------------------------------- */
/* Equal formats, shapes and tiles. */
SABLE_API const sable_matrix *sable_matrix_add(sable_circuit *circuit, const sable_matrix *a, const sable_matrix *b);
SABLE_API const sable_matrix *sable_matrix_sub(sable_circuit *circuit, const sable_matrix *a, const sable_matrix *b);
SABLE_API const sable_matrix *sable_matrix_add_many(sable_circuit *circuit, const sable_matrix *const *list,
                                                    size_t count);
SABLE_API const sable_matrix *sable_matrix_negate(sable_circuit *circuit, const sable_matrix *m);
/* Every element + x; padding stays 0. */
SABLE_API const sable_matrix *sable_matrix_add_scalar(sable_circuit *circuit, const sable_matrix *m, double x);
/* One level. */
SABLE_API const sable_matrix *sable_matrix_mul_scalar(sable_circuit *circuit, const sable_matrix *m, double x);
/* With numbers in the clear, laid out as for sable_matrix_pack. The product takes one level. */
SABLE_API const sable_matrix *sable_matrix_add_values(sable_circuit *circuit, const sable_matrix *m,
                                                      const double *values);
SABLE_API const sable_matrix *sable_matrix_sub_values(sable_circuit *circuit, const sable_matrix *m,
                                                      const double *values);
SABLE_API const sable_matrix *sable_matrix_mul_values(sable_circuit *circuit, const sable_matrix *m,
                                                      const double *values);
/* One level. Equal formats and shapes; or row vector of f values and f x g matrix, f x g matrix and column vector of g values: a matrix whose rows, or columns, are
 * multiplied by one value each. */
SABLE_API const sable_matrix *sable_matrix_hadamard(sable_circuit *circuit, const sable_matrix *a,
                                                    const sable_matrix *b);
SABLE_API const sable_matrix *sable_matrix_square(sable_circuit *circuit, const sable_matrix *m);
/* p of every element; padding stays 0. SABLE_BOUND: values outside the polynomial's interval; also 0, where there is padding. */
SABLE_API const sable_matrix *sable_matrix_poly(sable_circuit *circuit, const sable_matrix *m, const sable_poly *poly);

/* -- sums ---------------------------------------------------------------------------------------------------------- */
/* Matrix f x g -> column vector of the g sums of columns. 0 levels; log2(h) rotations for each column of tiles: tiles are added first. */
SABLE_API const sable_matrix *sable_matrix_sum_rows(sable_circuit *circuit, const sable_matrix *m);
/* The same of matrices with equal columns and tiles, whatever their rows, all together: one rotation sum. */
SABLE_API const sable_matrix *sable_matrix_sum_rows_many(sable_circuit *circuit, const sable_matrix *const *list,
                                                         size_t count);
/* Matrix f x g -> row vector of the f sums of rows, times c. 1 level (the mask, which carries c for nothing); 2 log2(w) rotations for each row of tiles. */
SABLE_API const sable_matrix *sable_matrix_sum_cols(sable_circuit *circuit, const sable_matrix *m, double c);
/* The same of matrices with equal rows and tiles, whatever their columns, all together: one mask. */
SABLE_API const sable_matrix *sable_matrix_sum_cols_many(sable_circuit *circuit, const sable_matrix *const *list,
                                                         size_t count, double c);

/* -- products ------------------------------------------------------------------------------------------------------ */
/* Row vector (f) times matrix (f x g) -> column vector (g): 1 level, log2(h) rotations for each column of tiles; c must be 1. Matrix (f x g) times column
 * vector (g), times c -> row vector (f): 2 levels, 2 log2(w) rotations for each row of tiles. */
SABLE_API const sable_matrix *sable_matrix_multiply(sable_circuit *circuit, const sable_matrix *a,
                                                    const sable_matrix *b, double c);
/* c*A*B, f x h, of the transposed A (g x f) and B (g x h) in equal tiles. 3 levels: A enters one above B. For each k < f and row of tiles of A: one rotation
 * (none for k = 0 modulo w) and log2(w); for each k and column of tiles of B: log2(h). */
SABLE_API const sable_matrix *sable_matrix_multiply_row_major(sable_circuit *circuit, const sable_matrix *a_transposed,
                                                              const sable_matrix *b, double c);
/* c*A*B, f x h, of A (f x g) and the transposed B (h x g) in equal tiles. 3 levels: B enters one above A. For each k < h and column of tiles of B:
 * log2(h) rotations; for each k and row of tiles of A: log2(w) and one (none for k = 0 modulo w). */
SABLE_API const sable_matrix *sable_matrix_multiply_col_major(sable_circuit *circuit, const sable_matrix *a,
                                                              const sable_matrix *b_transposed, double c);

/* -- tiles with height and width exchanged ("mixed") --------------------------------------------------------------- */
/* The same slots read in the tile w x h: free. r = the larger of h/w, w/h. What becomes of the elements:
 *   matrix f x g, wide, g <= h        (f*r) x g: row i becomes row i*r, the rows between are 0
 *   matrix f x g, tall, g <= w        ceil(f/r) x h: r rows stand side by side, row i at column (i mod r)*w of row i/r
 *   row vector of f values, wide      f*r values: each r times
 *   column vector of g <= w, tall     h values: the w columns of the tile, padding included, r times
 * Square tiles: the matrix itself. Anything else is no matrix or vector of the new tile: refused. */
SABLE_API const sable_matrix *sable_matrix_transpose_tile(sable_circuit *circuit, const sable_matrix *m);
/* Matrix f x g in tiles h x w with g <= h <= w -> column vector (g) in the tile w x h. 0 levels, log2(w) rotations in all. */
SABLE_API const sable_matrix *sable_matrix_sum_rows_mixed(sable_circuit *circuit, const sable_matrix *m);
SABLE_API const sable_matrix *sable_matrix_sum_rows_mixed_many(sable_circuit *circuit, const sable_matrix *const *list,
                                                               size_t count);
/* Matrix f x g in tiles h x w with g <= h <= w and column vector (g) in the tile w x h -> matrix f x g in tiles h x w. */
SABLE_API const sable_matrix *sable_matrix_hadamard_mixed(sable_circuit *circuit, const sable_matrix *matrix,
                                                          const sable_matrix *vector);
/* For a matrix in tiles h x w with g <= h <= w: row vector (f) in tiles h x w times matrix -> column vector (g) in the tile w x h, 1 level, c must be 1; matrix
 * times column vector (g) in the tile w x h, times c -> row vector (f) in tiles h x w, 2 levels. */
SABLE_API const sable_matrix *sable_matrix_multiply_mixed(sable_circuit *circuit, const sable_matrix *a,
                                                          const sable_matrix *b, double c);
/* As multiply_row_major, of the transposed A (g x f) and B (g x h) in tiles w x h with f, h <= height <= width of the result's tile h x w: one tile. */
SABLE_API const sable_matrix *sable_matrix_multiply_row_major_mixed(sable_circuit *circuit,
                                                                    const sable_matrix *a_transposed,
                                                                    const sable_matrix *b, double c);
/* As multiply_col_major, of A (f x g) in tiles h x w with g <= h <= w and the transposed B (h x g) in tiles w x h. */
SABLE_API const sable_matrix *sable_matrix_multiply_col_major_mixed(sable_circuit *circuit, const sable_matrix *a,
                                                                    const sable_matrix *b_transposed, double c);

/* -- converters ---------------------------------------------------------------------------------------------------- */
/* From a vector in tiles h x w to the other kind in tiles w x h, times c. r = the larger of h/w, w/h.
 * Row vector -> column vector: 1 level; log2 of the smaller side rotations, and r - 1 more from tall tiles.
 * Column vector -> row vector: 2 levels; log2 of the smaller side and log2(h) rotations, and r - 1 more from wide tiles. */
SABLE_API const sable_matrix *sable_matrix_row_to_col(sable_circuit *circuit, const sable_matrix *m, double c);
SABLE_API const sable_matrix *sable_matrix_col_to_row(sable_circuit *circuit, const sable_matrix *m, double c);

/* -- in files ------------------------------------------------------------------------------------------------------ */
typedef struct sable_matrix_shape {
    size_t struct_size;
    sable_format format;
    uint32_t rows, cols;
    sable_tile tile;
} sable_matrix_shape;
/* An encrypted matrix: its shape and its tiles in one batch, row of tiles by row of tiles (sable_ct_slice and sable_ct_concat give and take single ones).
 * Level, scale and parts are kept as they are. Errors: those of files.h; SABLE_INVALID: the batch does not have the shape's tiles and slots. */
SABLE_API SABLE_CHECKED sable_status sable_matrix_save(sable_queue *queue, const sable_matrix_shape *shape,
                                                       const sable_ct *tiles, const char *path,
                                                       const sable_file_options *options);
SABLE_API SABLE_CHECKED sable_status sable_matrix_load(sable_queue *queue, sable_matrix_shape *shape, sable_ct *tiles,
                                                       const char *path);
/* Exact length of the file of tiles with two parts at a level; seeded: as sable_encrypt_secret makes them. */
SABLE_API SABLE_CHECKED sable_status sable_matrix_file_bytes(uint64_t *bytes, const sable_params *params,
                                                             const sable_matrix_shape *shape, uint32_t level,
                                                             bool seeded, const sable_file_options *options,
                                                             sable_error *err);

#ifdef __cplusplus
}
#endif
#endif
