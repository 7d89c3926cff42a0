// SPDX-License-Identifier: Apache-2.0
// Allocation: cudaMalloc and cudaFree for the host's order, the asynchronous ones for a stream's.
#include "capture.h"
#include "defect.h"
#include "memory.h"
#include "operation.h"
#include "pool.h"
#include "runtime.h"

using namespace emu;

namespace {

size_t accounted(size_t bytes) { return (bytes + 511) / 512 * 512; }

Access access_of(const CUstream_st *stream, const char *what) {
    return {stream->slot, stream->clock.at(stream->slot), nullptr, what};
}

// The next moment in the stream's order.
void advance(CUstream_st *stream) {
    order_by_default_stream(stream);
    stream->clock.join(runtime().host);
    stream->clock.set(stream->slot, stream->clock.at(stream->slot) + 1);
}

bool device_take(Device *device, size_t bytes) {
    if (bytes > device->total - device->used) return false;
    device->used += bytes;
    return true;
}

// Everything that touched it is ordered before.
bool finished(const Allocation *a, const Clock &order, unsigned slot) {
    const auto before = [&](const Access &access) {
        return access.time == 0 || access.slot == slot || order.at(access.slot) >= access.time;
    };
    for (const Access &read : a->reads)
        if (!before(read)) return false;
    return before(a->last_write) && before(a->created);
}

constexpr unsigned no_slot = ~0u;

// The allocation to free, or nullptr after saying what is wrong.
Allocation *find_to_free(void *pointer) {
    Allocation *a = memory_at(pointer);
    if (a && !a->freed) return a;
    if (a)
        report(EMU_INVALID_FREE, "%s is freed a second time", memory_text(a, pointer).c_str());
    else
        report(EMU_INVALID_FREE, "address %p is freed but is the start of no allocation", pointer);
    return nullptr;
}

void release(Allocation *a, const Access &by) {
    if (a->pool)
        pool_give(a->pool, accounted(a->bytes));
    else
        runtime().devices[static_cast<size_t>(a->device)].used -= accounted(a->bytes);
    memory_close_all({}, runtime().host); // what the host opened
    memory_release(a, by);
}

cudaError_t allocate_in_order(const char *function, void **out, size_t bytes, cudaMemPool_t handle,
                              cudaStream_t stream_handle) {
    return call(function, Needs::working_device, [&] {
        cudaError_t error;
        emu_failure how;
        CUstream_st *stream = find_stream(stream_handle, &error);
        if (!stream) return error;
        if (!out) return cudaErrorInvalidValue;
        // CUDA would make a node of it; a plan of the project takes its memory before it captures.
        if (stream->capture) return capture_refuse(stream->capture, cudaErrorStreamCaptureUnsupported);
        if ((error = capture_forbids_default(stream))) return error;
        Pool *pool = find_pool(handle ? handle : runtime().devices[static_cast<size_t>(stream->device)].pool, &error);
        if (!pool) return error;
        *out = nullptr;
        if (bytes == 0) return cudaSuccess;
        if (chosen_to_fail(EMU_ALLOC, &how) || !pool_take(pool, accounted(bytes))) return cudaErrorMemoryAllocation;
        Allocation *a = memory_create(bytes, pool->device, pool);
        if (!a) {
            pool_give(pool, accounted(bytes));
            return cudaErrorMemoryAllocation;
        }
        advance(stream);
        a->created = access_of(stream, "cudaMallocAsync");
        *out = a->base;
        return cudaSuccess;
    });
}

} // namespace

cudaError_t cudaMalloc(void **devPtr, size_t size) {
    return call("cudaMalloc", Needs::working_device, [&] {
        emu_failure how;
        if (!devPtr) return cudaErrorInvalidValue;
        if (const cudaError_t error = capture_forbids_unsafe()) return error;
        *devPtr = nullptr;
        if (size == 0) return cudaSuccess;
        if (chosen_to_fail(EMU_ALLOC, &how) || !device_take(&current_device(), accounted(size)))
            return cudaErrorMemoryAllocation;
        Allocation *a = memory_create(size, thread_state.device, nullptr);
        if (!a) {
            current_device().used -= accounted(size);
            return cudaErrorMemoryAllocation;
        }
        *devPtr = a->base;
        return cudaSuccess;
    });
}

