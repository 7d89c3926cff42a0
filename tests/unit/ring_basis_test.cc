// SPDX-License-Identifier: Apache-2.0
// O5: base conversion in big integers, with the quotient from the integer formula, on every cpu path.
#include <gtest/gtest.h>

#include "support/device.h"
#include "support/oracle.h"

namespace {

using oracle::ZZ;
using support::Basis;
using support::Device;
using support::Poly;
using support::Ring;
using support::Rng;

using Positions = std::vector<uint16_t>;

// v of (3.1), by its formula.
uint64_t quotient(const Ring &ring, const Positions &src, const std::vector<uint32_t> &y) {
    uint64_t sum = 1ull << 31;
    for (size_t i = 0; i < src.size(); i++) {
        const sable_prime &q = ring->prime[src[i]];
        sum += (static_cast<uint64_t>(y[i]) * q.wq) >> (q.bits - 1);
    }
    return sum >> 32;
}

class O5_BaseConversion : public ::testing::TestWithParam<std::string> {
  protected:
    std::shared_ptr<Ring> ring = Ring::a40(10, 46, 13);
    Device device{*ring, GetParam()};
    Rng rng{20261121};

    // Converts every column and compares it with the integers. x[j] are the integers to convert (times 1).
    void expect_conversion(const Positions &src, const Positions &dst, const std::vector<ZZ> &x) {
        Basis basis(*ring, src, dst);
        Poly y(device, src), out(device, dst);
        const std::vector<uint32_t> primes = ring->primes(src);
        std::fill(y.host.begin(), y.host.end(), 0);
        for (size_t j = 0; j < x.size(); j++)
            for (uint32_t i = 0; i < src.size(); i++)
                y.at(i)[j] = sable_mul_mod(oracle::residue(x[j], primes[i]), basis->y_mult[i], primes[i]);
        convert(basis, y, out);
        expect_columns(src, dst, y, out);
        const ZZ d = oracle::product(primes);
        for (size_t j = 0; j < x.size(); j++) { // the y above belong to these x
            ZZ want = oracle::centred(x[j], d);
            if (oracle::in_band(x[j], d, static_cast<unsigned>(src.size()))) continue; // expect_columns has the bound
            for (uint32_t k = 0; k < dst.size(); k++)
                ASSERT_EQ(out.at(k)[j], oracle::residue(want, ring->p(dst[k])))
                    << "column " << j << " |S| = " << src.size();
        }
    }

    void convert(const Basis &basis, Poly &y, Poly &out) {
        y.upload();
        device.check(device->base_convert(device.queue(), out.view(), y.view(), basis.get()));
        out.download();
    }

    // Every column: the words of (3.1), and a value that is the centred residue, or that + D inside the band.
    void expect_columns(const Positions &src, const Positions &dst, Poly &y, Poly &out) {
        const std::vector<uint32_t> primes = ring->primes(src);
        const ZZ d = oracle::product(primes);
        std::vector<ZZ> cofactor;
        for (uint32_t q : primes) cofactor.push_back(d / static_cast<long>(q));
        for (uint32_t j = 0; j < ring->n(); j++) {
            std::vector<uint32_t> column;
            ZZ sum(0);
            for (uint32_t i = 0; i < src.size(); i++) {
                column.push_back(y.at(i)[j]);
                sum += cofactor[i] * static_cast<long>(column[i]);
            }
            const ZZ value = sum - d * static_cast<long>(quotient(*ring, src, column));
            for (uint32_t k = 0; k < dst.size(); k++)
                ASSERT_EQ(out.at(k)[j], oracle::residue(value, ring->p(dst[k])))
                    << "column " << j << " |S| = " << src.size();
            const ZZ centred = oracle::centred(sum, d);
            if (oracle::in_band(sum, d, static_cast<unsigned>(src.size()))) {
                ASSERT_TRUE(value == centred || value == centred + d) << "column " << j;
                ASSERT_TRUE((2 * value - d) << 25 <= d) << "column " << j; // |value| <= D/2 (1 + 2^-25)
                in_band_columns++;
                shifted_columns += value != centred;
            } else {
                ASSERT_EQ(value, centred) << "column " << j;
            }
        }
    }

