// SPDX-License-Identifier: Apache-2.0
// Decoding and encoding on the device, run by the emulator: against the definition for a few slots, against the fixed-order encoder for
// many, and through the library.
#include <gtest/gtest.h>
#include <sable/sable.h>

#include <cmath>
#include <complex>

#include "support/emu.h"

extern "C" {
#include "ckks/encoder.h"
}

namespace {

using support::Device;
using support::Poly;
using support::range;
using support::Ring;
using support::Rng;
using complex = std::complex<double>;

constexpr double TOLERANCE = 0x1p-45;

class EmuSlots : public ::testing::Test {
  protected:
    support::EmuWatch watch;
    Rng rng{20261124};

    std::vector<complex> device(const Device &emu, Poly &y, uint32_t slots, sable_dd unit) {
        std::vector<double> z(2 * y.view()->batch * static_cast<size_t>(slots)), re(z.size() / 2);
        y.upload();
        emu.check(emu->decode(emu.queue(), z.data(), y.view(), slots, unit.hi, unit.lo, 1));
        emu.check(emu->decode(emu.queue(), re.data(), y.view(), slots, unit.hi, unit.lo, 0));
        std::vector<complex> values;
        for (size_t j = 0; j < re.size(); j++) {
            EXPECT_EQ(z[2 * j], re[j]) << "the real part alone";
            values.emplace_back(z[2 * j], z[2 * j + 1]);
        }
        return values;
    }
    // The largest difference within a member over the largest value of that member.
    static double distance(const std::vector<complex> &have, const std::vector<complex> &want, uint32_t slots) {
        double worst = 0;
        for (size_t first = 0; first < want.size(); first += slots) {
            double error = 0, size = 0;
            for (size_t j = first; j < first + slots; j++)
                error = std::fmax(error, std::abs(have[j] - want[j])), size = std::fmax(size, std::abs(want[j]));
            worst = std::fmax(worst, error / size);
        }
        return worst;
    }
};

TEST_F(EmuSlots, DecodeIsTheSumThatTheHeaderStates) {
    const auto ring = Ring::a40(7, 16, 2);
    const Device emu(support::emu_backend(), *ring, "0");
    const uint32_t n = ring->n(), batch = 2;
    for (const uint32_t slots : {1u, 2u, 4u, 32u, 64u})
        for (const uint32_t limbs : {2u, 3u, 9u}) {
            const auto pos = range(1, 1 + limbs);
            Poly y(emu, pos, 1, batch);
            y.random(rng); // coefficients between the multiples of the gap count for nothing
            std::vector<complex> want;
            const uint32_t gap = n / (2 * slots);
            for (uint32_t b = 0; b < batch; b++) {
                std::vector<double> c(2 * slots);
                for (uint32_t t = 0; t < 2 * slots; t++) {
                    const int64_t x = static_cast<int64_t>(rng() >> 18) - (int64_t{1} << 45);
                    c[t] = static_cast<double>(x);
                    for (uint32_t i = 0; i < limbs; i++) {
                        const int64_t p = y.prime(i), r = x % p;
                        y.at(i, 0, b)[t * gap] = static_cast<uint32_t>(r < 0 ? r + p : r);
                    }
                }
                for (uint32_t j = 0, power = 1; j < slots; j++, power = power * 5 % (4 * slots)) {
                    std::complex<long double> sum = 0;
                    for (uint32_t t = 0; t < 2 * slots; t++)
                        sum += std::polar<long double>(1, acosl(-1) * (t * power % (4 * slots)) / (2 * slots)) *
                               static_cast<long double>(c[t]);
                    want.emplace_back(static_cast<double>(sum.real() / 12345), static_cast<double>(sum.imag() / 12345));
                }
            }
            EXPECT_LT(distance(device(emu, y, slots, dd_div(dd(1), dd(12345))), want, slots), TOLERANCE)
                << slots << " slots, " << limbs << " limbs";
        }
}

TEST_F(EmuSlots, DecodeAgreesWithTheFixedOrderEncoder) {
    for (const uint32_t log_n : {4u, 8u, 11u}) {
        const auto ring = Ring::a40(log_n, 30, 2);
        const Device emu(support::emu_backend(), *ring, "0");
        const uint32_t n = ring->n();
        sable_encoder *encoder = nullptr;
        ASSERT_EQ(SABLE_OK, sable_encoder_create(&encoder, log_n, nullptr));
        for (const uint32_t slots : {1u, n / 4, n / 2})
            for (const uint32_t limbs : {1u, 2u, 30u}) { // 5 members: several rounds, and one that is left
                const auto pos = range(0, limbs);
                support::Layout layout;
                layout.limb_pad = 16, layout.batch_pad = 32, layout.scattered = limbs == 2;
                Poly y(emu, pos, 1, 5, layout);
                y.random(rng);
                const sable_dd scale = {0x1p40, 12345 * 0x1p-20};
                std::vector<complex> want;
                for (uint32_t b = 0; b < 5; b++) {
                    std::vector<const uint32_t *> x;
                    for (uint32_t i = 0; i < limbs; i++) x.push_back(y.at(i, 0, b));
                    std::vector<double> coeff(2 * slots), z(2 * slots);
                    ASSERT_EQ(SABLE_OK, sable_residues_to_doubles(coeff.data(), nullptr, x.data(), n / (2 * slots),
                                                                  2 * slots, ring->get(), pos.data(), limbs, limbs,
                                                                  scale, INFINITY, 1, nullptr));
                    ASSERT_EQ(SABLE_OK, sable_embed(encoder, z.data(), true, coeff.data(), slots, 1, nullptr));
                    for (uint32_t j = 0; j < slots; j++) want.emplace_back(z[2 * j], z[2 * j + 1]);
                }
                EXPECT_LT(distance(device(emu, y, slots, dd_div(dd(1), scale)), want, slots), TOLERANCE)
                    << "N = " << n << ", " << slots << " slots, " << limbs << " limbs";
            }
        sable_encoder_destroy(&encoder);
    }
}

TEST_F(EmuSlots, DecodeOfMorePrimesThanDoublesHoldIsRefused) {
    const auto ring = Ring::a40(4, 46, 13);
    const Device emu(support::emu_backend(), *ring, "0");
    Poly y(emu, range(0, 55));
    std::vector<double> values(16, 7);
    EXPECT_EQ(SABLE_UNSUPPORTED, emu->decode(emu.queue(), values.data(), y.upload().view(), 8, 1, 0, 1));
    EXPECT_EQ(values, std::vector<double>(16, 7));
    EXPECT_STREQ(emu->queue_error(emu.queue()), "decode: 55 primes, the device takes up to 54");
}

// Integers next to those of the fixed-order encoder, the same in every part.
TEST_F(EmuSlots, EncodeAgreesWithTheFixedOrderEncoder) {
    for (const uint32_t log_n : {4u, 8u, 11u}) {
        const auto ring = Ring::a40(log_n, 12, 2);
        const Device emu(support::emu_backend(), *ring, "0");
        const uint32_t n = ring->n(), batch = 5;
        const auto pos = range(2, 9);
        sable_encoder *encoder = nullptr;
        ASSERT_EQ(SABLE_OK, sable_encoder_create(&encoder, log_n, nullptr));
        for (const uint32_t slots : {1u, 2u, n / 2})
            for (const bool is_complex : {false, true})
                for (const sable_dd scale : {sable_dd{0x1p40, 0x1p-20}, sable_dd{0x1.8p90, 0x1p37}}) {
                    std::vector<double> values(batch * static_cast<size_t>(slots) * (is_complex ? 2 : 1));
                    for (double &v : values) v = std::ldexp(static_cast<double>(rng() >> 11), -50) - 4;
                    Poly out(emu, pos, 2, batch), y(emu, pos, 2, batch);
                    out.random(rng).upload();
                    emu.check(emu->encode_slots(emu.queue(), out.view(), values.data(), slots, scale.hi, scale.lo,
                                                is_complex));
                    std::vector<uint32_t> plain;
                    for (uint16_t i : pos) plain.push_back(sable_inv_mod(ring->get()->prime[i].r1, ring->p(i)));
                    emu.check(emu->ntt_inverse(emu.queue(), y.upload().view(), out.view(), plain.data()));
                    y.download();
                    for (uint32_t b = 0; b < batch; b++) {
                        std::vector<double> want(2 * slots), hi(2 * slots), have(n);
                        ASSERT_EQ(SABLE_OK,
                                  sable_embed_inverse(encoder, want.data(), &values[values.size() / batch * b],
                                                      is_complex, slots, 1, nullptr));
                        sable_scale_round(hi.data(), want.data(), want.data(), 2 * slots, scale, 1);
                        for (uint32_t part = 0; part < 2; part++) {
                            std::vector<const uint32_t *> x;
                            for (uint32_t i = 0; i < pos.size(); i++) x.push_back(y.at(i, part, b));
                            ASSERT_EQ(SABLE_OK, sable_residues_to_doubles(
                                                    have.data(), nullptr, x.data(), 1, n, ring->get(), pos.data(),
                                                    static_cast<uint32_t>(pos.size()),
                                                    static_cast<uint32_t>(pos.size()), dd(1), INFINITY, 1, nullptr));
                            for (uint32_t t = 0; t < n; t++) {
                                const uint32_t gap = n / (2 * slots);
                                const double wanted = t % gap ? 0 : hi[t / gap] + want[t / gap];
                                ASSERT_NEAR(have[t], wanted, t % gap ? 0 : 1 + TOLERANCE * scale.hi * 6)
                                    << "N = " << n << ", " << slots << " slots, member " << b << ", coefficient " << t;
                            }
                        }
                    }
                }
        sable_encoder_destroy(&encoder);
    }
}

// sable_encode and sable_decode, whose context is on the device.
TEST_F(EmuSlots, OfAPlaintext) {
    sable_params *params = nullptr;
    sable_error err{};
    const sable_params_options allow = {sizeof allow, true};
    ASSERT_EQ(SABLE_OK, sable_params_load(&params, "T10", &allow, &err)) << err.text;
    std::vector<std::vector<double>> decoded;
    std::vector<double> values;
    for (const auto &[backend, fast] : {std::pair{"cpu", false}, {"cpu", true}, {"emu", false}, {"emu", true}}) {
        sable_ctx_options options = {};
        options.struct_size = sizeof options;
        options.backend = backend;
        sable_ctx *ctx = nullptr;
        sable_queue *queue = nullptr;
        sable_pt *pt = nullptr;
        ASSERT_EQ(SABLE_OK, sable_ctx_create(&ctx, params, &options, &err)) << err.text;
        ASSERT_EQ(SABLE_OK, sable_queue_create(&queue, ctx, nullptr, &err)) << err.text;
        ASSERT_EQ(SABLE_OK, sable_pt_create(&pt, ctx, &err)) << err.text;
        sable_encoding encoding = {};
        encoding.struct_size = sizeof encoding;
        encoding.level = 1, encoding.batch = 3, encoding.slots = 64, encoding.is_complex = true;
        encoding.fast = fast;
        for (int i = 0; values.size() < 2 * 3 * 64; i++) values.push_back(std::sin(i));
        ASSERT_EQ(SABLE_OK, sable_encode(queue, pt, values.data(), values.size(), &encoding))
            << sable_queue_error(queue);
        decoded.emplace_back(values.size());
        EXPECT_EQ(SABLE_OK, sable_decode(queue, decoded.back().data(), values.size(), true, pt))
            << sable_queue_error(queue);
        sable_pt_destroy(queue, &pt);
        sable_queue_destroy(&queue);
        sable_ctx_destroy(&ctx);
    }
    sable_params_destroy(&params);
    for (size_t i = 0; i < values.size(); i++) {
        EXPECT_EQ(decoded[0][i], decoded[1][i]) << "cpu has no other encoder";
        EXPECT_NEAR(decoded[0][i], decoded[2][i], 2 * TOLERANCE);
        for (const auto &z : decoded) EXPECT_NEAR(z[i], values[i], 1e-5);
    }
}

} // namespace
