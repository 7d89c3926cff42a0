/* SPDX-License-Identifier: Apache-2.0 */
/* One call of every function of the table. */
#include "ckks/selftest.h"

#define CASE(name)                                                                                         \
    static sable_status name(const selftest_world *world, const selftest_side *side, const sable_limbs *v, \
                             uint64_t *extra)
#define UNUSED (void)world, (void)extra
#define B      (side->backend)
#define QUEUE  (side->queue)

static const uint32_t *lo(const selftest_world *w) { return w->constant[0]; }
static const uint32_t *hi(const selftest_world *w) { return w->constant[1]; }
static const sable_basis *const *up(const selftest_world *w) { return (const sable_basis *const *)w->up; }

CASE(copy) {
    UNUSED;
    return B->copy(QUEUE, &v[0], &v[1]);
}
CASE(zero) {
    UNUSED;
    return B->zero(QUEUE, &v[0]);
}
CASE(automorphism) {
    UNUSED;
    return B->automorphism(QUEUE, &v[0], &v[1], 5);
}
CASE(conjugation) {
    (void)extra;
    return B->automorphism(QUEUE, &v[0], &v[1], 2 * world->ring->n - 1);
}
CASE(add) {
    UNUSED;
    return B->add(QUEUE, &v[0], &v[1], &v[2]);
}
CASE(sub) {
    UNUSED;
    return B->sub(QUEUE, &v[0], &v[1], &v[2]);
}
CASE(negate) {
    UNUSED;
    return B->negate(QUEUE, &v[0], &v[1]);
}
CASE(mul) {
    UNUSED;
    return B->mul(QUEUE, &v[0], &v[1], &v[2]);
}
CASE(mul_mont) {
    UNUSED;
    return B->mul_mont(QUEUE, &v[0], &v[1], &v[2], 0);
}
CASE(mul_mont_add) {
    UNUSED;
    return B->mul_mont(QUEUE, &v[0], &v[1], &v[2], 1);
}
CASE(mul_const) {
    (void)extra;
    return B->mul_const(QUEUE, &v[0], &v[1], lo(world), hi(world));
}
CASE(add_const) {
    (void)extra;
    return B->add_const(QUEUE, &v[0], &v[1], lo(world), hi(world));
}
CASE(ntt_forward) {
    UNUSED;
    return B->ntt_forward(QUEUE, &v[0]);
}
CASE(ntt_inverse) {
    (void)extra;
    return B->ntt_inverse(QUEUE, &v[0], &v[1], lo(world));
}
CASE(base_convert) {
    (void)extra;
    return B->base_convert(QUEUE, &v[0], &v[1], world->down);
}
CASE(combine) {
    (void)extra;
    return B->combine(QUEUE, &v[0], &v[1], lo(world));
}
CASE(mod_up) {
    (void)extra;
    return B->mod_up(QUEUE, &v[0], &v[1], up(world));
}

/* Two terms a member. */
CASE(tensor) {
    UNUSED;
    sable_limbs a = v[1], b = v[2];
    const size_t a_term = a.batch_stride, b_term = b.batch_stride;
    a.batch = b.batch = v[0].batch;
    a.batch_stride *= 2;
    b.batch_stride *= 2;
    return B->tensor(QUEUE, &v[0], &a, a_term, &b, b_term, 2);
}
CASE(key_inner) {
    (void)extra;
    return B->key_inner(QUEUE, &v[0], &v[1], &v[2], &v[3], SELFTEST_ALPHA, 0, &v[4], lo(world));
}
CASE(key_inner_many) {
    (void)extra;
    const sable_limbs keys[] = {v[3], v[4]};
    const uint32_t galois[] = {5, 2 * world->ring->n - 1};
    return B->key_inner_many(QUEUE, &v[0], &v[1], &v[2], keys, galois, 2, SELFTEST_ALPHA, 0, &v[5], lo(world));
}
CASE(accumulate) {
    UNUSED;
    const uint32_t which[] = {0, 2, 1, SABLE_ABSENT};
    return B->accumulate(QUEUE, &v[0], &v[1], &v[2], which, 2);
}
CASE(key_switch) {
    (void)extra;
    return B->key_switch(QUEUE, &v[0], &v[1], up(world), &v[2], &v[3], SELFTEST_ALPHA, 0, &v[4], lo(world));
}
CASE(ntt_mod_down) {
    (void)extra;
    return B->ntt_mod_down(QUEUE, &v[0], &v[1], &v[2], lo(world), hi(world));
}
CASE(mod_down) {
    (void)extra;
    return B->mod_down(QUEUE, &v[0], &v[1], world->down, &v[2], lo(world), hi(world), 1, NULL);
}
CASE(mod_down_rotated_sum) {
    (void)extra;
    return B->mod_down(QUEUE, &v[0], &v[1], world->down, &v[2], lo(world), hi(world), 5, &v[3]);
}
/* Either of what sable_switch tells apart; divided by P. */
static sable_switch switched(const selftest_world *world, const sable_limbs *key) {
    return (sable_switch){.y_mult = hi(world),
                          .add_mult = lo(world),
                          .up = up(world),
                          .key = key,
                          .alpha = SELFTEST_ALPHA,
                          .galois = 1,
                          .down = world->down,
                          .x_mult = lo(world),
                          .e_mult = hi(world)};
}
CASE(switch_down) {
    (void)extra;
    sable_switch w = switched(world, &v[3]);
    w.own = &v[1];
    w.add = &v[2];
    w.galois = 5;
    w.more = &v[4];
    return B->switch_down(QUEUE, &v[0], &w);
}
CASE(switch_down_product) {
    (void)extra;
    sable_switch w = switched(world, &v[3]);
    w.a = &v[1];
    w.b = &v[2];
    return B->switch_down(QUEUE, &v[0], &w);
}
CASE(expand) {
    UNUSED;
    sable_expansion from = {.purpose = 2, .first_digit = 3, .first_object = 7, .montgomery = 1};
    for (uint32_t i = 0; i < sizeof from.key; i++) from.key[i] = (uint8_t)(i * 29 + 1);
    return B->expand(QUEUE, &v[0], &from);
}
CASE(encode) {
    (void)extra;
    const double *high = world->coefficients, *low = high + 2 * (size_t)world->ring->n;
    return B->encode(QUEUE, &v[0], high, low, 1);
}
CASE(encode_sparse) {
    (void)extra;
    const double *high = world->coefficients, *low = high + 2 * (size_t)world->ring->n;
    return B->encode(QUEUE, &v[0], high, low, 4);
}
CASE(check_range) {
    (void)world;
    return B->check_range(QUEUE, &v[0], extra);
}
/* The primes of the view belong to other words: some are too large, in a place that the reference knows. */
CASE(check_range_finds) {
    (void)world;
    static const uint16_t swapped[SELFTEST_Q] = {4, 5, 6, 7, 0, 1, 2, 3};
    sable_limbs other = v[0];
    other.pos = swapped;
    return B->check_range(QUEUE, &other, extra);
}

