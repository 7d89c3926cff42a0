// SPDX-License-Identifier: Apache-2.0
#ifndef EMU_CAPTURE_H
#define EMU_CAPTURE_H
// Stream capture. A graph is the list of what was captured, in the order of the calls: operations, records and waits of
// events, each in a branch (one a stream). The order of calls respects all dependencies, so a launch follows the list; which
// branch waits for which is replayed on clocks, so that a missing dependency inside a graph is found too.
#include <thread>
#include <vector>

#include "operation.h"
#include "runtime.h"

struct CUgraph_st {
    struct Step {
        enum Kind { work, record, wait } kind;
        unsigned branch;
        unsigned mark; // of records and waits
        emu::Work doing;
    };
    std::vector<Step> steps;
    unsigned branches = 1, marks = 0; // branch 0: the stream that began the capture, or that launches
};

struct CUgraphExec_st {
    CUgraph_st graph;
    int device;
    std::vector<CUstream_st *> branches; // but branch 0
    emu::Clock done;                     // its last launch
};

namespace emu {

struct Capture {
    CUgraph_st *graph;
    CUstream_st *origin;
    std::thread::id thread;
    cudaStreamCaptureMode mode;
    bool invalid = false;
    std::vector<CUstream_st *> streams; // by branch
    std::vector<Clock> clocks;          // by branch, of branches
};

cudaError_t capture_work(CUstream_st *stream, Work work);
// A capture ends in failure: the call that is refused says so.
cudaError_t capture_refuse(Capture *capture, cudaError_t error);
cudaError_t capture_record(CUstream_st *stream, CUevent_st *event);
cudaError_t capture_wait(CUstream_st *stream, CUevent_st *event);

// cudaErrorStreamCaptureImplicit if the stream is a default stream and a stream that it waits for captures.
cudaError_t capture_forbids_default(CUstream_st *stream);
// cudaErrorStreamCaptureUnsupported if the calling thread may not make calls that could wait for the device.
cudaError_t capture_forbids_unsafe();
// The same for calls that concern all streams of a device: they are never allowed while one of them captures.
cudaError_t capture_forbids_device(int device);

extern Registry<CUgraph_st> graphs;
extern Registry<CUgraphExec_st> graph_execs;

} // namespace emu

#endif
