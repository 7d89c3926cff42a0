/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/staging.h"

#include <stdlib.h>
#include <string.h>

#include "kernels/graph.h"

/* Four stages keep the copy engine busy while the host fills the next; 2 MiB make the cost of a call small beside the copy. */
enum { STAGES = 4 };
#define STAGE_BYTES ((size_t)2 << 20)

struct gpu_staging {
    char *memory;
    cudaEvent_t done[STAGES];
    int used[STAGES]; /* an event was recorded */
    uint32_t next;
};

void gpu_staging_free(gpu_staging **staging) {
    gpu_staging *g = *staging;
    if (!g) return;
    for (uint32_t i = 0; i < STAGES; i++)
        if (g->done[i]) (void)cudaEventDestroy(g->done[i]);
    if (g->memory) (void)cudaFreeHost(g->memory);
    free(g);
    *staging = NULL;
}

/* Made at the first transfer: queues that only compute need no pinned memory. */
static sable_status make(gpu_queue *q) {
    if (q->staging) return SABLE_OK;
    gpu_staging *g = calloc(1, sizeof *g);
    if (!g) return sable_fail(&q->err, SABLE_NO_MEMORY, "no host memory for the transfers of a queue");
    cudaError_t error = cudaHostAlloc((void **)&g->memory, STAGES * STAGE_BYTES, cudaHostAllocDefault);
    for (uint32_t i = 0; i < STAGES && error == cudaSuccess; i++)
        error = cudaEventCreateWithFlags(&g->done[i], cudaEventDisableTiming);
    if (error == cudaSuccess) {
        q->staging = g;
        return SABLE_OK;
    }
    gpu_staging_free(&g);
    if (error != cudaErrorMemoryAllocation) return gpu_check(q, error, "pinned host memory for transfers");
    (void)cudaGetLastError();
    return sable_fail(&q->err, SABLE_NO_MEMORY, "no pinned host memory for transfers: %zu bytes a queue are needed",
                      STAGES * STAGE_BYTES);
}

/* The next stage, free to be overwritten. */
static sable_status turn(gpu_queue *q, uint32_t *stage) {
    gpu_staging *g = q->staging;
    *stage = g->next;
    if (g->used[*stage]) GPU_TRY(q, cudaEventSynchronize(g->done[*stage]), "wait for an earlier transfer");
    g->used[*stage] = 0;
    g->next = (g->next + 1) % STAGES;
    return SABLE_OK;
}

static sable_status mark(gpu_queue *q, uint32_t stage) {
    GPU_TRY(q, cudaEventRecord(q->staging->done[stage], q->stream), "event after a transfer");
    q->staging->used[stage] = 1;
    return SABLE_OK;
}

sable_status gpu_stage_up(gpu_queue *q, void *device, const void *host, size_t bytes) {
    if (bytes == 0) return SABLE_OK;
    SABLE_TRY(make(q));
    for (size_t at = 0; at < bytes; at += STAGE_BYTES) {
        const size_t count = bytes - at < STAGE_BYTES ? bytes - at : STAGE_BYTES;
        uint32_t stage;
        SABLE_TRY(turn(q, &stage));
        char *pinned = q->staging->memory + stage * STAGE_BYTES;
        memcpy(pinned, (const char *)host + at, count);
        GPU_TRY(q, cudaMemcpyAsync((char *)device + at, pinned, count, cudaMemcpyHostToDevice, q->stream), "upload");
        SABLE_TRY(mark(q, stage));
    }
    return SABLE_OK;
}

sable_status gpu_stage_down(gpu_queue *q, void *host, const void *device, size_t bytes) {
    if (bytes == 0) return SABLE_OK;
    SABLE_TRY(make(q));
    uint32_t stage[STAGES];
    size_t asked = 0; /* copies given to the stream; those of the last STAGES may be under way */
    for (size_t taken = 0; taken * STAGE_BYTES < bytes; taken++) {
        for (; asked * STAGE_BYTES < bytes && asked < taken + STAGES; asked++) {
            const size_t at = asked * STAGE_BYTES, count = bytes - at < STAGE_BYTES ? bytes - at : STAGE_BYTES;
            uint32_t s;
            SABLE_TRY(turn(q, &s));
            stage[asked % STAGES] = s;
            GPU_TRY(q,
                    cudaMemcpyAsync(q->staging->memory + s * STAGE_BYTES, (const char *)device + at, count,
                                    cudaMemcpyDeviceToHost, q->stream),
                    "download");
            SABLE_TRY(mark(q, s));
        }
        const uint32_t s = stage[taken % STAGES];
        GPU_TRY(q, cudaEventSynchronize(q->staging->done[s]), "wait for a download");
        q->staging->used[s] = 0;
        const size_t at = taken * STAGE_BYTES, count = bytes - at < STAGE_BYTES ? bytes - at : STAGE_BYTES;
        memcpy((char *)host + at, q->staging->memory + s * STAGE_BYTES, count);
    }
    return SABLE_OK;
}

sable_status gpu_constants(gpu_queue *q, const void **device, const void *host, size_t bytes) {
    if (q->recording) return gpu_graph_constants(q, device, host, bytes);
    void *memory = NULL;
    SABLE_TRY(gpu_take(q, &memory, bytes));
    sable_status status = gpu_stage_up(q, memory, host, bytes);
    if (status != SABLE_OK) {
        gpu_give(q, memory);
        return status;
    }
    *device = memory;
    return SABLE_OK;
}
