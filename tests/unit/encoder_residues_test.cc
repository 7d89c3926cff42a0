// SPDX-License-Identifier: Apache-2.0
// Residues to doubles against big integers.
#include <NTL/RR.h>
#include <NTL/ZZ.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

extern "C" {
#include "ckks/encoder.h"
#include "ckks/encoder_garner.h"
}

namespace {
using NTL::RR;
using NTL::ZZ;

class EncoderResidues : public ::testing::Test {
  protected:
    static constexpr uint32_t limbs = 40;
    sable_ring *ring = static_cast<sable_ring *>(calloc(1, sizeof(sable_ring)));
    std::vector<uint16_t> pos;
    std::mt19937_64 random{99};

    void SetUp() override {
        NTL::SetSeed(ZZ(5));
        RR::SetPrecision(1200);
        uint32_t next[3] = {(1u << 30) - 2047, (1u << 25) - 2047,
                            (1u << 20) - 2047}; // large, terminal and small primes mixed
        for (uint32_t i = 0; i < limbs; i++) {
            uint32_t &p = next[i % 7 == 3 ? 1 : i % 11 == 5 ? 2 : 0];
            while (!NTL::ProbPrime(static_cast<long>(p))) p -= 2048;
            ring->prime[i].p = p;
            p -= 2048;
        }
        for (uint32_t i = 0; i < limbs; i++) pos.push_back(static_cast<uint16_t>((7 * i + 3) % limbs));
    }
    void TearDown() override { free(ring); }

