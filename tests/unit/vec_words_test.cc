// SPDX-License-Identifier: Apache-2.0
// The vector paths against the portable one, word for word: element-wise functions, encoding, range check.
#include <gtest/gtest.h>

#include <functional>

#include "support/vec.h"

namespace {

using support::Ring;
using support::Rng;
using support::Words;

template <class Function>
void for_all(Function f) {
    for (uint32_t log_n : {4u, 5u, 10u}) {
        Ring ring(log_n, support::vec_primes(log_n));
        Rng rng(log_n);
        for (const cpu_kernels *k : support::vector_paths())
            for (uint32_t pos = 0; pos < ring.limbs(); pos++)
                for (int kind = 0; kind < support::kKinds; kind++) f(k, &ring->prime[pos], ring.n(), kind, rng);
    }
}

TEST(VecWords, TwoOperands) {
    for_all([](const cpu_kernels *k, const sable_prime *q, size_t n, int kind, Rng &rng) {
        const cpu_kernels *c = support::portable();
        const Words a = support::vec_input(n, q->p, kind, rng),
                    b = support::vec_input(n, q->p, static_cast<int>(rng() % 8), rng);
        using Operation = void (*)(uint32_t *, const uint32_t *, const uint32_t *, size_t, const sable_prime *);
        const Operation mine[] = {k->add, k->sub, k->mul, k->mul_mont, k->mul_mont_add};
        const Operation reference[] = {c->add, c->sub, c->mul, c->mul_mont, c->mul_mont_add};
        for (int i = 0; i < 5; i++) {
            Words x = support::vec_input(n, q->p, 5, rng), y = x;
            mine[i](x.data(), a.data(), b.data(), n, q);
            reference[i](y.data(), a.data(), b.data(), n, q);
            ASSERT_TRUE(x == y) << k->name << " operation " << i << " p=" << q->p;
            Words u = a, v = b, w = a, w2 = a; /* in place, both ways, and all the same */
            Words ru = a, rv = b;
            mine[i](u.data(), u.data(), b.data(), n, q);
            reference[i](ru.data(), ru.data(), b.data(), n, q);
            mine[i](v.data(), a.data(), v.data(), n, q);
            reference[i](rv.data(), a.data(), rv.data(), n, q);
            mine[i](w.data(), w.data(), w.data(), n, q);
            reference[i](w2.data(), w2.data(), w2.data(), n, q);
            ASSERT_TRUE(u == ru && v == rv && w == w2) << k->name << " in place, operation " << i << " p=" << q->p;
        }
    });
}

TEST(VecWords, OneOperand) {
    for_all([](const cpu_kernels *k, const sable_prime *q, size_t n, int kind, Rng &rng) {
        const cpu_kernels *c = support::portable();
        const Words a = support::vec_input(n, q->p, kind, rng),
                    e = support::vec_input(n, q->p, static_cast<int>(rng() % 8), rng);
        Words x(n), y(n);
        k->negate(x.data(), a.data(), n, q);
        c->negate(y.data(), a.data(), n, q);
        ASSERT_TRUE(x == y) << k->name << " negate p=" << q->p;
        for (uint32_t u : {0u, 1u, q->p - 1, static_cast<uint32_t>(rng() % q->p)})
            for (uint32_t v : {0u, 1u, q->p - 1, static_cast<uint32_t>(rng() % q->p)}) {
                k->mul_const(x.data(), a.data(), u, n, q);
                c->mul_const(y.data(), a.data(), u, n, q);
                ASSERT_TRUE(x == y) << k->name << " mul_const p=" << q->p;
                k->add_const(x.data(), a.data(), u, n, q);
                c->add_const(y.data(), a.data(), u, n, q);
                ASSERT_TRUE(x == y) << k->name << " add_const p=" << q->p;
                k->mod_down(x.data(), a.data(), e.data(), u, v, n, q);
                c->mod_down(y.data(), a.data(), e.data(), u, v, n, q);
                ASSERT_TRUE(x == y) << k->name << " mod_down p=" << q->p;
                Words over = e;
                k->mod_down(over.data(), a.data(), over.data(), u, v, n, q);
                ASSERT_TRUE(over == y) << k->name << " mod_down in place p=" << q->p;
                k->mod_down(x.data(), nullptr, e.data(), u, v, n, q);
                c->mod_down(y.data(), nullptr, e.data(), u, v, n, q);
                ASSERT_TRUE(x == y) << k->name << " mod_down without x p=" << q->p;
            }
    });
}

/* Formulas in 128 bits, for the portable path too. */
void for_every_path(const std::function<void(const cpu_kernels *, const sable_prime *, size_t, int, Rng &)> &f) {
    for_all(f);
    Ring ring(5, support::vec_primes(5));
    Rng rng(3);
    for (uint32_t pos = 0; pos < ring.limbs(); pos++)
        for (int kind = 0; kind < support::kKinds; kind++)
            f(support::portable(), &ring->prime[pos], ring.n(), kind, rng);
}

TEST(VecWords, AffineIsItsFormula) {
    for_every_path([](const cpu_kernels *k, const sable_prime *q, size_t n, int kind, Rng &rng) {
        const Words s = support::vec_input(n, q->p, static_cast<int>(rng() % 8), rng),
                    a = support::vec_input(n, q->p, kind, rng),
                    b = support::vec_input(n, q->p, static_cast<int>(rng() % 8), rng),
                    m = support::vec_input(n, q->p, static_cast<int>(rng() % 8), rng);
        const uint64_t r_inverse = sable_inv_mod(q->r1, q->p);
        Words want(n), without(n), x(n);
        for (size_t j = 0; j < n; j++) {
            const uint64_t product = static_cast<uint64_t>(a[j]) * b[j] % q->p;
            without[j] = static_cast<uint32_t>((s[j] + product * r_inverse) % q->p);
            want[j] = static_cast<uint32_t>((s[j] + (product + m[j]) * r_inverse) % q->p);
        }
        k->affine(x.data(), s.data(), a.data(), b.data(), m.data(), n, q);
        ASSERT_TRUE(x == want) << k->name << " p=" << q->p;
        k->affine(x.data(), s.data(), a.data(), b.data(), nullptr, n, q);
        ASSERT_TRUE(x == without) << k->name << " without m, p=" << q->p;
        Words os = s, oa = a, ob = b, om = m; /* in place, every way */
        k->affine(os.data(), os.data(), a.data(), b.data(), m.data(), n, q);
        k->affine(oa.data(), s.data(), oa.data(), b.data(), m.data(), n, q);
        k->affine(ob.data(), s.data(), a.data(), ob.data(), m.data(), n, q);
        k->affine(om.data(), s.data(), a.data(), b.data(), om.data(), n, q);
        ASSERT_TRUE(os == want && oa == want && ob == want && om == want) << k->name << " in place, p=" << q->p;
    });
}

TEST(VecWords, LiftIsItsFormula) {
    for_every_path([](const cpu_kernels *k, const sable_prime *q, size_t n, int kind, Rng &rng) {
        const Words e = support::vec_input(n, q->p, kind, rng);
        std::vector<int8_t> small(n);
        for (int8_t &v : small) v = static_cast<int8_t>(static_cast<int>(rng() % 255) - 127);
        small[0] = 127, small[1] = -127, small[2] = 0, small[3] = -1;
        for (uint32_t c : {0u, 1u, q->r1, q->p - 1, static_cast<uint32_t>(rng() % q->p)}) {
            const int64_t p = q->p;
            Words want(n), without(n), x(n), over = e;
            for (size_t j = 0; j < n; j++) {
                without[j] = static_cast<uint32_t>((small[j] + p) * c % p);
                want[j] = static_cast<uint32_t>((small[j] + 2 * p - e[j]) % p * c % p);
            }
            k->lift(x.data(), small.data(), e.data(), c, n, q);
            k->lift(over.data(), small.data(), over.data(), c, n, q);
            ASSERT_TRUE(x == want && over == want) << k->name << " c=" << c << " p=" << p;
            k->lift(x.data(), small.data(), nullptr, c, n, q);
            ASSERT_TRUE(x == without) << k->name << " without e, c=" << c << " p=" << p;
        }
    });
}

/* The portable table draws with libsodium. Primes just above a power of two miss half of all words. */
TEST(VecWords, UniformEqualsPortable) {
    Rng rng(11);
    for (const cpu_kernels *k : support::vector_paths())
        for (uint32_t p : {786433u, 0x1000005u, 0x20000003u, 0x3fffffdfu, 947912705u})
            for (size_t n : {16u, 32u, 128u, 512u, 8192u, 32768u}) {
                sable_prime q = {};
                q.p = p;
                q.bits = 32 - static_cast<uint32_t>(__builtin_clz(p));
                uint8_t key[32], nonce[8];
                for (uint8_t &b : key) b = static_cast<uint8_t>(rng());
                for (uint8_t &b : nonce) b = static_cast<uint8_t>(rng());
                Words x(n, 1), y(n, 2);
                k->uniform(x.data(), n, &q, key, nonce);
                support::portable()->uniform(y.data(), n, &q, key, nonce);
                ASSERT_TRUE(x == y) << k->name << " p=" << p << " n=" << n;
            }
}

TEST(VecWords, CheckRangeFindsTheFirst) {
    for_all([](const cpu_kernels *k, const sable_prime *q, size_t n, int kind, Rng &rng) {
        Words a = support::vec_input(n, q->p, kind, rng);
        ASSERT_EQ(k->check_range(a.data(), n, q), n);
        const size_t at[] = {0, n - 1, rng() % n};
        const uint32_t bad[] = {q->p, UINT32_MAX, 1u << 31};
        for (size_t i : at)
            for (uint32_t x : bad) {
                const uint32_t keep = a[i];
                a[i] = x;
                ASSERT_EQ(k->check_range(a.data(), n, q), i) << k->name;
                const size_t first = rng() % (i + 1);
                const uint32_t keep_first = a[first];
                a[first] = x;
                ASSERT_EQ(k->check_range(a.data(), n, q), first) << k->name;
                a[first] = keep_first;
                a[i] = keep;
            }
    });
}

TEST(VecWords, EncodeWideIsItsFormula) {
    for_every_path([](const cpu_kernels *k, const sable_prime *q, size_t n, int, Rng &rng) {
        std::vector<uint64_t> low(n), high(n);
        for (size_t t = 0; t < n; t++) low[t] = rng() >> (rng() % 64), high[t] = rng() >> (rng() % 64);
        const uint64_t half = uint64_t{1} << 63, edges[] = {0, UINT64_MAX, half, half - 1, half + 1, q->p};
        for (size_t t = 0; t < 6; t++) low[t] = edges[t], high[t] = edges[(t + 3) % 6];
        low[6] = high[6] = UINT64_MAX, low[7] = high[7] = 0;
        Words out(n);
        k->encode_wide(out.data(), low.data(), high.data(), n, q);
        const uint64_t p = q->p, r = (uint64_t{1} << 32) % p, r2 = r * r % p;
        for (size_t t = 0; t < n; t++) {
            const uint64_t u = high[t] % p * r2 % p + low[t] % p + p - half % p * r2 % p;
            ASSERT_EQ(u % p * r % p, out[t]) << k->name << " p=" << p << " " << high[t] << ":" << low[t];
        }
    });
}

} // namespace
