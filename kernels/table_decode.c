/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding: residues to points, cuFFT, points to slots; some members at a time. What held a message is wiped. */
#include "kernels/cufft_open.h"
#include "kernels/decode.h"
#include "kernels/queue.h"
#include "kernels/table.h"
#include "kernels/tune.h"

static size_t round_up(size_t bytes) { return (bytes + 255) / 256 * 256; }

static sable_status fft_check(gpu_queue *q, cufftResult result, const char *what) {
    if (result == CUFFT_SUCCESS) return SABLE_OK;
    return sable_fail(&q->err, SABLE_DEVICE, "decode: cuFFT fails to %s (its code %d)", what, (int)result);
}

/* A plan for `members` transforms in place, without memory of its own: *bytes says how much it wants. */
static sable_status plan_make(gpu_queue *q, const gpu_cufft *fft, cufftHandle *plan, uint32_t slots, uint32_t members,
                              size_t *bytes) {
    SABLE_TRY(fft_check(q, fft->create(plan), "make a plan"));
    int n = (int)slots;
    sable_status status = fft_check(q, fft->auto_allocation(*plan, 0), "leave memory to the caller");
    if (status == SABLE_OK)
        status = fft_check(q, fft->make(*plan, 1, &n, NULL, 1, n, NULL, 1, n, CUFFT_Z2Z, (int)members, bytes),
                           "plan the transform");
    if (status == SABLE_OK) status = fft_check(q, fft->stream(*plan, q->stream), "take the stream");
    if (status != SABLE_OK) (void)fft->destroy(*plan);
    return status;
}

/* One block: constants, points, values, cuFFT's work area. */
typedef struct decoding {
    gpu_queue *q;
    const gpu_cufft *fft;
    gpu_mixed mixed;
    uint32_t slots, parts;
    char *memory;
    size_t points, values, area, bytes; /* offsets, and the size of all */
} decoding;

static sable_status decode_members(const decoding *d, cufftHandle plan, double *values, const sable_limbs *y) {
    gpu_queue *q = d->q;
    const gpu_view view = gpu_view_of(y);
    double *const points = (double *)(d->memory + d->points), *const made = (double *)(d->memory + d->values);
    GPU_TRY(q, gpu_launch_points(q->stream, &q->ring, points, &view, &d->mixed, d->slots), "decode: points");
    SABLE_TRY(fft_check(q, d->fft->run(plan, (cufftDoubleComplex *)points, (cufftDoubleComplex *)points, CUFFT_INVERSE),
                        "transform"));
    GPU_TRY(q, gpu_launch_slots(q->stream, made, points, d->slots, y->batch, d->parts), "decode: slots");
    return gpu_download(q, values, made, (size_t)y->batch * d->slots * d->parts * sizeof *values);
}

/* `rounds` times y->batch members. */
static sable_status decode_rounds(decoding *d, double *values, const sable_limbs *y, uint32_t rounds) {
    gpu_queue *q = d->q;
    const size_t numbers = (size_t)y->batch * d->slots;
    cufftHandle plan;
    size_t area = 0;
    void *memory = NULL;
    SABLE_TRY(plan_make(q, d->fft, &plan, d->slots, y->batch, &area));
    d->points = round_up(gpu_mixed_words(y->limbs) * sizeof(uint32_t));
    d->values = d->points + round_up(2 * numbers * sizeof(double));
    d->area = d->values + round_up(numbers * d->parts * sizeof(double));
    d->bytes = d->area + area;
    sable_status status = gpu_take(q, &memory, d->bytes);
    d->memory = memory;
    d->mixed.words = memory;
    if (status == SABLE_OK) status = fft_check(q, d->fft->work_area(plan, d->memory + d->area), "take memory");
    const gpu_view view = gpu_view_of(y);
    if (status == SABLE_OK)
        status = gpu_check(q, gpu_launch_mixed(q->stream, &q->ring, &d->mixed, &view), "decode: constants");
    sable_limbs some = *y;
    for (uint32_t r = 0; r < rounds && status == SABLE_OK; r++) {
        status = decode_members(d, plan, values + r * numbers * d->parts, &some);
        some.data += y->batch * y->batch_stride;
    }
    if (memory) {
        const sable_status wiped =
            gpu_check(q, cudaMemsetAsync(d->memory + d->points, 0, d->bytes - d->points, q->stream), "decode: wiping");
        if (status == SABLE_OK) status = wiped;
        gpu_give(q, memory);
    }
    (void)d->fft->destroy(plan); /* after the last download, so nothing of it is running */
    return status;
}

sable_status gpu_decode(void *queue, double *values, const sable_limbs *y, uint32_t slots, double unit_hi,
                        double unit_lo, int is_complex) {
    decoding d = {.q = queue,
                  .mixed = {.count = y->limbs, .unit_hi = unit_hi, .unit_lo = unit_lo},
                  .slots = slots,
                  .parts = is_complex ? 2 : 1};
    if (y->limbs > GPU_MIXED_MOST)
        return sable_fail(&d.q->err, SABLE_UNSUPPORTED, "decode: %u primes, the device takes up to %u", y->limbs,
                          GPU_MIXED_MOST);
    SABLE_TRY(gpu_cufft_find(d.q, &d.fft));
    const size_t fits = GPU_DECODE_BYTES / (2 * sizeof(double) * slots);
    const uint32_t at_once = fits < y->batch ? (uint32_t)(fits ? fits : 1) : y->batch;
    const uint32_t rounds = y->batch / at_once, left = y->batch - rounds * at_once;
    sable_limbs some = *y;
    some.batch = at_once;
    SABLE_TRY(decode_rounds(&d, values, &some, rounds));
    if (left == 0) return SABLE_OK;
    some.data += (size_t)rounds * at_once * y->batch_stride;
    some.batch = left;
    return decode_rounds(&d, values + (size_t)rounds * at_once * slots * d.parts, &some, 1);
}
