/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMU_VECTOR_FUNCTIONS_H
#define EMU_VECTOR_FUNCTIONS_H
/* make_uint2(x, y) and the like. */
#include "vector_types.h"

#define EMU_MAKE(prefix, type)                                                 \
    static inline prefix##1 make_##prefix##1(type x) {                         \
        prefix##1 v = {x};                                                     \
        return v;                                                              \
    }                                                                          \
    static inline prefix##2 make_##prefix##2(type x, type y) {                 \
        prefix##2 v = {x, y};                                                  \
        return v;                                                              \
    }                                                                          \
    static inline prefix##3 make_##prefix##3(type x, type y, type z) {         \
        prefix##3 v = {x, y, z};                                               \
        return v;                                                              \
    }                                                                          \
    static inline prefix##4 make_##prefix##4(type x, type y, type z, type w) { \
        prefix##4 v = {x, y, z, w};                                            \
        return v;                                                              \
    }

EMU_MAKE(char, signed char)
EMU_MAKE(uchar, unsigned char)
EMU_MAKE(short, short)
EMU_MAKE(ushort, unsigned short)
EMU_MAKE(int, int)
EMU_MAKE(uint, unsigned)
EMU_MAKE(long, long)
EMU_MAKE(ulong, unsigned long)
EMU_MAKE(longlong, long long)
EMU_MAKE(ulonglong, unsigned long long)
EMU_MAKE(float, float)
EMU_MAKE(double, double)
#undef EMU_MAKE

#endif
