/* SPDX-License-Identifier: Apache-2.0 */
/* Products, key switches and divisions at every level, phases compared as integers. */
#include "support/ckks_fixture.h"

extern "C" {
#include "client/secret.h"
}

using namespace sable_test;
using NTL::ZZ;

namespace {

constexpr uint32_t kBatch = 3; /* narrows the estimate of a standard deviation at N = 1024 to 1.3 % */

/* std of the phase differences of all members. */
template <class F>
Spread members(uint32_t batch, F f) {
    std::vector<Spread> parts;
    for (uint32_t b = 0; b < batch; b++) parts.push_back(f(b));
    return merge(parts);
}

void expect_noise(const Spread &s, double variance, const char *what) {
    EXPECT_NEAR(s.rms / std::sqrt(variance), 1, 0.1) << what;
    EXPECT_LT(s.largest, 7 * std::sqrt(variance)) << what;
}

void fresh_noise(Kit &kit, uint32_t level) {
    Values v = kit.random(kBatch, true);
    Pt p = kit.encode(v, level, kBatch);
    Ct a(kit), b(kit);
    OK(kit, sable_encrypt_secret(kit.queue, a, p, kit.secret));
    OK(kit, sable_encrypt_public(kit.queue, b, p, kit.public_key));
    expect_noise(members(kBatch, [&](uint32_t i) { return difference(kit.phase(a, i), kit.phase(p, i)); }),
                 SABLE_SIGMA2, "secret key");
    expect_noise(members(kBatch, [&](uint32_t i) { return difference(kit.phase(b, i), kit.phase(p, i)); }),
                 b->noise_var, "public key");
}

/* Variance of the rounding of 3 parts, by the energies of this secret and of its square: that of s^2 differs between secrets by a tenth at N = 2^10,
 * as a sum of N/2 fourth powers of normal numbers does. */
double rounding_of_three(const Kit &kit) {
    Phase s(kit.n());
    for (uint32_t j = 0; j < kit.n(); j++) s[j] = kit.secret->s[j];
    double energy = 1;
    for (const Phase &p : {s, multiply(s, s)})
        for (const ZZ &c : p) energy += NTL::conv<double>(c) * NTL::conv<double>(c);
    const double mean = sable_noise_rounding(kit.ctx, 3);
    EXPECT_NEAR(energy / 12 / mean, 1, 0.6) << "what is tracked is that of a mean secret";
    return energy / 12;
}

void product_at(Kit &kit, uint32_t level) {
    SCOPED_TRACE(testing::Message() << "level " << level);
    Values u = kit.random(kBatch, true), v = kit.random(kBatch, true);
    Ct a = kit.encrypt(u, level, kBatch), b = kit.encrypt(v, level, kBatch), t(kit), r(kit), m(kit);
    if (level ==
        0) { /* a product of two scales does not fit, and nothing could divide it: key switches at level 0 are rotations */
        EXPECT_EQ(sable_multiply(kit.queue, m, a, b, kit.keys), SABLE_LEVEL);
        EXPECT_EQ(sable_tensor(kit.queue, t, a, b), SABLE_BOUND);
        return;
    }
    OK(kit, sable_tensor(kit.queue, t, a, b));
    ASSERT_EQ(t->scale.level, (int32_t)level);
    ASSERT_EQ(t->scale.power, 2u);
    OK(kit, sable_relinearize(kit.queue, r, t, kit.keys));
    ASSERT_TRUE(sable_scale_equal(r->scale, t->scale));
    const ZZ q = modulus(kit.ctx, level);
    std::vector<Phase> exact;
    for (uint32_t i = 0; i < kBatch; i++) exact.push_back(multiply(kit.phase(a, i), kit.phase(b, i)));
    /* The tensor product is exact, relinearisation adds its own noise only (O8). */
    for (uint32_t i = 0; i < kBatch; i++) ASSERT_EQ(kit.phase(t, i), exact[i]);
    expect_noise(members(kBatch, [&](uint32_t i) { return difference(kit.phase(r, i), exact[i]); }),
                 sable_noise_key_switch(kit.ctx, level) + sable_noise_rounding(kit.ctx, 2), "key switch");
    EXPECT_NEAR(r->noise_var - t->noise_var, sable_noise_key_switch(kit.ctx, level) + sable_noise_rounding(kit.ctx, 2),
                1e-3 * r->noise_var);
    OK(kit, sable_multiply(kit.queue, m, a, b, kit.keys));
    ASSERT_TRUE(sable_scale_equal(m->scale, sable_scale_canonical(kit.ctx, level - 1)));
    ASSERT_EQ(m->level, level - 1);
    const ZZ below = modulus(kit.ctx, level - 1);
    const double rho =
        kit.ctx->params.scale[level].hi * kit.ctx->params.scale[level].hi / kit.ctx->params.scale[level - 1].hi;
    expect_noise(members(kBatch, [&](uint32_t i) { return difference(kit.phase(m, i), exact[i], below, q); }),
                 sable_noise_key_switch(kit.ctx, level) / rho / rho + sable_noise_rounding(kit.ctx, 2), "product");
    /* Two calls instead of one: rounding twice moves a quotient by 1 only when it lies within 1/rho of a tie. */
    OK(kit, sable_rescale(kit.queue, r, r));
    Spread twice = members(kBatch, [&](uint32_t i) { return difference(kit.phase(r, i), kit.phase(m, i)); });
    EXPECT_LE(twice.rms, 1) << "relinearise, then rescale";
    /* Rescale of 3 parts, relinearised afterwards. */
    Ct three(kit);
    OK(kit, sable_rescale(kit.queue, three, t));
    ASSERT_EQ(three->parts, 3u);
    Spread s3 = members(kBatch, [&](uint32_t i) { return difference(kit.phase(three, i), exact[i], below, q); });
    EXPECT_NEAR(s3.rms / std::sqrt(rounding_of_three(kit)), 1, 0.15) << "rescale of 3 parts";
    ASSERT_TRUE(sable_scale_equal(three->scale, m->scale));
}

TEST(EvalProduct, EveryLevelOfT10) {
    Kit kit("T10");
    fresh_noise(kit, 3);
    fresh_noise(kit, kit.top());
    for (uint32_t level = 0; level <= kit.top(); level++) product_at(kit, level);
}

TEST(EvalProduct, EveryLevelOfT11) {
    Kit kit("T11");
    for (uint32_t level = 0; level <= kit.top(); level++) product_at(kit, level);
}

TEST(EvalProduct, SomeLevelsOfT12) {
    Kit kit("T12");
    for (uint32_t level : {1u, 5u, 8u}) product_at(kit, level);
}

TEST(EvalProduct, PortablePath) {
    KitOptions o;
    o.cpu_path = "portable";
    Kit kit("T10", o);
    for (uint32_t level : {1u, 4u, 14u}) product_at(kit, level);
}

void rescale_at(Kit &kit, uint32_t level) {
    Values v = kit.random(kBatch, true), w = kit.random(1, true);
    Ct a = kit.encrypt(v, level, kBatch), m(kit), r(kit);
    Pt p = kit.encode(w, level);
    OK(kit, sable_mul_plain(kit.queue, m, a, p));
    Phase plain = kit.phase(p);
    for (uint32_t i = 0; i < kBatch; i++) ASSERT_EQ(kit.phase(m, i), multiply(kit.phase(a, i), plain));
    OK(kit, sable_rescale(kit.queue, r, m));
    ASSERT_TRUE(sable_scale_equal(r->scale, sable_scale_canonical(kit.ctx, level - 1)));
    expect_noise(members(kBatch,
                         [&](uint32_t i) {
                             return difference(kit.phase(r, i), kit.phase(m, i), modulus(kit.ctx, level - 1),
                                               modulus(kit.ctx, level));
                         }),
                 sable_noise_rounding(kit.ctx, 2), "rescale");
}

TEST(EvalProduct, PlaintextProductsAndRescale) {
    Kit t10("T10"), t11("T11");
    for (uint32_t level = 1; level <= t10.top(); level++) rescale_at(t10, level);
    for (uint32_t level : {1u, 2u, 3u, 13u, 14u, 15u, 16u, 27u}) rescale_at(t11, level);
}

/* c' = round(K*A*c/E): scale CANON(to), the rounded factor within 2^-38, noise of one rounding. */
void adjust_pair(Kit &kit, uint32_t from, uint32_t to, double *worst) {
    SCOPED_TRACE(testing::Message() << from << " to " << to);
    Ct a = kit.encrypt(kit.random(1, true), from), r(kit);
    OK(kit, sable_adjust(kit.queue, r, a, to));
    ASSERT_EQ(r->level, to);
    ASSERT_TRUE(sable_scale_equal(r->scale, sable_scale_canonical(kit.ctx, to)));
    sable_dd sa = kit.ctx->params.scale[from], sr = kit.ctx->params.scale[to];
    /* Scales as rationals with 60 more bits than a double-double distinguishes. */
    ZZ num = integer({ldexp(sr.hi, 70), ldexp(sr.lo, 70)}), den = integer({ldexp(sa.hi, 70), ldexp(sa.lo, 70)});
    if (from == to) {
        ASSERT_EQ(kit.phase(r), kit.phase(a));
        return;
    }
    EXPECT_LE(r->relative, 0x1p-38);
    *worst = std::max(*worst, r->relative);
    /* Above the rounding: what K's rounding changes of the message. */
    Spread s = difference(kit.phase(r), kit.phase(a), num, den);
    double message = r->relative * sr.hi * rms(kit.decrypt(a)) / std::sqrt((double)kit.n());
    double variance = sable_noise_rounding(kit.ctx, 2);
    EXPECT_NEAR(s.rms / std::sqrt(variance + message * message), 1, 0.15);
}

TEST(EvalAdjust, AllPairsOfT10AndSomeOfT11) {
    Kit kit("T10"), t11("T11");
    double worst = 0;
    for (uint32_t from = 0; from <= kit.top(); from++)
        for (uint32_t to = 0; to <= from; to++) adjust_pair(kit, from, to, &worst);
    for (uint32_t from : {3u, 11u, 15u, 16u, 27u})
        for (uint32_t to : {0u, 1u, 2u, 7u, 10u, 14u, 15u})
            if (to <= from) adjust_pair(t11, from, to, &worst);
    std::printf("adjust: largest scale error 2^%.1f\n", std::log2(worst));
}

/* -- keys on the hull ------------------------------------------------------------------------------------------------ */

TEST(EvalKeys, AKeyServesExactlyTheWindowsInItsHull) {
    KitOptions bare;
    bare.keys = false;
    Kit kit("T10", bare);
    sable_error err = {};
    for (auto [low, high] :
         {std::pair(0u, 3u), std::pair(5u, 5u), std::pair(4u, 5u), std::pair(2u, 8u), std::pair(14u, 14u)}) {
        sable_key_spec *spec = nullptr;
        ASSERT_EQ(sable_key_spec_create(&spec, kit.params, &err), SABLE_OK);
        ASSERT_EQ(sable_key_spec_add_relin(spec, low, high, &err), SABLE_OK);
        ASSERT_EQ(sable_key_spec_add_rotation(spec, 3, 0, low, high, &err), SABLE_OK);
        sable_key_need need;
        ASSERT_EQ(sable_key_spec_get(spec, 0, &need), SABLE_OK);
        sable_keyset *keys = kit.make_keys(spec);
        sable_key_spec_destroy(&spec);
        for (uint32_t level = 1; level <= kit.top(); level++) {
            SCOPED_TRACE(testing::Message() << "key " << low << ".." << high << " at level " << level);
            const sable_level_tables *t = &kit.ctx->level[level];
            bool covered = need.first <= t->first && t->first + t->limbs <= need.first + need.limbs;
            ASSERT_TRUE(covered || level < low || level > high);
            Values u = kit.random(kBatch, true), v = kit.random(kBatch, true);
            Ct a = kit.encrypt(u, level, kBatch), b = kit.encrypt(v, level, kBatch), m(kit), r(kit);
            if (!covered) {
                EXPECT_EQ(sable_multiply(kit.queue, m, a, b, keys), SABLE_NO_KEY);
                EXPECT_EQ(sable_rotate(kit.queue, r, a, 3, keys), SABLE_NO_KEY);
                EXPECT_EQ(m->data, nullptr);
                continue;
            }
            OK(kit, sable_multiply(kit.queue, m, a, b, keys));
            OK(kit, sable_rotate(kit.queue, r, a, 3, keys));
            const ZZ low_q = modulus(kit.ctx, level - 1), q = modulus(kit.ctx, level);
            const uint32_t galois = sable_galois_rotation(kit.params, 3, 0);
            expect_noise(members(kBatch,
                                 [&](uint32_t i) {
                                     return difference(kit.phase(m, i), multiply(kit.phase(a, i), kit.phase(b, i)),
                                                       low_q, q);
                                 }),
                         sable_noise_rounding(kit.ctx, 2), "product");
            expect_noise(
                members(kBatch,
                        [&](uint32_t i) { return difference(kit.phase(r, i), substitute(kit.phase(a, i), galois)); }),
                sable_noise_rounding(kit.ctx, 2), "rotation");
        }
        sable_keyset_destroy(kit.queue, &keys);
    }
}

} // namespace
