/* SPDX-License-Identifier: Apache-2.0 */
/* Files of public keys. Sections (docs/FORMAT.md):
 *   META  version 4 (= 1) | log2 N 4 | limbs 4 | 0 4, or 1: no seed | seed 32 (zeros where there is none)
 *   BLMB  limbs of U then P: b in plain residues, NTT order
 *   ALMB  a likewise, where no seed stands for it */
#include <string.h>

#include "ckks/expand.h"
#include "ckks/serial.h"
#include "client/files.h"
#include "client/plan.h"
#include "io/bytes.h"

#define META_BYTES 48
enum { SECTIONS = 3 };

static uint32_t key_limbs(const sable_params *params) { return params->q_count + params->p_count; }

/* Returns the number of sections. */
static uint32_t public_specs(sable_section_spec spec[SECTIONS], const sable_params *params, uint32_t residue_bits,
                             bool seeded) {
    const uint64_t half = sable_residue_bytes((uint64_t)key_limbs(params) * params->n, residue_bits);
    spec[0] = (sable_section_spec){SABLE_TAG_META, 0, META_BYTES};
    spec[1] = (sable_section_spec){SABLE_TAG('B', 'L', 'M', 'B'), 0, half};
    spec[2] = (sable_section_spec){SABLE_TAG('A', 'L', 'M', 'B'), 0, half};
    return seeded ? 2 : 3;
}

sable_status sable_public_key_file_bytes(uint64_t *bytes, const sable_params *params, const sable_file_options *options,
                                         sable_error *err) {
    if (!bytes || !params)
        return sable_fail(err, SABLE_INVALID, "sable_public_key_file_bytes: bytes and params must not be NULL");
    sable_file_options chosen;
    SABLE_TRY(sable_storage_choose(&chosen, options, err));
    sable_section_spec spec[SECTIONS];
    const uint32_t count = public_specs(spec, params, chosen.residue_bits, !chosen.no_seeds);
    *bytes = sable_container_bytes(spec, count);
    return SABLE_OK;
}

/* -- writing ------------------------------------------------------------------------------------------------------- */

/* half: limbs in Montgomery form. */
static sable_status write_half(const sable_public_key *key, client_work *work, uint32_t *half, uint32_t bits,
                               sable_container_writer *writer, sable_error *err) {
    const size_t n = key->ctx->params.n;
    for (uint32_t i = 0; i < key_limbs(&key->ctx->params); i++) {
        uint32_t *plain = work->lane[0].limb[0];
        lane_mul_const(&work->lane[0], plain, half + i * n, client_r_inverse(&key->ring, i), i);
        SABLE_TRY(client_work_status(work, err));
        SABLE_TRY(sable_residues_write(sable_section_sink(writer), plain, n, bits, err));
    }
    return SABLE_OK;
}

static sable_status write_halves(const sable_public_key *key, const sable_section_spec *spec, uint32_t count,
                                 uint32_t bits, sable_container_writer *writer, sable_error *err) {
    const size_t half = (size_t)key_limbs(&key->ctx->params) * key->ctx->params.n;
    client_work work;
    SABLE_TRY(client_work_open(&work, &key->ring, 1, err));
    sable_status status = SABLE_OK;
    for (uint32_t s = 1; s < count && status == SABLE_OK; s++) {
        status = sable_container_writer_begin(writer, spec[s].tag, err);
        if (status == SABLE_OK) status = write_half(key, &work, key->data + (s - 1) * half, bits, writer, err);
        if (status == SABLE_OK) status = sable_container_writer_end(writer, err);
    }
    client_work_close(&work);
    return status;
}

