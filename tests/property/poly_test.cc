/* SPDX-License-Identifier: Apache-2.0 */
/* Polynomials: change of basis, interpolation, encrypted evaluation against Clenshaw's recurrence. */
#include "support/ckks_fixture.h"

using namespace sable_test;

namespace {

struct PolyDeleter {
    void operator()(sable_poly *p) const { sable_poly_destroy(&p); }
};
using Poly = std::unique_ptr<sable_poly, PolyDeleter>;

Poly chebyshev(const std::vector<double> &c, double lo = -1, double hi = 1) {
    sable_poly *p = nullptr;
    sable_error err = {};
    EXPECT_EQ(sable_poly_chebyshev(&p, c.data(), c.size(), lo, hi, &err), SABLE_OK) << err.text;
    return Poly(p);
}
Poly powers(const std::vector<double> &c, double lo, double hi) {
    sable_poly *p = nullptr;
    sable_error err = {};
    EXPECT_EQ(sable_poly_powers(&p, c.data(), c.size(), lo, hi, &err), SABLE_OK) << err.text;
    return Poly(p);
}
Poly interpolate(double (*f)(double), uint32_t degree, double lo, double hi) {
    sable_poly *p = nullptr;
    sable_error err = {};
    auto call = [](double x, void *arg) { return (*reinterpret_cast<double (**)(double)>(arg))(x); };
    EXPECT_EQ(sable_poly_interpolate(&p, call, &f, degree, lo, hi, &err), SABLE_OK) << err.text;
    return Poly(p);
}
sable_poly_info info(const Poly &p) {
    sable_poly_info i = {};
    i.struct_size = sizeof i;
    EXPECT_EQ(sable_poly_describe(p.get(), &i), SABLE_OK);
    return i;
}
double sigmoid(double x) { return 1 / (1 + exp(-x)); }

TEST(Poly, PowersBecomeChebyshev) {
    Poly cube = powers({0, 0, 0, 1}, -1, 1);
    EXPECT_EQ(sable_poly_coefficient(cube.get(), 1), 0.75);
    EXPECT_EQ(sable_poly_coefficient(cube.get(), 3), 0.25);
    EXPECT_TRUE(info(cube).odd);
    EXPECT_FALSE(info(cube).even);
    const std::vector<double> c = {0.5, -1.25, 3, 0.125, -2, 0.3, 0.0078, -0.004};
    for (auto [lo, hi] : {std::pair(-1.0, 1.0), std::pair(-8.0, 8.0), std::pair(0.0, 3.0), std::pair(-2.0, 5.0)}) {
        Poly p = powers(c, lo, hi);
        for (int i = 0; i <= 50; i++) {
            double x = lo + (hi - lo) * i / 50, y = 0;
            for (size_t k = c.size(); k-- > 0;) y = y * x + c[k];
            EXPECT_NEAR(sable_poly_value(p.get(), x), y, 1e-13 * info(p).bound);
        }
    }
}

TEST(Poly, InterpolationConverges) {
    Poly e = interpolate(exp, 24, -1, 1), s = interpolate(sigmoid, 63, -8, 8), t = interpolate(tanh, 31, -2, 2),
         c = interpolate(cos, 30, -3, 3);
    for (int i = -50; i <= 50; i++) {
        double u = i / 50.0;
        EXPECT_NEAR(sable_poly_value(e.get(), u), exp(u), 1e-14);
        EXPECT_NEAR(sable_poly_value(s.get(), 8 * u), sigmoid(8 * u), 1e-9);
        EXPECT_NEAR(sable_poly_value(t.get(), 2 * u), tanh(2 * u), 1e-8);
        EXPECT_NEAR(sable_poly_value(c.get(), 3 * u), cos(3 * u), 1e-13);
    }
    EXPECT_TRUE(info(t).odd);
    EXPECT_TRUE(info(c).even);
    EXPECT_EQ(sable_poly_depth(t.get()), 6u); /* degree 31 and the interval */
    EXPECT_EQ(sable_poly_depth(chebyshev(std::vector<double>(32, 1.0)).get()), 5u);
    EXPECT_EQ(sable_poly_depth(chebyshev({1, 1}, -5, 5).get()), 1u); /* a line takes its interval with it */
    /* A polynomial is its own interpolation. */
    Poly p = interpolate([](double x) { return ((x - 2) * x + 3) * x - 0.5; }, 200, -1, 3);
    EXPECT_EQ(sable_poly_degree(p.get()), 3u);
}

TEST(Poly, ConstructionRefusals) {
    sable_poly *p = nullptr;
    const double one[] = {1, 2}, bad[] = {1, NAN}, flat[] = {3, 0, 0};
    std::vector<double> many(257, 1.0);
    auto pole = [](double x, void *) { return 1 / (x - x); };
    EXPECT_EQ(sable_poly_chebyshev(&p, one, 2, 1, 1, nullptr), SABLE_INVALID);
    EXPECT_EQ(sable_poly_chebyshev(&p, one, 2, NAN, 1, nullptr), SABLE_INVALID);
    EXPECT_EQ(sable_poly_chebyshev(&p, flat, 3, -1, 1, nullptr), SABLE_INVALID);
    EXPECT_EQ(sable_poly_chebyshev(&p, one, 0, -1, 1, nullptr), SABLE_INVALID);
    EXPECT_EQ(sable_poly_chebyshev(&p, bad, 2, -1, 1, nullptr), SABLE_DATA);
    EXPECT_EQ(sable_poly_powers(&p, bad, 2, -1, 1, nullptr), SABLE_DATA);
    EXPECT_EQ(sable_poly_chebyshev(&p, many.data(), many.size(), -1, 1, nullptr), SABLE_INVALID);
    EXPECT_EQ(sable_poly_interpolate(&p, pole, nullptr, 7, -1, 1, nullptr), SABLE_DATA);
    EXPECT_EQ(sable_poly_interpolate(&p, pole, nullptr, 256, -1, 1, nullptr), SABLE_INVALID);
    EXPECT_EQ(p, nullptr);
}

/* Evaluates at `level` and compares with Clenshaw. Returns measured / predicted std. */
double evaluate(Kit &kit, const Poly &poly, uint32_t level, uint32_t batch) {
    sable_poly_info i = info(poly);
    Values x = kit.random(batch, false);
    double reach = std::max(fabs(i.lo), fabs(i.hi));
    for (auto &z : x) z = i.lo + (i.hi - i.lo) * (z.real() + 1) / 2;
    Ct in = kit.encrypt(x, level, batch), out(kit);
    EXPECT_EQ(sable_ct_declare(kit.queue, in, reach, rms(x)), SABLE_OK);
    sable_status status = sable_poly_evaluate(kit.queue, out, in, poly.get(), kit.keys);
    EXPECT_EQ(status, SABLE_OK) << sable_queue_error(kit.queue);
    if (status != SABLE_OK) return NAN;
    EXPECT_EQ(out->level, level - i.depth);
    EXPECT_TRUE(sable_scale_equal(out->scale, sable_scale_canonical(kit.ctx, level - i.depth)));
    EXPECT_EQ(out->batch, batch);
    Values y(x.size());
    for (size_t j = 0; j < x.size(); j++) y[j] = sable_poly_value(poly.get(), x[j].real());
    EXPECT_LE(largest(y), out->bound);
    EXPECT_NEAR(out->rms / rms(y), 1, 0.1);
    Spread e = slot_error(kit.decrypt(out), y);
    double predicted = sable_noise_slot_std(out);
    /* The derivative, and with it the error, is largest at the ends of the interval: up to degree^2. */
    EXPECT_LT(e.largest, 40 * predicted + 1e-13) << "level " << level;
    return e.rms / predicted;
}

void ratio_holds(double ratio, double floor) {
    EXPECT_LT(ratio, 1.5);
    EXPECT_GT(ratio, floor);
}

std::vector<double> random_coefficients(uint32_t degree, int parity) {
    std::mt19937_64 rng(degree * 3 + (unsigned)(parity + 1));
    std::uniform_real_distribution<double> u(-1, 1);
    std::vector<double> c(degree + 1);
    for (uint32_t i = 0; i <= degree; i++) c[i] = parity >= 0 && (int)(i & 1) != parity ? 0 : u(rng) / (i + 1);
    if (c[degree] == 0) c[degree] = 0.01;
    return c;
}

struct Case {
    uint32_t degree;
    int parity;
};
const Case kCases[] = {{3, 1}, {7, -1}, {15, 1}, {15, -1}, {27, 1}, {30, 0}, {31, -1}};

TEST(PolyEval, AllLevelsOfT10) {
    Kit kit("T10");
    double low = 9, high = 0;
    for (const Case &c : kCases) {
        Poly p = chebyshev(random_coefficients(c.degree, c.parity));
        for (uint32_t level = info(p).depth; level <= kit.top(); level++) {
            SCOPED_TRACE(testing::Message() << "degree " << c.degree << " level " << level);
            double ratio = evaluate(kit, p, level, level % 3 == 0 ? 2 : 1);
            /* Above 2^50 the encoder's own error is of the size of the noise: only the bound is meaningful. */
            if (kit.ctx->params.scale[level].hi < 0x1p50) {
                ratio_holds(ratio, 0.5);
                low = std::min(low, ratio);
                high = std::max(high, ratio);
            }
            if (HasFailure()) return;
        }
    }
    std::printf("T10 polynomials: measured/predicted %.2f..%.2f\n", low, high);
}

TEST(PolyEval, AppLevelsOfT11) {
    Kit kit("T11");
    double low = 9, high = 0;
    for (const Case &c : kCases) {
        Poly p = chebyshev(random_coefficients(c.degree, c.parity));
        for (uint32_t level : {5u, 8u, 11u, 12u, 15u}) {
            if (level < info(p).depth) continue;
            SCOPED_TRACE(testing::Message() << "degree " << c.degree << " level " << level);
            double ratio = evaluate(kit, p, level, 1);
            ratio_holds(ratio, 0.5);
            low = std::min(low, ratio);
            high = std::max(high, ratio);
            if (HasFailure()) return;
        }
    }
    std::printf("T11 polynomials: measured/predicted %.2f..%.2f\n", low, high);
}

TEST(PolyEval, OtherIntervalsAndLines) {
    Kit kit("T11");
    ratio_holds(evaluate(kit, interpolate(sigmoid, 15, -8, 8), 10, 2), 0.5);
    ratio_holds(evaluate(kit, interpolate(sqrt, 7, 0.25, 1), 10, 1), 0.5);
    ratio_holds(evaluate(kit, powers({0.5, 0.25, 0, -0.01}, -4, 4), 6, 1), 0.5);
    ratio_holds(evaluate(kit, chebyshev({0.3, 2}, -4, 4), 1, 1), 0.5);
    ratio_holds(evaluate(kit, chebyshev({0, 1}), 1, 1), 0.5);
    ratio_holds(evaluate(kit, chebyshev(random_coefficients(63, -1)), 14, 1), 0.5);
}

TEST(PolyEval, PortablePathGivesTheSameWords) {
    Kit fast("T10");
    KitOptions portable;
    portable.cpu_path = "portable";
    portable.keys = false;
    Kit slow("T10", portable);
    /* The same words in, the same keys: the second context borrows both by copy of their words. */
    Poly p = chebyshev(random_coefficients(15, -1));
    Ct x = fast.encrypt(fast.random(1, false), 6), y(fast), x2(slow), y2(slow);
    OK(fast, sable_ct_declare(fast.queue, x, 1, 0.6));
    OK(fast, sable_poly_evaluate(fast.queue, y, x, p.get(), fast.keys));
    auto borrow = [&](const uint32_t *from, size_t words) {
        uint32_t *to = nullptr;
        EXPECT_EQ(sable_words_alloc(slow.queue, &to, words, "copy"), SABLE_OK);
        EXPECT_EQ(slow.ctx->backend->upload(slow.queue->handle, to, from, words * 4), SABLE_OK);
        return to;
    };
    sable_ct meta = *x;
    std::vector<uint32_t> w = fast.words(x);
    sable_ct_commit(slow.queue, x2, &meta, borrow(w.data(), w.size()));
    sable_keyset keys = *fast.keys;
    std::vector<sable_evk> evk(fast.keys->key, fast.keys->key + fast.keys->count);
    keys.ctx = slow.ctx;
    keys.key = evk.data();
    for (auto &k : evk) k.data = borrow(k.data, 2ull * k.digits * (k.need.limbs + slow.ctx->params.p_count) * slow.n());
    OK(slow, sable_poly_evaluate(slow.queue, y2, x2, p.get(), &keys));
    EXPECT_EQ(fast.words(y), slow.words(y2));
    for (auto &k : evk) sable_words_release(slow.queue, k.data);
}

TEST(PolyEval, OutputMayBeTheInput) {
    Kit kit("T10");
    Poly p = chebyshev(random_coefficients(7, -1)), q = interpolate(sigmoid, 7, -2, 2);
    Ct x = kit.encrypt(kit.random(2, false), 7, 2), y(kit);
    OK(kit, sable_ct_declare(kit.queue, x, 1, 0.6));
    for (const Poly *poly : {&p, &q}) {
        Ct z(kit);
        OK(kit, sable_ct_copy(kit.queue, z, x));
        OK(kit, sable_poly_evaluate(kit.queue, y, x, poly->get(), kit.keys));
        OK(kit, sable_poly_evaluate(kit.queue, z, z, poly->get(), kit.keys));
        EXPECT_EQ(kit.words(y), kit.words(z));
    }
}

TEST(PolyEval, PlanNamesTheKeysItNeeds) {
    KitOptions bare;
    bare.keys = false;
    Kit kit("T10", bare);
    Poly p = interpolate(sigmoid, 15, -4, 4);
    sable_poly_cost cost = {};
    cost.struct_size = sizeof cost;
    sable_error err = {};
    ASSERT_EQ(sable_poly_plan(p.get(), kit.params, 6, &cost, &err), SABLE_OK) << err.text;
    EXPECT_EQ(cost.level_out, 1u);
    EXPECT_TRUE(cost.needs_key);
    EXPECT_EQ(cost.key_high, 5u); /* level 6 is spent on the interval */
    EXPECT_EQ(cost.key_low, 2u);
    sable_key_spec *spec = nullptr;
    ASSERT_EQ(sable_key_spec_create(&spec, kit.params, &err), SABLE_OK);
    ASSERT_EQ(sable_poly_add_keys(spec, p.get(), kit.params, 6, &err), SABLE_OK);
    EXPECT_EQ(sable_key_spec_count(spec), 1u);
    kit.keys = kit.make_keys(spec);
    sable_key_spec_destroy(&spec);
    ratio_holds(evaluate(kit, p, 6, 1), 0.5);
}

TEST(PolyEval, RefusalsLeaveTheOutputAlone) {
    Kit kit("T10");
    Poly p = chebyshev(random_coefficients(15, -1)), wide = interpolate(sigmoid, 15, -4, 4),
         huge = chebyshev({0, 1, 0, 1e15});
    Ct x = kit.encrypt(kit.random(1, false), 5), out = kit.encrypt(kit.random(1, false), 2),
       low = kit.encrypt(kit.random(1, false), 3), sq(kit);
    Ct wider = kit.encrypt(kit.random(1, false), 5);
    OK(kit, sable_ct_declare(kit.queue, x, 1, 0.6));
    OK(kit, sable_ct_declare(kit.queue, low, 1, 0.6));
    OK(kit, sable_ct_declare(kit.queue, wider, 1.5, 0.6));
    OK(kit, sable_tensor(kit.queue, sq, x, x));
    Snapshot before(kit, out);
    sable_keyset none = *kit.keys;
    none.count = 0;
    sable_keyset foreign = *kit.keys;
    foreign.key_id[0] ^= 1;
    Ct plain(kit);
    OK(kit, sable_mul_scalar(kit.queue, plain, x, 0.5, 0));
    auto refuse = [&](const sable_ct *in, const sable_poly *poly, const sable_keyset *keys, sable_status expected) {
        EXPECT_EQ(sable_poly_evaluate(kit.queue, out, in, poly, keys), expected) << sable_queue_error(kit.queue);
        EXPECT_TRUE(unchanged(kit, out, before));
        EXPECT_NE(sable_queue_error(kit.queue)[0], 0);
    };
    refuse(wider, p.get(), kit.keys, SABLE_BOUND);
    refuse(low, p.get(), kit.keys, SABLE_LEVEL);
    refuse(low, wide.get(), kit.keys, SABLE_LEVEL);
    refuse(sq, p.get(), kit.keys, SABLE_DEGREE);
    refuse(plain, p.get(), kit.keys, SABLE_SCALE);
    refuse(x, p.get(), &none, SABLE_NO_KEY);
    refuse(x, p.get(), nullptr, SABLE_NO_KEY);
    refuse(x, p.get(), &foreign, SABLE_KEY_MISMATCH);
    refuse(low, huge.get(), kit.keys, SABLE_BOUND);
    refuse(x, nullptr, kit.keys, SABLE_INVALID);
    refuse(nullptr, p.get(), kit.keys, SABLE_INVALID);
    OK(kit, sable_poly_evaluate(kit.queue, out, x, p.get(), kit.keys)); /* the queue lives on */
}

} // namespace
