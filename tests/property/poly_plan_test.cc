/* SPDX-License-Identifier: Apache-2.0 */
/* Plans of polynomial evaluation: scales as exact rationals, counts, depth (no ciphertext involved). */
#include <NTL/ZZ.h>
#include <gtest/gtest.h>

#include <random>

#include "support/params_support.h"

extern "C" {
#include "ckks/poly_plan.h"
#include "ckks/tables.h"
}

namespace {
using NTL::ZZ;
using sable_test::load;

struct Rational {
    ZZ num{1}, den{1};
    bool operator==(const Rational &o) const { return num * o.den == o.num * den; }
    Rational operator*(const Rational &o) const { return {num * o.num, den * o.den}; }
};

/* A double-double as the rational it is. */
Rational exact(sable_dd x) {
    int e;
    (void)frexp(x.hi, &e);
    int shift = 160 - e; /* both words become integers */
    ZZ v = NTL::conv<ZZ>(ldexp(x.hi, 53 - e)) << (shift + e - 53);
    if (x.lo != 0) {
        int f;
        double m = frexp(x.lo, &f);
        v += NTL::conv<ZZ>(ldexp(m, 53)) << (f - 53 + shift);
    }
    return shift >= 0 ? Rational{v, ZZ(1) << shift} : Rational{v << -shift, ZZ(1)};
}

void raise(Rational &r, const Rational &base, int exponent) {
    for (int i = 0; i < std::abs(exponent); i++) r = r * (exponent > 0 ? base : Rational{base.den, base.num});
}

Rational value(const sable_poly_program *p, const sable_monomial *m) {
    Rational r;
    raise(r, exact(p->in_scale), m->in);
    raise(r, exact(p->out_scale), m->out);
    for (uint32_t i = 0; i < SABLE_MAX_Q; i++)
        if (m->prime[i]) raise(r, {ZZ((long)p->params->prime[i]), ZZ(1)}, m->prime[i]);
    for (uint32_t i = 0; i < p->k_count; i++)
        if (m->k[i]) raise(r, exact(p->k[i].value), m->k[i]);
    return r;
}

Rational window(const sable_params *p, uint32_t level) {
    Rational r;
    for (uint32_t i = 0; i < sable_window_limbs(p, level); i++)
        r.num *= (long)p->prime[sable_window_first(p, level) + i];
    return r;
}
Rational inverse(const Rational &r) { return {r.den, r.num}; }

/* The scale of every step from the meaning of its operation alone, compared with what the plan says. */
void check_exact(const sable_poly_program *p) {
    std::vector<Rational> scale(p->count);
    for (uint32_t i = 0; i < p->count; i++) {
        const sable_poly_node &n = p->node[i];
        const sable_poly_node *a = n.a >= 0 ? &p->node[n.a] : nullptr, *b = n.b >= 0 ? &p->node[n.b] : nullptr;
        if (a) ASSERT_LT(n.a, (int32_t)i);
        switch (n.op) {
        case SABLE_POLY_INPUT: scale[i] = exact(p->in_scale); break;
        case SABLE_POLY_TENSOR:
            ASSERT_TRUE(a->parts == 2 && b->parts == 2 && a->level == b->level && n.level == a->level && n.parts == 3);
            scale[i] = scale[n.a] * scale[n.b];
            break;
        case SABLE_POLY_DOUBLE:
        case SABLE_POLY_ADD_CONST: scale[i] = scale[n.a]; break;
        case SABLE_POLY_CONST_PRODUCT: scale[i] = scale[n.a] * value(p, &n.constant_scale); break;
        case SABLE_POLY_ADD:
        case SABLE_POLY_SUB:
            ASSERT_EQ(a->level, b->level);
            ASSERT_TRUE(scale[n.a] == scale[n.b]) << "step " << i << " adds unequal scales";
            scale[i] = scale[n.a];
            break;
        case SABLE_POLY_RESCALE:
            ASSERT_EQ(n.level, a->level - 1);
            scale[i] = scale[n.a] * window(p->params, n.level) * inverse(window(p->params, a->level));
            break;
        case SABLE_POLY_DROP: scale[i] = scale[n.a]; break;
        case SABLE_POLY_ADJUST: { /* E: largest primes first, while E/A < 2^38; K = round(E/A) */
            uint16_t restored[SABLE_MAX_Q], left[SABLE_MAX_Q];
            uint32_t na = sable_window_minus(p->params, n.level, a->level, restored);
            uint32_t nl = sable_window_minus(p->params, a->level, n.level, left);
            std::vector<uint32_t> primes;
            for (uint32_t j = 0; j < nl; j++) primes.push_back(p->params->prime[left[j]]);
            std::sort(primes.rbegin(), primes.rend());
            ZZ up(1), e(1);
            for (uint32_t j = 0; j < na; j++) up *= (long)p->params->prime[restored[j]];
            size_t used = 0;
            while (used < primes.size() && e < (up << 38)) e *= (long)primes[used++];
            ZZ k = (2 * e + up) / (2 * up);
            scale[i] = scale[n.a] * Rational{k * up, e};
            break;
        }
        }
        ASSERT_TRUE(scale[i] == value(p, &n.scale)) << "step " << i << " of kind " << n.op;
        double approx = n.scale_value.hi, shown = NTL::conv<double>((scale[i].num << 60) / scale[i].den) * 0x1p-60;
        ASSERT_NEAR(approx / shown, 1, 1e-14);
    }
    ASSERT_TRUE(scale[p->result] == exact(p->out_scale));
    ASSERT_EQ(p->node[p->result].level, p->level_out);
}

sable_poly_reduced make(uint32_t degree, int parity, uint64_t seed) { /* parity 0 even, 1 odd, -1 full */
    std::mt19937_64 rng(seed);
    std::uniform_real_distribution<double> u(-1, 1);
    sable_poly poly = {};
    poly.lo = -1;
    poly.hi = 1;
    poly.degree = degree;
    for (uint32_t i = 0; i <= degree; i++)
        poly.c[i] = parity >= 0 && (int)(i & 1) != parity ? 0 : u(rng) / (degree + 1);
    sable_poly_reduced r;
    sable_poly_reduce(&r, &poly);
    return r;
}

struct Row {
    uint32_t degree;
    int parity;
    uint32_t depth, tensors, relins, rescales, constants;
};

TEST(PolyPlan, CountsOfTheNestedZone) {
    auto set = load("T10");
    ASSERT_TRUE(set.params) << set.text;
    const Row rows[] = {{7, -1, 3, 5, 4, 6, 0},      {15, 1, 4, 8, 7, 9, 9},       {15, -1, 4, 8, 7, 9, 12},
                        {27, 1, 5, 11, 8, 12, 15},   {27, -1, 5, 11, 8, 12, 22},   {30, 0, 5, 9, 8, 10, 12},
                        {31, 1, 5, 13, 10, 14, 17},  {31, -1, 5, 13, 10, 14, 24},  {58, 0, 6, 13, 10, 14, 23},
                        {62, 0, 6, 14, 11, 15, 24},  {63, 1, 6, 17, 14, 18, 35},   {63, -1, 6, 18, 15, 19, 58},
                        {118, 0, 7, 17, 14, 18, 56}, {119, -1, 7, 24, 17, 25, 109}};
    for (const Row &row : rows) {
        sable_poly_reduced poly = make(row.degree, row.parity, row.degree);
        sable_poly_program *p = nullptr;
        sable_error err = {};
        ASSERT_EQ(sable_poly_program_create(&p, set.params.get(), &poly, 14, &err), SABLE_OK) << err.text;
        SCOPED_TRACE(testing::Message() << "degree " << row.degree << " parity " << row.parity);
        EXPECT_EQ(14 - p->level_out, row.depth);
        EXPECT_EQ(p->tensors, row.tensors);
        EXPECT_EQ(p->relins, row.relins);
        EXPECT_EQ(p->rescales, row.rescales);
        if (row.constants) EXPECT_EQ(p->constant_products, row.constants);
        EXPECT_EQ(p->adjusts, 0u);
        sable_poly_program_free(&p);
    }
}

/* Every degree and level: a plan whose additions are exact, or a refusal that says why. */
void all_plans(const char *name, const std::vector<uint32_t> &degrees, uint32_t *plans, uint32_t *refused) {
    auto set = load(name);
    ASSERT_TRUE(set.params) << set.text;
    for (uint32_t degree : degrees)
        for (int parity : {-1, 0, 1}) {
            if (parity >= 0 && (int)(degree & 1) != parity) continue;
            sable_poly_reduced poly = make(degree, parity, degree);
            for (uint32_t level = 0; level <= set.params->top_level; level++) {
                SCOPED_TRACE(testing::Message()
                             << name << " degree " << degree << " parity " << parity << " level " << level);
                sable_poly_program *p = nullptr;
                sable_error err = {};
                sable_status status = sable_poly_program_create(&p, set.params.get(), &poly, level, &err);
                if (level < sable_poly_levels(degree)) {
                    ASSERT_EQ(status, SABLE_LEVEL);
                    continue;
                }
                if (status != SABLE_OK) {
                    ++*refused;
                    ASSERT_TRUE(status == SABLE_SCALE || status == SABLE_BOUND) << err.text;
                    continue;
                }
                ++*plans;
                check_exact(p);
                for (uint32_t i = 0; i < p->count; i++)
                    if (p->node[i].op == SABLE_POLY_CONST_PRODUCT)
                        ASSERT_GE(p->node[i].constant_scale_value.hi, 0x1p20);
                sable_poly_program_free(&p);
                if (testing::Test::HasFatalFailure()) return;
            }
        }
}

TEST(PolyPlan, AdditionsAreExactOnT10) {
    uint32_t plans = 0, refused = 0;
    all_plans("T10", {1, 2, 3, 4, 5, 7, 8, 11, 15, 16, 27, 30, 31, 63, 118, 255}, &plans, &refused);
    RecordProperty("plans", (int)plans);
    EXPECT_GT(plans, 10 * refused);
    std::printf("T10: %u plans, %u refused\n", plans, refused);
}

TEST(PolyPlan, AdditionsAreExactOnT11) {
    uint32_t plans = 0, refused = 0;
    all_plans("T11", {3, 7, 15, 27, 30, 31, 63, 127}, &plans, &refused);
    EXPECT_GT(plans, 10 * refused);
    std::printf("T11: %u plans, %u refused\n", plans, refused);
}

TEST(PolyPlan, EveryDegreeReachesTheLeastDepth) {
    auto set = load("T10");
    ASSERT_TRUE(set.params) << set.text;
    for (uint32_t degree = 1; degree <= SABLE_POLY_MAX_DEGREE; degree++) {
        sable_poly_reduced poly = make(degree, -1, degree);
        sable_poly_program *p = nullptr;
        sable_error err = {};
        ASSERT_EQ(sable_poly_program_create(&p, set.params.get(), &poly, 14, &err), SABLE_OK)
            << degree << ": " << err.text;
        uint32_t depth = 0;
        while ((1u << depth) < degree + 1) depth++;
        EXPECT_EQ(14 - p->level_out, depth);
        sable_poly_program_free(&p);
    }
}

TEST(PolyPlan, ParitySkipsHalfTheConstants) {
    auto set = load("T10");
    for (uint32_t degree : {15u, 30u, 31u}) {
        sable_poly_reduced poly = make(degree, (int)(degree & 1), 1);
        sable_poly_program *p = nullptr;
        ASSERT_EQ(sable_poly_program_create(&p, set.params.get(), &poly, 14, nullptr), SABLE_OK);
        double v[4096];
        /* With zero in place of the other parity, p(-u) = +-p(u) exactly in the program's own arithmetic. */
        for (double u : {0.3, -0.77}) {
            double both[2];
            for (int side = 0; side < 2; side++) {
                for (uint32_t i = 0; i < p->count; i++) {
                    const sable_poly_node &n = p->node[i];
                    double a = n.a >= 0 ? v[n.a] : (side ? -u : u), b = n.b >= 0 ? v[n.b] : 0;
                    v[i] = n.op == SABLE_POLY_TENSOR          ? a * b
                           : n.op == SABLE_POLY_DOUBLE        ? 2 * a
                           : n.op == SABLE_POLY_CONST_PRODUCT ? a * n.constant
                           : n.op == SABLE_POLY_ADD_CONST     ? a + n.constant
                           : n.op == SABLE_POLY_ADD           ? a + b
                           : n.op == SABLE_POLY_SUB           ? a - b
                                                              : a;
                }
                both[side] = v[p->result];
            }
            EXPECT_EQ(both[1], degree & 1 ? -both[0] : both[0]);
        }
        sable_poly_program_free(&p);
    }
}

TEST(PolyPlan, RefusesFactorsThatWouldBeRoundedAway) {
    auto set = load("T10");
    sable_params skewed = *set.params; /* an output scale of 2^19 asks for constants of 19 bits */
    skewed.scale[1] = {0x1p19, 0};
    sable_poly_reduced poly = make(7, -1, 7);
    sable_poly_program *p = nullptr;
    sable_error err = {};
    EXPECT_EQ(sable_poly_program_create(&p, &skewed, &poly, 4, &err), SABLE_SCALE);
    EXPECT_NE(std::string(err.text).find("start at another level"), std::string::npos) << err.text;
    poly.c[7] = 1e12; /* 2^39.8 at a scale of 2^79.5 exceeds the 87.5 bits of level 1 */
    EXPECT_EQ(sable_poly_program_create(&p, set.params.get(), &poly, 3, &err), SABLE_BOUND) << err.text;
    EXPECT_EQ(p, nullptr);
}

} // namespace
