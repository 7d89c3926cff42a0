/* SPDX-License-Identifier: Apache-2.0 */
/* NPY and IDX files that must be read, labels from a companion file, and the NPY writer. */
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

std::string npy(const std::string &descr, const std::string &order, const std::string &shape, const std::string &body,
                int version = 1) {
    std::string dict = "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
    size_t prefix = version == 1 ? 10 : 12;
    dict += std::string(63 - (prefix + dict.size()) % 64, ' ') + "\n";
    std::string head = "\x93NUMPY";
    head += (char)version;
    head += '\0';
    head += (char)(dict.size() & 255);
    head += (char)(dict.size() >> 8);
    if (version > 1) head += std::string(2, '\0');
    return head + dict + body;
}

template <typename T>
std::string raw(std::initializer_list<T> values) {
    std::string bytes;
    for (T v : values) bytes.append((const char *)&v, sizeof v); /* tests run on little-endian machines */
    return bytes;
}

TEST(IoNpy, EveryElementType) {
    Scratch scratch;
    struct {
        const char *descr;
        std::string body;
        std::vector<double> want;
    } cases[] = {
        {"<f8", raw<double>({1.5, -2, 1e-300}), {1.5, -2, 1e-300}},
        {"<f4", raw<float>({1.5f, -2, 0.1f}), {1.5, -2, (double)0.1f}},
        {"<i8", raw<int64_t>({-1, 1ll << 53, -(1ll << 53)}), {-1, 9007199254740992.0, -9007199254740992.0}},
        {"<i4", raw<int32_t>({-1, INT32_MAX, INT32_MIN}), {-1, 2147483647.0, -2147483648.0}},
        {"<i2", raw<int16_t>({-1, 32767, -32768}), {-1, 32767, -32768}},
        {"|i1", raw<int8_t>({-1, 127, -128}), {-1, 127, -128}},
        {"<u8", raw<uint64_t>({0, 1, 1ull << 53}), {0, 1, 9007199254740992.0}},
        {"<u4", raw<uint32_t>({0, 1, UINT32_MAX}), {0, 1, 4294967295.0}},
        {"<u2", raw<uint16_t>({0, 1, 65535}), {0, 1, 65535}},
        {"|u1", raw<uint8_t>({0, 1, 255}), {0, 1, 255}},
        {"|b1", raw<uint8_t>({0, 1, 1}), {0, 1, 1}},
    };
    for (auto &c : cases)
        for (int version : {1, 2})
            for (bool packed : {false, true}) {
                std::string bytes = npy(c.descr, "False", "(3,)", c.body, version);
                Table table(scratch.write("a.npy", packed ? gzip(bytes) : bytes));
                ASSERT_EQ(table.status, SABLE_OK) << c.descr << ": " << table.err.text;
                EXPECT_EQ(table.t->rows, 3u);
                EXPECT_EQ(table.t->features, 1u);
                EXPECT_EQ(table.values(), c.want) << c.descr;
            }
}

TEST(IoNpy, BothOrders) {
    Scratch scratch;
    std::vector<double> want = {1, 2, 3, 4, 5, 6};
    Table rows(scratch.write("c.npy", npy("<i2", "False", "(2, 3)", raw<int16_t>({1, 2, 3, 4, 5, 6}))));
    ASSERT_EQ(rows.status, SABLE_OK) << rows.err.text;
    EXPECT_EQ(rows.t->features, 3u);
    EXPECT_EQ(rows.values(), want);
    Table columns(scratch.write("f.npy", npy("<i2", "True", "(2, 3)", raw<int16_t>({1, 4, 2, 5, 3, 6}))));
    ASSERT_EQ(columns.status, SABLE_OK) << columns.err.text;
    EXPECT_EQ(columns.values(), want);
    Table line(scratch.write("l.npy", npy("<i2", "True", "(2,)", raw<int16_t>({7, 8}))));
    ASSERT_EQ(line.status, SABLE_OK) << line.err.text;
    EXPECT_EQ(line.values(), (std::vector<double>{7, 8}));
}

/* More than the first block of the Fortran reader, and than the unpacker's buffers. */
TEST(IoNpy, LargeFortranArray) {
    Scratch scratch;
    const size_t rows = 3001, columns = 111;
    std::string body;
    for (size_t j = 0; j < columns; j++)
        for (size_t i = 0; i < rows; i++) {
            double v = (double)(i * columns + j);
            body.append((const char *)&v, 8);
        }
    std::string bytes = npy("<f8", "True", "(3001, 111)", body);
    for (bool packed : {false, true}) {
        Table table(scratch.write("f.npy", packed ? gzip(bytes) : bytes));
        ASSERT_EQ(table.status, SABLE_OK) << table.err.text;
        for (size_t k = 0; k < rows * columns; k++) ASSERT_EQ(table.t->values[k], (double)k);
    }
}

