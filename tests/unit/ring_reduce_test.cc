// SPDX-License-Identifier: Apache-2.0
// Functions of the table whose result is about all words of a view.
#include <gtest/gtest.h>

#include <algorithm>

#include "support/device.h"

namespace {

using support::Device;
using support::Poly;
using support::range;
using support::Ring;
using support::Rng;

class Reduce : public ::testing::TestWithParam<std::string> {
  protected:
    std::shared_ptr<Ring> ring = Ring::a40(8, 20, 5);
    Device device{*ring, GetParam()};
    Rng rng{20261123};
    const std::vector<uint16_t> pos = {0, 3, 19, 24};

    std::vector<uint32_t> dense(const Poly &x) const {
        std::vector<uint32_t> words;
        for (uint32_t b = 0; b < x.view()->batch; b++)
            for (uint32_t c = 0; c < x.view()->parts; c++)
                for (uint32_t i = 0; i < x.view()->limbs; i++) {
                    const auto limb = x.limb(i, c, b);
                    words.insert(words.end(), limb.begin(), limb.end());
                }
        return words;
    }
    std::pair<uint64_t, uint64_t> digest(Poly &x) {
        uint64_t sum[2] = {1, 1};
        device.check(device->digest(device.queue(), x.upload().view(), sum));
        return {sum[0], sum[1]};
    }
};

TEST_P(Reduce, OutOfRange) {
    Poly x(device, pos, 2, 3);
    for (const uint32_t bad : {0u, 1u, 2u, 50u, 100000u}) {
        x.random(rng);
        for (uint32_t k = 0; k < bad; k++) {
            const uint32_t i = static_cast<uint32_t>(rng() % pos.size());
            x.at(i, static_cast<uint32_t>(rng() % 2), static_cast<uint32_t>(rng() % 3))[rng() % ring->n()] =
                x.prime(i) + static_cast<uint32_t>(rng() % 5 ? 0 : 12345);
        }
        x.upload();
        std::vector<uint64_t> want;
        const auto words = dense(x);
        for (size_t k = 0; k < words.size(); k++)
            if (words[k] >= x.prime(static_cast<uint32_t>(k / ring->n() % pos.size()))) want.push_back(k);
        for (const uint32_t most : {0u, 1u, 20u, 1000000u}) {
            std::vector<uint64_t> list(std::max<size_t>(want.size(), 20) + 1, 77);
            uint64_t count = 1;
            device.check(device->out_of_range(device.queue(), x.view(), &count, most ? list.data() : nullptr,
                                              std::min<uint32_t>(most, static_cast<uint32_t>(list.size()))));
            ASSERT_EQ(count, want.size());
            const size_t given = std::min<size_t>(most, want.size());
            ASSERT_TRUE(std::equal(want.begin(), want.begin() + static_cast<long>(given), list.begin()));
            ASSERT_EQ(list[given], 77u) << "no more than asked for";
        }
        uint64_t first = 0;
        device.check(device->check_range(device.queue(), x.view(), &first));
        ASSERT_EQ(first, want.empty() ? UINT64_MAX : want[0]);
    }
}

TEST_P(Reduce, Largest) {
    Poly x(device, pos, 2, 3);
    for (const uint32_t below : {0u, 1u, 1000u, UINT32_MAX}) {
        x.random(rng);
        std::vector<uint32_t> want(pos.size()), have(pos.size(), 5);
        for (uint32_t b = 0; b < 3; b++)
            for (uint32_t c = 0; c < 2; c++)
                for (uint32_t i = 0; i < pos.size(); i++)
                    for (uint32_t j = 0; j < ring->n(); j++) {
                        const int64_t p = x.prime(i);
                        int64_t size =
                            static_cast<int64_t>(rng() % std::min<uint64_t>(uint64_t{below} + 1, (p + 1) / 2));
                        want[i] = std::max(want[i], static_cast<uint32_t>(size));
                        if (rng() % 2) size = -size;
                        x.at(i, c, b)[j] = static_cast<uint32_t>((size + p) % p);
                    }
        device.check(device->largest(device.queue(), x.upload().view(), have.data()));
        EXPECT_EQ(have, want) << below;
    }
}

TEST_P(Reduce, DigestIsTheSumThatTheHeaderStates) {
    Poly x(device, pos, 2, 2);
    x.random(rng);
    uint64_t a = 0, b = 0, place = 0;
    for (const uint32_t w : dense(x)) {
        place += 0x9e3779b97f4a7c15u;
        uint64_t u = (place ^ w) * 0xbf58476d1ce4e5b9u, v = (place | 1) * (0x94d049bb133111ebu + w);
        a += (u ^ u >> 32) * 0xd6e8feb86659fd93u;
        b += (v ^ v >> 29) * 0xa0761d6478bd642fu;
    }
    EXPECT_EQ(digest(x), std::make_pair(a, b));
    // Frozen: reports and files may hold digests.
    for (uint32_t c = 0; c < 2; c++)
        for (uint32_t m = 0; m < 2; m++)
            for (uint32_t i = 0; i < pos.size(); i++)
                for (uint32_t j = 0; j < ring->n(); j++) x.at(i, c, m)[j] = (i + 1) * 1000003u * (j + 7) % x.prime(i);
    EXPECT_EQ(digest(x), std::make_pair(uint64_t{1360684450190844836u}, uint64_t{12184364790826864192u}));
}

TEST_P(Reduce, DigestSeesEveryChangeAndEveryExchange) {
    Poly x(device, pos, 2, 2);
    x.random(rng);
    const auto before = digest(x);
    for (int k = 0; k < 200; k++) {
        uint32_t *row = x.at(static_cast<uint32_t>(rng() % pos.size()), static_cast<uint32_t>(rng() % 2));
        const uint32_t i = static_cast<uint32_t>(rng() % ring->n()), j = static_cast<uint32_t>(rng() % ring->n());
        const uint32_t bit = 1u << rng() % 30;
        row[i] ^= bit;
        const auto after = digest(x);
        EXPECT_NE(after.first, before.first);
        EXPECT_NE(after.second, before.second);
        row[i] ^= bit;
        if (row[i] == row[j]) continue;
        std::swap(row[i], row[j]);
        EXPECT_NE(digest(x).first, before.first);
        EXPECT_NE(digest(x).second, before.second);
        std::swap(row[i], row[j]);
    }
    EXPECT_EQ(digest(x), before);
    // Places in memory do not count, places in the view do.
    support::Layout layout;
    layout.limb_pad = 16, layout.batch_pad = 48, layout.scattered = true;
    Poly y(device, pos, 2, 2, layout);
    for (uint32_t b = 0; b < 2; b++)
        for (uint32_t c = 0; c < 2; c++)
            for (uint32_t i = 0; i < pos.size(); i++) y.set(x.limb(i, c, b), i, c, b);
    EXPECT_EQ(digest(y), before);
}

INSTANTIATE_TEST_SUITE_P(Ring, Reduce, ::testing::ValuesIn(support::cpu_paths()),
                         [](const auto &test) { return test.param; });

} // namespace
