// SPDX-License-Identifier: Apache-2.0
// The vector paths against the portable one, word for word: sums of products at every count where the accumulators are
// folded.
#include <gtest/gtest.h>

#include "support/vec.h"

namespace {

using support::Ring;
using support::Rng;
using support::Words;

// kind 8: every word p - 1; otherwise all sorts of inputs at random.
Words pick(size_t n, uint32_t p, int kind, Rng &rng) {
    return support::vec_input(n, p, kind == 8 ? 1 : static_cast<int>(rng() % 8), rng);
}

TEST(VecSums, InnerEqualsPortable) {
    const size_t n = 64;
    Ring ring(6, support::vec_primes(6));
    Rng rng(1);
    for (const cpu_kernels *k : support::vector_paths())
        for (uint32_t pos = 0; pos < ring.limbs(); pos++)
            for (int kind : {8, 9})
                for (uint32_t count = 0; count <= CPU_MAX_ROWS; count++)
                    for (int add = 0; add < 3; add++) {
                        const sable_prime *q = &ring->prime[pos];
                        std::vector<Words> rows;
                        for (uint32_t i = 0; i < 3 * count + 2; i++) rows.push_back(pick(n, q->p, kind, rng));
                        std::vector<const uint32_t *> d, kb, ka;
                        for (uint32_t i = 0; i < count; i++) {
                            d.push_back(rows[3 * i].data());
                            kb.push_back(rows[3 * i + 1].data());
                            ka.push_back(rows[3 * i + 2].data());
                        }
                        const uint32_t *add0 = add > 0 ? rows[3 * count].data() : nullptr;
                        const uint32_t *add1 = add > 1 ? rows[3 * count + 1].data() : nullptr;
                        const uint32_t c = kind == 8 ? q->p - 1 : static_cast<uint32_t>(rng() % q->p);
                        Words x0(n), x1(n), y0(n), y1(n);
                        k->inner(x0.data(), x1.data(), d.data(), kb.data(), ka.data(), count, add0, add1, c, n, q);
                        support::portable()->inner(y0.data(), y1.data(), d.data(), kb.data(), ka.data(), count, add0,
                                                   add1, c, n, q);
                        ASSERT_TRUE(x0 == y0 && x1 == y1)
                            << k->name << " p=" << q->p << " count " << count << " add " << add;
                    }
}

TEST(VecSums, TensorEqualsPortable) {
    const size_t n = 32;
    Ring ring(5, support::vec_primes(5));
    Rng rng(2);
    for (const cpu_kernels *k : support::vector_paths())
        for (uint32_t pos = 0; pos < ring.limbs(); pos++)
            for (int kind : {8, 9})
                for (uint32_t terms = 1; terms <= 40; terms++) {
                    const sable_prime *q = &ring->prime[pos];
                    const size_t a_stride = 48, b_stride = terms % 3 ? 32 : 0;
                    const Words a0 = pick(terms * a_stride, q->p, kind, rng),
                                a1 = pick(terms * a_stride, q->p, kind, rng);
                    const Words b0 = pick(terms * 32, q->p, kind, rng), b1 = pick(terms * 32, q->p, kind, rng);
                    Words x(3 * n), y(3 * n);
                    k->tensor(&x[0], &x[n], &x[2 * n], a0.data(), a1.data(), a_stride, b0.data(), b1.data(), b_stride,
                              terms, n, q);
                    support::portable()->tensor(&y[0], &y[n], &y[2 * n], a0.data(), a1.data(), a_stride, b0.data(),
                                                b1.data(), b_stride, terms, n, q);
                    ASSERT_TRUE(x == y) << k->name << " p=" << q->p << " terms " << terms;
                }
}

TEST(VecSums, CombineEqualsPortable) {
    Ring ring(5, support::vec_primes(5));
    Rng rng(3);
    std::vector<uint32_t> counts;
    for (uint32_t i = 0; i <= 40; i++) counts.push_back(i);
    for (uint32_t i : {255u, 256u, 257u, 271u, 512u, 600u}) counts.push_back(i);
    // The sums of more than 1024 columns are made in pieces.
    auto columns = [](uint32_t count) { return count % 16 == 1 ? size_t{1024 + 16} : size_t{16}; };
    for (const cpu_kernels *k : support::vector_paths())
        for (uint32_t pos = 0; pos < ring.limbs(); pos++)
            for (int kind : {8, 9})
                for (uint32_t count : counts) {
                    const sable_prime *q = &ring->prime[pos];
                    const size_t n = columns(count), stride = n + 16, c_stride = 3;
                    const Words in = pick(count * stride + n, q->p, kind, rng),
                                c = pick(count * c_stride + 1, q->p, kind, rng);
                    Words x(n, 5), y(n, 6);
                    k->combine(x.data(), in.data(), stride, c.data(), c_stride, count, n, q);
                    support::portable()->combine(y.data(), in.data(), stride, c.data(), c_stride, count, n, q);
                    ASSERT_TRUE(x == y) << k->name << " p=" << q->p << " count " << count;
                }
}

} // namespace
