/* SPDX-License-Identifier: Apache-2.0 */
/* Files of secrets and public keys. Sections, all integers little-endian (docs/FORMAT.md):
 *   secret key  META  version 4 (= 1) | log2 N 4 | public bytes 32
 *               COEF  N/4 bytes: coefficient k in bits 2(k%4).. of byte k/4, two's complement of 2 bits (not 10)
 *   public key  META  version 4 (= 1) | log2 N 4 | limbs 4 | 0 4 | seed 32
 *               BLMB  limbs of U then P, N words each: b in plain residues, NTT order
 * The key id in the header is the hash of the parameters' digest and the secret's public bytes. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ckks/expand.h"
#include "ckks/storage.h"
#include "client/secret.h"
#include "io/bytes.h"
#include "io/container.h"
#include "io/file.h"

#define FILE_VERSION 1
#define SECRET_META  40
#define PUBLIC_META  48
#define TAG_COEF     SABLE_TAG('C', 'O', 'E', 'F')
#define TAG_BLMB     SABLE_TAG('B', 'L', 'M', 'B')
#define TAG_ALMB     SABLE_TAG('A', 'L', 'M', 'B')
enum { SECRET_SECTIONS = 2, PUBLIC_SECTIONS = 3 };

static void secret_specs(sable_section_spec spec[SECRET_SECTIONS], const sable_params *params) {
    spec[0] = (sable_section_spec){SABLE_TAG_META, 0, SECRET_META};
    spec[1] = (sable_section_spec){TAG_COEF, 0, params->n / 4};
}

/* Returns the number of sections: the last holds the uniform half, where no seed stands for it. */
static uint32_t public_specs(sable_section_spec spec[PUBLIC_SECTIONS], const sable_params *params,
                             uint32_t residue_bits, bool seeded) {
    const uint64_t half = sable_residue_bytes((uint64_t)(params->q_count + params->p_count) * params->n, residue_bits);
    spec[0] = (sable_section_spec){SABLE_TAG_META, 0, PUBLIC_META};
    spec[1] = (sable_section_spec){TAG_BLMB, 0, half};
    spec[2] = (sable_section_spec){TAG_ALMB, 0, half};
    return seeded ? 2 : 3;
}

sable_status sable_secret_file_bytes(uint64_t *bytes, const sable_params *params, sable_error *err) {
    if (!bytes || !params)
        return sable_fail(err, SABLE_INVALID, "sable_secret_file_bytes: bytes and params must not be NULL");
    sable_section_spec spec[SECRET_SECTIONS];
    secret_specs(spec, params);
    *bytes = sable_container_bytes(spec, SECRET_SECTIONS);
    return SABLE_OK;
}

sable_status sable_public_key_file_bytes(uint64_t *bytes, const sable_params *params, const sable_file_options *options,
                                         sable_error *err) {
    if (!bytes || !params)
        return sable_fail(err, SABLE_INVALID, "sable_public_key_file_bytes: bytes and params must not be NULL");
    sable_file_options chosen;
    SABLE_TRY(sable_storage_choose(&chosen, options, err));
    sable_section_spec spec[PUBLIC_SECTIONS];
    const uint32_t count = public_specs(spec, params, chosen.residue_bits, !chosen.no_seeds);
    *bytes = sable_container_bytes(spec, count);
    return SABLE_OK;
}

static sable_container_info file_info(const sable_ctx *ctx, sable_kind kind, const uint8_t key_id[SABLE_DIGEST_BYTES],
                                      bool insecure, bool test_rng) {
    sable_container_info info = {.kind = kind,
                                 .flags = (insecure ? SABLE_FILE_INSECURE : 0) | (test_rng ? SABLE_FILE_TEST_RNG : 0)};
    memcpy(info.params_digest, ctx->params.digest, SABLE_DIGEST_BYTES);
    memcpy(info.key_id, key_id, SABLE_DIGEST_BYTES);
    return info;
}

/* Keys of the seeded generator are known to everyone who knows the seed. */
static sable_status check_flags(const sable_container_info *info, const char *path, sable_error *err) {
#ifndef SABLE_TEST_RNG
    if (info->flags & SABLE_FILE_TEST_RNG)
        return sable_fail(err, SABLE_INSECURE,
                          "%s was made with the seeded generator of the test tool: its key is no secret", path);
#else
    (void)info, (void)path, (void)err;
#endif
    return SABLE_OK;
}

