// SPDX-License-Identifier: Apache-2.0
// Key switches of few and of many digits, and divisions by few and by many primes, in the device backend's own sources:
// digits beyond those that a block keeps at a time, sources beyond those that a thread keeps in registers. Words must equal the portable
// path's.
#include <gtest/gtest.h>

#include "support/emu.h"

namespace {

using support::Basis;
using support::Device;
using support::Poly;
using support::range;
using support::Ring;
using support::Rng;

constexpr uint32_t q_count = 16, p_count = 5;

class EmuSwitch : public ::testing::TestWithParam<uint32_t> {
  protected:
    void SetUp() override {
        ring = Ring::a40(GetParam(), q_count, p_count);
        device = std::make_unique<Device>(support::emu_backend(), *ring, "0");
        reference = std::make_unique<Device>(*ring, "portable");
    }
    std::vector<uint32_t> constants(const std::vector<uint16_t> &pos) {
        Rng rng(77);
        std::vector<uint32_t> c;
        for (uint16_t p : pos) c.push_back(support::random_word(rng, ring->p(p)));
        return c;
    }

    support::EmuWatch watch;
    std::shared_ptr<Ring> ring;
    std::unique_ptr<Device> device, reference;
};

// A key for limbs 0 to l - 1 of U and two of P, `alpha` limbs a digit.
struct Digits {
    std::vector<uint16_t> own, pos;
    std::vector<std::unique_ptr<Basis>> bases;
    std::vector<const sable_basis *> up;

