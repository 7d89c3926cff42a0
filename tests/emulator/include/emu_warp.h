/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMU_WARP_H
#define EMU_WARP_H
/* Functions of a warp: every lane that the mask names must call the same one at the same place. */
#include <cstdint>
#include <cstring>
#include <type_traits>

extern "C" {
enum emu_warp_op {
    EMU_WARP_SYNC,
    EMU_WARP_SHFL,
    EMU_WARP_SHFL_UP,
    EMU_WARP_SHFL_DOWN,
    EMU_WARP_SHFL_XOR,
    EMU_WARP_BALLOT,
    EMU_WARP_ANY,
    EMU_WARP_ALL,
    EMU_WARP_ADD,
    EMU_WARP_MIN,
    EMU_WARP_MAX,
    EMU_WARP_MIN_SIGNED,
    EMU_WARP_MAX_SIGNED,
    EMU_WARP_AND,
    EMU_WARP_OR,
    EMU_WARP_XOR,
    EMU_WARP_MATCH_ANY
};
/* lane: the source lane, distance or mask of a shuffle. */
uint64_t emu_warp(enum emu_warp_op op, unsigned mask, uint64_t value, unsigned lane, int width, const char *file,
                  int line);
}

#define EMU_SITE const char *file = __builtin_FILE(), int line = __builtin_LINE()

inline void __syncwarp(unsigned mask = 0xffffffffu, EMU_SITE) { emu_warp(EMU_WARP_SYNC, mask, 0, 0, 32, file, line); }

namespace emu {
template <class T>
T shuffle(emu_warp_op op, unsigned mask, T value, unsigned lane, int width, const char *file, int line) {
    static_assert(std::is_arithmetic<T>::value && (sizeof(T) == 4 || sizeof(T) == 8), "CUDA shuffles 4 or 8 bytes");
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    bits = emu_warp(op, mask, bits, lane, width, file, line);
    std::memcpy(&value, &bits, sizeof value);
    return value;
}
} // namespace emu

template <class T>
T __shfl_sync(unsigned mask, T value, int lane, int width = 32, EMU_SITE) {
    return emu::shuffle(EMU_WARP_SHFL, mask, value, static_cast<unsigned>(lane), width, file, line);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, EMU_SITE) {
    return emu::shuffle(EMU_WARP_SHFL_UP, mask, value, delta, width, file, line);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, EMU_SITE) {
    return emu::shuffle(EMU_WARP_SHFL_DOWN, mask, value, delta, width, file, line);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32, EMU_SITE) {
    return emu::shuffle(EMU_WARP_SHFL_XOR, mask, value, static_cast<unsigned>(lane_mask), width, file, line);
}

inline unsigned __ballot_sync(unsigned mask, int predicate, EMU_SITE) {
    return static_cast<unsigned>(emu_warp(EMU_WARP_BALLOT, mask, predicate != 0, 0, 32, file, line));
}
inline int __any_sync(unsigned mask, int predicate, EMU_SITE) {
    return static_cast<int>(emu_warp(EMU_WARP_ANY, mask, predicate != 0, 0, 32, file, line));
}
inline int __all_sync(unsigned mask, int predicate, EMU_SITE) {
    return static_cast<int>(emu_warp(EMU_WARP_ALL, mask, predicate != 0, 0, 32, file, line));
}
template <class T>
unsigned __match_any_sync(unsigned mask, T value, EMU_SITE) {
    static_assert(sizeof(T) == 4 || sizeof(T) == 8, "CUDA compares 4 or 8 bytes");
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    return static_cast<unsigned>(emu_warp(EMU_WARP_MATCH_ANY, mask, bits, 0, 32, file, line));
}

#define EMU_REDUCE(name, type, op)                                                                     \
    inline type __reduce_##name##_sync(unsigned mask, type value, EMU_SITE) {                          \
        return static_cast<type>(emu_warp(op, mask, static_cast<unsigned>(value), 0, 32, file, line)); \
    }
EMU_REDUCE(add, unsigned, EMU_WARP_ADD)
EMU_REDUCE(add, int, EMU_WARP_ADD)
EMU_REDUCE(min, unsigned, EMU_WARP_MIN)
EMU_REDUCE(min, int, EMU_WARP_MIN_SIGNED)
EMU_REDUCE(max, unsigned, EMU_WARP_MAX)
EMU_REDUCE(max, int, EMU_WARP_MAX_SIGNED)
EMU_REDUCE(and, unsigned, EMU_WARP_AND)
EMU_REDUCE(or, unsigned, EMU_WARP_OR)
EMU_REDUCE(xor, unsigned, EMU_WARP_XOR)
#undef EMU_REDUCE
#undef EMU_SITE

#endif
