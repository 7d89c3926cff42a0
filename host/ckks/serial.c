/* SPDX-License-Identifier: Apache-2.0 */
/* Ciphertext headers and payloads. */
#include "ckks/serial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ckks/expand.h"
#include "io/bytes.h"
#include "sable/files.h"

void sable_ct_header_put(uint8_t out[SABLE_CT_HEADER_BYTES], const sable_ct *ct) {
    memset(out, 0, SABLE_CT_HEADER_BYTES);
    const uint32_t field[] = {ct->level,      ct->parts, ct->batch, ct->slots, ct->seeded, (uint32_t)ct->scale.level,
                              ct->scale.power};
    for (size_t i = 0; i < sizeof field / sizeof *field; i++) sable_put_u32(out + 4 * i, field[i]);
    const double real[] = {ct->scale.hi, ct->scale.lo, ct->bound, ct->rms, ct->noise_var, ct->relative};
    for (size_t i = 0; i < sizeof real / sizeof *real; i++) sable_put_f64(out + 32 + 8 * i, real[i]);
    if (ct->seeded) memcpy(out + 80, ct->seed, 32);
}

static sable_status check_scale(const sable_ctx *ctx, sable_scale s, sable_error *err) {
    uint32_t top = ctx->params.top_level;
    if (s.level == -1) {
        if (!(s.hi >= 1) || !isfinite(s.hi) || !(fabs(s.lo) <= s.hi * 0x1p-52) || s.power != 0 || s.hi > 0x1p1000)
            return sable_fail(err, SABLE_FORMAT, "ciphertext header: explicit scale %g + %g, power %u", s.hi, s.lo,
                              s.power);
        return SABLE_OK;
    }
    if (s.level < 0 || (uint32_t)s.level > top || s.power < 1 || s.power > 4)
        return sable_fail(err, SABLE_FORMAT,
                          "ciphertext header: canonical scale of level %d, power %u: levels are 0..%u", s.level,
                          s.power, top);
    sable_dd v = dd(1);
    for (uint32_t i = 0; i < s.power; i++) v = dd_mul(v, ctx->params.scale[s.level]);
    if (s.power == 1 ? !dd_equal(v, (sable_dd){s.hi, s.lo}) /* a NaN must fail here: hence the negations */
                     : !(fabs(s.hi / v.hi - 1) <= 0x1p-50) || !(fabs(s.lo) <= s.hi * 0x1p-52))
        return sable_fail(err, SABLE_FORMAT, "ciphertext header: scale %g is not that of level %d to the power %u",
                          s.hi, s.level, s.power);
    return SABLE_OK;
}

sable_status sable_ct_header_get(sable_ct *meta, sable_ctx *ctx, const uint8_t in[SABLE_CT_HEADER_BYTES],
                                 sable_error *err) {
    sable_ct m = {.ctx = ctx};
    m.level = sable_get_u32(in);
    m.parts = sable_get_u32(in + 4);
    m.batch = sable_get_u32(in + 8);
    m.slots = sable_get_u32(in + 12);
    uint32_t seeded = sable_get_u32(in + 16);
    m.scale = (sable_scale){sable_get_f64(in + 32), sable_get_f64(in + 40), (int32_t)sable_get_u32(in + 20),
                            sable_get_u32(in + 24)};
    m.bound = sable_get_f64(in + 48);
    m.rms = sable_get_f64(in + 56);
    m.noise_var = sable_get_f64(in + 64);
    m.relative = sable_get_f64(in + 72);
    static const uint8_t zero[32];
    if (m.level > ctx->params.top_level)
        return sable_fail(err, SABLE_FORMAT, "ciphertext header: level %u, the parameters have 0..%u", m.level,
                          ctx->params.top_level);
    if (m.parts != 2 && m.parts != 3)
        return sable_fail(err, SABLE_FORMAT, "ciphertext header: %u parts, 2 or 3 are possible", m.parts);
    if (m.batch == 0 || m.batch > SABLE_CT_BATCH_MOST)
        return sable_fail(err, SABLE_FORMAT, "ciphertext header: batch of %u", m.batch);
    if (m.slots == 0 || m.slots > ctx->params.n / 2 || (m.slots & (m.slots - 1)))
        return sable_fail(err, SABLE_FORMAT, "ciphertext header: %u slots: a power of two up to %u", m.slots,
                          ctx->params.n / 2);
    if (seeded > 1 || (seeded && m.parts != 2) || sable_get_u32(in + 28) != 0 ||
        (!seeded && memcmp(in + 80, zero, 32) != 0))
        return sable_fail(err, SABLE_FORMAT, "ciphertext header: seed mark %u contradicts the other fields", seeded);
    if (!(m.bound >= 0) || !isfinite(m.bound) || !(m.rms >= 0) || !isfinite(m.rms) || !(m.noise_var >= 0) ||
        !isfinite(m.noise_var) || !(m.relative >= 0) || !isfinite(m.relative))
        return sable_fail(err, SABLE_FORMAT, "ciphertext header: bound %g, rms %g, noise %g, relative error %g",
                          m.bound, m.rms, m.noise_var, m.relative);
    SABLE_TRY(check_scale(ctx, m.scale, err));
    m.seeded = seeded;
    memcpy(m.seed, in + 80, 32);
    m.insecure = ctx->params.insecure;
    *meta = m;
    return SABLE_OK;
}

