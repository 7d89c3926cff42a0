/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of the backend table whose result is about all words of a view. Results and CUB's scratch share one block of memory,
 * which is given back before the call returns. */
#include "kernels/digest.h"
#include "kernels/queue.h"
#include "kernels/table.h"

#define AT_ONCE ((uint32_t)1 << 30) /* words of one search: CUB counts them in 31 bits */

typedef struct reduction {
    gpu_queue *q;
    gpu_view x;
    const void *view; /* x in device memory */
    char *memory;
    size_t room; /* of the result, a multiple of 256 bytes */
    size_t scratch;
} reduction;

static size_t round_up(size_t bytes) { return (bytes + 255) / 256 * 256; }

static sable_status begin(reduction *r, gpu_queue *q, const sable_limbs *x, size_t result) {
    SABLE_TRY(gpu_unrecorded(q, "a look at all words of a view"));
    *r = (reduction){.q = q, .x = gpu_view_of(x), .room = round_up(result)};
    return gpu_constants(q, &r->view, &r->x, sizeof r->x);
}
/* After the call that sized the scratch. */
static sable_status take(reduction *r, sable_status sized) {
    void *memory = NULL;
    if (sized == SABLE_OK) sized = gpu_take(r->q, &memory, r->room + r->scratch);
    r->memory = memory;
    return sized;
}
static sable_status end(reduction *r, sable_status status) {
    gpu_give(r->q, r->memory);
    gpu_give(r->q, (void *)r->view);
    return status;
}

sable_status gpu_digest(void *queue, const sable_limbs *x, uint64_t digest[2]) {
    gpu_queue *q = queue;
    const size_t bytes = 2 * sizeof *digest;
    reduction r;
    SABLE_TRY(begin(&r, q, x, bytes));
    sable_status status =
        take(&r, gpu_check(q, gpu_launch_digest(q->stream, &q->ring, &r.x, r.view, NULL, NULL, &r.scratch),
                           "digest: scratch"));
    if (status == SABLE_OK)
        status = gpu_check(
            q,
            gpu_launch_digest(q->stream, &q->ring, &r.x, r.view, (uint64_t *)r.memory, r.memory + r.room, &r.scratch),
            "digest");
    if (status == SABLE_OK) status = gpu_download(q, digest, r.memory, bytes);
    return end(&r, status);
}

sable_status gpu_largest(void *queue, const sable_limbs *x, uint32_t *largest) {
    gpu_queue *q = queue;
    const size_t bytes = x->limbs * sizeof *largest;
    reduction r;
    SABLE_TRY(begin(&r, q, x, bytes));
    sable_status status =
        take(&r, gpu_check(q, gpu_launch_largest(q->stream, &q->ring, &r.x, r.view, NULL, NULL, &r.scratch),
                           "largest: scratch"));
    if (status == SABLE_OK)
        status = gpu_check(
            q,
            gpu_launch_largest(q->stream, &q->ring, &r.x, r.view, (uint32_t *)r.memory, r.memory + r.room, &r.scratch),
            "largest");
    if (status == SABLE_OK) status = gpu_download(q, largest, r.memory, bytes);
    return end(&r, status);
}

/* Words [first, first + words): *found in number; the first of them into list. Memory: their number, then the list. */
static sable_status search(reduction *r, uint64_t first, uint32_t words, uint64_t *found, uint64_t *list,
                           uint32_t most) {
    gpu_queue *q = r->q;
    uint64_t *const result = (uint64_t *)r->memory;
    GPU_TRY(q,
            gpu_launch_out_of_range(q->stream, &q->ring, r->view, first, words, result, result + 1, most,
                                    r->memory + r->room, &r->scratch),
            "out_of_range");
    SABLE_TRY(gpu_download(q, found, result, sizeof *found));
    const uint64_t listed = *found < most ? *found : most;
    return listed ? gpu_download(q, list, result + 1, listed * sizeof *list) : SABLE_OK;
}

sable_status gpu_out_of_range(void *queue, const sable_limbs *x, uint64_t *count, uint64_t *list, uint32_t most) {
    gpu_queue *q = queue;
    const uint64_t words = (uint64_t)x->batch * x->parts * x->limbs * q->ring.n;
    if (most > words) most = (uint32_t)words;
    const uint32_t at_once = words < AT_ONCE ? (uint32_t)words : AT_ONCE;
    reduction r;
    SABLE_TRY(begin(&r, q, x, (1 + (size_t)most) * sizeof *list));
    sable_status status = take(&r, gpu_check(q,
                                             gpu_launch_out_of_range(q->stream, &q->ring, r.view, 0, at_once, NULL,
                                                                     NULL, most, NULL, &r.scratch),
                                             "out_of_range: scratch"));
    uint64_t total = 0, found;
    for (uint64_t first = 0; first < words && status == SABLE_OK; first += at_once, total += found) {
        const uint32_t some = words - first < at_once ? (uint32_t)(words - first) : at_once;
        const uint32_t listed = total < most ? (uint32_t)total : most;
        found = 0;
        status = search(&r, first, some, &found, list ? list + listed : NULL, most - listed);
    }
    *count = total;
    return end(&r, status);
}
