/* SPDX-License-Identifier: Apache-2.0 */
/* A sequence is captured twice: a dry run on addresses that are nobody's memory tells how much it needs, and makes the base
 * conversions that it uses; the recording itself runs on one block of that size. Only launches of kernels are captured:
 * constants are copied to the block once, when the recording ends, so a graph has no nodes that touch host memory.
 *
 * Captures are relaxed: base conversions are made on a stream of their own meanwhile, and other threads do as they like. */
#include "kernels/graph.h"

#include <stdlib.h>
#include <string.h>

#include "kernels/slab.h"
#include "kernels/staging.h"
#include "kernels/state.h"

/* Where a dry run pretends to have memory: an address that no machine maps, and that differs from NULL. */
#define NOWHERE ((uintptr_t)1 << 62)

/* What the block must hold before the first launch. */
typedef struct gpu_held {
    struct gpu_held *next;
    void *device;
    size_t bytes;
    char words[];
} gpu_held;

struct gpu_graph {
    int dry;
    gpu_slab slab;
    gpu_held *held;
    gpu_block *given; /* of the pool, given back while the queue recorded */
    cudaGraphExec_t exec;
    cudaEvent_t done; /* after the last launch */
};

static void free_held(gpu_graph *g) {
    while (g->held) {
        gpu_held *held = g->held;
        g->held = held->next;
        explicit_bzero(held->words, held->bytes); /* what encodings left may be a message */
        free(held);
    }
}

/* The block and what a launch needs besides. */
static sable_status prepare(gpu_queue *q, gpu_graph *g, size_t bytes) {
    enum cudaStreamCaptureStatus theirs;
    GPU_TRY(q, cudaStreamIsCapturing(q->stream, &theirs), "look at the stream");
    if (theirs != cudaStreamCaptureStatusNone)
        return sable_fail(
            &q->err, SABLE_UNSUPPORTED,
            "the program itself records on the queue's stream: end that, or give the queue another stream");
    if (g->dry) {
        g->slab.memory = (char *)NOWHERE;
        g->slab.bytes = NOWHERE;
        return SABLE_OK;
    }
    void *memory = NULL;
    SABLE_TRY(gpu_pool_take(q->state, q->stream, &memory, bytes, &q->err));
    g->slab.memory = memory;
    g->slab.bytes = bytes;
    return gpu_check(q, cudaEventCreateWithFlags(&g->done, cudaEventDisableTiming), "event of a graph");
}

sable_status gpu_graph_begin(void *queue, void **graph, size_t bytes) {
    gpu_queue *q = queue;
    SABLE_TRY(gpu_unrecorded(q, "another recording"));
    gpu_graph *g = calloc(1, sizeof *g);
    if (!g) return sable_fail(&q->err, SABLE_NO_MEMORY, "no host memory for a graph");
    g->dry = bytes == 0;
    sable_status status = prepare(q, g, bytes);
    if (status == SABLE_OK) {
        pthread_mutex_lock(&q->marking);
        cudaError_t error = cudaEventRecord(q->begun, q->stream);
        if (error == cudaSuccess) error = cudaStreamBeginCapture(q->stream, cudaStreamCaptureModeRelaxed);
        if (error == cudaSuccess) q->recording = g;
        pthread_mutex_unlock(&q->marking);
        status = gpu_check(q, error, "begin of a recording");
    }
    if (status == SABLE_OK)
        *graph = g;
    else
        gpu_graph_destroy(q, g);
    return status;
}

/* Leaves the capture, whatever became of it. */
static cudaError_t stop(gpu_queue *q, gpu_graph *g, cudaGraph_t *captured) {
    *captured = NULL;
    pthread_mutex_lock(&q->marking);
    const cudaError_t error = cudaStreamEndCapture(q->stream, captured);
    q->recording = NULL;
    pthread_mutex_unlock(&q->marking);
    while (g->given) {
        gpu_block *block = g->given;
        g->given = block->next;
        gpu_pool_free(q->stream, block);
    }
    return error;
}

static sable_status upload_held(gpu_queue *q, gpu_graph *g) {
    for (const gpu_held *held = g->held; held; held = held->next)
        SABLE_TRY(gpu_stage_up(q, held->device, held->words, held->bytes));
    free_held(g);
    return SABLE_OK;
}

