/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of the backend table that bring data to the device or look at it: encoding and range checks. */
#include "kernels/encode.h"
#include "kernels/queue.h"
#include "kernels/reduce.h"
#include "kernels/table.h"

/* Part 0 is made and transformed; the other parts are copies of it. */
sable_status gpu_encode_integers(gpu_queue *q, const sable_limbs *out, const double *hi, const double *lo,
                                 uint32_t gap) {
    const gpu_view to = gpu_view_of(out);
    GPU_TRY(q, gpu_launch_encode(q->stream, &q->ring, &to, hi, lo, gap), "encode");
    sable_limbs first = *out, others = *out;
    first.parts = 1;
    SABLE_TRY(gpu_ntt_forward(q, &first));
    if (out->parts == 1) return SABLE_OK;
    first.parts = others.parts = out->parts - 1;
    first.part_stride = 0;
    others.data += out->part_stride;
    return gpu_copy(q, &others, &first);
}

sable_status gpu_wipe(gpu_queue *q, const void *memory, size_t bytes) {
    if (q->recording) return SABLE_OK; /* every launch needs it: the graph wipes its memory at its end */
    const sable_status status = gpu_check(q, cudaMemsetAsync((void *)memory, 0, bytes, q->stream), "wiping");
    gpu_give(q, (void *)memory);
    return status;
}

sable_status gpu_encode(void *queue, const sable_limbs *out, const double *hi, const double *lo, uint32_t gap) {
    gpu_queue *q = queue;
    const size_t bytes = out->batch * (size_t)(q->ring.n / gap) * sizeof(double);
    const void *upper, *lower;
    SABLE_TRY(gpu_constants(q, &upper, hi, bytes));
    sable_status status = gpu_constants(q, &lower, lo, bytes);
    if (status == SABLE_OK) {
        status = gpu_encode_integers(q, out, upper, lower, gap);
        const sable_status wiped = gpu_wipe(q, lower, bytes);
        if (status == SABLE_OK) status = wiped;
    }
    const sable_status wiped = gpu_wipe(q, upper, bytes);
    return status == SABLE_OK ? wiped : status;
}

sable_status gpu_check_range(void *queue, const sable_limbs *x, uint64_t *bad) {
    gpu_queue *q = queue;
    const gpu_view view = gpu_view_of(x);
    const void *on_device;
    void *memory = NULL; /* the result, then CUB's scratch at the next multiple of 256 bytes */
    size_t bytes = 0;
    SABLE_TRY(gpu_unrecorded(q, "a check of residues"));
    SABLE_TRY(gpu_constants(q, &on_device, &view, sizeof view));
    sable_status status = gpu_check(
        q, gpu_launch_check_range(q->stream, &q->ring, &view, on_device, NULL, NULL, &bytes), "check_range: scratch");
    if (status == SABLE_OK) status = gpu_take(q, &memory, 256 + bytes);
    if (status == SABLE_OK)
        status = gpu_check(
            q, gpu_launch_check_range(q->stream, &q->ring, &view, on_device, memory, (char *)memory + 256, &bytes),
            "check_range");
    if (status == SABLE_OK) status = gpu_download(q, bad, memory, sizeof *bad);
    gpu_give(q, memory);
    gpu_give(q, (void *)on_device);
    return status;
}
