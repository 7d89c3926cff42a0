/* SPDX-License-Identifier: Apache-2.0 */
/* Every shipped set, against GMP and the published tables; loading, describing, writing. */
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "support/params_support.h"

extern "C" {
#include "base/hash.h"
#include "ring/params_impl.h"
}

using sable_test::Integer;
using sable_test::Outcome;

namespace {

void window_product(Integer &out, const sable_params *p, uint32_t level) {
    mpz_set_ui(out.get(), 1);
    for (uint32_t i = 0; i < sable_window_limbs(p, level); i++)
        mpz_mul_ui(out.get(), out.get(), p->prime[sable_window_first(p, level) + i]);
}

std::string hex(const uint8_t *bytes) {
    char text[65];
    sable_hex(text, bytes, 32);
    return text;
}

TEST(ParamsShipped, Names) {
    EXPECT_EQ(sable_test::shipped(),
              (std::vector<std::string>{"A40", "T10", "T11", "T12", "infer13", "infer14", "train15", "train16"}));
    for (const std::string &name : sable_test::shipped()) {
        Outcome o = sable_test::load(name);
        ASSERT_EQ(o.status, SABLE_OK) << o.text;
        EXPECT_EQ(sable_test::describe(o.params.get()).name, name);
    }
}

TEST(ParamsShipped, Primes) {
    for (const std::string &name : sable_test::shipped()) {
        Outcome o = sable_test::load(name);
        const sable_params *p = o.params.get();
        std::set<uint32_t> seen;
        for (uint32_t i = 0; i < p->q_count + p->p_count; i++) {
            uint32_t q = sable_params_prime(p, i);
            Integer z(q);
            EXPECT_NE(mpz_probab_prime_p(z.get(), 50), 0) << q;
            EXPECT_EQ(q % (2 * p->n), 1u) << q;
            EXPECT_LT(q, 1u << 30);
            EXPECT_GT(q, 1u << 19);
            EXPECT_TRUE(seen.insert(q).second) << q;
            if (i >= p->q_count) { /* so that P/D >= 2^30 */
                EXPECT_GT(q, *std::max_element(p->prime, p->prime + p->q_count));
            }
        }
        EXPECT_EQ(sable_params_prime(p, p->q_count + p->p_count), 0u);
        EXPECT_EQ(sable_params_prime(p, UINT32_MAX), 0u);
    }
}

TEST(ParamsShipped, WindowsGrowAndTheTopHoldsEverything) {
    for (const std::string &name : sable_test::shipped()) {
        Outcome o = sable_test::load(name);
        const sable_params *p = o.params.get();
        Integer below(1), q, all(1);
        for (uint32_t l = 0; l <= p->top_level; l++) {
            window_product(q, p, l);
            EXPECT_GT(mpz_cmp(q.get(), below.get()), 0) << name << " level " << l;
            mpz_set(below.get(), q.get());
            sable_level_info info = {};
            info.struct_size = sizeof info;
            ASSERT_EQ(sable_params_level(p, l, &info), SABLE_OK);
            EXPECT_EQ(info.first, p->terminals - info.terminals);
            EXPECT_EQ(info.limbs, info.terminals + info.mains);
            EXPECT_LE(info.first + info.limbs, p->q_count);
            EXPECT_NEAR(info.log_q, (double)mpz_sizeinbase(q.get(), 2) - 0.5, 0.5001);
            EXPECT_NEAR(info.log_scale, std::log2(info.scale_hi), 1e-12);
        }
        for (uint32_t i = 0; i < p->q_count; i++) mpz_mul_ui(all.get(), all.get(), p->prime[i]);
        EXPECT_EQ(mpz_cmp(all.get(), q.get()), 0);
        sable_level_info info = {};
        info.struct_size = sizeof info;
        EXPECT_EQ(sable_params_level(p, p->top_level + 1, &info), SABLE_LEVEL);
    }
}

/* Delta_l = sqrt(Delta_(l-1) * Q_l/Q_(l-1)) with 400 bits, from the exact base scale upward: the stored pairs are right
 * to 2^-100. */
TEST(ParamsShipped, ScalesAgainstBigFloats) {
    for (const std::string &name : sable_test::shipped()) {
        Outcome o = sable_test::load(name);
        const sable_params *p = o.params.get();
        mpf_t scale, ratio, stored, off;
        mpf_init2(scale, 400);
        mpf_init2(ratio, 400);
        mpf_init2(stored, 400);
        mpf_init2(off, 400);
        mpf_set_d(scale, p->scale[0].hi);
        EXPECT_EQ(p->scale[0].hi, 931006316707.0) << name; /* round(2^39.76) */
        EXPECT_EQ(p->scale[0].lo, 0.0) << name;
        Integer q, below;
        for (uint32_t l = 1; l <= p->top_level; l++) {
            window_product(q, p, l);
            window_product(below, p, l - 1);
            mpf_set_z(ratio, q.get());
            mpf_set_z(off, below.get());
            mpf_div(ratio, ratio, off);
            mpf_mul(scale, scale, ratio);
            mpf_sqrt(scale, scale);
            mpf_set_d(stored, p->scale[l].hi);
            mpf_set_d(off, p->scale[l].lo);
            mpf_add(stored, stored, off);
            mpf_sub(off, stored, scale);
            mpf_abs(off, off);
            mpf_mul_2exp(off, off, 100);
            EXPECT_LT(mpf_cmp(off, scale), 0) << name << " level " << l;
        }
        mpf_clears(scale, ratio, stored, off, nullptr);
    }
}

TEST(ParamsShipped, SecurityAndSizes) {
    const struct {
        const char *name;
        uint32_t log_n, top, q, p, t, alpha, digits, modulus_bits, bound;
        bool secure, boot;
    } rows[] = {
        {"A40", 16, 27, 46, 13, 4, 12, 4, 1742, 1747, true, true},
        {"T10", 10, 14, 27, 8, 4, 7, 4, 1026, 26, false, true},
        {"T11", 11, 27, 46, 13, 4, 12, 4, 1742, 53, false, true},
        {"T12", 12, 19, 35, 11, 4, 10, 4, 1354, 106, false, true},
        {"infer13", 13, 2, 5, 2, 2, 1, 5, 200, 214, true, false},
        {"infer14", 14, 7, 12, 3, 4, 2, 6, 428, 430, true, false},
        {"train15", 15, 16, 24, 5, 4, 4, 6, 846, 868, true, false},
        {"train16", 16, 31, 44, 12, 4, 11, 4, 1653, 1747, true, false},
    };
    for (auto &row : rows) {
        Outcome o = sable_test::load(row.name, !row.secure);
        ASSERT_EQ(o.status, SABLE_OK) << o.text;
        sable_params_info i = sable_test::describe(o.params.get());
        EXPECT_EQ(i.log_n, row.log_n);
        EXPECT_EQ(i.slots, 1u << (row.log_n - 1));
        EXPECT_EQ(i.top_level, row.top);
        EXPECT_EQ(i.q_count, row.q);
        EXPECT_EQ(i.p_count, row.p);
        EXPECT_EQ(i.terminals, row.t);
        EXPECT_EQ(i.alpha, row.alpha);
        EXPECT_EQ(i.digits, row.digits);
        EXPECT_EQ(i.modulus_bits, row.modulus_bits);
        EXPECT_EQ(i.security_bound, row.bound);
        EXPECT_EQ(i.security_bits, 128u);
        EXPECT_EQ(i.secure, row.secure);
        EXPECT_EQ(i.bootstrappable, row.boot);
        EXPECT_NEAR(i.log_pq, i.log_q + i.log_p, 1e-9);
        EXPECT_EQ((uint32_t)std::ceil(i.log_pq), row.modulus_bits);
        EXPECT_EQ(i.ciphertext_bytes_top, 2ull * row.q * 4 << row.log_n);
        EXPECT_EQ(i.relin_key_bytes, 2ull * row.digits * (row.q + row.p) * 4 << row.log_n);
        /* The exact product, once more. */
        Integer all(1), special(1), digit(1);
        for (uint32_t j = 0; j < row.q + row.p; j++)
            mpz_mul_ui(all.get(), all.get(), sable_params_prime(o.params.get(), j));
        EXPECT_EQ(all.bits(), row.modulus_bits);
        for (uint32_t j = row.q; j < row.q + row.p; j++)
            mpz_mul_ui(special.get(), special.get(), sable_params_prime(o.params.get(), j));
        for (uint32_t j = 0; j < row.q; j++) {
            if (j % row.alpha == 0) mpz_set_ui(digit.get(), 1);
            mpz_mul_ui(digit.get(), digit.get(), sable_params_prime(o.params.get(), j));
            EXPECT_GE(special.bits(), digit.bits() + 20);
        }
    }
}

TEST(ParamsShipped, A40IsThePublishedChain) {
    Outcome o = sable_test::load("A40", false);
    ASSERT_EQ(o.status, SABLE_OK) << o.text;
    const sable_params *p = o.params.get();
    EXPECT_EQ(hex(p->chain_sha256), "44c3c0f915910e4c441233cd921a62573a0e27ab3343d5b45b56d58bf8af7075");
    EXPECT_EQ(sable_params_prime(p, 0), 30539777u); /* t3 first */
    EXPECT_EQ(sable_params_prime(p, 3), 27918337u);
    EXPECT_EQ(sable_params_prime(p, 4), 949616641u);
    EXPECT_EQ(sable_params_prime(p, 46), 1054212097u);
    EXPECT_EQ(sable_params_prime(p, 58), 1073479681u);
    const std::vector<std::pair<int, int>> windows = {{2, 0},  {0, 3},  {4, 1},  {2, 4},  {0, 7},  {4, 5},  {2, 8},
                                                      {0, 11}, {4, 9},  {2, 12}, {0, 15}, {4, 13}, {2, 16}, {0, 19},
                                                      {4, 17}, {2, 20}, {2, 22}, {2, 24}, {2, 26}, {2, 28}, {2, 30},
                                                      {2, 32}, {2, 34}, {2, 36}, {3, 37}, {4, 38}, {4, 40}, {4, 42}};
    ASSERT_EQ(p->top_level + 1, windows.size());
    for (uint32_t l = 0; l <= p->top_level; l++) EXPECT_EQ(std::make_pair((int)p->nt[l], (int)p->nm[l]), windows[l]);
    for (uint32_t l = 0; l <= 15; l++) EXPECT_NEAR(dd_log2(p->scale[l]), 39.76, 0.0076);
    const sable_boot_plan &b = p->boot;
    EXPECT_EQ(b.stc_levels, 3u);
    EXPECT_EQ(b.em_levels, 8u);
    EXPECT_EQ(b.cts_levels, 4u);
    EXPECT_EQ(b.k, 16u);
    EXPECT_EQ(b.double_angle, 2u);
    EXPECT_EQ(b.degree, 58u);
    EXPECT_EQ(b.ephemeral_weight, 32u);
    /* T11 is the same chain in a small ring; the set is another one. */
    Outcome twin = sable_test::load("T11");
    EXPECT_EQ(hex(twin.params->chain_sha256), hex(p->chain_sha256));
    EXPECT_NE(hex(twin.params->digest), hex(p->digest));
    EXPECT_EQ(memcmp(twin.params->scale, p->scale, sizeof p->scale), 0);
}

TEST(ParamsShipped, T10AndT12Primes) {
    Outcome o = sable_test::load("T10");
    const uint32_t t10[] = {30195713,  30281729,  30308353,  30177281, 947832833,
                            947845121, 947847169, 947599361, 947804161};
    for (uint32_t i = 0; i < 9; i++) EXPECT_EQ(sable_params_prime(o.params.get(), i), t10[i]);
    EXPECT_EQ(sable_params_prime(o.params.get(), 26), 948084737u);
    EXPECT_EQ(sable_params_prime(o.params.get(), 27), 1073643521u);
    EXPECT_EQ(o.params->boot.k, 8u);
    EXPECT_EQ(o.params->boot.degree, 30u);
    EXPECT_EQ(o.params->boot.ephemeral_weight, 16u);
    o = sable_test::load("T12");
    const uint32_t t12[] = {30318593, 30179329, 30007297, 30466049, 947798017, 947429377};
    for (uint32_t i = 0; i < 6; i++) EXPECT_EQ(sable_params_prime(o.params.get(), i), t12[i]);
    EXPECT_EQ(o.params->boot.cts_radix[2], 3u);
}

/* Frozen: files and keys carry these. A change of the layout or of a set must show here. */
TEST(ParamsShipped, DigestsAreFrozen) {
    const std::pair<const char *, const char *> rows[] = {
        {"A40", "e711c9ec60a86da77a1f827a6da62dd1350777850325bf803aafb96ba25f09c1"},
        {"T10", "95f2a6155e2074c68e318b90ee93e558bea1527481c027e732380e8d5074adc6"},
        {"T11", "23361ecce188bafbd924a58de742d20d9381f4a3f000a9f1fd0927554c5c3205"},
        {"T12", "8453f9ead2c6e9d67e7fb27d01f62c0fffc3cab20f44f1f4f61e1d4cc3901652"},
        {"infer13", "f2b475725f654c208f4b2ba1ee7f9aebb84419f4f2e2f22f02367cf8d6bfbe5d"},
        {"infer14", "79b2112b3f01921de3151ccb96a2dcf62d151f4b2ce77ae6987031a2537ee4c8"},
        {"train15", "0c946d397c5bb5ffd969ec76890bb03fc71f72786cb2d8681e72695ed8bef24c"},
        {"train16", "c49253a7b789bdc3d70b52737d3090388579a105f4964ae09727404c603ab8f2"}};
    for (auto &row : rows) EXPECT_EQ(hex(sable_test::load(row.first).params->digest), row.second) << row.first;
}

TEST(ParamsShipped, DigestIgnoresTheNameAndNothingElse) {
    std::string text = sable_test::write(sable_test::load("T10").params.get());
    std::string digest = hex(sable_test::parse(text).params->digest);
    auto changed = [&](const char *what, const std::function<void(json_t *)> &edit) {
        Outcome o = sable_test::parse(sable_test::edited(text, edit));
        EXPECT_EQ(o.status, SABLE_OK) << what << ": " << o.text;
        return o.params && hex(o.params->digest) != digest;
    };
    auto boot = [](json_t *r, const char *key) { return json_object_get(json_object_get(r, "bootstrap"), key); };
    EXPECT_FALSE(changed("same", [](json_t *) {}));
    EXPECT_FALSE(changed("name", [](json_t *r) { json_object_set_new(r, "name", json_string("other")); }));
    EXPECT_TRUE(changed("alpha", [](json_t *r) { json_object_set_new(r, "alpha", json_integer(6)); }));
    EXPECT_TRUE(changed(
        "bits", [](json_t *r) { json_object_set_new(json_object_get(r, "security"), "bits", json_integer(192)); }));
    EXPECT_TRUE(changed(
        "model", [](json_t *r) { json_object_set_new(json_object_get(r, "security"), "model", json_string("pq")); }));
    EXPECT_TRUE(changed("special", [](json_t *r) { json_array_remove(json_object_get(r, "specials"), 0); }));
    EXPECT_TRUE(changed("no plan", [](json_t *r) { json_object_del(r, "bootstrap"); }));
    EXPECT_TRUE(changed("k", [&](json_t *r) { json_integer_set(boot(r, "k"), 9); }));
    EXPECT_TRUE(changed("degree", [&](json_t *r) { json_integer_set(boot(r, "degree"), 28); }));
    EXPECT_TRUE(changed("doublings", [&](json_t *r) { json_integer_set(boot(r, "double_angle"), 1); }));
    EXPECT_TRUE(changed("weight", [&](json_t *r) { json_integer_set(boot(r, "ephemeral_weight"), 32); }));
    EXPECT_TRUE(changed("radix", [&](json_t *r) {
        json_integer_set(json_array_get(boot(r, "stc_radix"), 0), 4);
        json_integer_set(json_array_get(boot(r, "stc_radix"), 1), 5);
    }));
    /* One level less at the bottom: all scales are recomputed, so take them off and start from an integer again. */
    EXPECT_TRUE(changed("base scale", [](json_t *r) {
        json_array_clear(json_object_get(r, "levels"));
        json_array_append_new(json_object_get(r, "levels"), json_pack("[ii]", 4, 23));
        json_array_clear(json_object_get(r, "scales"));
        json_array_append_new(json_object_get(r, "scales"), json_pack("[ss]", "0x1p+40", "0x0p+0"));
        json_object_del(r, "bootstrap");
    }));
}

TEST(ParamsShipped, WriteGivesTheFileBack) {
    for (const std::string &name : sable_test::shipped()) {
        std::string text = sable_test::file_text(sable_test::params_path(name));
        ASSERT_FALSE(text.empty()) << sable_test::params_path(name) << " (is SABLE_PARAMS_DIR set?)";
        Outcome from_file = sable_test::load(sable_test::params_path(name)), embedded = sable_test::load(name);
        ASSERT_EQ(from_file.status, SABLE_OK) << from_file.text;
        EXPECT_EQ(sable_test::write(from_file.params.get()), text) << name;
        EXPECT_EQ(sable_test::write(embedded.params.get()), text) << name;
        EXPECT_EQ(memcmp(from_file.params.get(), embedded.params.get(), sizeof *embedded.params), 0) << name;
        for (size_t at = 0, end; at < text.size(); at = end + 1) {
            end = text.find('\n', at);
            ASSERT_NE(end, std::string::npos);
            EXPECT_LE(end - at, 120u) << name;
        }
    }
}

TEST(ParamsShipped, InsecureSetsNeedTheCallersConsent) {
    for (const char *name : {"T10", "T11", "T12"}) {
        Outcome o = sable_test::load(name, false);
        EXPECT_EQ(o.status, SABLE_INSECURE);
        EXPECT_NE(o.text.find("bits"), std::string::npos) << o.text;
        EXPECT_EQ(o.params, nullptr);
        o = sable_test::load(name);
        EXPECT_TRUE(o.params->insecure);
    }
    EXPECT_NE(sable_test::load("T10", false).text.find("1026"), std::string::npos);
    sable_params_options no = {};
    no.struct_size = sizeof no;
    sable_params *p = nullptr;
    EXPECT_EQ(sable_params_load(&p, "T10", &no, nullptr), SABLE_INSECURE);
    EXPECT_EQ(sable_params_load(&p, "A40", &no, nullptr), SABLE_OK);
    sable_params_destroy(&p);
    EXPECT_EQ(p, nullptr);
    sable_params_destroy(&p);
    sable_params_destroy(nullptr);
}

TEST(ParamsShipped, BadArguments) {
    Outcome o = sable_test::load("A41");
    EXPECT_EQ(o.status, SABLE_INVALID);
    EXPECT_NE(o.text.find("A40, T10"), std::string::npos) << o.text;
    EXPECT_EQ(sable_test::load("no/such/file").status, SABLE_IO);
    EXPECT_EQ(sable_test::load("none.json").status, SABLE_IO);
    EXPECT_EQ(sable_test::load("/").status, SABLE_IO);
    EXPECT_EQ(sable_test::load("").status, SABLE_INVALID);
    sable_params *p = nullptr;
    sable_params_options old = {};
    old.struct_size = 4;
    EXPECT_EQ(sable_params_load(&p, "A40", &old, nullptr), SABLE_INVALID);
    EXPECT_EQ(sable_params_load(nullptr, "A40", nullptr, nullptr), SABLE_INVALID);
    EXPECT_EQ(sable_params_load(&p, nullptr, nullptr, nullptr), SABLE_INVALID);
    EXPECT_EQ(sable_params_parse(&p, nullptr, 3, nullptr, nullptr), SABLE_INVALID);
    EXPECT_EQ(sable_params_parse(&p, nullptr, 0, nullptr, nullptr), SABLE_FORMAT);
    EXPECT_EQ(p, nullptr);
    o = sable_test::load("A40");
    sable_params_info info = {};
    EXPECT_EQ(sable_params_describe(o.params.get(), &info), SABLE_INVALID); /* struct_size 0 */
    EXPECT_EQ(sable_params_describe(nullptr, &info), SABLE_INVALID);
    EXPECT_EQ(sable_params_describe(o.params.get(), nullptr), SABLE_INVALID);
    sable_level_info level = {};
    EXPECT_EQ(sable_params_level(o.params.get(), 0, &level), SABLE_INVALID);
    char *text = nullptr;
    EXPECT_EQ(sable_params_write(nullptr, &text, nullptr), SABLE_INVALID);
    EXPECT_EQ(sable_params_write(o.params.get(), nullptr, nullptr), SABLE_INVALID);
    EXPECT_EQ(sable_params_prime(nullptr, 0), 0u);
    EXPECT_EQ(sable_params_shipped(1000), nullptr);
    sable_text_free(nullptr);
}

} // namespace