CASE(out_of_range) {
    (void)world;
    uint64_t count = 0, list[16] = {0};
    static const uint16_t swapped[SELFTEST_Q] = {4, 5, 6, 7, 0, 1, 2, 3};
    sable_limbs other = v[0];
    other.pos = swapped;
    const sable_status status = B->out_of_range(QUEUE, &other, &count, list, 16);
    for (uint32_t i = 0; status == SABLE_OK && i < 16; i++) *extra = *extra * 0x9e3779b97f4a7c15u + list[i];
    *extra += count;
    return status;
}
CASE(largest) {
    (void)world;
    uint32_t most[SELFTEST_Q];
    const sable_status status = B->largest(QUEUE, &v[0], most);
    for (uint32_t i = 0; status == SABLE_OK && i < SELFTEST_Q; i++) *extra = *extra * 0x9e3779b97f4a7c15u + most[i];
    return status;
}
CASE(digest) {
    (void)world;
    uint64_t sums[2];
    const sable_status status = B->digest(QUEUE, &v[0], sums);
    if (status == SABLE_OK) *extra = sums[0] * 0x9e3779b97f4a7c15u + sums[1];
    return status;
}

#define Q(parts, batch) \
    { SELFTEST_OF_Q, parts, batch }
#define P(parts, batch) \
    { SELFTEST_OF_P, parts, batch }
#define ALL(parts, batch) \
    { SELFTEST_OF_ALL, parts, batch }
#define UNARY \
    { ALL(2, 2), ALL(2, 2) }
#define BINARY \
    { ALL(2, 2), ALL(2, 2), ALL(2, 2) }

const selftest_case selftest_cases[] = {
    {"copy", UNARY, copy},
    {"zero", {ALL(2, 2)}, zero},
    {"ntt_forward", {ALL(2, 2)}, ntt_forward},
    {"ntt_inverse", UNARY, ntt_inverse},
    {"base_convert", {Q(2, 2), P(2, 2)}, base_convert},
    {"automorphism", UNARY, automorphism},
    {"automorphism", UNARY, conjugation},
    {"add", BINARY, add},
    {"sub", BINARY, sub},
    {"negate", UNARY, negate},
    {"mul", BINARY, mul},
    {"mul_mont", BINARY, mul_mont},
    {"mul_mont", BINARY, mul_mont_add},
    {"mul_const", UNARY, mul_const},
    {"add_const", UNARY, add_const},
    {"tensor", {Q(3, 2), Q(2, 4), Q(2, 4)}, tensor},
    {"combine", {Q(2, 2), Q(2, 2)}, combine},
    {"mod_up", {ALL(2, 2), Q(1, 2)}, mod_up},
    {"key_inner", {ALL(2, 2), ALL(2, 2), Q(1, 2), ALL(4, 1), Q(2, 2)}, key_inner},
    {"key_inner_many", {ALL(2, 4), ALL(2, 2), Q(1, 2), ALL(4, 1), ALL(4, 1), Q(1, 2)}, key_inner_many},
    {"accumulate", {Q(2, 4), Q(2, 4), Q(1, 3)}, accumulate},
    {"key_switch", {ALL(2, 2), Q(1, 2), Q(1, 2), ALL(4, 1), Q(1, 2)}, key_switch},
    {"ntt_mod_down", {Q(2, 2), Q(2, 2), Q(2, 2)}, ntt_mod_down},
    {"mod_down", {Q(2, 2), P(2, 2), Q(2, 2)}, mod_down},
    {"mod_down", {Q(2, 2), P(2, 2), Q(2, 2), Q(2, 2)}, mod_down_rotated_sum},
    {"switch_down", {Q(2, 2), Q(1, 2), Q(1, 2), ALL(4, 1), Q(2, 2)}, switch_down},
    {"switch_down", {Q(2, 2), Q(2, 2), Q(2, 2), ALL(4, 1)}, switch_down_product},
    {"expand", {ALL(2, 2)}, expand},
    {"encode", {ALL(1, 2)}, encode},
    {"encode", {ALL(1, 2)}, encode_sparse},
    {"check_range", {Q(2, 2)}, check_range},
    {"check_range", {Q(2, 2)}, check_range_finds},
    {"out_of_range", {Q(2, 2)}, out_of_range},
    {"largest", {Q(2, 2)}, largest},
    {"digest", {Q(2, 2)}, digest},
};
const size_t selftest_case_count = sizeof selftest_cases / sizeof *selftest_cases;
