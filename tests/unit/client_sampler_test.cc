/* SPDX-License-Identifier: Apache-2.0 */
/* Samplers: known answers (Python), and statistics over fixed streams, so that a run is reproducible: the bounds are
 * those that a correct sampler passes with probability above 1 - 10^-6 for a random stream. */
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>
#include <string>
#include <vector>

extern "C" {
#include "base/hash.h"
#include "client/sampler.h"
#include "ring/word.h"
}
#include "support/oracle.h"

namespace {

struct Stream {
    sable_stream s;
    explicit Stream(uint8_t first = 0) {
        std::array<uint8_t, 32> key;
        for (size_t i = 0; i < key.size(); i++) key[i] = static_cast<uint8_t>(first + i);
        sable_stream_open(&s, key.data());
    }
};

std::string digest(const std::vector<int8_t> &x) {
    uint8_t d[SABLE_HASH_BYTES];
    char text[2 * SABLE_HASH_BYTES + 1];
    sable_hash(d, x.data(), x.size());
    sable_hex(text, d, sizeof d);
    return text;
}

/* Upper tail of the chi-square distribution at 10^-6, by the approximation of Wilson and Hilferty. */
double chi_square_limit(double freedom) {
    return freedom * std::pow(1 - 2 / (9 * freedom) + 4.75 * std::sqrt(2 / (9 * freedom)), 3);
}

TEST(ClientSampler, KnownAnswers) {
    Stream a, b;
    std::vector<int8_t> ternary(16384), error(8192);
    sable_sample_ternary(ternary.data(), ternary.size(), &a.s);
    sable_sample_error(error.data(), error.size(), &b.s);
    EXPECT_EQ("07f1e89c0f43ff0f837888d13b8b72ef89e0a0ac1a02e411a9959b5d5254ee43", digest(ternary));
    EXPECT_EQ("fed8607f325823562584280e00f9b339a6d948d7d479215e4bf00aff6c9dea83", digest(error));
}

TEST(ClientSampler, TernaryIsUniformAndIndependent) {
    Stream stream(1);
    std::vector<int8_t> x(3 << 20);
    sable_sample_ternary(x.data(), x.size(), &stream.s);
    std::array<double, 3> single = {};
    std::array<double, 9> pair = {};
    for (size_t i = 0; i < x.size(); i++) {
        ASSERT_TRUE(x[i] >= -1 && x[i] <= 1);
        single[x[i] + 1]++;
        if (i & 1) pair[3 * (x[i - 1] + 1) + x[i] + 1]++;
    }
    double chi = 0, want = static_cast<double>(x.size()) / 3;
    for (double c : single) chi += (c - want) * (c - want) / want;
    EXPECT_LT(chi, chi_square_limit(2)); /* the bias of "byte modulo 3" would give about 100 here */
    chi = 0, want = static_cast<double>(x.size() / 2) / 9;
    for (double c : pair) chi += (c - want) * (c - want) / want;
    EXPECT_LT(chi, chi_square_limit(8));
}

TEST(ClientSampler, ErrorIsCentredBinomial) {
    Stream stream(2);
    const size_t count = 1 << 21;
    std::vector<int8_t> x(count);
    sable_sample_error(x.data(), count, &stream.s);
    std::map<int, double> seen;
    double sum = 0, square = 0, fourth = 0;
    for (int v : x) {
        ASSERT_LE(std::abs(v), SABLE_CBD_COINS);
        seen[v]++;
        sum += v;
        square += static_cast<double>(v) * v;
        fourth += std::pow(v, 4);
    }
    /* e + 21 is binomial(42, 1/2): variance 10.5, fourth moment 3*10.5^2 - 42/8. */
    EXPECT_NEAR(0, sum / count, 5 * std::sqrt(10.5 / count));
    EXPECT_NEAR(10.5, square / count, 5 * std::sqrt(2 * 10.5 * 10.5 / count));
    EXPECT_NEAR(3 * 10.5 * 10.5 - 42.0 / 8, fourth / count, 5 * std::sqrt(96 * std::pow(10.5, 4) / count));
    double chi = 0, cells = 0, rest = 0, rest_seen = 0;
    for (int v = -21; v <= 21; v++) {
        double p = std::exp(std::lgamma(43) - std::lgamma(22 + v) - std::lgamma(22 - v) - 42 * std::log(2)),
               want = p * count;
        if (want < 10) {
            rest += want;
            rest_seen += seen[v];
            continue;
        }
        chi += (seen[v] - want) * (seen[v] - want) / want;
        cells++;
    }
    chi += (rest_seen - rest) * (rest_seen - rest) / rest;
    EXPECT_LT(chi, chi_square_limit(cells));
}

TEST(ClientSampler, SparseHasItsWeightEverywhere) {
    Stream stream(3);
    const size_t n = 256, weight = 32, rounds = 4000;
    std::vector<int8_t> x(n);
    std::vector<uint64_t> scratch(n);
    std::vector<double> at(n);
    double plus = 0;
    for (size_t round = 0; round < rounds; round++) {
        sable_sample_sparse(x.data(), n, weight, scratch.data(), &stream.s);
        size_t found = 0;
        for (size_t i = 0; i < n; i++) {
            ASSERT_TRUE(x[i] >= -1 && x[i] <= 1);
            found += x[i] != 0;
            at[i] += x[i] != 0;
            plus += x[i] == 1;
        }
        ASSERT_EQ(weight, found);
    }
    for (uint64_t word : scratch) ASSERT_EQ(0u, word) << "scratch is wiped";
    double total = static_cast<double>(weight * rounds), want = total / n, chi = 0;
    for (double c : at) chi += (c - want) * (c - want) / want;
    EXPECT_LT(chi, chi_square_limit(n - 1));
    EXPECT_NEAR(total / 2, plus, 5 * std::sqrt(total) / 2);
    for (size_t full : {size_t(0), n}) {
        sable_sample_sparse(x.data(), n, full, scratch.data(), &stream.s);
        size_t found = 0;
        for (int v : x) found += v != 0;
        EXPECT_EQ(full, found);
    }
}

TEST(ClientSampler, AutomorphismSubstitutes) {
    const uint32_t n = 64, p = 193;
    Stream stream(4);
    std::vector<int8_t> x(n), y(n);
    sable_sample_error(x.data(), n, &stream.s);
    std::vector<uint32_t> lifted(n);
    for (uint32_t i = 0; i < n; i++) lifted[i] = static_cast<uint32_t>(x[i] + static_cast<int>(p)) % p;
    for (uint32_t g : {1u, 5u, 25u, 127u, 77u}) {
        sable_small_automorphism(y.data(), x.data(), n, g);
        const std::vector<uint32_t> want = oracle::substitute(lifted, g, p);
        for (uint32_t i = 0; i < n; i++)
            ASSERT_EQ(want[i], static_cast<uint32_t>(y[i] + static_cast<int>(p)) % p) << g << " " << i;
    }
}

} // namespace
