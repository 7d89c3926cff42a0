// SPDX-License-Identifier: Apache-2.0
// Devices, versions, memory figures.
#include "device.h"

#include <cstdio>
#include <cstring>

#include "capture.h"
#include "pool.h"
#include "runtime.h"

using namespace emu;

namespace {

bool exists(int device) { return device >= 0 && static_cast<size_t>(device) < runtime().devices.size(); }

cudaError_t version(int *out) {
    if (!out) return cudaErrorInvalidValue;
    *out = CUDART_VERSION;
    return cudaSuccess;
}

} // namespace

cudaError_t cudaRuntimeGetVersion(int *runtimeVersion) {
    return call("cudaRuntimeGetVersion", Needs::nothing, [&] { return version(runtimeVersion); });
}
cudaError_t cudaDriverGetVersion(int *driverVersion) {
    return call("cudaDriverGetVersion", Needs::nothing, [&] { return version(driverVersion); });
}

cudaError_t cudaGetDeviceCount(int *count) {
    return call("cudaGetDeviceCount", Needs::nothing, [&] {
        if (!count) return cudaErrorInvalidValue;
        *count = static_cast<int>(runtime().devices.size());
        return *count ? cudaSuccess : cudaErrorNoDevice;
    });
}

cudaError_t cudaSetDevice(int device) {
    return call("cudaSetDevice", Needs::device, [&] {
        if (!exists(device)) return cudaErrorInvalidDevice;
        thread_state.device = device;
        return cudaSuccess;
    });
}

cudaError_t cudaGetDevice(int *device) {
    return call("cudaGetDevice", Needs::device, [&] {
        if (!device) return cudaErrorInvalidValue;
        *device = thread_state.device;
        return cudaSuccess;
    });
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *prop, int device) {
    return call("cudaGetDeviceProperties", Needs::device, [&] {
        if (!prop) return cudaErrorInvalidValue;
        if (!exists(device)) return cudaErrorInvalidDevice;
        *prop = {};
        snprintf(prop->name, sizeof prop->name, "CUDA emulator %d", device);
        memcpy(prop->uuid.bytes, "sable emulator  ", 16);
        prop->uuid.bytes[15] = static_cast<char>(device);
        prop->totalGlobalMem = runtime().devices[static_cast<size_t>(device)].total;
        prop->sharedMemPerBlock = limits.shared_bytes;
        prop->regsPerBlock = prop->regsPerMultiprocessor = 65536;
        prop->warpSize = 32;
        prop->maxThreadsPerBlock = static_cast<int>(limits.threads);
        for (int i = 0; i < 3; ++i) {
            prop->maxThreadsDim[i] = static_cast<int>(limits.block[i]);
            prop->maxGridSize[i] = static_cast<int>(limits.grid[i]);
        }
        prop->totalConstMem = 65536;
        prop->major = limits.major;
        prop->minor = limits.minor;
        prop->multiProcessorCount = limits.multiprocessors;
        prop->canMapHostMemory = prop->concurrentKernels = prop->unifiedAddressing = 1;
        prop->pciBusID = device + 1;
        prop->asyncEngineCount = 2;
        prop->memoryBusWidth = 256;
        prop->l2CacheSize = 4 << 20;
        prop->maxThreadsPerMultiProcessor = static_cast<int>(limits.threads_per_sm);
        prop->streamPrioritiesSupported = 1;
        prop->sharedMemPerMultiprocessor = limits.shared_sm_bytes;
        prop->sharedMemPerBlockOptin = limits.shared_optin_bytes;
        prop->maxBlocksPerMultiProcessor = static_cast<int>(limits.blocks_per_sm);
        prop->reservedSharedMemPerBlock = 1024;
        prop->memoryPoolsSupported = 1;
        return cudaSuccess;
    });
}

