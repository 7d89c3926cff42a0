/* SPDX-License-Identifier: Apache-2.0 */
/* Security tables: every entry accepted at the bound and refused one bit above, for bare queries and for whole sets. */
#include <gtest/gtest.h>

#include <cmath>

#include "support/params_support.h"

extern "C" {
#include "base/dd.h"
#include "ring/params_hex.h"
#include "ring/primes.h"
#include "ring/security.h"
}

namespace {

/* N = 2^10.. 2^17; 0 = no entry. Written out again here, so that a slip of the keyboard there shows. */
const uint32_t kClassical[3][8] = {{26, 53, 106, 214, 430, 868, 1747, 3523},
                                   {0, 36, 73, 147, 297, 597, 1199, 2411},
                                   {0, 27, 56, 114, 230, 462, 929, 1866}};
const uint32_t kPostQuantum[3][8] = {{25, 50, 101, 202, 409, 825, 1663, 3348},
                                     {0, 34, 69, 140, 283, 570, 1145, 2301},
                                     {0, 26, 53, 108, 219, 442, 888, 1784}};
const uint32_t kBits[3] = {128, 192, 256};

sable_security_query ternary(uint32_t log_n, uint32_t bits, sable_security_model model, uint32_t modulus_bits) {
    sable_security_query q = {};
    q.secret = SABLE_SECRET_TERNARY;
    q.log_n = log_n;
    q.security_bits = bits;
    q.model = model;
    q.modulus_bits = modulus_bits;
    return q;
}

TEST(ParamsSecurity, TernaryTablesAtTheBoundAndOneBitAbove) {
    for (sable_security_model model : {SABLE_MODEL_CLASSICAL, SABLE_MODEL_PQ})
        for (int row = 0; row < 3; row++)
            for (uint32_t log_n = 10; log_n <= 17; log_n++) {
                uint32_t bound = (model == SABLE_MODEL_CLASSICAL ? kClassical : kPostQuantum)[row][log_n - 10], got = 1;
                sable_error err = {};
                EXPECT_EQ(sable_security_bound(log_n, kBits[row], model), bound) << log_n << " " << kBits[row];
                sable_security_query q = ternary(log_n, kBits[row], model, bound);
                EXPECT_EQ(sable_security_check(&q, &got, &err), bound ? SABLE_OK : SABLE_INSECURE);
                EXPECT_EQ(got, bound);
                q.modulus_bits = bound + 1;
                ASSERT_EQ(sable_security_check(&q, nullptr, &err), SABLE_INSECURE);
                EXPECT_EQ(err.code, SABLE_INSECURE);
                if (bound) {
                    EXPECT_NE(strstr(err.text, std::to_string(bound).c_str()), nullptr) << err.text;
                }
            }
}

TEST(ParamsSecurity, NothingOutsideTheTables) {
    for (uint32_t log_n : {0u, 9u, 18u, 31u, UINT32_MAX}) {
        EXPECT_EQ(sable_security_bound(log_n, 128, SABLE_MODEL_CLASSICAL), 0u);
        for (int kind = 0; kind < 4; kind++) {
            sable_security_query q = ternary(log_n, 128, SABLE_MODEL_CLASSICAL, 1);
            q.secret = (sable_secret_kind)kind;
            q.weight = 192;
            q.allow_sparse_main = true;
            EXPECT_EQ(sable_security_check(&q, nullptr, nullptr), SABLE_INSECURE);
        }
    }
    for (uint32_t bits : {0u, 64u, 127u, 129u, 160u, 320u})
        EXPECT_EQ(sable_security_bound(15, bits, SABLE_MODEL_CLASSICAL), 0u) << bits;
}

TEST(ParamsSecurity, EphemeralSecret) {
    sable_security_query q = ternary(15, 128, SABLE_MODEL_CLASSICAL, 121);
    q.secret = SABLE_SECRET_EPHEMERAL;
    q.weight = 32;
    uint32_t bound = 0;
    EXPECT_EQ(sable_security_check(&q, &bound, nullptr), SABLE_OK);
    EXPECT_EQ(bound, 121u);
    q.log_n = 17;
    EXPECT_EQ(sable_security_check(&q, nullptr, nullptr), SABLE_OK);

    auto refused = [&](auto change) {
        sable_security_query bad = q;
        change(bad);
        return sable_security_check(&bad, nullptr, nullptr) == SABLE_INSECURE;
    };
    EXPECT_TRUE(refused([](auto &b) { b.modulus_bits = 122; }));
    EXPECT_TRUE(refused([](auto &b) { b.modulus_bits = 1742; })); /* the key made at full modulus by mistake */
    EXPECT_TRUE(refused([](auto &b) { b.weight = 31; }));
    EXPECT_TRUE(refused([](auto &b) { b.weight = 0; }));
    EXPECT_TRUE(refused([](auto &b) { b.weight = (1u << 17) + 1; }));
    EXPECT_TRUE(refused([](auto &b) { b.log_n = 14; }));
    EXPECT_TRUE(refused([](auto &b) { b.security_bits = 192; }));
    EXPECT_TRUE(refused([](auto &b) { b.model = SABLE_MODEL_PQ; }));
}

TEST(ParamsSecurity, SparseMainSecretOnlyOnRequest) {
    const struct {
        uint32_t weight, bits[3];
    } rows[] = {{32, {183, 404, 885}}, {64, {509, 1060, 2208}}, {192, {768, 1553, 3151}}, {256, {794, 1600, 3236}}};
    for (auto &row : rows)
        for (uint32_t i = 0; i < 3; i++) {
            sable_security_query q = ternary(15 + i, 128, SABLE_MODEL_CLASSICAL, row.bits[i]);
            q.secret = SABLE_SECRET_SPARSE;
            q.weight = row.weight;
            EXPECT_EQ(sable_security_check(&q, nullptr, nullptr), SABLE_INSECURE);
            q.allow_sparse_main = true;
            EXPECT_EQ(sable_security_check(&q, nullptr, nullptr), SABLE_OK);
            q.modulus_bits++;
            EXPECT_EQ(sable_security_check(&q, nullptr, nullptr), SABLE_INSECURE);
            q.modulus_bits--;
            q.weight--; /* a little sparser than the row: the row below counts */
            EXPECT_EQ(sable_security_check(&q, nullptr, nullptr), SABLE_INSECURE);
            q.weight++;
            q.model = SABLE_MODEL_PQ;
            EXPECT_EQ(sable_security_check(&q, nullptr, nullptr), SABLE_INSECURE);
        }
}

/* A one-level set whose primes multiply to exactly `bits` bits. */
std::string set_of_bits(uint32_t log_n, uint32_t bits) {
    std::vector<uint32_t> pool(1u << 16);
    pool.resize(sable_primes_between(pool.data(), pool.size(), 1u << 29, 1u << 30, log_n + 1));
    sable_test::Integer product(1), wanted(1), left;
    mpz_mul_2exp(wanted.get(), wanted.get(), bits);
    std::vector<uint32_t> primes;
    auto take = [&](uint32_t p) {
        primes.push_back(p);
        mpz_mul_ui(product.get(), product.get(), p);
    };
    while (bits - product.bits() > 89) {
        take(pool.back());
        pool.pop_back();
    }
    /* Three or four primes of about equal size fill the rest: the last decides the last bit. Where primes are rare the
     * first sizes may leave no room for it, so others are tried. */
    uint32_t rest = (uint32_t)(bits - product.bits() + 1), parts = rest > 85 ? 4 : 3, fill[3], last;
    for (double factor = 1.05;; factor += 0.05) {
        sable_primes_between(fill, 3, (uint32_t)(factor * std::exp2((double)rest / parts)), 1u << 30, log_n + 1);
        mpz_fdiv_q(left.get(), wanted.get(), product.get());
        for (uint32_t i = 0; i + 1 < parts; i++) mpz_fdiv_q_ui(left.get(), left.get(), fill[i]);
        uint32_t limit = (uint32_t)mpz_get_ui(left.get());
        if (sable_primes_between(&last, 1, limit / 2 + 1, limit, log_n + 1) > 0 && last > 1u << 19) break;
    }
    for (uint32_t i = 0; i + 1 < parts; i++) take(fill[i]);
    take(last);
    EXPECT_EQ(product.bits(), bits);
    std::string list;
    for (size_t i = 1; i < primes.size(); i++) list += (i > 1 ? "," : "") + std::to_string(primes[i]);
    return "{\"format\":\"sable-params\",\"version\":1,\"name\":\"x\",\"log_n\":" + std::to_string(log_n) +
           ",\"secret\":\"ternary\",\"error\":\"cbd21\",\"security\":{\"bits\":128,\"model\":\"classical\"},"
           "\"terminals\":[],\"mains\":[" +
           list + "],\"specials\":[" + std::to_string(primes[0]) + "],\"alpha\":1,\"levels\":[[0," +
           std::to_string(primes.size() - 1) + "]],\"scales\":[[\"0x1p+20\",\"0x0p+0\"]]}";
}

TEST(ParamsSecurity, WholeSetsAtTheBoundAndOneBitAbove) {
    for (uint32_t log_n = 12; log_n <= 17; log_n++) {
        uint32_t bound = kClassical[0][log_n - 10];
        auto good = sable_test::parse(set_of_bits(log_n, bound), false);
        ASSERT_EQ(good.status, SABLE_OK) << good.text;
        sable_params_info info = sable_test::describe(good.params.get());
        EXPECT_TRUE(info.secure);
        EXPECT_EQ(info.modulus_bits, bound);
        EXPECT_EQ(info.security_bound, bound);
        std::string over = set_of_bits(log_n, bound + 1);
        auto bad = sable_test::parse(over, false);
        EXPECT_EQ(bad.status, SABLE_INSECURE);
        EXPECT_NE(bad.text.find(std::to_string(bound + 1) + " bits"), std::string::npos) << bad.text;
        EXPECT_EQ(bad.params, nullptr);
        auto marked = sable_test::parse(over, true);
        ASSERT_EQ(marked.status, SABLE_OK);
        EXPECT_FALSE(sable_test::describe(marked.params.get()).secure);
        EXPECT_NE(sable_test::write(marked.params.get()).find("\"insecure\": true"), std::string::npos);
    }
}

TEST(ParamsSecurity, FileClaimsAreNotBelieved) {
    /* 192 bits, or post-quantum, asked for a set that only has 128 classical: refused, whatever the file says. */
    std::string text = set_of_bits(14, 430);
    auto with = [&](const char *bits_and_model) {
        std::string t = text;
        const std::string old = "{\"bits\":128,\"model\":\"classical\"}";
        t.replace(t.find(old), old.size(), bits_and_model);
        return sable_test::parse(t, false).status;
    };
    EXPECT_EQ(with("{\"bits\":128,\"model\":\"classical\"}"), SABLE_OK);
    EXPECT_EQ(with("{\"bits\":192,\"model\":\"classical\"}"), SABLE_INSECURE);
    EXPECT_EQ(with("{\"bits\":256,\"model\":\"classical\"}"), SABLE_INSECURE);
    EXPECT_EQ(with("{\"bits\":128,\"model\":\"pq\"}"), SABLE_INSECURE);
    EXPECT_EQ(sable_test::parse(text.insert(text.size() - 1, ",\"insecure\":true"), true).status, SABLE_INVALID);
}

} // namespace
