/* SPDX-License-Identifier: Apache-2.0 */
/* CSV tables that must be read. Those that must be refused are in reject/io_csv_test.cc. */
#include <gtest/gtest.h>

#include <vector>

#include "sable/io.h"
#include "support/packed.h"
#include "support/scratch.h"

namespace {

struct Table {
    sable_table *t = nullptr;
    sable_error err = {};
    sable_status status;
    Table(const std::string &path, const sable_table_options *options = nullptr) {
        status = sable_table_read(&t, path.c_str(), options, &err);
    }
    ~Table() { sable_table_destroy(&t); }
    std::vector<double> values() const { return {t->values, t->values + t->rows * t->features}; }
};

sable_table_options defaults() {
    sable_table_options o;
    sable_table_options_init(&o);
    return o;
}

TEST(IoCsv, SpellingsOfOneTable) {
    Scratch scratch;
    const std::string plain = "a,b\n1,2\n3,4\n", mark = "\xEF\xBB\xBF";
    std::vector<std::string> spellings = {plain,
                                          "a,b\n1,2\n3,4",
                                          "a,b\r\n1,2\r\n3,4\r\n",
                                          "a,b\r\n1,2\n3,4\r\n",
                                          mark + plain,
                                          "\"a\",\"b\"\n\"1\",2\n3,\"4\"\n",
                                          mark + "\"a\",b\r\n1,2\r\n3,4",
                                          gzip(plain),
                                          gzip(mark + plain),
                                          gzip("a,b\n1,") + gzip("2\n3,4\n"),
                                          gzip("") + gzip(plain)};
    for (size_t i = 0; i < spellings.size(); i++) {
        Table table(scratch.write("t" + std::to_string(i), spellings[i]));
        ASSERT_EQ(table.status, SABLE_OK) << i << ": " << table.err.text;
        EXPECT_EQ(table.t->rows, 2u);
        ASSERT_EQ(table.t->features, 2u);
        EXPECT_EQ(table.values(), (std::vector<double>{1, 2, 3, 4})) << i;
        EXPECT_STREQ(table.t->feature_names[0], "a");
        EXPECT_STREQ(table.t->feature_names[1], "b");
        EXPECT_EQ(table.t->labels, nullptr);
        EXPECT_EQ(table.t->ids, nullptr);
    }
}

TEST(IoCsv, ColumnsByName) {
    Scratch scratch;
    std::string path =
        scratch.write("t.csv", "who,y,\"he said \"\"x\"\", twice\",\"two\nlines\",skip me,\n"
                               "ann,M,1,2,text,\"\"\n\"b, c\",B,3,4,\"more\r\ntext\",7\n=cmd(),M,5,6,,\n");
    sable_table_options o = defaults();
    const char *ignored[] = {"skip me", ""};
    o.id_column = "who";
    o.label_column = "y";
    o.label_positive = "M";
    o.ignore_columns = ignored;
    o.ignore_count = 2;
    Table table(path, &o);
    ASSERT_EQ(table.status, SABLE_OK) << table.err.text;
    EXPECT_EQ(table.values(), (std::vector<double>{1, 2, 3, 4, 5, 6}));
    EXPECT_STREQ(table.t->feature_names[0], "he said \"x\", twice");
    EXPECT_STREQ(table.t->feature_names[1], "two\nlines");
    EXPECT_EQ(std::vector<double>(table.t->labels, table.t->labels + 3), (std::vector<double>{1, 0, 1}));
    EXPECT_STREQ(table.t->ids[0], "ann");
    EXPECT_STREQ(table.t->ids[1], "b, c");
    EXPECT_STREQ(table.t->ids[2], "=cmd()");
}

TEST(IoCsv, RowsMayEndBeforeIgnoredColumns) {
    Scratch scratch;
    sable_table_options o = defaults();
    const char *ignored[] = {"d", "c"};
    o.ignore_columns = ignored;
    o.ignore_count = 2;
    Table table(scratch.write("t.csv", "a,b,c,d\n1,2\n3,4,x,y\n"), &o);
    ASSERT_EQ(table.status, SABLE_OK) << table.err.text;
    EXPECT_EQ(table.values(), (std::vector<double>{1, 2, 3, 4}));
    EXPECT_EQ(Table(scratch.write("t.csv", "a,b,c,d\n1,2,3\n"), &o).status, SABLE_DATA);
    o.ignore_count = 1;
    EXPECT_EQ(Table(scratch.write("t.csv", "a,b,c,d\n1,2\n"), &o).status, SABLE_DATA);
}

TEST(IoCsv, ShippedDataSet) {
    const char *source = getenv("SABLE_SOURCE_DIR");
    if (!source) GTEST_SKIP() << "SABLE_SOURCE_DIR names no folder";
    sable_table_options o = defaults();
    o.id_column = "id";
    o.label_column = "diagnosis";
    Table table(std::string(source) + "/data/breast_cancer.csv", &o);
    ASSERT_EQ(table.status, SABLE_OK) << table.err.text;
    EXPECT_EQ(table.t->rows, 569u);
    EXPECT_EQ(table.t->features, 30u);
}

TEST(IoCsv, LabelsAsNumbersAndAsListedTexts) {
    Scratch scratch;
    sable_table_options o = defaults();
    o.label_column = "y";
    Table numbers(scratch.write("n.csv", "x,y\n1,-1\n2,0.5\n"), &o);
    ASSERT_EQ(numbers.status, SABLE_OK) << numbers.err.text;
    EXPECT_EQ(numbers.t->labels[0], -1);
    EXPECT_EQ(numbers.t->labels[1], 0.5);
    const char *values[] = {"setosa", "virginica", "versicolor"};
    o.label_values = values;
    o.label_value_count = 3;
    Table texts(scratch.write("t.csv", "x,y\n1,versicolor\n2,setosa\n3,virginica\n"), &o);
    ASSERT_EQ(texts.status, SABLE_OK) << texts.err.text;
    EXPECT_EQ(std::vector<double>(texts.t->labels, texts.t->labels + 3), (std::vector<double>{2, 0, 1}));
}

TEST(IoCsv, WithoutHeaderLineColumnsHaveNumbers) {
    Scratch scratch;
    sable_table_options o = defaults();
    o.has_header = 0;
    o.label_column = "1";
    o.delimiter = ';';
    Table table(scratch.write("t.csv", "0;1.5;2\n1;3;4\n"), &o);
    ASSERT_EQ(table.status, SABLE_OK) << table.err.text;
    EXPECT_EQ(table.t->feature_names, nullptr);
    EXPECT_EQ(table.values(), (std::vector<double>{1.5, 2, 3, 4}));
    EXPECT_EQ(table.t->labels[1], 1);
}

TEST(IoCsv, UnderflowIsCounted) {
    Scratch scratch;
    Table table(scratch.write("t.csv", "x\n1e-400\n0\n-1e-999\n1e-300\n"));
    ASSERT_EQ(table.status, SABLE_OK) << table.err.text;
    EXPECT_EQ(table.t->underflows, 2u);
    EXPECT_EQ(table.t->values[0], 0);
    EXPECT_EQ(table.t->values[3], 1e-300);
}

/* Records and cells that straddle every internal buffer. */
TEST(IoCsv, LargeTablesComeThroughWhole) {
    Scratch scratch;
    std::string text = "id";
    const size_t columns = 97, rows = 5000;
    for (size_t j = 0; j < columns; j++) text += ",c" + std::to_string(j);
    text += "\n";
    for (size_t i = 0; i < rows; i++) {
        text += "\"row " + std::to_string(i) + " \"\"quoted\"\"\n" + std::string(i % 300, '.') + "\"";
        for (size_t j = 0; j < columns; j++) text += "," + std::to_string(i * columns + j);
        text += i % 2 ? "\n" : "\r\n";
    }
    sable_table_options o = defaults();
    o.id_column = "id";
    for (const std::string &bytes : {text, gzip(text)}) {
        Table table(scratch.write("t.csv", bytes), &o);
        ASSERT_EQ(table.status, SABLE_OK) << table.err.text;
        ASSERT_EQ(table.t->rows, rows);
        ASSERT_EQ(table.t->features, columns);
        for (size_t k = 0; k < rows * columns; k++) ASSERT_EQ(table.t->values[k], (double)k);
        for (size_t i = 0; i < rows; i += 99)
            EXPECT_EQ(table.t->ids[i], "row " + std::to_string(i) + " \"quoted\"\n" + std::string(i % 300, '.'));
    }
}

TEST(IoCsv, RowsOneByOne) {
    Scratch scratch;
    std::string path = scratch.write("t.csv", "x,y,n\n1,2,a\n3,4,b\n");
    sable_table_options o = defaults();
    o.id_column = "n";
    o.label_column = "y";
    sable_rows *rows = nullptr;
    sable_error err = {};
    ASSERT_EQ(sable_rows_open(&rows, path.c_str(), &o, &err), SABLE_OK) << err.text;
    EXPECT_EQ(sable_rows_features(rows), 1u);
    EXPECT_STREQ(sable_rows_feature_name(rows, 0), "x");
    EXPECT_EQ(sable_rows_feature_name(rows, 1), nullptr);
    EXPECT_TRUE(sable_rows_has_labels(rows) && sable_rows_has_ids(rows));
    double value, label;
    const char *id;
    int more;
    ASSERT_EQ(sable_rows_next(rows, &value, &label, &id, &more, &err), SABLE_OK);
    EXPECT_TRUE(more == 1 && value == 1 && label == 2 && !strcmp(id, "a"));
    ASSERT_EQ(sable_rows_next(rows, &value, nullptr, nullptr, &more, &err), SABLE_OK);
    EXPECT_TRUE(more == 1 && value == 3);
    ASSERT_EQ(sable_rows_next(rows, &value, &label, &id, &more, &err), SABLE_OK);
    EXPECT_EQ(more, 0);
    sable_rows_close(&rows);
    sable_rows_close(&rows);
}

TEST(IoCsv, AnOlderCallersOptionsAreShorter) {
    Scratch scratch;
    sable_table_options o = defaults();
    o.struct_size = offsetof(sable_table_options, max_rows);
    o.max_rows = 1;
    Table table(scratch.write("t.csv", "x\n1\n2\n"), &o);
    EXPECT_EQ(table.status, SABLE_OK) << table.err.text;
    o = defaults();
    o.struct_size = sizeof o + 8;
    EXPECT_EQ(Table(scratch.path("t.csv"), &o).status, SABLE_INVALID);
    o.struct_size = 0;
    EXPECT_EQ(Table(scratch.path("t.csv"), &o).status, SABLE_INVALID);
}

} // namespace
