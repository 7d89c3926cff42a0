/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ckks/noise.h"
#include "ckks/objects.h"

/* -- scales -------------------------------------------------------------------------------------------------------- */

sable_scale sable_scale_canonical(const sable_ctx *ctx, uint32_t level) {
    sable_dd s = ctx->params.scale[level];
    return (sable_scale){s.hi, s.lo, (int32_t)level, 1};
}

sable_scale sable_scale_value(double hi, double lo) { return (sable_scale){hi, lo, -1, 0}; }

bool sable_scale_equal(sable_scale a, sable_scale b) {
    if (a.level >= 0 || b.level >= 0) return a.level == b.level && a.power == b.power;
    return a.hi == b.hi && a.lo == b.lo;
}

/* -- checks -------------------------------------------------------------------------------------------------------- */

/* Inside a recording, its own objects; outside, all others. */
static sable_status check_recording(sable_queue *q, uint32_t recorded, const char *what) {
    if (recorded == q->recording) return SABLE_OK;
    if (recorded)
        return SABLE_REFUSE(q, SABLE_INVALID,
                            "%s was made while a graph was recorded: only the graph's outputs are left of that", what);
    return SABLE_REFUSE(q, SABLE_INVALID, "%s is no part of the recording: make it an input or output of the graph",
                        what);
}

sable_status sable_check_ct(sable_queue *queue, const sable_ct *ct, const char *what) {
    if (!ct) return SABLE_REFUSE(queue, SABLE_INVALID, "%s is NULL", what);
    if (ct->ctx != queue->ctx) return SABLE_REFUSE(queue, SABLE_INVALID, "%s belongs to another context", what);
    if (!ct->data)
        return SABLE_REFUSE(queue, SABLE_INVALID, "%s is empty: nothing was encrypted or computed into it", what);
    SABLE_TRY(check_recording(queue, ct->recorded, what));
    SABLE_TRY(sable_check_written(queue, &ct->stamp, what));
    sable_note_read(queue, ct->readers);
    return SABLE_OK;
}

sable_status sable_check_pt(sable_queue *queue, const sable_pt *pt, const char *what) {
    if (!pt) return SABLE_REFUSE(queue, SABLE_INVALID, "%s is NULL", what);
    if (pt->ctx != queue->ctx) return SABLE_REFUSE(queue, SABLE_INVALID, "%s belongs to another context", what);
    if (!pt->data) return SABLE_REFUSE(queue, SABLE_INVALID, "%s is empty: nothing was encoded into it", what);
    if (pt->recorded) SABLE_TRY(check_recording(queue, pt->recorded, what)); /* constants may be from before */
    SABLE_TRY(sable_check_written(queue, &pt->stamp, what));
    sable_note_read(queue, pt->readers);
    return SABLE_OK;
}

sable_status sable_check_out(sable_queue *queue, const sable_ct *ct) {
    SABLE_TRY(sable_check_queue(queue));
    if (!ct) return SABLE_REFUSE(queue, SABLE_INVALID, "the output ciphertext is NULL: sable_ct_create makes one");
    if (ct->ctx != queue->ctx)
        return SABLE_REFUSE(queue, SABLE_INVALID, "the output ciphertext belongs to another context");
    if (ct->data) SABLE_TRY(check_recording(queue, ct->recorded, "the output ciphertext"));
    SABLE_TRY(sable_check_written(queue, &ct->stamp, "the output ciphertext"));
    return sable_check_unread(queue, ct->readers, "the output ciphertext");
}

sable_status sable_check_out_pt(sable_queue *queue, const sable_pt *pt) {
    SABLE_TRY(sable_check_queue(queue));
    if (!pt) return SABLE_REFUSE(queue, SABLE_INVALID, "the output plaintext is NULL: sable_pt_create makes one");
    if (pt->ctx != queue->ctx)
        return SABLE_REFUSE(queue, SABLE_INVALID, "the output plaintext belongs to another context");
    if (pt->data) SABLE_TRY(check_recording(queue, pt->recorded, "the output plaintext"));
    SABLE_TRY(sable_check_written(queue, &pt->stamp, "the output plaintext"));
    return sable_check_unread(queue, pt->readers, "the output plaintext");
}

