/* SPDX-License-Identifier: Apache-2.0 */
/* Containers as they should be: layout to the byte, streaming, limits, lookups. Damage is in reject/io_*_test.cc. */
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <vector>

extern "C" {
#include "io/bytes.h"
#include "io/container.h"
}
#include "support/scratch.h"

namespace {

const sable_tag DATA = SABLE_TAG('D', 'A', 'T', 'A'), NOTE = SABLE_TAG('N', 'O', 'T', 'E');

sable_container_info info_of(unsigned kind) {
    sable_container_info info = {};
    info.kind = kind;
    info.flags = SABLE_FILE_INSECURE;
    for (unsigned i = 0; i < SABLE_HASH_BYTES; i++) {
        info.params_digest[i] = (uint8_t)(i + 1);
        info.key_id[i] = (uint8_t)(200 - i);
    }
    return info;
}

std::string bytes_of(size_t count, unsigned seed) {
    std::string bytes(count, 0);
    for (char &c : bytes) c = (char)((seed = seed * 1664525u + 1013904223u) >> 24);
    return bytes;
}

struct Part {
    sable_tag tag;
    uint32_t flags;
    std::string bytes;
};

void write(const std::string &path, const std::vector<Part> &parts, unsigned kind = SABLE_KIND_CIPHERTEXT,
           size_t piece = 0) {
    std::vector<sable_section_spec> specs;
    for (const Part &p : parts) specs.push_back({p.tag, p.flags, p.bytes.size()});
    sable_container_info info = info_of(kind);
    sable_container_writer *writer = nullptr;
    sable_error err = {};
    ASSERT_EQ(
        sable_container_writer_create(&writer, path.c_str(), 0644, &info, specs.data(), (uint32_t)specs.size(), &err),
        SABLE_OK)
        << err.text;
    for (const Part &p : parts) {
        ASSERT_EQ(sable_container_writer_begin(writer, p.tag, &err), SABLE_OK) << err.text;
        for (size_t at = 0, step; at < p.bytes.size(); at += step) {
            step = piece ? std::min(piece, p.bytes.size() - at) : p.bytes.size();
            ASSERT_EQ(sable_container_writer_append(writer, p.bytes.data() + at, step, &err), SABLE_OK) << err.text;
        }
        ASSERT_EQ(sable_container_writer_end(writer, &err), SABLE_OK) << err.text;
    }
    ASSERT_EQ(sable_container_writer_finish(&writer, &err), SABLE_OK) << err.text;
    EXPECT_EQ(writer, nullptr);
}

TEST(IoContainer, LayoutIsAsDocumented) {
    Scratch scratch;
    std::string meta = bytes_of(12, 1), data = bytes_of(300, 2), path = scratch.path("a.sable");
    write(path, {{SABLE_TAG_META, 0, meta}, {DATA, 0, data}, {NOTE, SABLE_SECTION_SKIPPABLE, "x"}});
    std::string file = Scratch::read(path);
    auto at = [&](size_t offset) { return (const uint8_t *)file.data() + offset; };
    /* head 96 + 3*56 + 32 = 296 -> 512; 512 + 12 -> 768; 768 + 300 = 1068 -> 1280; one byte */
    ASSERT_EQ(file.size(), 1281u);
    EXPECT_EQ(file.substr(0, 8), std::string("\xF5SBL\r\n\x1A\n", 8));
    EXPECT_EQ(sable_get_u16(at(8)), 1u);
    EXPECT_EQ(sable_get_u16(at(10)), 5u);
    EXPECT_EQ(sable_get_u32(at(12)), 1u);
    EXPECT_EQ(sable_get_u64(at(16)), 1281u);
    EXPECT_EQ(*at(24), 1);
    EXPECT_EQ(*at(56), 200);
    EXPECT_EQ(sable_get_u32(at(88)), 3u);
    EXPECT_EQ(sable_get_u32(at(92)), 0u);
    EXPECT_EQ(file.substr(96, 4), "META");
    EXPECT_EQ(sable_get_u64(at(96 + 8)), 512u);
    EXPECT_EQ(sable_get_u64(at(96 + 16)), 12u);
    EXPECT_EQ(file.substr(152, 4), "DATA");
    EXPECT_EQ(sable_get_u64(at(152 + 8)), 768u);
    EXPECT_EQ(sable_get_u32(at(208 + 4)), 1u);
    EXPECT_EQ(sable_get_u64(at(208 + 8)), 1280u);
    uint8_t digest[32];
    sable_hash(digest, data.data(), data.size());
    EXPECT_EQ(memcmp(digest, at(152 + 24), 32), 0);
    sable_hash(digest, file.data(), 264);
    EXPECT_EQ(memcmp(digest, at(264), 32), 0);
    EXPECT_EQ(file.substr(512, 12), meta);
    EXPECT_EQ(file.substr(768, 300), data);
    EXPECT_EQ(file.find_first_not_of('\0', 296), 512u - (meta[0] == 0));
    EXPECT_EQ(scratch.count(), 1u); /* no temporary file is left */
}

TEST(IoContainer, ReadsBackWholeAndInPieces) {
    Scratch scratch;
    std::string path = scratch.path("a.sable");
    for (size_t size : {1u, 255u, 256u, 257u, 262143u, 262144u, 262145u, 1000003u}) {
        std::string data = bytes_of(size, (unsigned)size);
        write(path, {{SABLE_TAG_META, 0, "meta"}, {DATA, 0, data}}, SABLE_KIND_CIPHERTEXT, 1 + size / 7);
        sable_container *c = nullptr;
        sable_error err = {};
        ASSERT_EQ(sable_container_open(&c, path.c_str(), SABLE_KIND_CIPHERTEXT, nullptr, &err), SABLE_OK) << err.text;
        EXPECT_EQ(sable_container_get_info(c)->section_count, 2u);
        EXPECT_EQ(sable_container_get_info(c)->flags, SABLE_FILE_INSECURE);
        EXPECT_EQ(sable_container_section(c, 1).length, size);
        char meta[4];
        ASSERT_EQ(sable_container_read(c, SABLE_TAG_META, meta, 4, &err), SABLE_OK) << err.text;
        sable_section_spec specs[] = {{DATA, 0, size}, {SABLE_TAG_META, 0, 4}, {NOTE, SABLE_SECTION_OPTIONAL, 9}};
        ASSERT_EQ(sable_container_expect(c, specs, 3, &err), SABLE_OK) << err.text;
        EXPECT_TRUE(sable_container_has(c, DATA));
        EXPECT_FALSE(sable_container_has(c, NOTE));
        std::string got(size, 0);
        ASSERT_EQ(sable_container_read(c, DATA, got.data(), size, &err), SABLE_OK) << err.text;
        EXPECT_EQ(got, data);
        std::string again(size, 0);
        sable_section_stream stream;
        ASSERT_EQ(sable_section_begin(&stream, c, DATA, size, &err), SABLE_OK) << err.text;
        for (size_t at = 0, step; at < size; at += step) {
            step = std::min<size_t>(777, size - at);
            ASSERT_EQ(sable_section_next(&stream, again.data() + at, step, &err), SABLE_OK) << err.text;
        }
        EXPECT_EQ(sable_section_next(&stream, again.data(), 1, &err), SABLE_INVALID);
        ASSERT_EQ(sable_section_end(&stream, &err), SABLE_OK) << err.text;
        EXPECT_EQ(again, data);
        EXPECT_EQ(sable_container_verify(c, &err), SABLE_OK) << err.text;
        sable_container_close(&c);
        EXPECT_EQ(c, nullptr);
    }
}

TEST(IoContainer, ReadsFromMemory) {
    Scratch scratch;
    std::string path = scratch.path("a.sable"), data = bytes_of(500, 3);
    write(path, {{DATA, 0, data}});
    std::string file = Scratch::read(path), got(500, 0);
    sable_container *c = nullptr;
    sable_error err = {};
    ASSERT_EQ(sable_container_open_bytes(&c, file.data(), file.size(), "body", SABLE_KIND_ANY, nullptr, &err),
              SABLE_OK);
    sable_section_spec spec = {DATA, 0, 500};
    ASSERT_EQ(sable_container_expect(c, &spec, 1, &err), SABLE_OK);
    ASSERT_EQ(sable_container_read(c, DATA, got.data(), 500, &err), SABLE_OK);
    EXPECT_EQ(got, data);
    sable_container_close(&c);
}

TEST(IoContainer, DatasetsMayHave4096Sections) {
    Scratch scratch;
    std::string path = scratch.path("many.sable");
    std::vector<Part> parts = {{SABLE_TAG_META, 0, "m"}};
    for (unsigned i = 0; i < 4095; i++)
        parts.push_back({sable_tag_indexed('C', i), 0, std::string(1 + i % 3, (char)i)});
    write(path, parts, SABLE_KIND_DATASET);
    sable_container *c = nullptr;
    sable_error err = {};
    ASSERT_EQ(sable_container_open(&c, path.c_str(), SABLE_KIND_DATASET, nullptr, &err), SABLE_OK) << err.text;
    EXPECT_EQ(sable_container_verify(c, &err), SABLE_OK) << err.text;
    sable_container_close(&c);
    sable_container_info info;
    ASSERT_EQ(sable_container_peek(&info, path.c_str(), &err), SABLE_OK) << err.text;
    EXPECT_EQ(info.section_count, 4096u);
    EXPECT_EQ(sable_tag_indexed('C', 0xABC), SABLE_TAG('C', 'A', 'B', 'C'));

    parts.resize(65);
    write(path, parts, SABLE_KIND_MODEL);
    EXPECT_EQ(sable_container_open(&c, path.c_str(), SABLE_KIND_MODEL, nullptr, &err), SABLE_FORMAT);
    EXPECT_NE(strstr(err.text, "is 65, expected 1..64"), nullptr) << err.text;
    sable_container_limits more = {65, 0};
    ASSERT_EQ(sable_container_open(&c, path.c_str(), SABLE_KIND_MODEL, &more, &err), SABLE_OK) << err.text;
    sable_container_close(&c);
    sable_container_limits small = {65, 1000};
    EXPECT_EQ(sable_container_open(&c, path.c_str(), SABLE_KIND_MODEL, &small, &err), SABLE_LIMIT);
}

TEST(IoContainer, DigestsMustBeTheOnesAskedFor) {
    Scratch scratch;
    std::string path = scratch.path("a.sable");
    write(path, {{DATA, 0, "abc"}});
    sable_container *c = nullptr;
    sable_error err = {};
    ASSERT_EQ(sable_container_open(&c, path.c_str(), SABLE_KIND_ANY, nullptr, &err), SABLE_OK);
    sable_container_info want = info_of(0);
    EXPECT_EQ(sable_container_require_params(c, want.params_digest, &err), SABLE_OK);
    EXPECT_EQ(sable_container_require_key(c, want.key_id, &err), SABLE_OK);
    want.params_digest[31] ^= 1;
    want.key_id[0] ^= 128;
    EXPECT_EQ(sable_container_require_params(c, want.params_digest, &err), SABLE_PARAMS_MISMATCH);
    EXPECT_EQ(sable_container_require_key(c, want.key_id, &err), SABLE_KEY_MISMATCH);
    sable_container_close(&c);
}

TEST(IoContainer, ModesAreAsAsked) {
    Scratch scratch;
    mode_t before = umask(022);
    for (unsigned mode : {0600u, 0644u}) {
        std::string path = scratch.path("mode");
        sable_container_info info = info_of(SABLE_KIND_SECRET_KEY);
        sable_section_spec spec = {DATA, 0, 1};
        sable_container_writer *writer = nullptr;
        ASSERT_EQ(sable_container_writer_create(&writer, path.c_str(), mode, &info, &spec, 1, nullptr), SABLE_OK);
        ASSERT_EQ(sable_container_writer_section(writer, DATA, "x", 1, nullptr), SABLE_OK);
        ASSERT_EQ(sable_container_writer_finish(&writer, nullptr), SABLE_OK);
        struct stat s;
        ASSERT_EQ(stat(path.c_str(), &s), 0);
        EXPECT_EQ(s.st_mode & 07777, mode);
    }
    umask(before);
}

TEST(IoContainer, NullIsRefusedAndClosingNothingIsFine) {
    sable_container *c = nullptr;
    sable_container_writer *w = nullptr;
    sable_error err = {};
    sable_container_close(&c);
    sable_container_close(nullptr);
    sable_container_writer_abort(&w);
    EXPECT_EQ(sable_container_open(nullptr, "x", SABLE_KIND_ANY, nullptr, &err), SABLE_INVALID);
    EXPECT_EQ(sable_container_open(&c, nullptr, SABLE_KIND_ANY, nullptr, &err), SABLE_INVALID);
    EXPECT_EQ(sable_container_writer_append(nullptr, "x", 1, &err), SABLE_INVALID);
    EXPECT_EQ(sable_container_writer_finish(&w, &err), SABLE_INVALID);
}

} // namespace
