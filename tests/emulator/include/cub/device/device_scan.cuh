/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMU_CUB_DEVICE_SCAN_CUH
#define EMU_CUB_DEVICE_SCAN_CUH
#include "../device_wide.h"

namespace cub {

struct DeviceScan {
    template <class In, class Out, class Count>
    static cudaError_t ExclusiveSum(void *scratch, size_t &bytes, In in, Out out, Count count,
                                    cudaStream_t stream = 0) {
        return scan<false>(scratch, bytes, in, out, count, stream);
    }
    template <class In, class Out, class Count>
    static cudaError_t InclusiveSum(void *scratch, size_t &bytes, In in, Out out, Count count,
                                    cudaStream_t stream = 0) {
        return scan<true>(scratch, bytes, in, out, count, stream);
    }

  private:
    template <bool inclusive, class In, class Out, class Count>
    static cudaError_t scan(void *scratch, size_t &bytes, In in, Out out, Count count, cudaStream_t stream) {
        return emu::device_wide(scratch, bytes, static_cast<size_t>(count), "cub::DeviceScan", stream, [=]() mutable {
            emu::value_of<In> sum{};
            for (Count i = 0; i < count; ++i) {
                const emu::value_of<In> before = sum;
                sum = static_cast<emu::value_of<In>>(sum + in[i]); /* in and out may be the same */
                out[i] = inclusive ? sum : before;
            }
        });
    }
};

} // namespace cub

#endif
