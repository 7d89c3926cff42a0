// SPDX-License-Identifier: Apache-2.0
// The cpu backend around the arithmetic: choice of path, memory pool, caps, threads, registry.
#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <thread>

#include "support/device.h"

extern "C" {
#include "backend/registry.h"
#include "cpu/pool.h"
}

namespace {

using support::Device;
using support::Poly;
using support::range;
using support::Ring;

TEST(CpuPaths, PortableIsFirstAndNullIsTheBest) {
    const std::vector<std::string> paths = support::cpu_paths();
    ASSERT_FALSE(paths.empty());
    EXPECT_EQ(paths[0], "portable");
    EXPECT_EQ(std::string(cpu_kernels_find(nullptr)->name), paths.back());
    for (const std::string &name : paths) EXPECT_EQ(cpu_kernels_find(name.c_str())->name, name);
    EXPECT_EQ(cpu_kernels_find("sse9"), nullptr);
    EXPECT_EQ(cpu_kernels_find(""), nullptr);
}

TEST(CpuPaths, UnknownPathNamesWhatThereIs) {
    auto ring = Ring::a40(10, 2, 1);
    sable_backend_options options{};
    options.struct_size = sizeof options;
    options.path = "sse9";
    void *state = nullptr;
    sable_error err{};
    EXPECT_EQ(sable_backend_cpu()->open(&state, ring->get(), &options, &err), SABLE_NO_DEVICE);
    EXPECT_EQ(state, nullptr);
    EXPECT_NE(std::string(err.text).find("sse9"), std::string::npos) << err.text;
    for (const std::string &name : support::cpu_paths())
        EXPECT_NE(std::string(err.text).find(name), std::string::npos) << err.text;
}

TEST(CpuBackend, ReportsPathAndThreads) {
    auto ring = Ring::a40(10, 2, 1);
    Device device(sable_backend_cpu(), *ring, "portable", 3);
    EXPECT_STREQ(device->path(device.state()), "portable");
    EXPECT_EQ(device->threads(device.state()), 3u);
    void *state = nullptr, *queue = nullptr;
    sable_error err{};
    ASSERT_EQ(sable_backend_cpu()->open(&state, ring->get(), nullptr, &err), SABLE_OK);
    EXPECT_GE(sable_backend_cpu()->threads(state), 1u);
    EXPECT_EQ(sable_backend_cpu()->queue_open(&queue, state, &err, &err), SABLE_UNSUPPORTED)
        << "there are no external streams";
    sable_backend_cpu()->close(state);
    sable_backend_cpu()->close(nullptr);
}

TEST(CpuBackend, MemoryCapRefusesAndTakesNothing) {
    auto ring = Ring::a40(10, 2, 1);
    Device device(sable_backend_cpu(), *ring, "portable", 1, 1 << 20);
    size_t live = 0, peak = 0;
    device.check(device->memory_use(device.state(), &live, &peak));
    const size_t before = live;
    void *a = nullptr, *b = nullptr;
    device.check(device->alloc(device.queue(), &a, 600000));
    EXPECT_EQ(device->alloc(device.queue(), &b, 600000), SABLE_NO_MEMORY);
    EXPECT_EQ(b, nullptr);
    EXPECT_NE(std::string(device->queue_error(device.queue())).find("600000"), std::string::npos);
    device.check(device->memory_use(device.state(), &live, &peak));
    EXPECT_GE(live, before + 600000);
    EXPECT_LE(peak, size_t{1} << 20);
    device->release(device.queue(), a);
    device.check(device->memory_use(device.state(), &live, &peak));
    EXPECT_EQ(live, before);
    // Another size class: the cached block must make room under the cap.
    device.check(device->alloc(device.queue(), &b, 900000));
    device->release(device.queue(), b);
    device->release(device.queue(), nullptr);
    EXPECT_EQ(device->alloc(device.queue(), &b, SIZE_MAX), SABLE_NO_MEMORY);
    EXPECT_EQ(device->alloc(device.queue(), &b, SIZE_MAX / 2), SABLE_NO_MEMORY);
}

TEST(CpuPool, AlignsReusesAndCounts) {
    cpu_pool *pool = cpu_pool_create(0);
    ASSERT_NE(pool, nullptr);
    std::vector<void *> blocks;
    for (size_t bytes :
         {size_t{0}, size_t{1}, size_t{255}, size_t{256}, size_t{257}, size_t{4096}, size_t{100000}, size_t{3} << 20}) {
        void *block = cpu_pool_take(pool, bytes);
        ASSERT_NE(block, nullptr);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % 256, 0u);
        std::memset(block, 0xa5, bytes);
        blocks.push_back(block);
    }
    size_t live = 0, peak = 0;
    cpu_pool_use(pool, &live, &peak);
    EXPECT_EQ(live, peak);
    EXPECT_GE(live, (size_t{3} << 20) + 100000);
    EXPECT_LE(live, ((size_t{3} << 20) + 110000) * 9 / 8);
    for (void *block : blocks) cpu_pool_give(pool, block);
    EXPECT_EQ(cpu_pool_cached(pool), peak);
    EXPECT_EQ(cpu_pool_take(pool, size_t{3} << 20), blocks.back()) << "the same block comes back";
    cpu_pool_use(pool, &live, nullptr);
    EXPECT_EQ(cpu_pool_cached(pool), peak - live);
    cpu_pool_destroy(pool); // with a block out
}