cudaError_t cudaDeviceGetAttribute(int *value, enum cudaDeviceAttr attr, int device) {
    return call("cudaDeviceGetAttribute", Needs::device, [&] {
        if (!value) return cudaErrorInvalidValue;
        if (!exists(device)) return cudaErrorInvalidDevice;
        switch (attr) {
        case cudaDevAttrMaxThreadsPerBlock: *value = static_cast<int>(limits.threads); break;
        case cudaDevAttrMaxBlockDimX:
        case cudaDevAttrMaxBlockDimY:
        case cudaDevAttrMaxBlockDimZ: *value = static_cast<int>(limits.block[attr - cudaDevAttrMaxBlockDimX]); break;
        case cudaDevAttrMaxGridDimX:
        case cudaDevAttrMaxGridDimY:
        case cudaDevAttrMaxGridDimZ: *value = static_cast<int>(limits.grid[attr - cudaDevAttrMaxGridDimX]); break;
        case cudaDevAttrMaxSharedMemoryPerBlock: *value = static_cast<int>(limits.shared_bytes); break;
        case cudaDevAttrTotalConstantMemory:
        case cudaDevAttrMaxRegistersPerBlock:
        case cudaDevAttrMaxRegistersPerMultiprocessor: *value = 65536; break;
        case cudaDevAttrWarpSize: *value = 32; break;
        case cudaDevAttrClockRate:
        case cudaDevAttrMemoryClockRate: *value = 1000000; break;
        case cudaDevAttrMultiProcessorCount: *value = limits.multiprocessors; break;
        case cudaDevAttrCanMapHostMemory:
        case cudaDevAttrConcurrentKernels:
        case cudaDevAttrUnifiedAddressing:
        case cudaDevAttrStreamPrioritiesSupported:
        case cudaDevAttrMemoryPoolsSupported: *value = 1; break;
        case cudaDevAttrPciBusId: *value = device + 1; break;
        case cudaDevAttrGlobalMemoryBusWidth: *value = 256; break;
        case cudaDevAttrL2CacheSize: *value = 4 << 20; break;
        case cudaDevAttrMaxThreadsPerMultiProcessor: *value = static_cast<int>(limits.threads_per_sm); break;
        case cudaDevAttrAsyncEngineCount: *value = 2; break;
        case cudaDevAttrComputeCapabilityMajor: *value = limits.major; break;
        case cudaDevAttrComputeCapabilityMinor: *value = limits.minor; break;
        case cudaDevAttrMaxSharedMemoryPerMultiprocessor: *value = static_cast<int>(limits.shared_sm_bytes); break;
        case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = static_cast<int>(limits.shared_optin_bytes); break;
        case cudaDevAttrMaxBlocksPerMultiprocessor: *value = static_cast<int>(limits.blocks_per_sm); break;
        case cudaDevAttrReservedSharedMemoryPerBlock: *value = 1024; break;
        case cudaDevAttrIntegrated:
        case cudaDevAttrEccEnabled:
        case cudaDevAttrPciDeviceId:
        case cudaDevAttrPciDomainId:
        case cudaDevAttrManagedMemory:
        case cudaDevAttrPageableMemoryAccess:
        case cudaDevAttrCooperativeLaunch:
        case cudaDevAttrClusterLaunch: *value = 0; break;
        default: return cudaErrorInvalidValue;
        }
        return cudaSuccess;
    });
}

cudaError_t cudaDeviceGetStreamPriorityRange(int *leastPriority, int *greatestPriority) {
    return call("cudaDeviceGetStreamPriorityRange", Needs::device, [&] {
        if (leastPriority) *leastPriority = 0;
        if (greatestPriority) *greatestPriority = -5;
        return cudaSuccess;
    });
}

cudaError_t cudaMemGetInfo(size_t *free, size_t *total) {
    return call("cudaMemGetInfo", Needs::working_device, [&] {
        if (!free || !total) return cudaErrorInvalidValue;
        *total = current_device().total;
        *free = current_device().total - current_device().used;
        return cudaSuccess;
    });
}

// CUDA would also free everything; here what is left is reported as a leak by emu_live.
cudaError_t cudaDeviceReset(void) {
    return call("cudaDeviceReset", Needs::device, [&] {
        if (const cudaError_t error = capture_forbids_device(thread_state.device)) return error;
        current_device().ended = cudaSuccess;
        return cudaSuccess;
    });
}
