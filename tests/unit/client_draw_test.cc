/* SPDX-License-Identifier: Apache-2.0 */
/* Small polynomials drawn in pieces on several threads, against one stream a polynomial read from its start. */
#include "client_fixture.h"

#include <string.h>

#include <array>
#include <tuple>

extern "C" {
#include "client/sampler.h"
}

namespace {
using namespace client_test;

struct Work {
    client_work work = {};
    explicit Work(const Secret &s, uint32_t tasks) {
        sable_error err = {};
        EXPECT_EQ(SABLE_OK, client_work_open(&work, &s.p->ring, tasks, &err)) << err.text;
    }
    ~Work() { client_work_close(&work); }
};

/* A generator and another one in the same state: all of its state lies in its first page. */
struct Twins {
    sable_rng *a = nullptr, *b = nullptr;
    Twins() {
        sable_error err = {};
        EXPECT_EQ(SABLE_OK, sable_rng_create(&a, &err)) << err.text;
        EXPECT_EQ(SABLE_OK, sable_rng_create(&b, &err)) << err.text;
        memcpy(static_cast<void *>(b), a, static_cast<size_t>(sysconf(_SC_PAGESIZE)));
    }
    ~Twins() {
        sable_rng_destroy(&a);
        sable_rng_destroy(&b);
    }
};

std::vector<int8_t> drawn_from_start(sable_rng *rng, uint32_t polys, bool ternary, sable_domain domain, size_t n) {
    std::vector<int8_t> out(polys * n);
    for (uint32_t i = 0; i < polys; i++) {
        std::array<uint8_t, SABLE_SEED_BYTES> key;
        sable_rng_derive(rng, domain, key.data());
        sable_stream stream;
        sable_stream_open(&stream, key.data());
        if (ternary)
            sable_sample_ternary(out.data() + i * n, n, &stream);
        else
            sable_sample_error(out.data() + i * n, n, &stream);
    }
    return out;
}

/* T10: less than a chunk of a stream a polynomial more than once; T12: a polynomial is a piece; infer14: several. */
TEST(ClientDraw, PiecesAreRangesOfOneStream) {
    for (const char *name : {"T10", "T12", "infer14"}) {
        World &w = World::get(name);
        const Secret s(w);
        const Work work(s, 8);
        const size_t n = w.n();
        Twins rng;
        std::vector<int8_t> u(2 * n), e0(n), e1(3 * n);
        const client_draw draws[3] = {{u.data(), 2, true, SABLE_DOMAIN_ENCRYPT_U},
                                      {e0.data(), 1, false, SABLE_DOMAIN_ENCRYPT_E0},
                                      {e1.data(), 3, false, SABLE_DOMAIN_ENCRYPT_E1}};
        sable_error err = {};
        ASSERT_EQ(SABLE_OK, client_sample(&work.work, draws, 3, rng.a, &err)) << err.text;
        EXPECT_EQ(drawn_from_start(rng.b, 2, true, SABLE_DOMAIN_ENCRYPT_U, n), u) << name;
        EXPECT_EQ(drawn_from_start(rng.b, 1, false, SABLE_DOMAIN_ENCRYPT_E0, n), e0) << name;
        EXPECT_EQ(drawn_from_start(rng.b, 3, false, SABLE_DOMAIN_ENCRYPT_E1, n), e1) << name;
    }
}

/* Kept memory: wiped, and with a new seed each time. */
TEST(ClientDraw, WhatIsKeptIsWiped) {
    const Secret s(World::get("T10"));
    const client_ring *ring = &s.p->ring;
    sable_error err = {};
    std::array<uint8_t, SABLE_SEED_BYTES> key[2];
    for (auto &k : key) {
        sable_rng *rng = nullptr;
        ASSERT_EQ(SABLE_OK, client_rng_take(ring, &rng, &err)) << err.text;
        sable_rng_derive(rng, SABLE_DOMAIN_SECRET, k.data());
        client_rng_give(ring, rng);
        const std::vector<uint8_t> zeros(64);
        EXPECT_EQ(0, memcmp(zeros.data(), static_cast<const void *>(rng), zeros.size())) << "kept, not freed";
    }
    EXPECT_NE(key[0], key[1]);
    /* Seven sizes through four places. */
    for (int round = 0; round < 3; round++)
        for (size_t bytes : {32, 64, 96, 128, 160, 192, 224}) {
            auto *memory = static_cast<uint8_t *>(client_guarded_take(ring, bytes));
            ASSERT_NE(nullptr, memory);
            memset(memory, 7, bytes);
            client_guarded_give(ring, memory, bytes);
            auto *again = static_cast<uint8_t *>(client_guarded_take(ring, bytes));
            EXPECT_EQ(memory, again);
            for (size_t i = 0; i < bytes; i++) ASSERT_EQ(0, again[i]);
            client_guarded_give(ring, again, bytes);
        }
}

} // namespace