    ZZ product(uint32_t count) const {
        ZZ d(1);
        for (uint32_t i = 0; i < count; i++) d *= static_cast<long>(ring->prime[pos[i]].p);
        return d;
    }
    std::vector<std::vector<uint32_t>> residues(const std::vector<ZZ> &values, uint32_t count, size_t stride) const {
        std::vector<std::vector<uint32_t>> x(count, std::vector<uint32_t>(values.size() * stride, 0xffffffffu));
        for (uint32_t i = 0; i < count; i++)
            for (size_t t = 0; t < values.size(); t++)
                x[i][t * stride] = static_cast<uint32_t>(values[t] % static_cast<long>(ring->prime[pos[i]].p));
        return x;
    }
    std::vector<double> convert(const std::vector<std::vector<uint32_t>> &x, size_t stride, uint32_t used,
                                sable_dd scale, size_t *bad, double largest = INFINITY) const {
        std::vector<const uint32_t *> p;
        for (auto &limb : x) p.push_back(limb.data());
        std::vector<double> c(x[0].size() / stride);
        EXPECT_EQ(sable_residues_to_doubles(c.data(), bad, p.data(), stride, c.size(), ring, pos.data(),
                                            static_cast<uint32_t>(x.size()), used, scale, largest, 2, nullptr),
                  SABLE_OK);
        return c;
    }
    std::vector<ZZ> values(const ZZ &d, size_t count) {
        ZZ half = (d - 1) / 2;
        std::vector<ZZ> v = {ZZ(0), ZZ(1), ZZ(-1), half, -half, half - 1, 1 - half};
        long bits = NumBits(d);
        while (v.size() < count) {
            ZZ x = NTL::RandomBnd(d) - half; // in [-half, half]
            if (random() % 2) x /= (ZZ(1) << static_cast<long>(random() % static_cast<uint64_t>(bits)));
            v.push_back(x);
        }
        return v;
    }
};

TEST_F(EncoderResidues, CentredValuesAgainstBigIntegers) {
    for (uint32_t used : {1u, 2u, 3u, 4u, 5u, 6u, 9u, 17u, 34u}) {
        for (uint32_t extra : {0u, 1u, 3u}) {
            if (used + extra > limbs) continue;
            sable_dd scale = dd_quick_sum(std::ldexp(1.37, 40), std::ldexp(0.77, -20));
            RR exact_scale = NTL::conv<RR>(scale.hi) + NTL::conv<RR>(scale.lo);
            for (size_t stride : {size_t(1), size_t(4)}) {
                auto v = values(product(used), 700);
                size_t bad = 77;
                auto c = convert(residues(v, used + extra, stride), stride, used, scale, &bad);
                EXPECT_EQ(bad, 0u) << used << " " << extra;
                for (size_t t = 0; t < v.size(); t++) {
                    RR exact = NTL::conv<RR>(v[t]) / exact_scale;
                    double nearest = NTL::conv<double>(exact);
                    double ulp = std::fabs(std::nextafter(nearest, 1e308) - nearest);
                    ASSERT_LE(abs(NTL::conv<RR>(c[t]) - exact), NTL::conv<RR>(ulp) * 0.500001)
                        << used << " " << t << " " << v[t];
                }
            }
        }
    }
}

TEST_F(EncoderResidues, OverflowOfTheFirstLimbsIsNoticed) {
    for (uint32_t used : {1u, 2u, 5u}) {
        ZZ d = product(used), half = (d - 1) / 2;
        std::vector<ZZ> v = {half, half + 1, -half, -half - 1, d, -d, ZZ(12), d + 12, 3 * d - 7};
        size_t bad = 0;
        convert(residues(v, used + 2, 1), 1, used, dd(1), &bad);
        EXPECT_EQ(bad, 6u) << used;
        convert(residues(v, used, 1), 1, used, dd(1), &bad); // nothing to compare with
        EXPECT_EQ(bad, 0u);
    }
}

TEST_F(EncoderResidues, OneWrongWordOfOneExtraLimbIsNoticed) {
    auto v = values(product(3), 5000); // enough for several threads
    auto x = residues(v, 6, 1);
    for (size_t t : {size_t(0), size_t(130), size_t(4999)})
        for (uint32_t i : {3u, 5u}) x[i][t] ^= 1;
    size_t bad = 0;
    auto c = convert(x, 1, 3, dd(1), &bad);
    EXPECT_EQ(bad, 3u); // coefficients, not words
    EXPECT_EQ(c, convert(residues(v, 3, 1), 1, 3, dd(1), &bad));
}

TEST_F(EncoderResidues, EveryInstructionSetGivesTheSameBits) {
    for (uint32_t used : {1u, 2u, 3u, 7u, 20u}) {
        auto x = residues(values(product(used), SABLE_GARNER_BLOCK - 5), used + 2, 1);
        x[used][9] ^= 2;
        std::vector<const uint32_t *> p;
        for (auto &limb : x) p.push_back(limb.data());
        sable_garner g;
        ASSERT_EQ(sable_garner_init(&g, ring, pos.data(), used + 2, used, sable_dd{0x1.3p50, 0x1.7p-10}, nullptr),
                  SABLE_OK);
        std::vector<double> first(x[0].size()), c(x[0].size());
        sable_garner_work work;
        EXPECT_EQ(sable_garner_block_at(0)(&g, &work, first.data(), p.data(), 1, 0, c.size()), 1u);
        for (uint32_t k = 1; k < SABLE_GARNER_KERNELS; k++) {
            if (!sable_garner_block_at(k)) continue;
            EXPECT_EQ(sable_garner_block_at(k)(&g, &work, c.data(), p.data(), 1, 0, c.size()), 1u);
            EXPECT_EQ(memcmp(c.data(), first.data(), 8 * c.size()), 0) << k << " " << used;
        }
        sable_garner_free(&g);
    }
}

TEST_F(EncoderResidues, RefusesWhatItCannotConvert) {
    std::vector<uint32_t> word(1);
    std::vector<const uint32_t *> p(limbs, word.data());
    double c = 5;
    size_t bad = 5;
    sable_error error = {};
    EXPECT_EQ(sable_residues_to_doubles(&c, &bad, p.data(), 1, 1, ring, pos.data(), 3, 0, dd(1), INFINITY, 2, &error),
              SABLE_INVALID);
    EXPECT_EQ(sable_residues_to_doubles(&c, &bad, p.data(), 1, 1, ring, pos.data(), 3, 4, dd(1), INFINITY, 2, &error),
              SABLE_INVALID);
    EXPECT_EQ(
        sable_residues_to_doubles(&c, &bad, p.data(), 1, 1, ring, pos.data(), limbs, limbs, dd(1), INFINITY, 2, &error),
        SABLE_INVALID);
    EXPECT_EQ(c, 5);
    EXPECT_EQ(bad, 5u);
}

TEST_F(EncoderResidues, ValuesBeyondTheLargestAreCounted) {
    std::vector<ZZ> v(5000);
    for (size_t t = 0; t < v.size(); t++) v[t] = ZZ(static_cast<long>(t % 1000)) * (t % 2 ? -1 : 1);
    v[4999] = ZZ(3000), v[17] = ZZ(-3000), v[18] = ZZ(2999);
    size_t bad = 7;
    convert(residues(v, 3, 1), 1, 2, dd(2), &bad, 1499.5);
    EXPECT_EQ(2u, bad);
    convert(residues(v, 3, 1), 1, 2, dd(2), &bad, 1500);
    EXPECT_EQ(0u, bad);
}
} // namespace