static sable_status instantiate(gpu_queue *q, gpu_graph *g, cudaGraph_t captured) {
    const cudaError_t error = cudaGraphInstantiate(&g->exec, captured, 0);
    if (error == cudaErrorMemoryAllocation) {
        (void)cudaGetLastError();
        g->exec = NULL;
        return sable_fail(&q->err, SABLE_NO_MEMORY, "device %d has no memory for the launches of a graph", q->device);
    }
    GPU_TRY(q, error, "making of a graph");
    SABLE_TRY(upload_held(q, g));
    GPU_TRY(q, cudaGraphUpload(g->exec, q->stream), "upload of a graph");
    return gpu_check(q, cudaEventRecord(g->done, q->stream), "event of a graph");
}

sable_status gpu_graph_end(void *queue, void *graph, sable_graph_size *size) {
    gpu_queue *q = queue;
    gpu_graph *g = graph;
    cudaGraph_t captured;
    sable_status status = gpu_check(q, stop(q, g, &captured), "recording");
    if (status != SABLE_OK) return status;
    *size = (sable_graph_size){.bytes = g->slab.peak + g->slab.kept};
    status = gpu_check(q, cudaGraphGetNodes(captured, NULL, &size->launches), "size of a graph");
    if (status == SABLE_OK && !g->dry) status = instantiate(q, g, captured);
    (void)cudaGraphDestroy(captured);
    return status;
}

sable_status gpu_graph_launch(void *queue, void *graph) {
    gpu_queue *q = queue;
    gpu_graph *g = graph;
    SABLE_TRY(gpu_unrecorded(q, "the launch of another graph"));
    GPU_TRY(q, cudaGraphLaunch(g->exec, q->stream), "launch of a graph");
    return gpu_check(q, cudaEventRecord(g->done, q->stream), "event after a graph");
}

void gpu_graph_destroy(void *queue, void *graph) {
    gpu_queue *q = queue;
    gpu_graph *g = graph;
    if (!g) return;
    if (q->recording == g) {
        cudaGraph_t captured;
        if (stop(q, g, &captured) != cudaSuccess) (void)cudaGetLastError();
        if (captured) (void)cudaGraphDestroy(captured);
    }
    free_held(g);
    /* Errors are of a device that is lost, and its memory with it. */
    if (g->done && cudaEventSynchronize(g->done) != cudaSuccess) (void)cudaGetLastError();
    if (g->exec) (void)cudaGraphExecDestroy(g->exec);
    if (g->done) (void)cudaEventDestroy(g->done);
    if (!g->dry && g->slab.memory) {
        if (cudaMemsetAsync(g->slab.memory, 0, g->slab.bytes, q->stream) != cudaSuccess) (void)cudaGetLastError();
        gpu_pool_give(q->state, q->stream, g->slab.memory);
    }
    free(g->slab.taken);
    free(g);
}

sable_status gpu_graph_take(gpu_queue *q, void **memory, size_t bytes) {
    return gpu_slab_take(&q->recording->slab, memory, bytes, &q->err);
}

void gpu_graph_give(gpu_queue *q, void *memory) {
    gpu_graph *g = q->recording;
    if (!memory || gpu_slab_give(&g->slab, memory)) return;
    /* Of the pool: a release in the stream would become a part of the graph. */
    gpu_block *block = gpu_pool_forget(q->state, memory);
    if (!block) return;
    block->next = g->given;
    g->given = block;
}

sable_status gpu_graph_constants(gpu_queue *q, const void **device, const void *host, size_t bytes) {
    gpu_graph *g = q->recording;
    void *memory;
    SABLE_TRY(gpu_slab_keep(&g->slab, &memory, bytes, &q->err));
    *device = memory;
    if (g->dry || bytes == 0) return SABLE_OK;
    gpu_held *held = malloc(sizeof *held + bytes);
    if (!held)
        return sable_fail(&q->err, SABLE_NO_MEMORY, "no host memory for %zu bytes of a graph's constants", bytes);
    *held = (gpu_held){g->held, memory, bytes};
    memcpy(held->words, host, bytes);
    g->held = held;
    return SABLE_OK;
}
