/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/slab.h"

#include <stdlib.h>
#include <string.h>

#define GRAIN ((size_t)256) /* alignment, and what sizes are rounded up to */

static size_t rounded(size_t bytes) {
    return bytes > SIZE_MAX - GRAIN ? SIZE_MAX : (bytes + GRAIN - 1) / GRAIN * GRAIN;
}

static sable_status refuse(const gpu_slab *s, size_t bytes, sable_error *err) {
    return sable_fail(
        err, SABLE_NO_MEMORY,
        "the recording needs %zu bytes in one piece beyond the %zu that its dry run came to: it must make the "
        "same calls both times",
        bytes, s->bytes);
}

sable_status gpu_slab_take(gpu_slab *s, void **memory, size_t bytes, sable_error *err) {
    *memory = NULL;
    if (bytes == 0) return SABLE_OK;
    size_t first = 0, at = 0; /* of the gap; of the range behind it */
    const size_t wanted = rounded(bytes);
    while (at < s->count && s->taken[at].first - first < wanted) {
        first = s->taken[at].first + s->taken[at].bytes;
        at++;
    }
    if (wanted > s->bytes - s->kept - first) return refuse(s, bytes, err);
    if (s->count == s->room) {
        const size_t room = s->room ? 2 * s->room : 64;
        gpu_range *taken = realloc(s->taken, room * sizeof *taken);
        if (!taken)
            return sable_fail(err, SABLE_NO_MEMORY, "no host memory for the record of %zu blocks of a graph", room);
        s->taken = taken;
        s->room = room;
    }
    memmove(s->taken + at + 1, s->taken + at, (s->count - at) * sizeof *s->taken);
    s->taken[at] = (gpu_range){first, wanted};
    s->count++;
    if (first + wanted > s->peak) s->peak = first + wanted;
    *memory = s->memory + first;
    return SABLE_OK;
}

sable_status gpu_slab_keep(gpu_slab *s, void **memory, size_t bytes, sable_error *err) {
    *memory = NULL;
    if (bytes == 0) return SABLE_OK;
    const size_t wanted = rounded(bytes);
    if (wanted > s->bytes - s->kept - s->peak) return refuse(s, bytes, err);
    s->kept += wanted;
    *memory = s->memory + (s->bytes - s->kept);
    return SABLE_OK;
}

int gpu_slab_give(gpu_slab *s, const void *memory) {
    const uintptr_t first = (uintptr_t)memory - (uintptr_t)s->memory; /* wraps around for what lies before the block */
    if (first >= s->bytes) return 0;
    for (size_t at = 0; at < s->count; at++)
        if (s->taken[at].first == first) {
            s->count--;
            memmove(s->taken + at, s->taken + at + 1, (s->count - at) * sizeof *s->taken);
            break;
        }
    return 1;
}
