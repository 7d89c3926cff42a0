// SPDX-License-Identifier: Apache-2.0
// Recordings of the device backend, at the level of its table: places in the graph's memory, what is refused, and what other
// queues and the application may do meanwhile.
#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include "support/device.h"
#include "support/emu.h"

namespace {

using support::Device;
using support::Poly;
using support::range;

class EmuGraph : public ::testing::Test {
  protected:
    support::EmuWatch watch;
    std::shared_ptr<support::Ring> ring = support::Ring::a40(10, 4, 1);
    support::Rng rng{7};

    static size_t live(const Device &device) {
        size_t bytes = 0;
        device.check(device->memory_use(device.state(), &bytes, nullptr));
        return bytes;
    }
    // out = a + b by way of scratch that is given back before constants are asked for.
    static sable_status work(const Device &device, const Poly &out, const Poly &a, const Poly &b) {
        void *q = device.queue(), *memory = nullptr;
        sable_limbs t = *out.view();
        const size_t bytes = 4 * t.batch * t.batch_stride;
        sable_status status = device->alloc(q, &memory, bytes);
        t.data = static_cast<uint32_t *>(memory);
        if (status == SABLE_OK) status = device->add(q, &t, a.view(), b.view());
        if (status == SABLE_OK) status = device->negate(q, out.view(), &t);
        device->release(q, memory);
        if (status == SABLE_OK) status = device->alloc(q, &memory, bytes);
        t.data = static_cast<uint32_t *>(memory);
        if (status == SABLE_OK) status = device->combine(q, &t, out.view(), ones().data());
        if (status == SABLE_OK) status = device->negate(q, out.view(), &t);
        device->release(q, memory);
        return status;
    }
    static const std::vector<uint32_t> &ones() {
        static const std::vector<uint32_t> all(4, 1);
        return all;
    }
};

TEST_F(EmuGraph, TheSameCallsGetTheSamePlaces) {
    const Device device(support::emu_backend(), *ring, "0");
    const size_t before = live(device);
    sable_graph_size size{};
    std::vector<uintptr_t> places[2];
    for (int pass = 0; pass < 2; pass++) {
        void *graph = nullptr, *p[4] = {};
        device.check(device->graph_begin(device.queue(), &graph, size.bytes));
        const auto place = [&](void *at) { places[pass].push_back(reinterpret_cast<uintptr_t>(at)); };
        for (size_t i = 0; i < 4; i++) {
            device.check(device->alloc(device.queue(), &p[i], 1000 << i));
            place(p[i]);
        }
        device->release(device.queue(), p[2]);
        device->release(device.queue(), p[1]);
        for (size_t bytes : {5000, 600, 600}) { // the gap takes two of them
            device.check(device->alloc(device.queue(), &p[1], bytes));
            place(p[1]);
        }
        void *more = nullptr;
        if (pass) {
            EXPECT_EQ(device->alloc(device.queue(), &more, 1 << 20), SABLE_NO_MEMORY) << "the dry run needed less";
            EXPECT_NE(std::string(device->queue_error(device.queue())).find(std::to_string(size.bytes)),
                      std::string::npos);
        }
        device.check(device->graph_end(device.queue(), graph, &size));
        EXPECT_EQ(live(device), before + (pass ? size.bytes : 0));
        device->graph_destroy(device.queue(), graph);
        EXPECT_EQ(live(device), before);
    }
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = places[pass].size(); i-- > 0;) places[pass][i] -= places[pass][0];
    EXPECT_EQ(places[0], places[1]);
    EXPECT_EQ(size.bytes, 1024u + 2048 + 4096 + 8192 + 768);
}

