// SPDX-License-Identifier: Apache-2.0
// Streams and events. Work is done when it is enqueued, so nothing is ever waited for; what these functions do is order.
#include <chrono>

#include "capture.h"
#include "defect.h"
#include "memory.h"
#include "operation.h"
#include "pool.h"
#include "runtime.h"

using namespace emu;

namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

cudaError_t ended(int device) { return runtime().devices[static_cast<size_t>(device)].ended; }

cudaError_t create_stream(const char *function, cudaStream_t *out, unsigned flags, int priority) {
    return call(function, Needs::working_device, [&] {
        emu_failure how;
        if (!out || flags > cudaStreamNonBlocking) return cudaErrorInvalidValue;
        if (chosen_to_fail(EMU_CREATE, &how)) return cudaErrorMemoryAllocation;
        *out = make_stream(flags, std::min(0, std::max(-5, priority)), thread_state.device);
        runtime().streams.add(*out);
        return cudaSuccess;
    });
}

template <class F>
cudaError_t with_stream(const char *function, Needs needs, cudaStream_t handle, F body) {
    return call(function, needs, [&] {
        cudaError_t error;
        CUstream_st *stream = find_stream(handle, &error);
        return stream ? body(stream) : error;
    });
}

} // namespace

cudaError_t cudaStreamCreate(cudaStream_t *pStream) {
    return create_stream("cudaStreamCreate", pStream, cudaStreamDefault, 0);
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *pStream, unsigned flags) {
    return create_stream("cudaStreamCreateWithFlags", pStream, flags, 0);
}
cudaError_t cudaStreamCreateWithPriority(cudaStream_t *pStream, unsigned flags, int priority) {
    return create_stream("cudaStreamCreateWithPriority", pStream, flags, priority);
}

// Work that is under way goes on; the host learns nothing.
cudaError_t cudaStreamDestroy(cudaStream_t handle) {
    return with_stream("cudaStreamDestroy", Needs::device, handle, [&](CUstream_st *stream) {
        if (!runtime().streams.alive(stream)) return cudaErrorInvalidResourceHandle; // a default stream
        if (stream->capture) capture_refuse(stream->capture, cudaErrorStreamCaptureInvalidated);
        runtime().streams.remove(stream);
        unmake_stream(stream);
        return cudaSuccess;
    });
}

cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
    return with_stream("cudaStreamSynchronize", Needs::device, handle, [&](CUstream_st *stream) {
        if (stream->capture) return capture_refuse(stream->capture, cudaErrorStreamCaptureUnsupported);
        if (const cudaError_t error = capture_forbids_default(stream)) return error;
        order_by_default_stream(stream);
        host_joins(stream);
        pools_release(stream->device);
        return ended(stream->device);
    });
}

cudaError_t cudaStreamQuery(cudaStream_t handle) {
    return with_stream("cudaStreamQuery", Needs::device, handle, [&](CUstream_st *stream) {
        if (stream->capture) return capture_refuse(stream->capture, cudaErrorStreamCaptureUnsupported);
        host_joins(stream);
        return ended(stream->device);
    });
}

cudaError_t cudaDeviceSynchronize(void) {
    return call("cudaDeviceSynchronize", Needs::device, [&] {
        if (const cudaError_t error = capture_forbids_device(thread_state.device)) return error;
        host_joins_device(thread_state.device);
        pools_release(thread_state.device);
        return current_device().ended;
    });
}

cudaError_t cudaStreamGetFlags(cudaStream_t handle, unsigned *flags) {
    return with_stream("cudaStreamGetFlags", Needs::device, handle, [&](CUstream_st *stream) {
        if (!flags) return cudaErrorInvalidValue;
        *flags = stream->flags;
        return cudaSuccess;
    });
}

cudaError_t cudaStreamGetPriority(cudaStream_t handle, int *priority) {
    return with_stream("cudaStreamGetPriority", Needs::device, handle, [&](CUstream_st *stream) {
        if (!priority) return cudaErrorInvalidValue;
        *priority = stream->priority;
        return cudaSuccess;
    });
}

