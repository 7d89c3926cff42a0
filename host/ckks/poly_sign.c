/* SPDX-License-Identifier: Apache-2.0 */
/* Compositions of minimax polynomials for the sign. */
#include "ckks/poly_sign.h"

#include <stdlib.h>
#include <string.h>

#include "ckks/poly_fit.h"

static double one(double x, void *arg) {
    (void)x, (void)arg;
    return 1;
}

static sable_status check(const uint32_t *degrees, size_t stages, double gap, double bound, sable_error *err) {
    if (stages == 0 || stages > SABLE_SIGN_MAX_STAGES)
        return sable_fail(err, SABLE_INVALID, "sign: %zu stages: 1 to %d", stages, SABLE_SIGN_MAX_STAGES);
    for (size_t i = 0; i < stages; i++)
        if (degrees[i] < 3 || degrees[i] > SABLE_FIT_MAX_DEGREE || degrees[i] % 2 == 0)
            return sable_fail(err, SABLE_INVALID, "sign: stage %zu has degree %u: an odd one from 3 to %d is needed",
                              i + 1, degrees[i], SABLE_FIT_MAX_DEGREE);
    if (!(bound > 0) || isinf(bound))
        return sable_fail(err, SABLE_INVALID, "sign: bound %g: a positive number is needed", bound);
    if (!(gap >= 0x1p-40 * bound && gap < bound))
        return sable_fail(err, SABLE_INVALID, "sign on [%g, %g]: a gap of %g: %g up to the bound is possible", -bound,
                          bound, gap, 0x1p-40 * bound);
    return SABLE_OK;
}

/* The fit of 1 where near <= u <= far, as coefficients in T_i(u). */
static sable_status fit_stage(double *c, double *error, uint32_t degree, double near, double far, sable_error *err) {
    const sable_fit fit = {sizeof fit, degree, -1, 1, SABLE_PARITY_ODD, 0};
    sable_fit_domain d;
    SABLE_TRY(sable_fit_open(&d, one, NULL, &fit, "sign", err));
    sable_fit_restrict(&d, near, far);
    SABLE_TRY(sable_fit_minimax(c, error, &d, err));
    if (!(*error < 1))
        return sable_fail(err, SABLE_DATA, "sign of degree %u on [%g, %g]: doubles hold no fit: widen the gap", degree,
                          near, far);
    return SABLE_OK;
}

/* An odd p of degree 2m + 1 that is the best fit of 1 on near <= u <= far has m peaks of its error inside that range: with those of -p, all 2m
 * zeros of its derivative. So it rises from 0 at 0 to 1 - e at near, and |p| <= 1 + e up to far. That is far closer than the bound that
 * holds for any polynomial, and it has to be: beyond far a polynomial of degree 63 doubles within 0.1 %. */
static sable_status make_stage(sable_poly **out, const double *c, uint32_t degree, double reach, double bound,
                               sable_error *err) {
    SABLE_TRY(sable_poly_make(out, c, degree + 1, -reach, reach, err));
    (*out)->bound = fmin((*out)->bound, bound);
    return SABLE_OK;
}

/* Fits all stages. A stage with values up to b becomes p/b, and the next one is fitted where that leaves values: in its
 * variable, u = p/b, on [-1, 1], so nothing has to be scaled between them. */
static sable_status fit_stages(sable_sign *s, sable_error *err) {
    const double slack = 1 + 0x1p-30; /* of the largest error as it was found, and of rounded coefficients */
    double c[SABLE_POLY_COEFFS], near = s->gap / s->bound, far = 1;
    for (size_t i = 0; i < s->stages; i++) {
        const uint32_t degree = s->degree[i];
        const double reach = i == 0 ? s->bound : 1;
        SABLE_TRY(fit_stage(c, &s->error, degree, near, far, err));
        const double most = (1 + s->error) * slack;
        if (i + 1 == s->stages) {
            SABLE_TRY(make_stage(&s->stage[i], c, degree, reach, most, err));
            for (uint32_t k = 0; k <= degree; k++) c[k] /= 2;
            c[0] = 0.5;
            return make_stage(&s->step, c, degree, reach, (1 + most) / 2, err);
        }
        for (uint32_t k = 0; k <= degree; k++) c[k] /= most;
        SABLE_TRY(make_stage(&s->stage[i], c, degree, reach, 1, err));
        near = (1 - s->error) / most;
        far = (1 + s->error) / most;
    }
    return SABLE_OK;
}

