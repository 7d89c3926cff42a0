/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_SLAB_H
#define SABLE_KERNELS_SLAB_H
/* Places in one block of memory. Scratch lies in the first gap that is large enough, from the start of the block; what is kept lies
 * from its end downwards, where no scratch ever was: it is there before the first piece of work. The same calls get the same
 * places, whatever the block's address. Nothing here touches the memory. */
#include "kernels/runtime.h"

typedef struct gpu_range {
    size_t first, bytes;
} gpu_range;

typedef struct gpu_slab {
    char *memory;
    size_t bytes;     /* of the block */
    size_t peak;      /* end of the furthest scratch so far */
    size_t kept;      /* bytes at the end */
    gpu_range *taken; /* scratch in use, by address */
    size_t count, room;
} gpu_slab;

/* SABLE_NO_MEMORY: no gap is large enough, with the numbers. */
sable_status gpu_slab_take(gpu_slab *slab, void **memory, size_t bytes, sable_error *err);
sable_status gpu_slab_keep(gpu_slab *slab, void **memory, size_t bytes, sable_error *err);
/* False: no place of the slab. What is kept stays. */
int gpu_slab_give(gpu_slab *slab, const void *memory);

#endif
