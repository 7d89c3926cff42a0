/* SPDX-License-Identifier: Apache-2.0 */
/* Parameter files cut, flipped and filled with odd values: a set or a sentence, never a crash. */
#include <gtest/gtest.h>

#include <random>

#include "support/params_support.h"

using sable_test::Outcome;

namespace {

std::string text_of(const char *name) { return sable_test::write(sable_test::load(name).params.get()); }

void expect_orderly(const Outcome &o, const char *what) {
    if (o.status == SABLE_OK) {
        ASSERT_NE(o.params, nullptr) << what;
        auto again = sable_test::parse(sable_test::write(o.params.get()));
        EXPECT_EQ(again.status, SABLE_OK) << what << ": " << again.text;
    } else {
        EXPECT_TRUE(o.status == SABLE_FORMAT || o.status == SABLE_INVALID || o.status == SABLE_INSECURE) << o.text;
        EXPECT_FALSE(o.text.empty()) << what;
        EXPECT_EQ(o.params, nullptr) << what;
    }
}

TEST(FuzzParams, TruncationAtEveryByte) {
    for (const char *name : {"A40", "T10", "infer13"}) {
        std::string text = text_of(name);
        for (size_t length = 0; length + 1 < text.size(); length++) { /* the last byte is a newline */
            Outcome o = sable_test::parse(text.substr(0, length));
            ASSERT_EQ(o.status, SABLE_FORMAT) << name << " cut at " << length;
        }
    }
}

TEST(FuzzParams, ByteFlips) {
    std::mt19937 random(9);
    for (const char *name : {"T10", "infer13"}) {
        std::string text = text_of(name);
        for (size_t at = 0; at < text.size(); at++) /* every bit of every byte */
            for (int bit = 0; bit < 8; bit++) {
                std::string bad = text;
                bad[at] = (char)(bad[at] ^ 1 << bit);
                expect_orderly(sable_test::parse(bad), name);
            }
        for (int round = 0; round < 10000; round++) {
            std::string bad = text;
            for (unsigned flips = 1 + random() % 6; flips; flips--) bad[random() % bad.size()] = (char)random();
            expect_orderly(sable_test::parse(bad), name);
        }
    }
}

TEST(FuzzParams, PiecesMovedAndRepeated) {
    std::mt19937 random(10);
    std::string text = text_of("T10");
    for (int round = 0; round < 10000; round++) {
        std::string bad = text;
        size_t from = random() % bad.size(), length = random() % 40, to = random() % bad.size();
        switch (random() % 3) {
        case 0: bad.insert(to, bad.substr(from, length)); break;
        case 1: bad.erase(from, length); break;
        default: bad.replace(to, random() % 40, bad.substr(from, length)); break;
        }
        expect_orderly(sable_test::parse(bad), "pieces");
    }
}

/* Calls visit(value, replace) for every value below `node`. */
void walk(json_t *node, const std::function<void(const std::function<void(json_t *)> &)> &visit) {
    if (json_is_object(node)) {
        std::vector<std::string> keys;
        const char *key;
        json_t *value;
        json_object_foreach(node, key, value) keys.push_back(key);
        for (const std::string &k : keys) {
            walk(json_object_get(node, k.c_str()), visit);
            visit([&](json_t *v) { json_object_set(node, k.c_str(), v); });
        }
    } else if (json_is_array(node)) {
        for (size_t i = 0; i < json_array_size(node); i++) {
            walk(json_array_get(node, i), visit);
            visit([&](json_t *v) { json_array_set(node, i, v); });
        }
    }
}

/* Every value of the tree, one at a time, by every odd value. */
TEST(FuzzParams, OddValuesEverywhere) {
    const std::string text = text_of("T10");
    const char *const odd[] = {"null",
                               "true",
                               "false",
                               "-1",
                               "0",
                               "1",
                               "2",
                               "63",
                               "128",
                               "255",
                               "256",
                               "1073741823",
                               "4294967295",
                               "4294967296",
                               "9223372036854775807",
                               "-9223372036854775808",
                               "1.5",
                               "1e308",
                               "\"\"",
                               "\"0x1p+1022\"",
                               "\"-0x1p-1022\"",
                               "\"%s%n\"",
                               "[]",
                               "{}",
                               "[[]]",
                               "[0,0]",
                               "[-1,-1]",
                               "[128,128]",
                               "{\"bits\":128}"};
    for (const char *value : odd) {
        json_t *replacement = json_loads(value, JSON_DECODE_ANY, nullptr);
        ASSERT_NE(replacement, nullptr);
        size_t places = 0, skip = 0;
        do { /* one place a pass: the pass number tells which */
            places = 0;
            std::string bad = sable_test::edited(text, [&](json_t *root) {
                walk(root, [&](const std::function<void(json_t *)> &replace) {
                    if (places++ == skip) replace(replacement);
                });
            });
            expect_orderly(sable_test::parse(bad), value);
        } while (++skip < places);
        EXPECT_GT(places, 100u);
        json_decref(replacement);
    }
}

} // namespace
