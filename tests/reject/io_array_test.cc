/* SPDX-License-Identifier: Apache-2.0 */
/* NPY, IDX and gzip files that must be refused, and random damage to good ones. */
#include <gtest/gtest.h>

#include <random>
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

std::string npy_of(const std::string &dict, const std::string &body, char major = 1, char minor = 0) {
    std::string head = "\x93NUMPY";
    head += major;
    head += minor;
    head += (char)(dict.size() & 255);
    head += (char)(dict.size() >> 8);
    if (major > 1) head += std::string(2, '\0');
    return head + dict + body;
}

std::string npy(const char *descr, const char *shape, const std::string &body, const char *order = "False") {
    return npy_of(std::string("{'descr': '") + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n",
                  body);
}

template <typename T>
std::string raw(std::initializer_list<T> values) {
    std::string bytes;
    for (T v : values) bytes.append((const char *)&v, sizeof v);
    return bytes;
}

TEST(IoNpyReject, BadFiles) {
    const std::string four = raw<uint8_t>({1, 2, 3, 4});
    struct {
        std::string bytes;
        sable_status status;
        const char *what;
    } cases[] = {
        {npy("<f8", "(1, 2)", raw<double>({1, NAN})), SABLE_DATA, "element [0, 1] is nan"},
        {npy("<f4", "(2, 1)", raw<float>({1, -INFINITY})), SABLE_DATA, "element [1, 0] is infinite"},
        {npy("<f8", "(2, 2)", raw<double>({1, 2, INFINITY, 4}), "True"), SABLE_DATA, "element [0, 1] is infinite"},
        {npy("<i8", "(1,)", raw<int64_t>({(1ll << 53) + 1})), SABLE_DATA, "beyond 2^53"},
        {npy("<i8", "(1,)", raw<int64_t>({INT64_MIN})), SABLE_DATA, "beyond 2^53"},
        {npy("<u8", "(1,)", raw<uint64_t>({~0ull})), SABLE_DATA, "beyond 2^53"},
        {npy("|b1", "(1,)", "\x02"), SABLE_DATA, "truth value"},
        {npy("|u1", "(4,)", "123"), SABLE_FORMAT, "ends in the middle of row 4 of 4"},
        {npy("|u1", "(2, 2)", "123"), SABLE_FORMAT, "ends in the middle of row 2 of 2"},
        {npy("|u1", "(2, 2)", "123", "True"), SABLE_FORMAT, "ends in the middle of the array"},
        {npy("|u1", "(2, 2)", "12345"), SABLE_FORMAT, "more bytes than its header announces"},
        {npy("|u1", "(2, 2)", "12345", "True"), SABLE_FORMAT, "more bytes than its header announces"},
        {npy("|u1", "(0,)", ""), SABLE_DATA, "is empty"},
        {npy("|u1", "(3, 0)", ""), SABLE_DATA, "is empty"},
        {npy("|u1", "()", "1"), SABLE_UNSUPPORTED, "0 dimensions"},
        {npy("|u1", "(1, 2, 2)", four), SABLE_UNSUPPORTED, "3 dimensions"},
        {npy("|u1", "(1, 1048577)", four), SABLE_LIMIT, "1048577 columns"},
        {npy("|u1", "(1152921504606846975, 1)", four), SABLE_FORMAT, "ends in the middle"},
        {npy("<f8", "(1152921504606846975, 1048576)", four), SABLE_FORMAT, "ends in the middle"},
        {npy("<f8", "(1152921504606846975, 1048576)", four, "True"), SABLE_LIMIT, "at most 2147483648"},
        {npy("<f8", "(2048, 1048576)", four, "True"), SABLE_FORMAT, "ends in the middle of the array"},
        {npy("|u1", "(99999999999999999999999,)", four), SABLE_FORMAT, "not understood"},
        {npy("|u1", "(-1,)", four), SABLE_FORMAT, "not understood"},
        {npy("|u1", "(4)", four), SABLE_FORMAT, "not understood"},
        {npy("|u1", "(,)", four), SABLE_FORMAT, "not understood"},
        {npy("|u1", "(4,,)", four), SABLE_FORMAT, "not understood"},
        {npy("|u1", "(2 2)", four), SABLE_FORMAT, "not understood"},
        {npy("|u1", "[4]", four), SABLE_FORMAT, "not understood"},
        {npy("|u1", "(4,", four), SABLE_FORMAT, "not understood"},
        {npy("|u1", "(4L,)", four), SABLE_FORMAT, "not understood"},
        {npy(">f8", "(1,)", raw<double>({1})), SABLE_UNSUPPORTED, "'>f8' are high byte first"},
        {npy("|O", "(1,)", four), SABLE_UNSUPPORTED, "'|O'"},
        {npy("<f2", "(2,)", four), SABLE_UNSUPPORTED, "'<f2'"},
        {npy("<c16", "(2,)", four), SABLE_UNSUPPORTED, "'<c16'"},
        {npy("<U4", "(2,)", four), SABLE_UNSUPPORTED, "'<U4'"},
        {npy("|u1", "(4,)", four, "0"), SABLE_FORMAT, "not understood"},
        {npy("|u1', 'descr': '|u1", "(4,)", four), SABLE_FORMAT, "not understood"},
        {npy_of("{'descr': '|u1', 'shape': (4,)}\n", four), SABLE_FORMAT, "not understood"},
        {npy_of("{'descr': '|u1', 'fortran_order': False, 'shape': (4,), 'x': 1}\n", four), SABLE_FORMAT,
         "not understood"},
        {npy_of("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (4,)}\n", four), SABLE_FORMAT,
         "not understood"},
        {npy_of("{'descr': '|u1', 'fortran_order': False, 'shape': (4,)} x\n", four), SABLE_FORMAT, "not understood"},
        {npy_of("{'descr': '|u1", four), SABLE_FORMAT, "not understood"},
        {npy_of("{'descr\\x41': '|u1'}", four), SABLE_FORMAT, "not understood"},
        {npy_of("", ""), SABLE_FORMAT, "not understood"},
        {npy_of("{", ""), SABLE_FORMAT, "not understood"},
        {npy_of("{}", ""), SABLE_FORMAT, "not understood"},
        {npy_of("{'descr': '|u1', 'fortran_order': False, 'shape': (4,)}", four, 3), SABLE_UNSUPPORTED, "version 3.0"},
        {npy_of("{'descr': '|u1', 'fortran_order': False, 'shape': (4,)}", four, 1, 1), SABLE_UNSUPPORTED,
         "version 1.1"},
        {std::string("\x93NUMPY\x02\0\xFF\xFF\xFF\xFF", 12), SABLE_FORMAT, "header of 4294967295 bytes"},
        {"\x93NUMPY", SABLE_FORMAT, "ends in the middle of the NPY signature"},
    };
    Scratch scratch;
    for (auto &c : cases)
        for (bool packed : {false, true}) {
            sable_error err = {};
            EXPECT_EQ(read(scratch.write("a.npy", packed ? gzip(c.bytes) : c.bytes), nullptr, &err), c.status)
                << c.what;
            EXPECT_NE(strstr(err.text, c.what), nullptr) << c.what << " in: " << err.text;
        }
}