TEST_F(EmuGraph, ConstantsStayAndLaunchesRepeat) {
    const Device device(support::emu_backend(), *ring, "0");
    Poly a(device, range(0, 4)), b(device, range(0, 4)), out(device, range(0, 4)), eager(device, range(0, 4));
    b.random(rng).upload();
    sable_graph_size size{};
    void *graph = nullptr;
    for (int pass = 0; pass < 2; pass++) {
        device->graph_destroy(device.queue(), graph);
        device.check(device->graph_begin(device.queue(), &graph, size.bytes));
        device.check(work(device, out, a, b));
        device.check(device->graph_end(device.queue(), graph, &size));
    }
    EXPECT_EQ(size.launches, 4u);
    for (int round = 0; round < 3; round++) {
        a.random(rng).upload();
        device.check(device->graph_launch(device.queue(), graph));
        device.check(work(device, eager, a, b));
        EXPECT_EQ(out.download().host, eager.download().host);
    }
    device->graph_destroy(device.queue(), graph);
}

TEST_F(EmuGraph, RefusesWhatWaitsOrMovesData) {
    const Device device(support::emu_backend(), *ring, "0");
    Poly a(device, range(0, 4));
    a.random(rng).upload();
    const std::vector<uint32_t> words = a.host;
    void *graph = nullptr, *second = nullptr, *queue = nullptr, *q = device.queue();
    device.check(device->queue_open(&queue, device.state(), nullptr, nullptr));
    uint64_t number[2];
    uint32_t largest[4];
    double values[1024];
    device.check(device->graph_begin(q, &graph, 0));
    EXPECT_EQ(device->queue_sync(q), SABLE_UNSUPPORTED);
    EXPECT_EQ(device->queue_wait(q, queue), SABLE_UNSUPPORTED);
    EXPECT_EQ(device->upload(q, a.view()->data, words.data(), 64), SABLE_UNSUPPORTED);
    EXPECT_EQ(device->download(q, values, a.view()->data, 64), SABLE_UNSUPPORTED);
    EXPECT_EQ(device->decode(q, values, a.view(), 512, 1, 0, 0), SABLE_UNSUPPORTED);
    EXPECT_EQ(device->encode_slots(q, a.view(), values, 512, 1, 0, 0), SABLE_UNSUPPORTED);
    EXPECT_EQ(device->check_range(q, a.view(), number), SABLE_UNSUPPORTED);
    EXPECT_EQ(device->out_of_range(q, a.view(), number, nullptr, 0), SABLE_UNSUPPORTED);
    EXPECT_EQ(device->largest(q, a.view(), largest), SABLE_UNSUPPORTED);
    EXPECT_EQ(device->digest(q, a.view(), number), SABLE_UNSUPPORTED);
    EXPECT_EQ(device->graph_begin(q, &second, 0), SABLE_UNSUPPORTED);
    EXPECT_GT(std::string(device->queue_error(q)).size(), 20u);
    device->graph_destroy(q, graph); // half way
    EXPECT_EQ(a.download().host, words);
    device->queue_close(queue);
}

// Memory from before the recording that is given back in it belongs to it until it ends.
TEST_F(EmuGraph, GivesBackLater) {
    const Device device(support::emu_backend(), *ring, "0");
    const size_t before = live(device);
    const emu_counts held = emu_live();
    void *graph = nullptr, *memory = nullptr;
    sable_graph_size size{};
    device.check(device->alloc(device.queue(), &memory, 1 << 16));
    device.check(device->graph_begin(device.queue(), &graph, 0));
    device->release(device.queue(), memory);
    EXPECT_EQ(emu_live().allocations, held.allocations + 1);
    device.check(device->graph_end(device.queue(), graph, &size));
    EXPECT_EQ(size.launches, 0u) << "a release is no part of a graph";
    EXPECT_EQ(emu_live().allocations, held.allocations);
    device->graph_destroy(device.queue(), graph);
    EXPECT_EQ(live(device), before);
}

