/* SPDX-License-Identifier: Apache-2.0 */
/* host/base: statuses and error sentences, double-double arithmetic, hashes. */
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

extern "C" {
#include "base/dd.h"
#include "base/fail.h"
#include "base/hash.h"
}

namespace {

/* ---- statuses ---- */

const std::vector<std::pair<sable_status, const char *>> kStatuses = {
    {SABLE_OK, "ok"},
    {SABLE_INVALID, "invalid"},
    {SABLE_LEVEL, "level"},
    {SABLE_SCALE, "scale"},
    {SABLE_DEGREE, "degree"},
    {SABLE_NO_KEY, "no_key"},
    {SABLE_KEY_MISMATCH, "key_mismatch"},
    {SABLE_PARAMS_MISMATCH, "params_mismatch"},
    {SABLE_INSECURE, "insecure"},
    {SABLE_BOUND, "bound"},
    {SABLE_DATA, "data"},
    {SABLE_FORMAT, "format"},
    {SABLE_IO, "io"},
    {SABLE_NO_MEMORY, "no_memory"},
    {SABLE_NO_DEVICE, "no_device"},
    {SABLE_UNSUPPORTED, "unsupported"},
    {SABLE_LIMIT, "limit"},
    {SABLE_BUSY, "busy"},
    {SABLE_DEVICE, "device"},
    {SABLE_INTERNAL, "internal"},
};

TEST(Status, EveryCodeHasItsOwnName) {
    std::set<std::string> seen;
    for (const auto &[status, name] : kStatuses) {
        EXPECT_STREQ(sable_status_name(status), name);
        EXPECT_TRUE(seen.insert(name).second) << name;
    }
}

TEST(Status, ValuesAreStable) {
    /* Programs and reports store these numbers: a renumbering is a break of the interface. */
    for (int i = 0; i <= 17; i++) EXPECT_EQ(static_cast<int>(kStatuses[static_cast<size_t>(i)].first), i);
    EXPECT_EQ(static_cast<int>(SABLE_DEVICE), -1);
    EXPECT_EQ(static_cast<int>(SABLE_INTERNAL), -2);
}

TEST(Fail, WritesCodeAndSentence) {
    sable_error error = {};
    EXPECT_EQ(sable_fail(&error, SABLE_LEVEL, "level %d, expected at most %d", 7, 5), SABLE_LEVEL);
    EXPECT_EQ(error.code, SABLE_LEVEL);
    EXPECT_STREQ(error.text, "level 7, expected at most 5");
}

TEST(Fail, AcceptsNoRecord) { EXPECT_EQ(sable_fail(nullptr, SABLE_IO, "%s", "nobody listens"), SABLE_IO); }

TEST(Fail, CutsALongSentenceInsideTheRecord) {
    struct {
        sable_error error;
        unsigned char guard[64];
    } record;
    std::fill_n(reinterpret_cast<unsigned char *>(&record), sizeof record, static_cast<unsigned char>(0xa5));
    const size_t room = sizeof record.error.text;
    for (size_t length : {room - 2, room - 1, room, room + 1, 10 * room}) {
        const std::string sentence(length, 'x');
        EXPECT_EQ(sable_fail(&record.error, SABLE_DATA, "%s", sentence.c_str()), SABLE_DATA);
        EXPECT_EQ(std::string(record.error.text), sentence.substr(0, room - 1)) << "length " << length;
    }
    for (unsigned char byte : record.guard) EXPECT_EQ(byte, 0xa5);
}

sable_status try_twice(sable_status first, sable_status second, int *calls) {
    SABLE_TRY((++*calls, first));
    SABLE_TRY((++*calls, second));
    return SABLE_OK;
}

TEST(Fail, TryStopsAtTheFirstFailure) {
    int calls = 0;
    EXPECT_EQ(try_twice(SABLE_OK, SABLE_OK, &calls), SABLE_OK);
    EXPECT_EQ(calls, 2);
    calls = 0;
    EXPECT_EQ(try_twice(SABLE_DEVICE, SABLE_OK, &calls), SABLE_DEVICE);
    EXPECT_EQ(calls, 1);
}

/* ---- double-double ---- */

/* 113 bits: wide enough to judge 106-bit results. */
#if defined(__SIZEOF_FLOAT128__)
using quad = __float128;
#else
using quad = long double;
static_assert(LDBL_MANT_DIG >= 113, "no type to check double-doubles against");
#endif

const double kU2 = ldexp(1, -106);        /* u^2 of the bounds in dd.h */
const double kQuadError = ldexp(1, -111); /* what the reference itself may be off by */

quad wide(sable_dd a) { return static_cast<quad>(a.hi) + static_cast<quad>(a.lo); }

double relative_error(sable_dd got, quad want) {
    const quad difference = wide(got) - want;
    if (want == 0) return difference == 0 ? 0 : INFINITY;
    return fabs(static_cast<double>(difference / want));
}

bool normalised(sable_dd a) { return a.hi + a.lo == a.hi; }

std::string show(sable_dd a) {
    char text[80];
    snprintf(text, sizeof text, "(%a, %a)", a.hi, a.lo);
    return text;
}

class DoubleDouble : public testing::Test {
  protected:
    /* A full-width value of either sign with exponent in [-range, range]. */
    sable_dd draw(int range) {
        std::uniform_real_distribution<double> mantissa(0.5, 1.0);
        std::uniform_int_distribution<int> exponent(-range, range);
        const double hi = ldexp(mantissa(random_), exponent(random_)) * (random_() & 1 ? 1 : -1);
        const double lo = hi * ldexp(mantissa(random_), -54) * (random_() & 1 ? 1 : -1);
        return dd_quick_sum(hi, lo);
    }
    std::mt19937_64 random_{20240501};
    static constexpr int kRounds = 20000;
};

TEST_F(DoubleDouble, SumAndProductOfDoublesAreExact) {
    for (int i = 0; i < kRounds; i++) {
        /* Exponents within 2^20 of each other keep the exact sum inside the 113 bits of the reference. */
        const double a = draw(10).hi, b = draw(10).hi;
        EXPECT_TRUE(wide(dd_two_sum(a, b)) == static_cast<quad>(a) + static_cast<quad>(b)) << a << " + " << b;
        EXPECT_TRUE(wide(dd_two_prod(a, b)) == static_cast<quad>(a) * static_cast<quad>(b)) << a << " * " << b;
    }
}

TEST_F(DoubleDouble, AddStaysWithinItsBound) {
    for (int i = 0; i < kRounds; i++) {
        const sable_dd a = draw(i % 60), b = draw(i % 60), c = dd_add(a, b);
        ASSERT_TRUE(normalised(c)) << show(a) << " + " << show(b);
        ASSERT_LE(relative_error(c, wide(a) + wide(b)), 3 * kU2 + kQuadError) << show(a) << " + " << show(b);
    }
}

TEST_F(DoubleDouble, SubtractionSurvivesCancellation) {
    for (int i = 0; i < kRounds; i++) {
        const sable_dd a = draw(3);
        /* Neighbours of a: all leading bits cancel. */
        const sable_dd b = dd_add(a, dd(ldexp(a.hi, -(i % 90))));
        const sable_dd c = dd_sub(b, a);
        ASSERT_LE(relative_error(c, wide(b) - wide(a)), 3 * kU2 + kQuadError) << show(b) << " - " << show(a);
    }
}

TEST_F(DoubleDouble, MulStaysWithinItsBound) {
    for (int i = 0; i < kRounds; i++) {
        const sable_dd a = draw(100), b = draw(100), c = dd_mul(a, b);
        ASSERT_TRUE(normalised(c)) << show(a) << " * " << show(b);
        ASSERT_LE(relative_error(c, wide(a) * wide(b)), 5 * kU2 + kQuadError) << show(a) << " * " << show(b);
    }
}

TEST_F(DoubleDouble, DivStaysWithinItsBound) {
    for (int i = 0; i < kRounds; i++) {
        const sable_dd a = draw(100), b = draw(100), c = dd_div(a, b);
        ASSERT_TRUE(normalised(c)) << show(a) << " / " << show(b);
        ASSERT_LE(relative_error(c, wide(a) / wide(b)), 10 * kU2 + kQuadError) << show(a) << " / " << show(b);
    }
}

TEST_F(DoubleDouble, SqrtStaysWithinItsBound) {
    for (int i = 0; i < kRounds; i++) {
        sable_dd a = draw(100);
        if (a.hi < 0) a = dd_neg(a);
        const sable_dd c = dd_sqrt(a);
        /* The square doubles the relative error of the root, which is at most 4 u^2. */
        ASSERT_LE(fabs(static_cast<double>((wide(c) * wide(c) - wide(a)) / wide(a))), 8 * kU2 + kQuadError) << show(a);
    }
    EXPECT_TRUE(dd_equal(dd_sqrt(dd(0)), dd(0)));
    EXPECT_TRUE(dd_equal(dd_sqrt(dd(144)), dd(12)));
}

TEST_F(DoubleDouble, ExactCasesAreExact) {
    const sable_dd a = draw(20);
    EXPECT_TRUE(dd_equal(dd_add(a, dd(0)), a));
    EXPECT_TRUE(dd_equal(dd_mul(a, dd(1)), a));
    EXPECT_TRUE(dd_equal(dd_sub(a, a), dd(0)));
    EXPECT_TRUE(dd_equal(dd_div(a, a), dd(1)));
    EXPECT_TRUE(dd_equal(dd_neg(dd_neg(a)), a));
    EXPECT_FALSE(dd_equal(a, dd_add(a, dd(ldexp(a.hi, -100)))));
}

TEST_F(DoubleDouble, Log2) {
    for (int k = -200; k <= 200; k++) EXPECT_EQ(dd_log2(dd(ldexp(1, k))), k);
    EXPECT_DOUBLE_EQ(dd_log2(dd(3)), 1.5849625007211561815);
    /* The low word counts: log2(1 + x) = x / ln 2 for an x that the high word alone cannot hold. */
    EXPECT_DOUBLE_EQ(dd_log2(sable_dd{1, ldexp(1, -70)}), ldexp(1, -70) / M_LN2);
}

/* ---- hashes ---- */

std::string hex_of(const std::vector<uint8_t> &bytes) {
    std::vector<char> text(2 * bytes.size() + 1, '?');
    sable_hex(text.data(), bytes.data(), bytes.size());
    EXPECT_EQ(text.back(), '\0');
    return text.data();
}

std::string hash_of(const std::vector<uint8_t> &message) {
    std::vector<uint8_t> digest(SABLE_HASH_BYTES);
    sable_hash(digest.data(), message.data(), message.size());
    return hex_of(digest);
}

std::vector<uint8_t> counting_message() {
    std::vector<uint8_t> message(1000);
    for (size_t i = 0; i < message.size(); i++) message[i] = static_cast<uint8_t>(i % 251);
    return message;
}

TEST(Hex, LowerCaseTerminated) {
    EXPECT_EQ(hex_of({}), "");
    EXPECT_EQ(hex_of({0x00, 0x0f, 0x10, 0x9a, 0xbc, 0xff}), "000f109abcff");
}

TEST(Hash, KnownAnswers) { /* computed with Python's hashlib.blake2b(digest_size=32) */
    EXPECT_EQ(hash_of({}), "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
    EXPECT_EQ(hash_of({'a', 'b', 'c'}), "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
    EXPECT_EQ(hash_of(counting_message()), "b372d0608f720c8c3dd41e9c8eecb10143b41abe520b616607e754bf79c08331");
}

TEST(Hash, PiecesHashLikeTheWhole) {
    const std::vector<uint8_t> message = counting_message();
    std::vector<uint8_t> whole(SABLE_HASH_BYTES), pieces(SABLE_HASH_BYTES);
    sable_hash(whole.data(), message.data(), message.size());
    /* 128 is the block of BLAKE2b: pieces below, at and above it. */
    for (size_t piece : {1u, 7u, 127u, 128u, 129u, 256u, 999u, 1000u}) {
        sable_hash_state state;
        sable_hash_init(&state);
        for (size_t at = 0; at < message.size(); at += piece)
            sable_hash_update(&state, message.data() + at, std::min(piece, message.size() - at));
        sable_hash_update(&state, nullptr, 0);
        sable_hash_final(&state, pieces.data());
        EXPECT_EQ(pieces, whole) << "pieces of " << piece;
    }
}

} // namespace
