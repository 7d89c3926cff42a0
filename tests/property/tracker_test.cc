/* SPDX-License-Identifier: Apache-2.0 */
/* The noise tracker on random circuits: measured over predicted standard deviation of every intermediate result. The tracker takes operands
 * for independent; the circuits combine ciphertexts that share no ancestor (squares of ciphertexts that are no products apart: docs/NOISE.md). */
#include <algorithm>

#include "support/ckks_fixture.h"

using namespace sable_test;

namespace {

struct Tracked {
    Ct ct;
    Values v;
    uint64_t ancestors;   /* a bit for each fresh ciphertext */
    bool product = false; /* its error depends on the size of its own message */
};

class Circuit {
  public:
    Circuit(Kit &kit, uint64_t seed) : kit_(kit), rng_(seed) {}

    /* `count` operations on a pool of ciphertexts between levels 12 and 6. */
    void run(int count) {
        for (int i = 0; i < 5; i++) pool_.push_back(fresh());
        for (int i = 0; i < count && !testing::Test::HasFatalFailure(); i++) step();
    }

    double low = 9, high = 0, widest = 0;
    uint32_t operations = 0, measured = 0;

  private:
    uint64_t pick(uint64_t below) { return std::uniform_int_distribution<uint64_t>(0, below - 1)(rng_); }
    double uniform(double a, double b) { return std::uniform_real_distribution<double>(a, b)(rng_); }

    Tracked fresh() {
        Values v = kit_.random(1, pick(2));
        return {kit_.encrypt(v, 12), v, 1ull << (made_++ % 64)};
    }

    void align(Tracked &a, Tracked &b) {
        Tracked &high_one = a.ct->level > b.ct->level ? a : b, &low_one = a.ct->level > b.ct->level ? b : a;
        if (high_one.ct->level != low_one.ct->level)
            OK(kit_, sable_adjust(kit_.queue, high_one.ct, high_one.ct, low_one.ct->level));
    }

    Tracked copy(const Tracked &t) {
        Ct c(kit_);
        EXPECT_EQ(sable_ct_copy(kit_.queue, c, t.ct), SABLE_OK);
        return {std::move(c), t.v, t.ancestors, t.product};
    }

    void step() {
        size_t i = pick(pool_.size()), j = pick(pool_.size());
        if (i != j && pool_[i].ancestors & pool_[j].ancestors) pool_[j] = fresh();
        if (i == j && pool_[i].product) pool_[i] = fresh();
        Tracked a = copy(pool_[i]), b = copy(pool_[j]);
        uint64_t ancestors = a.ancestors;
        bool product = a.product;
        Ct out(kit_);
        Values v = a.v;
        sable_queue *q = kit_.queue;
        uint32_t level = a.ct->level;
        switch (i == j ? 2 + pick(9) : pick(11)) { /* 2a and a - a: another test */
        case 0:
        case 1: {
            align(a, b);
            bool subtract = pick(2);
            OK(kit_, (subtract ? sable_sub : sable_add)(q, out, a.ct, b.ct));
            for (size_t k = 0; k < v.size(); k++) v[k] = subtract ? v[k] - b.v[k] : v[k] + b.v[k];
            ancestors |= b.ancestors;
            product |= b.product;
            break;
        }
        case 2:
        case 3:
            align(a, b);
            if (i == j)
                OK(kit_, sable_square(q, out, a.ct, kit_.keys));
            else
                OK(kit_, sable_multiply(q, out, a.ct, b.ct, kit_.keys));
            for (size_t k = 0; k < v.size(); k++) v[k] *= b.v[k];
            ancestors |= b.ancestors;
            product = true;
            break;
        case 4: {
            Values p = kit_.random(1, true);
            Pt pt = kit_.encode(p, level);
            OK(kit_, sable_mul_plain(q, out, a.ct, pt));
            OK(kit_, sable_rescale(q, out, out));
            for (size_t k = 0; k < v.size(); k++) v[k] *= p[k];
            product = true;
            break;
        }
        case 5: {
            double re = uniform(-1.2, 1.2), im = uniform(-1.2, 1.2);
            OK(kit_, sable_mul_scalar(q, out, a.ct, re, im));
            OK(kit_, sable_rescale(q, out, out));
            for (auto &z : v) z *= std::complex<double>(re, im);
            break;
        }
        case 6: {
            double re = uniform(-1, 1), im = uniform(-1, 1);
            OK(kit_, sable_add_scalar(q, out, a.ct, re, im));
            for (auto &z : v) z += std::complex<double>(re, im);
            break;
        }
        case 7: {
            const int64_t c[] = {-2, -1, 2};
            int64_t k = c[pick(3)];
            OK(kit_, sable_mul_integer(q, out, a.ct, k));
            for (auto &z : v) z *= (double)k;
            break;
        }
        case 8: {
            const int64_t steps[] = {1, 2, 5, -1, -7};
            int64_t s = steps[pick(5)];
            OK(kit_, sable_rotate(q, out, a.ct, s, kit_.keys));
            for (size_t k = 0; k < v.size(); k++) v[k] = a.v[(k + (size_t)(s + (int64_t)v.size())) % v.size()];
            break;
        }
        case 9:
            OK(kit_, sable_conjugate(q, out, a.ct, kit_.keys));
            OK(kit_, sable_mul_i(q, out, out));
            for (auto &z : v) z = std::complex<double>(0, 1) * std::conj(z);
            break;
        case 10: {
            Values p = kit_.random(1, true);
            Pt pt = kit_.encode(p, level);
            OK(kit_, sable_add_plain(q, out, a.ct, pt));
            for (size_t k = 0; k < v.size(); k++) v[k] += p[k];
            break;
        }
        }
        operations++;
        measure(out, v);
        OK(kit_, declare(kit_, out, v));
        /* Deep or large results make room for fresh ones, so that depth stays within 6 and values near 1;
         * so do results of which few slots make up the power, since few samples measure nothing. */
        size_t place = pick(pool_.size());
        if (out->level <= 6 || rms(v) > 4 || rms(v) < 0.02 || largest(v) > 6 * rms(v))
            pool_[place] = fresh();
        else
            pool_[place] = {std::move(out), v, ancestors, product};
    }

