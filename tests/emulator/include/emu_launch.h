/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMU_LAUNCH_H
#define EMU_LAUNCH_H
/* cudaLaunchKernelEx: packs the arguments with the types of the kernel's parameters and hands over a function that calls
 * the kernel once, for one thread. */
#include <cstddef>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "cuda_runtime_api.h"

namespace emu {

/* How to treat the arguments of one type of kernel. */
struct Signature {
    void (*call)(const void *kernel, const void *arguments); /* one thread */
    void (*unpack)(void *arguments, void **values);          /* from cudaLaunchKernelExC's array */
    void (*visit)(const void *arguments, void *data,
                  void (*visitor)(void *data, int index, const void *value, size_t bytes, bool is_pointer));
    size_t bytes;
};

cudaError_t launch(const cudaLaunchConfig_t *config, const void *kernel, const Signature *signature,
                   const void *arguments);
/* Makes a kernel known to cudaLaunchKernelExC, which has no types. */
void register_kernel(const void *kernel, const Signature *signature);
/* Runs work in the order of a stream, as a library's kernel; it is repeated when a graph that captured it is launched. */
cudaError_t enqueue(cudaStream_t stream, const char *name, std::function<void()> work);

template <class... P>
struct Packed {
    using Tuple = std::tuple<std::decay_t<P>...>;
    static_assert((std::is_trivially_copyable<std::decay_t<P>>::value && ...), "kernel arguments are copied as bytes");
    static_assert((!std::is_reference<P>::value && ...), "a kernel takes no references");
    static_assert(
        ((!std::is_class<std::decay_t<P>>::value || std::has_unique_object_representations<std::decay_t<P>>::value) &&
         ...),
        "padding holds words of the stack, which look like addresses (launch.cc); and the device learns them");
    using Kernel = void (*)(P...);

    static void call(const void *kernel, const void *arguments) {
        std::apply(reinterpret_cast<Kernel>(const_cast<void *>(kernel)), *static_cast<const Tuple *>(arguments));
    }
    template <size_t... I>
    static void unpack_all(Tuple &tuple, void **values, std::index_sequence<I...>) {
        (void)values;
        ((std::get<I>(tuple) = *static_cast<const std::tuple_element_t<I, Tuple> *>(values[I])), ...);
    }
    static void unpack(void *arguments, void **values) {
        unpack_all(*new (arguments) Tuple(), values, std::index_sequence_for<P...>());
    }
    static void visit(const void *arguments, void *data, void (*visitor)(void *, int, const void *, size_t, bool)) {
        int index = 0;
        std::apply(
            [&](const auto &...value) {
                (visitor(data, index++, &value, sizeof value, std::is_pointer<std::decay_t<decltype(value)>>::value),
                 ...);
            },
            *static_cast<const Tuple *>(arguments));
        (void)visitor, (void)index, (void)data;
    }
    static const Signature *signature() {
        static const Signature made = {call, unpack, visit, sizeof(Tuple)};
        return &made;
    }
};

template <class... P>
const void *address(void (*kernel)(P...)) {
    register_kernel(reinterpret_cast<const void *>(kernel), Packed<P...>::signature());
    return reinterpret_cast<const void *>(kernel);
}

} // namespace emu

template <class... P, class... A>
[[nodiscard]] cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t *config, void (*kernel)(P...), A &&...arguments) {
    static_assert(sizeof...(P) == sizeof...(A), "as many arguments as the kernel has parameters");
    const typename emu::Packed<P...>::Tuple packed(std::forward<A>(arguments)...);
    return emu::launch(config, emu::address(kernel), emu::Packed<P...>::signature(), &packed);
}

#endif
