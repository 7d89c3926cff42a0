/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_NTT_ROWS_H
#define SABLE_KERNELS_NTT_ROWS_H
/* The inner eight levels of a transform: a row of 256 words by 16 threads, two rows a warp, so that exchanges need no more
 * than a barrier of the warp. Thread t holds words 16*k + t of the row at its outer levels, the run 16*t + k at its inner
 * ones.
 *
 * Shared memory of a row: 64 groups of four words; group n lies at n ^ (n/8 % 4), so that whole runs and runs of every 16th
 * word are reached without bank conflicts; rows lie 272 words apart, so that the two rows of a warp use different banks
 * in accesses of single words. */
#include "kernels/ntt_steps.h"
#include "kernels/ntt_tables.h"

#define GPU_ROW_SHARED 272u /* words */

/* Groups of four words: place of group 4*t + i, i < 4, of a run, and of group 16*i + t. Written so that what depends on i is
 * a constant where it can be. */
static __device__ __forceinline__ uint32_t gpu_row_run_group(uint32_t t, uint32_t i) {
    return 4 * t + (i ^ (t / 2 % 4));
}
static __device__ __forceinline__ uint32_t gpu_row_group(uint32_t t, uint32_t i) {
    return 16 * i + (t ^ t / 8 ^ (i % 2 ? 2 : 0));
}

static __device__ __forceinline__ void gpu_row_put_run(uint4 *shared, const uint32_t (&a)[16], uint32_t t) {
    GPU_UNROLL
    for (uint32_t i = 0; i < 4; i++)
        shared[gpu_row_run_group(t, i)] = make_uint4(a[4 * i], a[4 * i + 1], a[4 * i + 2], a[4 * i + 3]);
}

static __device__ __forceinline__ void gpu_row_get_run(uint32_t (&a)[16], const uint4 *shared, uint32_t t) {
    GPU_UNROLL
    for (uint32_t i = 0; i < 4; i++) {
        const uint4 four = shared[gpu_row_run_group(t, i)];
        a[4 * i] = four.x, a[4 * i + 1] = four.y, a[4 * i + 2] = four.z, a[4 * i + 3] = four.w;
    }
}

/* Words 16*k + t, in group 4*k + t/4: four places of the thread, and a constant. */
static __device__ __forceinline__ void gpu_row_put_words(uint32_t *shared, const uint32_t (&a)[16], uint32_t t) {
    GPU_UNROLL
    for (uint32_t c = 0; c < 4; c++) {
        uint32_t *const to = shared + 4 * (t / 4 ^ c) + t % 4;
        GPU_UNROLL
        for (uint32_t k = 2 * c; k < 16; k += 8) to[16 * k] = a[k], to[16 * k + 16] = a[k + 1];
    }
}
static __device__ __forceinline__ void gpu_row_get_words(uint32_t (&a)[16], const uint32_t *shared, uint32_t t) {
    GPU_UNROLL
    for (uint32_t c = 0; c < 4; c++) {
        const uint32_t *const from = shared + 4 * (t / 4 ^ c) + t % 4;
        GPU_UNROLL
        for (uint32_t k = 2 * c; k < 16; k += 8) a[k] = from[16 * k], a[k + 1] = from[16 * k + 16];
    }
}

/* Words 16*k + t of a row in memory. */
static __device__ __forceinline__ void gpu_row_load(uint32_t (&a)[16], const uint32_t *row, uint32_t t) {
    const uint32_t *const from = row + t;
    GPU_UNROLL
    for (uint32_t k = 0; k < 16; k++) a[k] = from[16 * k];
}
static __device__ __forceinline__ void gpu_row_store(uint32_t *row, const uint32_t (&a)[16], uint32_t t) {
    uint32_t *const to = row + t;
    GPU_UNROLL
    for (uint32_t k = 0; k < 16; k++) to[16 * k] = a[k];
}

/* What a row needs of the tables of a direction. */
typedef struct gpu_row_tables {
    const uint4 *heap, *roots;
    uint32_t run; /* of the thread's run */
} gpu_row_tables;

static __device__ __forceinline__ gpu_row_tables gpu_row_tables_of(const uint32_t *tables, const gpu_ntt_layout &l,
                                                                   uint32_t row, uint32_t t) {
    gpu_row_tables r;
    r.heap = (const uint4 *)(tables + l.rows) + row * (GPU_NTT_HEAP / 4);
    r.roots = (const uint4 *)(tables + l.roots);
    r.run = tables[l.run + row * 16 + t];
    return r;
}

/* From words 16*k + t below 4p to the canonical row in shared memory, visible to the warp.
 * f: gpu_powers of the run. */
template <bool SCALED>
static __device__ __forceinline__ void gpu_forward_row(uint32_t (&a)[16], uint32_t *shared,
                                                       const gpu_row_tables &tables, const uint32_t (&f)[16],
                                                       uint32_t t, const sable_prime &q) {
    const gpu_modulus m = gpu_modulus_of(q.p, (const uint32_t *)tables.heap);
    gpu_forward_levels<0>(a, tables.heap, m);
    gpu_row_put_words(shared, a, t);
    __syncwarp();
    gpu_row_get_run(a, (const uint4 *)shared, t);
    gpu_twist<SCALED>(a, f, q);
    gpu_forward_cyclic(a, tables.roots, m);
    GPU_UNROLL
    for (uint32_t k = 0; k < 16; k++) a[k] = sable_canon1(gpu_below_2p(a[k], m), q.p);
    gpu_row_put_run((uint4 *)shared, a, t);
    __syncwarp();
}

/* From the row in shared memory, as above, to words 16*k + t in [0,2p). */
static __device__ __forceinline__ void gpu_inverse_row(uint32_t (&a)[16], uint32_t *shared,
                                                       const gpu_row_tables &tables, const uint32_t (&f)[16],
                                                       uint32_t t, const sable_prime &q) {
    const gpu_modulus m = gpu_modulus_of(q.p, (const uint32_t *)tables.heap);
    gpu_row_get_run(a, (const uint4 *)shared, t);
    gpu_inverse_cyclic(a, tables.roots, m);
    gpu_twist<true>(a, f, q);
    gpu_row_put_run((uint4 *)shared, a, t);
    __syncwarp();
    gpu_row_get_words(a, shared, t);
    gpu_inverse_levels<0>(a, tables.heap, m);
}

#endif