TEST(IoNpy, WritesWhatNumpyWouldRead) {
    Scratch scratch;
    double values[] = {1.5, -2, 3e-300, 4, 5, 6};
    sable_error err = {};
    std::string path = scratch.path("w.npy");
    ASSERT_EQ(sable_npy_write(path.c_str(), values, 2, 3, &err), SABLE_OK) << err.text;
    std::string bytes = Scratch::read(path);
    ASSERT_EQ(bytes.size(), 128u + 48u);
    EXPECT_EQ(bytes.substr(0, 10), std::string("\x93NUMPY\x01\0v\0", 10));
    EXPECT_EQ(bytes.substr(10, 60), "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), } ");
    EXPECT_EQ(bytes[127], '\n');
    Table back(path);
    ASSERT_EQ(back.status, SABLE_OK) << back.err.text;
    EXPECT_EQ(back.values(), std::vector<double>(values, values + 6));
    ASSERT_EQ(sable_npy_write(path.c_str(), values, 6, 0, &err), SABLE_OK) << err.text;
    EXPECT_NE(Scratch::read(path).find("(6,), }"), std::string::npos);
    values[4] = NAN;
    EXPECT_EQ(sable_npy_write(path.c_str(), values, 2, 3, &err), SABLE_DATA);
    EXPECT_NE(strstr(err.text, "[1, 1]"), nullptr) << err.text;
    EXPECT_EQ(sable_npy_write(path.c_str(), values, SIZE_MAX / 8, 3, &err), SABLE_INVALID);
    Table kept(path);
    EXPECT_EQ(kept.t->rows, 6u);
}

TEST(IoIdx, ImagesAndLabels) {
    Scratch scratch;
    std::string images("\0\0\x08\x03\0\0\0\x02\0\0\0\x02\0\0\0\x03", 16), labels("\0\0\x08\x01\0\0\0\x02\x07\x03", 10);
    images += std::string("\0\1\2\3\4\5\xFF\xFE\6\7\x08\x09", 12);
    std::string label_path = scratch.write("labels", gzip(labels));
    sable_table_options o;
    sable_table_options_init(&o);
    o.labels_path = label_path.c_str();
    for (bool packed : {false, true}) {
        Table table(scratch.write("images", packed ? gzip(images) : images), &o);
        ASSERT_EQ(table.status, SABLE_OK) << table.err.text;
        ASSERT_EQ(table.t->rows, 2u);
        ASSERT_EQ(table.t->features, 6u);
        EXPECT_EQ(table.values(), (std::vector<double>{0, 1, 2, 3, 4, 5, 255, 254, 6, 7, 8, 9}));
        EXPECT_EQ(table.t->labels[0], 7);
        EXPECT_EQ(table.t->labels[1], 3);
        EXPECT_EQ(table.t->feature_names, nullptr);
    }
}

TEST(IoTable, LabelsFromAnyOtherFormat) {
    Scratch scratch;
    std::string x = scratch.write("x.npy", npy("<f4", "False", "(2, 2)", raw<float>({1, 2, 3, 4})));
    sable_table_options o;
    sable_table_options_init(&o);
    for (const std::string &y : {scratch.write("y.npy", npy("|b1", "False", "(2,)", raw<uint8_t>({1, 0}))),
                                 scratch.write("y.csv", "label\n1\n0\n")}) {
        o.labels_path = y.c_str();
        Table table(x, &o);
        ASSERT_EQ(table.status, SABLE_OK) << table.err.text;
        EXPECT_EQ(table.t->labels[0], 1);
        EXPECT_EQ(table.t->labels[1], 0);
    }
}

/* The real files, where they are at hand. */
TEST(IoTable, PublishedDataSets) {
    const char *data = getenv("SABLE_DATA");
    if (!data) GTEST_SKIP() << "SABLE_DATA names no folder";
    std::string folder = data;
    sable_table_options o;
    sable_table_options_init(&o);
    o.label_column = "diagnosis";
    o.label_positive = "M";
    o.id_column = "id";
    const char *unnamed[] = {"Unnamed: 32"}; /* in the header line only, as often published */
    o.ignore_columns = unnamed;
    o.ignore_count = 1;
    Table cancer(folder + "/wdbc.csv", &o);
    ASSERT_EQ(cancer.status, SABLE_OK) << cancer.err.text;
    EXPECT_EQ(cancer.t->rows, 569u);
    EXPECT_EQ(cancer.t->features, 30u);
    double positive = 0;
    for (size_t i = 0; i < 569; i++) positive += cancer.t->labels[i];
    EXPECT_EQ(positive, 212);
    sable_table_options_init(&o);
    std::string labels = folder + "/t10k-labels-idx1-ubyte.gz";
    o.labels_path = labels.c_str();
    Table digits(folder + "/t10k-images-idx3-ubyte.gz", &o);
    ASSERT_EQ(digits.status, SABLE_OK) << digits.err.text;
    EXPECT_EQ(digits.t->rows, 10000u);
    EXPECT_EQ(digits.t->features, 784u);
    EXPECT_EQ(digits.t->labels[0], 7);
    sable_table_options_init(&o);
    o.label_column = "Num";
    Table mnist(folder + "/mnist_3v8_train.csv.gz", &o);
    ASSERT_EQ(mnist.status, SABLE_OK) << mnist.err.text;
    EXPECT_EQ(mnist.t->rows, 11982u);
    EXPECT_EQ(mnist.t->features, 196u);
}

} // namespace
