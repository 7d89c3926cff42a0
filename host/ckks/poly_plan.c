/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: target-scale recursion with lazy relinearisation (docs/ALGORITHMS.md, polynomials).
 *
 *   eval(p, l, S)  = rescale(relinearise( sum(p, l+1, S * Q_{l+1}/Q_l) ))
 *   sum(p, l, S)   = sum_i c_i*T_i + c_0                   if deg p < 2^m and every T_i exists at level l
 *                  = eval(q, l, S/scale(T_k)) (x) T_k + sum(r, l, S)   with p = q*T_k + r otherwise
 *
 * Every summand is made for the scale S that the sum shall have: products with constants by the scale at which the constant is
 * encoded, products of ciphertexts by the scale asked of the quotient. So scales meet exactly. */
#include "ckks/poly_plan.h"

#include <stdlib.h>
#include <string.h>

#include "ckks/adjust.h"

#define FEWEST_BITS 20 /* of a scale at which a factor is encoded or a quotient is computed */

typedef struct planner {
    sable_poly_program *p;
    const sable_poly_reduced *poly;
    uint32_t leaf; /* m: sums of degree < 2^m are not split */
    sable_error *err;
    sable_status status;
    int32_t basis[SABLE_POLY_COEFFS];                /* node of T_i, or -1 */
    int32_t at[SABLE_POLY_COEFFS][SABLE_MAX_LEVELS]; /* node of T_i at a level, or -1 */
} planner;

static int32_t failed(planner *b, sable_status status) {
    if (b->status == SABLE_OK) b->status = status;
    return -1;
}

static double capacity_log2(const sable_params *params, uint32_t level) {
    uint32_t first = sable_window_first(params, level), limbs = sable_window_limbs(params, level);
    double bits = -2;
    for (uint32_t i = 0; i < limbs; i++) bits += log2(params->prime[first + i]);
    return bits;
}

/* Checks that the node's values fit its level and its constant is worth encoding; appends it. */
static int32_t push(planner *b, sable_poly_node node) {
    sable_poly_program *p = b->p;
    if (b->status != SABLE_OK) return -1;
    node.scale_value = sable_monomial_value(p, &node.scale);
    double need = log2(fmax(node.bound, 0x1p-60)) + log2(node.scale_value.hi),
           have = capacity_log2(p->params, node.level);
    if (need > have)
        return failed(
            b, sable_fail(b->err, SABLE_BOUND,
                          "polynomial: values up to %g at scale 2^%.2f need %.1f bits, level %u holds %.1f: scale the "
                          "polynomial down or start at a higher level",
                          node.bound, log2(node.scale_value.hi), need, node.level, have));
    if (node.op == SABLE_POLY_CONST_PRODUCT) {
        node.constant_scale_value = sable_monomial_value(p, &node.constant_scale);
        if (node.constant_scale_value.hi < exp2(FEWEST_BITS))
            return failed(
                b,
                sable_fail(
                    b->err, SABLE_SCALE,
                    "polynomial: a constant would be encoded at scale 2^%.1f only (at least 2^%d wanted) at level %u: "
                    "the scales of levels %u to %u lie too far apart: start at another level",
                    log2(node.constant_scale_value.hi), FEWEST_BITS, node.level, p->level_in, p->level_out));
        p->constant_products++;
    }
    if (p->count == p->room) {
        uint32_t room = p->room ? 2 * p->room : 64;
        sable_poly_node *grown = realloc(p->node, room * sizeof *grown);
        if (!grown) return failed(b, sable_fail(b->err, SABLE_NO_MEMORY, "no memory for a plan of %u steps", room));
        p->node = grown;
        p->room = room;
    }
    node.last_use = -1;
    p->node[p->count] = node;
    return (int32_t)p->count++;
}

/* -- one function per operation; operands must be valid nodes ------------------------------------------------------- */

static sable_poly_node unary(const planner *b, sable_poly_op op, int32_t a) {
    sable_poly_node node = b->p->node[a];
    node.op = op;
    node.a = a;
    node.b = -1;
    return node;
}

static int32_t tensor(planner *b, int32_t x, int32_t y) {
    if (x < 0 || y < 0) return -1;
    const sable_poly_node *right = &b->p->node[y];
    sable_poly_node node = unary(b, SABLE_POLY_TENSOR, x);
    node.b = y;
    node.parts = 3;
    node.scale = sable_monomial_times(&node.scale, &right->scale, 1);
    node.bound *= right->bound;
    b->p->tensors++;
    return push(b, node);
}

