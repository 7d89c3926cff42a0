// SPDX-License-Identifier: Apache-2.0
// Graphs: instantiate, launch, destroy. Each branch but the first has a place of its own in the clocks.
#include "capture.h"
#include "defect.h"

using namespace emu;

namespace {

// A launch: every branch begins behind the stream it is launched in, and follows the captured events from there.
void replay(CUgraphExec_st *exec, CUstream_st *stream) {
    order_by_default_stream(stream);
    stream->clock.join(exec->done); // CUDA never runs an executable graph beside itself
    const auto branch = [&](unsigned b) { return b == 0 ? stream : exec->branches[b - 1]; };
    for (CUstream_st *own : exec->branches) {
        const uint64_t time = own->clock.at(own->slot); // never goes back
        own->clock = stream->clock;
        own->clock.set(own->slot, std::max(time, stream->clock.at(own->slot)));
    }
    std::vector<Clock> marks(exec->graph.marks);
    for (const CUgraph_st::Step &step : exec->graph.steps) {
        CUstream_st *own = branch(step.branch);
        switch (step.kind) {
        case CUgraph_st::Step::work: operate(own, step.doing); break;
        case CUgraph_st::Step::record: marks[step.mark] = own->clock; break;
        case CUgraph_st::Step::wait: own->clock.join(marks[step.mark]); break;
        }
    }
    exec->done = stream->clock;
}

} // namespace

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *pGraphExec, cudaGraph_t graph, unsigned long long flags) {
    return call("cudaGraphInstantiate", Needs::working_device, [&] {
        emu_failure how;
        if (!pGraphExec || !graphs.alive(graph) || flags > 15) return cudaErrorInvalidValue;
        if (chosen_to_fail(EMU_CREATE, &how)) return cudaErrorMemoryAllocation;
        CUgraphExec_st *exec = new CUgraphExec_st{*graph, thread_state.device, {}, {}};
        for (unsigned b = 1; b < graph->branches; ++b)
            exec->branches.push_back(make_stream(cudaStreamNonBlocking, 0, thread_state.device));
        graph_execs.add(exec);
        *pGraphExec = exec;
        return cudaSuccess;
    });
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t *nodes, size_t *numNodes) {
    return call("cudaGraphGetNodes", Needs::nothing, [&] {
        // Handles of single nodes are nothing that the emulator has.
        if (!numNodes || nodes || !graphs.alive(graph)) return cudaErrorInvalidValue;
        *numNodes = 0;
        for (const CUgraph_st::Step &step : graph->steps) *numNodes += step.kind == CUgraph_st::Step::work;
        return cudaSuccess;
    });
}

cudaError_t cudaGraphUpload(cudaGraphExec_t graphExec, cudaStream_t handle) {
    return call("cudaGraphUpload", Needs::working_device, [&] {
        cudaError_t error;
        if (!graph_execs.alive(graphExec)) return cudaErrorInvalidValue;
        CUstream_st *stream = find_stream(handle, &error);
        if (!stream) return error;
        return stream->capture ? capture_refuse(stream->capture, cudaErrorStreamCaptureUnsupported) : cudaSuccess;
    });
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t graphExec, cudaStream_t handle) {
    return call("cudaGraphLaunch", Needs::working_device, [&] {
        cudaError_t error;
        if (!graph_execs.alive(graphExec)) {
            report(EMU_INVALID_HANDLE, "executable graph %p is not alive", static_cast<void *>(graphExec));
            return cudaErrorInvalidValue;
        }
        CUstream_st *stream = find_stream(handle, &error);
        if (!stream) return error;
        if (stream->capture) return capture_refuse(stream->capture, cudaErrorStreamCaptureUnsupported);
        if ((error = capture_forbids_default(stream))) return error;
        if (stream->device != graphExec->device) return cudaErrorInvalidResourceHandle;
        emu_failure how;
        if (chosen_to_fail(EMU_LAUNCH, &how)) {
            if (how == EMU_FAIL_CALL) return cudaErrorLaunchOutOfResources;
            current_device().ended = cudaErrorLaunchFailure;
            return cudaSuccess;
        }
        replay(graphExec, stream);
        return cudaSuccess;
    });
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graphExec) {
    return call("cudaGraphExecDestroy", Needs::nothing, [&] {
        if (!graph_execs.remove(graphExec)) return cudaErrorInvalidValue;
        for (CUstream_st *branch : graphExec->branches) unmake_stream(branch);
        delete graphExec;
        return cudaSuccess;
    });
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
    return call("cudaGraphDestroy", Needs::nothing, [&] {
        if (!graphs.remove(graph)) return cudaErrorInvalidValue;
        delete graph;
        return cudaSuccess;
    });
}
