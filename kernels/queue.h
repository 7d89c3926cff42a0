/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_QUEUE_H
#define SABLE_KERNELS_QUEUE_H
/* Functions of the table that queue.c defines. */
#include "kernels/runtime.h"

sable_status gpu_queue_open(void **queue, void *state, void *external_stream, sable_error *err);
void gpu_queue_close(void *queue);
sable_status gpu_queue_sync(void *queue);
sable_status gpu_queue_wait(void *queue, void *other);
const char *gpu_queue_error(void *queue);
sable_status gpu_alloc(void *queue, void **memory, size_t bytes);
void gpu_release(void *queue, void *memory);
sable_status gpu_upload(void *queue, void *device, const void *host, size_t bytes);
sable_status gpu_download(void *queue, void *host, const void *device, size_t bytes);

#endif
