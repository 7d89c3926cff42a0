/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_GRAPH_H
#define SABLE_KERNELS_GRAPH_H
/* Recordings: a queue's work captured into a CUDA graph that owns the memory which the work uses (contract: sable/backend.h). */
#include "kernels/runtime.h"

sable_status gpu_graph_begin(void *queue, void **graph, size_t bytes);
sable_status gpu_graph_end(void *queue, void *graph, sable_graph_size *size);
sable_status gpu_graph_launch(void *queue, void *graph);
void gpu_graph_destroy(void *queue, void *graph);

/* gpu_take, gpu_give and gpu_constants of a queue that records. */
sable_status gpu_graph_take(gpu_queue *queue, void **memory, size_t bytes);
void gpu_graph_give(gpu_queue *queue, void *memory);
sable_status gpu_graph_constants(gpu_queue *queue, const void **device, const void *host, size_t bytes);

#endif
