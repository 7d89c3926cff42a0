// SPDX-License-Identifier: Apache-2.0
// O6: mod-down and rescale, c' = round(A*x/D), in big integers: every level pair of T10 and T11 (whose levels are those
// of A40), plain and merged with the special primes, restored primes included. Composed from the backend table as the
// ckks layer does.
#include <gtest/gtest.h>

#include <algorithm>

#include "support/device.h"
#include "support/oracle.h"

namespace {

using oracle::ZZ;
using support::Basis;
using support::Device;
using support::Poly;
using support::Ring;
using support::Rng;
using Positions = std::vector<uint16_t>;

Positions without(const Positions &a, const Positions &b) {
    Positions r;
    for (uint16_t x : a)
        if (std::find(b.begin(), b.end(), x) == b.end()) r.push_back(x);
    return r;
}

// From the primes `from` to the primes `to`: drops from \ to, restores to \ from.
struct Step {
    Positions from, to, dropped, restored;
    Step(const Positions &from_, const Positions &to_)
        : from(from_), to(to_), dropped(without(from_, to_)), restored(without(to_, from_)) {}
};

// Words of one limb each, coefficient domain in and out.
using Limbs = std::vector<std::vector<uint32_t>>;

Limbs mod_down(const Device &device, const Step &step, const Limbs &x, bool in_place) {
    const Ring &ring = device.ring();
    Basis basis(ring, step.dropped, step.to, step.restored);
    std::vector<uint32_t> x_mult, e_mult;
    for (uint16_t pos : step.to) {
        const uint32_t p = ring.p(pos);
        const uint32_t inv =
            sable_inv_mod(sable_product_mod(ring.get(), step.dropped.data(), uint32_t(step.dropped.size()), p), p);
        const uint32_t a = sable_product_mod(ring.get(), step.restored.data(), uint32_t(step.restored.size()), p);
        e_mult.push_back(inv);
        x_mult.push_back(sable_mul_mod(a, inv, p));
    }
    Poly in(device, step.from), y(device, step.dropped), e(device, step.to), out(device, step.to);
    for (uint32_t i = 0; i < step.from.size(); i++) in.set(x[i], i);
    in.upload();
    device.check(device->ntt_forward(device.queue(), in.view()));
    // The dropped limbs of x as a view: gathered limb by limb.
    for (uint32_t i = 0; i < step.dropped.size(); i++) {
        sable_limbs to = *y.view(), from = *in.view();
        const auto at = std::find(step.from.begin(), step.from.end(), step.dropped[i]) - step.from.begin();
        to.data += i * to.limb_stride, to.pos += i, to.limbs = 1;
        from.data += static_cast<size_t>(at) * from.limb_stride, from.pos += at, from.limbs = 1;
        device.check(device->ntt_inverse(device.queue(), &to, &from, &basis->y_mult[i]));
    }
    device.check(device->base_convert(device.queue(), e.view(), y.view(), basis.get()));
    sable_limbs target = *out.view();
    if (in_place && step.restored.empty()) { // limbs of x that stay: a run of x
        const auto at = std::find(step.from.begin(), step.from.end(), step.to[0]) - step.from.begin();
        target.data = in.view()->data + static_cast<size_t>(at) * target.limb_stride;
    }
    device.check(device->ntt_mod_down(device.queue(), &target, e.view(), in.view(), x_mult.data(), e_mult.data()));
    device.check(device->ntt_inverse(device.queue(), out.view(), &target, nullptr));
    out.download();
    Limbs result;
    for (uint32_t i = 0; i < step.to.size(); i++) result.push_back(out.limb(i));
    return result;
}

struct Case {
    std::string path, set;
};

class O6_ModDown : public ::testing::TestWithParam<Case> {
  protected:
    void SetUp() override {
        sable_error err{};
        sable_params_options options{};
        options.struct_size = sizeof options;
        options.allow_insecure = true;
        ASSERT_EQ(sable_params_load(&params, GetParam().set.c_str(), &options, &err), SABLE_OK) << err.text;
        ring = std::make_unique<Ring>(params);
        device = std::make_unique<Device>(*ring, GetParam().path);
        reference = std::make_unique<Device>(*ring, "portable");
    }
    void TearDown() override { sable_params_destroy(&params); }

    Positions window(uint32_t level) const {
        const uint32_t first = sable_window_first(params, level);
        return support::range(first, first + sable_window_limbs(params, level));
    }
    Positions with_p(Positions q) const {
        for (uint32_t i = 0; i < params->p_count; i++) q.push_back(static_cast<uint16_t>(params->q_count + i));
        return q;
    }
    Step step(uint32_t level, bool merged) const {
        const Positions q = window(level);
        return {merged ? with_p(q) : q, window(level - 1)};
    }