/* -- memory -------------------------------------------------------------------------------------------------------- */

sable_status sable_words_alloc(sable_queue *queue, uint32_t **data, size_t words, const char *what) {
    void *memory = NULL;
    const sable_backend *be = queue->ctx->backend;
    sable_status status = be->alloc(queue->handle, &memory, words * sizeof(uint32_t));
    if (status == SABLE_NO_MEMORY)
        return SABLE_REFUSE(queue, status, "%s needs %zu bytes: %s", what, words * sizeof(uint32_t),
                            be->queue_error(queue->handle));
    if (status != SABLE_OK) return sable_queue_kill(queue, status);
    if (queue->recording && memory) queue->recorded_blocks++;
    *data = memory;
    return SABLE_OK;
}

void sable_words_release(sable_queue *queue, uint32_t *data) {
    if (!data) return;
    if (queue->recording) queue->recorded_blocks--;
    queue->ctx->backend->release(queue->handle, data);
}

/* Of an object that is destroyed, by whichever queue. */
static void release_object(sable_queue *queue, uint32_t *data, const sable_stamp *stamp, sable_readers *readers,
                           uint32_t recorded) {
    if (!data) return;
    /* Left by a recording on a device: the memory was the graph's, and may be another's by now. */
    if (recorded && recorded != queue->recording && queue->ctx->backend->graph_begin) return;
    sable_object_await(queue, stamp, readers);
    if (recorded != queue->recording) queue->recorded_blocks++; /* it is none of those */
    sable_words_release(queue, data);
}

/* -- ciphertexts --------------------------------------------------------------------------------------------------- */

sable_status sable_ct_create(sable_ct **out, sable_ctx *ctx, sable_error *err) {
    if (!out || !ctx) return sable_fail(err, SABLE_INVALID, "sable_ct_create: out and ctx must not be NULL");
    struct {
        sable_ct ct; /* first: destroy frees by its address */
        sable_readers readers;
    } *owned = calloc(1, sizeof *owned);
    if (!owned) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a ciphertext handle");
    owned->ct.ctx = ctx;
    owned->ct.readers = &owned->readers;
    *out = &owned->ct;
    return SABLE_OK;
}

void sable_ct_destroy(sable_queue *queue, sable_ct **ct) {
    if (!ct || !*ct) return;
    release_object(queue, (*ct)->data, &(*ct)->stamp, (*ct)->readers, (*ct)->recorded);
    free(*ct);
    *ct = NULL;
}

void sable_ct_commit(sable_queue *queue, sable_ct *ct, const sable_ct *meta, uint32_t *data) {
    sable_ctx *ctx = ct->ctx;
    sable_readers *readers = ct->readers;
    uint32_t *old = ct->data;
    if (ct != meta) *ct = *meta;
    ct->ctx = ctx;
    ct->readers = readers;
    ct->data = data;
    ct->recorded = queue->recording;
    if (old != data) sable_words_release(queue, old);
    sable_stamp_write(queue, &ct->stamp);
}

sable_status sable_ct_describe(const sable_ct *ct, sable_ct_info *info) {
    if (!ct || !info || info->struct_size != sizeof *info) return SABLE_INVALID;
    size_t size = info->struct_size;
    memset(info, 0, sizeof *info);
    info->struct_size = size;
    info->empty = ct->data == NULL;
    if (info->empty) return SABLE_OK;
    info->level = ct->level;
    info->parts = ct->parts;
    info->batch = ct->batch;
    info->slots = ct->slots;
    info->scale = ct->scale;
    info->bound = ct->bound;
    info->rms = ct->rms;
    info->noise_std = sable_noise_slot_std(ct);
    info->precision_bits = -log2((2 + log(ct->slots)) * info->noise_std);
    info->insecure = ct->insecure;
    info->seeded = ct->seeded;
    info->bytes =
        (uint64_t)ct->batch * ct->parts * ct->ctx->level[ct->level].limbs * ct->ctx->params.n * sizeof(uint32_t);
    memcpy(info->key_id, ct->key_id, sizeof info->key_id);
    return SABLE_OK;
}