    int in_band_columns = 0, shifted_columns = 0;
};

Positions positions(uint32_t first, uint32_t count) { return support::range(first, first + count); }

TEST_P(O5_BaseConversion, RandomIntegers) {
    for (uint32_t count = 1; count <= 19; count++) {
        const Positions src = positions(count % 2 ? 0 : 46 - count, count); // with and without terminals
        const ZZ d = oracle::product(ring->primes(src));
        std::vector<ZZ> x;
        for (uint32_t j = 0; j < ring->n(); j++) {
            ZZ value(0);
            for (uint32_t w = 0; w < 20; w++) value = (value << 32) + static_cast<long>(rng() >> 32);
            x.push_back(value % d);
        }
        expect_conversion(src, {46, 47, 58, 22, 3, 20}, x);
    }
}

TEST_P(O5_BaseConversion, AdversarialIntegers) {
    for (uint32_t count = 1; count <= 17; count++)
        for (uint32_t first : {0u, 29u}) {
            const Positions src = positions(first, count);
            const ZZ d = oracle::product(ring->primes(src)), half = (d - 1) / 2;
            std::vector<ZZ> x = {ZZ(0),    ZZ(1),    d - 1, d - 2, half,     half + 1,
                                 half + 2, half - 1, d / 3, d / 4, 3 * d / 4};
            // Just above and below 1/2 by powers of two: outside the band, at its end, far inside.
            for (long e = 20; e <= 60; e++) {
                if ((d >> e) == 0) break;
                x.push_back(half - (d >> e));
                x.push_back(half + 1 + (d >> e));
            }
            expect_conversion(src, {58, 57, 46, 28}, x);
        }
    EXPECT_GT(in_band_columns, 0);
    EXPECT_GT(shifted_columns, 0) << "(D+1)/2 always lands above";
}

TEST_P(O5_BaseConversion, AdversarialSourceWords) {
    for (uint32_t count = 1; count <= 32; count++) { // past 16, where accumulators must be folded
        const Positions src = positions(46 - count, count), dst = {46, 47, 55, 58, 0, 1};
        Basis basis(*ring, src, dst);
        Poly y(device, src), out(device, dst);
        y.random(rng);
        for (uint32_t i = 0; i < count; i++) { // column 0: all largest; 1: all 0; 2+i: only source i largest
            y.at(i)[0] = y.prime(i) - 1;
            y.at(i)[1] = 0;
            for (uint32_t k = 0; k < count; k++) y.at(i)[2 + k] = i == k ? y.prime(i) - 1 : 0;
        }
        convert(basis, y, out);
        expect_columns(src, dst, y, out);
    }
}

TEST_P(O5_BaseConversion, LargestPrimesAsSources) {
    // The 13 special primes are the largest below 2^30: sums of products are as large as they get.
    const Positions src = positions(46, 13), dst = {0, 4, 45};
    Basis basis(*ring, src, dst);
    Poly y(device, src), out(device, dst);
    for (uint32_t i = 0; i < src.size(); i++) y.set(std::vector<uint32_t>(ring->n(), y.prime(i) - 1), i);
    convert(basis, y, out);
    expect_columns(src, dst, y, out);
}

TEST_P(O5_BaseConversion, EveryLimbAsSource) {
    const Positions src = positions(0, 46), dst = {46, 58};
    Basis basis(*ring, src, dst);
    Poly y(device, src), out(device, dst);
    y.random(rng);
    for (uint32_t i = 0; i < 46; i++) y.at(i)[0] = y.prime(i) - 1;
    convert(basis, y, out);
    expect_columns(src, dst, y, out);
}

TEST_P(O5_BaseConversion, PaddedPartsAndMembers) {
    const Positions src = positions(3, 5), dst = positions(8, 11);
    Basis basis(*ring, src, dst);
    Poly y(device, src, 2, 3, {16, 64, 32, false, false}), out(device, dst, 2, 3, {32, 16, 48, false, false});
    y.random(rng).upload();
    device.check(device->base_convert(device.queue(), out.view(), y.view(), basis.get()));
    out.download();
    Poly y1(device, src), out1(device, dst);
    for (uint32_t b = 0; b < 3; b++)
        for (uint32_t c = 0; c < 2; c++) {
            for (uint32_t i = 0; i < src.size(); i++) y1.set(y.limb(i, c, b), i);
            for (uint32_t i = 0; i < dst.size(); i++) out1.set(out.limb(i, c, b), i);
            expect_columns(src, dst, y1, out1);
        }
}

TEST(O5_Basis, Constants) {
    auto ring = Ring::a40(10, 20, 5);
    const Positions src = {2, 3, 7, 24}, dst = {0, 3, 5, 22}, factor = {1, 9, 20};
    const std::vector<uint32_t> k = {5, 7, 1000003, 2};
    sable_basis *basis = nullptr;
    ASSERT_EQ(
        sable_basis_create(&basis, ring->get(), src.data(), 4, dst.data(), 4, factor.data(), 3, k.data(), nullptr),
        SABLE_OK);
    const ZZ d = oracle::product(ring->primes(src)), a = oracle::product(ring->primes(factor));
    for (uint32_t i = 0; i < 4; i++) {
        const uint32_t q = ring->p(src[i]);
        const ZZ c = a * static_cast<long>(k[i]);
        EXPECT_EQ(static_cast<uint64_t>(basis->y_mult[i]) * oracle::residue(d / static_cast<long>(q), q) % q,
                  oracle::residue(c, q));
    }
    for (uint32_t t = 0; t < 4; t++) {
        const uint32_t p = ring->p(dst[t]);
        EXPECT_LT(basis->neg_d[t], p);
        EXPECT_EQ(basis->neg_d[t], oracle::residue(-d, p));
        for (uint32_t i = 0; i < 4; i++)
            EXPECT_EQ(basis->m[t * 4 + i], oracle::residue(d / static_cast<long>(ring->p(src[i])), p));
        EXPECT_EQ(sable_product_mod(ring->get(), src.data(), 4, p), oracle::residue(d, p));
    }
    EXPECT_EQ(sable_product_mod(ring->get(), nullptr, 0, 97), 1u);
    sable_basis_free(&basis);
    EXPECT_EQ(basis, nullptr);
    sable_basis_free(&basis);
}

INSTANTIATE_TEST_SUITE_P(Ring, O5_BaseConversion, ::testing::ValuesIn(support::cpu_paths()),
                         [](const auto &test) { return test.param; });

} // namespace
