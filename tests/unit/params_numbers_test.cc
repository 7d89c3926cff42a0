/* SPDX-License-Identifier: Apache-2.0 */
/* Exact integers, primality, and doubles as text: what parameter sets are checked with. */
#include <gtest/gtest.h>

#include <clocale>
#include <cmath>
#include <random>

#include "support/params_support.h"

extern "C" {
#include "base/bigint.h"
#include "ring/params_hex.h"
#include "ring/primes.h"
}

using sable_test::Integer;

namespace {

void expect_equal(const sable_big &x, Integer &oracle) {
    ASSERT_EQ(sable_big_bits(&x), oracle.bits());
    Integer value;
    mpz_import(value.get(), x.count, -1, sizeof(uint32_t), 0, 0, x.word);
    EXPECT_EQ(mpz_cmp(value.get(), oracle.get()), 0);
}

TEST(ParamsBigint, ProductsAgreeWithGmp) {
    std::mt19937_64 random(1);
    for (int round = 0; round < 200; round++) {
        sable_big x;
        Integer oracle(1);
        sable_big_set(&x, 1);
        for (int i = 0; i < round % 152; i++) {
            uint32_t factor = (uint32_t)random() >> (random() % 32);
            if (random() % 8 == 0) factor = UINT32_MAX;
            if (factor == 0) factor = 1;
            sable_big_mul(&x, factor);
            mpz_mul_ui(oracle.get(), oracle.get(), factor);
        }
        expect_equal(x, oracle);
        uint32_t modulus = (uint32_t)random() | 1;
        EXPECT_EQ(sable_big_mod(&x, modulus), mpz_fdiv_ui(oracle.get(), modulus));
    }
}

TEST(ParamsBigint, ZeroAndOrder) {
    sable_big zero, one, big;
    sable_big_set(&zero, 0);
    sable_big_set(&one, 1);
    sable_big_set(&big, 7);
    for (int i = 0; i < 3; i++) sable_big_mul(&big, UINT32_MAX);
    EXPECT_EQ(sable_big_bits(&zero), 0u);
    EXPECT_EQ(sable_big_bits(&one), 1u);
    EXPECT_EQ(sable_big_compare(&zero, &one), -1);
    EXPECT_EQ(sable_big_compare(&big, &one), 1);
    EXPECT_EQ(sable_big_compare(&big, &big), 0);
    sable_big_mul(&big, 0);
    EXPECT_EQ(sable_big_compare(&big, &zero), 0);
}

TEST(ParamsBigint, SplitKeeps102Bits) {
    std::mt19937_64 random(2);
    for (int round = 0; round < 500; round++) {
        sable_big x;
        sable_big_set(&x, 1);
        Integer oracle(1);
        for (int i = 0; i <= round % 40; i++) {
            uint32_t factor = round % 5 == 0 ? UINT32_MAX : (uint32_t)random() | 1;
            sable_big_mul(&x, factor);
            mpz_mul_ui(oracle.get(), oracle.get(), factor);
        }
        int exponent;
        sable_dd value = sable_big_split(&x, &exponent);
        ASSERT_GE(value.hi, 1.0);
        ASSERT_LE(value.hi, 2.0); /* 2 when hi rounds up and lo is negative */
        mpf_t got, want, part;
        mpf_init2(got, 6000);
        mpf_init2(want, 6000);
        mpf_init2(part, 6000);
        mpf_set_d(got, value.hi);
        mpf_set_d(part, value.lo);
        mpf_add(got, got, part);
        mpf_mul_2exp(got, got, (mp_bitcnt_t)exponent);
        mpf_set_z(want, oracle.get());
        mpf_sub(got, got, want);
        mpf_abs(got, got);
        mpf_mul_2exp(got, got, 102);
        EXPECT_LT(mpf_cmp(got, want), 0) << "round " << round;
        mpf_clears(got, want, part, nullptr);
    }
    sable_big power;
    sable_big_set(&power, 1u << 31);
    int exponent;
    EXPECT_EQ(sable_big_split(&power, &exponent).hi, 1.0);
    EXPECT_EQ(exponent, 31);
}

TEST(ParamsPrimes, AgreesWithSieveAndGmp) {
    const uint32_t limit = 200000;
    std::vector<bool> composite(limit);
    for (uint32_t i = 2; i < limit; i++) {
        EXPECT_EQ(sable_is_prime(i), !composite[i]) << i;
        if (!composite[i])
            for (uint64_t j = (uint64_t)i * i; j < limit; j += i) composite[j] = true;
    }
    EXPECT_FALSE(sable_is_prime(0));
    EXPECT_FALSE(sable_is_prime(1));
    EXPECT_TRUE(sable_is_prime(4294967291u));
    std::mt19937 random(3);
    for (int i = 0; i < 20000; i++) {
        Integer n((uint32_t)random() | 1);
        EXPECT_EQ(sable_is_prime((uint32_t)mpz_get_ui(n.get())), mpz_probab_prime_p(n.get(), 40) != 0);
    }
}

TEST(ParamsPrimes, StrongPseudoprimesAndCarmichaelNumbersAreRefused) {
    /* Strong pseudoprimes to base 2, to 2 and 3, to 2, 3 and 5, to 2 and 7; Carmichael numbers; squares of primes. */
    for (uint32_t n : {2047u, 1373653u, 25326001u, 3215031751u, 314821u, 561u, 41041u, 825265u, 321197185u, 1194649u,
                       12327121u, 65521u * 65521u, 32749u * 32771u})
        EXPECT_FALSE(sable_is_prime(n)) << n;
}

TEST(ParamsPrimes, CountsOfTransformPrimes) {
    /* Exact counts of primes = 1 mod 2N with a given bit length (docs/ALGORITHMS.md 1.1). */
    struct {
        uint32_t log_2n, bits;
        size_t count;
    } const rows[] = {{11, 24, 483}, {13, 25, 242}, {16, 30, 784}, {17, 25, 18}, {17, 30, 395}, {18, 30, 211}};
    for (auto &row : rows)
        EXPECT_EQ(sable_primes_between(nullptr, 0, 1u << (row.bits - 1), 1u << row.bits, row.log_2n), row.count)
            << row.bits << " bits, 2N = 2^" << row.log_2n;
    uint32_t first[2];
    EXPECT_EQ(sable_primes_between(first, 2, 1u << 29, 1u << 30, 17), 395u); /* capacity bounds what is written only */
    EXPECT_LT(first[0], first[1]);
    EXPECT_EQ(sable_primes_between(nullptr, 0, 1073479680u, 1073479681u, 17), 0u); /* both ends excluded */
    EXPECT_EQ(sable_primes_between(nullptr, 0, 1073479680u, 1073479682u, 17), 1u);
}

TEST(ParamsHex, RoundTrip) {
    std::mt19937_64 random(4);
    char text[SABLE_HEX_DOUBLE_CHARS];
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = random();
        if (i % 3 == 0) bits &= ~0ull << (random() % 53); /* short fractions */
        double value, back = 0;
        memcpy(&value, &bits, sizeof value);
        if (!std::isnormal(value)) continue;
        sable_hex_double(text, value);
        ASSERT_TRUE(sable_hex_double_parse(&back, text)) << text;
        EXPECT_EQ(memcmp(&back, &value, sizeof value), 0) << text;
        EXPECT_EQ(strtod(text, nullptr), value) << text;
    }
    sable_hex_double(text, 0);
    EXPECT_STREQ(text, "0x0p+0");
    sable_hex_double(text, -1.5);
    EXPECT_STREQ(text, "-0x1.8p+0");
    sable_hex_double(text, 0x1p-30);
    EXPECT_STREQ(text, "0x1p-30");
}

TEST(ParamsHex, OneSpellingOnly) {
    for (const char *text : {"",          "0",         "1",          "0x",        "0x1",
                             "0x1p",      "0x1p+",     "0x1p3",      "0x1p+03",   "0x1.p+3",
                             "0x1.80p+3", "0x1.8P+3",  "0X1.8p+3",   "0x1.A8p+3", "0x2p+3",
                             "0x0p+1",    "-0x0p+0",   "+0x1p+3",    " 0x1p+3",   "0x1p+3 ",
                             "0x1p+1024", "0x1p-1023", "0x1p+99999", "0x1p-0",    "0x1.00000000000001p+0",
                             "nan",       "inf",       "-inf",       "1e10",      "0x1,8p+3",
                             "--0x1p+3"}) {
        double value;
        EXPECT_FALSE(sable_hex_double_parse(&value, text)) << '"' << text << '"';
    }
    double value;
    EXPECT_TRUE(sable_hex_double_parse(&value, "0x1p-1022"));
    EXPECT_TRUE(sable_hex_double_parse(&value, "-0x1.fffffffffffffp+1022"));
}

} // namespace