static sable_status check_meta(const uint8_t *meta, const sable_ctx *ctx, const char *path, sable_error *err) {
    if (sable_get_u32(meta) != FILE_VERSION)
        return sable_fail(err, SABLE_FORMAT, "%s: key layout version %u, this library reads %d", path,
                          sable_get_u32(meta), FILE_VERSION);
    if (sable_get_u32(meta + 4) != ctx->params.log_n)
        return sable_fail(err, SABLE_FORMAT, "%s: ring degree 2^%u, its parameters have 2^%u", path,
                          sable_get_u32(meta + 4), ctx->params.log_n);
    return SABLE_OK;
}

/* -- secrets ------------------------------------------------------------------------------------------------------- */

static sable_status write_secret(const sable_secret *secret, const char *path, uint8_t *packed, sable_error *err) {
    const uint32_t n = secret->ctx->params.n;
    uint8_t meta[SECRET_META];
    sable_put_u32(meta, FILE_VERSION);
    sable_put_u32(meta + 4, secret->ctx->params.log_n);
    memcpy(meta + 8, secret->public_bytes, sizeof secret->public_bytes);
    memset(packed, 0, n / 4);
    for (uint32_t k = 0; k < n; k++) packed[k / 4] |= (uint8_t)(((unsigned)secret->s[k] & 3u) << (2 * (k % 4)));
    const sable_container_info info =
        file_info(secret->ctx, SABLE_KIND_SECRET_KEY, secret->key_id, secret->insecure, secret->test_rng);
    sable_section_spec sections[SECRET_SECTIONS];
    secret_specs(sections, &secret->ctx->params);
    sable_container_writer *writer = NULL;
    SABLE_TRY(sable_container_writer_create(&writer, path, 0600, &info, sections, SECRET_SECTIONS, err));
    sable_status status = sable_container_writer_section(writer, SABLE_TAG_META, meta, SECRET_META, err);
    if (status == SABLE_OK) status = sable_container_writer_section(writer, TAG_COEF, packed, n / 4, err);
    if (status == SABLE_OK) return sable_container_writer_finish(&writer, err);
    sable_container_writer_abort(&writer);
    return status;
}

sable_status sable_secret_save(const sable_secret *secret, const char *path, sable_error *err) {
    if (!secret || !path) return sable_fail(err, SABLE_INVALID, "sable_secret_save: secret and path must not be NULL");
    uint8_t *packed = sodium_malloc(secret->ctx->params.n / 4);
    if (!packed) return sable_fail(err, SABLE_NO_MEMORY, "no guarded memory for a packed secret");
    sable_status status = write_secret(secret, path, packed, err);
    sodium_free(packed);
    return status;
}

static sable_status unpack(int8_t *s, const uint8_t *packed, uint32_t n, const char *path, sable_error *err) {
    uint32_t bad = 0, weight = 0;
    for (uint32_t k = 0; k < n; k++) {
        uint32_t code = packed[k / 4] >> (2 * (k % 4)) & 3u;
        bad |= code >> 1 & ~code & 1u; /* 10 */
        weight += code & 1u;
        s[k] = (int8_t)((int)(code & 1u) - (int)(code & 2u));
    }
    if (bad) return sable_fail(err, SABLE_FORMAT, "%s: a coefficient of the secret is not -1, 0 or 1", path);
    /* Uniform ternary coefficients give 2N/3; N/2 and 5N/6 are eleven standard deviations away at N = 2^10. */
    if (weight < n / 2 || weight > (uint32_t)(5ull * n / 6))
        return sable_fail(err, SABLE_FORMAT,
                          "%s: the number of nonzero coefficients is not that of a random secret of degree %u", path,
                          n);
    return SABLE_OK;
}

/* Everything that can be told from the head, before memory for a key is taken. */
static sable_status judge_secret(uint8_t meta[SECRET_META], sable_container *file, const sable_ctx *ctx,
                                 const char *path, sable_error *err) {
    const sable_section_spec sections[] = {{SABLE_TAG_META, 0, SECRET_META}, {TAG_COEF, 0, ctx->params.n / 4}};
    SABLE_TRY(sable_container_require_params(file, ctx->params.digest, err));
    SABLE_TRY(check_flags(sable_container_get_info(file), path, err));
    SABLE_TRY(sable_container_expect(file, sections, 2, err));
    SABLE_TRY(sable_container_read(file, SABLE_TAG_META, meta, SECRET_META, err));
    return check_meta(meta, ctx, path, err);
}

