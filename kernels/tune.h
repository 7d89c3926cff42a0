/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_TUNE_H
#define SABLE_KERNELS_TUNE_H
/* Block sizes and tile shapes of the kernels: the only place for such numbers. */

#define GPU_BLOCK_LOG 8
#define GPU_BLOCK     (1 << GPU_BLOCK_LOG) /* threads of element-wise kernels */

#define GPU_ENCODE_LIMBS 8u /* limbs for which a thread of encode splits its doubles once */

/* Combinations and inner products. */
#define GPU_SUM_LOG   7
#define GPU_SUM_BLOCK (1 << GPU_SUM_LOG)
#define GPU_SUM_TERMS 32u /* rows of constants in shared memory */

/* Base conversion. */
#define GPU_CONVERT_LOG   7
#define GPU_CONVERT_BLOCK (1 << GPU_CONVERT_LOG)
#define GPU_CONVERT_FILL  512 /* blocks that fill a large device: four for each multiprocessor */
#define GPU_CONVERT_LEAST 8   /* fewest destinations worth reading the sources for */

/* Conversions joined with transforms: sources that a thread keeps in registers, blocks that run at a time on a large device. */
#define GPU_BEGIN_SOURCES 16u
#define GPU_BEGIN_FILL    132u

/* Product with a key: a block keeps this many rows of as many digits in shared memory, at 1088 bytes, so that a
 * block's share stays below 48 KiB; half the rows, of twice the digits, where there are more digits than this. */
#define GPU_SWITCH_ROWS   8u
#define GPU_SWITCH_DIGITS 5u

/* Bytes of words that stay in the second-level cache between the two kernels of a transform, about half of it, and scratch of
 * a key switch or division, whose first half is finished from that cache too. Little in the emulator, so that the small batches of
 * tests take several rounds, a shorter one at the end. */
#ifdef __CUDA_EMULATOR__
#define GPU_NTT_ROUND_BYTES ((size_t)50 << 10)
#define GPU_BEGUN_BYTES     ((size_t)90 << 10)
#else
#define GPU_NTT_ROUND_BYTES ((size_t)24 << 20)
#define GPU_BEGUN_BYTES     ((size_t)32 << 20)
#endif

/* Points of a decoding: 54 digits of so many threads take 27 KiB of shared memory. */
#define GPU_POINTS_BLOCK 128u

/* Bytes of complex points that are decoded or encoded at a time; little in the emulator, so that tests take several rounds. */
#ifdef __CUDA_EMULATOR__
#define GPU_SLOTS_BYTES ((size_t)16 << 10)
#else
#define GPU_SLOTS_BYTES ((size_t)64 << 20)
#endif

/* Accumulations of hoisted transforms. */
#define GPU_KEYS_AT_ONCE 16u /* keys of a launch */
#define GPU_GROUPS       4u  /* groups of accumulate that share a read */

#endif
