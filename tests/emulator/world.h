// SPDX-License-Identifier: Apache-2.0
#ifndef EMU_TESTS_WORLD_H
#define EMU_TESTS_WORLD_H
// What the emulator's tests share: streams and memory that are given back, launches in few words.
#include <cuda_runtime.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "emulator.h"

namespace world {

inline void must(cudaError_t error) { EXPECT_STREQ(cudaGetErrorName(error), "cudaSuccess"); }

class Stream {
  public:
    explicit Stream(unsigned flags = cudaStreamNonBlocking) { must(cudaStreamCreateWithFlags(&stream_, flags)); }
    ~Stream() { must(cudaStreamDestroy(stream_)); }
    Stream(const Stream &) = delete;
    Stream &operator=(const Stream &) = delete;
    operator cudaStream_t() const { return stream_; }

  private:
    cudaStream_t stream_ = nullptr;
};

class Event {
  public:
    explicit Event(unsigned flags = cudaEventDisableTiming) { must(cudaEventCreateWithFlags(&event_, flags)); }
    ~Event() { must(cudaEventDestroy(event_)); }
    Event(const Event &) = delete;
    Event &operator=(const Event &) = delete;
    operator cudaEvent_t() const { return event_; }

  private:
    cudaEvent_t event_ = nullptr;
};

// Words in device memory, of all streams.
template <class T = unsigned>
class Words {
  public:
    explicit Words(size_t count) : count_(count) { must(cudaMalloc(&data_, count * sizeof(T))); }
    explicit Words(const std::vector<T> &values) : Words(values.size()) {
        must(cudaMemcpy(data_, values.data(), count_ * sizeof(T), cudaMemcpyHostToDevice));
    }
    ~Words() { (void)cudaFree(data_); } // a device that has ended answers with its error
    Words(const Words &) = delete;
    Words &operator=(const Words &) = delete;
    operator T *() const { return data_; }
    std::vector<T> read() const {
        std::vector<T> values(count_);
        must(cudaDeviceSynchronize());
        must(cudaMemcpy(values.data(), data_, count_ * sizeof(T), cudaMemcpyDeviceToHost));
        return values;
    }

  private:
    T *data_ = nullptr;
    size_t count_;
};

template <class... P, class... A>
cudaError_t launch(cudaStream_t stream, dim3 grid, dim3 block, size_t shared, void (*kernel)(P...),
                   const A &...arguments) {
    cudaLaunchConfig_t config = {};
    config.gridDim = grid;
    config.blockDim = block;
    config.dynamicSmemBytes = shared;
    config.stream = stream;
    (void)cudaLaunchKernelEx(&config, kernel, static_cast<P>(arguments)...);
    return cudaGetLastError();
}

// The sentences of all defects, for messages.
inline std::string defects() {
    std::string text;
    for (size_t i = 0; i < emu_defects(); ++i)
        text += std::string(emu_defect(i).name) + ": " + emu_defect(i).sentence + "\n";
    return text;
}

// No defect before, none after, nothing left alive.
class Emulator : public testing::Test {
  protected:
    void SetUp() override {
        emu_clear();
        before_ = emu_live();
    }
    void TearDown() override {
        EXPECT_EQ(defects(), "");
        const emu_counts after = emu_live();
        EXPECT_EQ(after.allocations, before_.allocations);
        EXPECT_EQ(after.streams, before_.streams);
        EXPECT_EQ(after.events, before_.events);
        EXPECT_EQ(after.graphs, before_.graphs);
        EXPECT_EQ(after.graph_execs, before_.graph_execs);
        EXPECT_EQ(after.pools, before_.pools);
        EXPECT_EQ(after.plans, before_.plans);
        EXPECT_EQ(after.host_allocations, before_.host_allocations);
        emu_clear();
    }

  private:
    emu_counts before_ = {};
};

} // namespace world

#endif