static size_t stored_words(const sable_ct *meta) { /* of one member */
    return (size_t)(meta->seeded ? 1 : meta->parts) * meta->ctx->level[meta->level].limbs * meta->ctx->params.n;
}

sable_ct sable_ct_stored(const sable_ct *ct, const sable_file_options *chosen) {
    sable_ct stored = *ct;
    stored.seeded = ct->seeded && !chosen->no_seeds;
    return stored;
}

uint64_t sable_ct_payload_bytes(const sable_ct *meta, uint32_t residue_bits) {
    const sable_ct_shape shape = {meta->level, meta->parts, meta->batch, meta->seeded};
    return sable_shape_bytes(&meta->ctx->params, &shape, residue_bits);
}

sable_status sable_ct_payload_write(sable_queue *queue, const sable_ct *stored, uint32_t residue_bits,
                                    sable_byte_sink sink) {
    sable_limbs all = sable_ct_limbs(stored);
    size_t words = stored_words(stored);
    uint32_t *host = malloc(words * sizeof *host);
    if (!host)
        return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "no memory for %zu bytes of a ciphertext", words * sizeof *host);
    sable_status status = SABLE_OK;
    for (uint32_t b = 0; b < stored->batch && status == SABLE_OK; b++) {
        status =
            queue->ctx->backend->download(queue->handle, host, all.data + b * all.batch_stride, words * sizeof *host);
        if (status != SABLE_OK)
            status = sable_queue_kill(queue, status);
        else
            status = sable_residues_write(sink, host, words, residue_bits, &queue->error);
    }
    free(host);
    return status;
}

/* The first bad residue of a dense view as a sentence. */
static sable_status check_residues(sable_queue *queue, const sable_limbs *x, const char *path) {
    uint64_t bad;
    SABLE_RUN(queue, check_range(queue->handle, x, &bad));
    if (bad == UINT64_MAX) return SABLE_OK;
    uint64_t n = queue->ctx->params.n, limb = bad / n % x->limbs;
    return SABLE_REFUSE(queue, SABLE_FORMAT, "%s: residue %llu of limb %llu is not below its prime %u", path,
                        (unsigned long long)(bad % n), (unsigned long long)limb,
                        queue->ctx->ring->prime[x->pos[limb]].p);
}

/* What the file held is checked; what it left out is made from the seed. */
static sable_status settle(sable_queue *queue, const sable_ct *meta, const sable_limbs *all, const char *path) {
    if (!meta->seeded) return check_residues(queue, all, path);
    const sable_limbs held = sable_view_parts(*all, 0, 1), made = sable_view_parts(*all, 1, 1);
    SABLE_TRY(check_residues(queue, &held, path));
    return sable_expand(queue, &made, meta->key_id, meta->seed, SABLE_EXPAND_CIPHERTEXT, 0, 0, false);
}

