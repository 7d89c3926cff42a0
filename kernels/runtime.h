/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_RUNTIME_H
#define SABLE_KERNELS_RUNTIME_H
/* What the files of the device plug-in share, C and CUDA C: state, queues, views as kernels take them, memory. The
 * same sources make libsable_cuda.so (nvcc) and the tests' libsable_emu.so (host compiler, tests/emulator). */
#include <cuda_runtime.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "sable/backend.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Structures that travel in a launch have no padding, in which words of the stack would travel too: their field `none` is 0. */

/* A view with its lists by value, so that it travels in the launch and a captured graph needs no other memory.
 * Limb i lies at slot[i] * limb_stride; positions are those of the ring. Strides in words. */
typedef struct gpu_view {
    uint32_t *data;
    size_t limb_stride, part_stride, batch_stride;
    uint32_t limbs, parts, batch, none;
    uint16_t pos[SABLE_MAX_LIMBS], slot[SABLE_MAX_LIMBS];
} gpu_view;

gpu_view gpu_view_of(const sable_limbs *v);
/* One word a limb, by value in a launch. NULL: all of them are `otherwise`. */
typedef struct gpu_words {
    uint32_t at[SABLE_MAX_LIMBS];
} gpu_words;
gpu_words gpu_words_of(const uint32_t *words, uint32_t count, uint32_t otherwise);
/* Limb numbers by position, GPU_ABSENT where the view (which may be NULL) has none. */
#define GPU_ABSENT 0xffffu
typedef struct gpu_index {
    uint16_t at[SABLE_MAX_LIMBS];
} gpu_index;
gpu_index gpu_index_of(const sable_limbs *v);

/* The ring in device memory, by value in a launch. */
typedef struct gpu_ring {
    uint32_t log_n, n, q_count, p_count;
    const sable_prime *prime; /* [q_count + p_count] by position */
    const uint32_t *tables;   /* transform tables of position k at tables + k * table_words (ntt_tables.h) */
    size_t table_words;
} gpu_ring;

/* A base conversion's constants in device memory, kept for the life of the state and found by content. */
typedef struct gpu_basis {
    uint32_t src_count, dst_count;
    const uint16_t *src, *dst; /* positions */
    const uint32_t *m;         /* [dst][src] */
    const uint32_t *neg_d;     /* [dst] */
} gpu_basis;

typedef struct gpu_state gpu_state;     /* state.h */
typedef struct gpu_staging gpu_staging; /* staging.h */
typedef struct gpu_graph gpu_graph;     /* graph.h */

typedef struct gpu_queue {
    gpu_state *state;
    gpu_ring ring;
    cudaStream_t stream;
    int owns_stream, device;
    cudaEvent_t passed; /* for queues that wait for another */
    gpu_staging *staging;
    gpu_graph *recording;    /* the graph that the queue's work goes into, or NULL; changed under `marking` */
    cudaEvent_t begun;       /* before a recording: what other queues wait for meanwhile */
    pthread_mutex_t marking; /* held while another queue marks the end of this one's work */
    sable_error err;
} gpu_queue;

/* Stream-ordered memory, 256-byte aligned, below the state's cap and counted in memory_use. SABLE_NO_MEMORY names the bytes needed,
 * free and the cap, and leaves the queue as it was. During the recording of a graph it comes from the graph's slab. */
sable_status gpu_take(gpu_queue *queue, void **memory, size_t bytes);
void gpu_give(gpu_queue *queue, void *memory);

/* The state's device copy of a basis; made at first use. */
sable_status gpu_basis_find(gpu_queue *queue, gpu_basis *out, const sable_basis *basis);

/* Constants of one call, too long for a launch: staged through pinned memory, copied in stream order to memory that
 * the caller gives back with gpu_give. While a graph is recorded they are the graph's, there before its first launch and for its
 * life. */
sable_status gpu_constants(gpu_queue *queue, const void **device, const void *host, size_t bytes);

/* Refuses what a graph cannot hold while the queue records one. */
sable_status gpu_unrecorded(gpu_queue *queue, const char *what);

/* SABLE_OK for cudaSuccess; otherwise the sentence naming `what`, and SABLE_DEVICE; SABLE_UNSUPPORTED for what CUDA refuses to
 * record: nothing has run then, and the queue lives on. Every CUDA call of the plug-in goes through it. */
sable_status gpu_check(gpu_queue *queue, cudaError_t error, const char *what);
#define GPU_TRY(queue, call, what) SABLE_TRY(gpu_check((queue), (call), (what)))

#ifdef __cplusplus
}
#endif
#endif
