/* SPDX-License-Identifier: Apache-2.0 */
/* Key-set files: META = count 4 | zero 4 | for each key kind 4, galois 4, first 4, limbs 4, seed 32; then a section of b halves a key:
 * words [digits][limbs of the hull, then P][N], Montgomery form, NTT order, canonical. The a halves are the seeds' expansion. */
#include <stdlib.h>
#include <string.h>

#include "ckks/expand.h"
#include "ckks/serial.h"
#include "io/bytes.h"
#include "sable/files.h"

#define KEY_RECORD_BYTES 48
#define KEYS_MOST        (SABLE_SECTIONS_MOST - 1)
#define META_BYTES(keys) (8 + (uint64_t)(keys)*KEY_RECORD_BYTES)

static uint32_t key_positions(uint16_t *pos, const sable_params *p, const sable_key_need *need) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < need->limbs; i++) pos[count++] = (uint16_t)(need->first + i);
    for (uint32_t i = 0; i < p->p_count; i++) pos[count++] = (uint16_t)(p->q_count + i);
    return count;
}

static uint64_t half_bytes(const sable_params *p, const sable_key_need *need) {
    return sable_key_bytes_stored(p, need, 32, true);
}

sable_status sable_keyset_file_bytes(uint64_t *bytes, const sable_key_spec *spec, const sable_file_options *options,
                                     sable_error *err) {
    if (!bytes || !spec)
        return sable_fail(err, SABLE_INVALID, "sable_keyset_file_bytes: bytes and spec must not be NULL");
    sable_file_options chosen;
    SABLE_TRY(sable_storage_choose(&chosen, options, err));
    const size_t count = sable_key_spec_count(spec);
    if (count > KEYS_MOST)
        return sable_fail(err, SABLE_LIMIT, "%zu keys in one file: %d are possible", count, KEYS_MOST);
    sable_section_spec *section = calloc(count + 1, sizeof *section);
    if (!section) return sable_fail(err, SABLE_NO_MEMORY, "no memory for the table of %zu keys", count);
    section[0].length = META_BYTES(count);
    for (size_t i = 0; i < count; i++) {
        sable_key_need need;
        if (sable_key_spec_get(spec, i, &need) == SABLE_OK)
            section[i + 1].length =
                sable_key_bytes_stored(sable_key_spec_params(spec), &need, chosen.residue_bits, !chosen.no_seeds);
    }
    *bytes = sable_container_bytes(section, (uint32_t)count + 1);
    free(section);
    return SABLE_OK;
}

static sable_status write_keys(sable_queue *queue, const sable_keyset *keys, sable_container_writer *w,
                               const uint8_t *meta, uint64_t meta_bytes) {
    const sable_params *p = &queue->ctx->params;
    sable_error *err = &queue->error;
    SABLE_TRY(sable_container_writer_section(w, SABLE_TAG_META, meta, meta_bytes, err));
    for (size_t i = 0; i < keys->count; i++) {
        const sable_evk *key = &keys->key[i];
        size_t part = half_bytes(p, &key->need) / key->digits;
        uint32_t *host = malloc(part);
        if (!host) return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "no memory for %zu bytes of a key", part);
        sable_status status = sable_container_writer_begin(w, sable_tag_indexed('K', (unsigned)i), err);
        for (uint32_t j = 0; j < key->digits && status == SABLE_OK; j++) {
            status =
                queue->ctx->backend->download(queue->handle, host, key->data + 2 * j * (part / sizeof *host), part);
            if (status != SABLE_OK)
                status = sable_queue_kill(queue, status);
            else
                status = sable_container_writer_append(w, host, part, err);
        }
        free(host);
        if (status == SABLE_OK) status = sable_container_writer_end(w, err);
        if (status != SABLE_OK) return status;
    }
    return SABLE_OK;
}

