/* SPDX-License-Identifier: Apache-2.0 */
/* Best fits: minimax fits prove themselves by alternation (a polynomial whose error takes one size with alternating signs at one point more
 * than it has coefficients is the best one), closed forms, published tables of the sigmoid, refusals. */
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

extern "C" {
#include "sable/sign.h"
}

namespace {

struct PolyDeleter {
    void operator()(sable_poly *p) const { sable_poly_destroy(&p); }
};
using Poly = std::unique_ptr<sable_poly, PolyDeleter>;
using Function = std::function<long double(long double)>;

double call(double x, void *arg) { return static_cast<double>((*static_cast<Function *>(arg))(x)); }

sable_fit describe(uint32_t degree, double lo, double hi, sable_parity parity = SABLE_PARITY_NONE, double gap = 0) {
    return {sizeof(sable_fit), degree, lo, hi, parity, gap};
}
Poly minimax(Function f, const sable_fit &fit, double *error) {
    sable_poly *p = nullptr;
    sable_error err = {};
    EXPECT_EQ(sable_poly_minimax(&p, call, &f, &fit, error, &err), SABLE_OK) << err.text;
    return Poly(p);
}
Poly squares(Function f, const sable_fit &fit, double *error) {
    sable_poly *p = nullptr;
    sable_error err = {};
    EXPECT_EQ(sable_poly_least_squares(&p, call, &f, &fit, error, &err), SABLE_OK) << err.text;
    return Poly(p);
}
Poly sigmoid(sable_fit_kind kind, uint32_t degree, double bound, double *error) {
    sable_poly *p = nullptr;
    sable_error err = {};
    EXPECT_EQ(sable_poly_sigmoid(&p, kind, degree, bound, error, &err), SABLE_OK) << err.text;
    return Poly(p);
}
sable_poly_info info(const Poly &p) {
    sable_poly_info i = {};
    i.struct_size = sizeof i;
    EXPECT_EQ(sable_poly_describe(p.get(), &i), SABLE_OK);
    return i;
}

/* p(x) from its coefficients, in long double. */
long double value(const Poly &p, long double x) {
    const sable_poly_info i = info(p);
    const long double u = (2 * x - i.lo - i.hi) / (static_cast<long double>(i.hi) - i.lo);
    long double b1 = 0, b2 = 0;
    for (uint32_t k = i.degree; k > 0; k--) {
        const long double b = 2 * u * b1 - b2 + sable_poly_coefficient(p.get(), k);
        b2 = b1, b1 = b;
    }
    return u * b1 - b2 + sable_poly_coefficient(p.get(), 0);
}

struct Alternation {
    long double largest = 0; /* |p - f| */
    int points = 0;          /* alternating peaks within 1 % of it */
    long double least = 0;   /* the least of the peaks counted: no polynomial of the degree is better than this */
};
Alternation alternation(const Poly &p, const Function &f, double lo, double hi) {
    const int steps = 20000;
    std::vector<long double> e;
    for (int i = 0; i <= steps; i++) {
        const long double x =
            (static_cast<long double>(hi) + lo) / 2 - (static_cast<long double>(hi) - lo) / 2 * cosl(M_PIl * i / steps);
        e.push_back(value(p, x) - f(x));
    }
    Alternation a;
    for (long double v : e) a.largest = std::max(a.largest, fabsl(v));
    a.least = a.largest;
    long double peak = 0;
    for (long double v : e) {
        if (fabsl(v) < 0.99L * a.largest) continue;
        if (peak == 0 || (v < 0) != (peak < 0)) {
            if (peak != 0) a.least = std::min(a.least, fabsl(peak));
            a.points++;
            peak = v;
        } else if (fabsl(v) > fabsl(peak)) {
            peak = v;
        }
    }
    a.least = std::min(a.least, fabsl(peak));
    return a;
}
void is_best(const Poly &p, const Function &f, double lo, double hi, int terms, double error) {
    const Alternation a = alternation(p, f, lo, hi);
    EXPECT_GE(a.points, terms + 1);
    EXPECT_GE(a.least, 0.9999L * a.largest);
    EXPECT_NEAR(static_cast<double>(a.largest) / error, 1, 1e-4);
}

TEST(Fit, MinimaxErrorsAlternate) {
    const Function kExp = [](long double x) { return expl(x); }, kRoot = [](long double x) { return sqrtl(x); },
                   kKink = [](long double x) { return fabsl(x) + sinl(2 * x); },
                   kRunge = [](long double x) { return 1 / (1 + 25 * x * x); },
                   kCos = [](long double x) { return cosl(3 * x); }, kOne = [](long double) { return 1.0L; },
                   kSine = [](long double x) { return sinl(x); };
    double error = 0;
    for (uint32_t degree : {1u, 2u, 5u, 9u}) {
        SCOPED_TRACE(degree);
        Poly p = minimax(kExp, describe(degree, -1, 2), &error);
        is_best(p, kExp, -1, 2, static_cast<int>(degree) + 1, error);
    }
    for (uint32_t degree : {3u, 16u, 31u, 63u}) {
        SCOPED_TRACE(degree);
        Poly p = minimax(kRoot, describe(degree, 0, 4), &error);
        is_best(p, kRoot, 0, 4, static_cast<int>(degree) + 1, error);
        Poly q = minimax(kKink, describe(degree, -1, 1), &error);
        is_best(q, kKink, -1, 1, static_cast<int>(degree) + 1, error);
        Poly r = minimax(kRunge, describe(degree, -1, 1, SABLE_PARITY_EVEN), &error);
        EXPECT_TRUE(info(r).even);
        EXPECT_EQ(sable_poly_degree(r.get()), degree & ~1u);
        is_best(r, kRunge, -1, 1, static_cast<int>(degree / 2 * 2) + 1,
                error); /* as good as any polynomial of the degree */
    }
    Poly c = minimax(kCos, describe(12, -2, 2, SABLE_PARITY_EVEN, 1), &error);
    is_best(c, kCos, 1, 2, 7, error);
    Poly s = minimax(kSine, describe(9, -3, 3, SABLE_PARITY_ODD), &error);
    EXPECT_TRUE(info(s).odd);
    is_best(s, kSine, 0, 3, 5, error);
    for (double gap : {0.5, 0.0625, 0x1p-13})
        for (uint32_t degree : {3u, 15u, 31u, 63u}) {
            SCOPED_TRACE(testing::Message() << "gap " << gap << " degree " << degree);
            Poly p = minimax(kOne, describe(degree, -1, 1, SABLE_PARITY_ODD, gap), &error);
            EXPECT_TRUE(info(p).odd);
            if (error > 1e-12)
                is_best(p, kOne, gap, 1, static_cast<int>(degree + 1) / 2, error);
            else
                EXPECT_LT(static_cast<double>(alternation(p, kOne, gap, 1).largest),
                          1e-14); /* what rounded coefficients give */
        }
}

TEST(Fit, MinimaxClosedForms) {
    double error = 0;
    /* x^6 less its best polynomial of degree 5 is T_6/32. */
    Poly p = minimax([](long double x) { return powl(x, 6); }, describe(5, -1, 1), &error);
    EXPECT_NEAR(error, 1.0 / 32, 1e-9);
    EXPECT_NEAR(sable_poly_coefficient(p.get(), 0), 10.0 / 32, 1e-8);
    EXPECT_NEAR(sable_poly_coefficient(p.get(), 2), 15.0 / 32, 1e-8);
    EXPECT_NEAR(sable_poly_coefficient(p.get(), 4), 6.0 / 32, 1e-8);
    /* |x| by x^2 + 1/8. */
    Poly q = minimax([](long double x) { return fabsl(x); }, describe(3, -1, 1, SABLE_PARITY_EVEN), &error);
    EXPECT_NEAR(error, 0.125, 1e-8);
    EXPECT_NEAR(sable_poly_coefficient(q.get(), 0), 0.625, 1e-8);
    /* exp by a line on [0, 1]: slope e - 1. */
    const double e = exp(1), offset = (e - (e - 1) * log(e - 1)) / 2;
    Poly line = minimax([](long double x) { return expl(x); }, describe(1, 0, 1), &error);
    EXPECT_NEAR(error, 1 - offset, 1e-8);
    EXPECT_NEAR(2 * sable_poly_coefficient(line.get(), 1), e - 1, 1e-8);
    /* A polynomial is its own best fit, and a degree too high does no harm. */
    Poly own = minimax([](long double x) { return (x * x - 3) * x; }, describe(40, -2, 3), &error);
    EXPECT_LT(error, 1e-13);
    EXPECT_NEAR(sable_poly_value(own.get(), 1.5), (2.25 - 3) * 1.5, 1e-13);
}

TEST(Fit, LeastSquaresIsOrthogonalToTheDegree) {
    /* The residual of the best fit has no part of any lower degree: tested with a fine midpoint rule. */
    double error = 0;
    const Function f = [](long double x) { return expl(sinl(2 * x)); };
    struct Row {
        uint32_t degree;
        double lo, hi;
        sable_parity parity;
    };
    for (const Row &row : {Row{7, -1, 3, SABLE_PARITY_NONE}, Row{12, 0, 2, SABLE_PARITY_NONE},
                           Row{9, -2, 2, SABLE_PARITY_ODD}, Row{8, -2, 2, SABLE_PARITY_EVEN}}) {
        Poly p = squares(f, describe(row.degree, row.lo, row.hi, row.parity), &error);
        const bool half = row.parity != SABLE_PARITY_NONE;
        const double lo = half ? 0 : row.lo;
        const uint32_t first = row.parity == SABLE_PARITY_ODD ? 1 : 0, stride = half ? 2 : 1;
        const int steps = 100000;
        std::vector<long double> moment(row.degree + 1);
        for (int i = 0; i < steps; i++) {
            const long double x = lo + (row.hi - lo) * (i + 0.5L) / steps,
                              u = (2 * x - row.lo - row.hi) / (row.hi - row.lo);
            const long double r = value(p, x) - f(x);
            long double before = 1, now = u;
            for (uint32_t k = 0; k <= row.degree; k++) {
                moment[k] += r * before / steps;
                const long double next = 2 * u * now - before;
                before = now, now = next;
            }
        }
        for (uint32_t k = first; k <= row.degree; k += stride)
            EXPECT_NEAR(static_cast<double>(moment[k]), 0, 1e-9) << "T_" << k;
        EXPECT_NEAR(error / static_cast<double>(alternation(p, f, lo, row.hi).largest), 1, 1e-5);
    }
}

const double kBounds[] = {4, 8, 12, 16, 24};
const uint32_t kDegrees[] = {3, 5, 7, 9, 15, 23, 31};

/* Largest errors of the odd minimax fits of the sigmoid: two digits each. */
TEST(Fit, SigmoidErrorsAreThePublishedOnes) {
    const double table[5][7] = {{2.3e-2, 5.4e-3, 1.3e-3, 3.0e-4, 3.9e-6, 1.2e-8, 3.8e-11},
                                {8.9e-2, 4.1e-2, 1.9e-2, 8.8e-3, 8.8e-4, 4.1e-5, 1.9e-6},
                                {1.4e-1, 8.3e-2, 4.9e-2, 2.9e-2, 6.1e-3, 7.7e-4, 9.7e-5},
                                {1.8e-1, 1.2e-1, 8.0e-2, 5.3e-2, 1.6e-2, 3.4e-3, 7.2e-4},
                                {2.4e-1, 1.8e-1, 1.3e-1, 9.9e-2, 4.4e-2, 1.6e-2, 5.5e-3}};
    const Function exact = [](long double x) { return 1 / (1 + expl(-x)); };
    std::printf("largest error of a sigmoid on [-B, B]: minimax, least squares, interpolation\n");
    for (int b = 0; b < 5; b++) {
        for (int d = 0; d < 7; d++) {
            SCOPED_TRACE(testing::Message() << "B " << kBounds[b] << " degree " << kDegrees[d]);
            double best = 0, square = 0, interpolated = 0;
            Poly p = sigmoid(SABLE_FIT_MINIMAX, kDegrees[d], kBounds[b], &best);
            const double unit = pow(10, floor(log10(table[b][d])) - 1);
            EXPECT_NEAR(best, table[b][d], 0.51 * unit);
            EXPECT_EQ(sable_poly_coefficient(p.get(), 0), 0.5);
            EXPECT_EQ(sable_poly_depth(p.get()),
                      static_cast<uint32_t>(ceil(log2(kDegrees[d] + 1))) + 1); /* and the interval */
            for (uint32_t k = 2; k <= kDegrees[d]; k += 2) EXPECT_EQ(sable_poly_coefficient(p.get(), k), 0);
            is_best(p, exact, 0, kBounds[b], static_cast<int>(kDegrees[d] + 1) / 2, best);
            Poly q = sigmoid(SABLE_FIT_LEAST_SQUARES, kDegrees[d], kBounds[b], &square);
            Poly r = sigmoid(SABLE_FIT_INTERPOLATION, kDegrees[d], kBounds[b], &interpolated);
            EXPECT_NEAR(square / static_cast<double>(alternation(q, exact, 0, kBounds[b]).largest), 1, 1e-3);
            EXPECT_NEAR(interpolated / static_cast<double>(alternation(r, exact, 0, kBounds[b]).largest), 1, 1e-3);
            EXPECT_LE(best, square);
            EXPECT_LE(best, interpolated);
            std::printf("  B %2g degree %2u: %.2e %.2e %.2e\n", kBounds[b], kDegrees[d], best, square, interpolated);
        }
    }
}

/* Powers of x/scale of a polynomial on [-scale, scale]. */
std::vector<double> powers(const Poly &p) {
    const uint32_t degree = sable_poly_degree(p.get());
    std::vector<std::vector<double>> t(degree + 1, std::vector<double>(degree + 1));
    t[0][0] = t[1][1] = 1;
    for (uint32_t k = 2; k <= degree; k++)
        for (uint32_t j = 0; j <= degree; j++) t[k][j] = (j ? 2 * t[k - 1][j - 1] : 0) - t[k - 2][j];
    std::vector<double> r(degree + 1);
    for (uint32_t k = 0; k <= degree; k++)
        for (uint32_t j = 0; j <= degree; j++) r[j] += sable_poly_coefficient(p.get(), k) * t[k][j];
    return r;
}

TEST(Fit, SigmoidCoefficientsAreThePublishedOnes) {
    const std::vector<std::vector<double>> best = {{.1558309, -1.633677e-3},
                                                   {.1965965, -4.821136e-3, 4.382837e-5},
                                                   {.2205573, -8.555541e-3, 1.743711e-4, -1.247902e-6}};
    for (const auto &row : best) {
        const std::vector<double> c =
            powers(sigmoid(SABLE_FIT_MINIMAX, static_cast<uint32_t>(2 * row.size() - 1), 8, nullptr));
        for (size_t i = 0; i < row.size(); i++)
            EXPECT_NEAR(c[2 * i + 1] / pow(8, 2.0 * static_cast<double>(i) + 1) / row[i], 1, 2e-4);
    }
    struct Row {
        double bound;
        std::vector<double> c; /* of powers of x/scale */
        double scale, error, digit;
    };
    const Row squares[] = {{8, {1.200963, -0.815625}, 8, .114, 1e-6},
                           {8, {1.530439, -2.353178, 1.383798}, 8, .061, 1e-6},
                           {8, {1.735165, -4.195716, 5.437380, -2.509360}, 8, .032, 1e-6},
                           {16, {8.427e-2, -2.474e-4}, 1, .218, 0},
                           {16, {.1177, -8.57e-4, 2.14e-6}, 1, .152, 0},
                           {16, {.1463, -1.861e-3, 1.078e-5, -2.088e-8}, 1, .106, 0}};
    for (const Row &row : squares) {
        double error = 0;
        const std::vector<double> c =
            powers(sigmoid(SABLE_FIT_LEAST_SQUARES, static_cast<uint32_t>(2 * row.c.size() - 1), row.bound, &error));
        EXPECT_NEAR(error, row.error, 0.51e-3);
        for (size_t i = 0; i < row.c.size(); i++) {
            const double have = c[2 * i + 1] / pow(row.bound / row.scale, 2.0 * static_cast<double>(i) + 1);
            if (row.digit > 0)
                EXPECT_NEAR(have, row.c[i], row.digit); /* cut, not rounded */
            else
                EXPECT_NEAR(have / row.c[i], 1, 3e-3);
        }
    }
}

/* Coefficients become integers of ring operations: the same digits with every compiler and C library. */
TEST(Fit, CoefficientsAreFrozen) {
    const double sigmoids[3][4] = {
        {0x1.3cf4ef3f75359p-1, -0x1.589bcf85bee37p-3, 0x1.224bf318b7187p-4, -0x1.4efaef8ff2ea5p-5},
        {0x1.3a97344a326dbp-1, -0x1.6292bfbd7096ep-3, 0x1.0bc6a44675cd1p-4, -0x1.4132b92c48e92p-5},
        {0x1.3d5cc8e60358bp-1, -0x1.5e7a44d9156e6p-3, 0x1.3dc4d09ddc9ccp-4, -0x1.7fca78cd49bd9p-5}};
    for (int kind = 0; kind < 3; kind++) {
        const Poly p = sigmoid(static_cast<sable_fit_kind>(kind), 7, 8, nullptr);
        for (uint32_t i = 0; i < 4; i++) EXPECT_EQ(sable_poly_coefficient(p.get(), 2 * i + 1), sigmoids[kind][i]);
    }
    const double stages[2][4] = {
        {0x1.0076955d557cfp+0, -0x1.4f8d394b9e6ebp-2, 0x1.8534049b6020dp-3, -0x1.2593b8a95c469p-2},
        {0x1.3b9183c998d04p+0, -0x1.425228902a47ap-2, 0x1.b06de16ef22c2p-4, -0x1.b053bfa075b2cp-6}};
    const uint32_t degrees[] = {7, 7};
    sable_sign *sign = nullptr;
    ASSERT_EQ(sable_sign_create(&sign, degrees, 2, 0.125, 1, nullptr), SABLE_OK);
    for (size_t k = 0; k < 2; k++)
        for (uint32_t i = 0; i < 4; i++)
            EXPECT_EQ(sable_poly_coefficient(sable_sign_stage(sign, k), 2 * i + 1), stages[k][i]);
    sable_sign_destroy(&sign);
}

TEST(Fit, BoundsAreTightAndHold) {
    std::mt19937_64 rng(7);
    std::uniform_real_distribution<double> u(-1, 1);
    for (uint32_t degree : {1u, 2u, 7u, 31u, 63u, 200u})
        for (int round = 0; round < 5; round++) {
            std::vector<double> c(degree + 1);
            for (double &x : c) x = u(rng);
            sable_poly *raw = nullptr;
            ASSERT_EQ(sable_poly_chebyshev(&raw, c.data(), c.size(), -2, 5, nullptr), SABLE_OK);
            Poly p(raw);
            double most = 0, sum = 0;
            for (int i = 0; i <= 40000; i++)
                most = std::max(most, fabs(sable_poly_value(raw, 1.5 - 3.5 * cos(M_PI * i / 40000))));
            for (double x : c) sum += fabs(x);
            EXPECT_GE(info(p).bound, most * (1 - 1e-9));
            EXPECT_LE(info(p).bound, most * 1.0013);
            EXPECT_LE(info(p).bound, sum);
        }
}

void refused(const Function &f, sable_fit fit, sable_status status, const char *text) {
    for (auto fit_with : {sable_poly_minimax, sable_poly_least_squares}) {
        Function g = f;
        sable_poly *p = nullptr;
        sable_error err = {};
        EXPECT_EQ(fit_with(&p, call, &g, &fit, nullptr, &err), status) << err.text;
        EXPECT_NE(std::string(err.text).find(text), std::string::npos) << err.text;
        EXPECT_EQ(p, nullptr);
    }
}

TEST(Fit, RefusalsSayTheNumbers) {
    const Function f = [](long double x) { return x; }, pole = [](long double x) { return 1 / (x - x); };
    refused(f, describe(0, -1, 1), SABLE_INVALID, "degree 0: 1 to 63");
    refused(f, describe(64, -1, 1), SABLE_INVALID, "degree 64: 1 to 63");
    refused(f, describe(1, -1, 1, SABLE_PARITY_EVEN), SABLE_INVALID, "degree 1: 2 to 63");
    refused(f, describe(3, 2, 2), SABLE_INVALID, "[2, 2]");
    refused(f, describe(3, 0, NAN), SABLE_INVALID, "[0, nan]");
    refused(f, describe(3, -1, 2, SABLE_PARITY_ODD), SABLE_INVALID, "[-1, 2]");
    refused(f, describe(3, -1, 1, SABLE_PARITY_NONE, 0.5), SABLE_INVALID, "gap of 0.5");
    refused(f, describe(3, -1, 1, SABLE_PARITY_ODD, 1), SABLE_INVALID, "gap of 1");
    refused(f, describe(3, -1, 1, SABLE_PARITY_ODD, -1), SABLE_INVALID, "gap of -1");
    refused(f, describe(3, -1, 1, SABLE_PARITY_ODD, NAN), SABLE_INVALID, "gap of nan");
    refused(f, describe(3, -1, 1, static_cast<sable_parity>(7)), SABLE_INVALID, "parity 7");
    refused(pole, describe(3, -1, 1), SABLE_DATA, "at x = ");
    sable_fit unset = describe(3, -1, 1);
    unset.struct_size = 0;
    refused(f, unset, SABLE_INVALID, "struct_size");
    sable_poly *p = nullptr;
    sable_error err = {};
    Function jump = [](long double x) { return x < 0.1L ? -1.0L : 1.0L; };
    const sable_fit seven = describe(7, -1, 1);
    EXPECT_EQ(sable_poly_minimax(&p, call, &jump, &seven, nullptr, &err), SABLE_DATA) << err.text;
    EXPECT_NE(std::string(err.text).find("not continuous"), std::string::npos) << err.text;
    /* On a narrow range far from 0 coefficients grow until doubles cannot hold the fit. */
    Function root = [](long double x) { return sqrtl(fabsl(x - 0.98L)); };
    const sable_fit narrow = describe(63, -1, 1, SABLE_PARITY_ODD, 0.98);
    EXPECT_EQ(sable_poly_minimax(&p, call, &root, &narrow, nullptr, &err), SABLE_DATA) << err.text;
    EXPECT_NE(std::string(err.text).find("take a lower degree"), std::string::npos) << err.text;
    EXPECT_EQ(sable_poly_sigmoid(&p, SABLE_FIT_MINIMAX, 64, 8, nullptr, &err), SABLE_INVALID);
    EXPECT_EQ(sable_poly_sigmoid(&p, SABLE_FIT_MINIMAX, 7, 0, nullptr, &err), SABLE_INVALID);
    EXPECT_EQ(sable_poly_sigmoid(&p, SABLE_FIT_MINIMAX, 7, INFINITY, nullptr, &err), SABLE_INVALID);
    EXPECT_EQ(sable_poly_sigmoid(&p, static_cast<sable_fit_kind>(9), 7, 8, nullptr, &err), SABLE_INVALID);
    EXPECT_NE(std::string(err.text).find("fit 9"), std::string::npos) << err.text;
    EXPECT_EQ(p, nullptr);
}

} // namespace
