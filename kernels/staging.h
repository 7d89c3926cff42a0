/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_STAGING_H
#define SABLE_KERNELS_STAGING_H
/* Pinned host memory of one queue, used in turn: what is copied to the device has been read when the call returns, and the copy
 * itself runs in stream order. */
#include "kernels/runtime.h"

sable_status gpu_stage_up(gpu_queue *queue, void *device, const void *host, size_t bytes);
/* Waits for the copy. */
sable_status gpu_stage_down(gpu_queue *queue, void *host, const void *device, size_t bytes);
/* After the stream has come to rest. */
void gpu_staging_free(gpu_staging **staging);

#endif
