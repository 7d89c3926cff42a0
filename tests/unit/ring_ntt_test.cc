// SPDX-License-Identifier: Apache-2.0
// O3, O4: transforms and automorphisms against their definitions, on every cpu path.
#include <gtest/gtest.h>

#include "support/device.h"
#include "support/oracle.h"

namespace {

using support::Device;
using support::Poly;
using support::range;
using support::Ring;
using support::Rng;

class OnPath : public ::testing::TestWithParam<std::string> {
  protected:
    Rng rng{20261121};
};
using O3_Ntt = OnPath;
using O4_Automorphism = OnPath;

void forward(Device &device, Poly &x) {
    x.upload();
    device.check(device->ntt_forward(device.queue(), x.view()));
    x.download();
}

void inverse(Device &device, Poly &x, const uint32_t *mult = nullptr) {
    x.upload();
    device.check(device->ntt_inverse(device.queue(), x.view(), x.view(), mult));
    x.download();
}

// A[j] = a(psi^(2 brv(j) + 1)).
uint32_t expected_at(const Ring &ring, uint32_t pos, const std::vector<uint32_t> &a, uint32_t j) {
    const sable_prime &q = ring->prime[pos];
    return oracle::evaluate(a, oracle::power(q.psi, 2 * oracle::bit_reverse(j, ring->log_n) + 1, q.p), q.p);
}

TEST_P(O3_Ntt, a_DefinitionSmallDegreesAllPrimes) {
    for (uint32_t log_n = 4; log_n <= 6; log_n++) {
        Ring ring(log_n, support::a40_primes_q(), support::a40_primes_p());
        Device device(ring, GetParam());
        Poly x(device, range(0, ring.limbs()));
        x.random(rng);
        std::vector<uint32_t> before = x.host;
        forward(device, x);
        for (uint32_t i = 0; i < ring.limbs(); i++) {
            std::vector<uint32_t> a(before.begin() + i * ring.n(), before.begin() + (i + 1) * ring.n());
            for (uint32_t j = 0; j < ring.n(); j++)
                ASSERT_EQ(x.at(i)[j], expected_at(ring, i, a, j)) << "limb " << i << " word " << j;
        }
    }
}

TEST_P(O3_Ntt, a_DefinitionTinyPrimes) {
    Ring ring(4, support::tiny_primes());
    Device device(ring, GetParam());
    for (int trial = 0; trial < 50; trial++) {
        Poly x(device, range(0, ring.limbs()));
        x.random(rng);
        std::vector<uint32_t> before = x.host;
        forward(device, x);
        for (uint32_t i = 0; i < ring.limbs(); i++) {
            std::vector<uint32_t> a(before.begin() + i * 16, before.begin() + (i + 1) * 16);
            for (uint32_t j = 0; j < 16; j++) ASSERT_EQ(x.at(i)[j], expected_at(ring, i, a, j));
        }
    }
}

TEST_P(O3_Ntt, a_DefinitionBigDegrees) {
    for (uint32_t log_n = 7; log_n <= 16; log_n++) {
        auto ring = Ring::a40(log_n, 5, 1);
        Device device(*ring, GetParam());
        Poly x(device, {3, 5});
        x.random(rng);
        std::vector<uint32_t> a[2] = {x.limb(0), x.limb(1)};
        forward(device, x);
        for (uint32_t i = 0; i < 2; i++)
            for (int trial = 0; trial < 8; trial++) {
                uint32_t j = static_cast<uint32_t>(rng() % ring->n());
                ASSERT_EQ(x.at(i)[j], expected_at(*ring, x.pos()[i], a[i], j)) << "N = " << ring->n() << " word " << j;
            }
    }
}

TEST_P(O3_Ntt, b_InverseUndoesForward) {
    for (uint32_t log_n = 4; log_n <= 16; log_n += log_n < 13 ? 1 : 3) {
        auto ring = Ring::a40(log_n, 6, 2);
        Device device(*ring, GetParam());
        Poly x(device, range(0, 8), 2, 2, {16, 32, 48, false, false});
        x.random(rng);
        std::vector<uint32_t> before = x.host;
        forward(device, x);
        EXPECT_NE(x.host, before);
        inverse(device, x);
        ASSERT_EQ(x.host, before) << "N = " << ring->n();
    }
}

TEST_P(O3_Ntt, b_InverseTimesConstant) {
    auto ring = Ring::a40(11, 4, 2);
    Device device(*ring, GetParam());
    std::vector<uint32_t> mult;
    for (uint32_t i = 0; i < 6; i++)
        mult.push_back(i == 0 ? 0 : i == 1 ? ring->p(i) - 1 : support::random_word(rng, ring->p(i)));
    Poly x(device, range(0, 6)), out(device, range(0, 6));
    x.random(rng);
    std::vector<uint32_t> before = x.host;
    forward(device, x);
    device.check(device->ntt_inverse(device.queue(), out.view(), x.view(), mult.data()));
    out.download();
    for (uint32_t i = 0; i < 6; i++)
        for (uint32_t j = 0; j < ring->n(); j++)
            ASSERT_EQ(out.at(i)[j], static_cast<uint64_t>(before[i * ring->n() + j]) * mult[i] % ring->p(i));
}

TEST_P(O3_Ntt, c_RingProduct) {
    for (uint32_t log_n = 10; log_n <= 12; log_n++) {
        auto ring = Ring::a40(log_n, 5, 1);
        Device device(*ring, GetParam());
        Poly a(device, range(0, 6)), b(device, range(0, 6));
        a.random(rng), b.random(rng);
        std::vector<uint32_t> want[6];
        for (uint32_t i = 0; i < 6; i++) want[i] = oracle::negacyclic(a.limb(i), b.limb(i), ring->p(i));
        forward(device, a);
        forward(device, b);
        device.check(device->mul(device.queue(), a.view(), a.view(), b.view()));
        device.check(device->ntt_inverse(device.queue(), a.view(), a.view(), nullptr));
        a.download();
        for (uint32_t i = 0; i < 6; i++) ASSERT_EQ(a.limb(i), want[i]) << "N = " << ring->n() << " limb " << i;
    }
}

// The portable transform has one phase; whatever split another path uses, the words are equal.
TEST_P(O3_Ntt, d_SplitTransformsEqualThePlainOne) {
    for (uint32_t log_n = 4; log_n <= 16; log_n++) {
        auto ring = Ring::a40(log_n, 4, 2);
        Device device(*ring, GetParam()), reference(*ring, "portable");
        Poly x(device, {0, 3, 5}), y(reference, {0, 3, 5});
        x.random(rng);
        y.host = x.host;
        forward(device, x);
        forward(reference, y);
        ASSERT_EQ(x.host, y.host) << "forward, N = " << ring->n();
        x.random(rng);
        y.host = x.host;
        inverse(device, x);
        inverse(reference, y);
        ASSERT_EQ(x.host, y.host) << "inverse, N = " << ring->n();
    }
}

TEST_P(O3_Ntt, e_MonomialsWrapWithASign) {
    auto ring = Ring::a40(10, 5, 1);
    const uint32_t n = ring->n();
    Device device(*ring, GetParam());
    for (int trial = 0; trial < 30; trial++) {
        uint32_t k = trial == 0 ? n - 1 : static_cast<uint32_t>(rng() % n),
                 l = trial < 2 ? n - 1 : static_cast<uint32_t>(rng() % n);
        Poly a(device, {2, 5}), b(device, {2, 5});
        std::fill(a.host.begin(), a.host.end(), 0);
        b.host = a.host;
        for (uint32_t i = 0; i < 2; i++) a.at(i)[k] = 1, b.at(i)[l] = 1;
        forward(device, a);
        forward(device, b);
        device.check(device->mul(device.queue(), a.view(), a.view(), b.view()));
        device.check(device->ntt_inverse(device.queue(), a.view(), a.view(), nullptr));
        a.download();
        for (uint32_t i = 0; i < 2; i++)
            for (uint32_t j = 0; j < n; j++)
                ASSERT_EQ(a.at(i)[j], j != (k + l) % n ? 0
                                      : k + l < n      ? 1
                                                       : a.prime(i) - 1)
                    << "X^" << k << " * X^" << l;
    }
}

TEST_P(O3_Ntt, f_LargestWords) {
    for (uint32_t log_n : {4u, 10u, 13u, 16u}) {
        auto ring = Ring::a40(log_n, 4, 13);
        Device device(*ring, GetParam());
        Poly x(device, {0, 16}); // the last is the largest prime below 2^30
        for (uint32_t i = 0; i < 2; i++) x.set(std::vector<uint32_t>(ring->n(), x.prime(i) - 1), i);
        std::vector<uint32_t> before = x.host, a[2] = {x.limb(0), x.limb(1)};
        forward(device, x);
        for (uint32_t i = 0; i < 2; i++)
            for (uint32_t j = 0; j < 24; j++) {
                uint32_t at = j < 16 ? j : static_cast<uint32_t>(rng() % ring->n());
                ASSERT_EQ(x.at(i)[at], expected_at(*ring, x.pos()[i], a[i], at));
            }
        inverse(device, x);
        ASSERT_EQ(x.host, before);
        inverse(device, x); // and as input of the inverse
        forward(device, x);
        ASSERT_EQ(x.host, before);
    }
}

std::vector<uint32_t> galois_elements(uint32_t n) {
    std::vector<uint32_t> g = {1, 5, 25, 2 * n - 1};
    for (uint64_t r : {3, 7, 100, 255}) g.push_back(static_cast<uint32_t>(oracle::power(5, r, 2 * n)));
    return g;
}

TEST_P(O4_Automorphism, SubstitutesAPowerOfX) {
    for (uint32_t log_n : {4u, 5u, 8u, 10u, 13u}) {
        auto ring = Ring::a40(log_n, 5, 1);
        Device device(*ring, GetParam());
        Poly a(device, {1, 4}), out(device, {1, 4}), want(device, {1, 4});
        for (uint32_t g : galois_elements(ring->n())) {
            a.random(rng);
            for (uint32_t i = 0; i < 2; i++) want.set(oracle::substitute(a.limb(i), g, a.prime(i)), i);
            forward(device, a);
            forward(device, want);
            device.check(device->automorphism(device.queue(), out.view(), a.view(), g));
            out.download();
            ASSERT_EQ(out.host, want.host) << "N = " << ring->n() << " g = " << g;
        }
    }
}

TEST_P(O4_Automorphism, Compose) {
    auto ring = Ring::a40(11, 3, 1);
    const uint32_t n = ring->n();
    Device device(*ring, GetParam());
    Poly a(device, {0, 3}), b(device, {0, 3}), c(device, {0, 3}), d(device, {0, 3});
    a.random(rng).upload();
    for (uint32_t g : galois_elements(n))
        for (uint32_t h : galois_elements(n)) {
            device.check(device->automorphism(device.queue(), b.view(), a.view(), g));
            device.check(device->automorphism(device.queue(), c.view(), b.view(), h));
            device.check(device->automorphism(device.queue(), d.view(), a.view(),
                                              static_cast<uint32_t>(uint64_t{g} * h % (2 * n))));
            c.download(), d.download();
            ASSERT_EQ(c.host, d.host) << g << " then " << h;
        }
}

// Multiplication by X^(N/2), the imaginary unit, is I on the lower half and -I on the upper one.
TEST_P(O4_Automorphism, ImaginaryUnit) {
    auto ring = Ring::a40(10, 4, 1);
    const uint32_t n = ring->n();
    Device device(*ring, GetParam());
    Poly x(device, {0, 4}), product(device, {0, 4});
    std::fill(x.host.begin(), x.host.end(), 0);
    x.at(0)[n / 2] = x.at(1)[n / 2] = 1;
    forward(device, x);
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t p = x.prime(i), unit = static_cast<uint32_t>(oracle::power((*ring)->prime[x.pos()[i]].psi, n / 2, p));
        for (uint32_t j = 0; j < n; j++) ASSERT_EQ(x.at(i)[j], j < n / 2 ? unit : p - unit);
    }
}

const auto name_of = [](const auto &test) { return test.param; };
INSTANTIATE_TEST_SUITE_P(Ring, O3_Ntt, ::testing::ValuesIn(support::cpu_paths()), name_of);
INSTANTIATE_TEST_SUITE_P(Ring, O4_Automorphism, ::testing::ValuesIn(support::cpu_paths()), name_of);

} // namespace
