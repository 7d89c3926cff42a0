// SPDX-License-Identifier: Apache-2.0
// Copies and fills. Both ends are checked as a whole before a byte moves.
#include <cstring>

#include "capture.h"
#include "defect.h"
#include "memory.h"
#include "operation.h"
#include "runtime.h"

using namespace emu;

namespace {

struct Copy {
    char *to;
    const char *from;
    size_t to_pitch, from_pitch, width, height;
    cudaMemcpyKind kind;
};

bool is_device(const void *address) { return memory_is_device(address); }

// The copy as a whole lies in one allocation that is alive.
cudaError_t check_end(const char *what, const void *address, size_t extent) {
    if (!is_device(address)) return cudaSuccess;
    const Allocation *a = memory_find(address);
    if (!a)
        report(EMU_OUT_OF_BOUNDS, "%s %p, which belongs to no allocation", what, address);
    else if (a->freed)
        report(EMU_USE_AFTER_FREE, "%s %s, which was freed", what, memory_text(a, address).c_str());
    else if (static_cast<const char *>(address) < a->base ||
             extent > a->bytes - static_cast<size_t>(static_cast<const char *>(address) - a->base))
        report(EMU_OUT_OF_BOUNDS, "%s %zu bytes of %s", what, extent, memory_text(a, address).c_str());
    else
        return cudaSuccess;
    return cudaErrorInvalidValue;
}

size_t extent(size_t pitch, size_t width, size_t height) { return pitch * (height - 1) + width; }

// 0 if the kind agrees with where the two ends are.
cudaError_t check_kind(const Copy &copy) {
    const bool to = is_device(copy.to), from = is_device(copy.from);
    size_t bytes;
    // Page-locked memory may be named as either side.
    const bool to_any = pinned_find(copy.to, &bytes) != nullptr, from_any = pinned_find(copy.from, &bytes) != nullptr;
    switch (copy.kind) {
    case cudaMemcpyDefault: return cudaSuccess;
    case cudaMemcpyHostToHost: return to || from ? cudaErrorInvalidValue : cudaSuccess;
    case cudaMemcpyHostToDevice: return (to || to_any) && !from ? cudaSuccess : cudaErrorInvalidValue;
    case cudaMemcpyDeviceToHost: return !to && (from || from_any) ? cudaSuccess : cudaErrorInvalidValue;
    case cudaMemcpyDeviceToDevice: return (to || to_any) && (from || from_any) ? cudaSuccess : cudaErrorInvalidValue;
    default: return cudaErrorInvalidMemcpyDirection;
    }
}

cudaError_t check(const Copy &copy) {
    if (!copy.to || !copy.from) return cudaErrorInvalidValue;
    if (const cudaError_t error = check_kind(copy)) return error;
    if (copy.width > copy.to_pitch || copy.width > copy.from_pitch) return cudaErrorInvalidPitchValue;
    const size_t written = extent(copy.to_pitch, copy.width, copy.height),
                 read = extent(copy.from_pitch, copy.width, copy.height);
    if (const cudaError_t error = check_end("a copy writes", copy.to, written)) return error;
    if (const cudaError_t error = check_end("a copy reads", copy.from, read)) return error;
    if (copy.to < copy.from + read && copy.from < copy.to + written && copy.height == 1)
        report(EMU_OUT_OF_BOUNDS, "a copy of %zu bytes from %p to %p overlaps itself", copy.width,
               static_cast<const void *>(copy.from), static_cast<void *>(copy.to));
    return cudaSuccess;
}

void open_end(const void *address, bool on_write) {
    if (Allocation *a = is_device(address) ? memory_find(address) : nullptr) memory_open(a, on_write);
}

cudaError_t run(const Copy &copy) {
    open_end(copy.from, false);
    open_end(copy.to, true);
    if (copy.width == copy.to_pitch && copy.width == copy.from_pitch) {
        memmove(copy.to, copy.from, copy.width * copy.height);
    } else {
        for (size_t row = 0; row < copy.height; ++row)
            memmove(copy.to + row * copy.to_pitch, copy.from + row * copy.from_pitch, copy.width);
    }
    // What lies between rows is none of the copy's.
    const CUstream_st *stream = operation_stream();
    const uint64_t time = stream->clock.at(stream->slot);
    const size_t bytes = copy.width * copy.height;
    if (copy.to_pitch == copy.width) pinned_transfer(copy.to, bytes, true, stream->slot, time);
    if (copy.from_pitch == copy.width) pinned_transfer(copy.from, bytes, false, stream->slot, time);
    return cudaSuccess;
}

bool is_pageable(const void *address) {
    size_t bytes;
    return !is_device(address) && !pinned_find(address, &bytes);
}

// In the stream's order; true in *waits when CUDA would return only after the copy.
cudaError_t enqueue_copy(CUstream_st *stream, const Copy &copy, bool *waits) {
    emu_failure how;
    *waits = false;
    if (copy.width == 0 || copy.height == 0) return cudaSuccess;
    if (const cudaError_t error = check(copy)) return error;
    // Page by page, through a buffer that a graph does not have.
    if (stream->capture && (is_pageable(copy.to) || is_pageable(copy.from)))
        return capture_refuse(stream->capture, cudaErrorStreamCaptureUnsupported);
    if (chosen_to_fail(EMU_COPY, &how)) {
        if (how == EMU_FAIL_CALL) return cudaErrorInvalidValue;
        runtime().devices[static_cast<size_t>(stream->device)].ended = cudaErrorIllegalAddress;
        return cudaSuccess;
    }
    *waits = !is_device(copy.to) && is_pageable(copy.to);
    return submit(stream, {"a copy", nullptr, [copy] { return run(copy); }});
}

cudaError_t copy_now(const char *function, const Copy &copy) {
    return call(function, Needs::working_device, [&] {
        bool waits;
        CUstream_st *stream = current_device().null_stream;
        if (const cudaError_t error = capture_forbids_default(stream)) return error;
        if (const cudaError_t error = enqueue_copy(stream, copy, &waits)) return error;
        if (copy.kind != cudaMemcpyDeviceToDevice) host_joins(stream);
        return current_device().ended;
    });
}

cudaError_t copy_in_order(const char *function, const Copy &copy, cudaStream_t handle) {
    return call(function, Needs::working_device, [&] {
        bool waits;
        cudaError_t error;
        CUstream_st *stream = find_stream(handle, &error);
        if (!stream) return error;
        if ((error = enqueue_copy(stream, copy, &waits))) return error;
        if (waits && !stream->capture) host_joins(stream);
        return cudaSuccess;
    });
}

Copy flat(void *to, const void *from, size_t count, cudaMemcpyKind kind) {
    return {static_cast<char *>(to), static_cast<const char *>(from), count, count, count, 1, kind};
}
Copy pitched(void *to, size_t to_pitch, const void *from, size_t from_pitch, size_t width, size_t height,
             cudaMemcpyKind kind) {
    return {static_cast<char *>(to), static_cast<const char *>(from), to_pitch, from_pitch, width, height, kind};
}

cudaError_t fill(const char *function, void *pointer, int value, size_t count, cudaStream_t handle, bool wait) {
    return call(function, Needs::working_device, [&] {
        cudaError_t error;
        emu_failure how;
        CUstream_st *stream = find_stream(handle, &error);
        if (!stream) return error;
        if (count == 0) return cudaSuccess;
        size_t bytes;
        if (!is_device(pointer) && !pinned_find(pointer, &bytes)) return cudaErrorInvalidValue;
        if ((error = check_end("a fill writes", pointer, count))) return error;
        if (chosen_to_fail(EMU_COPY, &how)) {
            if (how == EMU_FAIL_CALL) return cudaErrorInvalidValue;
            runtime().devices[static_cast<size_t>(stream->device)].ended = cudaErrorIllegalAddress;
            return cudaSuccess;
        }
        error = submit(stream, {"a fill", nullptr, [=] {
                                    open_end(pointer, true);
                                    memset(pointer, value, count);
                                    return cudaSuccess;
                                }});
        (void)wait; // of device memory, cudaMemset is asynchronous to the host too
        return error;
    });
}

} // namespace

