// SPDX-License-Identifier: Apache-2.0
// The embedding: slot map by the definition, accuracy against a transform in quadruple precision, equal bits on all
// instruction sets.
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <random>
#include <thread>
#include <vector>

extern "C" {
#include "base/hash.h"
#include "ckks/encoder.h"
#include "ckks/fft.h"
}

namespace {
using complex = std::complex<double>;
using quad = __float128;

struct QuadComplex {
    quad re, im;
};
QuadComplex operator*(QuadComplex a, QuadComplex b) { return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }
QuadComplex operator+(QuadComplex a, QuadComplex b) { return {a.re + b.re, a.im + b.im}; }
QuadComplex operator-(QuadComplex a, QuadComplex b) { return {a.re - b.re, a.im - b.im}; }

quad quad_sqrt(quad a) {
    quad x = std::sqrt(static_cast<double>(a));
    for (int i = 0; i < 3; i++) x = (x + a / x) / 2;
    return x;
}

// exp(i*pi*m/r), m < 2r, each entry one product of two entries with fewer bits.
std::vector<QuadComplex> quad_roots(size_t r) {
    std::vector<QuadComplex> z(2 * r);
    z[0] = {1, 0};
    z[r] = {-1, 0};
    QuadComplex half{-1, 0};
    for (size_t step = r / 2; step >= 1; step /= 2) {
        quad c = step == r / 2 ? quad(0) : quad_sqrt((1 + half.re) / 2);
        half = {c, step == r / 2 ? quad(1) : half.im / (2 * c)};
        z[step] = half;
    }
    for (size_t high = 2; high <= r; high *= 2)
        for (size_t low = 1; low < high; low++) z[high + low] = z[high] * z[low];
    return z;
}

// a[k] <- sum a[t] e^(sign 2 pi i k t/n), straight recursion.
void quad_fft(std::vector<QuadComplex> &a, const std::vector<QuadComplex> &roots, bool conjugate) {
    size_t n = a.size();
    if (n == 1) return;
    std::vector<QuadComplex> even(n / 2), odd(n / 2);
    for (size_t i = 0; i < n / 2; i++) even[i] = a[2 * i], odd[i] = a[2 * i + 1];
    quad_fft(even, roots, conjugate);
    quad_fft(odd, roots, conjugate);
    for (size_t k = 0; k < n / 2; k++) {
        QuadComplex w = roots[roots.size() / n * k];
        if (conjugate) w.im = -w.im;
        QuadComplex t = w * odd[k];
        a[k] = even[k] + t;
        a[k + n / 2] = even[k] - t;
    }
}

// Coefficients of the real polynomial of degree < N with the given slots: the values at all odd powers of zeta,
// transformed back.
std::vector<quad> quad_encode(const std::vector<complex> &z) {
    size_t n = z.size(), N = 2 * n;
    auto roots = quad_roots(N);
    std::vector<QuadComplex> a(N);
    size_t g = 1;
    for (size_t j = 0; j < n; j++, g = g * 5 % (2 * N)) {
        a[(g - 1) / 2] = {z[j].real(), z[j].imag()};
        a[(2 * N - g - 1) / 2] = {z[j].real(), -z[j].imag()};
    }
    quad_fft(a, roots, true);
    std::vector<quad> c(N);
    for (size_t t = 0; t < N; t++) c[t] = (a[t].re * roots[t].re + a[t].im * roots[t].im) / static_cast<double>(N);
    return c;
}

class EncoderEmbed : public ::testing::Test {
  protected:
    std::mt19937_64 random{20240607};
    double unit() { return std::ldexp(static_cast<double>(static_cast<int64_t>(random()) >> 11), -52); }
    std::vector<complex> slots(size_t n) {
        std::vector<complex> z(n);
        for (auto &x : z) x = {unit(), unit()};
        return z;
    }
};

struct Encoder {
    sable_encoder *e = nullptr;
    uint32_t threads = 1;
    explicit Encoder(uint32_t log_n) { EXPECT_EQ(sable_encoder_create(&e, log_n, nullptr), SABLE_OK); }
    ~Encoder() { sable_encoder_destroy(&e); }
    std::vector<double> encode(const std::vector<complex> &z) const {
        std::vector<double> c(2 * z.size());
        EXPECT_EQ(sable_embed_inverse(e, c.data(), reinterpret_cast<const double *>(z.data()), true,
                                      static_cast<uint32_t>(z.size()), threads, nullptr),
                  SABLE_OK);
        return c;
    }
    std::vector<complex> decode(const std::vector<double> &c) const {
        std::vector<complex> z(c.size() / 2);
        EXPECT_EQ(sable_embed(e, reinterpret_cast<double *>(z.data()), true, c.data(), static_cast<uint32_t>(z.size()),
                              threads, nullptr),
                  SABLE_OK);
        return z;
    }
};

double distance(const std::vector<complex> &a, const std::vector<complex> &b) {
    double worst = 0;
    for (size_t i = 0; i < a.size(); i++) worst = std::max(worst, std::abs(a[i] - b[i]));
    return worst;
}

TEST_F(EncoderEmbed, SlotsAreTheValuesAtPowersOfFive) {
    for (uint32_t log_n = 1; log_n <= 9; log_n++) {
        Encoder encoder(log_n);
        for (size_t n = 1; n <= 1u << (log_n - 1); n *= 2) { // packings below N/2 live in the ring of degree 2n
            size_t degree = 2 * n;
            std::vector<double> c(degree);
            for (auto &x : c) x = unit();
            auto z = encoder.decode(c);
            size_t g = 1;
            for (size_t j = 0; j < n; j++, g = g * 5 % (2 * degree)) {
                complex value = 0;
                for (size_t t = 0; t < degree; t++)
                    value += c[t] * std::polar(1.0, M_PI * static_cast<double>(t * g % (2 * degree)) /
                                                        static_cast<double>(degree));
                ASSERT_LT(std::abs(value - z[j]), 1e-14 * static_cast<double>(degree)) << log_n << " " << n << " " << j;
            }
            auto back = encoder.encode(z);
            for (size_t t = 0; t < degree; t++) ASSERT_NEAR(back[t], c[t], 4e-15);
        }
    }
}

TEST_F(EncoderEmbed, TablesAreTheNearestDoubles) {
    sable_fft fft;
    ASSERT_EQ(sable_fft_init(&fft, 15), 0);
    auto roots = quad_roots(1u << 16);
    const long double pi = 3.14159265358979323846264338327950288L;
    for (size_t m = 0; m < 1u << 17; m += 97) { // the reference itself
        ASSERT_LT(fabsl(static_cast<long double>(roots[m].re) - cosl(pi * static_cast<long double>(m) / 65536)),
                  0x1p-60L);
        ASSERT_LT(fabsl(static_cast<long double>(roots[m].im) - sinl(pi * static_cast<long double>(m) / 65536)),
                  0x1p-60L);
    }
    auto nearest = [](double x, quad exact) {
        return x == 0 ? exact < 0x1p-90 && exact > -0x1p-90 : x == static_cast<double>(exact);
    };
    const sable_fft_size &size = fft.size[15];
    for (size_t c = 0; c < 8; c++)
        for (size_t t = 0; t < size.rows; t++) {
            QuadComplex w = roots[(4 * c + 1) * t % (1u << 17)];
            ASSERT_TRUE(nearest(size.twist_re[c * size.rows + t], w.re)) << c << " " << t;
            ASSERT_TRUE(nearest(size.twist_im[c * size.rows + t], w.im)) << c << " " << t;
        }
    for (uint32_t log = 0; log + 2 <= 15; log++)
        for (size_t j = 0; j < 1u << log; j++)
            for (size_t power = 1; power <= 3; power++) {
                QuadComplex w = roots[power * j << (15 - log)];
                ASSERT_TRUE(nearest(fft.stage[log][6 * j + 2 * power - 2], w.re)) << log << " " << j;
                ASSERT_TRUE(nearest(fft.stage[log][6 * j + 2 * power - 1], w.im)) << log << " " << j;
            }
    EXPECT_EQ(size.half_root, std::sqrt(0.5));
    sable_fft_free(&fft);
}

TEST_F(EncoderEmbed, RoundTripBelow2PowMinus49) {
    for (uint32_t log_n = 10; log_n <= 16; log_n++) {
        Encoder encoder(log_n);
        for (size_t n : {size_t(1) << (log_n - 1), size_t(1) << (log_n - 4)}) {
            auto z = slots(n);
            EXPECT_LT(distance(encoder.decode(encoder.encode(z)), z), 0x1p-49) << log_n << " " << n;
        }
    }
}

TEST_F(EncoderEmbed, ErrorAgainstQuadruplePrecision) {
    for (uint32_t log_n : {5u, 8u, 11u, 12u, 15u}) {
        Encoder encoder(log_n);
        auto z = slots(size_t(1) << (log_n - 1));
        auto exact = quad_encode(z);
        auto c = encoder.encode(z);
        double error = 0, rms = 0;
        std::vector<double> rounded(c.size());
        for (size_t t = 0; t < c.size(); t++) {
            rounded[t] = static_cast<double>(exact[t]);
            error += std::pow(static_cast<double>(c[t] - exact[t]), 2);
            rms += rounded[t] * rounded[t];
        }
        EXPECT_LT(std::sqrt(error / rms), 0x1.2p-52) << "log_n " << log_n;
        EXPECT_LT(distance(encoder.decode(rounded), z), 0x1p-49) << "log_n " << log_n;
    }
}

TEST_F(EncoderEmbed, ConstantsAndMonomials) {
    Encoder encoder(12);
    const size_t n = 1u << 11, degree = 2 * n;
    auto check = [&](const std::vector<complex> &z, size_t index) { // exactly X^index
        auto c = encoder.encode(z);
        for (size_t t = 0; t < degree; t++) ASSERT_NEAR(c[t], t == index ? 1.0 : 0.0, 0x1p-50) << index << " " << t;
    };
    check(std::vector<complex>(n, 1.0), 0);
    check(std::vector<complex>(n, complex(0, 1)), n);
    for (size_t index : {size_t(1), size_t(2), size_t(777), n - 1, n + 1, degree - 1}) {
        std::vector<double> c(degree);
        c[index] = 1;
        auto z = encoder.decode(c);
        for (auto &x : z) ASSERT_NEAR(std::abs(x), 1.0, 0x1p-50);
        check(z, index);
    }
}

TEST_F(EncoderEmbed, RealSlotsAreComplexSlotsWithoutImaginaryPart) {
    Encoder encoder(8);
    for (uint32_t n : {1u, 4u, 128u}) {
        auto z = slots(n);
        std::vector<double> re(n), c(2 * n), back(n);
        for (size_t j = 0; j < n; j++) re[j] = z[j].real(), z[j] = re[j];
        ASSERT_EQ(sable_embed_inverse(encoder.e, c.data(), re.data(), false, n, 1, nullptr), SABLE_OK);
        EXPECT_EQ(c, encoder.encode(z));
        ASSERT_EQ(sable_embed(encoder.e, back.data(), false, c.data(), n, 1, nullptr), SABLE_OK);
        auto full = encoder.decode(c);
        for (size_t j = 0; j < n; j++) EXPECT_EQ(back[j], full[j].real());
    }
}

TEST_F(EncoderEmbed, TablesOfALargerDegreeServeSmallerOnes) {
    Encoder small(7), large(12);
    auto z = slots(64);
    EXPECT_EQ(small.encode(z), large.encode(z));
}

TEST_F(EncoderEmbed, EveryInstructionSetGivesTheSameBits) {
    sable_fft fft;
    ASSERT_EQ(sable_fft_init(&fft, 14), 0);
    for (uint32_t log = 0; log <= 14; log++) {
        size_t n = size_t(1) << log;
        std::vector<double> re(n), im(n), coeff(2 * n);
        for (size_t i = 0; i < n; i++) re[i] = unit(), im[i] = unit(), coeff[i] = unit(), coeff[n + i] = unit();
        std::vector<double> first_c, first_re, first_im;
        for (uint32_t k = 0; k < SABLE_FFT_KERNELS; k++) {
            fft.kernels = sable_fft_kernels_at(k);
            if (!fft.kernels) continue;
            auto r = re, i = im;
            std::vector<double> c(2 * n), r2(n), i2(n);
            sable_fft_to_coeff(&fft, log, c.data(), r.data(), i.data(), 1);
            sable_fft_from_coeff(&fft, log, r2.data(), i2.data(), coeff.data(), 1);
            if (k == 0) {
                first_c = c, first_re = r2, first_im = i2;
                continue;
            }
            EXPECT_EQ(memcmp(c.data(), first_c.data(), 16 * n), 0) << fft.kernels->name << " " << log;
            EXPECT_EQ(memcmp(r2.data(), first_re.data(), 8 * n), 0) << fft.kernels->name << " " << log;
            EXPECT_EQ(memcmp(i2.data(), first_im.data(), 8 * n), 0) << fft.kernels->name << " " << log;
        }
    }
    sable_fft_free(&fft);
}

TEST_F(EncoderEmbed, EveryNumberOfThreadsGivesTheSameBits) {
    Encoder one(15), many(15);
    for (uint32_t threads : {2u, 3u, 5u}) {
        many.threads = threads;
        for (size_t count : {4u, 1024u, 2048u, 4096u, 16384u}) {
            const auto z = slots(count);
            const auto c = one.encode(z);
            EXPECT_EQ(c, many.encode(z)) << count << " slots, " << threads << " threads";
            EXPECT_EQ(one.decode(c), many.decode(c)) << count << " slots, " << threads << " threads";
        }
    }
}

// The bits that every machine and compiler must produce.
TEST_F(EncoderEmbed, FrozenBits) {
    Encoder encoder(13);
    std::vector<complex> z(1u << 12);
    uint64_t state = 1;
    auto next = [&state] { // exact in double
        state = state * 6364136223846793005u + 1442695040888963407u;
        return static_cast<double>(static_cast<int64_t>(state) >> 20) * 0x1p-43;
    };
    for (auto &x : z) {
        double re = next();
        x = {re, next()};
    }
    auto c = encoder.encode(z);
    auto back = encoder.decode(c);
    sable_hash_state hash;
    sable_hash_init(&hash);
    auto add = [&hash](double x) {
        uint64_t bits;
        memcpy(&bits, &x, 8);
        uint8_t bytes[8];
        for (int i = 0; i < 8; i++) bytes[i] = static_cast<uint8_t>(bits >> (8 * i));
        sable_hash_update(&hash, bytes, 8);
    };
    for (double x : c) add(x);
    for (auto &x : back) add(x.real()), add(x.imag());
    uint8_t digest[32];
    char text[65];
    sable_hash_final(&hash, digest);
    sable_hex(text, digest, 32);
    EXPECT_STREQ(text, "526b206c88cbb2066e2c8717c1d55539d4c7e36be70004f58337351bc3b6d906");
}

TEST_F(EncoderEmbed, SeveralThreadsShareAnEncoder) {
    Encoder encoder(12);
    auto z = slots(1u << 11);
    auto expected = encoder.encode(z);
    std::vector<std::thread> threads;
    std::vector<int> good(4);
    for (size_t i = 0; i < good.size(); i++)
        threads.emplace_back([&, i] {
            good[i] = 1;
            for (int round = 0; round < 20; round++) good[i] &= encoder.encode(z) == expected;
        });
    for (auto &t : threads) t.join();
    EXPECT_EQ(good, std::vector<int>(4, 1));
}

TEST_F(EncoderEmbed, RefusesWrongSlotCounts) {
    Encoder encoder(4);
    double c[64] = {}, z[64] = {};
    for (uint32_t n : {0u, 3u, 16u}) {
        sable_error error = {};
        EXPECT_EQ(sable_embed_inverse(encoder.e, c, z, true, n, 1, &error), SABLE_INVALID);
        EXPECT_NE(strstr(error.text, "N/2 = 8"), nullptr) << error.text;
        EXPECT_EQ(sable_embed(encoder.e, z, true, c, n, 1, nullptr), SABLE_INVALID);
    }
    sable_encoder *e = nullptr;
    EXPECT_EQ(sable_encoder_create(&e, 0, nullptr), SABLE_INVALID);
    EXPECT_EQ(sable_encoder_create(&e, 40, nullptr), SABLE_INVALID);
    EXPECT_EQ(e, nullptr);
}
} // namespace
