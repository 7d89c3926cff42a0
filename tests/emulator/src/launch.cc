// SPDX-License-Identifier: Apache-2.0
// Launches: the configuration is checked as CUDA checks it, then the grid runs in the stream's order.
#include <cstring>
#include <memory>
#include <sys/mman.h>
#include <unistd.h>
#include <unordered_map>

#include "block.h"
#include "capture.h"
#include "defect.h"
#include "device.h"
#include "grid.h"
#include "operation.h"
#include "order.h"

using namespace emu;

namespace {

struct Kernel {
    const Signature *signature;
    size_t dynamic_limit = limits.shared_bytes; // cudaFuncAttributeMaxDynamicSharedMemorySize raises it
};

std::unordered_map<const void *, Kernel> &kernels() {
    static auto *made = new std::unordered_map<const void *, Kernel>;
    return *made;
}

Kernel *find_kernel(const void *function) {
    const auto found = kernels().find(function);
    return found == kernels().end() ? nullptr : &found->second;
}

cudaError_t check(const cudaLaunchConfig_t &config, const Kernel &kernel) {
    const dim3 &block = config.blockDim, &grid = config.gridDim;
    const auto outside = [](const dim3 &size, const unsigned most[3]) {
        return size.x - 1 >= most[0] || size.y - 1 >= most[1] || size.z - 1 >= most[2]; // 0 is outside too
    };
    if (outside(block, limits.block) || outside(grid, limits.grid)) return cudaErrorInvalidConfiguration;
    if (uint64_t{block.x} * block.y * block.z > limits.threads) return cudaErrorInvalidConfiguration;
    if (config.dynamicSmemBytes > kernel.dynamic_limit) return cudaErrorInvalidValue;
    for (unsigned i = 0; i < config.numAttrs; ++i) switch (config.attrs[i].id) {
        case cudaLaunchAttributeIgnore:
        case cudaLaunchAttributePriority: break;
        default: return cudaErrorNotSupported; // clusters, cooperative launches: kernels are written without
        }
    return cudaSuccess;
}

struct PointerCheck {
    const void *kernel;
};

// Device memory and page-locked memory are all that a kernel can reach.
bool reachable(const void *pointer) {
    size_t ignored;
    return !pointer || memory_is_device(pointer) || pinned_find(pointer, &ignored);
}

bool mapped(uintptr_t address) {
    static const uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
    unsigned char resident;
    return mincore(reinterpret_cast<void *>(address / page * page), 1, &resident) == 0;
}

// Where programs and their memory lie. Below, at 16 TiB for example, sanitizers map their shadows, and the fields of a structure, taken
// two at a time, are numbers of that size.
bool likely_address(uintptr_t word) {
    const uintptr_t lowest = uintptr_t{0x55} << 40;
    return word >= lowest && word >> 48 == 0 && mapped(word);
}

// Arguments that are pointers must be reachable; in structures, words that are addresses of this process.
void check_pointers(void *data, int index, const void *value, size_t bytes, bool is_pointer) {
    for (size_t at = 0; at + sizeof(void *) <= bytes; at += sizeof(void *)) {
        uintptr_t word;
        memcpy(&word, static_cast<const char *>(value) + at, sizeof word);
        const void *pointer = reinterpret_cast<const void *>(word);
        if (reachable(pointer) || (!is_pointer && !likely_address(word))) continue;
        report(EMU_HOST_POINTER,
               "argument %d of kernel %s, byte %zu, is %p, which is neither device memory nor page-locked", index,
               kernel_name(static_cast<PointerCheck *>(data)->kernel).c_str(), at, pointer);
    }
}

cudaError_t launch_packed(CUstream_st *stream, const cudaLaunchConfig_t &config, const void *function,
                          const Kernel &kernel, const void *arguments) {
    emu_failure how;
    if (stream->device != thread_state.device) return cudaErrorInvalidResourceHandle;
    if (const cudaError_t error = check(config, kernel)) return error;
    if (chosen_to_fail(EMU_LAUNCH, &how)) {
        if (how == EMU_FAIL_CALL) return cudaErrorLaunchOutOfResources;
        current_device().ended = cudaErrorLaunchFailure;
        return cudaSuccess;
    }
    const char *bytes = static_cast<const char *>(arguments);
    auto launch = std::make_shared<Launch>(
        Launch{function, kernel.signature, std::vector<char>(bytes, bytes + kernel.signature->bytes), config.gridDim,
               config.blockDim, config.dynamicSmemBytes, limits.shared_optin_bytes});
    if (kernel.dynamic_limit <= limits.shared_bytes) launch->shared_limit = limits.shared_bytes;
    // Looked at when it runs: what a graph holds may be given memory later, or lose it.
    return submit(stream, {"", function, [launch, function] {
                               PointerCheck data = {function};
                               launch->signature->visit(launch->arguments.data(), &data, check_pointers);
                               return run_in_orders(*launch);
                           }});
}

template <class F>
cudaError_t launch_call(const char *name, const cudaLaunchConfig_t *config, const void *function, F with_kernel) {
    const cudaError_t error = call(name, Needs::working_device, [&] {
        if (!config) return cudaErrorInvalidValue;
        const Kernel *kernel = find_kernel(function);
        if (!kernel) return cudaErrorInvalidDeviceFunction;
        cudaError_t found;
        CUstream_st *stream = find_stream(config->stream, &found);
        return stream ? with_kernel(stream, *kernel) : found;
    });
    thread_state.unchecked_launch = error != cudaSuccess;
    return error;
}

} // namespace

