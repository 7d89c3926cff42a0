// SPDX-License-Identifier: Apache-2.0
// cuFFT plans. A work area is asked for, owned or given as the library does, and written at each execution, so that a plan
// without one, or with one that another stream uses, is found.
#include <complex>
#include <cstring>
#include <map>
#include <mutex>
#include <vector>

#include "cufft.h"
#include "defect.h"
#include "emu_launch.h"
#include "fft.h"
#include "plans.h"
#include "runtime.h"

using namespace emu;

namespace {

struct Layout {
    size_t stride, distance;
};

struct Plan {
    bool made = false, automatic = true, owns_area = false;
    size_t points = 0, batch = 0, area_bytes = 0;
    Layout in = {}, out = {};
    void *area = nullptr;
    cudaStream_t stream = nullptr;
};

std::map<cufftHandle, Plan> plans;
cufftHandle last_handle;

template <class F>
cufftResult with_plan(cufftHandle handle, F body) {
    const std::lock_guard<std::recursive_mutex> guard(runtime().lock);
    const auto found = plans.find(handle);
    return found == plans.end() ? CUFFT_INVALID_PLAN : body(found->second);
}

void drop_area(Plan &plan) {
    if (plan.owns_area) (void)cudaFree(plan.area);
    plan.owns_area = false;
    plan.area = nullptr;
}

cufftResult make(Plan &plan, int points, Layout in, Layout out, cufftType type, int batch, size_t *bytes) {
    if (plan.made) return CUFFT_INVALID_PLAN;
    if (type != CUFFT_Z2Z) return CUFFT_NOT_SUPPORTED;
    if (points < 1) return CUFFT_INVALID_SIZE;
    if (batch < 1) return CUFFT_INVALID_VALUE;
    plan.points = static_cast<size_t>(points);
    plan.batch = static_cast<size_t>(batch);
    plan.in = in;
    plan.out = out;
    plan.area_bytes = plan.points * plan.batch * sizeof(cufftDoubleComplex);
    if (bytes) *bytes = plan.area_bytes;
    if (plan.automatic) {
        if (cudaMalloc(&plan.area, plan.area_bytes) != cudaSuccess) return CUFFT_ALLOC_FAILED;
        plan.owns_area = true;
    }
    plan.made = true;
    return CUFFT_SUCCESS;
}

Layout dense(int points) { return {1, static_cast<size_t>(points)}; }

void execute(const Plan &plan, const cufftDoubleComplex *in, cufftDoubleComplex *out, int direction) {
    memset(plan.area, 0xEE, plan.area_bytes);
    std::vector<std::complex<double>> values(plan.points * plan.batch);
    for (size_t b = 0; b < plan.batch; ++b)
        for (size_t i = 0; i < plan.points; ++i) {
            const cufftDoubleComplex value = in[b * plan.in.distance + i * plan.in.stride];
            values[b * plan.points + i] = {value.x, value.y};
        }
    for (size_t b = 0; b < plan.batch; ++b) fourier_transform(&values[b * plan.points], plan.points, direction);
    for (size_t b = 0; b < plan.batch; ++b)
        for (size_t i = 0; i < plan.points; ++i) {
            const std::complex<double> value = values[b * plan.points + i];
            out[b * plan.out.distance + i * plan.out.stride] = {value.real(), value.imag()};
        }
}

} // namespace

namespace emu {
size_t plan_count() {
    const std::lock_guard<std::recursive_mutex> guard(runtime().lock);
    return plans.size();
}
} // namespace emu

cufftResult cufftCreate(cufftHandle *handle) {
    int devices;
    if (!handle) return CUFFT_INVALID_VALUE;
    if (cudaGetDeviceCount(&devices) != cudaSuccess) return CUFFT_SETUP_FAILED;
    const std::lock_guard<std::recursive_mutex> guard(runtime().lock);
    plans[ *handle = ++last_handle] = Plan();
    return CUFFT_SUCCESS;
}

cufftResult cufftDestroy(cufftHandle handle) {
    const cufftResult result = with_plan(handle, [](Plan &plan) {
        drop_area(plan);
        return CUFFT_SUCCESS;
    });
    const std::lock_guard<std::recursive_mutex> guard(runtime().lock);
    plans.erase(handle);
    return result;
}