cudaError_t cudaFree(void *devPtr) {
    return call("cudaFree", Needs::device, [&] {
        if (!devPtr) return cudaSuccess;
        if (const cudaError_t error = capture_forbids_unsafe()) return error;
        Allocation *a = find_to_free(devPtr);
        if (!a) return cudaErrorInvalidValue;
        // cudaFree waits for the device, but not when the memory came from a pool.
        if (!a->pool)
            host_joins_device(a->device);
        else if (!finished(a, runtime().host, no_slot))
            report(EMU_STREAM_ORDER, "cudaFree of %s while a stream may still use it", memory_text(a, devPtr).c_str());
        release(a, {0, 0, nullptr, "cudaFree"});
        return current_device().ended;
    });
}

cudaError_t cudaMallocAsync(void **devPtr, size_t size, cudaStream_t hStream) {
    return allocate_in_order("cudaMallocAsync", devPtr, size, nullptr, hStream);
}

cudaError_t cudaMallocFromPoolAsync(void **ptr, size_t size, cudaMemPool_t memPool, cudaStream_t stream) {
    if (!memPool) return call("cudaMallocFromPoolAsync", Needs::device, [] { return cudaErrorInvalidValue; });
    return allocate_in_order("cudaMallocFromPoolAsync", ptr, size, memPool, stream);
}

cudaError_t cudaFreeAsync(void *devPtr, cudaStream_t hStream) {
    return call("cudaFreeAsync", Needs::device, [&] {
        cudaError_t error;
        CUstream_st *stream = find_stream(hStream, &error);
        if (!stream) return error;
        if (!devPtr) return cudaSuccess;
        if (stream->capture) return capture_refuse(stream->capture, cudaErrorStreamCaptureUnsupported);
        if ((error = capture_forbids_default(stream))) return error;
        Allocation *a = find_to_free(devPtr);
        if (!a) return cudaErrorInvalidValue;
        advance(stream);
        if (!finished(a, stream->clock, stream->slot))
            report(EMU_STREAM_ORDER, "cudaFreeAsync in %s of %s while another stream may still use it",
                   stream_text(stream->slot).c_str(), memory_text(a, devPtr).c_str());
        release(a, access_of(stream, "cudaFreeAsync"));
        return current_device().ended;
    });
}

cudaError_t cudaHostAlloc(void **pHost, size_t size, unsigned flags) {
    return call("cudaHostAlloc", Needs::working_device, [&] {
        emu_failure how;
        if (!pHost || flags > 7) return cudaErrorInvalidValue;
        if (const cudaError_t error = capture_forbids_unsafe()) return error;
        *pHost = nullptr;
        if (size == 0) return cudaSuccess;
        if (chosen_to_fail(EMU_ALLOC, &how)) return cudaErrorMemoryAllocation;
        *pHost = pinned_create(size);
        return *pHost ? cudaSuccess : cudaErrorMemoryAllocation;
    });
}
cudaError_t cudaMallocHost(void **ptr, size_t size) { return cudaHostAlloc(ptr, size, cudaHostAllocDefault); }

cudaError_t cudaFreeHost(void *ptr) {
    return call("cudaFreeHost", Needs::device, [&] {
        if (!ptr) return cudaSuccess;
        if (const cudaError_t error = capture_forbids_unsafe()) return error;
        host_joins_device(thread_state.device); // as CUDA does
        if (!pinned_release(ptr)) {
            report(EMU_INVALID_FREE, "address %p is freed by cudaFreeHost but did not come from cudaHostAlloc", ptr);
            return cudaErrorInvalidValue;
        }
        return cudaSuccess;
    });
}

cudaError_t cudaPointerGetAttributes(struct cudaPointerAttributes *attributes, const void *ptr) {
    return call("cudaPointerGetAttributes", Needs::device, [&] {
        if (!attributes) return cudaErrorInvalidValue;
        *attributes = {};
        attributes->type = cudaMemoryTypeUnregistered;
        attributes->device = -2; // as CUDA: no device
        const Allocation *a = memory_find(ptr);
        size_t bytes;
        if (a && !a->freed && ptr >= a->base && static_cast<const char *>(ptr) < a->base + a->bytes) {
            attributes->type = cudaMemoryTypeDevice;
            attributes->device = a->device;
            attributes->devicePointer = const_cast<void *>(ptr);
        } else if (pinned_find(ptr, &bytes)) {
            attributes->type = cudaMemoryTypeHost;
            attributes->device = thread_state.device;
            attributes->devicePointer = attributes->hostPointer = const_cast<void *>(ptr);
        } else {
            attributes->hostPointer = const_cast<void *>(ptr);
        }
        return cudaSuccess;
    });
}