namespace emu {

void register_kernel(const void *kernel, const Signature *signature) {
    std::lock_guard<std::recursive_mutex> guard(runtime().lock);
    kernels().emplace(kernel, Kernel{signature});
}

cudaError_t launch(const cudaLaunchConfig_t *config, const void *function, const Signature *, const void *arguments) {
    return launch_call("cudaLaunchKernelEx", config, function, [&](CUstream_st *stream, const Kernel &kernel) {
        return launch_packed(stream, *config, function, kernel, arguments);
    });
}

cudaError_t enqueue(cudaStream_t handle, const char *name, std::function<void()> work) {
    const cudaError_t error = call(name, Needs::working_device, [&] {
        cudaError_t found;
        emu_failure how;
        CUstream_st *stream = find_stream(handle, &found);
        if (!stream) return found;
        if (chosen_to_fail(EMU_LAUNCH, &how)) {
            if (how == EMU_FAIL_CALL) return cudaErrorLaunchOutOfResources;
            current_device().ended = cudaErrorLaunchFailure;
            return cudaSuccess;
        }
        return submit(stream, {name, nullptr, [work] {
                                   work();
                                   return cudaSuccess;
                               }});
    });
    return error;
}

} // namespace emu

cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t *config, const void *func, void **args) {
    return launch_call("cudaLaunchKernelExC", config, func, [&](CUstream_st *stream, const Kernel &kernel) {
        const size_t words = (kernel.signature->bytes + sizeof(max_align_t) - 1) / sizeof(max_align_t);
        const std::unique_ptr<max_align_t[]> packed(new max_align_t[words]());
        kernel.signature->unpack(packed.get(), args);
        return launch_packed(stream, *config, func, kernel, packed.get());
    });
}

cudaError_t cudaFuncSetAttribute(const void *func, enum cudaFuncAttribute attr, int value) {
    return call("cudaFuncSetAttribute", Needs::working_device, [&] {
        Kernel *kernel = find_kernel(func);
        if (!kernel) return cudaErrorInvalidDeviceFunction;
        if (attr == cudaFuncAttributePreferredSharedMemoryCarveout)
            return value >= -1 && value <= 100 ? cudaSuccess : cudaErrorInvalidValue;
        if (attr != cudaFuncAttributeMaxDynamicSharedMemorySize || value < 0 ||
            static_cast<size_t>(value) > limits.shared_optin_bytes)
            return cudaErrorInvalidValue;
        kernel->dynamic_limit = static_cast<size_t>(value);
        return cudaSuccess;
    });
}

cudaError_t cudaFuncGetAttributes(struct cudaFuncAttributes *attr, const void *func) {
    return call("cudaFuncGetAttributes", Needs::working_device, [&] {
        const Kernel *kernel = find_kernel(func);
        if (!attr) return cudaErrorInvalidValue;
        if (!kernel) return cudaErrorInvalidDeviceFunction;
        *attr = {};
        attr->maxThreadsPerBlock = static_cast<int>(limits.threads);
        attr->numRegs = 32;
        attr->ptxVersion = attr->binaryVersion = 10 * limits.major + limits.minor;
        attr->maxDynamicSharedSizeBytes = static_cast<int>(kernel->dynamic_limit);
        return cudaSuccess;
    });
}

cudaError_t cudaFuncSetCacheConfig(const void *func, enum cudaFuncCache config) {
    return call("cudaFuncSetCacheConfig", Needs::working_device, [&] {
        if (!find_kernel(func)) return cudaErrorInvalidDeviceFunction;
        return config >= cudaFuncCachePreferNone && config <= cudaFuncCachePreferEqual ? cudaSuccess
                                                                                       : cudaErrorInvalidValue;
    });
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int *numBlocks, const void *func, int blockSize,
                                                          size_t dynamicSMemSize) {
    return call("cudaOccupancyMaxActiveBlocksPerMultiprocessor", Needs::working_device, [&] {
        if (!numBlocks || blockSize < 1) return cudaErrorInvalidValue;
        const Kernel *kernel = find_kernel(func);
        if (!kernel) return cudaErrorInvalidDeviceFunction;
        *numBlocks = 0;
        const size_t threads = (static_cast<size_t>(blockSize) + 31) / 32 * 32;
        if (threads > limits.threads || dynamicSMemSize > kernel->dynamic_limit) return cudaSuccess;
        const size_t by_memory = limits.shared_sm_bytes / (dynamicSMemSize + 1024); // CUDA takes 1 KiB a block
        *numBlocks = static_cast<int>(std::min({limits.blocks_per_sm, limits.threads_per_sm / threads, by_memory}));
        return cudaSuccess;
    });
}
