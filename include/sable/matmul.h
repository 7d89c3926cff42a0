/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_MATMUL_H
#define SABLE_MATMUL_H
/* Products of matrices as circuits: plaintext matrix times encrypted vector, encrypted times encrypted square matrices, and products over many samples that
 * stand feature by feature. What is written with these functions runs on every evaluator (docs/LINALG.md).
 *
 * They build circuits: the first error stays in the circuit (sable_circuit_status), and the function gives SABLE_NODE_NONE. */
#include "sable/circuit.h"

#ifdef __cplusplus
extern "C" {
#endif

/* -- plaintext matrix, encrypted vector ---------------------------------------------------------------------------- */
/* A*x for a rows x cols matrix, row by row. With m and n the powers of two from rows and cols on, x has period n in the slots and the result has period m, its
 * values from rows on 0. One level, one sable_circuit_transform of min(m, n) diagonals, and log2(n/m) rotations where n > m. */
SABLE_API sable_node sable_circuit_matrix_vector(sable_circuit *circuit, const double *matrix, uint32_t rows,
                                                 uint32_t cols, sable_node x);

/* -- encrypted square matrices ------------------------------------------------------------------------------------- */
#define SABLE_SQUARES_MOST 128

/* How d x d matrices lie in the slots: element (i, j) of matrix q in slot (i*width + j)*count + q, so that a cyclic rotation moves all of them alike. With
 * width = 2*side the halves j >= side are spare, and shifts of columns need no mask. */
typedef struct sable_squares {
    size_t struct_size;
    uint32_t size, side; /* d, and the power of two from d on */
    uint32_t width;      /* 2*side where the slots suffice, else side */
    uint32_t count;      /* matrices in one ciphertext: slots / (side * width) */
    uint32_t depth;      /* levels of a product: 2 with width 2*side, else 3 */
} sable_squares;
/* Errors: SABLE_LIMIT (d > SABLE_SQUARES_MOST), SABLE_INVALID (d = 0; slots no power of two, or fewer than side^2). */
SABLE_API SABLE_CHECKED sable_status sable_squares_choose(sable_squares *squares, uint32_t slots, uint32_t size,
                                                          sable_error *err);
/* matrices[count][size][size] <-> all slots; spare slots are 0. */
SABLE_API void sable_squares_pack(const sable_squares *squares, const double *matrices, double *slots);
SABLE_API void sable_squares_unpack(const sable_squares *squares, const double *slots, double *matrices);
/* A*B of each pair (Jiang, Kim, Lauter, Song 2018): sum over k < side of phi^k(sigma(A)) (.) psi^k(tau(B)), sigma(A)_ij = A_{i,i+j}, tau(B)_ij = B_{i+j,j}, phi^k
 * and psi^k shifting columns and rows by k. Spare slots of the operands do not matter, those of the result are 0. side products and one relinearisation;
 * 2*(side - 1) rotations of two levels each, with 2*sqrt(side) keys or so for either operand; sigma and tau by diagonals; with width = side also side - 1 masks. Results may be
 * added before anything else uses them: they share the relinearisation then. */
SABLE_API sable_node sable_circuit_multiply_squares(sable_circuit *circuit, const sable_squares *squares, sable_node a,
                                                    sable_node b);

/* -- feature by feature -------------------------------------------------------------------------------------------- */
/* Sum over j < count of weights[j] * x[j]: one level, no key. Weights of 0 cost nothing; SABLE_INVALID: all are 0, so that the result would be known to everybody. */
SABLE_API sable_node sable_circuit_combine(sable_circuit *circuit, const sable_node *x, size_t count,
                                           const double *weights);
/* Sum over j < count of a[j] * b[j]: one level, one relinearisation. */
SABLE_API sable_node sable_circuit_dot(sable_circuit *circuit, const sable_node *a, const sable_node *b, size_t count);

#ifdef __cplusplus
}
#endif
#endif
