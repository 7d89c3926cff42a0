/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers from text equal what the C library reads, on every locale. */
#include <gtest/gtest.h>
#include <locale.h>

#include <filesystem>
#include <random>
#include <string>

extern "C" {
#include "io/number.h"
}
#include "sable/io.h"
#include "support/scratch.h"

namespace {

struct Plain {
    locale_t locale = newlocale(LC_ALL_MASK, "C", nullptr);
    ~Plain() { freelocale(locale); }
};

sable_number_outcome parse(const std::string &text, double *value) {
    static Plain plain;
    return sable_number_parse(value, text.data(), text.size(), plain.locale);
}

TEST(IoNumber, ReadsWhatStrtodReads) {
    for (const char *text : {"0",
                             "-0",
                             "1",
                             "+1",
                             "-1.5",
                             ".5",
                             "5.",
                             "00012",
                             "1e3",
                             "1E+3",
                             "1e-3",
                             "123456789012345678",
                             "9007199254740993",
                             "9007199254740992",
                             "1e22",
                             "1e23",
                             "123e20",
                             "0.1",
                             "2.2250738585072014e-308",
                             "4.9e-324",
                             "1.7976931348623157e308",
                             "0e999999999999",
                             "0.000000000000000000000000000001",
                             "100000000000000000000000000000000000000000",
                             "3.141592653589793238462643383279502884197169399375105820974944592307816406286",
                             "-8.5e-5",
                             "1e-22",
                             "1e-23"}) {
        double value = 77;
        ASSERT_EQ(parse(text, &value), SABLE_NUMBER_OK) << text;
        double want = strtod(text, nullptr);
        EXPECT_EQ(memcmp(&value, &want, sizeof want), 0) << text << " " << value;
    }
}

TEST(IoNumber, AgreesOnRandomTexts) {
    std::mt19937_64 random(20260807);
    for (int round = 0; round < 200000; round++) {
        char text[64];
        int digits = (int)(random() % 21), exponent = (int)(random() % 60) - 30;
        unsigned long long mantissa = random() >> (random() % 64);
        switch (random() % 3) {
        case 0: snprintf(text, sizeof text, "%.*fe%d", digits % 8, (double)mantissa / 1e7, exponent); break;
        case 1:
            snprintf(text, sizeof text, "%llu.%llue%d", mantissa, (unsigned long long)(random() % 10000), exponent);
            break;
        default: snprintf(text, sizeof text, "-%llu", mantissa);
        }
        double value = 0, want = strtod(text, nullptr);
        ASSERT_EQ(parse(text, &value), SABLE_NUMBER_OK) << text;
        ASSERT_EQ(value, want) << text;
    }
}

TEST(IoNumber, OutcomesAtTheEdges) {
    double value = 5;
    EXPECT_EQ(parse("1e-400", &value), SABLE_NUMBER_UNDERFLOW);
    EXPECT_EQ(value, 0);
    value = 5;
    EXPECT_EQ(parse("1e400", &value), SABLE_NUMBER_OVERFLOW);
    EXPECT_EQ(parse("-1e400", &value), SABLE_NUMBER_OVERFLOW);
    EXPECT_EQ(parse("1e99999999999999999999", &value), SABLE_NUMBER_OVERFLOW);
    EXPECT_EQ(parse("", &value), SABLE_NUMBER_EMPTY);
    EXPECT_EQ(parse(std::string(255, '1'), &value), SABLE_NUMBER_OK);
    value = 5;
    EXPECT_EQ(parse(std::string(256, '1'), &value), SABLE_NUMBER_LONG);
    for (const char *text :
         {"nan", "NaN", "inf", "-Infinity", "0x1p3", "1,5", "1_000", "+-1", "--1", "1e",    "1e+",      "e5",
          ".",   "+",   "-",   " 1",        "1 ",    "1 2", "1.2.3", "1f",  "1d5", "1e5.0", "\xD9\xA1", "\xEF\xBC\x91",
          "=1",  "1;"})
        EXPECT_EQ(parse(text, &value), SABLE_NUMBER_MALFORMED) << text;
    EXPECT_EQ(parse(std::string("1\0", 2), &value), SABLE_NUMBER_MALFORMED);
    EXPECT_EQ(value, 5) << "a refused text must leave the value alone";
}

TEST(IoNumber, FormatsTheShortestThatReadsBack) {
    struct {
        double value;
        const char *text;
    } cases[] = {{0, "0"},
                 {-0.0, "-0"},
                 {1, "1"},
                 {0.1, "0.1"},
                 {-1.5, "-1.5"},
                 {1e300, "1e+300"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {1.0 / 3, "0.3333333333333333"},
                 {5e-324, "4.94065645841247e-324"},
                 {123456789, "123456789"}};
    for (auto &c : cases) {
        char text[SABLE_NUMBER_TEXT];
        sable_number_format(text, c.value);
        EXPECT_STREQ(text, c.text);
    }
    std::mt19937_64 random(3);
    for (int i = 0; i < 20000; i++) {
        uint64_t word = random();
        double value, back = 0;
        memcpy(&value, &word, 8);
        if (!std::isfinite(value)) continue;
        char text[SABLE_NUMBER_TEXT];
        sable_number_format(text, value);
        ASSERT_LT(strlen(text), (size_t)SABLE_NUMBER_TEXT);
        ASSERT_EQ(parse(text, &back), SABLE_NUMBER_OK) << text;
        ASSERT_EQ(back, value) << text;
    }
}

/* A German locale for one test, compiled on the spot; glibc finds it through LOCPATH. */
TEST(IoNumber, ADecimalCommaChangesNothing) {
    Scratch scratch;
    std::string compile = "localedef -i de_DE -f ISO-8859-1 " + scratch.path("de_DE") + " >/dev/null 2>&1";
    if (system(compile.c_str()) != 0 && !std::filesystem::exists(scratch.path("de_DE")))
        GTEST_SKIP() << "localedef or the source of de_DE is not installed";
    setenv("LOCPATH", scratch.folder().c_str(), 1);
    std::string before = setlocale(LC_ALL, nullptr);
    const char *set = setlocale(LC_ALL, "de_DE");
    unsetenv("LOCPATH");
    if (!set) GTEST_SKIP() << "de_DE cannot be set";
    EXPECT_STREQ(localeconv()->decimal_point, ",");

    std::string csv = scratch.write("a.csv", "a,b\n1.5,1e-3\n123456789012345678901.5,2\n"), out = scratch.path("b.csv");
    sable_table *table = nullptr;
    sable_error err = {};
    EXPECT_EQ(sable_table_read(&table, csv.c_str(), nullptr, &err), SABLE_OK) << err.text;
    sable_csv_writer *writer = nullptr;
    EXPECT_EQ(sable_csv_writer_open(&writer, out.c_str(), 0644, &err), SABLE_OK);
    EXPECT_EQ(sable_csv_write_number(writer, 0.1, &err), SABLE_OK);
    EXPECT_EQ(sable_csv_end_row(writer, &err), SABLE_OK);
    EXPECT_EQ(sable_csv_writer_commit(&writer, &err), SABLE_OK);
    sable_atomic_file *file = nullptr;
    EXPECT_EQ(sable_atomic_file_open(&file, scratch.path("c").c_str(), 0644, &err), SABLE_OK);
    EXPECT_EQ(sable_atomic_file_printf(file, &err, "%.2f", 2.5), SABLE_OK);
    EXPECT_EQ(sable_atomic_file_commit(&file, &err), SABLE_OK);
    EXPECT_STREQ(localeconv()->decimal_point, ",") << "the caller's locale must stay set";
    setlocale(LC_ALL, before.c_str());

    ASSERT_NE(table, nullptr);
    EXPECT_EQ(table->values[0], 1.5);
    EXPECT_EQ(table->values[1], 1e-3);
    EXPECT_EQ(table->values[2], 123456789012345678901.5);
    sable_table_destroy(&table);
    EXPECT_EQ(Scratch::read(out), "0.1\n");
    EXPECT_EQ(Scratch::read(scratch.path("c")), "2.50");
}

} // namespace
