// SPDX-License-Identifier: Apache-2.0
// Scaled rounding and constants, against exact arithmetic.
#include <NTL/ZZ.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

extern "C" {
#include "ckks/encoder.h"
#include "ckks/fft.h"
#include "ring/word.h"
}

namespace {
using NTL::ZZ;
using quad = __float128;

// x * 2^shift, an integer.
ZZ exact(double x, long shift = 0) {
    int e;
    double m = std::frexp(x, &e); // x = m * 2^e, m * 2^53 integer
    ZZ v = NTL::conv<ZZ>(static_cast<long>(std::ldexp(m, 53)));
    long s = e - 53 + shift;
    return s >= 0 ? v << s : (v >> -s); // callers choose shift so that nothing is lost
}

// Distance of hi + lo from c * scale in units of 2^-200.
ZZ error_of(double hi, double lo, double c, sable_dd scale) {
    ZZ product = exact(c, 300) * (exact(scale.hi, 300) + exact(scale.lo, 300));
    ZZ value = (exact(hi) + exact(lo)) << 600;
    return abs(value - product) >> 400;
}

class EncoderRound : public ::testing::Test {
  protected:
    std::mt19937_64 random{7};
    double unit() { return std::ldexp(static_cast<double>(static_cast<int64_t>(random()) >> 11), -52); }
    sable_dd scale_of(double log2) {
        double hi = std::exp2(log2) * (1 + 0.25 * unit());
        return dd_quick_sum(hi, hi * std::ldexp(unit(), -54));
    }
};

TEST_F(EncoderRound, NearestInteger) {
    for (int bits = 0; bits <= 119; bits++) {
        sable_dd scale = scale_of(bits);
        std::vector<double> c(257), hi(c.size()), lo(c.size());
        for (auto &x : c) x = unit() * 0.7;
        c[0] = 0, c[1] = 0.5 / scale.hi, c[2] = -1.5 / scale.hi, c[3] = 2.5 / scale.hi;
        sable_scale_round(hi.data(), lo.data(), c.data(), c.size(), scale, 1);
        for (size_t i = 0; i < c.size(); i++) {
            ASSERT_EQ(hi[i], std::rint(hi[i]));
            ASSERT_EQ(lo[i], std::rint(lo[i]));
            ZZ bound = (ZZ(1) << 199) + (ZZ(1) << 147) + ((abs(exact(hi[i])) + 1) << 97);
            ASSERT_LE(error_of(hi[i], lo[i], c[i], scale), bound) << bits << " " << c[i];
            if (bits < 105) {
                ASSERT_LT(std::fabs(lo[i]), 0x1p53);
            }
        }
    }
}

TEST_F(EncoderRound, TiesAndExactIntegers) {
    std::vector<double> c = {0.5, 1.5, 2.5, -0.5, -1.5, 3.0, 0x1p60, -0x1.8p100, 1e-300};
    std::vector<double> expected = {0, 2, 2, 0, -2, 3, 0x1p60, -0x1.8p100, 0};
    std::vector<double> hi(c.size()), lo(c.size());
    sable_scale_round(hi.data(), lo.data(), c.data(), c.size(), dd(1), 1);
    EXPECT_EQ(hi, expected);
    EXPECT_EQ(lo, std::vector<double>(c.size(), 0.0));
    // 2^60 + 1/4 above a tie of the low part: the product is not a double.
    double one = 1 + 0x1p-52;
    sable_scale_round(hi.data(), lo.data(), &one, 1, sable_dd{0x1p60 + 256, 0.75}, 1);
    EXPECT_EQ(exact(hi[0]) + exact(lo[0]), (ZZ(1) << 60) + 256 + 256 + 1); // 2^60 + 512.75 + 2^-44
}

TEST_F(EncoderRound, EveryInstructionSetGivesTheSameBits) {
    std::vector<double> c(1003);
    for (auto &x : c) x = unit() * 3;
    for (double bits : {20.0, 40.0, 52.5, 60.0, 90.0, 118.0}) {
        sable_dd scale = scale_of(bits);
        std::vector<double> hi0(c.size()), lo0(c.size());
        sable_fft_kernels_at(0)->scale_round(hi0.data(), lo0.data(), c.data(), c.size(), scale);
        for (uint32_t k = 1; k < SABLE_FFT_KERNELS; k++) {
            if (!sable_fft_kernels_at(k)) continue;
            std::vector<double> hi(c.size()), lo(c.size());
            sable_fft_kernels_at(k)->scale_round(hi.data(), lo.data(), c.data(), c.size(), scale);
            EXPECT_EQ(memcmp(hi.data(), hi0.data(), 8 * c.size()), 0);
            EXPECT_EQ(memcmp(lo.data(), lo0.data(), 8 * c.size()), 0);
        }
    }
}

// Round trip through the integers at the scales in use: the slot error is that of rounding, sqrt(N/12)/scale, or of the
// doubles.
TEST_F(EncoderRound, RoundTripAtScales2Pow30To2Pow60) {
    const uint32_t log_n = 11, n = 1u << (log_n - 1), degree = 2 * n;
    sable_encoder *encoder = nullptr;
    ASSERT_EQ(sable_encoder_create(&encoder, log_n, nullptr), SABLE_OK);
    for (int bits = 30; bits <= 60; bits += 5) {
        sable_dd scale = scale_of(bits), inverse = dd_div(dd(1), scale);
        std::vector<double> z(2 * n), c(degree), hi(degree), lo(degree), back(2 * n);
        for (auto &x : z) x = unit();
        ASSERT_EQ(sable_embed_inverse(encoder, c.data(), z.data(), true, n, 1, nullptr), SABLE_OK);
        sable_scale_round(hi.data(), lo.data(), c.data(), degree, scale, 1);
        for (size_t t = 0; t < degree; t++) c[t] = dd_mul(dd_quick_sum(hi[t], lo[t]), inverse).hi;
        ASSERT_EQ(sable_embed(encoder, back.data(), true, c.data(), n, 1, nullptr), SABLE_OK);
        double worst = 0;
        for (size_t i = 0; i < z.size(); i++) worst = std::max(worst, std::fabs(z[i] - back[i]));
        EXPECT_LT(worst, 0x1p-49 + 6 * std::sqrt(degree / 12.0) / scale.hi) << bits;
    }
    sable_encoder_destroy(&encoder);
}

class EncoderScalar : public EncoderRound {
  protected:
    static constexpr uint32_t n = 1024;
    sable_ring *ring = static_cast<sable_ring *>(calloc(1, sizeof(sable_ring)));
    std::vector<std::vector<uint32_t>> w;
    std::vector<uint16_t> pos;
    void SetUp() override {
        ring->n = n;
        ring->log_n = 10;
        uint32_t count = 0;
        for (uint32_t top : {1u << 30, 1u << 25, 1u << 20})
            for (uint32_t p = top - 2 * n + 1, found = 0; found < 2; p -= 2 * n)
                if (NTL::ProbPrime(static_cast<long>(p))) {
                    sable_prime_init(&ring->prime[count], p, n);
                    w.push_back({1, sable_pow_mod(ring->prime[count].psi, n / 2, p)});
                    pos.push_back(static_cast<uint16_t>(count++));
                    found++;
                }
        for (uint32_t i = 0; i < count; i++) ring->w[i] = w[i].data();
    }
    void TearDown() override { free(ring); }
    void check(double re, double im, sable_dd scale, const ZZ &u, const ZZ &v) {
        std::vector<uint32_t> lo(pos.size()), hi(pos.size());
        sable_encode_scalar(lo.data(), hi.data(), ring, pos.data(), static_cast<uint32_t>(pos.size()), re, im, scale);
        for (size_t i = 0; i < pos.size(); i++) {
            long p = ring->prime[i].p;
            ZZ root = NTL::PowerMod(ZZ(ring->prime[i].psi), n / 2, ZZ(p));
            EXPECT_EQ(static_cast<long>(lo[i]), NTL::to_long((u + v * root) % p)) << p << " " << re << " " << im;
            EXPECT_EQ(static_cast<long>(hi[i]), NTL::to_long((u - v * root) % p)) << p << " " << re << " " << im;
        }
    }
};

TEST_F(EncoderScalar, ExactIntegersOfEverySize) {
    for (int round = 0; round < 3; round++)
        for (int e = 0; e <= 119; e++) { // 53-bit mantissas times powers of two, and fewer bits below 2^53
            double re = std::rint(std::ldexp(unit(), 53)), im = std::rint(std::ldexp(unit(), 53));
            if (e < 53) re = std::rint(std::ldexp(re, e - 53)), im = std::rint(std::ldexp(im, e - 53));
            int shift = e < 53 ? 0 : e - 53;
            check(re, im, dd(std::ldexp(1.0, shift)), exact(re) << shift, exact(im) << shift);
            check(re, 0, dd(std::ldexp(1.0, shift)), exact(re) << shift, ZZ(0));
            check(0, -im, dd(std::ldexp(1.0, shift)), ZZ(0), -(exact(im) << shift));
        }
}

TEST_F(EncoderScalar, NearestIntegerAtDoubleDoubleScales) {
    for (int bits = 30; bits <= 90; bits++) {
        sable_dd scale = scale_of(bits);
        double x = unit(), y = unit();
        auto nearest = [&](double c) {
            ZZ twice = (exact(c, 300) * (exact(scale.hi, 300) + exact(scale.lo, 300))) /
                       (ZZ(1) << 599); // floor(2 c scale): / rounds down, >> towards 0
            return (twice + 1) / 2;
        };
        check(x, y, scale, nearest(x), nearest(y));
        check(-x, 0, scale, nearest(-x), ZZ(0));
    }
}
} // namespace