static size_t member_words(const sable_ct *ct) {
    return (size_t)ct->parts * ct->ctx->level[ct->level].limbs * ct->ctx->params.n;
}

sable_status sable_ct_copy(sable_queue *queue, sable_ct *out, const sable_ct *in) {
    SABLE_TRY(sable_check_out(queue, out));
    SABLE_TRY(sable_check_ct(queue, in, "the input"));
    return out == in ? SABLE_OK : sable_ct_slice(queue, out, in, 0, in->batch);
}

sable_status sable_ct_slice(sable_queue *queue, sable_ct *out, const sable_ct *in, uint32_t first, uint32_t count) {
    SABLE_TRY(sable_check_out(queue, out));
    SABLE_TRY(sable_check_ct(queue, in, "the input"));
    if (count == 0 || first >= in->batch || count > in->batch - first)
        return SABLE_REFUSE(queue, SABLE_INVALID, "slice of %u members from %u: the batch has %u", count, first,
                            in->batch);
    uint32_t *data = NULL;
    SABLE_TRY(sable_words_alloc(queue, &data, count * member_words(in), "a slice of a ciphertext"));
    sable_ct meta = *in;
    meta.batch = count;
    /* A slice of a seeded batch no longer starts at object 0 of the seed. */
    if (first != 0) meta.seeded = false;
    sable_limbs from = sable_ct_limbs(in),
                to = sable_dense_limbs(in->ctx, data, from.pos, from.limbs, in->parts, count);
    from.data += first * from.batch_stride;
    from.batch = count;
    SABLE_RUN(queue, copy(queue->handle, &to, &from));
    sable_ct_commit(queue, out, &meta, data);
    return SABLE_OK;
}

sable_status sable_ct_concat(sable_queue *queue, sable_ct *out, const sable_ct *const *in, size_t count) {
    SABLE_TRY(sable_check_out(queue, out));
    if (!in || count == 0) return SABLE_REFUSE(queue, SABLE_INVALID, "concat of no ciphertexts");
    uint64_t batch = 0;
    for (size_t i = 0; i < count; i++) {
        SABLE_TRY(sable_check_ct(queue, in[i], "an input"));
        const sable_ct *a = in[0], *b = in[i];
        if (a->level != b->level)
            return SABLE_REFUSE(queue, SABLE_LEVEL, "concat: levels %u and %u", a->level, b->level);
        if (!sable_scale_equal(a->scale, b->scale))
            return SABLE_REFUSE(queue, SABLE_SCALE, "concat: scales 2^%.4f and 2^%.4f", log2(a->scale.hi),
                                log2(b->scale.hi));
        if (a->parts != b->parts)
            return SABLE_REFUSE(queue, SABLE_DEGREE, "concat: %u and %u parts", a->parts, b->parts);
        if (a->slots != b->slots)
            return SABLE_REFUSE(queue, SABLE_INVALID, "concat: %u and %u slots", a->slots, b->slots);
        if (memcmp(a->key_id, b->key_id, sizeof a->key_id) != 0)
            return SABLE_REFUSE(queue, SABLE_KEY_MISMATCH, "concat: ciphertexts 0 and %zu are of different keys", i);
        batch += b->batch;
    }
    if (batch > UINT32_MAX) return SABLE_REFUSE(queue, SABLE_LIMIT, "concat: %llu members", (unsigned long long)batch);
    uint32_t *data = NULL;
    SABLE_TRY(sable_words_alloc(queue, &data, batch * member_words(in[0]), "a concatenation of ciphertexts"));
    sable_ct meta = *in[0];
    meta.batch = (uint32_t)batch;
    meta.seeded = false;
    size_t done = 0;
    for (size_t i = 0; i < count; i++) {
        sable_limbs from = sable_ct_limbs(in[i]);
        sable_limbs to = sable_dense_limbs(out->ctx, data + done * member_words(in[0]), from.pos, from.limbs,
                                           from.parts, from.batch);
        SABLE_RUN(queue, copy(queue->handle, &to, &from));
        done += in[i]->batch;
        meta.bound = fmax(meta.bound, in[i]->bound);
        meta.rms = fmax(meta.rms, in[i]->rms);
        meta.noise_var = fmax(meta.noise_var, in[i]->noise_var);
        meta.relative = fmax(meta.relative, in[i]->relative);
        meta.insecure |= in[i]->insecure;
    }
    sable_ct_commit(queue, out, &meta, data);
    return SABLE_OK;
}