sable_status sable_ct_plan_read(sable_queue *queue, sable_ct *out, const sable_ct *meta, uint32_t residue_bits,
                                const char *path) {
    sable_ctx *ctx = queue->ctx;
    const sable_level_tables *t = &ctx->level[meta->level];
    const size_t words = (size_t)meta->batch * meta->parts * t->limbs * ctx->params.n;
    uint32_t *data;
    sable_ct all = *meta;
    all.ctx = ctx; /* the one of a shape from elsewhere may be gone */
    SABLE_TRY(sable_words_alloc(queue, &data, words, path));
    all.data = data;
    sable_limbs view = sable_ct_limbs(&all);
    const double bytes = (double)sable_ct_payload_bytes(&all, residue_bits);
    ctx->tally->work[SABLE_WORK_READ] += bytes;
    ctx->tally->work[SABLE_WORK_DIGEST] += bytes;
    ctx->tally->work[SABLE_WORK_COPY] += (double)all.batch * (double)stored_words(&all) * sizeof(uint32_t);
    const sable_status status = settle(queue, &all, &view, path);
    if (status == SABLE_OK)
        sable_ct_commit(queue, out, meta, data);
    else
        sable_words_release(queue, data);
    return status;
}

sable_status sable_ct_payload_read(sable_queue *queue, sable_ct *out, const sable_ct *meta, uint32_t residue_bits,
                                   sable_section_stream *stream, const char *path) {
    sable_ctx *ctx = queue->ctx;
    if (ctx->tally) return sable_ct_plan_read(queue, out, meta, residue_bits, path);
    const sable_level_tables *t = &ctx->level[meta->level];
    size_t n = ctx->params.n, part = t->limbs * n, words = stored_words(meta);
    uint32_t *host = malloc(words * sizeof *host), *data = NULL;
    if (!host) return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "%s: no memory for %zu bytes", path, words * sizeof *host);
    sable_status status = sable_words_alloc(queue, &data, meta->batch * meta->parts * part, path);
    sable_limbs all = sable_dense_limbs(ctx, data, t->pos, t->limbs, meta->parts, meta->batch);
    for (uint32_t b = 0; b < meta->batch && status == SABLE_OK; b++) {
        uint32_t *member = data + b * all.batch_stride;
        status = sable_residues_read(stream, host, words, residue_bits, &queue->error);
        if (status == SABLE_OK) status = ctx->backend->upload(queue->handle, member, host, words * sizeof *host);
        if (status < 0) status = sable_queue_kill(queue, status);
    }
    free(host);
    if (status == SABLE_OK) status = sable_section_end(stream, &queue->error);
    if (status == SABLE_OK) status = settle(queue, meta, &all, path);
    if (status == SABLE_OK)
        sable_ct_commit(queue, out, meta, data);
    else
        sable_words_release(queue, data);
    return status;
}

/* -- containers ---------------------------------------------------------------------------------------------------- */

sable_container_info sable_container_info_of(const sable_ctx *ctx, sable_kind kind,
                                             const uint8_t key_id[SABLE_DIGEST_BYTES], bool insecure,
                                             uint32_t residue_bits) {
    sable_container_info info = {.kind = kind};
    info.flags =
        (insecure || ctx->params.insecure ? SABLE_FILE_INSECURE : 0) | (residue_bits == 30 ? SABLE_FILE_PACKED : 0);
    memcpy(info.params_digest, ctx->params.digest, sizeof info.params_digest);
    memcpy(info.key_id, key_id, sizeof info.key_id);
    return info;
}

