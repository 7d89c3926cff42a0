// SPDX-License-Identifier: Apache-2.0
// O1: constants of primes and transform tables, for every shipped parameter set.
#include <NTL/ZZ.h>
#include <gtest/gtest.h>

#include <set>

#include "support/device.h"
#include "support/oracle.h"

namespace {

// psi by the rule of backend.h, step by step.
uint32_t psi_by_rule(uint32_t p, uint32_t n) {
    for (uint32_t g = 2;; g++) {
        uint64_t psi = oracle::power(g, (p - 1) / (2 * n), p);
        if (oracle::power(psi, n, p) == p - 1) return static_cast<uint32_t>(psi);
    }
}

void expect_constants(const sable_prime &q, uint32_t n) {
    const uint32_t p = q.p;
    EXPECT_EQ(static_cast<uint32_t>(p * q.pinv), 1u) << p;
    EXPECT_EQ(q.r1, (1ull << 32) % p);
    EXPECT_EQ(q.r2, static_cast<uint32_t>(NTL::rem(NTL::power2_ZZ(64), static_cast<long>(p))));
    EXPECT_EQ(q.bits, static_cast<uint32_t>(NTL::NumBits(static_cast<long>(p))));
    EXPECT_EQ(NTL::ZZ(static_cast<long>(q.wq)), NTL::power2_ZZ(static_cast<long>(q.bits) + 31) / static_cast<long>(p));
    EXPECT_EQ(static_cast<uint64_t>(q.n_inv) * n % p, 1u);
    EXPECT_EQ(q.psi, psi_by_rule(p, n));
    EXPECT_EQ(oracle::power(q.psi, n, p), p - 1);
}

TEST(O1_Primes, EveryShippedSet) {
    for (size_t index = 0; const char *name = sable_params_shipped(index); index++) {
        SCOPED_TRACE(name);
        sable_params *params = nullptr;
        sable_error err{};
        sable_params_options options{};
        options.struct_size = sizeof options;
        options.allow_insecure = true;
        ASSERT_EQ(sable_params_load(&params, name, &options, &err), SABLE_OK) << err.text;
        std::set<uint32_t> seen;
        for (uint32_t i = 0; i < params->q_count + params->p_count; i++) {
            const uint32_t p = params->prime[i];
            EXPECT_TRUE(NTL::ProbPrime(static_cast<long>(p), 20)) << p;
            EXPECT_EQ(p % (2 * params->n), 1u) << p;
            EXPECT_LT(p, 1u << 30);
            EXPECT_GT(p, 1u << 19);
            EXPECT_TRUE(seen.insert(p).second) << p << " occurs twice";
            sable_prime q;
            sable_prime_init(&q, p, params->n);
            expect_constants(q, params->n);
        }
        sable_params_destroy(&params);
    }
}

TEST(O1_Primes, SmallPrimes) {
    for (uint32_t p : support::tiny_primes()) {
        sable_prime q;
        sable_prime_init(&q, p, 16);
        expect_constants(q, 16);
    }
}

TEST(O1_Tables, PowersInBitReversedOrder) {
    for (uint32_t log_n : {4u, 10u, 12u}) {
        auto ring = support::Ring::a40(log_n, 6, 2);
        for (uint32_t pos = 0; pos < ring->limbs(); pos++) {
            const sable_prime &q = (*ring)->prime[pos];
            expect_constants(q, ring->n());
            for (uint32_t i = 0; i<ring->n(); i += log_n> 10 ? 37 : 1) {
                uint32_t w = static_cast<uint32_t>(oracle::power(q.psi, oracle::bit_reverse(i, log_n), q.p));
                ASSERT_EQ((*ring)->w[pos][i], w);
                ASSERT_EQ(static_cast<uint64_t>((*ring)->iw[pos][i]) * w % q.p, 1u);
                ASSERT_EQ((*ring)->w_shoup[pos][i], (static_cast<uint64_t>(w) << 32) / q.p);
                ASSERT_EQ((*ring)->iw_shoup[pos][i], (static_cast<uint64_t>((*ring)->iw[pos][i]) << 32) / q.p);
            }
            for (const uint32_t *table :
                 {(*ring)->w[pos], (*ring)->w_shoup[pos], (*ring)->iw[pos], (*ring)->iw_shoup[pos]})
                EXPECT_EQ(reinterpret_cast<uintptr_t>(table) % 64, 0u);
        }
        EXPECT_EQ((*ring)->q_count, 6u);
        EXPECT_EQ((*ring)->p_count, 2u);
    }
}

TEST(O1_Tables, FreeIsIdempotent) {
    sable_params params = support::raw_params(4, {97, 193}, {769});
    sable_ring *ring = nullptr;
    ASSERT_EQ(sable_ring_create(&ring, &params, nullptr), SABLE_OK);
    sable_ring_free(&ring);
    EXPECT_EQ(ring, nullptr);
    sable_ring_free(&ring);
    sable_ring_free(nullptr);
}

} // namespace