static sable_status read_secret(sable_secret *secret, const uint8_t meta[SECRET_META], const sable_container *file,
                                const char *path, uint8_t *packed, sable_error *err) {
    const sable_container_info *info = sable_container_get_info(file);
    const uint32_t n = secret->ctx->params.n;
    memcpy(secret->public_bytes, meta + 8, sizeof secret->public_bytes);
    client_secret_set_id(secret);
    if (memcmp(secret->key_id, info->key_id, SABLE_DIGEST_BYTES) != 0)
        return sable_fail(err, SABLE_FORMAT, "%s: the key id is not the hash of the key's public bytes", path);
    SABLE_TRY(sable_container_read(file, TAG_COEF, packed, n / 4, err));
    SABLE_TRY(unpack(secret->s, packed, n, path, err));
    secret->test_rng = (info->flags & SABLE_FILE_TEST_RNG) != 0;
    secret->insecure |= (info->flags & (SABLE_FILE_INSECURE | SABLE_FILE_TEST_RNG)) != 0;
    return SABLE_OK;
}

sable_status sable_secret_load(sable_secret **out, sable_ctx *ctx, const char *path, sable_error *err) {
    if (!out || !ctx || !path)
        return sable_fail(err, SABLE_INVALID, "sable_secret_load: out, ctx and path must not be NULL");
    SABLE_TRY(sable_file_check_private(path, err));
    sable_secret *secret = NULL;
    sable_container *file = NULL;
    uint8_t meta[SECRET_META], *packed = NULL;
    SABLE_TRY(sable_container_open(&file, path, SABLE_KIND_SECRET_KEY, NULL, err));
    sable_status status = judge_secret(meta, file, ctx, path, err);
    if (status == SABLE_OK) status = client_secret_new(&secret, ctx, err);
    if (status == SABLE_OK && !(packed = sodium_malloc(ctx->params.n / 4)))
        status = sable_fail(err, SABLE_NO_MEMORY, "no guarded memory for a packed secret");
    if (status == SABLE_OK) status = read_secret(secret, meta, file, path, packed, err);
    sable_container_close(&file);
    sodium_free(packed);
    if (status != SABLE_OK) {
        sable_secret_destroy(&secret);
        return status;
    }
    *out = secret;
    return SABLE_OK;
}

/* -- public keys --------------------------------------------------------------------------------------------------- */

static uint32_t key_limbs(const sable_ctx *ctx) { return ctx->ring->q_count + ctx->ring->p_count; }

static sable_status write_limbs(const sable_public_key *key, sable_container_writer *writer, uint8_t *bytes,
                                sable_error *err) {
    const size_t n = key->ctx->params.n;
    client_work work;
    SABLE_TRY(client_work_open(&work, &key->ring, 1, err));
    sable_status status = sable_container_writer_begin(writer, TAG_BLMB, err);
    for (uint32_t i = 0; i < key_limbs(key->ctx) && status == SABLE_OK; i++) {
        uint32_t *plain = work.lane[0].limb[0];
        lane_mul_const(&work.lane[0], plain, key->data + i * n, client_r_inverse(&key->ring, i), i);
        for (size_t j = 0; j < n; j++) sable_put_u32(bytes + 4 * j, plain[j]);
        status = client_work_status(&work, err);
        if (status == SABLE_OK) status = sable_container_writer_append(writer, bytes, 4 * n, err);
    }
    client_work_close(&work);
    return status == SABLE_OK ? sable_container_writer_end(writer, err) : status;
}

static sable_status write_public_key(const sable_public_key *key, const char *path, uint8_t *bytes, sable_error *err) {
    const sable_ctx *ctx = key->ctx;
    uint8_t meta[PUBLIC_META] = {0};
    sable_put_u32(meta, FILE_VERSION);
    sable_put_u32(meta + 4, ctx->params.log_n);
    sable_put_u32(meta + 8, key_limbs(ctx));
    memcpy(meta + 16, key->seed, sizeof key->seed);
    const sable_container_info info = file_info(ctx, SABLE_KIND_PUBLIC_KEY, key->key_id, key->insecure, key->test_rng);
    const sable_section_spec sections[] = {{SABLE_TAG_META, 0, PUBLIC_META},
                                           {TAG_BLMB, 0, 4 * (uint64_t)key_limbs(ctx) * ctx->params.n}};
    sable_container_writer *writer = NULL;
    SABLE_TRY(sable_container_writer_create(&writer, path, 0644, &info, sections, 2, err));
    sable_status status = sable_container_writer_section(writer, SABLE_TAG_META, meta, PUBLIC_META, err);
    if (status == SABLE_OK) status = write_limbs(key, writer, bytes, err);
    if (status == SABLE_OK) return sable_container_writer_finish(&writer, err);
    sable_container_writer_abort(&writer);
    return status;
}

sable_status sable_public_key_save(sable_queue *queue, const sable_public_key *key, const char *path) {
    SABLE_TRY(sable_check_queue(queue));
    if (!key || !path)
        return SABLE_REFUSE(queue, SABLE_INVALID, "sable_public_key_save: key and path must not be NULL");
    uint8_t *bytes = malloc(4 * (size_t)key->ctx->params.n);
    if (!bytes) return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "no memory to write a public key");
    sable_status status = write_public_key(key, path, bytes, &queue->error);
    free(bytes);
    return status;
}