/* Where |x| >= gap the product errs by |x|*error/2 at most. Below, the sign is wrong and x is small: 64 points an octave, where p has no
 * ripples, miss the largest product by less than 0.1 %. */
static double measure_relu(const sable_sign *s) {
    double most = s->gap * 0x1p-13; /* of what lies below the points */
    for (int octave = 0; octave < 12; octave++)
        for (int i = 0; i < 64; i++) {
            const double x = ldexp(s->gap * (128 - i) / 128, -octave);
            most = fmax(most, fabs(x * (1 - sable_sign_value(s, x)) / 2));
        }
    return fmax(1.001 * most, s->bound * s->error / 2);
}

sable_status sable_sign_create(sable_sign **out, const uint32_t *degrees, size_t stages, double gap, double bound,
                               sable_error *err) {
    if (!out || !degrees) return sable_fail(err, SABLE_INVALID, "sable_sign_create: out and degrees must not be NULL");
    SABLE_TRY(check(degrees, stages, gap, bound, err));
    sable_sign *s = calloc(1, sizeof *s);
    if (!s) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a sign composition");
    s->stages = stages;
    memcpy(s->degree, degrees, stages * sizeof *degrees);
    s->gap = gap;
    s->bound = bound;
    const sable_status status = fit_stages(s, err);
    if (status != SABLE_OK) {
        sable_sign_destroy(&s);
        return status;
    }
    s->relu_error = measure_relu(s);
    *out = s;
    return SABLE_OK;
}

/* Gaps that the search tries: 16 in an octave, descending. */
static double gap_at(uint32_t k, double bound) { return ldexp(bound * (32 - k % 16) / 32, -(int)(k / 16)); }

/* A narrower gap leaves a larger error beyond it and a smaller one within. The best lies where the two meet. With a gap far wider than that, fits
 * are better than doubles hold (SABLE_DATA). */
sable_status sable_sign_create_relu(sable_sign **out, const uint32_t *degrees, size_t stages, double bound,
                                    sable_error *err) {
    if (!out) return sable_fail(err, SABLE_INVALID, "sable_sign_create_relu: out must not be NULL");
    sable_sign *best = NULL;
    sable_error why = {SABLE_OK, ""};
    uint32_t wide = 0, narrow = 16 * 20; /* the gap at `wide` is wider than the best one, that at `narrow` narrower */
    while (narrow - wide > 1) {
        const uint32_t k = wide + (narrow - wide) / 2;
        sable_sign *s = NULL;
        const sable_status status = sable_sign_create(&s, degrees, stages, gap_at(k, bound), bound, &why);
        if (status == SABLE_DATA) {
            wide = k;
            continue;
        }
        if (status != SABLE_OK) break;
        if (s->relu_error > s->bound * s->error / 2)
            wide = k;
        else
            narrow = k;
        if (!best || s->relu_error < best->relu_error) {
            sable_sign *swap = best;
            best = s;
            s = swap;
        }
        sable_sign_destroy(&s);
    }
    if (!best || (why.code != SABLE_OK && why.code != SABLE_DATA)) {
        sable_sign_destroy(&best);
        return sable_fail(err, why.code, "%s", why.text);
    }
    *out = best;
    return SABLE_OK;
}

/* -- degrees by accuracy ------------------------------------------------------------------------------------------- */

typedef struct degree_set {
    uint32_t degree[3];
} degree_set;

