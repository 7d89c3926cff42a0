// SPDX-License-Identifier: Apache-2.0
#include "operation.h"

#include <csetjmp>

#include "capture.h"
#include "grid.h"

namespace emu {
namespace {

jmp_buf escape; // of an operation that is no kernel
cudaError_t escaped_with;
const CUstream_st *running_in;

// Not inlined: setjmp and the caller's variables do not mix.
__attribute__((noinline)) cudaError_t guarded(const Work &work) {
    if (_setjmp(escape)) return escaped_with;
    return work.run();
}

} // namespace

void operation_abandon(cudaError_t error) {
    if (grid_current()) grid_abandon(error);
    escaped_with = error;
    longjmp(escape, 1);
}

const CUstream_st *operation_stream() { return running_in; }

void order_by_default_stream(CUstream_st *stream) {
    Device &device = runtime().devices[static_cast<size_t>(stream->device)];
    if (stream == device.null_stream) {
        for (CUstream_st *other : device_streams(stream->device))
            if (!(other->flags & cudaStreamNonBlocking)) stream->clock.join(other->clock);
    } else if (!(stream->flags & cudaStreamNonBlocking)) {
        stream->clock.join(device.null_stream->clock);
    }
}

void operate(CUstream_st *stream, const Work &work) {
    Device &device = runtime().devices[static_cast<size_t>(stream->device)];
    if (device.ended != cudaSuccess) return; // nothing runs after a fault
    memory_close_all({}, stream->clock);     // what the host opened
    order_by_default_stream(stream);
    stream->clock.join(runtime().host);
    stream->clock.set(stream->slot, stream->clock.at(stream->slot) + 1);
    running_in = stream;
    fault_operating(true);
    const cudaError_t error = guarded(work);
    fault_operating(false);
    memory_close_all({stream->slot, stream->clock.at(stream->slot), work.kernel, work.what}, stream->clock);
    pinned_close_all();
    if (error != cudaSuccess) device.ended = error;
}

cudaError_t submit(CUstream_st *stream, Work work) {
    if (stream->capture) return capture_work(stream, std::move(work));
    if (const cudaError_t error = capture_forbids_default(stream)) return error;
    operate(stream, work);
    return cudaSuccess;
}

} // namespace emu