static sable_status read_limbs(sable_public_key *key, const sable_container *file, const char *path, uint8_t *bytes,
                               sable_error *err) {
    const size_t n = key->ctx->params.n;
    const uint32_t limbs = key_limbs(key->ctx);
    sable_section_stream stream;
    SABLE_TRY(sable_section_begin(&stream, file, TAG_BLMB, 4 * limbs * n, err));
    for (uint32_t i = 0; i < limbs; i++) {
        SABLE_TRY(sable_section_next(&stream, bytes, 4 * n, err));
        uint32_t *to = key->data + i * n, p = key->ring.ring->prime[i].p;
        for (size_t j = 0; j < n; j++) {
            to[j] = sable_get_u32(bytes + 4 * j);
            if (to[j] >= p)
                return sable_fail(err, SABLE_FORMAT, "%s: word %zu of limb %u is %u, not below its prime %u", path, j,
                                  i, to[j], p);
        }
    }
    SABLE_TRY(sable_section_end(&stream, err));

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
        sable_expand_limb(a, (uint32_t)n, q, expand, SABLE_EXPAND_PUBLIC_KEY, 0, i, 0);
        lane_mul_const(lane, a, a, q->r1, i);
        lane_mul_const(lane, b, b, q->r1, i);
    }
    sable_status status = client_work_status(&work, err);
    client_work_close(&work);
    return status;
}

/* Everything that can be told from the head, before memory for a key is taken. */
static sable_status judge_public_key(uint8_t meta[PUBLIC_META], sable_container *file, const sable_ctx *ctx,
                                     const char *path, sable_error *err) {
    const sable_section_spec sections[] = {{SABLE_TAG_META, 0, PUBLIC_META},
                                           {TAG_BLMB, 0, 4 * (uint64_t)key_limbs(ctx) * ctx->params.n}};
    SABLE_TRY(sable_container_require_params(file, ctx->params.digest, err));
    SABLE_TRY(check_flags(sable_container_get_info(file), path, err));
    SABLE_TRY(sable_container_expect(file, sections, 2, err));
    SABLE_TRY(sable_container_read(file, SABLE_TAG_META, meta, PUBLIC_META, err));
    SABLE_TRY(check_meta(meta, ctx, path, err));
    if (sable_get_u32(meta + 8) == key_limbs(ctx) && sable_get_u32(meta + 12) == 0) return SABLE_OK;
    return sable_fail(err, SABLE_FORMAT, "%s: a public key of %u limbs, its parameters have %u", path,
                      sable_get_u32(meta + 8), key_limbs(ctx));
}

static sable_status read_public_key(sable_public_key *key, const uint8_t meta[PUBLIC_META], const sable_container *file,
                                    const char *path, sable_error *err) {
    const sable_container_info *info = sable_container_get_info(file);
    memcpy(key->seed, meta + 16, sizeof key->seed);
    memcpy(key->key_id, info->key_id, sizeof key->key_id);
    key->test_rng = (info->flags & SABLE_FILE_TEST_RNG) != 0;
    key->insecure = key->ctx->params.insecure || info->flags != 0;
    uint8_t *bytes = malloc(4 * (size_t)key->ctx->params.n);
    if (!bytes) return sable_fail(err, SABLE_NO_MEMORY, "no memory to read a public key");
    sable_status status = read_limbs(key, file, path, bytes, err);
    free(bytes);
    return status;
}

sable_status sable_public_key_load(sable_queue *queue, sable_public_key **out, const char *path) {
    SABLE_TRY(sable_check_queue(queue));
    if (!out || !path)
        return SABLE_REFUSE(queue, SABLE_INVALID, "sable_public_key_load: out and path must not be NULL");
    sable_error *err = &queue->error;
    sable_public_key *key = NULL;
    sable_container *file = NULL;
    uint8_t meta[PUBLIC_META];
    SABLE_TRY(sable_container_open(&file, path, SABLE_KIND_PUBLIC_KEY, NULL, err));
    sable_status status = judge_public_key(meta, file, queue->ctx, path, err);
    if (status == SABLE_OK) status = client_public_key_new(&key, queue->ctx, err);
    if (status == SABLE_OK) status = read_public_key(key, meta, file, path, err);
    sable_container_close(&file);
    if (status != SABLE_OK) {
        sable_public_key_destroy(queue, &key);
        return status;
    }
    *out = key;
    return SABLE_OK;
}