sable_status sable_keyset_save(sable_queue *queue, const sable_keyset *keys, const char *path) {
    SABLE_TRY(sable_check_queue(queue));
    if (!keys || !path) return SABLE_REFUSE(queue, SABLE_INVALID, "sable_keyset_save: keys and path must not be NULL");
    if (keys->ctx != queue->ctx)
        return SABLE_REFUSE(queue, SABLE_INVALID, "sable_keyset_save: the key set belongs to another context");
    if (keys->count > KEYS_MOST)
        return SABLE_REFUSE(queue, SABLE_LIMIT, "%zu keys in one file: %d are possible", keys->count, KEYS_MOST);
    const uint64_t meta_bytes = META_BYTES(keys->count);
    uint8_t *meta = calloc(1, meta_bytes);
    sable_section_spec *spec = calloc(keys->count + 1, sizeof *spec);
    sable_status status = SABLE_OK;
    if (!meta || !spec)
        status = SABLE_REFUSE(queue, SABLE_NO_MEMORY, "no memory for the table of %zu keys", keys->count);
    if (status == SABLE_OK) {
        sable_put_u32(meta, (uint32_t)keys->count);
        spec[0] = (sable_section_spec){SABLE_TAG_META, 0, meta_bytes};
        for (size_t i = 0; i < keys->count; i++) {
            const sable_evk *key = &keys->key[i];
            uint8_t *record = meta + 8 + i * KEY_RECORD_BYTES;
            const uint32_t field[] = {(uint32_t)key->need.kind, key->need.galois, key->need.first, key->need.limbs};
            for (int f = 0; f < 4; f++) sable_put_u32(record + 4 * f, field[f]);
            memcpy(record + 16, key->seed, 32);
            spec[i + 1] = (sable_section_spec){sable_tag_indexed('K', (unsigned)i), 0,
                                               half_bytes(&queue->ctx->params, &key->need)};
        }
        sable_container_info info =
            sable_container_info_of(queue->ctx, SABLE_KIND_KEYSET, keys->key_id, keys->insecure);
        sable_container_writer *w;
        status = sable_container_writer_create(&w, path, 0644, &info, spec, (uint32_t)keys->count + 1, &queue->error);
        if (status == SABLE_OK) {
            status = write_keys(queue, keys, w, meta, meta_bytes);
            if (status == SABLE_OK)
                status = sable_container_writer_finish(&w, &queue->error);
            else
                sable_container_writer_abort(&w);
        }
    }
    free(meta);
    free(spec);
    return status;
}

static sable_status parse_record(sable_evk *key, const sable_params *p, const uint8_t *record, size_t index,
                                 sable_error *err) {
    sable_key_need n = {(sable_key_kind)sable_get_u32(record), sable_get_u32(record + 4), sable_get_u32(record + 8),
                        sable_get_u32(record + 12)};
    bool relin = n.kind == SABLE_KEY_RELIN, galois = n.kind == SABLE_KEY_GALOIS;
    if ((!relin && !galois) || !(n.galois & 1) || n.galois >= 2 * p->n || (relin && n.galois != 1) ||
        (galois && n.galois == 1))
        return sable_fail(err, SABLE_FORMAT, "key %zu: kind %u with Galois element %u", index, (unsigned)n.kind,
                          n.galois);
    if (n.limbs == 0 || n.first >= p->q_count || n.limbs > p->q_count - n.first)
        return sable_fail(err, SABLE_FORMAT, "key %zu: covers positions %u + %u of %u", index, n.first, n.limbs,
                          p->q_count);
    key->need = n;
    key->first_block = n.first / p->alpha;
    key->digits = sable_key_digits(p, &n);
    memcpy(key->seed, record + 16, 32);
    return SABLE_OK;
}

/* A set has one key for a purpose: which of two would be used must not depend on their order. */
static sable_status check_new(const sable_keyset *keys, size_t index, sable_error *err) {
    const sable_key_need *n = &keys->key[index].need;
    for (size_t i = 0; i < index; i++)
        if (keys->key[i].need.kind == n->kind && keys->key[i].need.galois == n->galois)
            return sable_fail(err, SABLE_FORMAT, "keys %zu and %zu are both of kind %u with Galois element %u", i,
                              index, (unsigned)n->kind, n->galois);
    return SABLE_OK;
}

