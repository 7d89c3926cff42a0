/* SPDX-License-Identifier: Apache-2.0 */
/* Damaged containers: every prefix, every flipped bit, every lie in the header. None may be accepted, none may cost
 * more than a megabyte before it is refused. */
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <random>
#include <vector>

extern "C" {
#include "io/bytes.h"
#include "io/container.h"
}
#include "support/scratch.h"

/* Counts what is asked of the allocator while armed. Sums requests and forgets releases, so it bounds the peak from
 * above. Sanitizers bring their own allocator: nothing is counted under them. */
static std::atomic<bool> armed;
static std::atomic<size_t> requested;
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define COUNTS_ALLOCATIONS 0
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define COUNTS_ALLOCATIONS 0
#endif
#if !defined(__GLIBC__) && !defined(COUNTS_ALLOCATIONS)
#define COUNTS_ALLOCATIONS 0
#endif
#ifndef COUNTS_ALLOCATIONS
#define COUNTS_ALLOCATIONS 1
extern "C" {
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
__attribute__((weak)) void *malloc(size_t n) {
    if (armed) requested += n;
    return __libc_malloc(n);
}
__attribute__((weak)) void *calloc(size_t n, size_t size) {
    if (armed) requested += n * size;
    return __libc_calloc(n, size);
}
__attribute__((weak)) void *realloc(void *p, size_t n) {
    if (armed) requested += n;
    return __libc_realloc(p, n);
}
}
#endif

