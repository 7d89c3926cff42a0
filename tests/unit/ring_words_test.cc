// SPDX-License-Identifier: Apache-2.0
// Element-wise functions, sums of products and encoding of the backend table against remainders taken one product at a
// time, on every cpu path.
#include <gtest/gtest.h>

#include <cmath>

#include "support/device.h"
#include "support/oracle.h"

namespace {

using support::Basis;
using support::Device;
using support::Poly;
using support::range;
using support::Ring;
using support::Rng;

const uint64_t R = 1ull << 32;

class Words : public ::testing::TestWithParam<std::string> {
  protected:
    std::shared_ptr<Ring> ring = Ring::a40(10, 20, 5);
    Device device{*ring, GetParam()};
    Rng rng{20261121};
    const std::vector<uint16_t> pos = {0, 3, 4, 19, 24};

    uint64_t inverse_r(uint32_t p) const { return sable_inv_mod(static_cast<uint32_t>(R % p), p); }

    // want(i, p, j) is the word j of limb i modulo p, in any representation.
    template <class Want>
    void expect_words(Poly &out, uint32_t part, uint32_t member, Want want) {
        out.download();
        for (uint32_t i = 0; i < out.view()->limbs; i++) {
            const uint32_t p = out.prime(i);
            for (uint32_t j = 0; j < ring->n(); j++)
                ASSERT_EQ(out.at(i, part, member)[j], want(i, p, j) % p)
                    << "limb " << i << " word " << j << " part " << part << " member " << member;
        }
    }
    std::vector<uint32_t> constants() {
        std::vector<uint32_t> c;
        for (size_t i = 0; i < pos.size(); i++)
            c.push_back(i == 0 ? 0 : i == 1 ? ring->p(pos[i]) - 1 : support::random_word(rng, ring->p(pos[i])));
        return c;
    }
};

TEST_P(Words, Elementwise) {
    Poly a(device, pos), b(device, pos), out(device, pos);
    a.random(rng).upload();
    b.random(rng).upload();
    out.random(rng).upload();
    const std::vector<uint32_t> before = out.host;
    void *q = device.queue();
    device.check(device->add(q, out.view(), a.view(), b.view()));
    expect_words(out, 0, 0, [&](uint32_t i, uint32_t, uint32_t j) { return uint64_t{a.at(i)[j]} + b.at(i)[j]; });
    device.check(device->sub(q, out.view(), a.view(), b.view()));
    expect_words(out, 0, 0, [&](uint32_t i, uint32_t p, uint32_t j) { return uint64_t{a.at(i)[j]} + p - b.at(i)[j]; });
    device.check(device->negate(q, out.view(), a.view()));
    expect_words(out, 0, 0, [&](uint32_t i, uint32_t p, uint32_t j) { return uint64_t{p} - a.at(i)[j]; });
    device.check(device->mul(q, out.view(), a.view(), b.view()));
    expect_words(out, 0, 0, [&](uint32_t i, uint32_t, uint32_t j) { return uint64_t{a.at(i)[j]} * b.at(i)[j]; });
    device.check(device->mul_mont(q, out.view(), a.view(), b.view(), 0));
    expect_words(out, 0, 0, [&](uint32_t i, uint32_t p, uint32_t j) {
        return uint64_t{a.at(i)[j]} * b.at(i)[j] % p * inverse_r(p);
    });
    out.host = before;
    out.upload();
    device.check(device->mul_mont(q, out.view(), a.view(), b.view(), 1));
    expect_words(out, 0, 0, [&](uint32_t i, uint32_t p, uint32_t j) {
        return before[i * ring->n() + j] + uint64_t{a.at(i)[j]} * b.at(i)[j] % p * inverse_r(p);
    });
}

TEST_P(Words, Constants) {
    Poly a(device, pos), out(device, pos);
    a.random(rng).upload();
    const std::vector<uint32_t> lo = constants(), hi = constants();
    const uint32_t half = ring->n() / 2;
    void *q = device.queue();
    for (const uint32_t *upper : {static_cast<const uint32_t *>(nullptr), hi.data()}) {
        auto c = [&](uint32_t i, uint32_t j) { return uint64_t{j < half || !upper ? lo[i] : upper[i]}; };
        device.check(device->mul_const(q, out.view(), a.view(), lo.data(), upper));
        expect_words(out, 0, 0, [&](uint32_t i, uint32_t, uint32_t j) { return a.at(i)[j] * c(i, j); });
        device.check(device->add_const(q, out.view(), a.view(), lo.data(), upper));
        expect_words(out, 0, 0, [&](uint32_t i, uint32_t, uint32_t j) { return a.at(i)[j] + c(i, j); });
    }
}

TEST_P(Words, TensorSums) {
    for (uint32_t terms : {1u, 2u, 7u, 8u, 9u, 16u, 17u, 40u})
        for (bool largest : {false, true}) {
            // Members of a are the terms of one sum; b is one member repeated for every term when largest is false.
            Poly a(device, pos, 2, terms), b(device, pos, 2, terms), out(device, pos, 3);
            a.random(rng), b.random(rng);
            if (largest)
                for (Poly *x : {&a, &b})
                    for (uint32_t t = 0; t < terms; t++)
                        for (uint32_t c = 0; c < 2; c++)
                            for (uint32_t i = 0; i < pos.size(); i++)
                                x->set(std::vector<uint32_t>(ring->n(), x->prime(i) - 1), i, c, t);
            a.upload(), b.upload();
            sable_limbs one_a = *a.view(), one_b = *b.view();
            one_a.batch = one_b.batch = 1;
            const size_t b_stride = largest ? b.view()->batch_stride : 0;
            device.check(
                device->tensor(device.queue(), out.view(), &one_a, a.view()->batch_stride, &one_b, b_stride, terms));
            auto sum = [&](uint32_t i, uint32_t p, uint32_t j, std::vector<std::pair<uint32_t, uint32_t>> parts) {
                uint64_t s = 0;
                for (uint32_t t = 0; t < terms; t++)
                    for (auto [x, y] : parts)
                        s = (s + uint64_t{a.at(i, x, t)[j]} * b.at(i, y, b_stride ? t : 0)[j]) % p;
                return s;
            };
            expect_words(out, 0, 0, [&](uint32_t i, uint32_t p, uint32_t j) { return sum(i, p, j, {{0, 0}}); });
            expect_words(out, 1, 0, [&](uint32_t i, uint32_t p, uint32_t j) { return sum(i, p, j, {{0, 1}, {1, 0}}); });
            expect_words(out, 2, 0, [&](uint32_t i, uint32_t p, uint32_t j) { return sum(i, p, j, {{1, 1}}); });
        }
}

TEST_P(Words, Combine) {
    for (uint32_t terms : {1u, 3u, 15u, 16u, 17u, 33u, 70u}) {
        const uint32_t groups = 3;
        Poly in(device, pos, 2, terms), out(device, pos, 2, groups);
        in.random(rng);
        std::vector<uint32_t> c(groups * terms * pos.size());
        for (uint32_t g = 0; g < groups; g++)
            for (uint32_t t = 0; t < terms; t++)
                for (uint32_t i = 0; i < pos.size(); i++)
                    c[(g * terms + t) * pos.size() + i] =
                        g == 0 ? in.prime(i) - 1 : support::random_word(rng, in.prime(i));
        for (uint32_t t = 0; t < terms; t++)
            for (uint32_t i = 0; i < pos.size(); i++)
                in.at(i, 1, t)[5] = in.prime(i) - 1; // with g == 0: the largest sum
        in.upload();
        device.check(device->combine(device.queue(), out.view(), in.view(), c.data()));
        for (uint32_t g = 0; g < groups; g++)
            for (uint32_t part = 0; part < 2; part++)
                expect_words(out, part, g, [&](uint32_t i, uint32_t p, uint32_t j) {
                    uint64_t s = 0;
                    for (uint32_t t = 0; t < terms; t++)
                        s = (s + uint64_t{in.at(i, part, t)[j]} * c[(g * terms + t) * pos.size() + i]) % p;
                    return s;
                });
    }
}

// acc = sum_j D_j * key_j + add * add_mult, with digits in either domain, limbs of the own block taken from `own`.
// Key switching in one call, in its two parts, and by definition.
TEST_P(Words, KeySwitch) {
    const std::vector<uint16_t> acc_pos = {2, 3, 4, 5, 6, 7, 8, 20, 21, 24}, q_pos = range(2, 9);
    for (uint32_t alpha : {1u, 3u, 8u})
        for (uint32_t add_parts : {0u, 1u, 2u}) {
            const uint32_t first_block = 2 / alpha, digits = 8 / alpha - first_block + 1, batch = 2;
            Poly d(device, acc_pos, digits, batch), key(device, acc_pos, 2 * digits, 1), own(device, q_pos, 1, batch),
                y(device, q_pos, 1, batch);
            Poly add(device, q_pos, add_parts ? add_parts : 1, batch), acc(device, acc_pos, 2, batch),
                fused(device, acc_pos, 2, batch);
            y.random(rng), d.random(rng), key.random(rng), own.random(rng), add.random(rng);
            for (uint32_t j = 0; j < 2 * digits; j++)
                for (uint32_t i = 0; i < acc_pos.size(); i++) key.at(i, j)[9] = key.prime(i) - 1;
            y.upload(), d.upload(), key.upload(), own.upload(), add.upload();
            // Digit j by base_convert and ntt_forward; the limbs of its own block stay as they are.
            std::vector<std::unique_ptr<Basis>> up;
            std::vector<const sable_basis *> bases;
            Poly parts(device, acc_pos, digits, batch);
            parts.host = d.host;
            for (uint32_t j = 0; j < digits; j++) {
                std::vector<uint16_t> src, dst;
                for (uint16_t at : acc_pos)
                    (at < (*ring)->q_count && at / alpha == first_block + j ? src : dst).push_back(at);
                up.push_back(std::make_unique<Basis>(*ring, src, dst));
                bases.push_back(up.back()->get());
                Poly from(device, src, 1, batch), to(device, dst, 1, batch);
                for (uint32_t b = 0; b < batch; b++)
                    for (uint32_t i = 0; i < src.size(); i++)
                        std::copy_n(y.at(src[i] - 2u, 0, b), (*ring)->n, from.at(i, 0, b));
                from.upload();
                device.check(device->base_convert(device.queue(), to.view(), from.view(), bases[j]));
                device.check(device->ntt_forward(device.queue(), to.view()));
                to.download();
                for (uint32_t b = 0; b < batch; b++)
                    for (uint32_t i = 0; i < dst.size(); i++) {
                        const auto at = std::find(acc_pos.begin(), acc_pos.end(), dst[i]) - acc_pos.begin();
                        std::copy_n(to.at(i, 0, b), (*ring)->n, parts.at(static_cast<uint32_t>(at), j, b));
                    }
            }
            device.check(device->mod_up(device.queue(), d.view(), y.view(), bases.data()));
            d.download();
            EXPECT_EQ(d.host, parts.host) << "mod_up, alpha " << alpha;
            std::vector<uint32_t> add_mult;
            for (uint16_t i : q_pos) add_mult.push_back(support::random_word(rng, ring->p(i)));
            const sable_limbs *added = add_parts ? add.view() : nullptr;
            device.check(device->key_inner(device.queue(), acc.view(), d.view(), own.view(), key.view(), alpha,
                                           first_block, added, add_mult.data()));
            for (uint32_t b = 0; b < batch; b++)
                for (uint32_t part = 0; part < 2; part++)
                    expect_words(acc, part, b, [&](uint32_t i, uint32_t p, uint32_t w) {
                        const bool in_q = acc_pos[i] < (*ring)->q_count;
                        uint64_t s = 0;
                        for (uint32_t j = 0; j < digits; j++) {
                            const bool is_own = in_q && acc_pos[i] / alpha == first_block + j;
                            uint64_t x = is_own ? own.at(i, 0, b)[w] : d.at(i, j, b)[w];
                            s = (s + x * key.at(i, 2 * j + part)[w] % p * inverse_r(p)) % p;
                        }
                        if (in_q && part < add_parts) s += uint64_t{add.at(i, part, b)[w]} * add_mult[i] % p;
                        return s;
                    });
            const std::vector<uint32_t> before = d.host;
            d.download();
            EXPECT_EQ(d.host, before) << "digits are left intact";
            device.check(device->key_switch(device.queue(), fused.view(), y.view(), bases.data(), own.view(),
                                            key.view(), alpha, first_block, added, add_mult.data()));
            acc.download(), fused.download();
            EXPECT_EQ(fused.host, acc.host) << "key_switch, alpha " << alpha;
        }
}

// alpha does not divide the number of primes of U: the last block would reach into P, whose limbs are never its own.
TEST_P(Words, KeyInnerLastBlockEndsWithU) {
    const std::vector<uint16_t> acc_pos = {16, 17, 18, 19, 20, 21, 22, 23, 24}, q_pos = range(16, 20);
    Poly d(device, acc_pos), key(device, acc_pos, 2), own(device, q_pos), acc(device, acc_pos, 2);
    d.random(rng).upload(), key.random(rng).upload(), own.random(rng).upload();
    device.check(
        device->key_inner(device.queue(), acc.view(), d.view(), own.view(), key.view(), 8, 2, nullptr, nullptr));
    for (uint32_t part = 0; part < 2; part++)
        expect_words(acc, part, 0, [&](uint32_t i, uint32_t p, uint32_t j) {
            const uint64_t x = i < 4 ? own.at(i)[j] : d.at(i)[j];
            return x * key.at(i, part)[j] % p * inverse_r(p);
        });
}

// 64 digits of the largest words: the bound of the accumulators.
TEST_P(Words, KeyInnerLargest) {
    const std::vector<uint16_t> p_pos = {20, 24};
    for (uint32_t digits : {1u, 4u, 5u, 11u, 12u, 13u, 16u, 63u, 64u}) {
        Poly d(device, p_pos, digits), key(device, p_pos, 2 * digits), own(device, {0}), add(device, {0}),
            acc(device, p_pos, 2);
        own.random(rng).upload();
        for (uint32_t j = 0; j < 2 * digits; j++)
            for (uint32_t i = 0; i < 2; i++) {
                key.set(std::vector<uint32_t>(ring->n(), key.prime(i) - 1), i, j);
                if (j < digits) d.set(std::vector<uint32_t>(ring->n(), d.prime(i) - 1), i, j);
            }
        d.upload(), key.upload();
        device.check(
            device->key_inner(device.queue(), acc.view(), d.view(), own.view(), key.view(), 1, 0, nullptr, nullptr));
        for (uint32_t part = 0; part < 2; part++)
            expect_words(acc, part, 0, [&](uint32_t, uint32_t p, uint32_t) { return digits * inverse_r(p); });
    }
}

// out = x * x_mult - NTT(e) * e_mult, limbs of x found by position; the limbs that x lacks count as 0 whatever x_mult
// is.
TEST_P(Words, NttModDown) {
    const std::vector<uint16_t> out_pos = {1, 2, 3, 19}, x_pos = {24, 19, 2, 5};
    Poly x(device, x_pos, 2, 2), e(device, out_pos, 2, 2), ntt(device, out_pos, 2, 2), out(device, out_pos, 2, 2);
    x.random(rng).upload(), e.random(rng).upload();
    ntt.host = e.host;
    ntt.upload();
    device.check(device->ntt_forward(device.queue(), ntt.view()));
    ntt.download();
    std::vector<uint32_t> x_mult, e_mult;
    for (uint16_t i : out_pos) x_mult.push_back(1 + i * 12345u), e_mult.push_back(ring->p(i) - 1 - i);
    device.check(device->ntt_mod_down(device.queue(), out.view(), e.view(), x.view(), x_mult.data(), e_mult.data()));
    const int x_limb[] = {-1, 2, -1, 1};
    for (uint32_t b = 0; b < 2; b++)
        for (uint32_t part = 0; part < 2; part++)
            expect_words(out, part, b, [&](uint32_t i, uint32_t p, uint32_t j) {
                const uint64_t word = x_limb[i] < 0 ? 0 : x.at(static_cast<uint32_t>(x_limb[i]), part, b)[j];
                return word * x_mult[i] % p + p - uint64_t{ntt.at(i, part, b)[j]} * e_mult[i] % p;
            });
}

// O11, the integer part: residues of hi + lo against big integers.
TEST_P(Words, O11_EncodeResidues) {
    const uint32_t n = ring->n();
    std::vector<double> hi(2 * n), lo(2 * n);
    for (uint32_t t = 0; t < 2 * n; t++) {
        const int exponent = static_cast<int>(rng() % 127);
        hi[t] = std::trunc(std::ldexp(static_cast<double>(rng() >> 11) / 0x1p53, exponent)) * (rng() & 1 ? 1 : -1);
        lo[t] = static_cast<double>(rng() >> (11 + rng() % 53)) * (rng() & 1 ? 1 : -1);
    }
    const double edges[] = {0.0,
                            -0.0,
                            1,
                            -1,
                            0x1p52,
                            -0x1p52,
                            0x1p52 + 1,
                            0x1p53 - 1,
                            0x1p53,
                            -0x1p53,
                            0x1p54 + 4,
                            0x1p63,
                            -0x1p63,
                            0x1p64,
                            0x1p126,
                            -0x1p126,
                            0x1.fffffffffffffp126,
                            -0x1.fffffffffffffp126,
                            2097152,
                            949616641,
                            -949616641,
                            0x1.8p100};
    for (size_t t = 0; t < sizeof edges / sizeof *edges; t++) hi[t] = edges[t], lo[t] = t % 3 ? 0 : -(0x1p53 - 1);
    auto integer = [](double x) {
        oracle::ZZ z;
        int exponent = 0;
        double m = std::frexp(x, &exponent); // x = m * 2^exponent, 53 bits of m
        z = NTL::conv<oracle::ZZ>(static_cast<long>(std::ldexp(m, 53)));
        return exponent >= 53 ? oracle::ZZ(z << (exponent - 53)) : oracle::ZZ(z >> (53 - exponent));
    };
    for (uint32_t gap : {1u, 2u, 16u, 128u, 256u}) { // down to 4 coefficients
        Poly out(device, pos, 2, 2, {16, 32, 16, false, false});
        device.check(device->encode(device.queue(), out.view(), hi.data(), lo.data(), gap));
        std::vector<uint32_t> r_inverse;
        for (uint16_t i : pos) r_inverse.push_back(sable_inv_mod((*ring)->prime[i].r1, ring->p(i)));
        device.check(device->ntt_inverse(device.queue(), out.view(), out.view(), r_inverse.data()));
        out.download();
        for (uint32_t b = 0; b < 2; b++)
            for (uint32_t t = 0; t < n; t++) {
                oracle::ZZ value(0);
                const uint32_t at = b * (n / gap) + t / gap;
                if (t % gap == 0) value = integer(hi[at]) + integer(lo[at]);
                for (uint32_t part = 0; part < 2; part++)
                    for (uint32_t i = 0; i < pos.size(); i++)
                        ASSERT_EQ(out.at(i, part, b)[t], oracle::residue(value, out.prime(i)))
                            << hi[at] << " + " << lo[at] << " gap " << gap;
            }
        /* Without memory to join the integers for all limbs at once: the same words. */
        size_t tables = 0, peak = 0;
        {
            Device uncapped(*ring, GetParam());
            uncapped.check(uncapped->memory_use(uncapped.state(), &tables, &peak));
        }
        if (tables == 0) tables = 1; /* the cap itself: 0 would be none */
        Device full(sable_backend_cpu(), *ring, GetParam(), 1, tables);
        Poly again(device, pos, 2, 2, {16, 32, 16, false, false});
        full.check(full->encode(full.queue(), again.view(), hi.data(), lo.data(), gap));
        full.check(full->ntt_inverse(full.queue(), again.view(), again.view(), r_inverse.data()));
        again.download();
        for (uint32_t b = 0; b < 2; b++)
            for (uint32_t part = 0; part < 2; part++)
                for (uint32_t i = 0; i < pos.size(); i++)
                    ASSERT_EQ(out.limb(i, part, b), again.limb(i, part, b)) << gap;
    }
}

TEST_P(Words, CheckRangeFindsTheFirst) {
    Poly x(device, pos, 2, 3, {16, 0, 32, false, false});
    x.random(rng).upload();
    uint64_t bad = 0;
    device.check(device->check_range(device.queue(), x.view(), &bad));
    EXPECT_EQ(bad, UINT64_MAX);
    for (int trial = 0; trial < 40; trial++) {
        uint32_t b = rng() % 3, c = rng() % 2, i = rng() % 5, j = static_cast<uint32_t>(rng() % ring->n());
        x.random(rng);
        x.at(i, c, b)[j] = trial % 2 ? x.prime(i) : 0xffffffffu;
        x.at(4, 1, 2)[ring->n() - 1] = x.prime(4) + 1;
        x.upload();
        device.check(device->check_range(device.queue(), x.view(), &bad));
        EXPECT_EQ(bad, ((b * 2 + c) * 5ull + i) * ring->n() + j);
    }
}

INSTANTIATE_TEST_SUITE_P(Ring, Words, ::testing::ValuesIn(support::cpu_paths()),
                         [](const auto &test) { return test.param; });

} // namespace