/* b halves from the file, a halves from the seed, both uploaded; then a into Montgomery form. */
static sable_status load_key(sable_queue *queue, sable_keyset *keys, size_t index, sable_container *c,
                             const char *path) {
    sable_ctx *ctx = queue->ctx;
    sable_evk *key = &keys->key[index];
    uint16_t pos[SABLE_MAX_LIMBS];
    uint32_t limbs = key_positions(pos, &ctx->params, &key->need);
    size_t n = ctx->params.n, part = limbs * n;
    SABLE_TRY(sable_words_alloc(queue, &key->data, 2 * key->digits * part, path));
    uint32_t *host = malloc(part * sizeof *host);
    if (!host) return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "%s: no memory for %zu bytes", path, part * sizeof *host);
    sable_section_stream stream;
    sable_status status = sable_section_begin(&stream, c, sable_tag_indexed('K', (unsigned)index),
                                              half_bytes(&ctx->params, &key->need), &queue->error);
    for (uint32_t j = 0; j < key->digits && status == SABLE_OK; j++) {
        uint32_t *b = key->data + 2 * j * part;
        status = sable_section_next(&stream, host, part * sizeof *host, &queue->error);
        if (status == SABLE_OK) status = ctx->backend->upload(queue->handle, b, host, part * sizeof *host);
        if (status == SABLE_OK) {
            sable_expand_purpose purpose = key->need.kind == SABLE_KEY_RELIN ? SABLE_EXPAND_RELIN : SABLE_EXPAND_GALOIS;
            sable_expand(host, ctx, keys->key_id, key->seed, purpose, key->first_block + j, 1, pos, limbs,
                         key->need.galois);
            status = ctx->backend->upload(queue->handle, b + part, host, part * sizeof *host);
        }
        if (status < 0) status = sable_queue_kill(queue, status);
    }
    free(host);
    if (status == SABLE_OK) status = sable_section_end(&stream, &queue->error);
    if (status != SABLE_OK) return status;

    sable_limbs all = sable_dense_limbs(ctx, key->data, pos, limbs, 2 * key->digits, 1);
    uint64_t bad;
    SABLE_RUN(queue, check_range(queue->handle, &all, &bad));
    if (bad != UINT64_MAX)
        return SABLE_REFUSE(queue, SABLE_FORMAT, "%s: key %zu, word %llu of limb %llu is not below its prime", path,
                            index, (unsigned long long)(bad % n), (unsigned long long)(bad / n % limbs));
    uint32_t r1[SABLE_MAX_LIMBS];
    for (uint32_t i = 0; i < limbs; i++) r1[i] = ctx->ring->prime[pos[i]].r1;
    sable_limbs a = all; /* every second part */
    a.data += a.part_stride;
    a.part_stride *= 2;
    a.parts = key->digits;
    SABLE_RUN(queue, mul_const(queue->handle, &a, &a, r1, NULL));
    return SABLE_OK;
}

static sable_status load_keys(sable_queue *queue, sable_keyset *keys, sable_container *c, const char *path) {
    const sable_params *p = &queue->ctx->params;
    sable_error *err = &queue->error;
    uint32_t count = sable_container_get_info(c)->section_count - 1;
    const uint64_t meta_bytes = META_BYTES(count);
    uint8_t *meta = malloc(meta_bytes);
    sable_section_spec *spec = calloc(count + 1, sizeof *spec);
    keys->key = calloc(count ? count : 1, sizeof *keys->key);
    sable_status status = SABLE_OK;
    if (!meta || !spec || !keys->key)
        status = SABLE_REFUSE(queue, SABLE_NO_MEMORY, "%s: no memory for the table of %u keys", path, count);
    if (status == SABLE_OK) status = sable_container_read(c, SABLE_TAG_META, meta, meta_bytes, err);
    if (status == SABLE_OK && (sable_get_u32(meta) != count || sable_get_u32(meta + 4) != 0))
        status = SABLE_REFUSE(queue, SABLE_FORMAT, "%s: the table counts %u keys, the file has %u sections for them",
                              path, sable_get_u32(meta), count);
    for (uint32_t i = 0; i < count && status == SABLE_OK; i++) {
        status = parse_record(&keys->key[i], p, meta + 8 + (size_t)i * KEY_RECORD_BYTES, i, err);
        if (status == SABLE_OK) status = check_new(keys, i, err);
        spec[i + 1] = (sable_section_spec){sable_tag_indexed('K', i), 0, half_bytes(p, &keys->key[i].need)};
    }
    if (status == SABLE_OK) {
        spec[0] = (sable_section_spec){SABLE_TAG_META, 0, meta_bytes};
        status = sable_container_expect(c, spec, count + 1, err);
    }
    for (uint32_t i = 0; i < count && status == SABLE_OK; i++) {
        keys->count = i + 1; /* what destroy has to release */
        status = load_key(queue, keys, i, c, path);
    }
    free(meta);
    free(spec);
    return status;
}

sable_status sable_keyset_load(sable_queue *queue, sable_keyset **out, const char *path) {
    SABLE_TRY(sable_check_queue(queue));
    if (!out || !path) return SABLE_REFUSE(queue, SABLE_INVALID, "sable_keyset_load: out and path must not be NULL");
    sable_container *c;
    SABLE_TRY(sable_container_open_for(&c, queue->ctx, path, SABLE_KIND_KEYSET, &queue->error));
    sable_keyset *keys = calloc(1, sizeof *keys);
    sable_status status = keys ? SABLE_OK : SABLE_REFUSE(queue, SABLE_NO_MEMORY, "no memory for a key set");
    if (status == SABLE_OK) {
        keys->ctx = queue->ctx;
        memcpy(keys->key_id, sable_container_get_info(c)->key_id, sizeof keys->key_id);
        keys->insecure = queue->ctx->params.insecure;
        status = load_keys(queue, keys, c, path);
    }
    sable_container_close(&c);
    if (status == SABLE_OK)
        *out = keys;
    else
        sable_keyset_destroy(queue, &keys);
    return status;
}
