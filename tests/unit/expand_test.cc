// SPDX-License-Identifier: Apache-2.0
// Seed expansion against a straightforward implementation: one key-stream block a coefficient and attempt.
#include <gtest/gtest.h>
#include <sodium.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

#include "support/device.h"

#define _Atomic // nothing here opens a context
extern "C" {
#include "base/hash.h"
#include "ckks/expand.h"
}
#undef _Atomic

namespace {
std::vector<uint32_t> reference(uint32_t n, uint32_t p, const uint8_t key[32], uint32_t purpose, uint32_t digit,
                                uint32_t limb, uint32_t object) {
    uint64_t fields = uint64_t(purpose) << 56 | uint64_t(digit) << 48 | uint64_t(limb) << 32 | object;
    uint8_t nonce[8];
    for (int i = 0; i < 8; i++) nonce[i] = static_cast<uint8_t>(fields >> (56 - 8 * i));
    uint32_t mask = 1;
    while (mask < p) mask = mask * 2 + 1;
    std::vector<uint32_t> out(n);
    for (uint32_t i = 0; i < n; i++)
        for (uint64_t attempt = 0;; attempt++) {
            uint8_t block[64] = {};
            crypto_stream_chacha20_xor_ic(block, block, 64, nonce, attempt << 32 | i / 16, key);
            const uint8_t *b = block + 4 * (i % 16);
            uint32_t word = (b[0] | uint32_t(b[1]) << 8 | uint32_t(b[2]) << 16 | uint32_t(b[3]) << 24) & mask;
            if (word < p) {
                out[i] = word;
                break;
            }
        }
    return out;
}

sable_prime prime_of(uint32_t p) {
    sable_prime prime = {};
    prime.p = p;
    while (prime.bits < 32 && p >> prime.bits) prime.bits++;
    return prime;
}

class Expand : public ::testing::Test {
  protected:
    uint8_t key[32];
    void SetUp() override {
        ASSERT_GE(sodium_init(), 0);
        for (int i = 0; i < 32; i++) key[i] = static_cast<uint8_t>(3 * i + 1);
    }
    std::vector<uint32_t> limb(uint32_t n, uint32_t p, sable_expand_purpose purpose, uint32_t digit, uint32_t position,
                               uint32_t object) {
        sable_prime prime = prime_of(p);
        std::vector<uint32_t> out(n, 0xffffffffu);
        sable_expand_limb(out.data(), n, &prime, key, purpose, digit, position, object);
        return out;
    }
};

TEST_F(Expand, EqualsTheStraightforwardImplementation) {
    // Primes near a power of two, and just above one, where half the words miss and many attempts are needed.
    for (uint32_t p : {1073479681u, 0x20000003u, 786433u, 33292289u, 0x1000005u})
        for (uint32_t n : {16u, 512u, 4096u, 16384u})
            ASSERT_EQ(limb(n, p, SABLE_EXPAND_GALOIS, 3, 0x0102, 0x03040506),
                      reference(n, p, key, SABLE_EXPAND_GALOIS, 3, 0x0102, 0x03040506))
                << p << " " << n;
    EXPECT_EQ(limb(8, 786433, SABLE_EXPAND_RELIN, 0, 1, 1), reference(8, 786433, key, SABLE_EXPAND_RELIN, 0, 1, 1));
}

// Words that must never change: seeded files depend on them.
TEST_F(Expand, FrozenWords) {
    auto out = limb(1024, 1073479681, SABLE_EXPAND_RELIN, 2, 37, 1);
    std::vector<uint8_t> bytes;
    for (uint32_t w : out)
        for (int i = 0; i < 4; i++) bytes.push_back(static_cast<uint8_t>(w >> (8 * i)));
    uint8_t digest[32];
    char text[65];
    sable_hash(digest, bytes.data(), bytes.size());
    sable_hex(text, digest, 32);
    EXPECT_STREQ(text, "ae7e4f135497e2e48a983f0487703692b4224ba30b8b78e62158c8970e5f48fa");
}

TEST_F(Expand, FrozenKey) {
    auto *params = static_cast<sable_params *>(calloc(1, sizeof(sable_params)));
    uint8_t id[32], seed[32], out[32], expected[32];
    std::vector<uint8_t> message;
    for (char c : std::string("sable/v1/expand-a")) message.push_back(static_cast<uint8_t>(c));
    for (int i = 0; i < 32; i++)
        params->digest[i] = static_cast<uint8_t>(i), id[i] = 0x55, seed[i] = static_cast<uint8_t>(255 - i);
    message.insert(message.end(), params->digest, params->digest + 32);
    message.insert(message.end(), id, id + 32);
    message.insert(message.end(), seed, seed + 32);
    sable_expand_key(out, params, id, seed);
    crypto_generichash(expected, 32, message.data(), message.size(), nullptr, 0);
    EXPECT_EQ(memcmp(out, expected, 32), 0);
    char text[65];
    sable_hex(text, out, 32);
    EXPECT_STREQ(text, "c2e08cb1dff86b3669312cd24c1035e920372edc0bd5c1bc9689e3b67e487aef");
    free(params);
}

TEST_F(Expand, Uniform) {
    for (uint32_t p : {1073479681u, 947912705u, 786433u, 0x1000005u}) {
        const uint32_t n = 1u << 16, bins = 64;
        auto out = limb(n, p, SABLE_EXPAND_PUBLIC_KEY, 0, 5, 0);
        std::vector<double> count(bins);
        for (uint32_t w : out) {
            ASSERT_LT(w, p);
            count[static_cast<size_t>(uint64_t(w) * bins / p)]++;
        }
        double chi2 = 0;
        for (double c : count) chi2 += (c - n / double(bins)) * (c - n / double(bins)) / (n / double(bins));
        EXPECT_LT(chi2, 125) << p; // 63 degrees of freedom: exceeded once in 200000
        EXPECT_GT(chi2, 25) << p;
    }
}

TEST_F(Expand, EveryFieldOfTheNonceCounts) {
    const uint32_t p = 1073479681;
    std::set<std::vector<uint32_t>> seen;
    size_t count = 0;
    for (auto purpose : {SABLE_EXPAND_CIPHERTEXT, SABLE_EXPAND_PUBLIC_KEY, SABLE_EXPAND_RELIN, SABLE_EXPAND_GALOIS})
        for (uint32_t digit : {0u, 1u, 255u})
            for (uint32_t position : {0u, 1u, 151u})
                for (uint32_t object : {0u, 1u, 256u, 65536u, 131071u})
                    seen.insert(limb(32, p, purpose, digit, position, object)), count++;
    EXPECT_EQ(seen.size(), count);
    auto one = limb(32, p, SABLE_EXPAND_RELIN, 0, 0, 0);
    key[31] ^= 0x80;
    EXPECT_NE(limb(32, p, SABLE_EXPAND_RELIN, 0, 0, 0), one);
}

// The function of the table, with primes near a power of two and just above one, where half the words miss.
TEST_F(Expand, EveryPartAndMemberOfAView) {
    const uint32_t log_n = 7, n = 1u << log_n;
    const support::Ring ring(log_n, {786433, 33292289, 268440577, 1073479681, 949616641}, {536874497});
    for (const std::string &path : support::cpu_paths()) {
        const support::Device device(ring, path);
        sable_expansion from = {};
        memcpy(from.key, key, sizeof key);
        from.purpose = 4, from.first_digit = 3, from.first_object = 0xfffe;
        const std::vector<uint16_t> all = {0, 1, 2, 3, 4, 5}, cut = {2, 5};
        for (const auto &pos : {all, cut}) // a key cut to fewer primes has the same words
            for (int montgomery : {0, 1}) {
                from.montgomery = montgomery;
                support::Poly out(device, pos, 2, 3);
                device.check(device->expand(device.queue(), out.upload().view(), &from));
                out.download();
                for (uint32_t member = 0; member < 3; member++)
                    for (uint32_t part = 0; part < 2; part++)
                        for (uint32_t i = 0; i < pos.size(); i++) {
                            const uint32_t p = ring.p(pos[i]);
                            auto want = reference(n, p, key, 4, 3 + part, pos[i], 0xfffe + member);
                            for (uint32_t &x : want)
                                if (montgomery) x = static_cast<uint32_t>((static_cast<uint64_t>(x) << 32) % p);
                            ASSERT_EQ(out.limb(i, part, member), want) << path << " limb " << i << " part " << part;
                        }
            }
    }
}
} // namespace
