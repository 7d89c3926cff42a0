// SPDX-License-Identifier: Apache-2.0
// The vector paths against the portable one, word for word: transforms and automorphisms at every degree.
#include <gtest/gtest.h>

#include <cstring>

#include "support/vec.h"

namespace {

using support::Ring;
using support::Rng;
using support::Words;

class VecNtt : public testing::TestWithParam<uint32_t> {};

TEST_P(VecNtt, ForwardEqualsPortable) {
    const uint32_t log_n = GetParam();
    Ring ring(log_n, support::vec_primes(log_n));
    Rng rng(log_n);
    for (const cpu_kernels *k : support::vector_paths())
        for (uint32_t pos = 0; pos < ring.limbs(); pos++) {
            support::Tables mine(k, ring.get(), pos), reference(support::portable(), ring.get(), pos);
            for (int kind = 0; kind < support::kKinds; kind++) {
                Words a = support::vec_input(ring.n(), ring.p(pos), kind, rng), b = a;
                cpu_ntt_limb(k, a.data(), mine.get());
                cpu_ntt_limb(support::portable(), b.data(), reference.get());
                ASSERT_TRUE(a == b) << k->name << " n=" << ring.n() << " p=" << ring.p(pos) << " input " << kind;
            }
        }
}

// The steps of the forward transform on tiles of columns, stored past the caches or not, and on blocks, out of place.
TEST_P(VecNtt, ForwardInSteps) {
    const uint32_t log_n = GetParam();
    Ring ring(log_n, support::vec_primes(log_n));
    Rng rng(log_n);
    std::vector<const cpu_kernels *> paths = support::vector_paths();
    paths.push_back(support::portable());
    for (const cpu_kernels *k : paths) {
        const size_t n = ring.n(), words = k->ntt_block_words(log_n), rows = n / words;
        const size_t columns = rows == 1 ? n : 16;
        support::Tables tables(k, ring.get(), 0);
        Words a = support::vec_input(n, ring.p(0), 0, rng), whole = a, tile(rows * columns), begun(n), b(n);
        cpu_ntt_limb(k, whole.data(), tables.get());
        for (int stream : {0, 1}) {
            for (size_t first = 0; first < words; first += columns) {
                for (size_t r = 0; r < rows; r++)
                    memcpy(tile.data() + r * columns, a.data() + r * words + first, columns * sizeof a[0]);
                k->ntt_forward_outer(begun.data() + first, words, tile.data(), columns, columns, tables.get(), stream);
            }
            k->drain();
            const cpu_ahead ahead = {4, {a.data(), b.data(), begun.data(), tile.data()}};
            for (size_t i = 0; i < rows; i++)
                k->ntt_forward_block(b.data() + i * words, begun.data() + i * words, tables.get(), i, &ahead);
            ASSERT_TRUE(b == whole) << k->name << " n=" << n << " stream " << stream;
        }
    }
}

TEST_P(VecNtt, InverseEqualsPortable) {
    const uint32_t log_n = GetParam();
    Ring ring(log_n, support::vec_primes(log_n));
    Rng rng(log_n);
    for (const cpu_kernels *k : support::vector_paths())
        for (uint32_t pos = 0; pos < ring.limbs(); pos++) {
            support::Tables mine(k, ring.get(), pos), reference(support::portable(), ring.get(), pos);
            const uint32_t p = ring.p(pos), mults[] = {1, 0, p - 1, static_cast<uint32_t>(rng() % p)};
            for (int kind = 0; kind < support::kKinds; kind++) {
                const uint32_t mult = mults[kind % 4];
                Words a = support::vec_input(ring.n(), p, kind, rng), b(ring.n()), c(ring.n());
                support::portable()->ntt_inverse(b.data(), a.data(), reference.get(), mult);
                k->ntt_inverse(c.data(), a.data(), mine.get(), mult);
                ASSERT_TRUE(b == c) << k->name << " n=" << ring.n() << " p=" << p << " input " << kind;
                k->ntt_inverse(a.data(), a.data(), mine.get(), mult);
                ASSERT_TRUE(a == b) << k->name << " in place, n=" << ring.n() << " p=" << p << " input " << kind;
            }
        }
}

TEST_P(VecNtt, AutomorphismEqualsPortable) {
    const uint32_t log_n = GetParam(), n = 1u << log_n;
    Words in(n), a(n), b(n);
    for (uint32_t j = 0; j < n; j++) in[j] = j;
    const uint32_t elements[] = {1, 3, 5, 25, n - 1, n + 1, 2 * n - 1, 2 * n - 5, 0x9E3779B1u & (2 * n - 1)};
    for (const cpu_kernels *k : support::vector_paths())
        for (uint32_t g : elements) {
            k->automorphism(a.data(), in.data(), g, log_n);
            support::portable()->automorphism(b.data(), in.data(), g, log_n);
            ASSERT_TRUE(a == b) << k->name << " n=" << n << " galois element " << g;
        }
}

INSTANTIATE_TEST_SUITE_P(Degrees, VecNtt, testing::Range(4u, 18u));

} // namespace
