// SPDX-License-Identifier: Apache-2.0
#ifndef EMU_POOL_H
#define EMU_POOL_H
// Memory pools: a cap, and the figures that CUDA reports of them.
#include <cstddef>
#include <cstdint>

#include "runtime.h"

namespace emu {

struct Pool {
    int device = 0;
    size_t most = 0; // 0: as much as the device has
    uint64_t threshold = 0;
    size_t used = 0, used_high = 0, reserved = 0, reserved_high = 0;
    int reuse[4] = {0, 1, 1, 1};
};

cudaMemPool_t make_pool(int device, size_t most);
// The pool behind a handle that is alive, else nullptr.
Pool *find_pool(cudaMemPool_t handle, cudaError_t *error);
// Counts bytes in or out; false if they do not fit the pool or the device.
bool pool_take(Pool *pool, size_t bytes);
void pool_give(Pool *pool, size_t bytes);
// At a synchronisation: what exceeds the threshold goes back to the device.
void pools_release(int device);
void pool_trim(Pool *pool, size_t keep);
size_t pool_count();

} // namespace emu

#endif
