/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMU_CUB_DEVICE_WIDE_H
#define EMU_CUB_DEVICE_WIDE_H
/* What CUB's device-wide functions have in common: called with no scratch memory they say how much they need; called with it
 * they run in the order of the stream. */
#include <cstddef>
#include <cstring>
#include <iterator>
#include <utility>

#include "cuda_runtime.h"

namespace emu {

/* More than nothing, and not the same for all sizes: a caller that does not ask is found. */
inline size_t scratch_bytes(size_t items) { return 256 + items / 256 * 8; }

template <class Work>
cudaError_t device_wide(void *scratch, size_t &bytes, size_t items, const char *name, cudaStream_t stream, Work work) {
    const size_t needed = scratch_bytes(items);
    if (!scratch) {
        bytes = needed;
        return cudaSuccess;
    }
    if (bytes < needed) return cudaErrorInvalidValue;
    return enqueue(stream, name, [=]() mutable {
        std::memset(scratch, 0xEE, needed); /* it is touched, so it must be there, in this stream's order */
        work();
    });
}

template <class Iterator>
using value_of = typename std::iterator_traits<Iterator>::value_type;

} // namespace emu

#endif
