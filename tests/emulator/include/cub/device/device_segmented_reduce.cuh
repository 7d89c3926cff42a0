/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMU_CUB_DEVICE_SEGMENTED_REDUCE_CUH
#define EMU_CUB_DEVICE_SEGMENTED_REDUCE_CUH
#include "../device_wide.h"

namespace cub {

struct DeviceSegmentedReduce {
    template <class In, class Out, class Begin, class End, class Op, class T>
    static cudaError_t Reduce(void *scratch, size_t &bytes, In in, Out out, int segments, Begin begin, End end, Op op,
                              T init, cudaStream_t stream = 0) {
        return emu::device_wide(scratch, bytes, static_cast<size_t>(segments), "cub::DeviceSegmentedReduce", stream,
                                [=]() mutable {
                                    for (int s = 0; s < segments; ++s) {
                                        T sum = init;
                                        for (auto i = begin[s]; i < end[s]; ++i)
                                            sum = static_cast<T>(op(sum, in[static_cast<ptrdiff_t>(i)]));
                                        out[s] = sum;
                                    }
                                });
    }
};

} // namespace cub

#endif
