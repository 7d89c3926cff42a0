/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMU_CUB_DEVICE_SELECT_CUH
#define EMU_CUB_DEVICE_SELECT_CUH
#include "../device_wide.h"

namespace cub {

struct DeviceSelect {
    template <class In, class Out, class Selected, class Count, class Op>
    static cudaError_t If(void *scratch, size_t &bytes, In in, Out out, Selected selected, Count count, Op op,
                          cudaStream_t stream = 0) {
        return emu::device_wide(scratch, bytes, static_cast<size_t>(count), "cub::DeviceSelect", stream, [=]() mutable {
            Count kept = 0;
            for (Count i = 0; i < count; ++i) {
                const auto value = in[i];
                if (op(value)) out[kept++] = value;
            }
            *selected = static_cast<std::decay_t<decltype(*selected)>>(kept);
        });
    }
    template <class In, class Flags, class Out, class Selected, class Count>
    static cudaError_t Flagged(void *scratch, size_t &bytes, In in, Flags flags, Out out, Selected selected,
                               Count count, cudaStream_t stream = 0) {
        return emu::device_wide(scratch, bytes, static_cast<size_t>(count), "cub::DeviceSelect", stream, [=]() mutable {
            Count kept = 0;
            for (Count i = 0; i < count; ++i) {
                const auto value = in[i];
                if (flags[i]) out[kept++] = value;
            }
            *selected = static_cast<std::decay_t<decltype(*selected)>>(kept);
        });
    }
};

} // namespace cub

#endif
