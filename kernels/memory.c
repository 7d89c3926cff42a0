/* SPDX-License-Identifier: Apache-2.0 */
/* Device memory in stream order. The pool is the state's own, so a cap and a peak mean this context alone; what is given
 * out is counted when the host asks, not when the device gets there. */
#include <stdlib.h>

#include "kernels/graph.h"
#include "kernels/state.h"

#define GRAIN ((size_t)256) /* alignment, and what sizes are rounded up to */

static gpu_block **bucket_of(gpu_state *s, const void *address) {
    uint64_t h = (uint64_t)(uintptr_t)address >> 8;
    return &s->block[(h * 0x9e3779b97f4a7c15u) >> 32 & (GPU_BLOCK_BUCKETS - 1)];
}

static sable_status refuse(gpu_state *s, size_t bytes, sable_error *err) {
    size_t unused = 0, total = 0;
    if (cudaMemGetInfo(&unused, &total) != cudaSuccess) (void)cudaGetLastError();
    pthread_mutex_lock(&s->lock);
    const size_t live = s->live;
    pthread_mutex_unlock(&s->lock);
    return sable_fail(
        err, SABLE_NO_MEMORY,
        "%zu bytes of device memory asked for with %zu in use; device %d has %zu of %zu bytes free, the memory "
        "cap is %zu bytes (0 = none): use smaller batches, destroy objects, or raise the cap",
        bytes, live, s->device, unused, total, s->cap);
}

sable_status gpu_pool_take(gpu_state *s, cudaStream_t stream, void **memory, size_t bytes, sable_error *err) {
    *memory = NULL;
    if (bytes == 0) return SABLE_OK;
    if (bytes > SIZE_MAX - GRAIN) return refuse(s, bytes, err);
    const size_t counted = (bytes + GRAIN - 1) / GRAIN * GRAIN;
    gpu_block *block = malloc(sizeof *block);
    if (!block) return sable_fail(err, SABLE_NO_MEMORY, "no host memory for the record of a block of device memory");

    pthread_mutex_lock(&s->lock);
    const int fits = s->cap == 0 || (s->live <= s->cap && counted <= s->cap - s->live);
    if (fits) s->live += counted;
    pthread_mutex_unlock(&s->lock);
    cudaError_t error = cudaErrorMemoryAllocation;
    if (fits) error = cudaMallocFromPoolAsync(memory, counted, s->pool, stream);
    if (error != cudaSuccess) {
        *memory = NULL;
        free(block);
        (void)cudaGetLastError(); /* a failed allocation changes nothing else */
        if (fits) {
            pthread_mutex_lock(&s->lock);
            s->live -= counted;
            pthread_mutex_unlock(&s->lock);
        }
        return error == cudaErrorMemoryAllocation ? refuse(s, bytes, err)
                                                  : gpu_check_on(s->device, error, "memory allocation", err);
    }
    *block = (gpu_block){NULL, *memory, counted};
    pthread_mutex_lock(&s->lock);
    gpu_block **at = bucket_of(s, *memory);
    block->next = *at;
    *at = block;
    if (s->live > s->peak) s->peak = s->live;
    pthread_mutex_unlock(&s->lock);
    return SABLE_OK;
}

gpu_block *gpu_pool_forget(gpu_state *s, const void *memory) {
    if (!memory) return NULL;
    pthread_mutex_lock(&s->lock);
    gpu_block **at = bucket_of(s, memory);
    while (*at && (*at)->address != memory) at = &(*at)->next;
    gpu_block *block = *at;
    if (block) {
        *at = block->next;
        s->live -= block->bytes;
    }
    pthread_mutex_unlock(&s->lock);
    return block;
}

void gpu_pool_free(cudaStream_t stream, gpu_block *block) {
    if (!block) return;
    /* Fails only where the device is lost, and its memory with it. */
    if (cudaFreeAsync(block->address, stream) != cudaSuccess) (void)cudaGetLastError();
    free(block);
}

/* Forgotten before it is freed: another thread may be given the same address at once. */
void gpu_pool_give(gpu_state *s, cudaStream_t stream, void *memory) {
    gpu_pool_free(stream, gpu_pool_forget(s, memory));
}

sable_status gpu_memory_use(const void *state, size_t *live, size_t *peak) {
    gpu_state *s = (gpu_state *)state; /* the lock is the only thing that changes */
    pthread_mutex_lock(&s->lock);
    if (live) *live = s->live;
    if (peak) *peak = s->peak;
    pthread_mutex_unlock(&s->lock);
    return SABLE_OK;
}

sable_status gpu_take(gpu_queue *q, void **memory, size_t bytes) {
    return q->recording ? gpu_graph_take(q, memory, bytes) : gpu_pool_take(q->state, q->stream, memory, bytes, &q->err);
}
void gpu_give(gpu_queue *q, void *memory) {
    if (q->recording)
        gpu_graph_give(q, memory);
    else
        gpu_pool_give(q->state, q->stream, memory);
}
