/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets, public keys and key-switching keys (oracle O7): the errors in keys are recovered with the secret. */
#include "client_fixture.h"

#include <algorithm>
#include <functional>

extern "C" {
#include "ckks/expand.h"
#include "ring/word.h"
}

namespace {
using namespace client_test;

std::vector<uint32_t> fetch(World &w, const uint32_t *device, size_t words) {
    std::vector<uint32_t> host(words);
    EXPECT_EQ(SABLE_OK, w.ctx->backend->download(w.queue->handle, host.data(), device, words * sizeof(uint32_t)));
    return host;
}

struct Work {
    client_work work = {};
    explicit Work(const sable_secret *secret) {
        sable_error err = {};
        EXPECT_EQ(SABLE_OK, client_work_open(&work, &secret->ring, 1, &err)) << err.text;
    }
    ~Work() { client_work_close(&work); }
    /* NTT of small coefficients, plain residues. */
    std::vector<uint32_t> transform(const int8_t *x, uint32_t pos) {
        client_lane *lane = &work.lane[0];
        lane_expand_small(lane, lane->limb[0], x, 1, pos);
        return std::vector<uint32_t>(lane->limb[0], lane->limb[0] + lane->on->ring->n);
    }
    std::vector<uint32_t> inverse(const std::vector<uint32_t> &x, uint32_t pos) {
        client_lane *lane = &work.lane[0];
        std::copy(x.begin(), x.end(), lane->limb[0]);
        lane_inverse(lane, lane->limb[0], lane->limb[0], 1, pos);
        return std::vector<uint32_t>(lane->limb[0], lane->limb[0] + lane->on->ring->n);
    }
};

uint32_t plain_of(uint32_t montgomery, uint32_t p) {
    return sable_mul_mod(montgomery, sable_inv_mod(static_cast<uint32_t>((1ull << 32) % p), p), p);
}

std::vector<int> centred(const std::vector<uint32_t> &x, uint32_t p) {
    std::vector<int> out;
    for (uint32_t v : x) out.push_back(v > p / 2 ? static_cast<int>(v) - static_cast<int>(p) : static_cast<int>(v));
    return out;
}

/* b + a*target - gadget on every limb: one polynomial with coefficients of at most 21. Returns it. */
using Gadget = std::function<std::vector<uint32_t>(uint32_t pos)>;
std::vector<int> key_error(Work &work, const sable_ring *ring, const uint32_t *b, const uint32_t *a,
                           const std::vector<uint16_t> &pos, const int8_t *target, const Gadget &gadget) {
    const size_t n = ring->n;
    std::vector<int> first;
    for (size_t i = 0; i < pos.size(); i++) {
        const uint32_t p = ring->prime[pos[i]].p;
        const std::vector<uint32_t> t = work.transform(target, pos[i]), g = gadget(pos[i]);
        std::vector<uint32_t> e(n);
        for (size_t j = 0; j < n; j++) {
            const uint32_t phase = static_cast<uint32_t>(
                (plain_of(b[i * n + j], p) + static_cast<uint64_t>(plain_of(a[i * n + j], p)) * t[j]) % p);
            e[j] = sable_sub_mod(phase, g[j], p);
        }
        const std::vector<int> error = centred(work.inverse(e, pos[i]), p);
        for (int v : error) EXPECT_LE(std::abs(v), SABLE_CBD_COINS) << "limb " << i;
        if (i == 0) first = error;
        EXPECT_EQ(first, error) << "limb " << i << " is not the same integer polynomial";
        if (::testing::Test::HasFailure()) break;
    }
    return first;
}

double variance(const std::vector<int> &x) {
    double s = 0;
    for (int v : x) s += static_cast<double>(v) * v;
    return s / static_cast<double>(x.size());
}

TEST(ClientKeys, SecretIsTernaryWithItsOwnId) {
    World &w = World::get("T10");
    Secret a(w), b(w);
    size_t weight = 0;
    for (uint32_t i = 0; i < w.n(); i++) {
        ASSERT_LE(std::abs(a.p->s[i]), 1);
        weight += a.p->s[i] != 0;
    }
    EXPECT_NEAR(2.0 * w.n() / 3, static_cast<double>(weight), 6 * std::sqrt(w.n() * 2.0 / 9));
    EXPECT_NE(0, memcmp(a.p->s, b.p->s, w.n()));
    uint8_t ia[SABLE_DIGEST_BYTES], ib[SABLE_DIGEST_BYTES], want[SABLE_DIGEST_BYTES];
    EXPECT_EQ(SABLE_OK, sable_secret_key_id(a, ia));
    EXPECT_EQ(SABLE_OK, sable_secret_key_id(b, ib));
    EXPECT_NE(0, memcmp(ia, ib, sizeof ia));
    std::string text = "sable/v1/key-id";
    text.append(reinterpret_cast<const char *>(w.ctx->params.digest), SABLE_DIGEST_BYTES);
    text.append(reinterpret_cast<const char *>(a.p->public_bytes), sizeof a.p->public_bytes);
    sable_hash(want, text.data(), text.size());
    EXPECT_EQ(0, memcmp(ia, want, sizeof ia));
    EXPECT_TRUE(a.p->insecure) << "T10 is below the security table";
}

TEST(ClientKeys, PublicKeyEquation) {
    World &w = World::get("T10");
    Secret s(w);
    PublicKey key(w, s);
    Work work(s);
    const sable_ring *ring = w.ctx->ring;
    std::vector<uint16_t> pos;
    for (uint32_t i = 0; i < ring->q_count + ring->p_count; i++) pos.push_back(static_cast<uint16_t>(i));
    const std::vector<uint32_t> zero(w.n());
    const std::vector<int> e = key_error(work, ring, key.p->data, key.p->data + pos.size() * w.n(), pos, s.p->s,
                                         [&](uint32_t) { return zero; });
    EXPECT_NEAR(10.5, variance(e), 10.5 * 6 * std::sqrt(2.0 / w.n()));
    uint8_t id[SABLE_DIGEST_BYTES];
    EXPECT_EQ(SABLE_OK, sable_public_key_key_id(key, id));
    EXPECT_EQ(0, memcmp(id, s.p->key_id, sizeof id));
}

struct Spec {
    sable_key_spec *p = nullptr;
    explicit Spec(World &w) {
        sable_error err = {};
        EXPECT_EQ(SABLE_OK, sable_key_spec_create(&p, w.params.get(), &err)) << err.text;
    }
    ~Spec() { sable_key_spec_destroy(&p); }
};

class ClientKeyset : public ::testing::TestWithParam<const char *> {};

/* Keys over everything, and over the hull of a few levels: partial first and last blocks. */
TEST_P(ClientKeyset, KeyEquation) {
    World &w = World::get(GetParam());
    Secret s(w);
    Work work(s);
    sable_error err = {};
    Spec spec(w);
    const uint32_t n = w.n(), alpha = w.ctx->params.alpha;
    ASSERT_EQ(SABLE_OK, sable_key_spec_add_relin(spec.p, 0, w.top(), &err)) << err.text;
    ASSERT_EQ(SABLE_OK, sable_key_spec_add_rotation(spec.p, 1, 0, 0, w.top(), &err)) << err.text;
    ASSERT_EQ(SABLE_OK, sable_key_spec_add_rotation(spec.p, -7, 0, 1, 3, &err)) << err.text;
    ASSERT_EQ(SABLE_OK, sable_key_spec_add_conjugation(spec.p, 0, 0, &err)) << err.text;
    sable_keyset *set = nullptr;
    SABLE_EXPECT_OK(w, sable_keyset_generate(w.queue, &set, s, spec.p));
    ASSERT_EQ(4u, sable_keyset_count(set));
    EXPECT_TRUE(set->insecure);
    const sable_ring *ring = w.ctx->ring;
    for (size_t k = 0; k < set->count; k++) {
        const sable_evk &key = set->key[k];
        const bool relin = key.need.kind == SABLE_KEY_RELIN;
        std::vector<uint16_t> pos;
        for (uint32_t i = 0; i < key.need.limbs; i++) pos.push_back(static_cast<uint16_t>(key.need.first + i));
        for (uint32_t i = 0; i < ring->p_count; i++) pos.push_back(static_cast<uint16_t>(ring->q_count + i));
        const uint32_t last = (key.need.first + key.need.limbs - 1) / alpha;
        ASSERT_EQ(key.need.first / alpha, key.first_block);
        ASSERT_EQ(last - key.first_block + 1, key.digits);
        std::vector<int8_t> target(s.p->s, s.p->s + n);
        if (!relin) { /* phi_g(target) = s */
            for (uint32_t g = 1; g < 2 * n; g += 2)
                if (static_cast<uint64_t>(g) * key.need.galois % (2 * n) == 1)
                    sable_small_automorphism(target.data(), s.p->s, n, g);
            std::vector<int8_t> back(n);
            sable_small_automorphism(back.data(), target.data(), n, key.need.galois);
            ASSERT_EQ(0, memcmp(back.data(), s.p->s, n));
        }
        const size_t part = pos.size() * n;
        const std::vector<uint32_t> data = fetch(w, key.data, 2 * key.digits * part);
        std::vector<int> previous;
        for (uint32_t j = 0; j < key.digits; j++) {
            auto gadget = [&](uint32_t position) {
                std::vector<uint32_t> from = work.transform(s.p->s, position);
                const uint32_t p = ring->prime[position].p;
                uint32_t factor = 0; /* P*g_j */
                if (position < ring->q_count && position / alpha == key.first_block + j) {
                    factor = 1;
                    for (uint32_t i = 0; i < ring->p_count; i++)
                        factor = sable_mul_mod(factor, ring->prime[ring->q_count + i].p % p, p);
                }
                for (uint32_t &x : from) x = sable_mul_mod(relin ? sable_mul_mod(x, x, p) : x, factor, p);
                return from;
            };
            const std::vector<int> e = key_error(work, ring, data.data() + 2 * j * part,
                                                 data.data() + (2 * j + 1) * part, pos, target.data(), gadget);
            ASSERT_FALSE(HasFailure()) << "key " << k << " digit " << j;
            EXPECT_NEAR(10.5, variance(e), 10.5 * 6 * std::sqrt(2.0 / n));
            EXPECT_NE(previous, e) << "every digit has an error of its own";
            previous = e;
        }
        /* The halves a are the expansion that a file's reader makes. */
        uint32_t *made = nullptr;
        ASSERT_EQ(SABLE_OK, sable_words_alloc(w.queue, &made, key.digits * part, "a test"));
        const sable_limbs view =
            sable_dense_limbs(w.ctx, made, pos.data(), static_cast<uint32_t>(pos.size()), key.digits, 1);
        ASSERT_EQ(SABLE_OK,
                  sable_expand(w.queue, &view, set->key_id, key.seed, relin ? SABLE_EXPAND_RELIN : SABLE_EXPAND_GALOIS,
                               key.first_block, key.need.galois, true));
        std::vector<uint32_t> a(key.digits * part);
        ASSERT_EQ(SABLE_OK, w.ctx->backend->download(w.queue->handle, a.data(), made, a.size() * sizeof a[0]));
        sable_words_release(w.queue, made);
        for (uint32_t j = 0; j < key.digits; j++)
            for (size_t i = 0; i < part; i += 61)
                ASSERT_EQ(a[j * part + i], data[(2 * j + 1) * part + i]) << "key " << k;
    }
    sable_keyset_destroy(w.queue, &set);
}
INSTANTIATE_TEST_SUITE_P(Sets, ClientKeyset, ::testing::Values("T10", "T11"));

/* sum_j [x]_{D_j} * g_j = x modulo every prime of every level: the digits of a level are a partition of its window by
 * blocks. */
TEST(ClientKeys, GadgetIdentity) {
    for (const char *name : {"T10", "T11"}) {
        World &w = World::get(name);
        const uint32_t alpha = w.ctx->params.alpha;
        for (uint32_t l = 0; l <= w.top(); l++) {
            const sable_level_tables &t = w.ctx->level[l];
            std::vector<uint32_t> covered(t.limbs);
            for (uint32_t j = 0; j < t.digits; j++)
                for (uint32_t i = 0; i < t.digit_limbs[j]; i++) {
                    covered[t.digit_first[j] + i]++;
                    EXPECT_EQ(t.first_block + j, t.pos[t.digit_first[j] + i] / alpha)
                        << "g_j is 1 modulo the primes of digit j";
                }
            for (uint32_t c : covered) EXPECT_EQ(1u, c) << name << " level " << l;
        }
    }
}

TEST(ClientKeys, EveryKeyAndCiphertextHasItsOwnSeed) {
    World &w = World::get("T10");
    Secret s(w);
    PublicKey a(w, s), b(w, s);
    EXPECT_NE(0, memcmp(a.p->seed, b.p->seed, sizeof a.p->seed));
    EXPECT_NE(0, memcmp(a.p->data, b.p->data, w.n() * sizeof(uint32_t)));
}

TEST(ClientKeys, OtherParametersAreRefused) {
    World &w = World::get("T10"), &other = World::get("T11");
    Secret s(other);
    sable_public_key *key = nullptr;
    EXPECT_EQ(SABLE_PARAMS_MISMATCH, sable_public_key_generate(w.queue, &key, s));
    EXPECT_EQ(nullptr, key);
    EXPECT_NE(nullptr, strstr(sable_queue_error(w.queue), "T11")) << sable_queue_error(w.queue);
    Spec spec(w);
    sable_keyset *set = nullptr;
    EXPECT_EQ(SABLE_PARAMS_MISMATCH, sable_keyset_generate(w.queue, &set, s, spec.p));
}

} // namespace
