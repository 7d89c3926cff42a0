/* SPDX-License-Identifier: Apache-2.0 */
/* Encryption and decryption: round trips, noise against its prediction, refusals. */
#include "client_fixture.h"

#include <algorithm>

namespace {
using namespace client_test;

enum class By { Secret, Public };

sable_status encrypt(World &w, sable_ct *out, const sable_pt *in, const Secret &s, const PublicKey &pk, By by) {
    return by == By::Secret ? sable_encrypt_secret(w.queue, out, in, s) : sable_encrypt_public(w.queue, out, in, pk);
}

class ClientEncrypt : public ::testing::TestWithParam<const char *> {};

TEST_P(ClientEncrypt, RoundTrips) {
    World &w = World::get(GetParam());
    Secret s(w);
    PublicKey pk(w, s);
    uint64_t seed = 1;
    for (By by : {By::Secret, By::Public})
        for (uint32_t level : {0u, 1u, w.top() / 2, w.top()})
            for (uint32_t batch : {1u, 3u})
                for (uint32_t slots : {0u, 16u, 1u})
                    for (bool is_complex : {false, true}) {
                        Shape shape;
                        shape.level = level, shape.batch = batch, shape.slots = slots, shape.is_complex = is_complex,
                        shape.bound = 2;
                        const std::vector<double> values = random_values(value_count(w, shape), seed++);
                        Plain pt(w);
                        Cipher ct(w);
                        SABLE_EXPECT_OK(w, encode(w, pt, values, shape));
                        SABLE_EXPECT_OK(w, encrypt(w, ct, pt, s, pk, by));
                        const sable_ct_info info = ct.info();
                        EXPECT_EQ(level, info.level);
                        EXPECT_EQ(batch, info.batch);
                        EXPECT_EQ(2u, info.parts);
                        EXPECT_EQ(slots ? slots : w.n() / 2, info.slots);
                        EXPECT_EQ(2.0, info.bound);
                        EXPECT_TRUE(info.insecure);
                        EXPECT_EQ(by == By::Secret, info.seeded);
                        EXPECT_TRUE(sable_scale_equal(info.scale, sable_scale_canonical(w.ctx, level)));
                        EXPECT_EQ(0, memcmp(info.key_id, s.p->key_id, sizeof info.key_id));
                        std::vector<double> back(values.size(), -9);
                        SABLE_EXPECT_OK(w, sable_decrypt(w.queue, back.data(), back.size(), is_complex, ct, s));
                        /* Six standard deviations of an error; the rounding r0 + r1*s of a division has |s(zeta)| as a
                         * factor in each slot, whose largest value is sqrt(ln(N/2)) times the mean. 2^-46 is the
                         * encoder in double precision. */
                        const double width = by == By::Secret ? 6 : 6 * std::sqrt(std::log(w.n() / 2.0));
                        EXPECT_LT(largest_error(values, back), width * info.noise_std + std::ldexp(1, -46))
                            << "level " << level << " batch " << batch << " slots " << slots << " complex "
                            << is_complex;
                    }
}

/* The error of one slot component at the scale of the application levels. */
TEST_P(ClientEncrypt, SlotNoiseIsAsTracked) {
    World &w = World::get(GetParam());
    Secret s(w);
    PublicKey pk(w, s);
    for (By by : {By::Secret, By::Public})
        for (uint32_t level : {0u, 2u}) {
            Shape shape;
            shape.level = level, shape.batch = 8, shape.is_complex = true;
            const std::vector<double> values = random_values(value_count(w, shape), 77 + level);
            Plain pt(w);
            Cipher ct(w);
            SABLE_EXPECT_OK(w, encode(w, pt, values, shape));
            SABLE_EXPECT_OK(w, encrypt(w, ct, pt, s, pk, by));
            std::vector<double> back(values.size());
            SABLE_EXPECT_OK(w, sable_decrypt(w.queue, back.data(), back.size(), true, ct, s));
            double sum = 0;
            for (size_t i = 0; i < back.size(); i++) sum += (back[i] - values[i]) * (back[i] - values[i]);
            const double std = std::sqrt(sum / static_cast<double>(back.size()));
            EXPECT_NEAR(1, std / ct.info().noise_std, 0.1) << "level " << level << " by " << static_cast<int>(by);
        }
}

/* c0 + c1*s - m as integers, the same on every limb: exact at every scale. */
TEST_P(ClientEncrypt, CoefficientNoiseIsAsPredictedAtEveryLevel) {
    World &w = World::get(GetParam());
    Secret s(w);
    PublicKey pk(w, s);
    const size_t n = w.n();
    client_work work = {};
    sable_error err = {};
    ASSERT_EQ(SABLE_OK, client_work_open(&work, &s.p->ring, 1, &err)) << err.text;
    client_lane *lane = &work.lane[0];
    size_t weight = 0;
    for (size_t i = 0; i < n; i++) weight += s.p->s[i] != 0;
    for (By by : {By::Secret, By::Public})
        for (uint32_t level = 0; level <= w.top(); level++) {
            Shape shape;
            shape.level = level, shape.batch = 2;
            Plain pt(w);
            Cipher ct(w);
            SABLE_EXPECT_OK(w, encode(w, pt, random_values(value_count(w, shape), 5 + level), shape));
            SABLE_EXPECT_OK(w, encrypt(w, ct, pt, s, pk, by));
            const sable_level_tables &t = w.ctx->level[level];
            double sum = 0;
            for (uint32_t b = 0; b < 2; b++) {
                std::vector<int> first(n);
                for (uint32_t i = 0; i < t.limbs; i++) {
                    const uint32_t p = t.pos[i], q = w.ctx->ring->prime[p].p;
                    auto get = [&](uint32_t *to, const uint32_t *from) {
                        ASSERT_EQ(SABLE_OK, w.ctx->backend->download(w.queue->handle, to, from, n * sizeof *to));
                    };
                    lane_expand_small(lane, lane->limb[0], s.p->s, lane_mont(lane, p), p);
                    get(lane->limb[1], ct.p->data + ((2 * b + 1) * t.limbs + i) * n);
                    lane_mul_mont(lane, lane->limb[1], lane->limb[1], lane->limb[0], p);
                    get(lane->limb[2], ct.p->data + (2 * b * t.limbs + i) * n);
                    lane_add(lane, lane->limb[1], lane->limb[1], lane->limb[2], p);
                    get(lane->limb[2], pt.p->data + (b * t.limbs + i) * n);
                    lane_mul_const(lane, lane->limb[2], lane->limb[2], client_r_inverse(&s.p->ring, p), p);
                    lane->on->kernels->sub(lane->limb[1], lane->limb[1], lane->limb[2], n, &w.ctx->ring->prime[p]);
                    lane_inverse(lane, lane->limb[1], lane->limb[1], 1, p);
                    for (size_t j = 0; j < n; j++) {
                        const uint32_t r = lane->limb[1][j];
                        const int e = r > q / 2 ? static_cast<int>(r) - static_cast<int>(q) : static_cast<int>(r);
                        if (i == 0) {
                            first[j] = e;
                            sum += static_cast<double>(e) * e;
                        }
                        ASSERT_EQ(first[j], e) << "level " << level << " limb " << i;
                    }
                }
                if (by == By::Secret) {
                    for (int e : first) ASSERT_LE(std::abs(e), SABLE_CBD_COINS);
                }
            }
            /* The rounding of the encoding, 1/12, is inside the plaintext here. */
            const double want = by == By::Secret ? 10.5 : (1 + static_cast<double>(weight)) / 12;
            EXPECT_NEAR(1, sum / (2 * static_cast<double>(n)) / want, 0.2)
                << "level " << level; /* 10 % of the deviation */
            EXPECT_NEAR(ct.p->noise_var, want + 1.0 / 12, 0.1 * want);
        }
    EXPECT_EQ(SABLE_OK, client_work_status(&work, &err)) << err.text;
    client_work_close(&work);
}
INSTANTIATE_TEST_SUITE_P(Sets, ClientEncrypt, ::testing::Values("T10", "T11"));

TEST(ClientEncryptOnce, TheSameMessageTwiceGivesUnrelatedCiphertexts) {
    World &w = World::get("T10");
    Secret s(w);
    PublicKey pk(w, s);
    Shape shape;
    shape.batch = 2;
    std::vector<double> one = random_values(w.n() / 2, 3), both = one;
    both.insert(both.end(), one.begin(), one.end());
    Plain pt(w);
    SABLE_EXPECT_OK(w, encode(w, pt, both, shape));
    for (By by : {By::Secret, By::Public}) {
        Cipher a(w), b(w);
        SABLE_EXPECT_OK(w, encrypt(w, a, pt, s, pk, by));
        SABLE_EXPECT_OK(w, encrypt(w, b, pt, s, pk, by));
        const size_t words = 4 * w.ctx->level[0].limbs * w.n();
        std::vector<uint32_t> x(words), y(words);
        ASSERT_EQ(SABLE_OK, w.ctx->backend->download(w.queue->handle, x.data(), a.p->data, words * 4));
        ASSERT_EQ(SABLE_OK, w.ctx->backend->download(w.queue->handle, y.data(), b.p->data, words * 4));
        size_t equal = 0, members = 0;
        for (size_t i = 0; i < words; i++) equal += x[i] == y[i];
        for (size_t i = 0; i < words / 2; i++) members += x[i] == x[words / 2 + i];
        EXPECT_LT(equal, 4u) << "words of 2^25 or more values";
        EXPECT_LT(members, 4u) << "members of one batch";
    }
}

TEST(ClientEncryptOnce, ThreePartsDecrypt) {
    World &w = World::get("T10");
    Secret s(w);
    Shape shape;
    shape.level = 3;
    const std::vector<double> a = random_values(w.n() / 2, 8), b = random_values(w.n() / 2, 9);
    Plain pa(w), pb(w);
    Cipher ca(w), cb(w), product(w);
    SABLE_EXPECT_OK(w, encode(w, pa, a, shape));
    SABLE_EXPECT_OK(w, encode(w, pb, b, shape));
    SABLE_EXPECT_OK(w, sable_encrypt_secret(w.queue, ca, pa, s));
    SABLE_EXPECT_OK(w, sable_encrypt_secret(w.queue, cb, pb, s));
    SABLE_EXPECT_OK(w, sable_tensor(w.queue, product, ca, cb));
    ASSERT_EQ(3u, product.info().parts);
    std::vector<double> back(a.size());
    SABLE_EXPECT_OK(w, sable_decrypt(w.queue, back.data(), back.size(), false, product, s));
    double worst = 0;
    for (size_t i = 0; i < a.size(); i++) worst = std::max(worst, std::fabs(back[i] - a[i] * b[i]));
    EXPECT_LT(worst, 6 * product.info().noise_std + std::ldexp(1, -46));
}

TEST(ClientEncryptOnce, AnotherKeyIsRefusedWithBothIds) {
    World &w = World::get("T10");
    Secret s(w), other(w);
    Plain pt(w);
    Cipher ct(w);
    SABLE_EXPECT_OK(w, encode(w, pt, random_values(w.n() / 2, 4), Shape()));
    SABLE_EXPECT_OK(w, sable_encrypt_secret(w.queue, ct, pt, s));
    std::vector<double> back(w.n() / 2, -9);
    EXPECT_EQ(SABLE_KEY_MISMATCH, sable_decrypt(w.queue, back.data(), back.size(), false, ct, other));
    char a[17], b[17];
    client_short_id(a, s.p->key_id);
    client_short_id(b, other.p->key_id);
    EXPECT_NE(nullptr, strstr(sable_queue_error(w.queue), a)) << sable_queue_error(w.queue);
    EXPECT_NE(nullptr, strstr(sable_queue_error(w.queue), b)) << sable_queue_error(w.queue);
    for (double v : back) EXPECT_EQ(-9, v) << "outputs are untouched";
    EXPECT_EQ(SABLE_INVALID, sable_decrypt(w.queue, back.data(), back.size() - 1, false, ct, s));
}

/* Values that grew past the declared bound: noticed by the check limb where there is one, by their size where there is
 * none. */
TEST(ClientEncryptOnce, OverflowIsNoticed) {
    World &w = World::get("T10");
    Secret s(w);
    for (uint32_t level : {0u, 2u, w.top()}) {
        Shape shape;
        shape.level = level;
        Plain pt(w);
        Cipher ct(w);
        SABLE_EXPECT_OK(w, encode(w, pt, random_values(w.n() / 2, 4), shape));
        SABLE_EXPECT_OK(w, sable_encrypt_secret(w.queue, ct, pt, s));
        std::vector<double> back(w.n() / 2, -9);
        SABLE_EXPECT_OK(w, sable_decrypt(w.queue, back.data(), back.size(), false, ct, s));
        for (int step = 0; step < 30; step++) { /* a factor of 2^90 in all, each time declared harmless */
            SABLE_EXPECT_OK(w, sable_mul_integer(w.queue, ct, ct, 8));
            SABLE_EXPECT_OK(w, sable_ct_declare(w.queue, ct, 1, 1));
            ct.p->noise_var = 10.5;
        }
        std::fill(back.begin(), back.end(), -9);
        EXPECT_EQ(SABLE_BOUND, sable_decrypt(w.queue, back.data(), back.size(), false, ct, s)) << "level " << level;
        for (double v : back) ASSERT_EQ(-9, v) << "outputs are untouched";
    }
}

/* A ciphertext of another secret that claims this one's id decrypts to noise, which is no message. */
TEST(ClientEncryptOnce, AWrongSecretBehindTheRightIdIsNoticed) {
    World &w = World::get("T10");
    Secret s(w), other(w);
    for (uint32_t level : {0u, 3u, w.top()}) {
        Shape shape;
        shape.level = level;
        Plain pt(w);
        Cipher ct(w);
        SABLE_EXPECT_OK(w, encode(w, pt, random_values(w.n() / 2, 4), shape));
        SABLE_EXPECT_OK(w, sable_encrypt_secret(w.queue, ct, pt, other));
        memcpy(ct.p->key_id, s.p->key_id, sizeof ct.p->key_id);
        std::vector<double> back(w.n() / 2);
        EXPECT_EQ(SABLE_BOUND, sable_decrypt(w.queue, back.data(), back.size(), false, ct, s)) << "level " << level;
    }
}

TEST(ClientEncryptOnce, LargeBatchesGoInRuns) {
    World &w = World::get("T10");
    Secret s(w);
    PublicKey pk(w, s);
    Shape shape;
    shape.batch = 37; /* two full runs and a rest */
    shape.slots = 8;
    const std::vector<double> values = random_values(value_count(w, shape), 21);
    Plain pt(w);
    SABLE_EXPECT_OK(w, encode(w, pt, values, shape));
    for (By by : {By::Secret, By::Public}) {
        Cipher ct(w);
        SABLE_EXPECT_OK(w, encrypt(w, ct, pt, s, pk, by));
        std::vector<double> back(values.size());
        SABLE_EXPECT_OK(w, sable_decrypt(w.queue, back.data(), back.size(), false, ct, s));
        EXPECT_LT(largest_error(values, back), 12 * ct.info().noise_std);
    }
}

} // namespace
