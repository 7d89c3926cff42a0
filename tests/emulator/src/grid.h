// SPDX-License-Identifier: Apache-2.0
#ifndef EMU_GRID_H
#define EMU_GRID_H
// Execution of one kernel: blocks one after another, the threads of a block as fibers.
#include <string>
#include <vector>

#include "cuda_runtime_api.h"
#include "emu_launch.h"

namespace emu {

struct Launch {
    const void *kernel;
    const Signature *signature;
    std::vector<char> arguments;
    dim3 grid, block;
    size_t dynamic_bytes;
    size_t shared_limit; // static and dynamic together
};

enum class Order { forward, reverse, random };

// Runs the grid on the calling thread. cudaSuccess, or the error that ended it.
cudaError_t grid_run(const Launch &launch, Order order, uint64_t seed);

// The running kernel, or nullptr.
const Launch *grid_current();

// Ends the running grid with this error, from within one of its threads.
[[noreturn]] void grid_abandon(cudaError_t error);

// True if address lies below the stack of the running fiber.
bool grid_stack_overflowed(const void *address);
// The top of that stack, for code that nothing on it will return from.
const char *grid_stack_cleared();

// ", kernel k, block (1,0,0), thread (5,0,0)" if one runs, else "".
std::string grid_position();

} // namespace emu

#endif
