// SPDX-License-Identifier: Apache-2.0
#ifndef EMU_DEVICE_H
#define EMU_DEVICE_H
// What the emulated device can do: compute capability 8.0, the least that the project asks for.
#include <cstddef>

namespace emu {

struct Limits {
    int major, minor;
    size_t threads, shared_bytes, shared_optin_bytes, shared_sm_bytes, threads_per_sm, blocks_per_sm;
    unsigned block[3], grid[3];
    int multiprocessors;
};
constexpr Limits limits = {
    8, 0, 1024, 48 << 10, 163 << 10, 164 << 10, 2048, 32, {1024, 1024, 64}, {0x7fffffff, 65535, 65535}, 4};

} // namespace emu

#endif
