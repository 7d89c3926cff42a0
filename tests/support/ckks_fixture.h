/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TESTS_CKKS_FIXTURE_H
#define SABLE_TESTS_CKKS_FIXTURE_H
/* A context with keys, ciphertexts with ownership, and exact phases: what property tests of the evaluation layer need.
 * Phases are integers (NTL): at scales above 2^50 doubles would measure the encoder, not the scheme. */
#include <NTL/ZZ.h>
#include <gtest/gtest.h>

#include <complex>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

extern "C" {
#include "ckks/eval_internal.h"
#include "sable/client.h"
#include "sable/poly.h"
}

namespace sable_test {

using Phase = std::vector<NTL::ZZ>; /* N centred coefficients */
using Values = std::vector<std::complex<double>>;

/* Fails the test with the queue's sentence unless the call succeeds. */
#define OK(kit, call)                                                                       \
    do {                                                                                    \
        sable_status ok_status_ = (call);                                                   \
        ASSERT_EQ(ok_status_, SABLE_OK) << #call << ": " << sable_queue_error((kit).queue); \
    } while (0)

struct Kit;

/* An owned ciphertext. */
class Ct {
  public:
    explicit Ct(Kit &kit);
    Ct(Ct &&other) noexcept : kit_(other.kit_), ct_(other.ct_) { other.ct_ = nullptr; }
    Ct &operator=(Ct &&other) noexcept {
        std::swap(ct_, other.ct_);
        return *this;
    }
    ~Ct();
    operator sable_ct *() const { return ct_; }
    sable_ct *operator->() const { return ct_; }

  private:
    Kit *kit_;
    sable_ct *ct_ = nullptr;
};

class Pt {
  public:
    explicit Pt(Kit &kit);
    Pt(Pt &&other) noexcept : kit_(other.kit_), pt_(other.pt_) { other.pt_ = nullptr; }
    ~Pt();
    operator sable_pt *() const { return pt_; }
    sable_pt *operator->() const { return pt_; }

  private:
    Kit *kit_;
    sable_pt *pt_ = nullptr;
};

struct KitOptions {
    const char *cpu_path = nullptr;
    uint32_t threads = 0;
    bool keys = true; /* relinearisation, rotations of `steps` in N/2 and in 64 slots, conjugation; all levels */
    std::vector<int64_t> steps = {1, 2, 5, -1, -7};
};
inline KitOptions without_keys(uint32_t threads = 0) {
    KitOptions o;
    o.keys = false;
    o.threads = threads;
    return o;
}

/* Throws std::runtime_error with the library's sentence when something cannot be made. */
struct Kit {
    explicit Kit(const char *name, const KitOptions &options = {});
    ~Kit();
    Kit(const Kit &) = delete;
    Kit &operator=(const Kit &) = delete;

    uint32_t n() const { return ctx->params.n; }
    uint32_t slots() const { return ctx->params.n / 2; }
    uint32_t top() const { return ctx->params.top_level; }

    /* batch * slots values, uniform in [-1, 1] (+ i*[-1, 1]). */
    Values random(uint32_t batch, bool complex_values, uint32_t slots = 0);
    Pt encode(const Values &values, uint32_t level, uint32_t batch = 1, uint32_t slots = 0, sable_scale scale = {});
    Ct encrypt(const Values &values, uint32_t level, uint32_t batch = 1, uint32_t slots = 0);
    Values decrypt(const sable_ct *ct);
    sable_keyset *make_keys(const sable_key_spec *spec);

    /* c0 + c1*s (+ c2*s^2) of a member, centred modulo Q_level. */
    Phase phase(const sable_ct *ct, uint32_t member = 0);
    Phase phase(const sable_pt *pt, uint32_t member = 0);
    std::vector<uint32_t> words(const sable_ct *ct);

    sable_params *params = nullptr;
    sable_ctx *ctx = nullptr;
    sable_queue *queue = nullptr;
    sable_secret *secret = nullptr;
    sable_public_key *public_key = nullptr;
    sable_keyset *keys = nullptr;
    std::mt19937_64 rng{20260101};

  private:
    Phase compose(const std::vector<uint32_t> &residues, uint32_t level) const;
};

/* Everything that a refusal must leave alone. */
struct Snapshot {
    Snapshot(Kit &kit, const sable_ct *ct) : state(*ct), words(ct->data ? kit.words(ct) : std::vector<uint32_t>()) {}
    sable_ct state;
    std::vector<uint32_t> words;
};
::testing::AssertionResult unchanged(Kit &kit, const sable_ct *ct, const Snapshot &before);

/* -- exact polynomials ----------------------------------------------------------------------------------------------- */
Phase multiply(const Phase &a, const Phase &b); /* modulo X^N + 1 */
Phase substitute(const Phase &a, uint32_t galois);
Phase operator+(const Phase &a, const Phase &b);
Phase operator-(const Phase &a, const Phase &b);
Phase operator*(const NTL::ZZ &c, const Phase &a);
/* Q_level, and its primes. */
NTL::ZZ modulus(const sable_ctx *ctx, uint32_t level);
std::vector<uint32_t> window(const sable_ctx *ctx, uint32_t level);
NTL::ZZ integer(sable_dd x); /* x is integer-valued */

/* Root mean square and largest size of the coefficients of (a - b*num/den). */
struct Spread {
    double rms = 0, largest = 0;
};
Spread difference(const Phase &a, const Phase &b, const NTL::ZZ &num = NTL::ZZ(1), const NTL::ZZ &den = NTL::ZZ(1));
Spread merge(const std::vector<Spread> &parts);
/* Error of one slot component, over all slots and both components. */
Spread slot_error(const Values &got, const Values &expected);
double rms(const Values &v);
double largest(const Values &v);
/* Declares what the values really are; the bound is rounded up a little. */
sable_status declare(Kit &kit, sable_ct *ct, const Values &values);

} // namespace sable_test
#endif