    Digits(const Device &d, uint32_t l, uint32_t alpha) : own(range(0, l)), pos(own) {
        pos.push_back(q_count);
        pos.push_back(q_count + 1);
        for (uint32_t j = 0; j < (l + alpha - 1) / alpha; j++) {
            std::vector<uint16_t> src, dst;
            for (uint16_t p : pos) (p < q_count && p / alpha == j ? src : dst).push_back(p);
            bases.push_back(std::make_unique<Basis>(d.ring(), src, dst));
            up.push_back(bases.back()->get());
        }
    }
    uint32_t count() const { return static_cast<uint32_t>(up.size()); }
};

std::vector<uint32_t> key_switch(const Device &d, uint32_t l, uint32_t alpha, const std::vector<uint32_t> &add_mult) {
    const Digits of(d, l, alpha);
    Rng rng(l * 100 + alpha);
    Poly acc(d, of.pos, 2, 2), y(d, of.own, 1, 2), own(d, of.own, 1, 2), key(d, of.pos, 2 * of.count()),
        add(d, of.own, 2, 2);
    for (Poly *poly : {&acc, &y, &own, &key, &add}) poly->random(rng).upload();
    d.check(d->key_switch(d.queue(), acc.view(), y.view(), of.up.data(), own.view(), key.view(), alpha, 0, add.view(),
                          add_mult.data()));
    return acc.download().host;
}

// Of a product of ciphertexts or of one polynomial; P and, where others stay, the last limb of U are divided away.
std::vector<uint32_t> switch_down(const Device &d, uint32_t l, uint32_t alpha, const std::vector<uint32_t> &mult,
                                  bool product) {
    const Digits of(d, l, alpha);
    const std::vector<uint16_t> kept = range(0, l > 1 ? l - 1 : 1),
                                dropped(of.pos.begin() + static_cast<std::ptrdiff_t>(kept.size()), of.pos.end());
    const Basis down(d.ring(), dropped, kept);
    Rng rng(l * 100 + alpha);
    Poly out(d, kept, 2, 2), a(d, of.own, 2, 2), b(d, of.own, 2, 2), own(d, of.own, 1, 2),
        key(d, of.pos, 2 * of.count());
    for (Poly *poly : {&out, &a, &b, &own, &key}) poly->random(rng).upload();
    sable_switch w = {};
    w.y_mult = w.add_mult = w.x_mult = w.e_mult = mult.data();
    w.up = of.up.data(), w.key = key.view(), w.alpha = alpha, w.down = down.get(), w.galois = product ? 1 : 5;
    if (product)
        w.a = a.view(), w.b = b.view();
    else
        w.own = own.view(), w.add = a.view();
    d.check(d->switch_down(d.queue(), out.view(), &w));
    return out.download().host;
}

TEST_P(EmuSwitch, ManyDigits) {
    for (uint32_t digits : {5u, 6u, 11u})
        EXPECT_EQ(key_switch(*device, digits, 1, constants(range(0, digits))),
                  key_switch(*reference, digits, 1, constants(range(0, digits))))
            << digits << " digits of one prime";
}

TEST_P(EmuSwitch, LongDigits) {
    for (uint32_t alpha : {7u, 8u, 12u, 16u})
        EXPECT_EQ(key_switch(*device, q_count, alpha, constants(range(0, q_count))),
                  key_switch(*reference, q_count, alpha, constants(range(0, q_count))))
            << "digits of " << alpha << " primes";
}

// One digit, none but a limb's own; as many as a block keeps; more, whose sums pass through memory.
TEST_P(EmuSwitch, SwitchAndDivide) {
    for (bool product : {false, true})
        for (uint32_t digits : {1u, 2u, 5u, 6u, 11u})
            EXPECT_EQ(switch_down(*device, digits, 1, constants(range(0, digits)), product),
                      switch_down(*reference, digits, 1, constants(range(0, digits)), product))
                << digits << " digits of one prime" << (product ? ", product" : "");
    for (uint32_t alpha : {3u, 16u})
        EXPECT_EQ(switch_down(*device, q_count, alpha, constants(range(0, q_count)), true),
                  switch_down(*reference, q_count, alpha, constants(range(0, q_count)), true))
            << "digits of " << alpha << " primes";
}

// By the last `dropped` primes of U then P.
std::vector<uint32_t> mod_down(const Device &d, uint32_t dropped, uint32_t galois, const std::vector<uint32_t> &mult) {
    const uint32_t all = q_count + p_count;
    const std::vector<uint16_t> pos = range(0, all - dropped), from = range(all - dropped, all);
    const Basis basis(d.ring(), from, pos);
    Rng rng(dropped);
    Poly out(d, pos, 2, 2), y(d, from, 2, 2), x(d, pos, 2, 2);
    for (Poly *poly : {&out, &y, &x}) poly->random(rng).upload();
    d.check(d->mod_down(d.queue(), out.view(), y.view(), basis.get(), x.view(), mult.data(), mult.data(), galois,
                        dropped % 3 ? out.view() : nullptr));
    return out.download().host;
}

TEST_P(EmuSwitch, ManyPrimesDivided) {
    for (uint32_t dropped : {1u, 4u, 5u, 9u, 16u, 17u, 20u}) {
        const std::vector<uint32_t> mult = constants(range(0, q_count + p_count - dropped));
        const uint32_t galois = dropped % 2 ? 1 : 5;
        EXPECT_EQ(mod_down(*device, dropped, galois, mult), mod_down(*reference, dropped, galois, mult))
            << dropped << " primes, galois " << galois;
    }
}

// No set has it yet, so its primes are picked here: 1 modulo 2^18.
TEST(EmuLargestDegree, TransformsAndDivision) {
    const support::EmuWatch watch;
    const Ring ring(17, {786433, 5767169}, {7340033});
    const Device device(support::emu_backend(), ring, "0"), reference(ring, "portable");
    const std::vector<uint16_t> pos = {0, 1};
    const std::vector<uint32_t> mult = {12345, 67890};
    const Basis basis(ring, {2}, pos);
    std::vector<uint32_t> words[2];
    for (const Device *d : {&device, &reference}) {
        Rng rng(17);
        Poly x(*d, pos), y(*d, {2}), out(*d, pos), forward(*d, pos);
        for (Poly *poly : {&x, &y, &out, &forward}) poly->random(rng).upload();
        d->check((*d)->ntt_forward(d->queue(), forward.view()));
        d->check((*d)->mod_down(d->queue(), out.view(), y.view(), basis.get(), x.view(), mult.data(), mult.data(), 5,
                                nullptr));
        d->check((*d)->ntt_inverse(d->queue(), x.view(), x.view(), mult.data()));
        for (Poly *poly : {&forward, &out, &x}) {
            const std::vector<uint32_t> &image = poly->download().host;
            words[d == &reference].insert(words[d == &reference].end(), image.begin(), image.end());
        }
    }
    EXPECT_EQ(words[0], words[1]);
}

INSTANTIATE_TEST_SUITE_P(Degree, EmuSwitch, ::testing::Values(6u, 10u, 12u, 13u),
                         [](const auto &test) { return "n" + std::to_string(1u << test.param); });

} // namespace
