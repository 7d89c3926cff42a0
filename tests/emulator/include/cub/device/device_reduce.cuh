/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMU_CUB_DEVICE_REDUCE_CUH
#define EMU_CUB_DEVICE_REDUCE_CUH
#include <limits>

#include "../device_wide.h"

namespace cub {

struct DeviceReduce {
    template <class In, class Out, class Count, class Reduce, class Transform, class T>
    static cudaError_t TransformReduce(void *scratch, size_t &bytes, In in, Out out, Count count, Reduce reduce,
                                       Transform transform, T init, cudaStream_t stream = 0) {
        return emu::device_wide(scratch, bytes, static_cast<size_t>(count), "cub::DeviceReduce", stream, [=]() mutable {
            T sum = init;
            for (Count i = 0; i < count; ++i) sum = static_cast<T>(reduce(sum, transform(in[i])));
            *out = sum;
        });
    }
    template <class In, class Out, class Count, class Op, class T>
    static cudaError_t Reduce(void *scratch, size_t &bytes, In in, Out out, Count count, Op op, T init,
                              cudaStream_t stream = 0) {
        const auto same = [](const emu::value_of<In> &value) { return value; };
        return TransformReduce(scratch, bytes, in, out, count, op, same, init, stream);
    }
    template <class In, class Out, class Count>
    static cudaError_t Sum(void *scratch, size_t &bytes, In in, Out out, Count count, cudaStream_t stream = 0) {
        using T = emu::value_of<In>;
        const auto add = [](const T &a, const T &b) { return static_cast<T>(a + b); };
        return Reduce(scratch, bytes, in, out, count, add, T(), stream);
    }
    template <class In, class Out, class Count>
    static cudaError_t Min(void *scratch, size_t &bytes, In in, Out out, Count count, cudaStream_t stream = 0) {
        using T = emu::value_of<In>;
        const auto least = [](const T &a, const T &b) { return b < a ? b : a; };
        return Reduce(scratch, bytes, in, out, count, least, std::numeric_limits<T>::max(), stream);
    }
    template <class In, class Out, class Count>
    static cudaError_t Max(void *scratch, size_t &bytes, In in, Out out, Count count, cudaStream_t stream = 0) {
        using T = emu::value_of<In>;
        const auto most = [](const T &a, const T &b) { return a < b ? b : a; };
        return Reduce(scratch, bytes, in, out, count, most, std::numeric_limits<T>::lowest(), stream);
    }
};

} // namespace cub

#endif