/* For alpha from SABLE_SIGN_LEAST_ALPHA on. Found by search: every sequence of stages of 2 to 6 levels, with their largest degrees, for the least
 * depth; then the degrees lowered as far as the error allows, for the fewest relinearisations (degrees 25 and 57 take as many
 * as 17 and 33). Sets of degrees up to 31, as published by Lee, Lee, No and Kim (IEEE Transactions on Dependable and Secure
 * Computing 19(6), 2022), take up to one level and three relinearisations more. */
static const degree_set COMPARE_SETS[] = {{{25}},         {{7, 13}},      {{15, 15}},     {{25, 25}},
                                          {{25, 57}},     {{57, 57}},     {{13, 25, 25}}, {{13, 25, 57}},
                                          {{13, 57, 57}}, {{27, 57, 57}}, {{57, 57, 57}}};
static const degree_set RELU_SETS[] = {{{3}},      {{7}},      {{25}},     {{57}},         {{7, 15}},    {{15, 15}},
                                       {{25, 25}}, {{25, 57}}, {{57, 57}}, {{13, 15, 29}}, {{7, 29, 57}}};
#define SETS (SABLE_SIGN_MOST_ALPHA - SABLE_SIGN_LEAST_ALPHA + 1)
_Static_assert(sizeof COMPARE_SETS / sizeof *COMPARE_SETS == SETS && sizeof RELU_SETS / sizeof *RELU_SETS == SETS,
               "a set for every alpha");

static sable_status find_set(const degree_set **set, size_t *stages, const degree_set *sets, uint32_t alpha,
                             sable_error *err) {
    if (alpha < SABLE_SIGN_LEAST_ALPHA || alpha > SABLE_SIGN_MOST_ALPHA)
        return sable_fail(err, SABLE_INVALID,
                          "sign: degrees are known for alpha %d to %d, not for %u: choose them (sable_sign_create)",
                          SABLE_SIGN_LEAST_ALPHA, SABLE_SIGN_MOST_ALPHA, alpha);
    *set = &sets[alpha - SABLE_SIGN_LEAST_ALPHA];
    *stages = 0;
    while (*stages < 3 && (*set)->degree[*stages]) ++*stages;
    return SABLE_OK;
}

sable_status sable_sign_for_compare(sable_sign **out, uint32_t alpha, double bound, sable_error *err) {
    const degree_set *set;
    size_t stages;
    SABLE_TRY(find_set(&set, &stages, COMPARE_SETS, alpha, err));
    return sable_sign_create(out, set->degree, stages, ldexp(bound, -(int)alpha), bound, err);
}

sable_status sable_sign_for_relu(sable_sign **out, uint32_t alpha, double bound, sable_error *err) {
    const degree_set *set;
    size_t stages;
    SABLE_TRY(find_set(&set, &stages, RELU_SETS, alpha, err));
    return sable_sign_create_relu(out, set->degree, stages, bound, err);
}

void sable_sign_destroy(sable_sign **sign) {
    if (!sign || !*sign) return;
    for (size_t i = 0; i < SABLE_SIGN_MAX_STAGES; i++) sable_poly_destroy(&(*sign)->stage[i]);
    sable_poly_destroy(&(*sign)->step);
    free(*sign);
    *sign = NULL;
}

sable_status sable_sign_describe(const sable_sign *sign, sable_sign_info *info) {
    if (!sign || !info || info->struct_size != sizeof *info) return SABLE_INVALID;
    *info = (sable_sign_info){.struct_size = sizeof *info,
                              .stages = sign->stages,
                              .gap = sign->gap,
                              .bound = sign->bound,
                              .error = sign->error,
                              .relu_error = sign->relu_error};
    for (size_t i = 0; i < sign->stages; i++) {
        info->degree[i] = sign->degree[i];
        info->depth += sable_poly_depth(sign->stage[i]);
    }
    return SABLE_OK;
}

double sable_sign_value(const sable_sign *sign, double x) {
    if (!sign) return NAN;
    for (size_t i = 0; i < sign->stages; i++) x = sable_poly_value(sign->stage[i], x);
    return x;
}

const sable_poly *sable_sign_stage(const sable_sign *sign, size_t i) {
    return sign && i < sign->stages ? sign->stage[i] : NULL;
}
