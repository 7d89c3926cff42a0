// SPDX-License-Identifier: Apache-2.0
#ifndef EMU_OPERATION_H
#define EMU_OPERATION_H
// Operations: what streams order. Each is executed when it is enqueued; while a stream captures, it is written down instead.
#include <functional>

#include "memory.h"
#include "runtime.h"

namespace emu {

// One thing in the order of a stream. run gives the error that ends the device, cudaSuccess mostly.
struct Work {
    const char *what;   // "copy"
    const void *kernel; // or nullptr
    std::function<cudaError_t()> run;
};

// Runs the work in the order of the stream, or captures it. The result is what the calling function answers: an error of
// the execution shows later, at the next function that waits or works.
cudaError_t submit(CUstream_st *stream, Work work);

// Runs it now. A fault ends the device.
void operate(CUstream_st *stream, const Work &work);

// From the running operation: ends it.
[[noreturn]] void operation_abandon(cudaError_t error);

// The stream of the running operation.
const CUstream_st *operation_stream();

// Orders a stream's next operation behind the default stream's, and the other way round, as CUDA does.
void order_by_default_stream(CUstream_st *stream);

} // namespace emu

#endif
