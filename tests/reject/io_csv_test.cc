/* SPDX-License-Identifier: Apache-2.0 */
/* CSV files that must be refused, with the status, the line and column, and the offending text. */
#include <gtest/gtest.h>

#include <vector>

#include "sable/io.h"
#include "support/packed.h"
#include "support/scratch.h"

namespace {

sable_status read(const std::string &path, const sable_table_options *options, sable_error *err) {
    sable_table *table = nullptr;
    sable_status status = sable_table_read(&table, path.c_str(), options, err);
    EXPECT_TRUE(status == SABLE_OK || table == nullptr) << "a refusal must leave the output alone";
    sable_table_destroy(&table);
    return status;
}

struct Case {
    std::string bytes;
    const char *where, *what; /* ":line:column:" and a part of the sentence */
    sable_status status = SABLE_DATA;
};

TEST(IoCsvReject, MalformedTexts) {
    const std::string nul(1, '\0'), mark = "\xEF\xBB\xBF";
    std::vector<Case> cases = {
        {"", ":1:1:", "the file is empty"},
        {mark, ":1:1:", "the file is empty"},
        {"a,b\n", "", "has no rows"},
        {"a,b", "", "has no rows"},
        {"\n", ":1:1:", "the line is empty"},
        {"a\n1\n\n2\n", ":3:1:", "the line is empty"},
        {"a\n1\n\n", ":3:1:", "the line is empty"},
        {"a\n1\r\n\r\n", ":3:1:", "the line is empty"},
        {"a,b\n1\n", ":2:1:", "1 cells, expected 2"},
        {"a,b\n1,2\n1,2,3\n", ":3:1:", "3 cells, expected 2"},
        {"a,b\n1,2,\n", ":2:1:", "3 cells, expected 2"},
        {"a,a\n1,2\n", ":1:1:", "two columns are called 'a'"},
        {"a,\n1,2\n", ":1:3:", "column 2 has no name"},
        {"a,b\n1,2" + nul + "\n", ":2:4:", "NUL byte"},
        {"a" + nul + ",b\n1,2\n", ":1:2:", "NUL byte"},
        {"a\n1\n2\n\"3", ":4:1:", "never closed"},
        {"a,b\n1,\"2\n3,4\n", ":2:3:", "never closed"},
        {"a,b\n1,2\"3\n", ":2:4:", "quote inside an unquoted cell"},
        {"a,b\n\"1\"2,3\n", ":2:4:", "behind the closing quote"},
        {"a,b\n\"1\" ,3\n", ":2:4:", "behind the closing quote"},
        {"a,b\r1,2\r", ":1:4:", "carriage return"},
        {"a,b\n1,2\r3", ":2:4:", "carriage return"},
        {"a,b\n1,2\r", ":2:4:", "carriage return"},
        {"a,\xFF\n1,2\n", ":1:3:", "not valid UTF-8"},
        {"a,b\xC3\n1,2\n", ":1:3:", "not valid UTF-8"},
        {"a,\xC0\xAF\n1,2\n", ":1:3:", "not valid UTF-8"},
        {"a,\xED\xA0\x80\n1,2\n", ":1:3:", "not valid UTF-8"},
        {"a,\xF4\x90\x80\x80\n1,2\n", ":1:3:", "not valid UTF-8"},
        {"\xFF\xFE"
         "a" +
             nul + "\n" + nul,
         ":1:1:", "UTF-16"},
        {"\xFE\xFF" + nul + "a" + nul + "\n", ":1:1:", "UTF-16"},
        {"a" + nul + "," + nul + "b" + nul, ":1:1:", "UTF-16"},
    };
    Scratch scratch;
    for (const Case &c : cases)
        for (bool packed : {false, true}) {
            std::string path = scratch.write("t.csv", packed ? gzip(c.bytes) : c.bytes);
            sable_error err = {};
            EXPECT_EQ(read(path, nullptr, &err), c.status) << c.bytes << err.text;
            EXPECT_EQ(err.code, c.status);
            EXPECT_NE(strstr(err.text, (path + c.where).c_str()), nullptr) << c.bytes << " -> " << err.text;
            EXPECT_NE(strstr(err.text, c.what), nullptr) << c.bytes << " -> " << err.text;
        }
}

TEST(IoCsvReject, CellsThatAreNoNumbers) {
    struct {
        const char *cell, *what;
    } cells[] = {{"", "'' is empty"},
                 {"nan", "'nan' is not a finite"},
                 {"NaN", "finite"},
                 {"-inf", "finite"},
                 {"Infinity", "finite"},
                 {"0x1p3", "hexadecimal"},
                 {"-0X10", "hexadecimal"},
                 {"1e400", "too large"},
                 {"-1e400", "too large"},
                 {"\"1,5\"", "'1,5' is no number; the decimal mark is a point"},
                 {"1_000", "'1_000' is no number"},
                 {"+-1", "no number"},
                 {" 1", "space"},
                 {"1 ", "space"},
                 {"one", "no number"},
                 {"1e", "no number"},
                 {".", "no number"},
                 {"-", "no number"},
                 {"1.2.3", "no number"},
                 {"\xD9\xA1", "'\\xd9\\xa1' is no number"},
                 {"=cmd()", "'=cmd()' is no number"},
                 {"1\t", "'1\\x09' is no number"},
                 {"\"1\n\"", "'1\\x0a' is no number"},
                 {"NA", "no number"},
                 {"\"\"", "is empty"},
                 {"\x1B[31m1", "'\\x1b[31m1'"}};
    Scratch scratch;
    for (auto &c : cells) {
        std::string path = scratch.write("t.csv", std::string("first,second\n1,2\n3,") + c.cell + "\n");
        sable_error err = {};
        EXPECT_EQ(read(path, nullptr, &err), SABLE_DATA) << c.cell;
        EXPECT_NE(strstr(err.text, (path + ":3:3: column 'second': ").c_str()), nullptr) << err.text;
        EXPECT_NE(strstr(err.text, c.what), nullptr) << c.cell << " -> " << err.text;
    }
    std::string path = scratch.write("t.csv", "a\n" + std::string(400, '1') + "\n");
    sable_error err = {};
    EXPECT_EQ(read(path, nullptr, &err), SABLE_DATA);
    EXPECT_NE(strstr(err.text, "1111... is too long") || strstr(err.text, "...' is too long"), 0) << err.text;
}

TEST(IoCsvReject, ColumnsAndLabels) {
    Scratch scratch;
    sable_error err = {};
    sable_table_options o;
    auto fresh = [&] {
        sable_table_options_init(&o);
        return &o;
    };
    std::string path = scratch.write("t.csv", "id,x,y,z\n1,2,M,4\n5,6,B,8\n9,9,?,9\n");
    auto refused = [&](sable_status want, const char *what) {
        EXPECT_EQ(read(path, &o, &err), want) << what;
        EXPECT_NE(strstr(err.text, what), nullptr) << err.text;
    };
    fresh()->label_column = "w";
    refused(SABLE_DATA, "no column 'w' among the 4, which begin 'id', 'x', 'y'");
    fresh()->id_column = "ID";
    refused(SABLE_DATA, "no column 'ID'");
    const char *ignored[] = {"id", "x", "y", "z"};
    fresh()->ignore_columns = ignored;
    o.ignore_count = 4;
    refused(SABLE_DATA, "none of the 4 columns is left");
    o.label_column = "x";
    o.ignore_count = 2;
    refused(SABLE_INVALID, "column 'x' is asked for twice");
    fresh()->label_column = "y";
    refused(SABLE_DATA, ":2:5: column 'y': 'M' is no number");
    o.label_positive = "M";
    refused(SABLE_DATA, ":4:5: column 'y': '?' is a third label text");
    const char *values[] = {"B", "M"}, *twice[] = {"B", "B"};
    o.label_positive = nullptr;
    o.label_values = values;
    o.label_value_count = 2;
    refused(SABLE_DATA, ":4:5: column 'y': '?' is none of the given label values");
    o.label_value_count = 1;
    refused(SABLE_INVALID, "1 label value");
    o.label_values = twice;
    o.label_value_count = 2;
    refused(SABLE_INVALID, "'B' is given twice");
    o.label_positive = "M";
    refused(SABLE_INVALID, "both");
    fresh()->label_positive = "M";
    refused(SABLE_INVALID, "without a label column");
    fresh()->label_column = "y";
    o.labels_path = "x";
    refused(SABLE_INVALID, "both a column and a file");
    path = scratch.write("u.csv", "x,y\n1,B\n2,B\n");
    fresh()->label_column = "y";
    o.label_positive = "M";
    refused(SABLE_DATA, "no label is 'M'");
    fresh()->has_header = 0;
    o.label_column = "3";
    refused(SABLE_DATA, "no column '3' among the 2 (no header line");
    fresh()->delimiter = '"';
    refused(SABLE_INVALID, "cannot separate");
    fresh()->format = (sable_table_format)9;
    refused(SABLE_INVALID, "table format 9");
}

TEST(IoCsvReject, Limits) {
    Scratch scratch;
    sable_error err = {};
    sable_table_options o;
    sable_table_options_init(&o);
    std::string path = scratch.write("t.csv", "aaa,b\n1,2\n3,4\n5,6\n");
    struct {
        uint64_t sable_table_options::*limit;
        uint64_t enough, less;
        const char *what;
    } limits[] = {{&sable_table_options::max_rows, 3, 2, "more than 2 rows"},
                  {&sable_table_options::max_values, 6, 5, "more than 2 rows of 2 features"},
                  {&sable_table_options::max_columns, 2, 1, "more than 1 columns"},
                  {&sable_table_options::max_line_bytes, 6, 5, "more than 5 bytes"}};
    for (auto &l : limits) {
        sable_table_options_init(&o);
        o.*l.limit = l.enough;
        EXPECT_EQ(read(path, &o, &err), SABLE_OK) << l.what << ": " << err.text;
        o.*l.limit = l.less;
        EXPECT_EQ(read(path, &o, &err), SABLE_LIMIT) << l.what;
        EXPECT_NE(strstr(err.text, l.what), nullptr) << err.text;
    }
    sable_table_options_init(&o);
    o.max_columns++;
    EXPECT_EQ(read(path, &o, &err), SABLE_INVALID);
    sable_table_options_init(&o);
    o.max_line_bytes++;
    EXPECT_EQ(read(path, &o, &err), SABLE_INVALID);

    std::string columns((1 << 20) * 2 + 1, ',');
    sable_table_options_init(&o);
    EXPECT_EQ(read(scratch.write("c.csv", columns), &o, &err), SABLE_LIMIT);
    EXPECT_NE(strstr(err.text, ":1:1048577: more than 1048576 columns"), nullptr) << err.text;
    /* 100 MB in one line, which packs into 100 kB */
    EXPECT_EQ(read(scratch.write("l.csv", gzip("a\n" + std::string(100 << 20, '1'))), &o, &err), SABLE_LIMIT);
    EXPECT_NE(strstr(err.text, "more than 67108864 bytes"), nullptr) << err.text;
}

TEST(IoCsvReject, ForeignAndMissingFiles) {
    Scratch scratch;
    sable_error err = {};
    EXPECT_EQ(read(scratch.path("absent"), nullptr, &err), SABLE_IO);
    EXPECT_EQ(read(scratch.folder(), nullptr, &err), SABLE_IO);
    EXPECT_EQ(read("/dev/zero", nullptr, &err), SABLE_IO);
    struct {
        std::string bytes;
        const char *what;
    } cases[] = {{std::string("PK\x03\x04\0\0", 6), "zip archive"},
                 {std::string("\x7F"
                              "ELF\0\0",
                              6),
                  "ELF"},
                 {std::string("\xF5SBL\r\n\x1A\n\1\0", 10), "is a Sable file"}};
    for (auto &c : cases) {
        EXPECT_EQ(read(scratch.write("f", c.bytes), nullptr, &err), SABLE_FORMAT);
        EXPECT_NE(strstr(err.text, c.what), nullptr) << err.text;
    }
}

} // namespace