    // Integers below the product of the primes; the first ones are edges of the rounding.
    std::vector<ZZ> integers(const Step &s, size_t count) {
        const ZZ q = oracle::product(ring->primes(s.from)), d = oracle::product(ring->primes(s.dropped));
        const ZZ a = oracle::product(ring->primes(s.restored));
        const ZZ inverse_a = a == 1 ? ZZ(1) : NTL::InvMod(a % q, q);
        std::vector<ZZ> x = {ZZ(0), ZZ(1), q - 1, q / 2, q / 2 + 1};
        // a*x = t mod q with t near multiples of D/2: the rounding is nearly a tie, on both sides.
        for (const ZZ &t : {(d - 1) / 2, (d + 1) / 2, d, d - 1, d + 1, d * 7 + (d - 1) / 2, d * 7 + (d + 1) / 2,
                            d / 2 + (d >> 20), d / 2 - (d >> 20)})
            x.push_back(t * inverse_a % q);
        while (x.size() < count) {
            ZZ value(0);
            for (long bits = 0; bits < NTL::NumBits(q) + 64; bits += 32)
                value = (value << 32) + static_cast<long>(rng() >> 32);
            x.push_back(value % q);
        }
        return x;
    }
    Limbs residues(const Positions &pos, const std::vector<ZZ> &x) const {
        Limbs r;
        for (uint16_t i : pos) {
            std::vector<uint32_t> words(ring->n());
            for (size_t j = 0; j < x.size(); j++) words[j] = oracle::residue(x[j], ring->p(i));
            r.push_back(words);
        }
        return r;
    }

    void expect_rounding(const Step &s, const std::vector<ZZ> &x, const Limbs &out, const std::string &what) {
        const ZZ d = oracle::product(ring->primes(s.dropped)), a = oracle::product(ring->primes(s.restored));
        const ZZ q = oracle::product(ring->primes(s.from));
        for (size_t j = 0; j < x.size(); j++) {
            const ZZ ax = a * x[j];
            ZZ want = oracle::round_div(ax, d);
            // In the band of the base conversion e may be [ax]_D + D, and the result one less.
            const bool band = oracle::in_band(ax, d, static_cast<unsigned>(s.dropped.size()));
            if (band && out[0][j] != oracle::residue(want, ring->p(s.to[0]))) want -= 1;
            for (size_t i = 0; i < s.to.size(); i++)
                ASSERT_EQ(out[i][j], oracle::residue(want, ring->p(s.to[i])))
                    << what << ", coefficient " << j << ", limb " << i;
        }
    }

    sable_params *params = nullptr;
    std::unique_ptr<Ring> ring;
    std::unique_ptr<Device> device, reference;
    Rng rng{20261121};
};

// The portable path against the integers, the other paths against the portable one.
TEST_P(O6_ModDown, EveryLevelPair) {
    int restored = 0;
    for (bool merged : {false, true})
        for (uint32_t level = 1; level <= params->top_level; level++) {
            const Step s = step(level, merged);
            restored += !s.restored.empty();
            const std::vector<ZZ> x = integers(s, 400);
            Limbs in = residues(s.from, x);
            const std::string what =
                GetParam().set + " level " + std::to_string(level) + (merged ? " merged with P" : "");
            if (GetParam().path == "portable") {
                expect_rounding(s, x, mod_down(*device, s, in, false), what);
            } else {
                for (uint32_t i = 0; i < s.from.size(); i++)
                    for (uint32_t &word : in[i]) word = support::random_word(rng, ring->p(s.from[i]));
                ASSERT_EQ(mod_down(*device, s, in, false), mod_down(*reference, s, in, false)) << what;
            }
            ASSERT_FALSE(HasFatalFailure());
        }
    EXPECT_GT(restored, 0);
}

TEST_P(O6_ModDown, PlainModDown) {
    for (uint32_t level = 0; level <= params->top_level; level += 3) {
        const Step s(with_p(window(level)), window(level));
        const std::vector<ZZ> x = integers(s, 400);
        const Limbs in = residues(s.from, x);
        expect_rounding(s, x, mod_down(*device, s, in, false), "mod-down at level " + std::to_string(level));
        EXPECT_EQ(mod_down(*device, s, in, false), mod_down(*device, s, in, true)) << "in place";
    }
}

TEST_P(O6_ModDown, LinearUpToOne) {
    for (uint32_t level : {1u, 2u, 4u, params->top_level}) {
        const Step s = step(level, true);
        const ZZ q = oracle::product(ring->primes(s.from)) / 2;
        std::vector<ZZ> x = integers(s, 64), y = integers(s, 64), sum;
        std::reverse(y.begin(), y.end());
        for (size_t j = 0; j < x.size(); j++) x[j] %= q, y[j] %= q, sum.push_back(x[j] + y[j]); // no wrap
        const Limbs cx = mod_down(*device, s, residues(s.from, x), false),
                    cy = mod_down(*device, s, residues(s.from, y), false);
        const Limbs cs = mod_down(*device, s, residues(s.from, sum), false);
        for (size_t j = 0; j < x.size(); j++) {
            long first = 2;
            for (size_t i = 0; i < s.to.size(); i++) {
                const uint32_t p = ring->p(s.to[i]);
                uint32_t diff = sable_sub_mod(cs[i][j], sable_add_mod(cx[i][j], cy[i][j], p), p);
                long value = diff == p - 1 ? -1 : static_cast<long>(diff);
                ASSERT_LE(value, 1);
                if (i == 0) first = value;
                ASSERT_EQ(value, first) << "limbs are not residues of one integer";
            }
        }
    }
}

std::vector<Case> cases() {
    std::vector<Case> r;
    for (const std::string &path : support::cpu_paths())
        for (const char *set : {"T10", "T11"}) r.push_back({path, set});
    return r;
}
INSTANTIATE_TEST_SUITE_P(Ring, O6_ModDown, ::testing::ValuesIn(cases()),
                         [](const auto &test) { return test.param.path + "_" + test.param.set; });

} // namespace
