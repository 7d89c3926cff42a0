/* SPDX-License-Identifier: Apache-2.0 */
/* Files of secrets. Sections, all integers little-endian (docs/FORMAT.md):
 *   META  version 4 (= 1) | log2 N 4 | public bytes 32
 *   COEF  N/4 bytes: coefficient k in bits 2(k%4).. of byte k/4, two's complement of 2 bits (not 10)
 * The key id in the header is the hash of the parameters' digest and the secret's public bytes. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "client/files.h"
#include "io/bytes.h"
#include "io/file.h"

#define SECRET_META 40
#define TAG_COEF    SABLE_TAG('C', 'O', 'E', 'F')
enum { SECRET_SECTIONS = 2 };

static void secret_specs(sable_section_spec spec[SECRET_SECTIONS], const sable_params *params) {
    spec[0] = (sable_section_spec){SABLE_TAG_META, 0, SECRET_META};
    spec[1] = (sable_section_spec){TAG_COEF, 0, params->n / 4};
}

sable_status sable_secret_file_bytes(uint64_t *bytes, const sable_params *params, sable_error *err) {
    if (!bytes || !params)
        return sable_fail(err, SABLE_INVALID, "sable_secret_file_bytes: bytes and params must not be NULL");
    sable_section_spec spec[SECRET_SECTIONS];
    secret_specs(spec, params);
    *bytes = sable_container_bytes(spec, SECRET_SECTIONS);
    return SABLE_OK;
}

sable_container_info client_file_info(const sable_ctx *ctx, sable_kind kind, const uint8_t key_id[SABLE_DIGEST_BYTES],
                                      bool insecure, bool test_rng) {
    sable_container_info info = {.kind = kind,
                                 .flags = (insecure ? SABLE_FILE_INSECURE : 0) | (test_rng ? SABLE_FILE_TEST_RNG : 0)};
    memcpy(info.params_digest, ctx->params.digest, SABLE_DIGEST_BYTES);
    memcpy(info.key_id, key_id, SABLE_DIGEST_BYTES);
    return info;
}

sable_status client_check_flags(const sable_container_info *info, const char *path, sable_error *err) {
#ifndef SABLE_TEST_RNG
    if (info->flags & SABLE_FILE_TEST_RNG)
        return sable_fail(err, SABLE_INSECURE,
                          "%s was made with the seeded generator of the test tool: its key is no secret", path);
#else
    (void)info, (void)path, (void)err;
#endif
    return SABLE_OK;
}

sable_status client_check_meta(const uint8_t *meta, const sable_ctx *ctx, const char *path, sable_error *err) {
    if (sable_get_u32(meta) != CLIENT_FILE_VERSION)
        return sable_fail(err, SABLE_FORMAT, "%s: key layout version %u, this library reads %d", path,
                          sable_get_u32(meta), CLIENT_FILE_VERSION);
    if (sable_get_u32(meta + 4) != ctx->params.log_n)
        return sable_fail(err, SABLE_FORMAT, "%s: ring degree 2^%u, its parameters have 2^%u", path,
                          sable_get_u32(meta + 4), ctx->params.log_n);
    return SABLE_OK;
}

/* -- secrets ------------------------------------------------------------------------------------------------------- */

static sable_status write_secret(const sable_secret *secret, const char *path, uint8_t *packed, sable_error *err) {
    const uint32_t n = secret->ctx->params.n;
    uint8_t meta[SECRET_META];
    sable_put_u32(meta, CLIENT_FILE_VERSION);
    sable_put_u32(meta + 4, secret->ctx->params.log_n);
    memcpy(meta + 8, secret->public_bytes, sizeof secret->public_bytes);
    memset(packed, 0, n / 4);
    for (uint32_t k = 0; k < n; k++) packed[k / 4] |= (uint8_t)(((unsigned)secret->s[k] & 3u) << (2 * (k % 4)));
    const sable_container_info info =
        client_file_info(secret->ctx, SABLE_KIND_SECRET_KEY, secret->key_id, secret->insecure, secret->test_rng);
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
    sable_section_spec sections[SECRET_SECTIONS];
    secret_specs(sections, &ctx->params);
    SABLE_TRY(sable_container_require_params(file, ctx->params.digest, err));
    SABLE_TRY(client_check_flags(sable_container_get_info(file), path, err));
    SABLE_TRY(sable_container_expect(file, sections, SECRET_SECTIONS, err));
    SABLE_TRY(sable_container_read(file, SABLE_TAG_META, meta, SECRET_META, err));
    return client_check_meta(meta, ctx, path, err);
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