cufftResult cufftMakePlan1d(cufftHandle handle, int nx, cufftType type, int batch, size_t *workSize) {
    return with_plan(handle, [&](Plan &plan) { return make(plan, nx, dense(nx), dense(nx), type, batch, workSize); });
}

cufftResult cufftMakePlanMany(cufftHandle handle, int rank, int *n, int *inembed, int istride, int idist, int *onembed,
                              int ostride, int odist, cufftType type, int batch, size_t *workSize) {
    if (rank != 1) return CUFFT_NOT_SUPPORTED;
    if (!n) return CUFFT_INVALID_VALUE;
    if (istride < 1 || ostride < 1 || idist < 0 || odist < 0) return CUFFT_INVALID_VALUE;
    const auto layout = [&](const int *embed, int stride, int distance) { // without embed, the others mean nothing
        return embed ? Layout{static_cast<size_t>(stride), static_cast<size_t>(distance)} : dense(n[0]);
    };
    return with_plan(handle, [&](Plan &plan) {
        return make(plan, n[0], layout(inembed, istride, idist), layout(onembed, ostride, odist), type, batch,
                    workSize);
    });
}

namespace {

// A new plan made by body, or none.
template <class F>
cufftResult create(cufftHandle *handle, F body) {
    cufftResult result = cufftCreate(handle);
    if (result == CUFFT_SUCCESS && (result = body(*handle)) != CUFFT_SUCCESS) (void)cufftDestroy(*handle);
    return result;
}

} // namespace

cufftResult cufftPlan1d(cufftHandle *plan, int nx, cufftType type, int batch) {
    return create(plan, [&](cufftHandle made) { return cufftMakePlan1d(made, nx, type, batch, nullptr); });
}

cufftResult cufftPlanMany(cufftHandle *plan, int rank, int *n, int *inembed, int istride, int idist, int *onembed,
                          int ostride, int odist, cufftType type, int batch) {
    return create(plan, [&](cufftHandle made) {
        return cufftMakePlanMany(made, rank, n, inembed, istride, idist, onembed, ostride, odist, type, batch, nullptr);
    });
}

cufftResult cufftGetSize(cufftHandle handle, size_t *workSize) {
    if (!workSize) return CUFFT_INVALID_VALUE;
    return with_plan(handle, [&](Plan &plan) {
        *workSize = plan.area_bytes;
        return plan.made ? CUFFT_SUCCESS : CUFFT_INVALID_PLAN;
    });
}

cufftResult cufftSetAutoAllocation(cufftHandle handle, int autoAllocate) {
    return with_plan(handle, [&](Plan &plan) {
        if (plan.made) return CUFFT_INVALID_PLAN; // it has, or has not, its area already
        plan.automatic = autoAllocate != 0;
        return CUFFT_SUCCESS;
    });
}

cufftResult cufftSetWorkArea(cufftHandle handle, void *workArea) {
    return with_plan(handle, [&](Plan &plan) {
        if (!plan.made) return CUFFT_INVALID_PLAN;
        drop_area(plan);
        plan.area = workArea;
        return CUFFT_SUCCESS;
    });
}

cufftResult cufftSetStream(cufftHandle handle, cudaStream_t stream) {
    return with_plan(handle, [&](Plan &plan) {
        plan.stream = stream;
        return CUFFT_SUCCESS;
    });
}

cufftResult cufftExecZ2Z(cufftHandle handle, cufftDoubleComplex *idata, cufftDoubleComplex *odata, int direction) {
    return with_plan(handle, [&](Plan &plan) {
        if (!plan.made) return CUFFT_INVALID_PLAN;
        if (!idata || !odata || (direction != CUFFT_FORWARD && direction != CUFFT_INVERSE)) return CUFFT_INVALID_VALUE;
        if (!plan.area) return CUFFT_NO_WORKSPACE;
        const Plan now = plan; // a graph keeps what the plan was when it was captured
        const cudaError_t error = enqueue(plan.stream, "cufftExecZ2Z", [=] { execute(now, idata, odata, direction); });
        return error == cudaSuccess ? CUFFT_SUCCESS : CUFFT_EXEC_FAILED;
    });
}

cufftResult cufftGetVersion(int *version) {
    if (!version) return CUFFT_INVALID_VALUE;
    *version = CUFFT_VERSION;
    return CUFFT_SUCCESS;
}
