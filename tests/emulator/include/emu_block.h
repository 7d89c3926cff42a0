/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMU_BLOCK_H
#define EMU_BLOCK_H
/* Where a thread is, the barriers of its block, and shared memory. */
#include <cstddef>

#include "vector_types.h"

extern "C" {
extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;
enum emu_barrier_kind { EMU_BARRIER, EMU_BARRIER_COUNT, EMU_BARRIER_AND, EMU_BARRIER_OR };
int emu_barrier(enum emu_barrier_kind kind, int predicate, const char *file, int line);
/* The array that belongs to key, the same for all threads of a block. */
void *emu_shared(const void *key, const char *name, size_t bytes, size_t alignment);
void *emu_shared_dynamic(size_t alignment);
[[noreturn]] void emu_trap(const char *file, int line);
}

constexpr int warpSize = 32;

/* A site of a barrier is a line of source: calls that the compiler duplicated stay one site. */
inline void __syncthreads(const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
    emu_barrier(EMU_BARRIER, 0, file, line);
}
inline int __syncthreads_count(int predicate, const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
    return emu_barrier(EMU_BARRIER_COUNT, predicate, file, line);
}
inline int __syncthreads_and(int predicate, const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
    return emu_barrier(EMU_BARRIER_AND, predicate, file, line);
}
inline int __syncthreads_or(int predicate, const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
    return emu_barrier(EMU_BARRIER_OR, predicate, file, line);
}
inline void __trap(const char *file = __builtin_FILE(), int line = __builtin_LINE()) { emu_trap(file, line); }

/* Threads run one after another: an order of memory holds already. */
inline void __threadfence() {}
inline void __threadfence_block() {}
inline void __threadfence_system() {}

#define EMU_SHARED(type, name, count)     \
    static const char emu_key_##name = 0; \
    type(&name)[count] =                  \
        *static_cast<type(*)[count]>(emu_shared(&emu_key_##name, #name, sizeof(type) * (count), alignof(type)))
#define EMU_SHARED_DYNAMIC(type, name) type *const name = static_cast<type *>(emu_shared_dynamic(alignof(type)))

#endif
