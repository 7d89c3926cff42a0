// SPDX-License-Identifier: Apache-2.0
// Memory pools: the cap, the figures, the device's memory as a whole; devices; calls that fail on demand.
#include "world.h"

using namespace world;

namespace {

using Pools = Emulator;

class Pool {
  public:
    explicit Pool(size_t most) {
        cudaMemPoolProps props = {};
        props.allocType = cudaMemAllocationTypePinned;
        props.location.type = cudaMemLocationTypeDevice;
        props.maxSize = most;
        must(cudaMemPoolCreate(&pool_, &props));
    }
    ~Pool() { must(cudaMemPoolDestroy(pool_)); }
    Pool(const Pool &) = delete;
    Pool &operator=(const Pool &) = delete;
    operator cudaMemPool_t() const { return pool_; }
    uint64_t get(cudaMemPoolAttr attribute) const {
        uint64_t value = ~uint64_t{0};
        must(cudaMemPoolGetAttribute(pool_, attribute, &value));
        return value;
    }

  private:
    cudaMemPool_t pool_ = nullptr;
};

size_t free_bytes() {
    size_t free = 0, total = 0;
    must(cudaMemGetInfo(&free, &total));
    EXPECT_LE(free, total);
    return free;
}

TEST_F(Pools, KeepTheirCap) {
    Stream stream;
    Pool pool(1 << 20);
    void *a, *b;
    must(cudaMallocFromPoolAsync(&a, 768 << 10, pool, stream));
    EXPECT_EQ(cudaMallocFromPoolAsync(&b, 512 << 10, pool, stream), cudaErrorMemoryAllocation);
    EXPECT_EQ(b, nullptr);
    must(cudaMallocFromPoolAsync(&b, 256 << 10, pool, stream));
    EXPECT_EQ(pool.get(cudaMemPoolAttrUsedMemCurrent), 1u << 20);
    must(cudaFreeAsync(a, stream));
    must(cudaFreeAsync(b, stream));
    EXPECT_EQ(pool.get(cudaMemPoolAttrUsedMemCurrent), 0u);
    EXPECT_EQ(pool.get(cudaMemPoolAttrUsedMemHigh), 1u << 20);
    uint64_t zero = 0;
    must(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrUsedMemHigh, &zero));
    EXPECT_EQ(pool.get(cudaMemPoolAttrUsedMemHigh), 0u);
    (void)cudaGetLastError();
}

TEST_F(Pools, ReleaseAboveTheirThreshold) {
    Stream stream;
    Pool pool(0);
    void *memory;
    const size_t before = free_bytes();
    uint64_t threshold = 1 << 20;
    must(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &threshold));
    must(cudaMallocFromPoolAsync(&memory, 4 << 20, pool, stream));
    EXPECT_EQ(free_bytes(), before - (4 << 20));
    must(cudaFreeAsync(memory, stream));
    EXPECT_EQ(pool.get(cudaMemPoolAttrReservedMemCurrent), 4u << 20); // until something waits
    must(cudaStreamSynchronize(stream));
    EXPECT_EQ(pool.get(cudaMemPoolAttrReservedMemCurrent), 1u << 20);
    EXPECT_EQ(free_bytes(), before - (1 << 20));
    must(cudaMemPoolTrimTo(pool, 0));
    EXPECT_EQ(free_bytes(), before);
}

TEST_F(Pools, OutliveNoAllocation) {
    Stream stream;
    cudaMemPool_t pool;
    cudaMemPoolProps props = {};
    props.allocType = cudaMemAllocationTypePinned;
    EXPECT_EQ(cudaMemPoolCreate(&pool, &props), cudaErrorInvalidValue); // no location
    props.location.type = cudaMemLocationTypeDevice;
    props.location.id = 99;
    EXPECT_EQ(cudaMemPoolCreate(&pool, &props), cudaErrorInvalidDevice);
    must(cudaDeviceGetDefaultMemPool(&pool, 0));
    EXPECT_EQ(cudaMemPoolDestroy(pool), cudaErrorInvalidValue);
    (void)cudaGetLastError();
}

