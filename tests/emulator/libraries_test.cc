// SPDX-License-Identifier: Apache-2.0
// CUB and cuFFT as the emulator has them: two calls, stream order, graphs.
#include <cmath>
#include <complex>
#include <cub/cub.cuh>
#include <cufft.h>
#include <nvtx3/nvToolsExt.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/iterator/transform_iterator.h>

#include "world.h"

using namespace world;

namespace {

using Libraries = Emulator;

struct Largest {
    __host__ __device__ unsigned operator()(unsigned a, unsigned b) const { return a < b ? b : a; }
};
struct Square {
    __host__ __device__ unsigned operator()(unsigned a) const { return a * a; }
};
struct Odd {
    __host__ __device__ bool operator()(unsigned a) const { return a & 1; }
};

// Asks for scratch memory, takes it, runs.
template <class Call>
void device_wide(cudaStream_t stream, Call function) {
    size_t bytes = 0;
    void *scratch = nullptr;
    must(function(nullptr, bytes));
    ASSERT_GT(bytes, 0u);
    must(cudaMallocAsync(&scratch, bytes, stream));
    size_t less = bytes - 1;
    EXPECT_EQ(function(scratch, less), cudaErrorInvalidValue);
    must(function(scratch, bytes));
    must(cudaFreeAsync(scratch, stream));
}

TEST_F(Libraries, CubReducesScansAndSelects) {
    Stream stream;
    const int n = 1000;
    std::vector<unsigned> values(n), flags(n);
    for (int i = 0; i < n; ++i) values[i] = static_cast<unsigned>(i * 7919 % 1000), flags[i] = i % 10 == 3;
    Words<> in(values), flagged(flags), out(n), one(8);
    Words<int> selected(2);
    nvtxRangePushA("cub");
    const auto squares = thrust::make_transform_iterator(thrust::counting_iterator<unsigned>(0), Square());
    device_wide(stream, [&](void *s, size_t &b) { return cub::DeviceReduce::Sum(s, b, +in, +one, n, stream); });
    device_wide(stream, [&](void *s, size_t &b) { return cub::DeviceReduce::Min(s, b, +in, one + 1, n, stream); });
    device_wide(stream, [&](void *s, size_t &b) { return cub::DeviceReduce::Max(s, b, +in, one + 2, n, stream); });
    device_wide(stream, [&](void *s, size_t &b) {
        return cub::DeviceReduce::Reduce(s, b, squares, one + 3, 100, Largest(), 5u, stream);
    });
    device_wide(stream, [&](void *s, size_t &b) {
        return cub::DeviceReduce::TransformReduce(s, b, +in, one + 4, 3, Largest(), Square(), 0u, stream);
    });
    device_wide(stream, [&](void *s, size_t &b) { return cub::DeviceScan::ExclusiveSum(s, b, +in, +out, n, stream); });
    const std::vector<unsigned> sums = out.read();
    device_wide(stream, [&](void *s, size_t &b) { return cub::DeviceScan::InclusiveSum(s, b, +in, +out, n, stream); });
    for (int i = 0; i < n; ++i) EXPECT_EQ(sums[i] + values[i], out.read()[i]);
    device_wide(stream, [&](void *s, size_t &b) {
        return cub::DeviceSelect::If(s, b, thrust::counting_iterator<unsigned>(0), +out, +selected, n, Odd(), stream);
    });
    EXPECT_EQ(out.read()[499], 999u);
    device_wide(stream, [&](void *s, size_t &b) {
        return cub::DeviceSelect::Flagged(s, b, +in, +flagged, +out, selected + 1, n, stream);
    });
    EXPECT_EQ(out.read()[1], values[13]);
    EXPECT_EQ(selected.read(), (std::vector<int>{500, 100}));
    const std::vector<unsigned> results = one.read();
    EXPECT_EQ(results[0], 499500u);
    EXPECT_EQ(results[1], 0u);
    EXPECT_EQ(results[2], 999u);
    EXPECT_EQ(results[3], 99u * 99);
    EXPECT_EQ(results[4], 919u * 919);
    nvtxRangePop();
}

using Complex = std::complex<double>;

double largest_error(const std::vector<double2> &got, const std::vector<Complex> &expected) {
    double largest = 0;
    for (size_t i = 0; i < got.size(); ++i)
        largest = std::max(largest, std::abs(Complex(got[i].x, got[i].y) - expected[i]));
    return largest;
}

// By the definition, with angles reduced exactly.
std::vector<Complex> transform(const std::vector<double2> &in, size_t n, int direction) {
    std::vector<Complex> out(in.size());
    for (size_t b = 0; b < in.size() / n; ++b)
        for (size_t k = 0; k < n; ++k)
            for (size_t i = 0; i < n; ++i)
                out[b * n + k] += Complex(in[b * n + i].x, in[b * n + i].y) *
                                  std::polar(1.0, direction * 2 * std::acos(-1.0) * static_cast<double>(i * k % n) / n);
    return out;
}

TEST_F(Libraries, CufftTransforms) {
    Stream stream;
    for (int n : {1, 2, 64, 48}) {
        std::vector<double2> values(3 * n);
        for (int i = 0; i < 3 * n; ++i) values[i] = make_double2(i % 7 - 3.0, 0.25 * (i % 5));
        Words<double2> in(values), out(3 * n);
        cufftHandle plan;
        ASSERT_EQ(cufftPlan1d(&plan, n, CUFFT_Z2Z, 3), CUFFT_SUCCESS);
        ASSERT_EQ(cufftSetStream(plan, stream), CUFFT_SUCCESS);
        for (int direction : {CUFFT_FORWARD, CUFFT_INVERSE}) {
            ASSERT_EQ(cufftExecZ2Z(plan, in, out, direction), CUFFT_SUCCESS);
            EXPECT_LT(largest_error(out.read(), transform(values, n, direction)), 1e-12 * n);
        }
        EXPECT_EQ(cufftDestroy(plan), CUFFT_SUCCESS);
        EXPECT_EQ(cufftDestroy(plan), CUFFT_INVALID_PLAN);
    }
}

// In place, in a graph, with a work area of the caller's and members interleaved.
TEST_F(Libraries, CufftIsCaptured) {
    Stream stream;
    const int n = 16, batch = 4;
    std::vector<double2> values(n * batch), dense(n * batch);
    for (int b = 0; b < batch; ++b)
        for (int i = 0; i < n; ++i) values[i * batch + b] = dense[b * n + i] = make_double2(i + b, i * b);
    Words<double2> data(values);
    cufftHandle plan;
    size_t bytes = 0;
    int size[1] = {n}, embed[1] = {n};
    ASSERT_EQ(cufftCreate(&plan), CUFFT_SUCCESS);
    ASSERT_EQ(cufftSetAutoAllocation(plan, 0), CUFFT_SUCCESS);
    ASSERT_EQ(cufftMakePlanMany(plan, 1, size, embed, batch, 1, embed, batch, 1, CUFFT_Z2Z, batch, &bytes),
              CUFFT_SUCCESS);
    EXPECT_EQ(cufftExecZ2Z(plan, data, data, CUFFT_FORWARD), CUFFT_NO_WORKSPACE);
    Words<unsigned char> area(bytes);
    ASSERT_EQ(cufftSetWorkArea(plan, area), CUFFT_SUCCESS);
    ASSERT_EQ(cufftSetStream(plan, stream), CUFFT_SUCCESS);
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    must(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
    ASSERT_EQ(cufftExecZ2Z(plan, data, data, CUFFT_INVERSE), CUFFT_SUCCESS);
    must(cudaStreamEndCapture(stream, &graph));
    must(cudaGraphInstantiate(&exec, graph));
    must(cudaGraphLaunch(exec, stream));
    const std::vector<Complex> expected = transform(dense, n, CUFFT_INVERSE);
    const std::vector<double2> got = data.read();
    std::vector<double2> ordered(n * batch);
    for (int b = 0; b < batch; ++b)
        for (int i = 0; i < n; ++i) ordered[b * n + i] = got[i * batch + b];
    EXPECT_LT(largest_error(ordered, expected), 1e-12);
    must(cudaGraphExecDestroy(exec));
    must(cudaGraphDestroy(graph));
    EXPECT_EQ(cufftDestroy(plan), CUFFT_SUCCESS);
}

} // namespace