sable_status sable_public_key_save(sable_queue *queue, const sable_public_key *key, const char *path,
                                   const sable_file_options *options) {
    SABLE_TRY(sable_check_queue(queue));
    if (!key || !path)
        return SABLE_REFUSE(queue, SABLE_INVALID, "sable_public_key_save: key and path must not be NULL");
    sable_error *err = &queue->error;
    const sable_params *params = &key->ctx->params;
    sable_file_options chosen;
    SABLE_TRY(sable_storage_choose(&chosen, options, err));
    const bool seeded = key->seeded && !chosen.no_seeds;
    uint8_t meta[META_BYTES] = {0};
    sable_put_u32(meta, CLIENT_FILE_VERSION);
    sable_put_u32(meta + 4, params->log_n);
    sable_put_u32(meta + 8, key_limbs(params));
    sable_put_u32(meta + 12, !seeded);
    if (seeded) memcpy(meta + 16, key->seed, sizeof key->seed);
    sable_container_info info =
        client_file_info(key->ctx, SABLE_KIND_PUBLIC_KEY, key->key_id, key->insecure, key->test_rng);
    if (chosen.residue_bits == 30) info.flags |= SABLE_FILE_PACKED;
    sable_section_spec spec[SECTIONS];
    const uint32_t count = public_specs(spec, params, chosen.residue_bits, seeded);
    sable_container_writer *writer = NULL;
    SABLE_TRY(sable_container_writer_create(&writer, path, 0644, &info, spec, count, err));
    sable_status status = sable_container_writer_section(writer, SABLE_TAG_META, meta, META_BYTES, err);
    if (status == SABLE_OK) status = write_halves(key, spec, count, chosen.residue_bits, writer, err);
    if (status == SABLE_OK) return sable_container_writer_finish(&writer, err);
    sable_container_writer_abort(&writer);
    return status;
}

/* -- reading ------------------------------------------------------------------------------------------------------- */

/* Limbs below their primes, as they stand in the file. */
static sable_status read_half(sable_public_key *key, uint32_t *half, const sable_container *file,
                              const sable_section_spec *spec, uint32_t bits, const char *path, sable_error *err) {
    const size_t n = key->ctx->params.n;
    sable_section_stream stream;
    SABLE_TRY(sable_section_begin(&stream, file, spec->tag, spec->length, err));
    for (uint32_t i = 0; i < key_limbs(&key->ctx->params); i++) {
        uint32_t *to = half + i * n, p = key->ring.ring->prime[i].p;
        SABLE_TRY(sable_residues_read(&stream, to, n, bits, err));
        for (size_t j = 0; j < n; j++)
            if (to[j] >= p)
                return sable_fail(err, SABLE_FORMAT, "%s: residue %zu of limb %u is %u, not below its prime %u", path,
                                  j, i, to[j], p);
    }
    return sable_section_end(&stream, err);
}

/* Fills in an a that has a seed, then takes both halves to Montgomery form. */
static sable_status complete(sable_public_key *key, sable_error *err) {
    const size_t n = key->ctx->params.n;
    const uint32_t limbs = key_limbs(&key->ctx->params);
    uint8_t expand[32];
    sable_expand_key(expand, &key->ctx->params, key->key_id, key->seed);
    client_work work;
    SABLE_TRY(client_work_open(&work, &key->ring, limbs, err));
    client_work *w = &work;
    CLIENT_PARALLEL(w)
    for (uint32_t i = 0; i < limbs; i++) {
        client_lane *lane = client_lane_of(w);
        const sable_prime *q = &key->ring.ring->prime[i];
        uint32_t *b = key->data + i * n, *a = b + limbs * n;
        if (key->seeded) sable_expand_limb(a, (uint32_t)n, q, expand, SABLE_EXPAND_PUBLIC_KEY, 0, i, 0);
        lane_mul_const(lane, a, a, q->r1, i);
        lane_mul_const(lane, b, b, q->r1, i);
    }
    sable_status status = client_work_status(&work, err);
    client_work_close(&work);
    return status;
}

static sable_status check_seed(const uint8_t meta[META_BYTES], const sable_params *params, const char *path,
                               sable_error *err) {
    static const uint8_t zero[32];
    const uint32_t limbs = sable_get_u32(meta + 8), plain = sable_get_u32(meta + 12);
    if (limbs != key_limbs(params))
        return sable_fail(err, SABLE_FORMAT, "%s: a public key of %u limbs, its parameters have %u", path, limbs,
                          key_limbs(params));
    if (plain > 1 || (plain && memcmp(meta + 16, zero, sizeof zero) != 0))
        return sable_fail(err, SABLE_FORMAT, "%s: the seed mark %u of a public key contradicts its seed", path, plain);
    return SABLE_OK;
}