sable_status sable_container_open_for(sable_container **out, const sable_ctx *ctx, const char *path, sable_kind kind,
                                      sable_error *err) {
    sable_container_limits limits = {SABLE_SECTIONS_MOST, 0};
    SABLE_TRY(sable_container_open(out, path, kind, &limits, err));
    sable_status status = sable_container_require_params(*out, ctx->params.digest, err);
    const sable_container_info *info = sable_container_get_info(*out);
#ifdef SABLE_TEST_RNG
    (void)info; /* the test tool reads what it writes */
#else
    if (status == SABLE_OK && (info->flags & (SABLE_FILE_INSECURE | SABLE_FILE_TEST_RNG)) && !ctx->params.insecure)
        status = sable_fail(
            err, SABLE_INSECURE,
            "%s is marked INSECURE: made with a test generator, it is not used with a secure parameter set", path);
#endif
    if (status != SABLE_OK) sable_container_close(out);
    return status;
}

sable_status sable_ct_save(sable_queue *queue, const sable_ct *ct, const char *path,
                           const sable_file_options *options) {
    SABLE_TRY(sable_check_idle(queue, "the writing of a file"));
    SABLE_TRY(sable_check_ct(queue, ct, "the ciphertext"));
    if (!path) return SABLE_REFUSE(queue, SABLE_INVALID, "sable_ct_save: the path is NULL");
    sable_error *err = &queue->error;
    sable_file_options chosen;
    SABLE_TRY(sable_storage_choose(&chosen, options, err));
    const uint32_t bits = chosen.residue_bits;
    const sable_ct stored = sable_ct_stored(ct, &chosen);
    uint8_t header[SABLE_CT_HEADER_BYTES];
    sable_ct_header_put(header, &stored);
    sable_section_spec spec[SABLE_CT_SECTIONS];
    sable_ct_specs(spec, sable_ct_payload_bytes(&stored, bits));
    sable_container_info info =
        sable_container_info_of(queue->ctx, SABLE_KIND_CIPHERTEXT, ct->key_id, ct->insecure, bits);
    sable_container_writer *w;
    SABLE_TRY(sable_container_writer_create(&w, path, 0644, &info, spec, SABLE_CT_SECTIONS, err));
    sable_status status = sable_container_writer_section(w, SABLE_TAG_META, header, sizeof header, err);
    if (status == SABLE_OK) status = sable_container_writer_begin(w, spec[1].tag, err);
    if (status == SABLE_OK) status = sable_ct_payload_write(queue, &stored, bits, sable_section_sink(w));
    if (status == SABLE_OK) status = sable_container_writer_end(w, err);
    if (status == SABLE_OK) return sable_container_writer_finish(&w, err);
    sable_container_writer_abort(&w);
    return status;
}

static sable_status load_ct(sable_queue *queue, sable_ct *out, sable_container *c, const char *path) {
    uint8_t header[SABLE_CT_HEADER_BYTES];
    sable_ct meta;
    SABLE_TRY(sable_container_read(c, SABLE_TAG_META, header, sizeof header, &queue->error));
    SABLE_TRY(sable_ct_header_get(&meta, queue->ctx, header, &queue->error));
    const sable_container_info *info = sable_container_get_info(c);
    const uint32_t bits = sable_container_residue_bits(info);
    memcpy(meta.key_id, info->key_id, sizeof meta.key_id);
    sable_section_spec spec[SABLE_CT_SECTIONS];
    sable_ct_specs(spec, sable_ct_payload_bytes(&meta, bits));
    SABLE_TRY(sable_container_expect(c, spec, SABLE_CT_SECTIONS, &queue->error));
    sable_section_stream stream;
    SABLE_TRY(sable_section_begin(&stream, c, spec[1].tag, spec[1].length, &queue->error));
    return sable_ct_payload_read(queue, out, &meta, bits, &stream, path);
}

sable_status sable_ct_load(sable_queue *queue, sable_ct *out, const char *path) {
    SABLE_TRY(sable_check_idle(queue, "the reading of a file"));
    SABLE_TRY(sable_check_out(queue, out));
    if (!path) return SABLE_REFUSE(queue, SABLE_INVALID, "sable_ct_load: the path is NULL");
    sable_container *c;
    SABLE_TRY(sable_container_open_for(&c, queue->ctx, path, SABLE_KIND_CIPHERTEXT, &queue->error));
    sable_status status = load_ct(queue, out, c, path);
    sable_container_close(&c);
    return status;
}