cudaError_t cudaStreamGetDevice(cudaStream_t handle, int *device) {
    return with_stream("cudaStreamGetDevice", Needs::device, handle, [&](CUstream_st *stream) {
        if (!device) return cudaErrorInvalidValue;
        *device = stream->device;
        return cudaSuccess;
    });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event_handle, unsigned flags) {
    return with_stream("cudaStreamWaitEvent", Needs::working_device, handle, [&](CUstream_st *stream) {
        cudaError_t error;
        CUevent_st *event = find_event(event_handle, &error);
        if (!event) return error;
        if (flags != cudaEventWaitDefault) return cudaErrorInvalidValue;
        if (event->capture) return capture_wait(stream, event);
        // CUDA: work before the capture cannot be waited for inside of it.
        if (stream->capture && event->recorded) return capture_refuse(stream->capture, cudaErrorStreamCaptureIsolation);
        stream->clock.join(event->clock);
        return cudaSuccess;
    });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags) {
    return call("cudaEventCreateWithFlags", Needs::working_device, [&] {
        emu_failure how;
        if (!event || flags & ~(cudaEventBlockingSync | cudaEventDisableTiming)) return cudaErrorInvalidValue;
        if (chosen_to_fail(EMU_CREATE, &how)) return cudaErrorMemoryAllocation;
        *event = new CUevent_st;
        (*event)->flags = flags;
        (*event)->device = thread_state.device;
        runtime().events.add(*event);
        return cudaSuccess;
    });
}
cudaError_t cudaEventCreate(cudaEvent_t *event) { return cudaEventCreateWithFlags(event, cudaEventDefault); }

cudaError_t cudaEventDestroy(cudaEvent_t handle) {
    return call("cudaEventDestroy", Needs::device, [&] {
        cudaError_t error;
        CUevent_st *event = find_event(handle, &error);
        if (!event) return error;
        runtime().events.remove(event);
        delete event;
        return cudaSuccess;
    });
}

cudaError_t cudaEventRecord(cudaEvent_t event_handle, cudaStream_t handle) {
    return with_stream("cudaEventRecord", Needs::working_device, handle, [&](CUstream_st *stream) {
        cudaError_t error;
        CUevent_st *event = find_event(event_handle, &error);
        if (!event) return error;
        if (event->device != stream->device) return cudaErrorInvalidResourceHandle;
        if (stream->capture) return capture_record(stream, event);
        if ((error = capture_forbids_default(stream))) return error;
        order_by_default_stream(stream);
        event->clock = stream->clock;
        event->capture = nullptr;
        event->recorded = true;
        event->seconds = now();
        return cudaSuccess;
    });
}

cudaError_t cudaEventQuery(cudaEvent_t handle) {
    return call("cudaEventQuery", Needs::device, [&] {
        cudaError_t error;
        CUevent_st *event = find_event(handle, &error);
        if (!event) return error;
        if (event->capture) return capture_refuse(event->capture, cudaErrorCapturedEvent);
        host_learns(event->clock);
        return ended(event->device);
    });
}

cudaError_t cudaEventSynchronize(cudaEvent_t handle) {
    return call("cudaEventSynchronize", Needs::device, [&] {
        cudaError_t error;
        CUevent_st *event = find_event(handle, &error);
        if (!event) return error;
        if (event->capture) return capture_refuse(event->capture, cudaErrorCapturedEvent);
        host_learns(event->clock);
        return ended(event->device);
    });
}

cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t start_handle, cudaEvent_t end_handle) {
    return call("cudaEventElapsedTime", Needs::device, [&] {
        cudaError_t error;
        CUevent_st *start = find_event(start_handle, &error);
        CUevent_st *end = start ? find_event(end_handle, &error) : nullptr;
        if (!end) return error;
        if (!ms) return cudaErrorInvalidValue;
        if ((start->flags | end->flags) & cudaEventDisableTiming || !start->recorded || !end->recorded)
            return cudaErrorInvalidResourceHandle;
        *ms = static_cast<float>((end->seconds - start->seconds) * 1e3);
        return ended(start->device);
    });
}

// The function runs at once, on the calling thread.
cudaError_t cudaLaunchHostFunc(cudaStream_t handle, cudaHostFn_t fn, void *userData) {
    return with_stream("cudaLaunchHostFunc", Needs::working_device, handle, [&](CUstream_st *stream) {
        if (!fn) return cudaErrorInvalidValue;
        // CUDA captures it; a graph here holds device work alone, as the project's plans do.
        if (stream->capture) return capture_refuse(stream->capture, cudaErrorStreamCaptureUnsupported);
        if (const cudaError_t error = capture_forbids_default(stream)) return error;
        order_by_default_stream(stream);
        pinned_learned(stream->clock); // the function stands behind the copies
        thread_state.in_callback = true;
        fn(userData);
        thread_state.in_callback = false;
        return cudaSuccess;
    });
}
