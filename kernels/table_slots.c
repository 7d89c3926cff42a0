/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding, residues to points, cuFFT, points to slots, and encoding the other way round; some members at a time. What held a
 * message is wiped. */
#include "kernels/cufft_open.h"
#include "kernels/encode.h"
#include "kernels/queue.h"
#include "kernels/slots.h"
#include "kernels/table.h"
#include "kernels/tune.h"

static size_t round_up(size_t bytes) { return (bytes + 255) / 256 * 256; }

/* What a round of members works with: a plan, and one block of memory. */
typedef struct slot_work {
    gpu_queue *q;
    const gpu_cufft *fft;
    cufftHandle plan;
    uint32_t slots, parts, members; /* members of a round */
    char *memory;
    double *points, *values, *hi, *lo; /* hi, lo: of encoding only */
    uint32_t *constants;
    size_t bytes;
} slot_work;

static sable_status fft_check(gpu_queue *q, cufftResult result, const char *what) {
    if (result == CUFFT_SUCCESS) return SABLE_OK;
    return sable_fail(&q->err, SABLE_DEVICE, "cuFFT fails to %s (its code %d)", what, (int)result);
}

/* A plan for the members' transforms in place, without memory of its own: *bytes says how much it wants. */
static sable_status plan_make(slot_work *w, size_t *bytes) {
    int n = w->slots > 1 ? (int)w->slots : 2; /* of one point there is nothing to transform */
    SABLE_TRY(fft_check(w->q, w->fft->create(&w->plan), "make a plan"));
    sable_status status = fft_check(w->q, w->fft->auto_allocation(w->plan, 0), "leave memory to the caller");
    if (status == SABLE_OK)
        status =
            fft_check(w->q, w->fft->make(w->plan, 1, &n, NULL, 1, n, NULL, 1, n, CUFFT_Z2Z, (int)w->members, bytes),
                      "plan the transform");
    if (status == SABLE_OK) status = fft_check(w->q, w->fft->stream(w->plan, w->q->stream), "take the stream");
    if (status != SABLE_OK) (void)w->fft->destroy(w->plan);
    return status;
}

/* constants: words; integers: doubles a slot for them. All memory that the rounds need: on failure nothing is held. */
static sable_status work_begin(slot_work *w, size_t constants, size_t integers) {
    size_t area = 0;
    SABLE_TRY(plan_make(w, &area));
    const size_t numbers = (size_t)w->members * w->slots;
    const size_t points = round_up(constants * sizeof(uint32_t)),
                 used = round_up(points + (2 + w->parts + integers) * numbers * sizeof(double));
    void *memory = NULL;
    w->bytes = used + area;
    sable_status status = gpu_take(w->q, &memory, w->bytes);
    w->memory = memory;
    if (status == SABLE_OK) {
        w->constants = memory;
        w->points = (double *)(w->memory + points);
        w->values = w->points + 2 * numbers;
        w->hi = w->values + w->parts * numbers;
        w->lo = w->hi + 2 * numbers;
        status = fft_check(w->q, w->fft->work_area(w->plan, w->memory + used), "take memory");
        if (status == SABLE_OK) return SABLE_OK;
        gpu_give(w->q, memory);
    }
    (void)w->fft->destroy(w->plan);
    return status;
}
/* After the work on the device is done. */
static sable_status work_end(slot_work *w, sable_status status) {
    const sable_status wiped = gpu_wipe(w->q, w->memory, w->bytes);
    (void)w->fft->destroy(w->plan);
    return status == SABLE_OK ? wiped : status;
}

static sable_status transform(const slot_work *w, int direction) {
    if (w->slots == 1) return SABLE_OK;
    cufftDoubleComplex *const points = (cufftDoubleComplex *)w->points;
    return fft_check(w->q, w->fft->run(w->plan, points, points, direction), "transform");
}

/* Members of a round, and the first member of round r: the last round takes some of the one before again rather than be shorter,
 * so that one plan does. */
static uint32_t members_of(uint32_t slots, uint32_t batch) {
    const size_t fit = GPU_SLOTS_BYTES / (2 * sizeof(double) * slots);
    return fit >= batch ? batch : fit ? (uint32_t)fit : 1;
}
static uint32_t rounds_of(const slot_work *w, uint32_t batch) { return (batch + w->members - 1) / w->members; }
static size_t first_of(const slot_work *w, uint32_t r, uint32_t batch) {
    const uint32_t first = r * w->members;
    return first + w->members <= batch ? first : batch - w->members;
}

