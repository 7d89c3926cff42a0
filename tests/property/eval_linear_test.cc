/* SPDX-License-Identifier: Apache-2.0 */
/* Operations that cost no key: additions, plaintexts, constants, sums of products; broadcast, aliasing, slices. Everything here but the
 * rounding of plaintexts and constants is exact on phases. */
#include "support/ckks_fixture.h"

#include <functional>

using namespace sable_test;
using NTL::ZZ;

namespace {

class EvalLinear : public testing::Test {
  protected:
    Kit kit{"T10", without_keys()};
};

Phase zero(const Kit &kit) { return Phase(kit.n(), ZZ(0)); }
ZZ minus() { return ZZ(-1); }

TEST_F(EvalLinear, SumsOfEveryShapeAndAliasing) {
    for (uint32_t level : {0u, 1u, 5u, 14u})
        for (auto [na, nb] : {std::pair(1u, 1u), std::pair(3u, 3u), std::pair(1u, 3u), std::pair(3u, 1u)}) {
            SCOPED_TRACE(testing::Message() << "level " << level << " batches " << na << ", " << nb);
            Ct a = kit.encrypt(kit.random(na, true), level, na), b = kit.encrypt(kit.random(nb, true), level, nb);
            uint32_t n = std::max(na, nb);
            for (int alias = 0; alias < 3; alias++) {
                for (bool subtract : {false, true}) {
                    Ct x(kit), y(kit), z(kit);
                    OK(kit, sable_ct_copy(kit.queue, x, a));
                    OK(kit, sable_ct_copy(kit.queue, y, b));
                    Ct *out = alias == 0 ? &z : alias == 1 ? &x : &y;
                    OK(kit, (subtract ? sable_sub : sable_add)(kit.queue, *out, x, y));
                    ASSERT_EQ((*out)->batch, n);
                    EXPECT_DOUBLE_EQ((*out)->bound, a->bound + b->bound);
                    EXPECT_DOUBLE_EQ((*out)->noise_var, a->noise_var + b->noise_var);
                    for (uint32_t i = 0; i < n; i++) {
                        Phase pa = kit.phase(a, na == 1 ? 0 : i), pb = kit.phase(b, nb == 1 ? 0 : i);
                        ASSERT_EQ(kit.phase(*out, i), subtract ? pa - pb : pa + pb) << "alias " << alias;
                    }
                }
            }
            Ct d(kit), e(kit);
            OK(kit, sable_add(kit.queue, d, a, a));
            EXPECT_EQ(kit.phase(d), ZZ(2) * kit.phase(a));
            EXPECT_DOUBLE_EQ(d->rms, 2 * a->rms);
            EXPECT_DOUBLE_EQ(d->noise_var, 4 * a->noise_var);
            OK(kit, sable_sub(kit.queue, e, a, a));
            EXPECT_EQ(kit.phase(e), zero(kit));
        }
}

TEST_F(EvalLinear, SumsOfTwoAndThreeParts) {
    Ct a = kit.encrypt(kit.random(1, true), 4), b = kit.encrypt(kit.random(3, true), 4, 3), t(kit), u(kit), two(kit);
    OK(kit, sable_tensor(kit.queue, t, a, b));
    OK(kit, sable_mul_scalar(kit.queue, u, b, 1, 0)); /* the scale of the product */
    OK(kit, sable_mul_scalar(kit.queue, two, a, 1, 0));
    for (bool swap : {false, true})
        for (bool subtract : {false, true})
            for (int alias = 0; alias < 3; alias++)
                for (const Ct *other : {&u, &two}) {
                    Ct x(kit), y(kit), z(kit);
                    OK(kit, sable_ct_copy(kit.queue, x, swap ? *other : t));
                    OK(kit, sable_ct_copy(kit.queue, y, swap ? t : *other));
                    Ct *out = alias == 0 ? &z : alias == 1 ? &x : &y;
                    OK(kit, (subtract ? sable_sub : sable_add)(kit.queue, *out, x, y));
                    ASSERT_EQ((*out)->parts, 3u);
                    for (uint32_t i = 0; i < 3; i++) {
                        Phase pt = kit.phase(t, i), po = kit.phase(*other, (*other)->batch == 1 ? 0 : i);
                        Phase l = swap ? po : pt, r = swap ? pt : po;
                        ASSERT_EQ(kit.phase(*out, i), subtract ? l - r : l + r);
                    }
                }
}

TEST_F(EvalLinear, UnaryOperations) {
    for (uint32_t level : {0u, 3u, 14u}) {
        Ct a = kit.encrypt(kit.random(3, true), level, 3);
        for (bool in_place : {false, true}) {
            auto run = [&](const std::function<sable_status(sable_ct *, const sable_ct *)> &f) {
                Ct x(kit);
                EXPECT_EQ(sable_ct_copy(kit.queue, x, a), SABLE_OK);
                Ct y(kit);
                EXPECT_EQ(f(in_place ? x : y, x), SABLE_OK) << sable_queue_error(kit.queue);
                return in_place ? std::move(x) : std::move(y);
            };
            Ct n = run([&](sable_ct *o, const sable_ct *i) { return sable_negate(kit.queue, o, i); });
            Ct m = run([&](sable_ct *o, const sable_ct *i) { return sable_mul_integer(kit.queue, o, i, -37); });
            Ct z = run([&](sable_ct *o, const sable_ct *i) { return sable_mul_integer(kit.queue, o, i, 0); });
            Ct j = run([&](sable_ct *o, const sable_ct *i) { return sable_mul_i(kit.queue, o, i); });
            for (uint32_t b = 0; b < 3; b++) {
                Phase p = kit.phase(a, b);
                EXPECT_EQ(kit.phase(n, b), minus() * p);
                EXPECT_EQ(kit.phase(m, b), ZZ(-37) * p);
                EXPECT_EQ(kit.phase(z, b), zero(kit));
                Phase shifted(kit.n()); /* X^(N/2) */
                for (uint32_t k = 0; k < kit.n(); k++)
                    shifted[(k + kit.n() / 2) % kit.n()] = k < kit.n() / 2 ? p[k] : -p[k];
                EXPECT_EQ(kit.phase(j, b), shifted);
            }
            EXPECT_DOUBLE_EQ(m->noise_var, 37. * 37 * a->noise_var);
        }
    }
}

TEST_F(EvalLinear, ScalarsAreIntegersAtTheirScale) {
    for (uint32_t level : {1u, 4u, 14u}) {
        Ct a = kit.encrypt(kit.random(2, true), level, 2), s(kit), m(kit), h(kit);
        sable_dd delta = kit.ctx->params.scale[level];
        const double re = -0.7310585786300049, im = 0.123;
        auto constant =
            [&](double
                    v) { /* round(v * Delta), v*Delta exact up to 2^-100 of itself */
                         ZZ scaled = NTL::conv<ZZ>(ldexp(v, 60)) * integer({ldexp(delta.hi, 80), ldexp(delta.lo, 80)});
                         ZZ q;
                         NTL::div(q, scaled + (ZZ(1) << 139), ZZ(1) << 140); /* towards minus infinity */
                         return q;
            };
        ZZ u = constant(re), v = constant(im);
        OK(kit, sable_add_scalar(kit.queue, s, a, re, im));
        OK(kit, sable_mul_scalar(kit.queue, m, a, re, im));
        OK(kit, sable_mul_scalar(kit.queue, h, a, re, 0));
        EXPECT_EQ(m->scale.power, 2u);
        EXPECT_EQ(m->scale.level, (int32_t)level);
        Phase c = zero(kit);
        c[0] = u;
        c[kit.n() / 2] = v;
        for (uint32_t b = 0; b < 2; b++) {
            Phase p = kit.phase(a, b);
            EXPECT_EQ(kit.phase(s, b), p + c);
            EXPECT_EQ(kit.phase(m, b), multiply(p, c));
            EXPECT_EQ(kit.phase(h, b), u * p);
        }
        OK(kit, sable_add_scalar(kit.queue, a, a, re, im));
        EXPECT_EQ(kit.words(a), kit.words(s));
    }
    /* Constants beyond 2^120: a product at the top has scale 2^119. */
    Ct a = kit.encrypt(kit.random(1, true), 14), t(kit), s(kit);
    OK(kit, sable_mul_scalar(kit.queue, t, a, 1, 0));
    OK(kit, sable_add_scalar(kit.queue, s, t, 1000, -3));
    Phase d = kit.phase(s) - kit.phase(t);
    EXPECT_NEAR(NTL::conv<double>(d[0]) / t->scale.hi / 1000, 1, 1e-15);
    EXPECT_NEAR(NTL::conv<double>(d[kit.n() / 2]) / t->scale.hi / -3, 1, 1e-15);
}

TEST_F(EvalLinear, Plaintexts) {
    for (uint32_t level : {1u, 14u}) {
        Ct a = kit.encrypt(kit.random(3, true), level, 3);
        Values v = kit.random(1, true), w = kit.random(3, true), sparse = kit.random(1, true, 64);
        for (bool in_place : {false, true})
            for (const auto &[values, batch, slots] :
                 {std::tuple(v, 1u, 0u), std::tuple(w, 3u, 0u), std::tuple(sparse, 1u, 64u)}) {
                Pt p = kit.encode(values, level, batch, slots);
                auto run = [&](sable_status (*f)(sable_queue *, sable_ct *, const sable_ct *, const sable_pt *)) {
                    Ct x(kit), y(kit);
                    EXPECT_EQ(sable_ct_copy(kit.queue, x, a), SABLE_OK);
                    EXPECT_EQ(f(kit.queue, in_place ? x : y, x, p), SABLE_OK) << sable_queue_error(kit.queue);
                    return in_place ? std::move(x) : std::move(y);
                };
                Ct s = run(sable_add_plain), d = run(sable_sub_plain), m = run(sable_mul_plain);
                for (uint32_t b = 0; b < 3; b++) {
                    Phase pa = kit.phase(a, b), pp = kit.phase(p, batch == 1 ? 0 : b);
                    EXPECT_EQ(kit.phase(s, b), pa + pp);
                    EXPECT_EQ(kit.phase(d, b), pa - pp);
                    EXPECT_EQ(kit.phase(m, b), multiply(pa, pp));
                }
            }
        /* One ciphertext, many plaintexts: the ciphertext is repeated. */
        Ct one = kit.encrypt(v, level), m(kit);
        Pt many = kit.encode(w, level, 3);
        OK(kit, sable_mul_plain(kit.queue, m, one, many));
        ASSERT_EQ(m->batch, 3u);
        for (uint32_t b = 0; b < 3; b++) EXPECT_EQ(kit.phase(m, b), multiply(kit.phase(one), kit.phase(many, b)));
        OK(kit, sable_mul_plain(kit.queue, one, one, many));
        EXPECT_EQ(kit.words(one), kit.words(m));
    }
}

TEST_F(EvalLinear, TensorBroadcastAndAliasing) {
    for (auto [na, nb] : {std::pair(3u, 3u), std::pair(1u, 3u), std::pair(3u, 1u)}) {
        Ct a = kit.encrypt(kit.random(na, true), 2, na), b = kit.encrypt(kit.random(nb, true), 2, nb), t(kit);
        OK(kit, sable_tensor(kit.queue, t, a, b));
        ASSERT_EQ(t->batch, 3u);
        for (uint32_t i = 0; i < 3; i++)
            EXPECT_EQ(kit.phase(t, i), multiply(kit.phase(a, na == 1 ? 0 : i), kit.phase(b, nb == 1 ? 0 : i)));
        for (int alias : {1, 2}) {
            Ct x(kit), y(kit);
            OK(kit, sable_ct_copy(kit.queue, x, a));
            OK(kit, sable_ct_copy(kit.queue, y, b));
            OK(kit, sable_tensor(kit.queue, alias == 1 ? x : y, x, y));
            EXPECT_EQ(kit.words(alias == 1 ? x : y), kit.words(t));
        }
        Ct sq(kit);
        OK(kit, sable_tensor(kit.queue, sq, a, a));
        EXPECT_EQ(kit.phase(sq), multiply(kit.phase(a), kit.phase(a)));
        OK(kit, sable_tensor(kit.queue, a, a, a));
        EXPECT_EQ(kit.words(sq), kit.words(a));
    }
}

TEST_F(EvalLinear, SumsOfProductsAndCombinations) {
    const uint32_t terms = 3, groups = 2;
    Ct a = kit.encrypt(kit.random(terms * groups, true), 3, terms * groups),
       b = kit.encrypt(kit.random(terms, true), 3, terms), t(kit), u(kit);
    for (bool swap : {false, true}) {
        OK(kit, sable_tensor_sum(kit.queue, t, swap ? b : a, swap ? a : b, terms));
        ASSERT_EQ(t->batch, groups);
        for (uint32_t g = 0; g < groups; g++) {
            Phase sum = zero(kit);
            for (uint32_t k = 0; k < terms; k++) sum = sum + multiply(kit.phase(a, g * terms + k), kit.phase(b, k));
            EXPECT_EQ(kit.phase(t, g), sum);
        }
    }
    OK(kit, sable_tensor_sum(kit.queue, u, a, a, terms));
    ASSERT_EQ(u->batch, groups);
    EXPECT_EQ(sable_tensor_sum(kit.queue, u, a, b, 4), SABLE_INVALID);
    EXPECT_EQ(sable_tensor_sum(kit.queue, u, a, b, 0), SABLE_INVALID);

    std::vector<double> w(2 * terms);
    for (auto &x : w) x = std::uniform_real_distribution<double>(-2, 2)(kit.rng);
    Ct c(kit), one(kit);
    OK(kit, sable_combine(kit.queue, c, b, w.data(), 2));
    ASSERT_EQ(c->batch, 2u);
    for (uint32_t g = 0; g < 2; g++) {
        Phase sum = zero(kit);
        for (uint32_t k = 0; k < terms; k++) {
            Ct member(kit), scaled(kit);
            OK(kit, sable_ct_slice(kit.queue, member, b, k, 1));
            OK(kit, sable_mul_scalar(kit.queue, scaled, member, w[g * terms + k], 0));
            sum = sum + kit.phase(scaled);
        }
        EXPECT_EQ(kit.phase(c, g), sum);
    }
    OK(kit, sable_combine(kit.queue, b, b, w.data(), 2));
    EXPECT_EQ(kit.words(b), kit.words(c));
}

TEST_F(EvalLinear, SliceConcatDrop) {
    Ct a = kit.encrypt(kit.random(5, true), 7, 5), s(kit), head(kit), tail(kit), joined(kit);
    OK(kit, sable_ct_slice(kit.queue, head, a, 0, 2));
    OK(kit, sable_ct_slice(kit.queue, tail, a, 2, 3));
    EXPECT_FALSE(tail->seeded);
    const sable_ct *parts[] = {head, tail};
    OK(kit, sable_ct_concat(kit.queue, joined, parts, 2));
    EXPECT_EQ(kit.words(joined), kit.words(a));
    OK(kit, sable_ct_concat(kit.queue, head, parts, 2)); /* the output is an input */
    EXPECT_EQ(kit.words(head), kit.words(a));
    OK(kit, sable_ct_slice(kit.queue, tail, tail, 1, 1));
    for (uint32_t i = 0; i < 1; i++) EXPECT_EQ(kit.phase(tail, i), kit.phase(a, 3));
    EXPECT_EQ(sable_ct_slice(kit.queue, s, a, 4, 2), SABLE_INVALID);
    EXPECT_EQ(sable_ct_slice(kit.queue, s, a, 0, 0), SABLE_INVALID);
    /* Level 5 of T10 has 4 terminals and 5 mains: levels 3, 2, 1, 0 lie within; level 4 has 7 mains. */
    Ct five = kit.encrypt(kit.random(2, true), 5, 2);
    EXPECT_EQ(sable_drop(kit.queue, s, five, 4), SABLE_LEVEL);
    for (uint32_t to : {3u, 2u, 1u, 0u}) {
        OK(kit, sable_drop(kit.queue, s, five, to));
        EXPECT_EQ(s->scale.level, -1);
        EXPECT_EQ(s->scale.hi, five->scale.hi);
        for (uint32_t i = 0; i < 2; i++) EXPECT_EQ(kit.phase(s, i), kit.phase(five, i)) << "to " << to;
    }
    Ct b = kit.encrypt(kit.random(1, true), 4);
    EXPECT_EQ(sable_drop(kit.queue, s, b, 3), SABLE_LEVEL); /* [2,4] has terminals that [0,7] lacks */
    EXPECT_EQ(sable_drop(kit.queue, s, b, 5), SABLE_LEVEL);
    OK(kit, sable_drop(kit.queue, s, b, 1));
}

} // namespace
