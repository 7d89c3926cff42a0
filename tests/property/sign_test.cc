/* SPDX-License-Identifier: Apache-2.0 */
/* Sign compositions: published tables, least depth, encrypted sign, comparison, ReLU and maximum, refusals. */
#include "support/circuit_run.h"

#include <cmath>
#include <map>
#include <memory>

extern "C" {
#include "sable/sign.h"
}

using namespace sable_test;

namespace {

struct SignDeleter {
    void operator()(sable_sign *s) const { sable_sign_destroy(&s); }
};
using Sign = std::unique_ptr<sable_sign, SignDeleter>;

Sign made(const std::vector<uint32_t> &degrees, double gap, double bound = 1) {
    sable_sign *s = nullptr;
    sable_error err = {};
    EXPECT_EQ(sable_sign_create(&s, degrees.data(), degrees.size(), gap, bound, &err), SABLE_OK) << err.text;
    return Sign(s);
}
Sign made_relu(const std::vector<uint32_t> &degrees, double bound = 1) {
    sable_sign *s = nullptr;
    sable_error err = {};
    EXPECT_EQ(sable_sign_create_relu(&s, degrees.data(), degrees.size(), bound, &err), SABLE_OK) << err.text;
    return Sign(s);
}
Sign planned(sable_status (*plan)(sable_sign **, uint32_t, double, sable_error *), uint32_t alpha, double bound = 1) {
    sable_sign *s = nullptr;
    sable_error err = {};
    EXPECT_EQ(plan(&s, alpha, bound, &err), SABLE_OK) << err.text;
    return Sign(s);
}
sable_sign_info info(const Sign &s) {
    sable_sign_info i = {};
    i.struct_size = sizeof i;
    EXPECT_EQ(sable_sign_describe(s.get(), &i), SABLE_OK);
    return i;
}
std::vector<uint32_t> degrees(const Sign &s) {
    const sable_sign_info i = info(s);
    return {i.degree, i.degree + i.stages};
}

/* Largest of f over x from lo to hi, `steps` points an octave. */
template <typename F>
double largest_over(double lo, double hi, int steps, F f) {
    double most = 0;
    if (!(lo > 0)) return NAN;
    for (int k = 0;; k++) {
        const double x = lo * exp2(static_cast<double>(k) / steps);
        if (x >= hi) break;
        most = std::max(most, f(x));
    }
    return std::max(most, f(hi));
}

struct Row {
    uint32_t alpha;
    std::vector<uint32_t> degrees;
    uint32_t depth;
    double achieved;  /* log2 */
    double exact = 0; /* log2, with 40 digits, where the published number is not exact */
};
const Row kCompare[] = {{4, {27}, 5, -3.37},
                        {5, {7, 13}, 7, -4.48},
                        {6, {15, 15}, 8, -5.36},
                        {7, {7, 7, 13}, 10, -6.20},
                        {8, {7, 15, 15}, 11, -7.45},
                        {9, {7, 7, 7, 13}, 13, -8.60},
                        {10, {7, 7, 13, 15}, 14, -9.18},
                        {11, {7, 15, 15, 15}, 15, -10.92, -10.939},
                        {12, {15, 15, 15, 15}, 16, -11.39, -11.548},
                        {13, {15, 15, 15, 31}, 17, -12.01, -12.309},
                        {14, {7, 7, 15, 15, 27}, 19, -14.12, -14.406}};
/* depth: with the product. */
const Row kRelu[] = {{4, {5}, 4, -4.56},
                     {5, {13}, 5, -5.71},
                     {6, {3, 7}, 6, -6.00},
                     {7, {7, 7}, 7, -6.96},
                     {8, {7, 15}, 8, -8.02},
                     {9, {15, 15}, 9, -8.95},
                     {10, {7, 7, 13}, 11, -10.06},
                     {11, {7, 7, 27}, 12, -11.11},
                     {12, {7, 15, 27}, 13, -12.15},
                     {13, {15, 15, 27}, 14, -13.08},
                     {14, {15, 27, 29}, 15, -13.97}};

TEST(Sign, PublishedSetsOfComparison) {
    for (const Row &row : kCompare) {
        SCOPED_TRACE(row.alpha);
        const Sign s = made(row.degrees, exp2(-static_cast<double>(row.alpha)));
        const sable_sign_info i = info(s);
        EXPECT_EQ(degrees(s), row.degrees);
        EXPECT_EQ(i.depth, row.depth);
        EXPECT_NEAR(log2(i.error), row.exact != 0 ? row.exact : row.achieved, 0.006);
        EXPECT_LE(i.error, exp2(1 - static_cast<double>(row.alpha)));
        const double seen =
            largest_over(i.gap, 1, 4000, [&](double x) { return fabs(sable_sign_value(s.get(), x) - 1); });
        EXPECT_LE(seen, i.error * (1 + 1e-9));
        EXPECT_GE(seen, i.error * 0.99);
        EXPECT_EQ(sable_sign_value(s.get(), -0.3), -sable_sign_value(s.get(), 0.3));
    }
}

/* The planner's sets: accurate enough, and no deeper than the published ones. */
TEST(Sign, PlannedSets) {
    auto show = [](const Sign &s) {
        std::string text;
        for (uint32_t d : degrees(s)) text += (text.empty() ? "" : ",") + std::to_string(d);
        return text;
    };
    std::printf(
        "alpha, comparison: degrees, depth, log2 of the error; ReLU: degrees, depth, log2 of the error, of the gap\n");
    for (size_t k = 0; k < std::size(kCompare); k++) {
        const uint32_t alpha = kCompare[k].alpha;
        SCOPED_TRACE(alpha);
        const Sign c = planned(sable_sign_for_compare, alpha), r = planned(sable_sign_for_relu, alpha);
        const double goal = exp2(-static_cast<double>(alpha));
        EXPECT_EQ(info(c).gap, goal);
        EXPECT_LE(info(c).error, 2 * goal);
        EXPECT_LE(info(c).depth, kCompare[k].depth);
        EXPECT_LE(info(r).relu_error, goal);
        EXPECT_GT(info(r).gap, goal);
        EXPECT_LE(info(r).depth + 1, kRelu[k].depth);
        std::printf("  %2u %-10s %2u %.2f  %-10s %2u %.2f %.2f\n", alpha, show(c).c_str(), info(c).depth,
                    log2(info(c).error), show(r).c_str(), info(r).depth + 1, log2(info(r).relu_error),
                    log2(info(r).gap));
    }
    EXPECT_EQ(info(planned(sable_sign_for_compare, 9)).depth, 12u);  /* published: 13 */
    EXPECT_EQ(info(planned(sable_sign_for_compare, 14)).depth, 18u); /* published: 19 */
}

/* No composition of smaller depth reaches the error: the best one of each depth ends with some stage on the best one of the depth left, and a
 * better stage before never makes the next one worse. */
TEST(Sign, ComparisonHasLeastDepth) {
    std::map<std::pair<uint32_t, double>, double> known;
    auto stage = [&](uint32_t degree,
                     double error) { /* best error on [1 - error, 1 + error] */
                                     auto at = known.find({degree, error});
                                     if (at == known.end())
                                         at = known
                                                  .emplace(std::pair(degree, error),
                                                           info(made({degree}, (1 - error) / (1 + error))).error)
                                                  .first;
                                     return at->second;
    };
    for (uint32_t alpha = SABLE_SIGN_LEAST_ALPHA; alpha <= SABLE_SIGN_MOST_ALPHA; alpha++) {
        const double gap = exp2(-static_cast<double>(alpha)), goal = 2 * gap;
        const uint32_t least = info(planned(sable_sign_for_compare, alpha)).depth;
        std::vector<double> best(least, 1);
        best[0] = (1 - gap) / (1 + gap);
        for (uint32_t depth = 2; depth < least; depth++)
            for (uint32_t levels = 2; levels <= 6 && levels <= depth; levels++) {
                const double before = best[depth - levels];
                if (before < 1) best[depth] = std::min(best[depth], stage((1u << levels) - 1, before));
            }
        EXPECT_GT(best[least - 1], goal) << "alpha " << alpha << ": depth " << least - 1 << " is enough";
    }
}

TEST(Sign, PublishedSetsOfRelu) {
    for (const Row &row : kRelu) {
        SCOPED_TRACE(row.alpha);
        const Sign s = made_relu(row.degrees);
        const sable_sign_info i = info(s);
        EXPECT_EQ(degrees(s), row.degrees);
        EXPECT_EQ(i.depth + 1, row.depth);
        EXPECT_LE(log2(i.relu_error), row.achieved + 0.006); /* gaps were tried in steps of 0.1 octaves there */
        EXPECT_GE(log2(i.relu_error), row.achieved - 0.2);
        EXPECT_GT(i.gap, exp2(-static_cast<double>(row.alpha)));
        auto error = [&](double x) { return fabs(x * (1 - sable_sign_value(s.get(), x)) / 2); };
        const double seen = largest_over(i.gap * 0x1p-12, 1, 500, error);
        EXPECT_LE(seen, i.relu_error);
        EXPECT_GE(seen, i.relu_error * 0.97);
    }
}

TEST(Sign, BoundsOfStagesFitTheNext) {
    const Sign s = made({7, 15, 27}, 0.02, 5);
    for (size_t i = 0; i < 3; i++) {
        sable_poly_info p = {};
        p.struct_size = sizeof p;
        ASSERT_EQ(sable_poly_describe(sable_sign_stage(s.get(), i), &p), SABLE_OK);
        EXPECT_EQ(p.hi, i ? 1 : 5);
        EXPECT_TRUE(p.odd);
        EXPECT_LE(p.bound, i < 2 ? 1 : 1 + 1.001 * info(s).error);
        double most = 0;
        for (int k = 0; k <= 20000; k++)
            most = std::max(most, fabs(sable_poly_value(sable_sign_stage(s.get(), i), p.hi * k / 20000)));
        EXPECT_LE(most, p.bound);
        EXPECT_GE(most, p.bound * 0.9999);
    }
    EXPECT_EQ(sable_sign_stage(s.get(), 3), nullptr);
    EXPECT_EQ(info(s).depth, 3u + 4u + 5u + 1u); /* and the map of [-5, 5] */
    const Sign unit = made({7, 15, 27}, 0.004);
    for (double x : {0.001, 0.1, 0.3, 0.9})
        EXPECT_NEAR(sable_sign_value(s.get(), 5 * x), sable_sign_value(unit.get(), x), 1e-12);
    EXPECT_NEAR(info(s).relu_error, 5 * info(unit).relu_error, 1e-9);
}

/* -- circuits ------------------------------------------------------------------------------------------------------ */

constexpr uint32_t kSlots = 256;

struct SignCircuit {
    Circuit c{kSlots};
    sable_node a = sable_circuit_input(c, "a", 1), b = sable_circuit_input(c, "b", 1);
};
Values spread(double from, double to) {
    Values v(kSlots);
    for (uint32_t j = 0; j < kSlots; j++) v[j] = from + (to - from) * j / (kSlots - 1);
    return v;
}
/* Decrypted outputs; each within a few times what the tracked noise allows of the run in the clear. (At the ends of an interval polynomials are
 * steeper than on average, which is what noise is tracked for.) */
std::vector<Values> run(Kit &kit, SignCircuit &s, const std::vector<Values> &in, size_t outputs) {
    const std::vector<Values> clear = run_plain(s.c, in, outputs, kSlots);
    const Program program(s.c, kit.params);
    EXPECT_EQ(program.status, SABLE_OK) << program.text;
    std::vector<Values> values;
    double most = 0;
    for (const Result &r : run_encrypted(kit, program, in, 1, kSlots)) {
        const double error = slot_error(r.values, clear[values.size()]).largest;
        EXPECT_LT(error, 5 * r.error);
        most = std::max(most, error / r.error);
        values.push_back(r.values);
    }
    std::printf("largest distance from the run in the clear: %.2f of what the noise allows on average\n", most);
    return values;
}

TEST(SignCircuits, EncryptedSignCompareReluMax) {
    Kit kit("T11", without_keys());
    const double gap = 0x1p-6;
    const Sign unit = planned(sable_sign_for_compare, 6), pair = planned(sable_sign_for_compare, 6, 2),
               relu = planned(sable_sign_for_relu, 8), larger = planned(sable_sign_for_relu, 6, 2);
    SignCircuit s;
    sable_circuit_output(s.c, "sign", sable_circuit_sign(s.c, s.a, unit.get()));
    sable_circuit_output(s.c, "compare", sable_circuit_compare(s.c, s.a, s.b, pair.get()));
    sable_circuit_output(s.c, "relu", sable_circuit_relu(s.c, s.a, relu.get()));
    sable_circuit_output(s.c, "max", sable_circuit_max(s.c, s.a, s.b, larger.get()));
    sable_circuit_output(s.c, "min", sable_circuit_min(s.c, s.a, s.b, larger.get()));
    const Values x = spread(-0.9998, 0.9998);
    Values y(kSlots);
    for (uint32_t j = 0; j < kSlots; j++) y[j] = x[(j * 37 + 11) % kSlots];
    const std::vector<Values> have = run(kit, s, {x, y}, 5);
    ASSERT_EQ(have.size(), 5u);
    const double noise = 1e-4, e = info(unit).error + noise, pair_error = info(pair).error / 2 + noise;
    for (uint32_t j = 0; j < kSlots; j++) {
        const double u = x[j].real(), v = y[j].real(), d = u - v;
        if (fabs(u) >= gap) EXPECT_NEAR(have[0][j].real(), u > 0 ? 1 : -1, e);
        if (fabs(d) >= 2 * gap) EXPECT_NEAR(have[1][j].real(), d > 0 ? 1 : 0, pair_error);
        EXPECT_NEAR(have[2][j].real(), std::max(u, 0.0), info(relu).relu_error + noise);
        EXPECT_NEAR(have[3][j].real(), std::max(u, v), info(larger).relu_error + noise);
        EXPECT_NEAR(have[4][j].real(), std::min(u, v), info(larger).relu_error + noise);
    }
}

/* Two rounds of a tournament, whose declared bounds stay near 1. */
TEST(SignCircuits, MaximumOfFour) {
    const Sign sign = planned(sable_sign_for_relu, 6, 2.1);
    SignCircuit s;
    const sable_node c = sable_circuit_input(s.c, "c", 1), d = sable_circuit_input(s.c, "d", 1);
    const sable_node left = sable_circuit_max(s.c, s.a, s.b, sign.get()),
                     right = sable_circuit_max(s.c, c, d, sign.get());
    sable_circuit_output(s.c, "max", sable_circuit_max(s.c, left, right, sign.get()));
    Kit kit("T11", without_keys());
    std::vector<Values> in(4);
    for (Values &v : in) {
        v = kit.random(1, false, kSlots);
        for (auto &x : v) x *= 0.9998; /* encryption declares a little more than the largest */
    }
    const std::vector<Values> have = run(kit, s, in, 1);
    ASSERT_EQ(have.size(), 1u);
    for (uint32_t j = 0; j < kSlots; j++) {
        double most = -1;
        for (const Values &v : in) most = std::max(most, v[j].real());
        EXPECT_NEAR(have[0][j].real(), most, 2 * info(sign).relu_error + 1e-4);
    }
}

/* Sources of polynomials and the circuit itself may go; equal polynomials are one, so equal compositions are one evaluation. */
TEST(SignCircuits, PolynomialsAreTheProgramsOwn) {
    Kit kit("T10", without_keys());
    const Values x = spread(-0.9998, 0.9998);
    std::vector<Values> clear;
    std::unique_ptr<Program> program;
    {
        SignCircuit s;
        for (int i = 0; i < 2; i++) {
            const Sign sign = made({7, 7}, 0.1);
            sable_circuit_output(s.c, i ? "second" : "first", sable_circuit_sign(s.c, s.a, sign.get()));
        }
        clear = run_plain(s.c, {x, x}, 2, kSlots);
        program = std::make_unique<Program>(s.c, kit.params);
    }
    ASSERT_EQ(program->status, SABLE_OK) << program->text;
    EXPECT_EQ(program->count().poly, 2u);
    const std::vector<Result> results = run_encrypted(kit, *program, {x, x}, 1, kSlots);
    for (size_t i = 0; i < 2; i++) EXPECT_LT(slot_error(results[i].values, clear[i]).largest, 5 * results[i].error);
}

TEST(SignCircuits, BoundsOutsideTheIntervalAreRefused) {
    const Sign sign = made({7, 7}, 0.1, 1.5);
    SignCircuit s;
    EXPECT_NE(sable_circuit_sign(s.c, s.a, sign.get()), SABLE_NODE_NONE);
    const sable_node d = sable_circuit_sub(s.c, s.a, s.b);
    sable_circuit_declare(s.c, d, 1.5);
    EXPECT_NE(sable_circuit_sign(s.c, d, sign.get()), SABLE_NODE_NONE);
    EXPECT_EQ(s.c.status(), SABLE_OK);
    EXPECT_EQ(sable_circuit_compare(s.c, s.a, s.b, sign.get()), SABLE_NODE_NONE);
    EXPECT_EQ(s.c.status(), SABLE_BOUND);
    EXPECT_EQ(s.c.text(),
              "poly: values up to 2, the polynomial is for [-1.5, 1.5]: scale them, or fit it on a larger interval");
    EXPECT_EQ(sable_circuit_max(s.c, s.a, s.b, sign.get()), SABLE_NODE_NONE);
}

TEST(SignCircuits, NothingIsBuiltFromNothing) {
    for (int which = 0; which < 5; which++) {
        SignCircuit s;
        sable_node n = 1;
        switch (which) {
        case 0: n = sable_circuit_sign(s.c, s.a, nullptr); break;
        case 1: n = sable_circuit_compare(s.c, s.a, s.b, nullptr); break;
        case 2: n = sable_circuit_relu(s.c, s.a, nullptr); break;
        case 3: n = sable_circuit_max(s.c, s.a, s.b, nullptr); break;
        default: n = sable_circuit_min(s.c, s.a, s.b, nullptr);
        }
        EXPECT_EQ(n, SABLE_NODE_NONE);
        EXPECT_EQ(s.c.status(), SABLE_INVALID);
        EXPECT_NE(s.c.text().find("composition is NULL"), std::string::npos) << s.c.text();
    }
    const Sign sign = made({7}, 0.1);
    EXPECT_EQ(sable_circuit_max(nullptr, 1, 2, sign.get()), SABLE_NODE_NONE);
}

TEST(Sign, Refusals) {
    sable_sign *s = nullptr;
    sable_error err = {};
    auto text = [&](const std::vector<uint32_t> &d, double gap, double bound) {
        EXPECT_EQ(sable_sign_create(&s, d.data(), d.size(), gap, bound, &err), SABLE_INVALID);
        EXPECT_EQ(s, nullptr);
        return std::string(err.text);
    };
    const uint32_t seven = 7;
    EXPECT_EQ(sable_sign_create(&s, &seven, 0, 0.1, 1, &err), SABLE_INVALID);
    EXPECT_NE(std::string(err.text).find("0 stages: 1 to 8"), std::string::npos) << err.text;
    EXPECT_NE(text(std::vector<uint32_t>(9, 7), 0.1, 1).find("9 stages: 1 to 8"), std::string::npos);
    EXPECT_NE(text({7, 8}, 0.1, 1).find("stage 2 has degree 8: an odd one from 3 to 63"), std::string::npos);
    EXPECT_NE(text({65}, 0.1, 1).find("stage 1 has degree 65"), std::string::npos);
    EXPECT_NE(text({1}, 0.1, 1).find("stage 1 has degree 1"), std::string::npos);
    EXPECT_NE(text({7}, 0, 1).find("gap of 0"), std::string::npos);
    EXPECT_NE(text({7}, 2, 2).find("gap of 2"), std::string::npos);
    EXPECT_NE(text({7}, NAN, 2).find("gap of nan"), std::string::npos);
    EXPECT_NE(text({7}, 0.1, INFINITY).find("bound inf"), std::string::npos);
    EXPECT_NE(text({7}, 0.1, -1).find("bound -1"), std::string::npos);
    EXPECT_EQ(sable_sign_for_compare(&s, 3, 1, &err), SABLE_INVALID);
    EXPECT_NE(std::string(err.text).find("alpha 4 to 14, not for 3"), std::string::npos) << err.text;
    EXPECT_EQ(sable_sign_for_relu(&s, 15, 1, &err), SABLE_INVALID);
    EXPECT_EQ(sable_sign_for_relu(&s, 5, 0, &err), SABLE_INVALID);
    const uint32_t high[] = {63, 63, 63}; /* the second stage already reaches what doubles hold */
    EXPECT_TRUE(sable_sign_create(&s, high, 3, 0.5, 1, &err) == SABLE_DATA || s) << err.text;
    if (s) EXPECT_LT(info(Sign(s)).error, 1e-12);
}

} // namespace
