// SPDX-License-Identifier: Apache-2.0
// Accumulations whose operands serve several results, against remainders taken one product at a time.
#include <gtest/gtest.h>

#include <deque>

#include "support/device.h"
#include "support/oracle.h"

namespace {

using support::Device;
using support::Poly;
using support::range;
using support::Ring;
using support::Rng;

class Hoist : public ::testing::TestWithParam<std::string> {
  protected:
    std::shared_ptr<Ring> ring = Ring::a40(9, 20, 5);
    Device device{*ring, GetParam()};
    Rng rng{20261122};

    uint64_t unit(uint32_t p) const { return sable_inv_mod(static_cast<uint32_t>((uint64_t{1} << 32) % p), p); }
    void fill(Poly &x, bool largest) {
        x.random(rng);
        for (uint32_t b = 0; largest && b < x.view()->batch; b++)
            for (uint32_t c = 0; c < x.view()->parts; c++)
                for (uint32_t i = 0; i < x.view()->limbs; i++)
                    x.set(std::vector<uint32_t>(ring->n(), x.prime(i) - 1), i, c, b);
        x.upload();
    }
    // The word that the automorphism moves to place j.
    uint32_t source(uint32_t galois, uint32_t j) const {
        const uint32_t n = ring->n(), bits = ring->get()->log_n;
        const uint64_t e = uint64_t{galois} * (2 * oracle::bit_reverse(j, bits) + 1) % (2 * n);
        return oracle::bit_reverse(static_cast<uint32_t>(e / 2), bits);
    }
};

// Blocks of two primes; the window of Q begins and ends inside a block.
TEST_P(Hoist, KeyInnerMany) {
    const uint32_t alpha = 2, first_block = 1, digits = 4, members = 2, n = ring->n();
    const std::vector<uint16_t> q_pos = range(3, 9);
    std::vector<uint16_t> pos = q_pos;
    for (uint16_t i : range(20, 25)) pos.push_back(i);
    const std::vector<uint32_t> galois = {5, 1, 2 * n - 1, 77};
    const uint32_t count = static_cast<uint32_t>(galois.size());
    for (const uint32_t add_parts : {0u, 1u, 2u})
        for (const bool turned : {false, true}) {
            Poly d(device, pos, digits, members), own(device, q_pos, 1, members), acc(device, pos, 2, count * members);
            Poly add(device, q_pos, add_parts ? add_parts : 1, members);
            fill(d, false), fill(own, false), fill(add, false);
            std::deque<Poly> key;
            std::vector<sable_limbs> views;
            for (uint32_t k = 0; k < count; k++) {
                support::Layout layout;
                layout.limb_pad = 16 * k, layout.scattered = k % 2 != 0;
                key.emplace_back(device, pos, 2 * digits, 1, layout);
                fill(key.back(), k == 2);
                views.push_back(*key.back().view());
            }
            std::vector<uint32_t> mult;
            for (uint16_t i : q_pos) mult.push_back(support::random_word(rng, ring->p(i)));
            device.check(device->key_inner_many(device.queue(), acc.view(), d.view(), own.view(), views.data(),
                                                turned ? galois.data() : nullptr, count, alpha, first_block,
                                                add_parts ? add.view() : nullptr, add_parts ? mult.data() : nullptr));
            acc.download();
            for (uint32_t k = 0; k < count; k++)
                for (uint32_t b = 0; b < members; b++)
                    for (uint32_t h = 0; h < 2; h++)
                        for (uint32_t i = 0; i < pos.size(); i++) {
                            const uint64_t p = acc.prime(i);
                            for (uint32_t j = 0; j < n; j++) {
                                const uint32_t at = turned ? source(galois[k], j) : j;
                                uint64_t want = 0;
                                for (uint32_t t = 0; t < digits; t++) {
                                    const bool mine = pos[i] < 20 && pos[i] / alpha == first_block + t;
                                    const uint64_t x = mine ? own.at(i, 0, b)[at] : d.at(i, t, b)[at];
                                    want = (want + x * key[k].at(i, 2 * t + h)[at]) % p;
                                }
                                want = want * unit(acc.prime(i)) % p;
                                if (i < q_pos.size() && h < add_parts)
                                    want = (want + uint64_t{add.at(i, h, b)[at]} * mult[i]) % p;
                                ASSERT_EQ(acc.at(i, h, k * members + b)[j], want)
                                    << "key " << k << " member " << b << " half " << h << " limb " << i << " word "
                                    << j;
                            }
                        }
        }
}

// More terms than a kernel takes at once, the largest words among them; absent terms, and a group without any.
TEST_P(Hoist, Accumulate) {
    const std::vector<uint16_t> pos = {0, 3, 19, 24};
    const uint32_t n = ring->n(), members = 2, groups = 3, plaintexts = 4;
    for (const uint32_t parts : {1u, 2u, 3u})
        for (const uint32_t terms : {1u, 2u, 12u, 13u, 16u, 17u, 64u, 65u, 130u}) {
            Poly in(device, pos, parts, terms * members), pt(device, pos, 1, plaintexts);
            Poly out(device, pos, parts, groups * members);
            fill(in, terms % 2 == 1), fill(pt, terms % 2 == 1);
            std::vector<uint32_t> which(groups * terms, SABLE_ABSENT); // the last group: none
            for (uint32_t t = 0; t < terms; t++) {
                which[t] = t % plaintexts;
                if (rng() % 3) which[terms + t] = static_cast<uint32_t>(rng() % plaintexts);
            }
            device.check(device->accumulate(device.queue(), out.view(), in.view(), pt.view(), which.data(), terms));
            out.download();
            for (uint32_t g = 0; g < groups; g++)
                for (uint32_t b = 0; b < members; b++)
                    for (uint32_t c = 0; c < parts; c++)
                        for (uint32_t i = 0; i < pos.size(); i++) {
                            const uint64_t p = out.prime(i);
                            for (uint32_t j = 0; j < n; j++) {
                                uint64_t want = 0;
                                for (uint32_t t = 0; t < terms; t++)
                                    if (const uint32_t w = which[g * terms + t]; w != SABLE_ABSENT)
                                        want =
                                            (want + uint64_t{in.at(i, c, t * members + b)[j]} * pt.at(i, 0, w)[j]) % p;
                                ASSERT_EQ(out.at(i, c, g * members + b)[j], want * unit(out.prime(i)) % p)
                                    << terms << " terms, group " << g << " member " << b << " part " << c << " limb "
                                    << i << " word " << j;
                            }
                        }
        }
}

INSTANTIATE_TEST_SUITE_P(Ring, Hoist, ::testing::ValuesIn(support::cpu_paths()),
                         [](const auto &test) { return test.param; });

} // namespace