/* -- decoding ------------------------------------------------------------------------------------------------------ */

static sable_status decode_round(const slot_work *w, const gpu_mixed *mixed, double *values, const sable_limbs *y,
                                 double unit_hi, double unit_lo) {
    gpu_queue *q = w->q;
    const gpu_view view = gpu_view_of(y);
    GPU_TRY(q, gpu_launch_points(q->stream, &q->ring, w->points, &view, mixed, w->slots, unit_hi, unit_lo),
            "decode: points");
    SABLE_TRY(transform(w, CUFFT_INVERSE));
    GPU_TRY(q, gpu_launch_slots(q->stream, w->values, w->points, w->slots, y->batch, w->parts), "decode: slots");
    return gpu_download(q, values, w->values, (size_t)y->batch * w->slots * w->parts * sizeof *values);
}

sable_status gpu_decode(void *queue, double *values, const sable_limbs *y, uint32_t slots, double unit_hi,
                        double unit_lo, int is_complex) {
    gpu_queue *q = queue;
    slot_work w = {.q = q, .slots = slots, .parts = is_complex ? 2 : 1, .members = members_of(slots, y->batch)};
    gpu_mixed mixed = {.count = y->limbs};
    if (y->limbs > GPU_MIXED_MOST)
        return sable_fail(&q->err, SABLE_UNSUPPORTED, "decode: %u primes, the device takes up to %u", y->limbs,
                          GPU_MIXED_MOST);
    SABLE_TRY(gpu_unrecorded(q, "a decoding"));
    SABLE_TRY(gpu_cufft_find(q, &w.fft));
    SABLE_TRY(work_begin(&w, gpu_mixed_words(y->limbs), 0));
    mixed.words = w.constants;
    sable_limbs some = *y;
    some.batch = w.members;
    const gpu_view view = gpu_view_of(&some);
    sable_status status = gpu_check(q, gpu_launch_mixed(q->stream, &q->ring, &mixed, &view), "decode: constants");
    for (uint32_t r = 0; r < rounds_of(&w, y->batch) && status == SABLE_OK; r++) {
        const size_t first = first_of(&w, r, y->batch);
        some.data = y->data + first * y->batch_stride;
        status = decode_round(&w, &mixed, values + first * slots * w.parts, &some, unit_hi, unit_lo);
    }
    return work_end(&w, status);
}

/* -- encoding ------------------------------------------------------------------------------------------------------ */

static sable_status encode_round(const slot_work *w, const sable_limbs *out, const double *values, double scale_hi,
                                 double scale_lo) {
    gpu_queue *q = w->q;
    SABLE_TRY(gpu_upload(q, w->values, values, (size_t)w->members * w->slots * w->parts * sizeof *values));
    GPU_TRY(q, gpu_launch_spread(q->stream, w->points, w->values, w->slots, w->members, w->parts), "encode: points");
    SABLE_TRY(transform(w, CUFFT_FORWARD));
    GPU_TRY(q, gpu_launch_integers(q->stream, w->hi, w->lo, w->points, w->slots, w->members, scale_hi, scale_lo),
            "encode: rounding");
    return gpu_encode_integers(q, out, w->hi, w->lo, q->ring.n / (2 * w->slots));
}

sable_status gpu_encode_slots(void *queue, const sable_limbs *out, const double *values, uint32_t slots,
                              double scale_hi, double scale_lo, int is_complex) {
    gpu_queue *q = queue;
    slot_work w = {.q = q, .slots = slots, .parts = is_complex ? 2 : 1, .members = members_of(slots, out->batch)};
    SABLE_TRY(gpu_unrecorded(q, "an encoding of data by the device"));
    SABLE_TRY(gpu_cufft_find(q, &w.fft));
    SABLE_TRY(work_begin(&w, 0, 4));
    sable_status status = SABLE_OK;
    sable_limbs some = *out;
    some.batch = w.members;
    for (uint32_t r = 0; r < rounds_of(&w, out->batch) && status == SABLE_OK; r++) {
        const size_t first = first_of(&w, r, out->batch);
        some.data = out->data + first * out->batch_stride;
        status = encode_round(&w, &some, values + first * slots * w.parts, scale_hi, scale_lo);
    }
    const sable_status rested = gpu_queue_sync(q); /* a plan must outlive its transforms */
    return work_end(&w, status == SABLE_OK ? rested : status);
}
