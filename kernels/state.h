/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_STATE_H
#define SABLE_KERNELS_STATE_H
/* The state of one context on one device: its ring in device memory, its memory pool, its base conversions. Nothing here
 * is shared between states, so several contexts and devices live in one process. */
#include "kernels/runtime.h"

/* One block that the pool gave out, found by its address. */
typedef struct gpu_block {
    struct gpu_block *next;
    void *address;
    size_t bytes;
} gpu_block;

/* A base conversion in device memory, with the host words that it was made from to compare with. */
typedef struct gpu_kept_basis {
    struct gpu_kept_basis *next;
    gpu_basis device;
    void *memory;
    uint32_t *words; /* what basis_words wrote */
} gpu_kept_basis;

enum { GPU_BLOCK_BUCKETS = 1024, GPU_BASIS_BUCKETS = 256 };

struct gpu_state {
    int device;
    char path[96]; /* "sm_90, NVIDIA H200" */
    gpu_ring ring;
    void *tables;       /* the ring's memory */
    cudaStream_t setup; /* of tables and base conversions, waited for before anybody else sees them */
    cudaMemPool_t pool;
    size_t cap; /* bytes, 0 = none */

    pthread_mutex_t lock; /* of what follows */
    size_t live, peak;
    gpu_block *block[GPU_BLOCK_BUCKETS];

    pthread_mutex_t basis_lock;
    gpu_kept_basis *basis[GPU_BASIS_BUCKETS];
};

/* Memory in the order of a stream, below the cap and counted; gpu_take and gpu_give are these on a queue's stream. */
sable_status gpu_pool_take(gpu_state *state, cudaStream_t stream, void **memory, size_t bytes, sable_error *err);
void gpu_pool_give(gpu_state *state, cudaStream_t stream, void *memory);

/* The pool's record of a block, taken out of its books: the caller gives the memory back later, or never looks at it again. NULL: no
 * block of the pool. */
gpu_block *gpu_pool_forget(gpu_state *state, const void *memory);
/* Gives back what gpu_pool_forget took out. */
void gpu_pool_free(cudaStream_t stream, gpu_block *block);

/* gpu_check for calls that belong to no queue. */
sable_status gpu_check_on(int device, cudaError_t error, const char *what, sable_error *err);

/* Gives back what gpu_basis_find made. */
void gpu_bases_free(gpu_state *state);

/* CUDA keeps a current device for each thread: every function of the table runs on its state's, and leaves the caller's as it
 * was. Returns what gpu_leave wants. */
int gpu_enter(int device);
void gpu_leave(int device, int before);

/* Functions of the table that state.c defines. */
sable_status gpu_devices(sable_device_list *list, sable_error *err);
sable_status gpu_open(void **state, const sable_ring *ring, const sable_backend_options *options, sable_error *err);
void gpu_close(void *state);
const char *gpu_path(const void *state);
uint32_t gpu_threads(const void *state);
sable_status gpu_memory_use(const void *state, size_t *live, size_t *peak);

#endif
