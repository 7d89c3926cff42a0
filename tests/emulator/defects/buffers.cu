// SPDX-License-Identifier: Apache-2.0
// Page-locked memory and copies that the host has not waited for.
#include "case.h"

using namespace world;

namespace {

class Locked {
  public:
    explicit Locked(size_t count) { must(cudaMallocHost(&data_, count * sizeof(unsigned))); }
    ~Locked() { must(cudaFreeHost(data_)); }
    Locked(const Locked &) = delete;
    Locked &operator=(const Locked &) = delete;
    operator volatile unsigned *() const { return data_; }
    unsigned *plain() const { return data_; }

  private:
    unsigned *data_ = nullptr;
};

} // namespace

DEFECT(ResultReadBeforeItIsThere, EMU_HOST_BUFFER) {
    Stream stream;
    Locked host(1);
    Words<> words(std::vector<unsigned>{7});
    must(cudaMemcpyAsync(host.plain(), words, 4, cudaMemcpyDeviceToHost, stream));
    if (!planted) must(cudaStreamSynchronize(stream));
    EXPECT_EQ(host[0], 7u); // let through
}

DEFECT(BufferFilledAgainWhileItIsCopied, EMU_HOST_BUFFER) {
    Stream stream;
    Event copied;
    Locked host(4096);
    Words<> words(4096);
    for (unsigned i = 0; i < 4096; ++i) host[i] = i;
    must(cudaMemcpyAsync(words, host.plain(), 4 * 4096, cudaMemcpyHostToDevice, stream));
    must(cudaEventRecord(copied, stream));
    EXPECT_EQ(host[5], 5u); // reading is no harm
    if (!planted) must(cudaEventSynchronize(copied));
    host[4000] = 1;
}

// One half of a ring is copied while the host fills the other.
DEFECT(WrongHalfOfARing, EMU_HOST_BUFFER) {
    Stream stream;
    Locked host(1 << 16);
    Words<> words(1 << 15);
    for (unsigned i = 0; i < 1 << 16; ++i) host[i] = i;
    must(cudaMemcpyAsync(words, host.plain(), 4 << 15, cudaMemcpyHostToDevice, stream));
    host[(planted ? 0 : 1 << 15) + 5] = 1;
    must(cudaStreamSynchronize(stream));
    host[5] = 1;
}