static int32_t twice(planner *b, int32_t x) {
    if (x < 0) return -1;
    sable_poly_node node = unary(b, SABLE_POLY_DOUBLE, x);
    node.bound *= 2;
    return push(b, node);
}

/* x * constant, with the scale `target`. */
static int32_t times_constant(planner *b, int32_t x, double constant, const sable_monomial *target) {
    if (x < 0) return -1;
    sable_poly_node node = unary(b, SABLE_POLY_CONST_PRODUCT, x);
    node.constant = constant;
    node.constant_scale = sable_monomial_times(target, &node.scale, -1);
    node.scale = *target;
    node.bound *= fabs(constant);
    return push(b, node);
}

static int32_t add_constant(planner *b, int32_t x, double constant) {
    if (x < 0) return -1;
    sable_poly_node node = unary(b, SABLE_POLY_ADD_CONST, x);
    node.constant = constant;
    node.constant_scale = node.scale;
    node.bound += fabs(constant);
    return push(b, node);
}

static int32_t add(planner *b, int32_t x, int32_t y, bool subtract) {
    if (x < 0 || y < 0) return -1;
    const sable_poly_node *left = &b->p->node[x], *right = &b->p->node[y];
    if (left->level != right->level || !sable_monomial_equal(&left->scale, &right->scale))
        return failed(b, sable_fail(b->err, SABLE_INTERNAL, "polynomial plan: an addition of unequal scales"));
    sable_poly_node node = unary(b, subtract ? SABLE_POLY_SUB : SABLE_POLY_ADD, x);
    node.b = y;
    node.parts = left->parts > right->parts ? left->parts : right->parts;
    node.bound += right->bound;
    return push(b, node);
}

/* scale * (product of window(to) \ window(from)) / (product of the primes at `drop`). */
static void ratio(const sable_params *params, sable_monomial *m, uint32_t from, uint32_t to, const uint16_t *drop,
                  uint32_t count) {
    uint16_t restored[SABLE_MAX_Q];
    uint32_t na = sable_window_minus(params, to, from, restored);
    for (uint32_t i = 0; i < na; i++) m->prime[restored[i]]++;
    for (uint32_t i = 0; i < count; i++) m->prime[drop[i]]--;
}

static int32_t rescale(planner *b, int32_t x, double bound) {
    if (x < 0) return -1;
    sable_poly_program *p = b->p;
    sable_poly_node node = unary(b, SABLE_POLY_RESCALE, x);
    if (node.parts == 3) {
        if (p->relins++ == 0) p->relin_low = p->relin_high = node.level;
        if (node.level < p->relin_low) p->relin_low = node.level;
        if (node.level > p->relin_high) p->relin_high = node.level;
    }
    uint16_t drop[SABLE_MAX_Q];
    uint32_t count = sable_window_minus(p->params, node.level, node.level - 1, drop);
    ratio(p->params, &node.scale, node.level, node.level - 1, drop, count);
    node.level--;
    node.parts = 2;
    node.bound = bound;
    p->rescales++;
    return push(b, node);
}

static bool window_contained(const sable_params *params, uint32_t inner, uint32_t outer) {
    return params->nt[inner] <= params->nt[outer] && params->nm[inner] <= params->nm[outer];
}

/* x at a lower level with its own scale, as nearly as the chain allows: K = round(E/A), and the scale says exactly what K*A/E is.
 * (Moving to the canonical scale instead would throw away the surplus of a larger scale.) */
static int32_t lower(planner *b, int32_t x, uint32_t level) {
    if (x < 0 || b->p->node[x].level == level) return x;
    sable_poly_program *p = b->p;
    sable_poly_node node = unary(b, SABLE_POLY_DROP, x);
    uint32_t from = node.level;
    if (from < level)
        return failed(
            b, sable_fail(b->err, SABLE_INTERNAL, "polynomial plan: level %u wanted of a value at %u", level, from));
    node.level = level;
    if (window_contained(p->params, level, from)) return push(b, node);
    sable_adjust_factor factor;
    sable_adjust_choose(&factor, p->params, from, level, dd(1));
    node.op = SABLE_POLY_ADJUST;
    uint32_t k = 0;
    while (k < p->k_count && (p->k[k].from != from || p->k[k].to != level)) k++;
    if (k == SABLE_POLY_MAX_K)
        return failed(b, sable_fail(b->err, SABLE_INTERNAL, "polynomial plan: more than %u level pairs", k));
    if (k == p->k_count) p->k[p->k_count++] = (sable_poly_plan_k){from, level, factor.k};
    node.scale.k[k]++;
    ratio(p->params, &node.scale, from, level, factor.drop, factor.drop_count);
    p->adjusts++;
    return push(b, node);
}

