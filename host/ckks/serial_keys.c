/* SPDX-License-Identifier: Apache-2.0 */
/* Key-set files: the writer, and sizes. */
#include "ckks/serial_keys.h"

#include <stdlib.h>
#include <string.h>

static sable_status check_count(size_t count, sable_error *err) {
    if (count <= KEYS_MOST) return SABLE_OK;
    return sable_fail(err, SABLE_LIMIT, "%zu keys in one file: %d are possible", count, KEYS_MOST);
}

sable_status sable_keyset_file_bytes(uint64_t *bytes, const sable_key_spec *spec, const sable_file_options *options,
                                     sable_error *err) {
    if (!bytes || !spec)
        return sable_fail(err, SABLE_INVALID, "sable_keyset_file_bytes: bytes and spec must not be NULL");
    sable_file_options chosen;
    SABLE_TRY(sable_storage_choose(&chosen, options, err));
    const size_t count = sable_key_spec_count(spec);
    SABLE_TRY(check_count(count, err));
    sable_section_spec *section = calloc(count + 1, sizeof *section);
    if (!section) return sable_fail(err, SABLE_NO_MEMORY, "no memory for the table of %zu keys", count);
    section[0].length = keyset_meta_bytes(count);
    for (size_t i = 0; i < count; i++) {
        sable_key_need need;
        if (sable_key_spec_get(spec, i, &need) == SABLE_OK)
            section[i + 1] = key_section(sable_key_spec_params(spec), i, &need, chosen.residue_bits, !chosen.no_seeds);
    }
    *bytes = sable_container_bytes(section, (uint32_t)count + 1);
    free(section);
    return SABLE_OK;
}

/* One half after the other: b of every digit, and a where no seed stands for it. */
static sable_status write_key(sable_queue *queue, const sable_evk *key, uint32_t bits, bool seeded,
                              sable_container_writer *w) {
    const sable_params *p = &queue->ctx->params;
    const size_t half = (size_t)(key->need.limbs + p->p_count) * p->n;
    uint32_t *host = malloc(half * sizeof *host);
    if (!host) return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "no memory for %zu bytes of a key", half * sizeof *host);
    sable_status status = SABLE_OK;
    for (uint32_t i = 0; i < 2 * key->digits && status == SABLE_OK; i += seeded ? 2 : 1) {
        status = queue->ctx->backend->download(queue->handle, host, key->data + i * half, half * sizeof *host);
        if (status != SABLE_OK)
            status = sable_queue_kill(queue, status);
        else
            status = sable_residues_write(sable_section_sink(w), host, half, bits, &queue->error);
    }
    free(host);
    return status;
}

/* section: META, then a section a key. */
static void describe(uint8_t *meta, sable_section_spec *section, const sable_keyset *keys, uint32_t bits, bool seeded) {
    const sable_params *p = &keys->ctx->params;
    sable_put_u32(meta, (uint32_t)keys->count);
    sable_put_u32(meta + 4, !seeded);
    section[0] = (sable_section_spec){SABLE_TAG_META, 0, keyset_meta_bytes(keys->count)};
    for (size_t i = 0; i < keys->count; i++) {
        const sable_evk *key = &keys->key[i];
        uint8_t *record = meta + KEYSET_HEAD_BYTES + i * KEY_RECORD_BYTES;
        const uint32_t field[] = {(uint32_t)key->need.kind, key->need.galois, key->need.first, key->need.limbs};
        for (int f = 0; f < 4; f++) sable_put_u32(record + 4 * f, field[f]);
        if (seeded) memcpy(record + 16, key->seed, sizeof key->seed);
        section[i + 1] = key_section(p, i, &key->need, bits, seeded);
    }
}

static sable_status write_keys(sable_queue *queue, const sable_keyset *keys, const char *path,
                               const sable_file_options *chosen, uint8_t *meta, sable_section_spec *section) {
    const uint32_t bits = chosen->residue_bits;
    const bool seeded = keys->seeded && !chosen->no_seeds;
    sable_error *err = &queue->error;
    describe(meta, section, keys, bits, seeded);
    const sable_container_info info =
        sable_container_info_of(queue->ctx, SABLE_KIND_KEYSET, keys->key_id, keys->insecure, bits);
    sable_container_writer *w;
    SABLE_TRY(sable_container_writer_create(&w, path, 0644, &info, section, (uint32_t)keys->count + 1, err));
    sable_status status = sable_container_writer_section(w, SABLE_TAG_META, meta, section[0].length, err);
    for (size_t i = 0; i < keys->count && status == SABLE_OK; i++) {
        status = sable_container_writer_begin(w, section[i + 1].tag, err);
        if (status == SABLE_OK) status = write_key(queue, &keys->key[i], bits, seeded, w);
        if (status == SABLE_OK) status = sable_container_writer_end(w, err);
    }
    if (status == SABLE_OK) return sable_container_writer_finish(&w, err);
    sable_container_writer_abort(&w);
    return status;
}

sable_status sable_keyset_save(sable_queue *queue, const sable_keyset *keys, const char *path,
                               const sable_file_options *options) {
    SABLE_TRY(sable_check_idle(queue, "the writing of a file"));
    if (!keys || !path) return SABLE_REFUSE(queue, SABLE_INVALID, "sable_keyset_save: keys and path must not be NULL");
    if (keys->ctx != queue->ctx)
        return SABLE_REFUSE(queue, SABLE_INVALID, "sable_keyset_save: the key set belongs to another context");
    sable_file_options chosen;
    SABLE_TRY(sable_storage_choose(&chosen, options, &queue->error));
    SABLE_TRY(check_count(keys->count, &queue->error));
    uint8_t *meta = calloc(1, keyset_meta_bytes(keys->count));
    sable_section_spec *section = calloc(keys->count + 1, sizeof *section);
    sable_status status =
        meta && section ? write_keys(queue, keys, path, &chosen, meta, section)
                        : SABLE_REFUSE(queue, SABLE_NO_MEMORY, "no memory for the table of %zu keys", keys->count);
    free(meta);
    free(section);
    return status;
}
