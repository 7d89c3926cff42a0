// SPDX-License-Identifier: Apache-2.0
// O2: the word operations of ring/word.h against 64-bit remainders, exhaustively for small primes.
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "support/device.h"
#include "support/oracle.h"

namespace {

const uint64_t R = 1ull << 32;

std::vector<uint32_t> parameter_primes() {
    std::vector<uint32_t> primes = {30177281, 30308353, 947832833, 948084737, 1073643521, 1073707009}; // of T10
    for (uint32_t p : support::a40_primes_q()) primes.push_back(p);
    for (uint32_t p : support::a40_primes_p()) primes.push_back(p);
    return primes;
}

sable_prime prime_of(uint32_t p) {
    sable_prime q;
    sable_prime_init(&q, p, 16);
    return q;
}

// Any T < p * 2^32.
::testing::AssertionResult mont_holds(uint64_t T, const sable_prime &q) {
    uint32_t t = sable_mont_lazy(T, q.p, q.pinv);
    if (t >= 2 * q.p) return ::testing::AssertionFailure() << "T=" << T << " p=" << q.p << " gives " << t << " >= 2p";
    if (t % q.p * R % q.p != T % q.p)
        return ::testing::AssertionFailure() << "T=" << T << " p=" << q.p << " gives the wrong residue " << t;
    return ::testing::AssertionSuccess();
}

// Any word b, w < p.
::testing::AssertionResult shoup_holds(uint32_t b, uint32_t w, uint32_t ws, uint32_t p) {
    uint32_t t = sable_shoup_lazy(b, w, ws, p);
    if (t >= 2 * p)
        return ::testing::AssertionFailure() << "b=" << b << " w=" << w << " p=" << p << " gives " << t << " >= 2p";
    if (t % p != static_cast<uint64_t>(b) * w % p)
        return ::testing::AssertionFailure()
               << "b=" << b << " w=" << w << " p=" << p << " gives the wrong residue " << t;
    return ::testing::AssertionSuccess();
}

class O2_SmallPrime : public ::testing::TestWithParam<uint32_t> {};

TEST_P(O2_SmallPrime, CanonExhaustive) {
    const uint32_t p = GetParam();
    for (uint32_t x = 0; x < 2 * p; x++) ASSERT_EQ(sable_canon1(x, p), x % p);
    for (uint32_t x = 0; x < 4 * p; x++) ASSERT_EQ(sable_canon2(x, p), x % p);
}

TEST_P(O2_SmallPrime, AddSubNegExhaustive) {
    const uint32_t p = GetParam();
    for (uint32_t a = 0; a < p; a++) {
        ASSERT_EQ(sable_neg_mod(a, p), (p - a) % p);
        for (uint32_t b = 0; b < p; b++) {
            ASSERT_EQ(sable_add_mod(a, b, p), (a + b) % p);
            ASSERT_EQ(sable_sub_mod(a, b, p), (a + p - b) % p);
        }
    }
}

TEST_P(O2_SmallPrime, MontLazyExhaustive) {
    const sable_prime q = prime_of(GetParam());
    for (uint64_t b = 0; b < 4ull * q.p; b++)
        for (uint64_t w = 0; w < q.p; w++) {
            auto result = mont_holds(b * w, q);
            ASSERT_TRUE(result);
        }
    for (uint64_t hi = 0; hi < q.p; hi++) // every upper half that is allowed, at both ends of the lower half
        for (uint64_t lo : {uint64_t{0}, uint64_t{1}, R / 2, R - 1}) ASSERT_TRUE(mont_holds(hi * R + lo, q));
}

TEST_P(O2_SmallPrime, ShoupLazyExhaustive) {
    const uint32_t p = GetParam();
    for (uint32_t w = 0; w < p; w++) {
        const uint32_t ws = sable_shoup_of(w, p);
        for (uint32_t b = 0; b < 4 * p; b++) {
            auto result = shoup_holds(b, w, ws, p);
            ASSERT_TRUE(result);
        }
        for (uint32_t back = 0; back < 64; back++) ASSERT_TRUE(shoup_holds(0xffffffffu - back, w, ws, p));
    }
}

TEST_P(O2_SmallPrime, InverseExhaustive) {
    const uint32_t p = GetParam();
    for (uint32_t a = 1; a < p; a++) ASSERT_EQ(sable_mul_mod(a, sable_inv_mod(a, p), p), 1u);
}

INSTANTIATE_TEST_SUITE_P(Word, O2_SmallPrime, ::testing::Values(97u, 193u, 769u), ::testing::PrintToStringParamName());

class O2_ParameterPrimes : public ::testing::Test {
  protected:
    std::mt19937_64 rng{20261121};
    // Below the bound; a quarter at the edges of the lazy ranges.
    uint32_t biased(uint32_t p, uint64_t bound) {
        const uint64_t edges[] = {0, 1, p - 1ull, p, p + 1ull, 2ull * p - 1, 2ull * p, 4ull * p - 1, bound - 1};
        uint64_t x = rng();
        uint64_t value = (x & 3) ? (x >> 2) % bound : edges[(x >> 2) % 9];
        return static_cast<uint32_t>(value < bound ? value : bound - 1);
    }
};

TEST_F(O2_ParameterPrimes, Products) {
    for (uint32_t p : parameter_primes()) {
        const sable_prime q = prime_of(p);
        for (int trial = 0; trial < 20000; trial++) {
            uint32_t b = biased(p, 4ull * p), w = biased(p, p);
            ASSERT_TRUE(mont_holds(static_cast<uint64_t>(b) * w, q));
            ASSERT_TRUE(mont_holds(static_cast<uint64_t>(w) << 32 | static_cast<uint32_t>(rng()), q));
            ASSERT_TRUE(shoup_holds(b, w, sable_shoup_of(w, p), p));
            ASSERT_TRUE(shoup_holds(static_cast<uint32_t>(rng()), w, sable_shoup_of(w, p), p));
        }
    }
}

TEST_F(O2_ParameterPrimes, Sums) {
    for (uint32_t p : parameter_primes())
        for (int trial = 0; trial < 5000; trial++) {
            uint32_t a = biased(p, p), b = biased(p, p), x = biased(p, 2ull * p), y = biased(p, 4ull * p);
            ASSERT_EQ(sable_add_mod(a, b, p), (static_cast<uint64_t>(a) + b) % p);
            ASSERT_EQ(sable_sub_mod(a, b, p), (static_cast<uint64_t>(a) + p - b) % p);
            ASSERT_EQ(sable_neg_mod(a, p), (p - a) % p);
            ASSERT_EQ(sable_canon1(x, p), x % p);
            ASSERT_EQ(sable_canon2(y, p), y % p);
        }
}

TEST_F(O2_ParameterPrimes, Reduce64) {
    for (uint32_t p : parameter_primes()) {
        const sable_prime q = prime_of(p);
        const uint64_t square = static_cast<uint64_t>(p - 1) * (p - 1);
        for (uint64_t x : {uint64_t{0}, uint64_t{1}, UINT64_MAX, UINT64_MAX - 1, R, R - 1, R * p, R * p - 1,
                           16 * square, 16 * square + p - 1, R * R / 2})
            ASSERT_EQ(sable_reduce64(x, &q), x % p) << x << " mod " << p;
        for (int trial = 0; trial < 20000; trial++) {
            uint64_t x = rng() >> (rng() % 64);
            ASSERT_EQ(sable_reduce64(x, &q), x % p) << x << " mod " << p;
        }
    }
}

TEST_F(O2_ParameterPrimes, PowerAndReversal) {
    for (uint32_t p : parameter_primes())
        for (int trial = 0; trial < 20; trial++) {
            uint32_t a = 1 + biased(p, p - 1), e = static_cast<uint32_t>(rng());
            ASSERT_EQ(sable_pow_mod(a, e, p), oracle::power(a, e, p));
            ASSERT_EQ(sable_mul_mod(a, sable_inv_mod(a, p), p), 1u);
        }
    for (uint32_t bits = 0; bits <= 17; bits++)
        for (uint32_t x = 0; x < 1u << bits; x += 1 + bits * 3)
            ASSERT_EQ(sable_brv(x, bits), oracle::bit_reverse(x, bits));
}

// The claim that sums of products rest on: 16 products, a reduced word and the row of the base-conversion quotient fit
// 64 bits for every prime = 1 mod 32 below 2^30.
TEST(O2_Bounds, SixteenProducts) {
    const unsigned __int128 p = (1u << 30) - 31; // at most this
    unsigned __int128 sum = 16 * (p - 1) * (p - 1) + (p - 1) * SABLE_MAX_LIMBS;
    EXPECT_EQ(static_cast<uint64_t>(sum >> 64), 0u);
    const unsigned __int128 mont = (p << 32) + 12 * (p - 1) * (p - 1);
    EXPECT_TRUE(mont < 4 * (p << 32));
    EXPECT_EQ(static_cast<uint64_t>((4 * (p << 32)) >> 64), 0u);
}

} // namespace