/* Everything that can be told from the head, before memory for a key is taken; spec gets the sections. */
static sable_status judge(sable_section_spec spec[SECTIONS], uint8_t meta[META_BYTES], sable_container *file,
                          const sable_ctx *ctx, const char *path, sable_error *err) {
    const sable_container_info *info = sable_container_get_info(file);
    SABLE_TRY(sable_container_require_params(file, ctx->params.digest, err));
    SABLE_TRY(client_check_flags(info, path, err));
    SABLE_TRY(sable_container_read(file, SABLE_TAG_META, meta, META_BYTES, err));
    SABLE_TRY(client_check_meta(meta, ctx, path, err));
    SABLE_TRY(check_seed(meta, &ctx->params, path, err));
    const uint32_t count =
        public_specs(spec, &ctx->params, sable_container_residue_bits(info), sable_get_u32(meta + 12) == 0);
    return sable_container_expect(file, spec, count, err);
}

/* What reading the halves costs, on a planning context. */
static void count_reading(const sable_public_key *key, const sable_section_spec spec[SECTIONS]) {
    double *work = key->ctx->tally->work;
    const double bytes = (double)spec[1].length + (key->seeded ? 0 : (double)spec[2].length),
                 half = (double)key_limbs(&key->ctx->params) * key->ctx->params.n;
    work[SABLE_WORK_READ] += bytes;
    work[SABLE_WORK_DIGEST] += bytes;
    work[SABLE_WORK_ELEMENT] += 2 * half;
    if (key->seeded) work[SABLE_WORK_EXPAND] += half;
}

sable_status sable_public_key_plan_read(sable_queue *queue, sable_public_key **out,
                                        const uint8_t key_id[SABLE_DIGEST_BYTES], const sable_file_options *stored) {
    sable_file_options chosen;
    SABLE_TRY(sable_storage_choose(&chosen, stored, &queue->error));
    sable_public_key *key = NULL;
    SABLE_TRY(client_public_key_new(&key, queue->ctx, &queue->error));
    memcpy(key->key_id, key_id, sizeof key->key_id);
    key->seeded = !chosen.no_seeds;
    sable_section_spec spec[SECTIONS];
    public_specs(spec, &queue->ctx->params, chosen.residue_bits, key->seeded);
    count_reading(key, spec);
    *out = key;
    return SABLE_OK;
}

static sable_status read_public_key(sable_public_key *key, const sable_section_spec spec[SECTIONS],
                                    const uint8_t meta[META_BYTES], const sable_container *file, const char *path,
                                    sable_error *err) {
    const sable_params *params = &key->ctx->params;
    const sable_container_info *info = sable_container_get_info(file);
    const uint32_t bits = sable_container_residue_bits(info);
    memcpy(key->seed, meta + 16, sizeof key->seed);
    memcpy(key->key_id, info->key_id, sizeof key->key_id);
    key->seeded = sable_get_u32(meta + 12) == 0;
    key->test_rng = (info->flags & SABLE_FILE_TEST_RNG) != 0;
    key->insecure = params->insecure || info->flags & (SABLE_FILE_INSECURE | SABLE_FILE_TEST_RNG);
    const size_t half = (size_t)key_limbs(params) * params->n;
    if (key->ctx->tally) { /* a plan counts what follows */
        count_reading(key, spec);
        return SABLE_OK;
    }
    SABLE_TRY(read_half(key, key->data, file, &spec[1], bits, path, err));
    if (!key->seeded) SABLE_TRY(read_half(key, key->data + half, file, &spec[2], bits, path, err));
    return complete(key, err);
}

sable_status sable_public_key_load(sable_queue *queue, sable_public_key **out, const char *path) {
    SABLE_TRY(sable_check_queue(queue));
    if (!out || !path)
        return SABLE_REFUSE(queue, SABLE_INVALID, "sable_public_key_load: out and path must not be NULL");
    sable_error *err = &queue->error;
    sable_public_key *key = NULL;
    sable_container *file = NULL;
    sable_section_spec spec[SECTIONS];
    uint8_t meta[META_BYTES];
    SABLE_TRY(sable_container_open(&file, path, SABLE_KIND_PUBLIC_KEY, NULL, err));
    sable_status status = judge(spec, meta, file, queue->ctx, path, err);
    if (status == SABLE_OK) status = client_public_key_new(&key, queue->ctx, err);
    if (status == SABLE_OK) status = read_public_key(key, spec, meta, file, path, err);
    sable_container_close(&file);
    if (status != SABLE_OK) {
        sable_public_key_destroy(queue, &key);
        return status;
    }
    *out = key;
    return SABLE_OK;
}
