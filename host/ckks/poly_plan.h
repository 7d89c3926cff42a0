/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CKKS_POLY_PLAN_H
#define SABLE_CKKS_POLY_PLAN_H
/* The plan of an evaluation: a straight-line program whose scales are exact. It is a pure function of the parameter set, the
 * polynomial and the input level. */
#include "ckks/poly_impl.h"
#include "ring/params_impl.h"

#define SABLE_POLY_MAX_K 64 /* pairs of levels between which an adjust can be needed; depth 8 has 36 */

/* A scale as a product of powers of symbols: the input scale, the output scale, every prime of U, every adjust integer K.
 * Two scales are equal exactly when all exponents are; no tolerance and no large rationals are needed. */
typedef struct sable_monomial {
    int16_t in, out;
    int16_t prime[SABLE_MAX_Q];
    int16_t k[SABLE_POLY_MAX_K];
} sable_monomial;

/* r = a * b^sign. */
sable_monomial sable_monomial_times(const sable_monomial *a, const sable_monomial *b, int sign);
bool sable_monomial_equal(const sable_monomial *a, const sable_monomial *b);

typedef enum sable_poly_op {
    SABLE_POLY_INPUT,
    SABLE_POLY_TENSOR,        /* a (x) b: 3 parts */
    SABLE_POLY_DOUBLE,        /* 2a, scale unchanged */
    SABLE_POLY_CONST_PRODUCT, /* a times the integer round(constant * constant_scale) */
    SABLE_POLY_ADD_CONST,     /* a + constant, at a's scale */
    SABLE_POLY_ADD,
    SABLE_POLY_SUB,     /* a +- b: equal levels and monomials */
    SABLE_POLY_RESCALE, /* one level down; with relinearisation when a has 3 parts */
    SABLE_POLY_DROP,    /* a's limbs of `level` */
    SABLE_POLY_ADJUST   /* round(K*A*a/E) at `level`: the scale times K*A/E, with K = round(E/A) */
} sable_poly_op;

typedef struct sable_poly_node {
    sable_poly_op op;
    int32_t a, b; /* operands: earlier nodes, or -1 */
    uint32_t level, parts;
    double constant;
    double bound; /* |value| <= bound when the input lies in the interval */
    sable_monomial scale, constant_scale;
    sable_dd scale_value, constant_scale_value;
    int32_t last_use; /* node after which this one's memory is free; the result: -1 */
} sable_poly_node;

typedef struct sable_poly_plan_k {
    uint32_t from, to;
    sable_dd value; /* K, an exact integer */
} sable_poly_plan_k;

struct sable_poly_program {
    const sable_params *params;
    sable_dd in_scale, out_scale;
    uint32_t level_in, level_out;
    uint32_t count, room;
    sable_poly_node *node;
    int32_t result;
    uint32_t k_count;
    sable_poly_plan_k k[SABLE_POLY_MAX_K];
    uint32_t tensors, relins, rescales, constant_products, adjusts;
    uint32_t relin_low, relin_high; /* meaningful if relins > 0 */
};
typedef struct sable_poly_program sable_poly_program;

/* The value of a monomial; relative error below 2^-95. */
sable_dd sable_monomial_value(const sable_poly_program *p, const sable_monomial *m);

/* The cheapest plan for the reduced polynomial from level_in (after the affine map), input and output canonical. Freed with
 * sable_poly_program_free. Errors: those of sable_poly_plan. */
sable_status sable_poly_program_create(sable_poly_program **out, const sable_params *params,
                                       const sable_poly_reduced *poly, uint32_t level_in, sable_error *err);
void sable_poly_program_free(sable_poly_program **program);

#endif
