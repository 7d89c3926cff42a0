// SPDX-License-Identifier: Apache-2.0
// What threads of a kernel see: where they are, barriers, warp functions, atomics, shared memory.
#include <numeric>

#include "world.h"

using namespace world;

namespace {

class Threads : public Emulator, public testing::WithParamInterface<const char *> {
  protected:
    void SetUp() override {
        Emulator::SetUp();
        ASSERT_EQ(emu_set_order(GetParam()), 0);
    }
    void TearDown() override {
        emu_set_order("forward");
        Emulator::TearDown();
    }
};
INSTANTIATE_TEST_SUITE_P(Orders, Threads, testing::Values("forward", "reverse", "random", "random:5", "all"),
                         [](const testing::TestParamInfo<const char *> &order) {
                             std::string name = order.param;
                             for (char &c : name)
                                 if (c == ':') c = '_';
                             return name;
                         });

std::vector<unsigned> counting(size_t count) {
    std::vector<unsigned> values(count);
    std::iota(values.begin(), values.end(), 0u);
    return values;
}

unsigned flat(dim3 size, uint3 at) { return at.x + size.x * (at.y + size.y * at.z); }

__global__ void where(uint4 *out) {
    const unsigned threads = blockDim.x * blockDim.y * blockDim.z;
    out[flat(gridDim, blockIdx) * threads + flat(blockDim, threadIdx)] = make_uint4(
        threadIdx.x + 100 * blockIdx.x, threadIdx.y + 100 * blockIdx.y, threadIdx.z + 100 * blockIdx.z, threads);
}
TEST_P(Threads, KnowWhereTheyAre) {
    Stream stream;
    const dim3 grid(2, 3, 4), block(5, 2, 3);
    Words<uint4> out(24 * 30);
    must(launch(stream, grid, block, 0, where, out));
    const std::vector<uint4> got = out.read();
    for (unsigned b = 0; b < 24; ++b)
        for (unsigned t = 0; t < 30; ++t) {
            const uint4 at = got[b * 30 + t];
            ASSERT_EQ(at.x, t % 5 + 100 * (b % 2));
            ASSERT_EQ(at.y, t / 5 % 2 + 100 * (b / 2 % 3));
            ASSERT_EQ(at.z, t / 10 + 100 * (b / 6));
            ASSERT_EQ(at.w, 30u);
        }
}

// log2(n) steps with two barriers each: a sum of all that stand before, in shared memory.
__global__ void prefix_sum(unsigned *data) {
    EMU_SHARED_DYNAMIC(unsigned, sums);
    const unsigned t = threadIdx.x;
    sums[t] = data[blockIdx.x * blockDim.x + t];
    __syncthreads();
    for (unsigned step = 1; step < blockDim.x; step *= 2) {
        const unsigned other = t >= step ? sums[t - step] : 0;
        __syncthreads();
        sums[t] += other;
        __syncthreads();
    }
    data[blockIdx.x * blockDim.x + t] = sums[t];
}
TEST_P(Threads, MeetAtBarriers) {
    for (unsigned threads : {1u, 31u, 64u, 1000u, 1024u}) {
        Stream stream;
        Words<> words(counting(3 * threads));
        must(launch(stream, 3, threads, 4 * threads, prefix_sum, words));
        const std::vector<unsigned> got = words.read();
        for (unsigned b = 0; b < 3; ++b)
            for (unsigned t = 0, sum = 0; t < threads; ++t) ASSERT_EQ(got[b * threads + t], sum += b * threads + t);
    }
}

__global__ void votes(int *out) {
    const int odd = threadIdx.x & 1;
    out[3 * threadIdx.x] = __syncthreads_count(odd);
    out[3 * threadIdx.x + 1] = 2 * __syncthreads_and(1) + __syncthreads_and(threadIdx.x != 7);
    out[3 * threadIdx.x + 2] = 2 * __syncthreads_or(0) + __syncthreads_or(threadIdx.x == 7);
}
TEST_P(Threads, VoteAtBarriers) {
    Stream stream;
    Words<int> out(3 * 50);
    must(launch(stream, 1, 50, 0, votes, out));
    const std::vector<int> got = out.read();
    for (int t = 0; t < 50; ++t) {
        EXPECT_EQ(got[3 * t], 25);
        EXPECT_EQ(got[3 * t + 1], 2);
        EXPECT_EQ(got[3 * t + 2], 1);
    }
}

__global__ void shuffles(unsigned *out) {
    const unsigned lane = threadIdx.x, all = 0xffffffffu;
    out[lane] = __shfl_sync(all, lane * lane, (lane + 5) & 31);
    out[32 + lane] = __shfl_up_sync(all, lane, 3);
    out[64 + lane] = __shfl_down_sync(all, lane, 3, 8);
    out[96 + lane] = __shfl_xor_sync(all, lane, 9);
    out[128 + lane] = static_cast<unsigned>(__shfl_sync(all, 1ull << 40 | lane, 2, 4) >> 3 & ~0ull);
    __syncwarp();
    const double value = __shfl_sync(all, lane + 0.5, 31);
    out[160 + lane] = static_cast<unsigned>(2 * value);
}
TEST_P(Threads, Shuffle) {
    Stream stream;
    Words<> out(192);
    must(launch(stream, 1, 32, 0, shuffles, out));
    const std::vector<unsigned> got = out.read();
    for (unsigned lane = 0; lane < 32; ++lane) {
        const unsigned from = (lane + 5) % 32;
        EXPECT_EQ(got[lane], from * from);
        EXPECT_EQ(got[32 + lane], lane < 3 ? lane : lane - 3);
        EXPECT_EQ(got[64 + lane], lane % 8 < 5 ? lane + 3 : lane);
        EXPECT_EQ(got[96 + lane], lane ^ 9);
        EXPECT_EQ(got[128 + lane], static_cast<unsigned>((1ull << 40 | (lane / 4 * 4 + 2)) >> 3));
        EXPECT_EQ(got[160 + lane], 63u);
    }
}

__global__ void reductions(unsigned *out) {
    const unsigned lane = threadIdx.x & 31, low = 0xffffu;
    out += threadIdx.x;
    const unsigned stride = blockDim.x;
    out[0] = __ballot_sync(~0u, lane % 3 == 0);
    out[stride] = static_cast<unsigned>(__any_sync(~0u, lane == 9) + 2 * __all_sync(~0u, lane < 32) +
                                        4 * __all_sync(~0u, lane == 9));
    out[2 * stride] = __reduce_add_sync(~0u, lane);
    out[3 * stride] = static_cast<unsigned>(__reduce_min_sync(~0u, static_cast<int>(lane) - 16));
    out[4 * stride] = __reduce_max_sync(~0u, lane * 7 % 32);
    out[5 * stride] = __reduce_or_sync(~0u, 1u << lane) ^ __reduce_and_sync(~0u, lane | 64u);
    out[6 * stride] = __match_any_sync(~0u, lane / 8);
    if (lane < 16)
        out[7 * stride] = __reduce_add_sync(low, lane);
    else
        out[7 * stride] = __reduce_add_sync(~low, lane);
}
TEST_P(Threads, ReduceInWarps) {
    Stream stream;
    Words<> out(8 * 96);
    must(launch(stream, 1, 96, 0, reductions, out));
    const std::vector<unsigned> got = out.read();
    for (unsigned t = 0; t < 96; ++t) {
        const unsigned lane = t % 32;
        EXPECT_EQ(got[t], 0x49249249u);
        EXPECT_EQ(got[96 + t], 3u);
        EXPECT_EQ(got[2 * 96 + t], 496u);
        EXPECT_EQ(static_cast<int>(got[3 * 96 + t]), -16);
        EXPECT_EQ(got[4 * 96 + t], 31u);
        EXPECT_EQ(got[5 * 96 + t], ~64u);
        EXPECT_EQ(got[6 * 96 + t], 0xffu << (lane / 8 * 8));
        EXPECT_EQ(got[7 * 96 + t], lane < 16 ? 120u : 376u);
    }
}

__global__ void atomics(unsigned *u, int *s, unsigned long long *l) {
    const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    atomicAdd(&u[0], 1u);
    atomicMin(&u[1], i + 5);
    atomicMax(&u[2], i);
    atomicOr(&u[3], 1u << (i % 32));
    atomicAnd(&u[4], ~(1u << (i % 16)));
    atomicXor(&u[5], i);
    if (atomicCAS(&u[6], 0u, 1u) == 0) atomicAdd(&u[7], 1u); // one thread wins
    atomicSub(&u[8], 2u);
    atomicAdd(&s[0], -1);
    atomicMin(&s[1], -static_cast<int>(i));
    atomicAdd(&l[0], 1ull << 33);
    atomicMax(&l[1], static_cast<unsigned long long>(i) << 32);
}
TEST_P(Threads, AddAtomically) {
    Stream stream;
    Words<> u({0, 1000, 0, 0, ~0u, 0, 0, 0, 0});
    Words<int> s({0, 0});
    Words<unsigned long long> l({0, 0});
    must(launch(stream, 4, 64, 0, atomics, u, s, l));
    EXPECT_EQ(u.read(), (std::vector<unsigned>{256, 5, 255, ~0u, 0xffff0000u, 0, 1, 1, ~0u - 511}));
    EXPECT_EQ(s.read(), (std::vector<int>{-256, -255}));
    EXPECT_EQ(l.read(), (std::vector<unsigned long long>{256ull << 33, 255ull << 32}));
}

template <class T>
__global__ void two_arrays(T *out) {
    EMU_SHARED(T, first, 64);
    EMU_SHARED(T, second, 64);
    first[threadIdx.x] = static_cast<T>(threadIdx.x);
    second[63 - threadIdx.x] = static_cast<T>(2 * threadIdx.x);
    __syncthreads();
    out[blockIdx.x * 64 + threadIdx.x] = static_cast<T>(first[63 - threadIdx.x] + second[threadIdx.x]);
}
TEST_P(Threads, ShareArrays) {
    Stream stream;
    Words<> words(128);
    Words<unsigned char> bytes(128);
    must(launch(stream, 2, 64, 0, two_arrays<unsigned>, words));
    must(launch(stream, 2, 64, 0, two_arrays<unsigned char>, bytes));
    for (unsigned i = 0; i < 128; ++i) {
        EXPECT_EQ(words.read()[i], 3 * (63 - i % 64));
        EXPECT_EQ(bytes.read()[i], 3 * (63 - i % 64));
    }
}

__global__ void read_unset(unsigned *out) {
    EMU_SHARED(unsigned, tile, 32);
    out[threadIdx.x] = tile[threadIdx.x];
    tile[threadIdx.x] = 0; // the next block must not see it
}
TEST_P(Threads, FindPoisonInFreshMemory) {
    Stream stream;
    Words<> fresh(32), out(32);
    must(launch(stream, 2, 32, 0, read_unset, out));
    EXPECT_EQ(fresh.read(), std::vector<unsigned>(32, ~0u));
    EXPECT_EQ(out.read(), std::vector<unsigned>(32, ~0u));
}

__global__ void intrinsics(unsigned *out) {
    out[0] = __umulhi(0xdeadbeefu, 0xcafebabeu);
    out[1] = static_cast<unsigned>(__mulhi(-5, 7));
    out[2] = static_cast<unsigned>(__umul64hi(~0ull, 12345));
    out[3] = __brev(1u) | __brev(0x80000000u);
    out[4] = static_cast<unsigned>(__clz(1) + 100 * __clz(0) + 10000 * __popc(0xff00ffu));
    out[5] = static_cast<unsigned>(__ffs(8) + 100 * __ffs(0) + 10000 * __clzll(1));
    out[6] = __funnelshift_l(0x80000000u, 1, 4);
    out[7] = __funnelshift_r(0x80000000u, 1, 4);
    out[8] = __byte_perm(0x33221100u, 0x77665544u, 0x7531);
    out[9] = min(3u, 5u) + max(3u, 5u) + static_cast<unsigned>(min(-3, 5) + max(-3, 5));
    __stcs(&out[10], __ldg(&out[9]) + __ldcs(&out[9]));
    out[11] = static_cast<unsigned>(__brevll(1) >> 32);
}
TEST_P(Threads, HaveIntrinsics) {
    Stream stream;
    Words<> out(12);
    must(launch(stream, 1, 1, 0, intrinsics, out));
    EXPECT_EQ(out.read(),
              (std::vector<unsigned>{0xb092ab7bu, ~0u, 12344u, 0x80000001u, 16u * 10000 + 3200 + 31, 63u * 10000 + 4,
                                     0x18u, 0x18000000u, 0x77553311u, 10u, 20u, 0x80000000u}));
}

} // namespace