// A queue that waits for one that records waits for what was given to it before, and takes no part in the recording.
TEST_F(EmuGraph, AnotherQueueWaitsMeanwhile) {
    const Device device(support::emu_backend(), *ring, "0");
    Poly a(device, range(0, 4)), b(device, range(0, 4));
    a.random(rng).upload();
    void *queue = nullptr, *graph = nullptr;
    sable_graph_size size{};
    device.check(device->queue_open(&queue, device.state(), nullptr, nullptr));
    device.check(device->negate(device.queue(), a.view(), a.view()));
    device.check(device->graph_begin(device.queue(), &graph, 0));
    EXPECT_EQ(device->queue_wait(queue, device.queue()), SABLE_OK);
    EXPECT_EQ(device->copy(queue, b.view(), a.view()), SABLE_OK); // of memory that the first queue wrote
    EXPECT_EQ(device->queue_sync(queue), SABLE_OK);
    device.check(device->negate(device.queue(), a.view(), a.view()));
    device.check(device->graph_end(device.queue(), graph, &size));
    EXPECT_EQ(size.launches, 1u);
    device->graph_destroy(device.queue(), graph);
    EXPECT_EQ(b.download().host, a.download().host);
    device->queue_close(queue);
}

// The application uses its stream for something else while a queue records on it.
TEST_F(EmuGraph, ASpoiltRecordingIsRefusedAndTheQueueLivesOn) {
    const Device device(support::emu_backend(), *ring, "0");
    Poly a(device, range(0, 4));
    a.random(rng).upload();
    device.check(device->queue_sync(device.queue()));
    cudaStream_t stream;
    ASSERT_EQ(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), cudaSuccess);
    void *queue = nullptr, *graph = nullptr;
    sable_graph_size size{};
    device.check(device->queue_open(&queue, device.state(), stream, nullptr));
    device.check(device->graph_begin(queue, &graph, 0));
    EXPECT_EQ(device->negate(queue, a.view(), a.view()), SABLE_OK);
    EXPECT_NE(cudaStreamSynchronize(stream), cudaSuccess);
    (void)cudaGetLastError();
    EXPECT_EQ(device->negate(queue, a.view(), a.view()), SABLE_UNSUPPORTED);
    EXPECT_NE(std::string(device->queue_error(queue)).find("nothing of the recording has run"), std::string::npos);
    EXPECT_EQ(device->graph_end(queue, graph, &size), SABLE_UNSUPPORTED);
    device->graph_destroy(queue, graph);
    const std::vector<uint32_t> words = a.host;
    EXPECT_EQ(device->negate(queue, a.view(), a.view()), SABLE_OK);
    EXPECT_EQ(device->negate(queue, a.view(), a.view()), SABLE_OK);
    EXPECT_EQ(device->queue_sync(queue), SABLE_OK);
    EXPECT_EQ(a.download().host, words);

    // One that the application itself records on.
    cudaGraph_t theirs;
    ASSERT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed), cudaSuccess);
    EXPECT_EQ(device->graph_begin(queue, &graph, 0), SABLE_UNSUPPORTED);
    ASSERT_EQ(cudaStreamEndCapture(stream, &theirs), cudaSuccess) << "it is not spoilt";
    (void)cudaGraphDestroy(theirs);
    device->queue_close(queue);
    (void)cudaStreamDestroy(stream);
}

TEST_F(EmuGraph, TheCapIsForGraphsToo) {
    const size_t cap = 1 << 20;
    const Device device(support::emu_backend(), *ring, "0", 1, cap);
    void *graph = nullptr, *memory = nullptr;
    sable_graph_size size{};
    device.check(device->graph_begin(device.queue(), &graph, 0));
    device.check(device->alloc(device.queue(), &memory, 2 * cap)); // a dry run takes nothing
    device.check(device->graph_end(device.queue(), graph, &size));
    device->graph_destroy(device.queue(), graph);
    ASSERT_EQ(size.bytes, 2 * cap);
    const size_t before = live(device);
    EXPECT_EQ(device->graph_begin(device.queue(), &graph, size.bytes), SABLE_NO_MEMORY);
    const std::string text = device->queue_error(device.queue());
    for (size_t number : {size.bytes, before, cap})
        EXPECT_NE(text.find(std::to_string(number)), std::string::npos) << text;
    EXPECT_NE(text.find("free"), std::string::npos) << text;
    EXPECT_EQ(live(device), before);
    EXPECT_EQ(device->alloc(device.queue(), &memory, 1000), SABLE_OK);
    device->release(device.queue(), memory);
}

} // namespace