    void measure(const sable_ct *out, const Values &v) {
        Ct declared(kit_);
        OK(kit_, sable_ct_copy(kit_.queue, declared, out));
        OK(kit_, sable_ct_declare(kit_.queue, declared, std::max(out->bound, largest(v)), rms(v)));
        Spread e = slot_error(kit_.decrypt(declared), v);
        double predicted = sable_noise_slot_std(declared), ratio = e.rms / predicted;
        low = std::min(low, ratio);
        high = std::max(high, ratio);
        widest = std::max(widest, e.largest / predicted);
        measured++;
        EXPECT_GT(ratio, 0.5) << "operation " << operations;
        EXPECT_LT(ratio, 1.5) << "operation " << operations;
        EXPECT_LT(e.largest, 40 * predicted) << "operation " << operations;
    }

    Kit &kit_;
    std::mt19937_64 rng_;
    std::vector<Tracked> pool_;
    uint32_t made_ = 0;
};

TEST(Tracker, RandomCircuits) {
    Kit kit("T11");
    for (uint64_t seed : {1, 2, 3, 4, 5}) {
        Circuit c(kit, seed);
        c.run(45);
        std::printf("seed %u: %u operations, measured/predicted %.3f..%.3f, largest %.1f standard deviations\n",
                    (unsigned)seed, c.operations, c.low, c.high, c.widest);
    }
}

/* Rounding errors of a division meet the secret: in slot j they are r(zeta_j)*s(zeta_j), nearly a product of two Gaussians, hence Laplace
 * distributed. The share beyond 4 standard deviations tells it apart from a normal law (6e-5 against 3.5e-3). */
TEST(Tracker, SlotErrorsAfterADivisionAreLaplace) {
    Kit kit("T11");
    size_t beyond = 0, count = 0;
    double fourth = 0;
    for (int i = 0; i < 6; i++) {
        Values v = kit.random(4, true);
        Ct a = kit.encrypt(v, 5, 4), r(kit);
        OK(kit, sable_rotate(kit.queue, r, a, 0, kit.keys));
        OK(kit, sable_adjust(kit.queue, r, a, 4));
        Values got = kit.decrypt(r);
        double std = sable_noise_slot_std(r);
        for (size_t k = 0; k < v.size(); k++)
            for (double e : {got[k].real() - v[k].real(), got[k].imag() - v[k].imag()}) {
                beyond += std::fabs(e) > 4 * std;
                fourth += std::pow(e / std, 4);
                count++;
            }
    }
    double share = (double)beyond / (double)count;
    EXPECT_GT(share, 1e-3);
    EXPECT_LT(share, 8e-3);
    std::printf("beyond 4 standard deviations: %.2e of %zu; kurtosis %.2f (normal 3, Laplace 6)\n", share, count,
                fourth / (double)count);
}

} // namespace