TEST(IoIdxReject, BadFiles) {
    const std::string head("\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x02", 16);
    struct {
        std::string bytes;
        sable_status status;
        const char *what;
    } cases[] = {
        {head + "123", SABLE_FORMAT, "ends in the middle of sample 2 of 2"},
        {head, SABLE_FORMAT, "ends in the middle of sample 1 of 2"},
        {head.substr(0, 15), SABLE_FORMAT, "ends in the middle of the IDX sizes"},
        {head + "12345", SABLE_FORMAT, "more bytes than its header announces"},
        {std::string("\0\0\x0D\x01\0\0\0\x01"
                     "1234",
                     12),
         SABLE_UNSUPPORTED, "element type 13"},
        {std::string("\0\0\x08\x01\0\0\0\0", 8), SABLE_DATA, "dimension 1 has size 0"},
        {std::string("\0\0\x08\x02\0\0\0\x01\0\0\0\0", 12), SABLE_DATA, "dimension 2 has size 0"},
        {std::string("\0\0\x08\x03\0\0\0\x02\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 16), SABLE_LIMIT, "at most 1048576"},
        {std::string("\0\0\x08\x01\xFF\xFF\xFF\xFF"
                     "12",
                     10),
         SABLE_FORMAT, "sample 3 of 4294967295"},
    };
    Scratch scratch;
    for (auto &c : cases)
        for (bool packed : {false, true}) {
            sable_error err = {};
            EXPECT_EQ(read(scratch.write("i", packed ? gzip(c.bytes) : c.bytes), nullptr, &err), c.status) << c.what;
            EXPECT_NE(strstr(err.text, c.what), nullptr) << c.what << " in: " << err.text;
        }
    sable_table_options o;
    sable_table_options_init(&o);
    sable_error err = {};
    o.format = SABLE_TABLE_IDX;
    EXPECT_EQ(read(scratch.write("c", "a,b\n1,2\n"), &o, &err), SABLE_FORMAT);
    o.format = SABLE_TABLE_NPY;
    EXPECT_EQ(read(scratch.path("c"), &o, &err), SABLE_FORMAT);
    o.format = SABLE_TABLE_AUTO;
    o.label_column = "y";
    EXPECT_EQ(read(scratch.write("i", head + "1234"), &o, &err), SABLE_INVALID);
    EXPECT_NE(strstr(err.text, "no named columns"), nullptr) << err.text;
}

TEST(IoTableReject, CompanionLabels) {
    Scratch scratch;
    std::string x = scratch.write("x.npy", npy("|u1", "(2, 2)", "1234"));
    struct {
        std::string bytes;
        sable_status status;
        const char *what;
    } cases[] = {
        {npy("|u1", "(1,)", "1"), SABLE_DATA, "has fewer labels than the 2 rows"},
        {npy("|u1", "(3,)", "123"), SABLE_DATA, "has more labels than the 2 rows"},
        {npy("|u1", "(2, 2)", "1234"), SABLE_DATA, "has 2 values a row, expected 1 label"},
        {npy("|u1", "(2,)", "1"), SABLE_FORMAT, "ends in the middle"},
        {"y\n1\nx\n", SABLE_DATA, ":3:1: column 'y': 'x' is no number"},
    };
    for (auto &c : cases) {
        std::string y = scratch.write("y", c.bytes);
        sable_table_options o;
        sable_table_options_init(&o);
        o.labels_path = y.c_str();
        sable_error err = {};
        EXPECT_EQ(read(x, &o, &err), c.status) << c.what;
        EXPECT_NE(strstr(err.text, c.what), nullptr) << c.what << " in: " << err.text;
        EXPECT_NE(strstr(err.text, y.c_str()), nullptr) << err.text;
    }
}

TEST(IoGzipReject, DamagedStreams) {
    Scratch scratch;
    std::string plain = "a,b\n";
    for (int i = 0; i < 2000; i++) plain += std::to_string(i * 7919 % 1000) + "," + std::to_string(i) + "\n";
    std::string whole = gzip(plain);
    sable_error err = {};
    ASSERT_EQ(read(scratch.write("t", whole), nullptr, &err), SABLE_OK) << err.text;
    for (size_t n = 2; n < whole.size(); n += n < 40 || n + 40 > whole.size() ? 1 : 97) {
        EXPECT_EQ(read(scratch.write("t", whole.substr(0, n)), nullptr, &err), SABLE_FORMAT) << n;
        EXPECT_NE(strstr(err.text, "truncated"), nullptr) << err.text;
    }
    EXPECT_EQ(read(scratch.write("t", whole + "x"), nullptr, &err), SABLE_FORMAT);
    EXPECT_EQ(read(scratch.write("t", whole + std::string(8, '\0')), nullptr, &err), SABLE_FORMAT);
    std::string crc = whole;
    crc[crc.size() - 6] ^= 1;
    EXPECT_EQ(read(scratch.write("t", crc), nullptr, &err), SABLE_FORMAT);
    EXPECT_NE(strstr(err.text, "damaged"), nullptr) << err.text;
    for (size_t at = 2; at < whole.size();
         at += 13) { /* flags of the gzip header may be harmless: no crash, no mixed data */
        std::string bad = whole;
        bad[at] ^= 0x10;
        sable_status status = read(scratch.write("t", bad), nullptr, &err);
        EXPECT_TRUE(at < 10 || status != SABLE_OK) << at;
    }
}

/* Anything may come of it but a crash, a hang or a leak (sanitizers watch). */
TEST(IoTableReject, RandomDamageIsHarmless) {
    Scratch scratch;
    std::mt19937 random(99);
    std::string samples[] = {"id,\"x\",y\nann,1.5,2\n\"b\"\"c\",-3e5,4\r\n",
                             npy("<f4", "(2, 2)", raw<float>({1, 2, 3, 4})),
                             npy("<i2", "(2, 3)", raw<int16_t>({1, 2, 3, 4, 5, 6}), "True"),
                             std::string("\0\0\x08\x02\0\0\0\x02\0\0\0\x03"
                                         "123456",
                                         18),
                             gzip("x,y\n1,2\n3,4\n")};
    for (const std::string &sample : samples)
        for (int round = 0; round < 1500; round++) {
            std::string bytes = sample;
            for (unsigned n = 1 + random() % 4; n; n--) {
                size_t at = random() % bytes.size();
                switch (random() % 4) {
                case 0: bytes[at] = (char)(bytes[at] ^ 1 << random() % 8); break;
                case 1: bytes[at] = (char)random(); break;
                case 2: bytes.insert(at, 1, "\",\n\r0e-.("[random() % 9]); break;
                default:
                    if (bytes.size() > 1) bytes.erase(at, 1 + random() % 3);
                }
            }
            sable_error err = {};
            sable_status status = read(scratch.write("f", bytes), nullptr, &err);
            EXPECT_GE(status, 0) << err.text;
        }
}

} // namespace