namespace {

const sable_tag DATA = SABLE_TAG('D', 'A', 'T', 'A'), MORE = SABLE_TAG('M', 'O', 'R', 'E');
const size_t HEAD = 96 + 3 * 56 + 32;

/* Three sections of 40, 300 and 7 bytes. */
std::string sample(unsigned kind = SABLE_KIND_CIPHERTEXT) {
    Scratch scratch;
    std::string path = scratch.path("sample");
    sable_container_info info = {};
    info.kind = kind;
    for (unsigned i = 0; i < 32; i++) info.params_digest[i] = info.key_id[i] = (uint8_t)(i * 7);
    sable_section_spec specs[] = {{SABLE_TAG_META, 0, 40}, {DATA, 0, 300}, {MORE, SABLE_SECTION_SKIPPABLE, 7}};
    std::string bytes(300, 0);
    for (size_t i = 0; i < bytes.size(); i++) bytes[i] = (char)(i * 31 + 5);
    sable_container_writer *w = nullptr;
    if (sable_container_writer_create(&w, path.c_str(), 0644, &info, specs, 3, nullptr)) return "";
    for (auto &s : specs)
        if (sable_container_writer_section(w, s.tag, bytes.data(), s.length, nullptr)) return "";
    if (sable_container_writer_finish(&w, nullptr)) return "";
    return Scratch::read(path);
}

/* What a careful caller does: open, state what is expected, read all. */
sable_status load(const std::string &bytes, sable_error *err, sable_kind kind = SABLE_KIND_CIPHERTEXT,
                  const char *path = nullptr) {
    sable_container *c = nullptr;
    requested = 0;
    armed = true;
    sable_status status =
        path ? sable_container_open(&c, path, kind, nullptr, err)
             : sable_container_open_bytes(&c, bytes.data(), bytes.size(), "sample", kind, nullptr, err);
    sable_section_spec specs[] = {{SABLE_TAG_META, 0, 40}, {DATA, 0, 300}, {MORE, 0, 7}};
    uint8_t buffer[300];
    if (!status) status = sable_container_expect(c, specs, 3, err);
    for (auto &s : specs)
        if (!status) status = sable_container_read(c, s.tag, buffer, s.length, err);
    sable_container_close(&c);
    armed = false;
    EXPECT_LE(requested, 1u << 20); /* 0 where nothing is counted */
    return status;
}

/* Changes the header and makes its digest agree again: what an adversary can write. */
std::string forged(std::string bytes, const std::function<void(uint8_t *)> &change) {
    uint8_t *head = (uint8_t *)bytes.data();
    change(head);
    sable_hash(head + HEAD - 32, head, HEAD - 32);
    return bytes;
}

TEST(IoContainerDamage, TheSampleIsSound) {
    sable_error err = {};
    ASSERT_EQ(load(sample(), &err), SABLE_OK) << err.text;
}

TEST(IoContainerDamage, EveryPrefix) {
    std::string whole = sample();
    for (size_t n = 0; n < whole.size(); n++) {
        sable_error err = {};
        ASSERT_EQ(load(whole.substr(0, n), &err), SABLE_FORMAT) << n;
        const char *want = !n ? "is empty" : n < 96 ? "truncated header" : "truncated, or damaged";
        ASSERT_NE(strstr(err.text, want), nullptr) << n << ": " << err.text;
    }
    Scratch scratch; /* and some of them through real files */
    for (size_t n : {0u, 1u, 95u, 96u, 295u, 296u, 511u, 512u, 1000u}) {
        std::string path = scratch.write("p", whole.substr(0, n));
        sable_error err = {};
        ASSERT_EQ(load("", &err, SABLE_KIND_CIPHERTEXT, path.c_str()), SABLE_FORMAT) << n;
        EXPECT_NE(strstr(err.text, path.c_str()), nullptr) << err.text;
    }
}

TEST(IoContainerDamage, EveryBitOfTheWholeFile) {
    std::string whole = sample();
    for (size_t bit = 0; bit < whole.size() * 8; bit++) {
        std::string bytes = whole;
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
        sable_error err = {};
        ASSERT_EQ(load(bytes, &err), SABLE_FORMAT) << "bit " << bit;
        ASSERT_EQ(err.code, SABLE_FORMAT);
        ASSERT_GT(strlen(err.text), 20u);
    }
}

TEST(IoContainerDamage, TenThousandRandomDamages) {
    std::string whole = sample();
    std::mt19937 random(4711);
    for (int round = 0; round < 10000; round++) {
        std::string bytes = whole;
        for (unsigned flips = 1 + random() % 8; flips; flips--) bytes[random() % bytes.size()] = (char)(random() & 255);
        if (random() % 4 == 0) bytes.resize(random() % (2 * whole.size()));
        if (bytes == whole) continue;
        sable_error err = {};
        ASSERT_EQ(load(bytes, &err), SABLE_FORMAT) << "round " << round;
    }
}

TEST(IoContainerDamage, TrailingBytes) {
    std::string whole = sample();
    sable_error err = {};
    EXPECT_EQ(load(whole + '\0', &err), SABLE_FORMAT);
    EXPECT_NE(strstr(err.text, "says 1287 bytes, the file has 1288"), nullptr) << err.text;
    EXPECT_EQ(load(whole + whole, &err), SABLE_FORMAT);
}

TEST(IoContainerDamage, EveryKindInPlaceOfEveryOther) {
    for (unsigned have = 1; have <= SABLE_KIND_LAST; have++) {
        std::string bytes = sample(have);
        for (unsigned want = 0; want <= SABLE_KIND_LAST; want++) {
            sable_error err = {};
            sable_status status = load(bytes, &err, (sable_kind)want);
            EXPECT_EQ(status, want == 0 || want == have ? SABLE_OK : SABLE_FORMAT) << have << " as " << want;
            EXPECT_TRUE(!status || strstr(err.text, sable_kind_name(have))) << err.text;
        }
    }
    sable_error err = {};
    EXPECT_EQ(load(sample(), &err, (sable_kind)(SABLE_KIND_LAST + 1)), SABLE_INVALID);
}

/* Lies under a correct digest; the sentence must say which. */
TEST(IoContainerDamage, LiesInTheHeader) {
    struct {
        const char *what;
        std::function<void(uint8_t *)> change;
    } lies[] = {
        {"version at byte 8 is 0", [](uint8_t *h) { sable_put_u16(h + 8, 0); }},
        {"version at byte 8 is 2", [](uint8_t *h) { sable_put_u16(h + 8, 2); }},
        {"version at byte 8 is 65535", [](uint8_t *h) { sable_put_u16(h + 8, 65535); }},
        {"endianness", [](uint8_t *h) { sable_put_u16(h + 8, 256); }},
        {"kind 0", [](uint8_t *h) { sable_put_u16(h + 10, 0); }},
        {"kind 12", [](uint8_t *h) { sable_put_u16(h + 10, SABLE_KIND_LAST + 1); }},
        {"unknown flags 00000008", [](uint8_t *h) { sable_put_u32(h + 12, 9); }},
        {"says 0 bytes", [](uint8_t *h) { sable_put_u64(h + 16, 0); }},
        {"says 15 bytes", [](uint8_t *h) { sable_put_u64(h + 16, 15); }},
        {"says 1286 bytes", [](uint8_t *h) { sable_put_u64(h + 16, 1286); }},
        {"says 1288 bytes", [](uint8_t *h) { sable_put_u64(h + 16, 1288); }},
        {"says 9223372036854775808", [](uint8_t *h) { sable_put_u64(h + 16, 1ull << 63); }},
        {"says 18446744073709551615", [](uint8_t *h) { sable_put_u64(h + 16, ~0ull); }},
        {"is 0, expected 1..64", [](uint8_t *h) { sable_put_u32(h + 88, 0); }},
        {"is 65, expected 1..64", [](uint8_t *h) { sable_put_u32(h + 88, 65); }},
        {"is 4294967295", [](uint8_t *h) { sable_put_u32(h + 88, ~0u); }},
        {"table of 64 sections needs", [](uint8_t *h) { sable_put_u32(h + 88, 64); }},
        {"reserved", [](uint8_t *h) { sable_put_u32(h + 92, 1); }},
        {"is not four of A-Z 0-9", [](uint8_t *h) { h[152] = 'd'; }},
        {"is not four of A-Z 0-9", [](uint8_t *h) { sable_put_u32(h + 152, 0); }},
        {"META is number 1 and must come first", [](uint8_t *h) { memcpy(h + 152, "META", 4); }},
        {"MORE occurs twice", [](uint8_t *h) { memcpy(h + 152, "MORE", 4); }},
        {"unknown flags 00000002", [](uint8_t *h) { h[152 + 4] = 2; }},
        {"DATA: offset 769, expected 768", [](uint8_t *h) { sable_put_u64(h + 152 + 8, 769); }},
        {"DATA: offset 512", [](uint8_t *h) { sable_put_u64(h + 152 + 8, 512); }},
        {"META: offset 256", [](uint8_t *h) { sable_put_u64(h + 96 + 8, 256); }},
        {"MORE: offset 1024, expected 1280", [](uint8_t *h) { sable_put_u64(h + 208 + 8, 1024); }},
        {"DATA is empty", [](uint8_t *h) { sable_put_u64(h + 152 + 16, 0); }},
        {"MORE: offset 1280, expected 1536", [](uint8_t *h) { sable_put_u64(h + 152 + 16, 257 + 256); }},
        {"ends beyond 2^63", [](uint8_t *h) { sable_put_u64(h + 152 + 16, ~0ull - 768); }},
        {"ends beyond 2^63", [](uint8_t *h) { sable_put_u64(h + 208 + 16, 1ull << 63); }},
        {"ends at byte 1288, the file at 1287", [](uint8_t *h) { sable_put_u64(h + 208 + 16, 8); }},
        {"its digest differs", [](uint8_t *h) { h[152 + 24] ^= 1; }},
        {"DATA at byte 768 has 301 bytes, expected 300", [](uint8_t *h) { sable_put_u64(h + 152 + 16, 301); }},
        {"padding byte 1067 before section MORE", [](uint8_t *h) { sable_put_u64(h + 152 + 16, 299); }},
        {"section META of 40 bytes is missing", [](uint8_t *h) { h[96] = 'B'; }},
        {"section MORE of 7 bytes is missing", [](uint8_t *h) { h[208] = 'B'; }},
    };
    std::string whole = sample();
    ASSERT_EQ(whole.size(), 1287u);
    for (auto &lie : lies) {
        sable_error err = {};
        std::string bytes = forged(whole, lie.change);
        EXPECT_EQ(load(bytes, &err), SABLE_FORMAT) << lie.what;
        EXPECT_NE(strstr(err.text, lie.what), nullptr) << lie.what << " in: " << err.text;
    }
}

TEST(IoContainerDamage, SectionsMustBeStatedAndKnown) {
    std::string whole = sample();
    sable_error err = {};
    sable_container *c = nullptr;
    uint8_t buffer[300];
    ASSERT_EQ(sable_container_open_bytes(&c, whole.data(), whole.size(), "sample", SABLE_KIND_ANY, nullptr, &err),
              SABLE_OK);
    EXPECT_EQ(sable_container_read(c, DATA, buffer, 300, &err), SABLE_INVALID);
    EXPECT_EQ(sable_container_read(c, SABLE_TAG_META, buffer, 41, &err), SABLE_FORMAT);
    EXPECT_EQ(sable_container_read(c, SABLE_TAG_META, buffer, 40, &err), SABLE_OK);
    sable_section_spec meta = {SABLE_TAG_META, 0, 40}, both[] = {meta, {DATA, 0, 300}},
                       wrong[] = {meta, {DATA, 0, 301}};
    EXPECT_EQ(sable_container_expect(c, &meta, 1, &err), SABLE_FORMAT);
    EXPECT_NE(strstr(err.text, "section DATA of 300 bytes is unknown"), nullptr) << err.text;
    EXPECT_EQ(sable_container_expect(c, wrong, 2, &err), SABLE_FORMAT);
    EXPECT_EQ(sable_container_expect(c, both, 2, &err), SABLE_OK) << "MORE may be skipped: " << err.text;
    EXPECT_EQ(sable_container_read(c, DATA, buffer, 300, &err), SABLE_OK);
    sable_section_stream stream;
    ASSERT_EQ(sable_section_begin(&stream, c, DATA, 300, &err), SABLE_OK);
    ASSERT_EQ(sable_section_next(&stream, buffer, 299, &err), SABLE_OK);
    EXPECT_EQ(sable_section_end(&stream, &err), SABLE_INVALID) << "not read to its end";
    sable_container_close(&c);
}

TEST(IoContainerDamage, AFailedReadLeavesZeros) {
    std::string whole = sample();
    whole[768 + 299] ^= 1;
    sable_error err = {};
    sable_container *c = nullptr;
    uint8_t buffer[300], zeros[300] = {};
    memset(buffer, 0xAA, sizeof buffer);
    ASSERT_EQ(sable_container_open_bytes(&c, whole.data(), whole.size(), "sample", SABLE_KIND_ANY, nullptr, &err),
              SABLE_OK);
    sable_section_spec specs[] = {{SABLE_TAG_META, 0, 40}, {DATA, 0, 300}};
    ASSERT_EQ(sable_container_expect(c, specs, 2, &err), SABLE_OK);
    EXPECT_EQ(sable_container_read(c, DATA, buffer, 300, &err), SABLE_FORMAT);
    EXPECT_EQ(memcmp(buffer, zeros, 300), 0);
    EXPECT_EQ(sable_container_verify(c, &err), SABLE_FORMAT);
    sable_container_close(&c);
}

TEST(IoContainerDamage, ForeignFilesAreNamed) {
    struct {
        std::string bytes;
        const char *noun;
    } cases[] = {{"\x1F\x8B\x08 etc", "gzip"},
                 {std::string("PK\x03\x04 etc", 8), "zip"},
                 {"\x7F"
                  "ELF etc",
                  "ELF"},
                 {"hello, world\n", "text"},
                 {"{\"a\": 1}", "JSON"},
                 {"<!doctype html>", "HTML"},
                 {"\x93NUMPY", "NumPy"},
                 {std::string("\x80\x04\x95\0", 4), "pickle"},
                 {std::string(300, '\0'), "zeros"},
                 {std::string("\xFF\xFE"
                              "a\0",
                              4),
                  "UTF-16"},
                 {std::string("\n\x1A\n\rLBS\xF5", 8), "endianness"},
                 {"\xF5SBL\n\x1A\n", "text-mode"},
                 {"uSBL\r\n\x1A\n", "7-bit"},
                 {std::string("\xF5SBL\r\r\n\x1A\r\n", 10), "text-mode"},
                 {std::string("\x01\x02\x03", 3), "unknown"},
                 {std::string("\0\0\x08\x03\0\0", 6), "IDX"}};
    for (auto &c : cases)
        for (size_t padding : {0u, 400u}) {
            sable_error err = {};
            EXPECT_EQ(load(c.bytes + (padding ? std::string(padding, c.bytes.back()) : ""), &err), SABLE_FORMAT);
            EXPECT_NE(strstr(err.text, c.noun), nullptr) << c.noun << " in: " << err.text;
        }
}

TEST(IoContainerDamage, OnlyRegularFilesAreOpened) {
    Scratch scratch;
    std::string fifo = scratch.path("fifo"), loop = scratch.path("loop");
    ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
    ASSERT_EQ(symlink("loop", loop.c_str()), 0);
    for (const std::string &path :
         {fifo, loop, scratch.folder(), std::string("/dev/zero"), std::string("/dev/null"), scratch.path("absent")}) {
        sable_error err = {};
        EXPECT_EQ(load("", &err, SABLE_KIND_ANY, path.c_str()), SABLE_IO) << path;
        EXPECT_NE(strstr(err.text, path.c_str()), nullptr) << err.text;
        sable_container_info info;
        EXPECT_EQ(sable_container_peek(&info, path.c_str(), &err), SABLE_IO);
    }
    std::string path = scratch.write("real", sample()), link = scratch.path("link");
    ASSERT_EQ(symlink(path.c_str(), link.c_str()), 0);
    sable_error err = {};
    EXPECT_EQ(load("", &err, SABLE_KIND_ANY, link.c_str()), SABLE_OK) << err.text;
}

/* 10 GB of nothing must be refused at once, and a file that shrinks must not be believed. */
TEST(IoContainerDamage, SparseAndShrinkingFiles) {
    Scratch scratch;
    std::string path = scratch.write("big", sample());
    ASSERT_EQ(truncate(path.c_str(), 10ll << 30), 0);
    sable_error err = {};
    EXPECT_EQ(load("", &err, SABLE_KIND_ANY, path.c_str()), SABLE_FORMAT);
    path = scratch.write("small", sample());
    sable_container *c = nullptr;
    ASSERT_EQ(sable_container_open(&c, path.c_str(), SABLE_KIND_ANY, nullptr, &err), SABLE_OK);
    ASSERT_EQ(truncate(path.c_str(), 800), 0);
    EXPECT_EQ(sable_container_verify(c, &err), SABLE_FORMAT);
    EXPECT_NE(strstr(err.text, "more expected"), nullptr) << err.text;
    sable_container_close(&c);
}

} // namespace