sable_status sable_ct_declare(sable_queue *queue, sable_ct *ct, double bound, double rms) {
    SABLE_TRY(sable_check_queue(queue));
    SABLE_TRY(sable_check_ct(queue, ct, "the ciphertext"));
    if (!(bound > 0) || !isfinite(bound) || !(rms > 0) || rms > bound)
        return SABLE_REFUSE(queue, SABLE_INVALID, "declared bound %g and rms %g: needed 0 < rms <= bound < infinity",
                            bound, rms);
    ct->bound = bound;
    ct->rms = rms;
    return SABLE_OK;
}

/* -- plaintexts ---------------------------------------------------------------------------------------------------- */

sable_status sable_pt_create(sable_pt **out, sable_ctx *ctx, sable_error *err) {
    if (!out || !ctx) return sable_fail(err, SABLE_INVALID, "sable_pt_create: out and ctx must not be NULL");
    struct {
        sable_pt pt; /* first: destroy frees by its address */
        sable_readers readers;
    } *owned = calloc(1, sizeof *owned);
    if (!owned) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a plaintext handle");
    owned->pt.ctx = ctx;
    owned->pt.readers = &owned->readers;
    *out = &owned->pt;
    return SABLE_OK;
}

void sable_pt_destroy(sable_queue *queue, sable_pt **pt) {
    if (!pt || !*pt) return;
    release_object(queue, (*pt)->data, &(*pt)->stamp, (*pt)->readers, (*pt)->recorded);
    free(*pt);
    *pt = NULL;
}

void sable_pt_commit(sable_queue *queue, sable_pt *pt, const sable_pt *meta, uint32_t *data) {
    sable_ctx *ctx = pt->ctx;
    sable_readers *readers = pt->readers;
    uint32_t *old = pt->data;
    if (pt != meta) *pt = *meta;
    pt->ctx = ctx;
    pt->readers = readers;
    pt->data = data;
    pt->recorded = queue->recording;
    if (old != data) sable_words_release(queue, old);
    sable_stamp_write(queue, &pt->stamp);
}

/* -- views --------------------------------------------------------------------------------------------------------- */

sable_limbs sable_dense_limbs(const sable_ctx *ctx, uint32_t *data, const uint16_t *pos, uint32_t limbs, uint32_t parts,
                              uint32_t batch) {
    return sable_view_dense(ctx->params.n, data, pos, limbs, parts, batch);
}

sable_limbs sable_ct_limbs(const sable_ct *ct) {
    const sable_level_tables *t = &ct->ctx->level[ct->level];
    return sable_dense_limbs(ct->ctx, ct->data, t->pos, t->limbs, ct->parts, ct->batch);
}

sable_limbs sable_ct_part(const sable_ct *ct, uint32_t part) { return sable_view_parts(sable_ct_limbs(ct), part, 1); }

sable_limbs sable_pt_limbs(const sable_pt *pt) {
    const sable_level_tables *t = &pt->ctx->level[pt->level];
    return sable_dense_limbs(pt->ctx, pt->data, t->pos, t->limbs, 1, pt->batch);
}

sable_limbs sable_limbs_repeat(sable_limbs in, uint32_t batch) {
    if (in.batch == 1 && batch != 1) {
        in.batch = batch;
        in.batch_stride = 0;
    }
    return in;
}

double sable_level_capacity_log2(const sable_ctx *ctx, uint32_t level) {
    const sable_level_tables *t = &ctx->level[level];
    double bits = 0;
    for (uint32_t i = 0; i < t->limbs; i++) bits += log2(ctx->ring->prime[t->pos[i]].p);
    return bits - 2;
}