TEST(CpuPool, ClassesHoldWhatWasAskedFor) {
    cpu_pool *pool = cpu_pool_create(0);
    for (size_t bytes = 1; bytes < 70000; bytes += bytes / 7 + 1) {
        size_t before = 0, after = 0;
        cpu_pool_use(pool, &before, nullptr);
        void *block = cpu_pool_take(pool, bytes);
        cpu_pool_use(pool, &after, nullptr);
        ASSERT_GE(after - before, bytes + 256);
        ASSERT_LE(after - before, (bytes + 256) * 9 / 8 + 512);
        std::memset(block, 1, bytes); // the address sanitizer sees a class that is too small
    }
    cpu_pool_destroy(pool);
}

TEST(CpuPool, CapCountsCachedBlocks) {
    const size_t cap = size_t{10} << 20;
    cpu_pool *pool = cpu_pool_create(cap);
    EXPECT_EQ(cpu_pool_cap(pool), cap);
    for (size_t bytes : {size_t{9} << 20, size_t{1} << 20, size_t{6} << 20, size_t{3} << 20}) {
        void *block = cpu_pool_take(pool, bytes);
        ASSERT_NE(block, nullptr);
        size_t live = 0;
        cpu_pool_use(pool, &live, nullptr);
        EXPECT_LE(live + cpu_pool_cached(pool), cap);
        cpu_pool_give(pool, block);
    }
    EXPECT_EQ(cpu_pool_take(pool, cap), nullptr) << "with its header it is over the cap";
    cpu_pool_destroy(pool);
}

TEST(CpuPool, LargerBlocksServeSmallerRequests) {
    const size_t mib = size_t{1} << 20;
    cpu_pool *pool = cpu_pool_create(0);
    void *const keys = cpu_pool_take(pool, 64 * mib), *const large = cpu_pool_take(pool, 8 * mib);
    size_t live = 0, before = 0;
    cpu_pool_give(pool, large);
    cpu_pool_use(pool, &before, nullptr);
    EXPECT_EQ(cpu_pool_take(pool, 3 * mib), large);
    cpu_pool_use(pool, &live, nullptr);
    EXPECT_LE(live - before, 3 * mib * 9 / 8) << "counted is what was asked for";
    cpu_pool_give(pool, large);
    EXPECT_NE(cpu_pool_take(pool, mib), large) << "eight times too large";
    EXPECT_EQ(cpu_pool_take(pool, 7 * mib), large);
    EXPECT_EQ(cpu_pool_cached(pool), 0u);
    (void)keys;
    cpu_pool_destroy(pool);
}

TEST(CpuPool, LargerBlocksAreNotUsedUp) { // scratch of a call, then a result that stays, again and again
    const size_t mib = size_t{1} << 20;
    cpu_pool *pool = cpu_pool_create(0);
    std::set<void *> large, results;
    for (int i = 0; i < 100; i++) {
        void *const scratch = cpu_pool_take(pool, 4 * mib);
        large.insert(scratch);
        cpu_pool_give(pool, scratch);
        results.insert(cpu_pool_take(pool, mib + mib / 2));
    }
    size_t in_large = 0, peak = 0;
    for (void *block : results) in_large += large.count(block);
    cpu_pool_use(pool, nullptr, &peak);
    EXPECT_EQ(results.size(), 100u);
    EXPECT_LE(in_large * 2 * mib, peak / 4) << "what they have too much is a quarter of the peak at most";
    cpu_pool_destroy(pool);
}

