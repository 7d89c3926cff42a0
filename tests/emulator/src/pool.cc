// SPDX-License-Identifier: Apache-2.0
#include "pool.h"

#include "memory.h"

struct CUmemPoolHandle_st {
    emu::Pool pool;
};

using namespace emu;

namespace emu {
namespace {

Registry<CUmemPoolHandle_st> &pools() {
    static auto *made = new Registry<CUmemPoolHandle_st>; // the default pools too
    return *made;
}

bool is_default(cudaMemPool_t handle) {
    for (const Device &device : runtime().devices)
        if (device.default_pool == handle) return true;
    return false;
}

} // namespace

cudaMemPool_t make_pool(int device, size_t most) {
    cudaMemPool_t handle = new CUmemPoolHandle_st;
    handle->pool.device = device;
    handle->pool.most = most;
    pools().add(handle);
    return handle;
}

Pool *find_pool(cudaMemPool_t handle, cudaError_t *error) {
    *error = pools().alive(handle) ? cudaSuccess : cudaErrorInvalidValue;
    return *error == cudaSuccess ? &handle->pool : nullptr;
}

bool pool_take(Pool *pool, size_t bytes) {
    Device &device = runtime().devices[static_cast<size_t>(pool->device)];
    const size_t most = pool->most ? pool->most : device.total;
    if (bytes > most || pool->used > most - bytes) return false;
    // What the pool has reserved counts against the device; fresh bytes must still be there.
    const size_t used = pool->used + bytes, fresh = used > pool->reserved ? used - pool->reserved : 0;
    if (fresh > device.total - device.used) return false;
    device.used += fresh;
    pool->used = used;
    pool->reserved += fresh;
    pool->used_high = std::max(pool->used_high, used);
    pool->reserved_high = std::max(pool->reserved_high, pool->reserved);
    return true;
}

void pool_give(Pool *pool, size_t bytes) { pool->used -= bytes; }

void pool_trim(Pool *pool, size_t keep) {
    const size_t reserved = std::max(pool->used, std::min(pool->reserved, keep));
    runtime().devices[static_cast<size_t>(pool->device)].used -= pool->reserved - reserved;
    pool->reserved = reserved;
}

void pools_release(int device) {
    for (cudaMemPool_t handle : pools().all())
        if (handle->pool.device == device) pool_trim(&handle->pool, handle->pool.threshold);
}

size_t pool_count() { return pools().size() - runtime().devices.size(); }

} // namespace emu

cudaError_t cudaMemPoolCreate(cudaMemPool_t *memPool, const struct cudaMemPoolProps *props) {
    return call("cudaMemPoolCreate", Needs::working_device, [&] {
        emu_failure how;
        if (!memPool || !props || props->allocType != cudaMemAllocationTypePinned ||
            props->handleTypes != cudaMemHandleTypeNone || props->location.type != cudaMemLocationTypeDevice)
            return cudaErrorInvalidValue;
        for (unsigned char byte : props->reserved)
            if (byte) return cudaErrorInvalidValue;
        if (props->location.id < 0 || static_cast<size_t>(props->location.id) >= runtime().devices.size())
            return cudaErrorInvalidDevice;
        if (chosen_to_fail(EMU_CREATE, &how)) return cudaErrorMemoryAllocation;
        *memPool = make_pool(props->location.id, props->maxSize);
        return cudaSuccess;
    });
}

// CUDA keeps a pool until its last allocation is freed; here a program that relies on it is refused.
cudaError_t cudaMemPoolDestroy(cudaMemPool_t handle) {
    return call("cudaMemPoolDestroy", Needs::device, [&] {
        cudaError_t error;
        Pool *pool = find_pool(handle, &error);
        if (!pool) return error;
        if (is_default(handle)) return cudaErrorInvalidValue;
        if (pool->used) return cudaErrorInvalidValue;
        for (Device &device : runtime().devices)
            if (device.pool == handle) device.pool = device.default_pool;
        pool_trim(pool, 0);
        pools().remove(handle);
        delete handle;
        return cudaSuccess;
    });
}

cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t handle, enum cudaMemPoolAttr attr, void *value) {
    return call("cudaMemPoolSetAttribute", Needs::device, [&] {
        cudaError_t error;
        Pool *pool = find_pool(handle, &error);
        if (!pool || !value) return cudaErrorInvalidValue;
        const uint64_t number = attr >= cudaMemPoolAttrReleaseThreshold ? *static_cast<uint64_t *>(value) : 0;
        switch (attr) {
        case cudaMemPoolReuseFollowEventDependencies:
        case cudaMemPoolReuseAllowOpportunistic:
        case cudaMemPoolReuseAllowInternalDependencies: pool->reuse[attr] = *static_cast<int *>(value); break;
        case cudaMemPoolAttrReleaseThreshold: pool->threshold = number; break;
        case cudaMemPoolAttrReservedMemHigh:
        case cudaMemPoolAttrUsedMemHigh:
            if (number) return cudaErrorInvalidValue;
            (attr == cudaMemPoolAttrUsedMemHigh ? pool->used_high : pool->reserved_high) =
                attr == cudaMemPoolAttrUsedMemHigh ? pool->used : pool->reserved;
            break;
        default: return cudaErrorInvalidValue;
        }
        return cudaSuccess;
    });
}

cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t handle, enum cudaMemPoolAttr attr, void *value) {
    return call("cudaMemPoolGetAttribute", Needs::device, [&] {
        cudaError_t error;
        Pool *pool = find_pool(handle, &error);
        if (!pool || !value) return cudaErrorInvalidValue;
        uint64_t *number = static_cast<uint64_t *>(value);
        switch (attr) {
        case cudaMemPoolReuseFollowEventDependencies:
        case cudaMemPoolReuseAllowOpportunistic:
        case cudaMemPoolReuseAllowInternalDependencies: *static_cast<int *>(value) = pool->reuse[attr]; break;
        case cudaMemPoolAttrReleaseThreshold: *number = pool->threshold; break;
        case cudaMemPoolAttrReservedMemCurrent: *number = pool->reserved; break;
        case cudaMemPoolAttrReservedMemHigh: *number = pool->reserved_high; break;
        case cudaMemPoolAttrUsedMemCurrent: *number = pool->used; break;
        case cudaMemPoolAttrUsedMemHigh: *number = pool->used_high; break;
        default: return cudaErrorInvalidValue;
        }
        return cudaSuccess;
    });
}

cudaError_t cudaMemPoolTrimTo(cudaMemPool_t handle, size_t minBytesToKeep) {
    return call("cudaMemPoolTrimTo", Needs::device, [&] {
        cudaError_t error;
        Pool *pool = find_pool(handle, &error);
        if (!pool) return error;
        pool_trim(pool, minBytesToKeep);
        return cudaSuccess;
    });
}

namespace {

cudaError_t device_pool(const char *function, cudaMemPool_t *memPool, int device, cudaMemPool_t Device::*which) {
    return call(function, Needs::device, [&] {
        if (!memPool) return cudaErrorInvalidValue;
        if (device < 0 || static_cast<size_t>(device) >= runtime().devices.size()) return cudaErrorInvalidDevice;
        *memPool = runtime().devices[static_cast<size_t>(device)].*which;
        return cudaSuccess;
    });
}

} // namespace

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t *memPool, int device) {
    return device_pool("cudaDeviceGetDefaultMemPool", memPool, device, &Device::default_pool);
}
cudaError_t cudaDeviceGetMemPool(cudaMemPool_t *memPool, int device) {
    return device_pool("cudaDeviceGetMemPool", memPool, device, &Device::pool);
}

cudaError_t cudaDeviceSetMemPool(int device, cudaMemPool_t handle) {
    return call("cudaDeviceSetMemPool", Needs::device, [&] {
        cudaError_t error;
        if (device < 0 || static_cast<size_t>(device) >= runtime().devices.size()) return cudaErrorInvalidDevice;
        const Pool *pool = find_pool(handle, &error);
        if (!pool || pool->device != device) return cudaErrorInvalidValue;
        runtime().devices[static_cast<size_t>(device)].pool = handle;
        return cudaSuccess;
    });
}
