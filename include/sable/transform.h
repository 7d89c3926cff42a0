/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TRANSFORM_H
#define SABLE_TRANSFORM_H
/* Linear maps on slots: plaintext matrices times encrypted vectors.
 *
 * A map is given by its diagonals (Halevi, Shoup 2014): y[j] = sum over d of value_d[j] * x[j + d], indices modulo the slots. With d = g + b, g a
 * multiple of the giant step and 0 <= b < giant step, it is evaluated as
 *   y = sum over g of rot_g( sum over b of rot_-g(value_{g+b}) (.) rot_b(x) )
 * with double hoisting (Bossuat and others, eprint 2020/1203): the digits of x are computed once, the baby steps rot_b(x) and the sums stay
 * modulo P*Q, one polynomial is divided by P for every giant step, and the result, rescaled at once, by one division. */
#include "sable/keys.h"

#ifdef __cplusplus
extern "C" {
#endif

/* -- in the clear -------------------------------------------------------------------------------------------------- */

typedef struct sable_diagonal {
    int64_t index;        /* taken modulo the slots */
    const double *values; /* `slots` numbers, or pairs (re, im) */
} sable_diagonal;

/* The diagonals of a map, copied. Immutable, shared by threads; what is made of it keeps it, so it may be destroyed at any time. */
typedef struct sable_diagonals sable_diagonals;

/* slots: a power of two. Diagonals that are 0 in every slot are left out: they cost nothing. Errors: SABLE_INVALID (slots, an index twice,
 * nothing but zeros), SABLE_DATA (a value that is not finite), SABLE_NO_MEMORY. */
SABLE_API SABLE_CHECKED sable_status sable_diagonals_create(sable_diagonals **out, uint32_t slots,
                                                            const sable_diagonal *list, size_t count, bool is_complex,
                                                            sable_error *err);
/* A rows x cols matrix, row by row, for vectors that repeat: with m and n the powers of two from rows and cols on, x has period n in the slots.
 * m >= n: n diagonals, and the result is A*x with period m. m < n: m diagonals, and A*x, with period m, is the sum of the result rotated by
 * t*m over t < n/m (sable_circuit_rotate_sum; log2(n/m) rotations). Errors: as above; SABLE_INVALID when m or n exceeds the slots. */
SABLE_API SABLE_CHECKED sable_status sable_diagonals_matrix(sable_diagonals **out, uint32_t slots, const double *matrix,
                                                            uint32_t rows, uint32_t cols, sable_error *err);
/* Sets *diagonals to NULL; NULL is a no-op. */
SABLE_API void sable_diagonals_destroy(sable_diagonals **diagonals);

typedef struct sable_diagonals_info {
    size_t struct_size;
    uint32_t slots;
    size_t count; /* that are not 0 */
    bool is_complex;
    double bound;  /* |y[j]| <= bound * largest |x|: the largest sum of sizes in a row */
    double energy; /* mean over j of the sum of |value_d[j]|^2: the rms of y is about its square root times that of x */
} sable_diagonals_info;
SABLE_API SABLE_CHECKED sable_status sable_diagonals_describe(const sable_diagonals *diagonals,
                                                              sable_diagonals_info *info);
/* y = the map of x in double precision; arrays of `slots` pairs, not the same. */
SABLE_API void sable_diagonals_apply(const sable_diagonals *diagonals, double *y, const double *x);

/* -- on ciphertexts ------------------------------------------------------------------------------------------------ */

typedef struct sable_transform_options {
    size_t struct_size;
    uint32_t level; /* of the operand, 1 or more; the result is one lower */
    sable_scale
        scale; /* of the diagonals; hi = 0: the canonical scale of the level, which keeps canonical operands canonical */
    uint32_t giant_step; /* a power of two up to the slots; 0: the cheapest, a giant step counted as 3 baby steps */
} sable_transform_options;

/* What one evaluation does, known without keys. */
typedef struct sable_transform_cost {
    size_t struct_size;
    uint32_t giant_step;
    uint32_t diagonals;       /* products with plaintexts, of two polynomials modulo P*Q */
    uint32_t babies, giants;  /* key switches: rotations by b != 0, by g != 0 */
    uint64_t plaintext_bytes; /* of the encoded diagonals */
    uint64_t scratch_bytes;   /* of an evaluation of one member */
} sable_transform_cost;
/* options may be those of any level of `params`. Errors: SABLE_INVALID, SABLE_LEVEL, SABLE_SCALE, SABLE_BOUND (diagonals too large for the scale). */
SABLE_API SABLE_CHECKED sable_status sable_transform_plan(const sable_diagonals *diagonals, const sable_params *params,
                                                          const sable_transform_options *options,
                                                          sable_transform_cost *cost, sable_error *err);
/* Adds the rotations of an evaluation to a specification. */
SABLE_API SABLE_CHECKED sable_status sable_transform_add_keys(sable_key_spec *spec, const sable_diagonals *diagonals,
                                                              const sable_transform_options *options, sable_error *err);

/* Diagonals encoded for one level, once for any number of evaluations. Read-only, shared by queues as ciphertexts are. */
typedef struct sable_transform sable_transform;
SABLE_API SABLE_CHECKED sable_status sable_transform_create(sable_queue *queue, sable_transform **out,
                                                            sable_diagonals *diagonals,
                                                            const sable_transform_options *options);
SABLE_API void sable_transform_destroy(sable_queue *queue, sable_transform **transform);
SABLE_API SABLE_CHECKED sable_status sable_transform_describe(const sable_transform *transform,
                                                              sable_transform_cost *cost);
/* out = the map of in, every member: level - 1, scale times that of the diagonals times Q_{level-1}/Q_level (canonical stays canonical). in: 2
 * parts, the level and slots of the transform. Errors: SABLE_NO_KEY (all rotations that are missing, in one sentence), SABLE_LEVEL, SABLE_DEGREE,
 * SABLE_BOUND, SABLE_KEY_MISMATCH. Cost: beta*(ell+k)*(1+giants) + giants*(k+ell) + 2*(k+D+ell_{l-1}) NTT. */
SABLE_API SABLE_CHECKED sable_status sable_transform_apply(sable_queue *queue, sable_ct *out, const sable_ct *in,
                                                           const sable_transform *transform, const sable_keyset *keys);

#ifdef __cplusplus
}
#endif
#endif
