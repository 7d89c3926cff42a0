/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_SIGN_H
#define SABLE_SIGN_H
/* Sign, comparison, maximum and ReLU by compositions of polynomials (docs/POLYNOMIALS.md).
 *
 * p = p_k o ... o p_1 stands for the sign on gap <= |x| <= bound. p_1 is the odd minimax fit of 1 there; it leaves values within some
 * e_1 of +-1, and each p_i is the minimax fit on the range that the one before it leaves. Between -gap and gap the value lies
 * between -1 and 1 (a little beyond, by the error), and grows from one to the other. A composition of depth d is far better than one polynomial of that depth
 * could be. */
#include "sable/circuit.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SABLE_SIGN_MAX_STAGES  8
#define SABLE_SIGN_LEAST_ALPHA 4
#define SABLE_SIGN_MOST_ALPHA  14

typedef struct sable_sign sable_sign;
/* From degrees, first stage first: odd, 3 .. SABLE_FIT_MAX_DEGREE. 0 < gap < bound. Errors: SABLE_INVALID (degrees, stages, gap, bound),
 * SABLE_DATA (a range so narrow that doubles hold no better fit). */
SABLE_API SABLE_CHECKED sable_status sable_sign_create(sable_sign **out, const uint32_t *degrees, size_t stages,
                                                       double gap, double bound, sable_error *err);
/* As sable_sign_create, with the gap for which relu_error is least. Where x is small a wrong sign does little harm, so this gap is much
 * wider than the error. */
SABLE_API SABLE_CHECKED sable_status sable_sign_create_relu(sable_sign **out, const uint32_t *degrees, size_t stages,
                                                            double bound, sable_error *err);
/* Degrees of the least depth, among these of the fewest key switches, with |p - sign| <= 2^(1-alpha) where |x| >= gap = bound * 2^-alpha: comparison
 * within 2^-alpha. SABLE_INVALID: alpha outside SABLE_SIGN_LEAST_ALPHA .. SABLE_SIGN_MOST_ALPHA (use sable_sign_create). */
SABLE_API SABLE_CHECKED sable_status sable_sign_for_compare(sable_sign **out, uint32_t alpha, double bound,
                                                            sable_error *err);
/* Degrees for |x*(1 + p(x))/2 - max(x, 0)| <= bound * 2^-alpha everywhere, chosen alike. Errors: as
 * sable_sign_for_compare. */
SABLE_API SABLE_CHECKED sable_status sable_sign_for_relu(sable_sign **out, uint32_t alpha, double bound,
                                                         sable_error *err);
SABLE_API void sable_sign_destroy(sable_sign **sign);

typedef struct sable_sign_info {
    size_t struct_size;
    size_t stages;
    uint32_t degree[SABLE_SIGN_MAX_STAGES];
    uint32_t
        depth; /* levels of sign and comparison, one of them for the map to [-1, 1] unless bound is 1; ReLU and maximum take one more */
    double gap, bound;
    double error;      /* largest |p - sign| where gap <= |x| <= bound */
    double relu_error; /* largest |x*(1 + p(x))/2 - max(x, 0)|, of the maximum of two values as well */
} sable_sign_info;
SABLE_API SABLE_CHECKED sable_status sable_sign_describe(const sable_sign *sign, sable_sign_info *info);
/* p(x) in double precision: what evaluation approximates. */
SABLE_API double sable_sign_value(const sable_sign *sign, double x);
/* Stage i: p_1 on [-bound, bound], the others on [-1, 1]. All but the last are divided by the largest value that they take,
 * so that the declared bound of their result is at most 1. NULL past the end. */
SABLE_API const sable_poly *sable_sign_stage(const sable_sign *sign, size_t i);

/* -- circuits ------------------------------------------------------------------------------------------------------ */
/* Slots are real. The circuit copies what it needs of `sign`. SABLE_BOUND: the declared bound of the argument (comparison, maximum: of the
 * difference, which is the sum of the two bounds unless sable_circuit_declare says less) exceeds the bound of `sign`. */
/* p(a): -1 or 1 within the error. */
SABLE_API sable_node sable_circuit_sign(sable_circuit *circuit, sable_node a, const sable_sign *sign);
/* (1 + p(a - b))/2: 1 where a > b, 0 where a < b, 1/2 where they are equal. */
SABLE_API sable_node sable_circuit_compare(sable_circuit *circuit, sable_node a, sable_node b, const sable_sign *sign);
/* a*(1 + p(a))/2. */
SABLE_API sable_node sable_circuit_relu(sable_circuit *circuit, sable_node a, const sable_sign *sign);
/* b + (a - b)*(1 + p(a - b))/2, a - (a - b)*(1 + p(a - b))/2. Declared bound: the larger one plus relu_error. */
SABLE_API sable_node sable_circuit_max(sable_circuit *circuit, sable_node a, sable_node b, const sable_sign *sign);
SABLE_API sable_node sable_circuit_min(sable_circuit *circuit, sable_node a, sable_node b, const sable_sign *sign);

#ifdef __cplusplus
}
#endif
#endif