/* -- the recursion -------------------------------------------------------------------------------------------------- */

static uint32_t power_below(uint32_t d) { /* largest power of two <= d */
    uint32_t k = 1;
    while (2 * k <= d) k *= 2;
    return k;
}

static int32_t chebyshev(planner *b, uint32_t i);

static int32_t chebyshev_at(planner *b, uint32_t i, uint32_t level) {
    if (b->at[i][level] < 0) {
        int32_t node = lower(b, chebyshev(b, i), level);
        b->at[i][level] = node;
    }
    return b->at[i][level];
}

/* T_i = 2 T_a T_b - T_{a-b}, i = a + b, a the largest power of two below i: depth ceil(log2 i). */
static int32_t chebyshev(planner *b, uint32_t i) {
    if (b->basis[i] >= 0 || b->status != SABLE_OK) return b->basis[i];
    uint32_t high = power_below(i - 1), low = i - high;
    int32_t x = chebyshev(b, high), y = chebyshev(b, low);
    if (x < 0 || y < 0) return -1;
    uint32_t lx = b->p->node[x].level, ly = b->p->node[y].level, level = lx < ly ? lx : ly;
    int32_t t = twice(b, tensor(b, chebyshev_at(b, high, level), chebyshev_at(b, low, level)));
    if (t < 0) return -1;
    sable_monomial target = b->p->node[t].scale;
    if (high == low)
        t = add_constant(b, t, -1);
    else
        t = add(b, t, times_constant(b, chebyshev_at(b, high - low, level), 1, &target), true);
    return b->basis[i] = rescale(b, t, 1);
}

static double sum_abs(const double *c, uint32_t degree) {
    double sum = 0;
    for (uint32_t i = 0; i <= degree; i++) sum += fabs(c[i]);
    return sum;
}

static bool is_leaf(const planner *b, const double *c, uint32_t degree, uint32_t level) {
    if (degree >= 1u << b->leaf) return false;
    for (uint32_t i = 1; i <= degree; i++)
        if (c[i] != 0 && sable_poly_levels(i - 1) + level > b->p->level_in) return false;
    return true;
}

static int32_t eval(planner *b, const double *c, uint32_t degree, uint32_t level, const sable_monomial *scale);

/* Not rescaled, at `level` with exactly the scale S. Degree >= 1. */
static int32_t sum(planner *b, const double *c, uint32_t degree, uint32_t level, const sable_monomial *s) {
    int32_t t = -1;
    if (is_leaf(b, c, degree, level)) {
        for (uint32_t i = degree; i > 0; i--) {
            if (c[i] == 0) continue;
            int32_t term = times_constant(b, chebyshev_at(b, i, level), c[i], s);
            t = t < 0 ? term : add(b, t, term, false);
            if (term < 0) return -1;
        }
        return c[0] != 0 ? add_constant(b, t, c[0]) : t;
    }
    /* p = q*T_k + r from 2 T_k T_i = T_{k+i} + T_{k-i}. */
    uint32_t k = power_below(degree), dq = degree - k, dr = k - 1;
    double q[SABLE_POLY_COEFFS], r[SABLE_POLY_COEFFS];
    memcpy(r, c, k * sizeof *r);
    q[0] = c[k];
    for (uint32_t i = 1; i <= dq; i++) {
        q[i] = 2 * c[k + i];
        r[k - i] -= c[k + i];
    }
    while (dr > 0 && r[dr] == 0) dr--;
    int32_t power = chebyshev_at(b, k, level);
    if (power < 0) return -1;
    if (dq == 0) {
        t = times_constant(b, power, q[0], s);
    } else {
        sable_monomial target = sable_monomial_times(s, &b->p->node[power].scale, -1);
        t = tensor(b, eval(b, q, dq, level, &target), power);
    }
    if (dr > 0) return add(b, t, sum(b, r, dr, level, s), false);
    return r[0] != 0 ? add_constant(b, t, r[0]) : t;
}

