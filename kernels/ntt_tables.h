/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_NTT_TABLES_H
#define SABLE_KERNELS_NTT_TABLES_H
/* Transform tables of one prime as the kernels want them.
 *
 * A limb of N >= 2^10 words is a matrix of R = N/256 rows of 256 words. The first log2 R levels of the transform's tree go
 * down its columns, the last eight along its rows: 4 in which all words of a row have the same twiddles, then 4 inside
 * runs of 16 words. A thread does up to 4 levels on 16 words in registers. The 15 twiddles for that are a *heap*: a tree of
 * 4 levels in 16 pairs (w, floor(w * 2^32 / p)), node i of level s at 2^s + i; pair 0 is (2p, 2^32 - 2p).
 *
 * The last 4 levels would need N words and their companions. Instead a run of 16 words is made cyclic: the block is taken
 * modulo X^16 - g^16 with g = psi^(2 brv(run) + 1), so X = g*Y leaves Y^16 - 1, whose twiddles are the same eight powers of a
 * 16th root of unity in every run. One word g a run is stored, and its powers are multiplied up in registers.
 *
 * Smaller limbs have the tree of N pairs as it is. All of it is there twice, for the forward and the inverse transform.
 * Pair 0 of the roots and of a whole tree, both always 1, gives its place to the *scale*: the word s with
 * MontLazy(c, s) = c * 2^32, or c * N^-1 * 2^32 for the inverse. */
#include "sable/backend.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GPU_NTT_ROW_LOG   8u  /* words of a row */
#define GPU_NTT_TWO_STEPS 10u /* from this log2 N on, columns and rows */
#define GPU_NTT_HEAP      32u /* words of a heap */

/* Word offsets in the tables of a prime. Columns of up to 16 rows take 1 heap, of up to 256 rows 1 and R/16, of 512
 * rows 1, 16 and 32, in this order. */
typedef struct gpu_ntt_layout {
    uint32_t log_n, log_rows;
    uint32_t roots;   /* scale, then pairs 1 to 7 of the 16th roots of unity, bit-reversed */
    uint32_t columns; /* heaps of the columns' levels, outermost first */
    uint32_t rows;    /* one heap a row */
    uint32_t run;     /* N/16 words: g of each run of 16 words, Montgomery form */
    uint32_t inverse; /* offset of the same for the inverse transform, that is: of inverse values */
    uint32_t words;   /* all, a multiple of 64 */
} gpu_ntt_layout;

gpu_ntt_layout gpu_ntt_layout_of(uint32_t log_n);

size_t gpu_ntt_table_words(uint32_t log_n);
/* The tables of position pos, for out of gpu_ntt_table_words; `ring` has its tables of this position. */
void gpu_ntt_tables_make(uint32_t *out, const sable_ring *ring, uint32_t pos);

#ifdef __cplusplus
}
#endif
#endif
