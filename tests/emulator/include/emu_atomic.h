/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMU_ATOMIC_H
#define EMU_ATOMIC_H
/* Atomic functions. Threads of a kernel run one after another in one thread of the host, so plain code is atomic. */

#define EMU_ATOMIC(name, type, expression)                                               \
    inline type name(type *address, type value) {                                        \
        const type old = *address;                                                       \
        *address = static_cast<type>(expression);                                        \
        return old;                                                                      \
    }                                                                                    \
    inline type name##_block(type *address, type value) { return name(address, value); } \
    inline type name##_system(type *address, type value) { return name(address, value); }
#define EMU_ATOMIC_BITS(type)                              \
    EMU_ATOMIC(atomicMin, type, old < value ? old : value) \
    EMU_ATOMIC(atomicMax, type, old > value ? old : value) \
    EMU_ATOMIC(atomicAnd, type, old &value)                \
    EMU_ATOMIC(atomicOr, type, old | value)                \
    EMU_ATOMIC(atomicXor, type, old ^ value)
#define EMU_ATOMIC_CAS(type)                                         \
    inline type atomicCAS(type *address, type compare, type value) { \
        const type old = *address;                                   \
        if (old == compare) *address = value;                        \
        return old;                                                  \
    }

EMU_ATOMIC(atomicAdd, unsigned, old + value)
EMU_ATOMIC(atomicAdd, int, static_cast<unsigned>(old) + static_cast<unsigned>(value))
EMU_ATOMIC(atomicAdd, unsigned long long, old + value)
EMU_ATOMIC(atomicAdd, float, old + value)
EMU_ATOMIC(atomicAdd, double, old + value)
EMU_ATOMIC(atomicSub, unsigned, old - value)
EMU_ATOMIC(atomicSub, int, static_cast<unsigned>(old) - static_cast<unsigned>(value))
EMU_ATOMIC(atomicExch, unsigned, value)
EMU_ATOMIC(atomicExch, int, value)
EMU_ATOMIC(atomicExch, unsigned long long, value)
EMU_ATOMIC(atomicExch, float, value)
EMU_ATOMIC(atomicInc, unsigned, old >= value ? 0 : old + 1)
EMU_ATOMIC(atomicDec, unsigned, old == 0 || old > value ? value : old - 1)
EMU_ATOMIC_BITS(unsigned)
EMU_ATOMIC_BITS(int)
EMU_ATOMIC_BITS(unsigned long long)
EMU_ATOMIC(atomicMin, long long, old < value ? old : value)
EMU_ATOMIC(atomicMax, long long, old > value ? old : value)
EMU_ATOMIC_CAS(unsigned)
EMU_ATOMIC_CAS(int)
EMU_ATOMIC_CAS(unsigned long long)
EMU_ATOMIC_CAS(unsigned short)
#undef EMU_ATOMIC
#undef EMU_ATOMIC_BITS
#undef EMU_ATOMIC_CAS

#endif