static int32_t eval(planner *b, const double *c, uint32_t degree, uint32_t level, const sable_monomial *scale) {
    const sable_params *params = b->p->params;
    sable_dd value = sable_monomial_value(b->p, scale);
    if (value.hi < exp2(FEWEST_BITS))
        return failed(
            b,
            sable_fail(
                b->err, SABLE_SCALE,
                "polynomial: a quotient of degree %u would be computed at scale 2^%.1f only (at least 2^%d wanted) at "
                "level %u: the scales of levels %u to %u lie too far apart: start at another level",
                degree, log2(value.hi), FEWEST_BITS, level, b->p->level_in, b->p->level_out));
    /* S * Q_{l+1}/Q_l: what the rescale will divide by. */
    sable_monomial inverse = {0};
    uint16_t drop[SABLE_MAX_Q];
    uint32_t count = sable_window_minus(params, level + 1, level, drop);
    ratio(params, &inverse, level + 1, level, drop, count);
    sable_monomial s = sable_monomial_times(scale, &inverse, -1);
    double bound = b->poly->input_bound > 1 ? -1 : sum_abs(c, degree);
    int32_t t = sum(b, c, degree, level + 1, &s);
    if (t < 0) return -1;
    t = rescale(b, t, bound >= 0 ? bound : b->p->node[t].bound);
    if (t >= 0 && !sable_monomial_equal(&b->p->node[t].scale, scale))
        return failed(b, sable_fail(b->err, SABLE_INTERNAL, "polynomial plan: a sum missed its scale"));
    return t;
}

/* -- whole plans ---------------------------------------------------------------------------------------------------- */

static sable_status build(sable_poly_program **out, const sable_params *params, const sable_poly_reduced *poly,
                          uint32_t level_in, uint32_t leaf, sable_error *err) {
    sable_poly_program *p = calloc(1, sizeof *p);
    planner *b = malloc(sizeof *b);
    if (!p || !b) {
        free(p);
        free(b);
        return sable_fail(err, SABLE_NO_MEMORY, "no memory for a polynomial plan");
    }
    p->params = params;
    p->level_in = level_in;
    p->level_out = level_in - sable_poly_levels(poly->degree);
    p->in_scale = params->scale[p->level_in];
    p->out_scale = params->scale[p->level_out];
    *b = (planner){.p = p, .poly = poly, .leaf = leaf, .err = err};
    memset(b->basis, -1, sizeof b->basis);
    memset(b->at, -1, sizeof b->at);
    sable_monomial out_scale = {.out = 1};
    b->basis[1] = push(b, (sable_poly_node){.op = SABLE_POLY_INPUT,
                                            .a = -1,
                                            .b = -1,
                                            .level = level_in,
                                            .parts = 2,
                                            .bound = poly->input_bound,
                                            .scale = {.in = 1}});
    if (b->status == SABLE_OK) p->result = eval(b, poly->c, poly->degree, p->level_out, &out_scale);
    sable_status status = b->status;
    free(b);
    if (status != SABLE_OK) {
        sable_poly_program_free(&p);
        return status;
    }
    for (uint32_t i = 0; i < p->count; i++) {
        if (p->node[i].a >= 0) p->node[p->node[i].a].last_use = (int32_t)i;
        if (p->node[i].b >= 0) p->node[p->node[i].b].last_use = (int32_t)i;
    }
    *out = p;
    return SABLE_OK;
}

/* Key switches cost most, then products of ciphertexts, then divisions, then constants. */
static bool cheaper(const sable_poly_program *a, const sable_poly_program *b) {
    if (a->relins != b->relins) return a->relins < b->relins;
    if (a->tensors != b->tensors) return a->tensors < b->tensors;
    if (a->rescales + a->adjusts != b->rescales + b->adjusts)
        return a->rescales + a->adjusts < b->rescales + b->adjusts;
    return a->constant_products < b->constant_products;
}

sable_status sable_poly_program_create(sable_poly_program **out, const sable_params *params,
                                       const sable_poly_reduced *poly, uint32_t level_in, sable_error *err) {
    uint32_t depth = sable_poly_levels(poly->degree);
    if (level_in > params->top_level || level_in < depth)
        return sable_fail(err, SABLE_LEVEL, "polynomial of degree %u takes %u levels%s, the input has %u of 0..%u",
                          poly->degree, depth + poly->affine, poly->affine ? " (one of them for its interval)" : "",
                          level_in + poly->affine, params->top_level);
    sable_poly_program *best = NULL;
    sable_status first = SABLE_OK;
    for (uint32_t leaf = 1; leaf < 8 && (leaf == 1 || poly->degree >= 1u << (leaf - 1)); leaf++) {
        sable_poly_program *p;
        sable_status status = build(&p, params, poly, level_in, leaf, first == SABLE_OK ? err : NULL);
        if (status != SABLE_OK) {
            if (first == SABLE_OK) first = status;
        } else if (!best || cheaper(p, best)) {
            sable_poly_program_free(&best);
            best = p;
        } else {
            sable_poly_program_free(&p);
        }
    }
    if (!best) return first;
    *out = best;
    return SABLE_OK;
}

void sable_poly_program_free(sable_poly_program **program) {
    if (!program || !*program) return;
    free((*program)->node);
    free(*program);
    *program = NULL;
}