TEST_F(Pools, DeviceMemoryEnds) {
    size_t free = 0, total = 0;
    must(cudaMemGetInfo(&free, &total));
    void *memory, *more;
    EXPECT_EQ(cudaMalloc(&memory, total + 1), cudaErrorMemoryAllocation);
    must(cudaMalloc(&memory, free / 512 * 512));
    EXPECT_EQ(cudaMalloc(&more, 512), cudaErrorMemoryAllocation);
    must(cudaFree(memory));
    EXPECT_EQ(free_bytes(), free);
    must(cudaMalloc(&memory, 0));
    EXPECT_EQ(memory, nullptr);
    must(cudaFree(nullptr));
    (void)cudaGetLastError();
}

TEST_F(Pools, DeviceTellsWhatItIs) {
    int count = 0, version = 0, value = 0, device = 9;
    must(cudaGetDeviceCount(&count));
    EXPECT_EQ(count, 1);
    must(cudaRuntimeGetVersion(&version));
    EXPECT_GE(version, 12040);
    cudaDeviceProp prop;
    must(cudaGetDeviceProperties(&prop, 0));
    EXPECT_EQ(prop.warpSize, 32);
    must(cudaDeviceGetAttribute(&value, cudaDevAttrComputeCapabilityMajor, 0));
    EXPECT_EQ(value, prop.major);
    must(cudaDeviceGetAttribute(&value, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0));
    EXPECT_EQ(static_cast<size_t>(value), prop.sharedMemPerBlockOptin);
    EXPECT_EQ(cudaSetDevice(1), cudaErrorInvalidDevice);
    must(cudaGetDevice(&device));
    EXPECT_EQ(device, 0);
    (void)cudaGetLastError();
}

__global__ void nothing() {}

TEST_F(Pools, CallsFailOnDemand) {
    Stream stream;
    Words<> words(4);
    void *memory;
    const uint64_t allocations = emu_calls(EMU_ALLOC);
    emu_fail_at(EMU_ALLOC, 2, EMU_FAIL_CALL);
    must(cudaMallocAsync(&memory, 4, stream));
    must(cudaFreeAsync(memory, stream));
    EXPECT_EQ(cudaMallocAsync(&memory, 4, stream), cudaErrorMemoryAllocation);
    must(cudaMallocAsync(&memory, 4, stream));
    must(cudaFreeAsync(memory, stream));
    EXPECT_EQ(emu_calls(EMU_ALLOC), allocations + 3);

    emu_fail_at(EMU_LAUNCH, 1, EMU_FAIL_CALL);
    EXPECT_EQ(launch(stream, 1, 1, 0, nothing), cudaErrorLaunchOutOfResources);
    EXPECT_EQ(launch(stream, 1, 1, 0, nothing), cudaSuccess);
    emu_fail_at(EMU_LAUNCH, 1, EMU_FAIL_ASYNC);
    EXPECT_EQ(launch(stream, 1, 1, 0, nothing), cudaSuccess);
    EXPECT_EQ(cudaStreamSynchronize(stream), cudaErrorLaunchFailure);
    emu_clear();
    emu_fail_at(EMU_COPY, 1, EMU_FAIL_ASYNC);
    EXPECT_EQ(cudaMemsetAsync(words, 0, 16, stream), cudaSuccess);
    EXPECT_EQ(cudaStreamSynchronize(stream), cudaErrorIllegalAddress);
    emu_clear();
    emu_fail_at(EMU_CREATE, 1, EMU_FAIL_CALL);
    cudaEvent_t event;
    EXPECT_EQ(cudaEventCreateWithFlags(&event, 0), cudaErrorMemoryAllocation);
    (void)cudaGetLastError();
}

} // namespace
