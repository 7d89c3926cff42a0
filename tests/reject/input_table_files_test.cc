/* SPDX-License-Identifier: Apache-2.0 */
/* The heads of files and the places where they lie, for the loader of every kind. */
#include "reject/input_table.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <chrono>
#include <csignal>

#include "support/scratch.h"

namespace {
using namespace input_table;

Kind kind_at(int i) { return static_cast<Kind>(i); }

void refused(int kind, const std::string &bytes, const std::string &text, const std::string &what) {
    Outcome out = load_bytes(kind_at(kind), bytes);
    EXPECT_EQ(SABLE_FORMAT, out.status) << kind_names[kind] << ", " << what << ": " << out.text;
    EXPECT_NE(std::string::npos, out.text.find(text)) << kind_names[kind] << ", " << what << ": " << out.text;
    EXPECT_LE(out.requested, 1u << 20) << kind_names[kind] << ", " << what;
}

TEST(InputTable, EveryKindReadAsEveryOther) {
    World &w = World::get();
    for (int have = 0; have < KINDS; have++)
        for (int want = 0; want < KINDS; want++) {
            if (have == want)
                EXPECT_EQ(SABLE_OK, load_bytes(kind_at(want), w.sample[have]).status);
            else
                refused(want, w.sample[have], kind_names[have], std::string("given ") + kind_names[have]);
        }
}

TEST(InputTable, LiesInTheHead) {
    struct {
        const char *what, *text;
        std::function<void(std::string &)> change;
    } lies[] = {
        {"version 0", "version at byte 8 is 0", [](std::string &b) { b[8] = 0; }},
        {"next version", "version at byte 8 is 2", [](std::string &b) { b[8] = 2; }},
        {"version 65535", "version at byte 8 is 65535", [](std::string &b) { b[8] = b[9] = (char)0xFF; }},
        {"byte order", "endianness", [](std::string &b) { std::swap(b[8], b[9]); }},
        {"kind 0", "kind 0", [](std::string &b) { b[10] = 0; }},
        {"kind 65535", "kind 65535", [](std::string &b) { b[10] = b[11] = (char)0xFF; }},
        {"an unknown flag", "flags", [](std::string &b) { b[12] = (char)(b[12] | 8); }},
        {"the highest flag", "flags", [](std::string &b) { b[15] = (char)0x80; }},
        {"length 0", "says 0 bytes", [](std::string &b) { put64(b, 16, 0); }},
        {"length 15", "says 15 bytes", [](std::string &b) { put64(b, 16, 15); }},
        {"length 2^63", "says 9223372036854775808 bytes", [](std::string &b) { put64(b, 16, 1ull << 63); }},
        {"length 2^64-1", "says 18446744073709551615 bytes", [](std::string &b) { put64(b, 16, UINT64_MAX); }},
        {"length + 1", "truncated", [](std::string &b) { put64(b, 16, b.size() + 1); }},
        {"length - 1", "says", [](std::string &b) { put64(b, 16, b.size() - 1); }},
        {"no section", "section count at byte 88 is 0", [](std::string &b) { put32(b, 88, 0); }},
        {"4097 sections", "section count at byte 88 is 4097", [](std::string &b) { put32(b, 88, 4097); }},
        {"2^32-1 sections", "section count at byte 88 is 4294967295", [](std::string &b) { put32(b, 88, UINT32_MAX); }},
        {"65 sections", "sect", [](std::string &b) { put32(b, 88, 65); }},
        {"reserved bytes", "92..95", [](std::string &b) { put32(b, 92, 1); }},
        {"a tag twice", "occurs twice", [](std::string &b) { b.replace(96, 4, "AAAA").replace(152, 4, "AAAA"); }},
        {"META later", "must come first", [](std::string &b) { b.replace(152, 4, "META").replace(96, 4, "AAAA"); }},
        {"a tag of small letters", "A-Z 0-9", [](std::string &b) { b[96] = 'm'; }},
        {"an unknown section flag", "flags", [](std::string &b) { put32(b, 156, 2); }},
        {"overlap", "expected", [](std::string &b) { put64(b, 160, get32(b, 104)); }},
        {"gap", "expected", [](std::string &b) { put64(b, 160, get32(b, 160) + 256); }},
        {"unaligned", "expected", [](std::string &b) { put64(b, 160, get32(b, 160) + 1); }},
        {"before the head", "expected", [](std::string &b) { put64(b, 104, 0); }},
        {"offset 2^64-1", "expected", [](std::string &b) { put64(b, 160, UINT64_MAX); }},
        {"offset and length overflow", "2^63", [](std::string &b) { put64(b, 168, 0ull - get32(b, 160)); }},
        {"length 2^63 of a section", "2^63", [](std::string &b) { put64(b, 168, 1ull << 63); }},
        {"an empty section", "empty", [](std::string &b) { put64(b, 168, 0); }},
        {"unsorted", "expected",
         [](std::string &b) {
             std::string entry = b.substr(96, 56);
             b.replace(96, 56, b.substr(152, 56)).replace(152, 56, entry);
             b.replace(152, 4, "ZZZZ").replace(96, 4, "YYYY");
         }},
    };
    for (int kind = 0; kind < KINDS; kind++)
        for (auto &lie : lies) {
            std::string bytes = World::get().sample[kind];
            lie.change(bytes);
            refused(kind, repaired(bytes), lie.text, lie.what);
        }
}

TEST(InputTable, WhatFollows) {
    for (int kind = 0; kind < KINDS; kind++) {
        const std::string &whole = World::get().sample[kind];
        refused(kind, "", "is empty", "nothing");
        refused(kind, whole + '\0', "says", "a byte more");
        refused(kind, whole + whole, "says", "the file twice");
    }
}

TEST(InputTable, ForeignFiles) {
    const struct {
        std::string bytes;
        const char *text;
    } files[] = {{"a,b\n1,2\n", "text"},
                 {std::string("\x1F\x8B\x08\0\0\0\0\0", 8), "gzip"},
                 {std::string("PK\x03\x04\x14\0\0\0", 8), "zip"},
                 {std::string("\x7F"
                              "ELF\2\1\1\0",
                              8),
                  "ELF"},
                 {std::string("\x80\x04\x95\x10\0\0\0\0", 8), "pickle"},
                 {std::string(4096, '\0'), "zeros"}};
    for (int kind = 0; kind < KINDS; kind++)
        for (auto &file : files) refused(kind, file.bytes, file.text, file.text);
}

/* Of another key or of other parameters. */
TEST(InputTable, ParametersAndKeysOfOthers) {
    World &w = World::get();
    for (int kind = 0; kind < KINDS; kind++)
        for (size_t bit = 0; bit < 256; bit += 37) {
            Container c(w.sample[kind]);
            c.header[24 + bit / 8] = (char)(c.header[24 + bit / 8] ^ (1 << bit % 8));
            Outcome out = load_bytes(kind_at(kind), c.sealed());
            EXPECT_EQ(SABLE_PARAMS_MISMATCH, out.status) << kind_names[kind] << out.text;
        }
    Container c(w.sample[CIPHERTEXT]);
    c.header[56] = (char)(c.header[56] ^ 1);
    MemoryFile file;
    sable_error err = {};
    sable_ct *ct = nullptr;
    ASSERT_EQ(SABLE_OK, sable_ct_create(&ct, w.ctx, &err));
    ASSERT_EQ(SABLE_OK, sable_ct_load(w.queue, ct, file.write(c.sealed()).c_str())) << sable_queue_error(w.queue);
    std::vector<double> values(512);
    EXPECT_EQ(SABLE_KEY_MISMATCH, sable_decrypt(w.queue, values.data(), 512, false, ct, w.secret));
    sable_ct_destroy(w.queue, &ct);
}

/* -- where files lie ------------------------------------------------------------------------------------------------ */

TEST(InputTable, PlacesThatAreNoFiles) {
    Scratch scratch;
    std::string fifo = scratch.path("fifo"), loop = scratch.path("loop"), absent = scratch.path("absent"),
                sock = scratch.path("socket"), hidden = scratch.write("hidden", World::get().sample[CIPHERTEXT]);
    ASSERT_EQ(0, mkfifo(fifo.c_str(), 0600));
    ASSERT_EQ(0, symlink("loop", loop.c_str()));
    ASSERT_EQ(0, chmod(hidden.c_str(), 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    strncpy(address.sun_path, sock.c_str(), sizeof address.sun_path - 1);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ASSERT_EQ(0, bind(fd, (sockaddr *)&address, sizeof address));
    std::vector<std::string> places = {
        fifo,        loop,        absent,      sock, scratch.folder(), absent + "/x",
        "/dev/zero", "/dev/full", "/dev/null", "",   fifo + "/x",      std::string(5000, 'x')};
    if (geteuid() != 0) places.push_back(hidden);
    auto start = std::chrono::steady_clock::now();
    for (const std::string &place : places) {
        for (int kind = 0; kind < KINDS; kind++) {
            Outcome out = load(kind_at(kind), place);
            EXPECT_EQ(SABLE_IO, out.status) << kind_names[kind] << " " << place.substr(0, 80) << out.text;
            EXPECT_FALSE(out.text.empty());
        }
        sable_error err = {};
        sable_model *model = nullptr;
        sable_table *table = nullptr;
        sable_params *params = nullptr;
        EXPECT_EQ(SABLE_IO, sable_model_load(&model, place.c_str(), &err)) << place.substr(0, 80);
        EXPECT_EQ(SABLE_IO, sable_table_read(&table, place.c_str(), nullptr, &err)) << place.substr(0, 80);
        if (place.find('/') != std::string::npos)
            EXPECT_EQ(SABLE_IO, sable_params_load(&params, place.c_str(), nullptr, &err)) << place.substr(0, 80);
    }
    close(fd);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5)) << "nothing may wait for a pipe";
}

TEST(InputTable, TenSparseGigabytes) {
    Scratch scratch;
    auto start = std::chrono::steady_clock::now();
    for (int kind = 0; kind < KINDS; kind++)
        for (bool agrees : {false, true}) { /* the head may say so: the sections do not */
            std::string bytes = World::get().sample[kind];
            if (agrees) put64(bytes, 16, 10ull << 30);
            std::string path = scratch.write("big", repaired(bytes));
            ASSERT_EQ(0, chmod(path.c_str(), 0600));
            ASSERT_EQ(0, truncate(path.c_str(), 10ll << 30));
            Outcome out = load(kind_at(kind), path);
            EXPECT_EQ(SABLE_FORMAT, out.status) << kind_names[kind] << out.text;
            EXPECT_LE(out.requested, 1u << 20);
        }
    std::string path = scratch.write("zeros.json", "");
    ASSERT_EQ(0, truncate(path.c_str(), 10ll << 30));
    sable_error err = {};
    sable_model *model = nullptr;
    sable_table *table = nullptr;
    sable_params *params = nullptr;
    EXPECT_GT(sable_model_load(&model, path.c_str(), &err), 0) << err.text;
    EXPECT_GT(sable_params_load(&params, path.c_str(), nullptr, &err), 0) << err.text;
    EXPECT_GT(sable_table_read(&table, path.c_str(), nullptr, &err), 0) << err.text;
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

/* Outputs where none can be: the older file stays, nothing else appears. */
TEST(InputTable, OutputsThatCannotBe) {
    World &w = World::get();
    Scratch scratch;
    std::string folder = scratch.path("folder"), locked = scratch.path("locked");
    ASSERT_EQ(0, mkdir(folder.c_str(), 0755));
    ASSERT_EQ(0, mkdir(locked.c_str(), 0500));
    sable_ct *ct = w.encrypt(0, 1);
    sable_error err = {};
    std::vector<std::string> places = {folder, scratch.path("absent/t"), "/dev/full", "/dev/full/t"};
    if (geteuid() != 0) places.push_back(locked + "/t");
    for (const std::string &place : places) {
        EXPECT_EQ(SABLE_IO, sable_ct_save(w.queue, ct, place.c_str(), nullptr)) << place;
        EXPECT_NE(nullptr, strstr(sable_queue_error(w.queue), place.c_str())) << sable_queue_error(w.queue);
        EXPECT_EQ(SABLE_IO, sable_keyset_save(w.queue, w.keys, place.c_str(), nullptr)) << place;
        EXPECT_EQ(SABLE_IO, sable_secret_save(w.secret, place.c_str(), &err)) << place;
        EXPECT_EQ(SABLE_IO, sable_params_save(w.params, place.c_str(), &err)) << place;
    }
    std::string path = scratch.write("t", "old");
    auto before = signal(SIGXFSZ, SIG_IGN);
    rlimit limit, small;
    ASSERT_EQ(0, getrlimit(RLIMIT_FSIZE, &limit));
    small = limit;
    small.rlim_cur = 4096;
    ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &small));
    sable_status ct_status = sable_ct_save(w.queue, ct, path.c_str(), nullptr);
    sable_status keys_status = sable_keyset_save(w.queue, w.keys, path.c_str(), nullptr);
    setrlimit(RLIMIT_FSIZE, &limit);
    signal(SIGXFSZ, before);
    EXPECT_EQ(SABLE_IO, ct_status) << sable_queue_error(w.queue);
    EXPECT_EQ(SABLE_IO, keys_status) << sable_queue_error(w.queue);
    EXPECT_EQ("old", Scratch::read(path));
    EXPECT_EQ(3u, scratch.count());
    EXPECT_EQ(SABLE_OK, sable_ct_save(w.queue, ct, path.c_str(), nullptr))
        << "and then it works: " << sable_queue_error(w.queue);
    sable_ct_destroy(w.queue, &ct);
}

} // namespace