cudaError_t cudaMemcpy(void *dst, const void *src, size_t count, enum cudaMemcpyKind kind) {
    return copy_now("cudaMemcpy", flat(dst, src, count, kind));
}
cudaError_t cudaMemcpyAsync(void *dst, const void *src, size_t count, enum cudaMemcpyKind kind, cudaStream_t stream) {
    return copy_in_order("cudaMemcpyAsync", flat(dst, src, count, kind), stream);
}
cudaError_t cudaMemcpy2D(void *dst, size_t dpitch, const void *src, size_t spitch, size_t width, size_t height,
                         enum cudaMemcpyKind kind) {
    return copy_now("cudaMemcpy2D", pitched(dst, dpitch, src, spitch, width, height, kind));
}
cudaError_t cudaMemcpy2DAsync(void *dst, size_t dpitch, const void *src, size_t spitch, size_t width, size_t height,
                              enum cudaMemcpyKind kind, cudaStream_t stream) {
    return copy_in_order("cudaMemcpy2DAsync", pitched(dst, dpitch, src, spitch, width, height, kind), stream);
}
cudaError_t cudaMemset(void *devPtr, int value, size_t count) {
    return fill("cudaMemset", devPtr, value, count, nullptr, true);
}
cudaError_t cudaMemsetAsync(void *devPtr, int value, size_t count, cudaStream_t stream) {
    return fill("cudaMemsetAsync", devPtr, value, count, stream, false);
}
