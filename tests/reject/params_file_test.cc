/* SPDX-License-Identifier: Apache-2.0 */
/* Parameter files with one thing wrong: the right status, and a sentence that names the place and the numbers. */
#include <gtest/gtest.h>

#include <unistd.h>

#include "support/params_support.h"

using sable_test::edited;
using sable_test::Outcome;

namespace {

const std::string &t10() {
    static const std::string text = sable_test::write(sable_test::load("T10").params.get());
    return text;
}

const std::string &infer13() {
    static const std::string text = sable_test::write(sable_test::load("infer13").params.get());
    return text;
}

void expect(sable_status status, const char *piece, const std::string &text, bool insecure = true) {
    Outcome o = sable_test::parse(text, insecure);
    EXPECT_EQ(o.status, status) << piece << ": " << o.text;
    EXPECT_NE(o.text.find(piece), std::string::npos) << "wanted \"" << piece << "\" in \"" << o.text << '"';
    EXPECT_EQ(o.params, nullptr);
}

using Edit = std::function<void(json_t *)>;
void expect_edit(sable_status status, const char *piece, const Edit &edit) {
    expect(status, piece, edited(t10(), edit));
}

Edit set(const char *key, json_t *value) {
    return [=](json_t *root) { json_object_set_new(root, key, value); };
}
Edit set_at(const char *key, size_t index, json_t *value) {
    return [=](json_t *root) { json_array_set_new(json_object_get(root, key), index, value); };
}
Edit set_in(const char *object, const char *key, json_t *value) {
    return [=](json_t *root) { json_object_set_new(json_object_get(root, object), key, value); };
}
Edit remove_key(const char *key) {
    return [=](json_t *root) { json_object_del(root, key); };
}

TEST(RejectParams, Syntax) {
    expect(SABLE_FORMAT, "line 1", "");
    expect(SABLE_FORMAT, "line 1", "x");
    expect(SABLE_FORMAT, "an object", "[1,2]");
    expect(SABLE_FORMAT, "line", "\"format\"");
    expect(SABLE_FORMAT, "format is missing", "{}");
    expect(SABLE_FORMAT, "duplicate", "{\"format\":\"sable-params\",\"format\":\"sable-params\"}");
    expect(SABLE_FORMAT, "end of file", t10() + "{}");
    expect(SABLE_FORMAT, "nested deeper", std::string(100000, '['));
    expect(SABLE_FORMAT, "nested deeper", "{\"a\":[[[[1]]]]}");
    expect(SABLE_FORMAT, "", std::string("\x1f\x8b\x08\0\0\0", 6));
    expect(SABLE_FORMAT, "", t10().substr(0, 50) + std::string(1, '\0') + t10().substr(50));
    expect(SABLE_FORMAT, "", "{\"format\":\"sable-params\",\"version\":1,\"name\":\"a\\u0000b\"}");
    expect(SABLE_FORMAT, "", "{\"format\":\"sable-params\",\"version\":123456789012345678901234567890}");
    expect(SABLE_LIMIT, "1048576", t10() + std::string(1u << 20, ' '));
    EXPECT_EQ(sable_test::parse(t10() + std::string((1u << 20) - t10().size(), ' ')).status,
              SABLE_OK); /* at the limit */
}

TEST(RejectParams, FileLargerThanTheLimit) {
    char path[] = "/tmp/sable_params_XXXXXX.json";
    int fd = mkstemps(path, 5);
    ASSERT_GE(fd, 0);
    ASSERT_EQ(ftruncate(fd, 1 << 30), 0); /* sparse: only the first MiB may be read */
    Outcome o = sable_test::load(path);
    EXPECT_EQ(o.status, SABLE_LIMIT) << o.text;
    EXPECT_NE(o.text.find(path), std::string::npos) << o.text;
    ASSERT_EQ(ftruncate(fd, 0), 0);
    EXPECT_EQ(sable_test::load(path).status, SABLE_FORMAT);
    close(fd);
    unlink(path);
}

TEST(RejectParams, MissingFields) {
    for (const char *key : {"format", "version", "name", "log_n", "secret", "error", "security", "terminals", "mains",
                            "specials", "alpha", "levels", "scales"})
        expect_edit(SABLE_FORMAT, key, remove_key(key));
    for (const char *key : {"bits", "model"})
        expect_edit(SABLE_FORMAT, key, [=](json_t *r) { json_object_del(json_object_get(r, "security"), key); });
    for (const char *key : {"stc_levels", "em_levels", "cts_levels", "k", "double_angle", "degree", "ephemeral_weight",
                            "cts_radix", "stc_radix"})
        expect_edit(SABLE_FORMAT, key, [=](json_t *r) { json_object_del(json_object_get(r, "bootstrap"), key); });
}

TEST(RejectParams, UnknownFieldsAndValues) {
    expect_edit(SABLE_FORMAT, "unknown field lambda", set("lambda", json_integer(128)));
    expect_edit(SABLE_FORMAT, "unknown field security.table", set_in("security", "table", json_string("x")));
    expect_edit(SABLE_FORMAT, "unknown field bootstrap.K", set_in("bootstrap", "K", json_integer(16)));
    expect_edit(SABLE_FORMAT, "sable-params", set("format", json_string("sable-key")));
    expect_edit(SABLE_FORMAT, "version 0", set("version", json_integer(0)));
    expect_edit(SABLE_FORMAT, "version 2", set("version", json_integer(2)));
    expect_edit(SABLE_FORMAT, "gaussian", set("error", json_string("gaussian")));
    expect_edit(SABLE_FORMAT, "sparse192", set("secret", json_string("sparse192")));
    expect_edit(SABLE_FORMAT, "security.bits is 100", set_in("security", "bits", json_integer(100)));
    expect_edit(SABLE_FORMAT, "quantum", set_in("security", "model", json_string("quantum")));
    expect_edit(SABLE_FORMAT, "insecure may only be true", set("insecure", json_false()));
    expect_edit(SABLE_FORMAT, "insecure may only be true", set("insecure", json_integer(1)));
    expect_edit(SABLE_FORMAT, "name has 0", set("name", json_string("")));
    expect_edit(SABLE_FORMAT, "name has 32", set("name", json_string(std::string(32, 'a').c_str())));
    expect_edit(SABLE_FORMAT, "letters", set("name", json_string("../T10")));
    expect_edit(SABLE_FORMAT, "letters", set("name", json_string("a\nb")));
}

TEST(RejectParams, MistypedFields) {
    expect_edit(SABLE_FORMAT, "log_n must be an integer, not a string", set("log_n", json_string("10")));
    expect_edit(SABLE_FORMAT, "log_n must be an integer, not a real", set("log_n", json_real(10)));
    expect_edit(SABLE_FORMAT, "log_n is -1", set("log_n", json_integer(-1)));
    expect_edit(SABLE_FORMAT, "log_n is 4294967296", set("log_n", json_integer(4294967296)));
    expect_edit(SABLE_FORMAT, "terminals must be an array", set("terminals", json_integer(1)));
    expect_edit(SABLE_FORMAT, "mains[3] must be an integer, not null", set_at("mains", 3, json_null()));
    expect_edit(SABLE_FORMAT, "mains[22] is 9223372036854775807", set_at("mains", 22, json_integer(INT64_MAX)));
    expect_edit(SABLE_FORMAT, "specials[0] is -5", set_at("specials", 0, json_integer(-5)));
    expect_edit(SABLE_FORMAT, "specials has 0", set("specials", json_array()));
    expect_edit(SABLE_FORMAT, "levels has 0", set("levels", json_array()));
    expect_edit(SABLE_FORMAT, "levels[2] has 3", set_at("levels", 2, json_pack("[iii]", 1, 2, 3)));
    expect_edit(SABLE_FORMAT, "levels[1] must be an array", set_at("levels", 1, json_integer(3)));
    expect_edit(SABLE_FORMAT, "levels[1][0] is 129", set_at("levels", 1, json_pack("[ii]", 129, 3)));
    expect_edit(SABLE_FORMAT, "levels[1][1] is -1", set_at("levels", 1, json_pack("[ii]", 0, -1)));
    expect_edit(SABLE_FORMAT, "scales has 14", [](json_t *r) { json_array_remove(json_object_get(r, "scales"), 0); });
    expect_edit(SABLE_FORMAT, "scales[0][0] must be a string", set_at("scales", 0, json_pack("[fs]", 1.0, "0x0p+0")));
    expect_edit(SABLE_FORMAT, "alpha is 129", set("alpha", json_integer(129)));
    expect_edit(SABLE_FORMAT, "security must be an object", set("security", json_integer(128)));
    expect_edit(SABLE_FORMAT, "bootstrap must be an object", set("bootstrap", json_array()));
    expect_edit(SABLE_FORMAT, "bootstrap.k must be", set_in("bootstrap", "k", json_true()));
    expect_edit(SABLE_FORMAT, "cts_radix has 1", set_in("bootstrap", "cts_radix", json_pack("[i]", 9)));
    expect_edit(SABLE_FORMAT, "stc_radix[1] is 17", set_in("bootstrap", "stc_radix", json_pack("[ii]", 1, 17)));
    Edit many = [](json_t *r) {
        for (int i = 0; i < 128; i++) json_array_append_new(json_object_get(r, "mains"), json_integer(947832833));
    };
    expect_edit(SABLE_FORMAT, "mains has 151", many);
}

TEST(RejectParams, Degree) {
    for (int log_n : {0, 1, 9, 18, 31, 32, 33, 64})
        expect_edit(SABLE_INVALID, ("log_n is " + std::to_string(log_n)).c_str(), set("log_n", json_integer(log_n)));
    /* The primes of T10 are 1 mod 2^11 only. */
    expect_edit(SABLE_INVALID, "modulo 2N", set("log_n", json_integer(16)));
}

TEST(RejectParams, Primes) {
    auto main0 = [](json_int_t value) { return set_at("mains", 0, json_integer(value)); };
    expect_edit(SABLE_INVALID, "prime 0 at position 4", main0(0));
    expect_edit(SABLE_INVALID, "prime 1 at", main0(1));
    expect_edit(SABLE_INVALID, "2047", main0(2047));
    expect_edit(SABLE_INVALID, "outside 2^19..2^30", main0(1073741824 + 1));
    expect_edit(SABLE_INVALID, "outside", main0(4294967295));
    expect_edit(SABLE_INVALID, "outside", main0(524288));
    expect_edit(SABLE_INVALID, "modulo 2N", main0(947832834));         /* even */
    expect_edit(SABLE_INVALID, "modulo 2N", main0(947832833 + 1024));  /* 1 mod N, not 1 mod 2N */
    expect_edit(SABLE_INVALID, "not prime", main0(947832833 + 2048));  /* composite = 1 mod 2N */
    expect_edit(SABLE_INVALID, "163841 at position 4", main0(163841)); /* a prime of 18 bits */
    expect_edit(SABLE_INVALID, "not prime", main0(12289 * 40961));     /* product of two primes = 1 mod 2N */
    expect_edit(SABLE_INVALID, "not prime", main0(12289 * 12289));     /* square */
    expect_edit(SABLE_INVALID, "twice, at positions 4 and 5", main0(947845121));
    expect_edit(SABLE_INVALID, "947832833 occurs twice", set_at("specials", 0, json_integer(947832833)));
    expect_edit(SABLE_INVALID, "specials must ascend", [](json_t *r) {
        json_t *specials = json_object_get(r, "specials");
        json_t *first = json_incref(json_array_get(specials, 0));
        json_array_remove(specials, 0);
        json_array_append_new(specials, first);
    });
}

TEST(RejectParams, Windows) {
    expect_edit(SABLE_INVALID, "level 3 asks for 5 terminals", set_at("levels", 3, json_pack("[ii]", 5, 4)));
    expect_edit(SABLE_INVALID, "level 3 asks for 2 terminals and 24 mains",
                set_at("levels", 3, json_pack("[ii]", 2, 24)));
    expect_edit(SABLE_INVALID, "window of level 0 is empty", set_at("levels", 0, json_pack("[ii]", 0, 0)));
    expect_edit(SABLE_INVALID, "top level 14 has 3", set_at("levels", 14, json_pack("[ii]", 3, 23)));
    expect_edit(SABLE_INVALID, "top level 14 has 4 terminals and 22", set_at("levels", 14, json_pack("[ii]", 4, 22)));
    expect_edit(SABLE_INVALID, "level 2, window (0,3), is not larger", set_at("levels", 2, json_pack("[ii]", 0, 3)));
    expect_edit(SABLE_INVALID, "level 2, window (2,0), is not larger", set_at("levels", 2, json_pack("[ii]", 2, 0)));
    /* Bootstrapping levels must be nested: (2,9) does not contain (4,7). */
    expect_edit(SABLE_INVALID, "scale of level 7", set_at("levels", 7, json_pack("[ii]", 2, 10)));
}

TEST(RejectParams, Scales) {
    auto scale = [](size_t l, const char *hi, const char *lo) {
        return set_at("scales", l, json_pack("[ss]", hi, lo));
    };
    for (const char *text :
         {"nan", "inf", "", "931006316707", "0x1.b1889a0146p39", "0x1.b1889a01460p+39", "0x1.8p+5000"})
        expect_edit(SABLE_FORMAT, "scales[0][0]", scale(0, text, "0x0p+0"));
    expect_edit(SABLE_FORMAT, "scales[3][1]", scale(3, "0x1.b187f6880abbdp+39", "0x1p-1074"));
    expect_edit(SABLE_INVALID, "level 0, 0", scale(0, "0x0p+0", "0x0p+0"));
    expect_edit(SABLE_INVALID, "level 0, -", scale(0, "-0x1.b1889a0146p+39", "0x0p+0"));
    expect_edit(SABLE_INVALID, "integer", scale(0, "0x1.b1889a0146p+39", "0x1p-20"));
    expect_edit(SABLE_INVALID, "integer", scale(0, "0x1.b1889a01468p+39", "0x0p+0"));
    expect_edit(SABLE_INVALID, "integer", scale(0, "0x1p+120", "0x0p+0"));
    expect_edit(SABLE_INVALID, "quarter", scale(0, "0x1p+48", "0x0p+0"));
    expect_edit(SABLE_INVALID, "quarter", scale(0, "0x1p+99", "0x0p+0"));
    expect_edit(SABLE_INVALID, "level 1 is",
                scale(0, "0x1.b1889a0148p+39", "0x0p+0")); /* other integer: level 1 no longer fits */
    expect_edit(SABLE_INVALID, "double-double", scale(1, "0x1.b18a2ec0bb97ap+39", "0x1p+0")); /* not normalised */
    expect_edit(SABLE_INVALID, "relative error 2^-52", scale(1, "0x1.b18a2ec0bb97bp+39", "0x1.05ab74e92c09fp-16"));
    expect_edit(SABLE_INVALID, "relative error 2^-8", scale(1, "0x1.b18a2ec0bb97ap+39", "0x1.05ab74e9ac09fp-16"));
    expect_edit(SABLE_INVALID, "scale of level 14", scale(14, "0x1p+59", "0x0p+0"));
}

TEST(RejectParams, Digits) {
    expect_edit(SABLE_INVALID, "alpha is 0", set("alpha", json_integer(0)));
    expect_edit(SABLE_INVALID, "alpha is 28, outside 1..27", set("alpha", json_integer(28)));
    expect_edit(SABLE_INVALID, "digit 0 (9 primes", set("alpha", json_integer(9)));
    expect_edit(SABLE_INVALID, "the 5 special primes have a product of 150 bits", [](json_t *r) {
        for (int i = 0; i < 3; i++) json_array_remove(json_object_get(r, "specials"), 0);
    });
}

TEST(RejectParams, Bootstrap) {
    auto boot = [](const char *key, json_int_t value) { return set_in("bootstrap", key, json_integer(value)); };
    expect_edit(SABLE_INVALID, "em_levels is 0", boot("em_levels", 0));
    expect_edit(SABLE_INVALID, "take 7 levels, em_levels is 6", boot("em_levels", 6));
    expect_edit(SABLE_INVALID, "2+10+2 levels of 14", boot("em_levels", 10));
    expect_edit(SABLE_FORMAT, "em_levels is", boot("em_levels", 4294967295));
    expect_edit(SABLE_INVALID, "k 0", boot("k", 0));
    expect_edit(SABLE_INVALID, "k 5000", boot("k", 5000));
    expect_edit(SABLE_INVALID, "degree 31", boot("degree", 31));
    expect_edit(SABLE_INVALID, "degree 0", boot("degree", 0));
    expect_edit(SABLE_INVALID, "double_angle 9", boot("double_angle", 9));
    expect_edit(SABLE_INVALID, "ephemeral_weight is 0", boot("ephemeral_weight", 0));
    expect_edit(SABLE_INVALID, "ephemeral_weight is 513", boot("ephemeral_weight", 513));
    expect_edit(SABLE_INVALID, "cts_radix sums to 10", set_in("bootstrap", "cts_radix", json_pack("[ii]", 5, 5)));
    expect_edit(SABLE_INVALID, "stc_radix[1] is 0", set_in("bootstrap", "stc_radix", json_pack("[ii]", 9, 0)));
}

/* Set A40 itself is secure; a sparser or a too large ephemeral key is not, and only that is wrong. */
TEST(RejectParams, EphemeralKeyOfASecureChain) {
    std::string a40 = sable_test::write(sable_test::load("A40").params.get());
    expect(SABLE_INSECURE, "weight 16", edited(a40, set_in("bootstrap", "ephemeral_weight", json_integer(16))), false);
    EXPECT_EQ(sable_test::parse(edited(a40, set_in("bootstrap", "ephemeral_weight", json_integer(64))), false).status,
              SABLE_OK);
    expect(SABLE_INSECURE, "192-bit", edited(a40, set_in("security", "bits", json_integer(192))), false);
    expect(SABLE_INSECURE, "1742", edited(a40, set_in("security", "model", json_string("pq"))), false);
    expect(SABLE_INVALID, "remove the field", edited(a40, set("insecure", json_true())), false);
    expect(SABLE_INVALID, "remove the field", edited(a40, set("insecure", json_true())), true);
}

TEST(RejectParams, RemovingTheMarkDoesNotHelp) {
    std::string text = edited(t10(), remove_key("insecure"));
    expect(SABLE_INSECURE, "1026", text, false);
    Outcome o = sable_test::parse(text, true);
    ASSERT_EQ(o.status, SABLE_OK);
    EXPECT_EQ(sable_test::write(o.params.get()), t10()); /* the mark comes back */
}

TEST(RejectParams, OrderAndSpacingOfFieldsAreFree) {
    std::string compact = edited(infer13(), [](json_t *root) {
        json_t *name = json_incref(json_object_get(root, "name"));
        json_object_del(root, "name");
        json_object_set_new(root, "name", name);
    });
    Outcome o = sable_test::parse(compact, false);
    ASSERT_EQ(o.status, SABLE_OK) << o.text;
    EXPECT_EQ(sable_test::write(o.params.get()), infer13());
}

} // namespace