TEST(CpuPool, BelowACapBlocksServeTheirClass) {
    const size_t mib = size_t{1} << 20;
    cpu_pool *pool = cpu_pool_create(64 * mib);
    void *const keys = cpu_pool_take(pool, 32 * mib), *const large = cpu_pool_take(pool, 8 * mib);
    cpu_pool_give(pool, large);
    EXPECT_NE(cpu_pool_take(pool, 6 * mib), large);
    (void)keys;
    cpu_pool_destroy(pool);
}

TEST(CpuPool, CacheIsBounded) {
    cpu_pool *pool = cpu_pool_create(0);
    for (size_t mib = 1; mib < 200; mib += 3)
        cpu_pool_give(pool, cpu_pool_take(pool, mib << 20)); // one class after another
    size_t peak = 0;
    cpu_pool_use(pool, nullptr, &peak);
    EXPECT_LE(cpu_pool_cached(pool), peak + peak / 2 + (size_t{64} << 20));
    cpu_pool_destroy(pool);
    cpu_pool_destroy(nullptr);
}

TEST(CpuPool, ManyThreads) {
    cpu_pool *pool = cpu_pool_create(0);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; t++)
        threads.emplace_back([pool, t] {
            support::Rng rng(t);
            std::vector<std::pair<unsigned char *, size_t>> mine;
            for (int i = 0; i < 2000; i++) {
                if (mine.size() < 8 && (rng() & 1)) {
                    size_t bytes = 1 + rng() % 20000;
                    auto *block = static_cast<unsigned char *>(cpu_pool_take(pool, bytes));
                    std::memset(block, t, bytes);
                    mine.push_back({block, bytes});
                } else if (!mine.empty()) {
                    auto [block, bytes] = mine.back();
                    EXPECT_EQ(block[0], t);
                    EXPECT_EQ(block[bytes - 1], t);
                    cpu_pool_give(pool, block);
                    mine.pop_back();
                }
            }
            for (auto [block, bytes] : mine) cpu_pool_give(pool, block);
        });
    for (std::thread &thread : threads) thread.join();
    size_t live = 1;
    cpu_pool_use(pool, &live, nullptr);
    EXPECT_EQ(live, 0u);
    cpu_pool_destroy(pool);
}

TEST(CpuBackend, TwoRingsInOneProcess) {
    auto small = Ring::a40(10, 3, 1), large = Ring::a40(12, 5, 2);
    Device a(*small, "portable"), b(*large, "portable");
    support::Rng rng(5);
    Poly x(a, range(0, 4)), y(b, range(0, 7));
    x.random(rng).upload();
    y.random(rng).upload();
    const auto x_before = x.host, y_before = y.host;
    a.check(a->ntt_forward(a.queue(), x.view()));
    b.check(b->ntt_forward(b.queue(), y.view()));
    a.check(a->ntt_inverse(a.queue(), x.view(), x.view(), nullptr));
    b.check(b->ntt_inverse(b.queue(), y.view(), y.view(), nullptr));
    EXPECT_EQ(x.download().host, x_before);
    EXPECT_EQ(y.download().host, y_before);
}

TEST(Registry, FindsByName) {
    sable_error err{};
    for (const char *name : {"cpu", "auto", "", static_cast<const char *>(nullptr)}) {
        sable_backend_choice choice{};
        ASSERT_EQ(sable_backend_find(&choice, name, &err), SABLE_OK) << err.text;
        EXPECT_NE(choice.backend, nullptr);
    }
    for (const char *name : {"cpux", "gpu", "cpu:1", "auto:0", "cuda:", "cuda:x", "cuda:-1", "anamethatisfartoolong"}) {
        sable_backend_choice choice{};
        EXPECT_EQ(sable_backend_find(&choice, name, &err), SABLE_NO_DEVICE) << name;
        EXPECT_NE(std::string(err.text).find(name), std::string::npos) << err.text;
        EXPECT_EQ(choice.backend, nullptr);
    }
}

} // namespace
