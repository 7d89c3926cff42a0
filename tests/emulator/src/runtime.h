// SPDX-License-Identifier: Apache-2.0
#ifndef EMU_RUNTIME_H
#define EMU_RUNTIME_H
// The state behind the runtime's functions: one lock, devices, streams, and what every function does first and last.
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "clock.h"
#include "cuda_runtime_api.h"
#include "emulator.h"

namespace emu {

struct Capture;

// What names a stream, event, graph or pool; alive from creation to destruction.
template <class T>
class Registry {
  public:
    void add(T *object) { objects_.insert(object); }
    bool remove(T *object) { return objects_.erase(object) != 0; }
    bool alive(T *object) const { return objects_.count(object) != 0; }
    size_t size() const { return objects_.size(); }
    const std::set<T *> &all() const { return objects_; }

  private:
    std::set<T *> objects_;
};

} // namespace emu

struct CUstream_st {
    unsigned slot;    // its place in clocks
    emu::Clock clock; // what is ordered before its next operation
    unsigned flags = 0;
    int priority = 0, device = 0;
    emu::Capture *capture = nullptr;
    unsigned branch = 0; // in the capture
};

struct CUevent_st {
    unsigned flags = 0;
    int device = 0;
    bool recorded = false;
    emu::Clock clock;
    double seconds = 0;
    emu::Capture *capture = nullptr; // recorded while capturing: usable in that capture only
    emu::Clock branches;
    unsigned mark = 0;
};

namespace emu {

struct Device {
    cudaError_t ended = cudaSuccess; // sticky: what a fault left behind
    size_t total = 0, used = 0;
    CUstream_st *null_stream = nullptr, *thread_stream = nullptr;
    cudaMemPool_t default_pool = nullptr, pool = nullptr;
};

struct Runtime {
    std::recursive_mutex lock;
    std::vector<Device> devices;
    Clock host;                    // what the host knows to be done; one clock for all its threads
    Registry<CUstream_st> streams; // the ones made by the caller
    Registry<CUevent_st> events;

    Runtime();
};
Runtime &runtime();

struct ThreadState {
    int device = 0;
    cudaError_t last_error = cudaSuccess;
    bool unchecked_launch = false; // a launch failed, its error was not fetched
    bool in_callback = false;
    int capture_mode = cudaStreamCaptureModeGlobal;
};
extern thread_local ThreadState thread_state;

enum class Needs { nothing, device, working_device };

// What a function of the runtime does before its work: cudaSuccess, or why it must not go on.
cudaError_t enter(const char *function, Needs needs);
// Remembers an error for cudaGetLastError.
cudaError_t leave(cudaError_t error);

template <class F>
cudaError_t call(const char *function, Needs needs, F body) {
    std::lock_guard<std::recursive_mutex> guard(runtime().lock);
    const cudaError_t refused = enter(function, needs);
    return leave(refused != cudaSuccess ? refused : body());
}

inline Device &current_device() { return runtime().devices[static_cast<size_t>(thread_state.device)]; }

// The stream that a handle means, or nullptr with the error set: default streams, streams that are alive.
CUstream_st *find_stream(cudaStream_t handle, cudaError_t *error);
CUevent_st *find_event(cudaEvent_t handle, cudaError_t *error);

// All streams of a device, its default streams too.
std::vector<CUstream_st *> device_streams(int device);

CUstream_st *make_stream(unsigned flags, int priority, int device);
void unmake_stream(CUstream_st *stream);

// The host learns that all work of the stream, or of the device, is done.
void host_learns(const Clock &clock);
void host_joins(const CUstream_st *stream);
void host_joins_device(int device);

// The stream's name in sentences: "stream 3".
std::string stream_text(unsigned slot);

// Counts a call; true if it was chosen to fail. *how tells in which way.
bool chosen_to_fail(emu_call_kind kind, emu_failure *how);

uint64_t environment_number(const char *name, uint64_t otherwise);

} // namespace emu

#endif
