// SPDX-License-Identifier: Apache-2.0
#include "capture.h"

#include <memory>

using namespace emu;

namespace emu {

Registry<CUgraph_st> graphs;
Registry<CUgraphExec_st> graph_execs;

namespace {

std::set<Capture *> captures;

unsigned join_capture(Capture *capture, CUstream_st *stream) {
    stream->capture = capture;
    stream->branch = static_cast<unsigned>(capture->streams.size());
    capture->streams.push_back(stream);
    capture->clocks.emplace_back();
    capture->graph->branches = static_cast<unsigned>(capture->streams.size());
    return stream->branch;
}

void end(Capture *capture) {
    for (CUstream_st *stream : capture->streams)
        if (runtime().streams.alive(stream)) stream->capture = nullptr;
    for (CUevent_st *event : runtime().events.all())
        if (event->capture == capture) event->capture = nullptr, event->recorded = false;
    captures.erase(capture);
}

bool is_default(const CUstream_st *stream) {
    return stream == runtime().devices[static_cast<size_t>(stream->device)].null_stream;
}

} // namespace

cudaError_t capture_refuse(Capture *capture, cudaError_t error) {
    capture->invalid = true;
    return error;
}

cudaError_t capture_work(CUstream_st *stream, Work work) {
    Capture *capture = stream->capture;
    if (capture->invalid) return cudaErrorStreamCaptureInvalidated;
    capture->graph->steps.push_back({CUgraph_st::Step::work, stream->branch, 0, std::move(work)});
    Clock &clock = capture->clocks[stream->branch];
    clock.set(stream->branch, clock.at(stream->branch) + 1);
    return cudaSuccess;
}

cudaError_t capture_record(CUstream_st *stream, CUevent_st *event) {
    Capture *capture = stream->capture;
    if (capture->invalid) return cudaErrorStreamCaptureInvalidated;
    event->capture = capture;
    event->branches = capture->clocks[stream->branch];
    event->mark = capture->graph->marks++;
    event->recorded = false;
    capture->graph->steps.push_back({CUgraph_st::Step::record, stream->branch, event->mark, {}});
    return cudaSuccess;
}

cudaError_t capture_wait(CUstream_st *stream, CUevent_st *event) {
    Capture *capture = event->capture;
    if (stream->capture && stream->capture != capture) {
        stream->capture->invalid = true;
        return capture_refuse(capture, cudaErrorStreamCaptureMerge);
    }
    if (capture->invalid) return cudaErrorStreamCaptureInvalidated;
    if (is_default(stream)) return capture_refuse(capture, cudaErrorStreamCaptureImplicit);
    if (!stream->capture) join_capture(capture, stream);
    capture->clocks[stream->branch].join(event->branches);
    capture->graph->steps.push_back({CUgraph_st::Step::wait, stream->branch, event->mark, {}});
    return cudaSuccess;
}

cudaError_t capture_forbids_default(CUstream_st *stream) {
    if (!is_default(stream)) return cudaSuccess;
    for (Capture *capture : captures)
        for (CUstream_st *other : capture->streams)
            if (other->device == stream->device && !(other->flags & cudaStreamNonBlocking))
                return capture_refuse(capture, cudaErrorStreamCaptureImplicit);
    return cudaSuccess;
}

cudaError_t capture_forbids_unsafe() {
    if (thread_state.capture_mode == cudaStreamCaptureModeRelaxed) return cudaSuccess;
    for (Capture *capture : captures) {
        const bool own = capture->thread == std::this_thread::get_id();
        const bool strict = thread_state.capture_mode == cudaStreamCaptureModeGlobal;
        if ((own && capture->mode != cudaStreamCaptureModeRelaxed) ||
            (strict && capture->mode == cudaStreamCaptureModeGlobal))
            return capture_refuse(capture, cudaErrorStreamCaptureUnsupported);
    }
    return cudaSuccess;
}

cudaError_t capture_forbids_device(int device) {
    for (Capture *capture : captures)
        if (capture->origin->device == device) return capture_refuse(capture, cudaErrorStreamCaptureUnsupported);
    return cudaSuccess;
}

} // namespace emu

cudaError_t cudaStreamBeginCapture(cudaStream_t handle, enum cudaStreamCaptureMode mode) {
    return call("cudaStreamBeginCapture", Needs::working_device, [&] {
        cudaError_t error;
        CUstream_st *stream = find_stream(handle, &error);
        if (!stream) return error;
        if (mode < cudaStreamCaptureModeGlobal || mode > cudaStreamCaptureModeRelaxed) return cudaErrorInvalidValue;
        if (is_default(stream)) return cudaErrorStreamCaptureUnsupported;
        if (stream->capture) return cudaErrorIllegalState;
        Capture *capture = new Capture{new CUgraph_st, stream, std::this_thread::get_id(), mode, false, {}, {}};
        join_capture(capture, stream);
        captures.insert(capture);
        return cudaSuccess;
    });
}

cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t *pGraph) {
    return call("cudaStreamEndCapture", Needs::device, [&] {
        cudaError_t error;
        CUstream_st *stream = find_stream(handle, &error);
        if (!stream) return error;
        if (!pGraph) return cudaErrorInvalidValue;
        *pGraph = nullptr;
        if (!stream->capture) return cudaErrorIllegalState;
        if (stream->capture->origin != stream) return capture_refuse(stream->capture, cudaErrorStreamCaptureUnmatched);
        if (stream->capture->mode != cudaStreamCaptureModeRelaxed &&
            stream->capture->thread != std::this_thread::get_id())
            return cudaErrorStreamCaptureWrongThread;
        const std::unique_ptr<Capture> capture(stream->capture);
        std::unique_ptr<CUgraph_st> graph(capture->graph);
        end(capture.get());
        if (capture->invalid) return cudaErrorStreamCaptureInvalidated;
        for (const Clock &clock : capture->clocks)
            if (!capture->clocks[0].covers(clock)) return cudaErrorStreamCaptureUnjoined;
        *pGraph = graph.release();
        graphs.add(*pGraph);
        return cudaSuccess;
    });
}

cudaError_t cudaStreamIsCapturing(cudaStream_t handle, enum cudaStreamCaptureStatus *status) {
    return call("cudaStreamIsCapturing", Needs::device, [&] {
        cudaError_t error;
        CUstream_st *stream = find_stream(handle, &error);
        if (!stream) return error;
        if (!status) return cudaErrorInvalidValue;
        if ((error = capture_forbids_default(stream))) return error;
        *status = !stream->capture           ? cudaStreamCaptureStatusNone
                  : stream->capture->invalid ? cudaStreamCaptureStatusInvalidated
                                             : cudaStreamCaptureStatusActive;
        return cudaSuccess;
    });
}

cudaError_t cudaThreadExchangeStreamCaptureMode(enum cudaStreamCaptureMode *mode) {
    return call("cudaThreadExchangeStreamCaptureMode", Needs::nothing, [&] {
        if (!mode || *mode < cudaStreamCaptureModeGlobal || *mode > cudaStreamCaptureModeRelaxed)
            return cudaErrorInvalidValue;
        const int old = thread_state.capture_mode;
        thread_state.capture_mode = *mode;
        *mode = static_cast<cudaStreamCaptureMode>(old);
        return cudaSuccess;
    });
}
