// SPDX-License-Identifier: Apache-2.0
#include "runtime.h"

#include <cstdlib>
#include <deque>

#include "capture.h"
#include "defect.h"
#include "memory.h"
#include "pool.h"

namespace emu {

thread_local ThreadState thread_state;

uint64_t environment_number(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text && *text ? strtoull(text, nullptr, 10) : otherwise;
}

Runtime::Runtime() {
    devices.resize(environment_number("SABLE_EMU_DEVICES", 1));
    for (size_t d = 0; d < devices.size(); ++d) {
        devices[d].total = environment_number("SABLE_EMU_MEMORY", uint64_t{8} << 30);
        devices[d].null_stream = make_stream(cudaStreamDefault, 0, static_cast<int>(d));
        devices[d].thread_stream = make_stream(cudaStreamDefault, 0, static_cast<int>(d));
        devices[d].default_pool = devices[d].pool = make_pool(static_cast<int>(d), 0);
    }
}

Runtime &runtime() {
    static Runtime *made = new Runtime; // never destroyed: objects may be released late
    return *made;
}

cudaError_t enter(const char *function, Needs needs) {
    if (thread_state.unchecked_launch) {
        thread_state.unchecked_launch = false;
        report(EMU_UNCHECKED_LAUNCH,
               "%s follows a kernel launch that failed (%s); cudaGetLastError was not called between them", function,
               cudaGetErrorName(thread_state.last_error));
    }
    fault_prepare();
    fault_report_host_accesses();
    if (thread_state.in_callback) {
        report(EMU_CALLBACK, "%s was called by a host function in a stream", function);
        return cudaErrorNotPermitted;
    }
    if (needs == Needs::nothing) return cudaSuccess;
    if (runtime().devices.empty()) return cudaErrorNoDevice;
    return needs == Needs::working_device ? current_device().ended : cudaSuccess;
}

cudaError_t leave(cudaError_t error) {
    if (error != cudaSuccess && error != cudaErrorNotReady) thread_state.last_error = error;
    return error;
}

namespace {

// Places in clocks. The time of a place never goes back, whichever stream has it.
struct Slots {
    std::deque<unsigned> free;
    std::vector<uint64_t> time;
};
Slots &slots() {
    static auto *made = new Slots;
    return *made;
}

unsigned take_slot() {
    Slots &all = slots();
    // Used again late: until then what a destroyed stream did is told apart from what the new one does.
    if (all.free.size() < 256) {
        all.time.push_back(0);
        return static_cast<unsigned>(all.time.size() - 1);
    }
    const unsigned slot = all.free.front();
    all.free.pop_front();
    return slot;
}

} // namespace

CUstream_st *make_stream(unsigned flags, int priority, int device) {
    CUstream_st *stream = new CUstream_st;
    stream->slot = take_slot();
    stream->clock.set(stream->slot, slots().time[stream->slot]);
    stream->flags = flags;
    stream->priority = priority;
    stream->device = device;
    return stream;
}

void unmake_stream(CUstream_st *stream) {
    slots().time[stream->slot] = stream->clock.at(stream->slot);
    slots().free.push_back(stream->slot);
    delete stream;
}

CUstream_st *find_stream(cudaStream_t handle, cudaError_t *error) {
    *error = cudaSuccess;
    if (handle == nullptr || handle == cudaStreamLegacy) return current_device().null_stream;
    if (handle == cudaStreamPerThread) return current_device().thread_stream;
    if (runtime().streams.alive(handle)) return handle;
    report(EMU_INVALID_HANDLE, "stream %p is not alive", static_cast<void *>(handle));
    *error = cudaErrorInvalidResourceHandle;
    return nullptr;
}

CUevent_st *find_event(cudaEvent_t handle, cudaError_t *error) {
    *error = cudaSuccess;
    if (runtime().events.alive(handle)) return handle;
    report(EMU_INVALID_HANDLE, "event %p is not alive", static_cast<void *>(handle));
    *error = cudaErrorInvalidResourceHandle;
    return nullptr;
}

std::vector<CUstream_st *> device_streams(int device) {
    Device &d = runtime().devices[static_cast<size_t>(device)];
    std::vector<CUstream_st *> found = {d.null_stream, d.thread_stream};
    for (CUstream_st *stream : runtime().streams.all())
        if (stream->device == device) found.push_back(stream);
    return found;
}

void host_learns(const Clock &clock) {
    runtime().host.join(clock);
    pinned_learned(runtime().host);
}

void host_joins(const CUstream_st *stream) { host_learns(stream->clock); }

void host_joins_device(int device) {
    for (const CUstream_st *stream : device_streams(device)) host_joins(stream);
}

std::string stream_text(unsigned slot) { return slot == 0 ? "the default stream" : "stream " + std::to_string(slot); }

} // namespace emu
