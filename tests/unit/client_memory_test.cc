/* SPDX-License-Identifier: Apache-2.0 */
/* Where secrets lie: locked memory while they live, nowhere in the process afterwards. */
#include "client_fixture.h"

#include <fcntl.h>

#include <array>
#include <fstream>
#include <sstream>

namespace {
using namespace client_test;

const uint8_t kMask = 0x5a; /* what we look for is never itself in memory: it is kept, and compared, under this mask */
const size_t kNeedle = 32;
using Needle = std::array<uint8_t, kNeedle>;

Needle masked(const void *data) {
    Needle out;
    for (size_t i = 0; i < kNeedle; i++) out[i] = static_cast<const volatile uint8_t *>(data)[i] ^ kMask;
    return out;
}

/* Occurrences of each needle in all memory of the process that can be read. */
std::vector<size_t> scan(const std::vector<Needle> &needles) {
    std::vector<size_t> found(needles.size());
    const int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    EXPECT_GE(memory, 0);
    const size_t chunk = 1 << 20;
    std::vector<uint8_t> buffer(chunk + kNeedle);
    std::ifstream maps("/proc/self/maps");
    std::string line;
    std::vector<std::pair<uint64_t, uint64_t>> regions;
    while (std::getline(maps, line)) {
        uint64_t from = 0, to = 0;
        char mode[5] = {};
        if (sscanf(line.c_str(), "%lx-%lx %4s", &from, &to, mode) != 3 || mode[0] != 'r' ||
            line.find("[v") != std::string::npos)
            continue;
        /* Not the buffer: after the chunk with the needles themselves it holds them without the mask. */
        const uint64_t own = reinterpret_cast<uint64_t>(buffer.data()), end = own + buffer.size();
        if (own >= to || end <= from) {
            regions.emplace_back(from, to);
            continue;
        }
        if (from < own) regions.emplace_back(from, own);
        if (end < to) regions.emplace_back(end, to);
    }
    for (auto [from, to] : regions)
        for (uint64_t at = from; at < to; at += chunk) {
            const ssize_t got =
                pread(memory, buffer.data(), std::min<uint64_t>(chunk + kNeedle - 1, to - at), static_cast<off_t>(at));
            if (got <= 0) break;
            for (ssize_t i = 0; i < got; i++) buffer[i] ^= kMask;
            for (size_t k = 0; k < needles.size(); k++)
                for (const uint8_t *p = buffer.data(), *end = p + got;
                     (p = static_cast<const uint8_t *>(memmem(p, end - p, needles[k].data(), kNeedle))); p++)
                    if (p < buffer.data() + chunk) found[k]++;
        }
    close(memory);
    return found;
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

TEST(ClientMemory, NothingOfASecretIsLeftAfterItsEnd) {
#ifdef SANITIZED
    GTEST_SKIP() << "the shadow memory of a sanitizer is too large to scan";
#endif
    World &w = World::get("T11");
    TempFolder folder;
    std::vector<Needle> needles;
    const size_t n = w.n();
    {
        Secret s(w);
        for (size_t at : {size_t(0), n / 3, n - kNeedle}) needles.push_back(masked(s.p->s + at));
        { /* its transform in both forms, its square */
            client_work work = {};
            sable_error err = {};
            ASSERT_EQ(SABLE_OK, client_work_open(&work, &s.p->ring, 1, &err)) << err.text;
            client_lane *lane = &work.lane[0];
            for (uint32_t pos : {0u, 20u, w.ctx->ring->q_count}) {
                lane_expand_small(lane, lane->limb[0], s.p->s, lane_mont_negative(lane, pos), pos);
                needles.push_back(masked(lane->limb[0] + n / 2));
                lane_expand_small(lane, lane->limb[0], s.p->s, lane_mont(lane, pos), pos);
                needles.push_back(masked(lane->limb[0] + n / 2));
                lane_mul_mont(lane, lane->limb[1], lane->limb[0], lane->limb[0], pos);
                needles.push_back(masked(lane->limb[1] + n / 2));
                lane_expand_small(lane, lane->limb[0], s.p->s, 1, pos);
                needles.push_back(masked(lane->limb[0] + n / 2));
            }
            client_work_close(&work);
            std::array<uint8_t, kNeedle> packed = {}; /* as in a file */
            for (size_t k = 0; k < 4 * kNeedle; k++)
                packed[k / 4] |= static_cast<uint8_t>((s.p->s[k] & 3u) << (2 * (k % 4)));
            needles.push_back(masked(packed.data()));
            explicit_bzero(packed.data(), packed.size());
        }
        /* Everything that works with the secret. */
        sable_error err = {};
        PublicKey pk(w, s);
        sable_key_spec *spec = nullptr;
        ASSERT_EQ(SABLE_OK, sable_key_spec_create(&spec, w.params.get(), &err)) << err.text;
        ASSERT_EQ(SABLE_OK, sable_key_spec_add_relin(spec, 0, 3, &err)) << err.text;
        ASSERT_EQ(SABLE_OK, sable_key_spec_add_rotation(spec, 3, 0, 0, 3, &err)) << err.text;
        sable_keyset *keys = nullptr;
        SABLE_EXPECT_OK(w, sable_keyset_generate(w.queue, &keys, s, spec));
        sable_key_spec_destroy(&spec);
        Shape shape;
        shape.level = 3, shape.batch = 3;
        const std::vector<double> values = random_values(value_count(w, shape), 5);
        Plain pt(w);
        Cipher ct(w);
        SABLE_EXPECT_OK(w, encode(w, pt, values, shape));
        SABLE_EXPECT_OK(w, sable_encrypt_secret(w.queue, ct, pt, s));
        std::vector<double> back(values.size());
        SABLE_EXPECT_OK(w, sable_decrypt(w.queue, back.data(), back.size(), false, ct, s));
        const std::string path = folder / "secret.key";
        ASSERT_EQ(SABLE_OK, sable_secret_save(s, path.c_str(), &err)) << err.text;
        sable_secret *loaded = nullptr;
        ASSERT_EQ(SABLE_OK, sable_secret_load(&loaded, w.ctx, path.c_str(), &err)) << err.text;
        EXPECT_EQ(0, memcmp(loaded->s, s.p->s, n));
        sable_secret_destroy(&loaded);
        EXPECT_EQ(nullptr, loaded);
        sable_keyset_destroy(w.queue, &keys);

        const std::vector<size_t> alive = scan(needles);
        for (size_t k = 0; k < 3; k++) EXPECT_EQ(1u, alive[k]) << "the living secret is found, once: needle " << k;
        for (size_t k = 3; k < needles.size(); k++)
            EXPECT_EQ(0u, alive[k]) << "nothing derived outlives its call: needle " << k;
    }
    const std::vector<size_t> dead = scan(needles);
    for (size_t k = 0; k < needles.size(); k++) EXPECT_EQ(0u, dead[k]) << "needle " << k;
}

TEST(ClientMemory, LockedFlagAgreesWithTheKernel) {
#ifdef SANITIZED
    GTEST_SKIP() << "sanitizers replace mlock by a function that does nothing";
#endif
    World &w = World::get("T10");
    Secret s(w);
    /* VmFlags of the mapping: "lo" locked, "dd" not in core dumps. */
    std::ifstream maps("/proc/self/smaps");
    std::string line;
    bool inside = false, locked = false, no_dump = false;
    const uint64_t address = reinterpret_cast<uint64_t>(s.p->s);
    while (std::getline(maps, line)) {
        uint64_t from = 0, to = 0;
        char dash = 0;
        std::istringstream in(line);
        if (in >> std::hex >> from >> dash >> to && dash == '-') inside = from <= address && address < to;
        if (inside && line.rfind("VmFlags:", 0) == 0) {
            locked = line.find(" lo") != std::string::npos;
            no_dump = line.find(" dd") != std::string::npos;
        }
    }
    if (!no_dump && !locked && !std::ifstream("/proc/self/smaps")) GTEST_SKIP() << "no smaps on this system";
    EXPECT_EQ(locked, sable_secret_is_locked(s));
    EXPECT_TRUE(no_dump);
    EXPECT_FALSE(sable_secret_is_locked(nullptr));
}

} // namespace
