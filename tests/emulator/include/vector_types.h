/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMU_VECTOR_TYPES_H
#define EMU_VECTOR_TYPES_H
/* The vector types of CUDA, in C11 and C++, with the alignments that kernels rely on for wide loads. */

#if defined __CUDACC__
#error "the emulator's headers are for host compilers: leave tests/emulator/include out of nvcc's include path"
#endif

#ifdef __cplusplus
#define EMU_DEFAULT(value) = value
#else
#define EMU_DEFAULT(value)
#endif

#define EMU_VECTOR_1(name, type) \
    typedef struct name {        \
        type x;                  \
    } name;
#define EMU_VECTOR_2(name, type, bytes)                   \
    typedef struct __attribute__((aligned(bytes))) name { \
        type x, y;                                        \
    } name;
#define EMU_VECTOR_3(name, type) \
    typedef struct name {        \
        type x, y, z;            \
    } name;
#define EMU_VECTOR_4(name, type, bytes)                   \
    typedef struct __attribute__((aligned(bytes))) name { \
        type x, y, z, w;                                  \
    } name;
/* bytes_4: the alignment of four, 16 at most, as in CUDA. */
#define EMU_VECTORS(prefix, type, bytes_2, bytes_4) \
    EMU_VECTOR_1(prefix##1, type)                   \
    EMU_VECTOR_2(prefix##2, type, bytes_2)          \
    EMU_VECTOR_3(prefix##3, type)                   \
    EMU_VECTOR_4(prefix##4, type, bytes_4)

EMU_VECTORS(char, signed char, 2, 4)
EMU_VECTORS(uchar, unsigned char, 2, 4)
EMU_VECTORS(short, short, 4, 8)
EMU_VECTORS(ushort, unsigned short, 4, 8)
EMU_VECTORS(int, int, 8, 16)
EMU_VECTORS(uint, unsigned, 8, 16)
EMU_VECTORS(long, long, 16, 16)
EMU_VECTORS(ulong, unsigned long, 16, 16)
EMU_VECTORS(longlong, long long, 16, 16)
EMU_VECTORS(ulonglong, unsigned long long, 16, 16)
EMU_VECTORS(float, float, 8, 16)
EMU_VECTORS(double, double, 16, 16)

typedef struct dim3 {
    unsigned x, y, z;
#ifdef __cplusplus
    constexpr dim3(unsigned vx = 1, unsigned vy = 1, unsigned vz = 1) : x(vx), y(vy), z(vz) {}
    constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
    constexpr operator uint3() const { return uint3{x, y, z}; }
#endif
} dim3;

#endif
