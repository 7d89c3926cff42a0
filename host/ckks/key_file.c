/* SPDX-License-Identifier: Apache-2.0 */
/* Key-set files: the reader. Opening checks the index; keys are read one by one. */
#include <stdlib.h>
#include <string.h>

#include "ckks/expand.h"
#include "ckks/serial_keys.h"

struct sable_key_file {
    sable_ctx *ctx;
    sable_container *container;
    char *path;
    size_t count;
    sable_evk *key; /* the index: everything but data */
    uint64_t key_bytes_read;
    sable_file_options stored;
};

/* -- the index ----------------------------------------------------------------------------------------------------- */

static sable_status parse_record(sable_evk *key, const sable_params *p, const uint8_t *record, size_t index,
                                 bool seeded, sable_error *err) {
    static const uint8_t zero[32];
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
    if (!seeded && memcmp(record + 16, zero, sizeof zero) != 0)
        return sable_fail(err, SABLE_FORMAT, "key %zu: has a seed in a file without seeds", index);
    key->need = n;
    key->first_block = n.first / p->alpha;
    key->digits = sable_key_digits(p, &n);
    memcpy(key->seed, record + 16, sizeof key->seed);
    return SABLE_OK;
}

/* A set has one key for a purpose: which of two would be used must not depend on their order. */
static sable_status check_new(const sable_key_file *file, size_t index, sable_error *err) {
    const sable_key_need *n = &file->key[index].need;
    for (size_t i = 0; i < index; i++)
        if (file->key[i].need.kind == n->kind && file->key[i].need.galois == n->galois)
            return sable_fail(err, SABLE_FORMAT, "keys %zu and %zu are both of kind %u with Galois element %u", i,
                              index, (unsigned)n->kind, n->galois);
    return SABLE_OK;
}

static sable_section_spec section_of(const sable_key_file *file, size_t index) {
    return key_section(&file->ctx->params, index, &file->key[index].need, file->stored.residue_bits,
                       !file->stored.no_seeds);
}

static sable_status parse_index(sable_key_file *file, const uint8_t *meta, sable_section_spec *spec, sable_error *err) {
    const uint32_t count = sable_get_u32(meta), plain = sable_get_u32(meta + 4);
    if (count != file->count || plain > 1)
        return sable_fail(err, SABLE_FORMAT,
                          "%s: the index counts %u keys with seed mark %u, the file has %zu sections for them",
                          file->path, count, plain, file->count);
    file->stored.no_seeds = plain;
    spec[0] = (sable_section_spec){SABLE_TAG_META, 0, keyset_meta_bytes(file->count)};
    for (size_t i = 0; i < file->count; i++) {
        SABLE_TRY(parse_record(&file->key[i], &file->ctx->params, meta + KEYSET_HEAD_BYTES + i * KEY_RECORD_BYTES, i,
                               !plain, err));
        SABLE_TRY(check_new(file, i, err));
        spec[i + 1] = section_of(file, i);
    }
    return sable_container_expect(file->container, spec, (uint32_t)file->count + 1, err);
}

static sable_status read_index(sable_key_file *file, sable_error *err) {
    const sable_container_info *info = sable_container_get_info(file->container);
    file->count = info->section_count - 1;
    file->stored =
        (sable_file_options){.struct_size = sizeof file->stored, .residue_bits = sable_container_residue_bits(info)};
    const uint64_t meta_bytes = keyset_meta_bytes(file->count);
    uint8_t *meta = malloc(meta_bytes);
    sable_section_spec *spec = calloc(file->count + 1, sizeof *spec);
    file->key = calloc(file->count ? file->count : 1, sizeof *file->key);
    sable_status status = SABLE_OK;
    if (!meta || !spec || !file->key)
        status = sable_fail(err, SABLE_NO_MEMORY, "%s: no memory for the index of %zu keys", file->path, file->count);
    if (status == SABLE_OK) status = sable_container_read(file->container, SABLE_TAG_META, meta, meta_bytes, err);
    if (status == SABLE_OK) status = parse_index(file, meta, spec, err);
    free(meta);
    free(spec);
    return status;
}

sable_status sable_key_file_open(sable_queue *queue, sable_key_file **out, const char *path) {
    SABLE_TRY(sable_check_idle(queue, "the reading of a file"));
    if (!out || !path) return SABLE_REFUSE(queue, SABLE_INVALID, "sable_key_file_open: out and path must not be NULL");
    sable_key_file *file = calloc(1, sizeof *file);
    if (!file || !(file->path = strdup(path))) {
        free(file);
        return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "no memory to open %s", path);
    }
    file->ctx = queue->ctx;
    sable_status status =
        sable_container_open_for(&file->container, queue->ctx, path, SABLE_KIND_KEYSET, &queue->error);
    if (status == SABLE_OK) status = read_index(file, &queue->error);
    if (status == SABLE_OK)
        *out = file;
    else
        sable_key_file_close(&file);
    return status;
}

void sable_key_file_close(sable_key_file **file) {
    if (!file || !*file) return;
    sable_container_close(&(*file)->container);
    free((*file)->path);
    free((*file)->key);
    free(*file);
    *file = NULL;
}

sable_status sable_key_file_describe(const sable_key_file *file, sable_key_file_info *info) {
    if (!file || !info || info->struct_size != sizeof *info) return SABLE_INVALID;
    const sable_container_info *head = sable_container_get_info(file->container);
    info->count = file->count;
    info->file_bytes = head->total_bytes;
    info->key_bytes_read = file->key_bytes_read;
    info->stored = file->stored;
    memcpy(info->key_id, head->key_id, sizeof info->key_id);
    return SABLE_OK;
}

sable_status sable_key_file_get(const sable_key_file *file, size_t index, sable_key_need *need) {
    if (!file || !need || index >= file->count) return SABLE_INVALID;
    *need = file->key[index].need;
    return SABLE_OK;
}

size_t sable_key_file_find(const sable_key_file *file, const sable_key_need *need) {
    for (size_t i = 0; file && need && i < file->count; i++) {
        const sable_key_need *have = &file->key[i].need;
        if (have->kind == need->kind && have->galois == need->galois && have->first <= need->first &&
            have->first + have->limbs >= need->first + need->limbs)
            return i;
    }
    return SIZE_MAX;
}

/* -- keys ---------------------------------------------------------------------------------------------------------- */

static uint32_t key_positions(uint16_t *pos, const sable_params *p, const sable_key_need *need) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < need->limbs; i++) pos[count++] = (uint16_t)(need->first + i);
    for (uint32_t i = 0; i < p->p_count; i++) pos[count++] = (uint16_t)(p->q_count + i);
    return count;
}

/* The halves that the section holds, to the backend. host: room for a half. */
static sable_status load_halves(sable_queue *queue, sable_key_file *file, sable_evk *key, uint32_t limbs,
                                sable_section_stream *stream, uint32_t *host) {
    const size_t half = (size_t)limbs * queue->ctx->params.n;
    for (uint32_t i = 0; i < 2 * key->digits; i += file->stored.no_seeds ? 1 : 2) {
        SABLE_TRY(sable_residues_read(stream, host, half, file->stored.residue_bits, &queue->error));
        SABLE_RUN(queue, upload(queue->handle, key->data + i * half, host, half * sizeof *host));
    }
    return sable_section_end(stream, &queue->error);
}

/* What the section held is checked; the halves that it left out are made from the seed. */
static sable_status settle(sable_queue *queue, const sable_keyset *set, sable_evk *key, size_t index,
                           const char *path) {
    sable_ctx *ctx = queue->ctx;
    uint16_t pos[SABLE_MAX_LIMBS];
    const uint32_t limbs = key_positions(pos, &ctx->params, &key->need);
    sable_limbs held = sable_dense_limbs(ctx, key->data, pos, limbs, 2 * key->digits, 1), made = held;
    if (set->seeded) { /* every second part */
        made.data += made.part_stride;
        held.part_stride = made.part_stride *= 2;
        held.parts = made.parts = key->digits;
    }
    uint64_t bad, n = ctx->params.n;
    SABLE_RUN(queue, check_range(queue->handle, &held, &bad));
    if (bad != UINT64_MAX)
        return SABLE_REFUSE(queue, SABLE_FORMAT, "%s: key %zu, residue %llu of limb %llu is not below its prime", path,
                            index, (unsigned long long)(bad % n), (unsigned long long)(bad / n % held.limbs));
    if (!set->seeded) return SABLE_OK;
    return sable_expand(queue, &made, set->key_id, key->seed,
                        key->need.kind == SABLE_KEY_RELIN ? SABLE_EXPAND_RELIN : SABLE_EXPAND_GALOIS, key->first_block,
                        key->need.galois, true);
}

/* What reading a key costs, without reading: its section, and taking the words that it holds to the backend. */
static sable_status plan_read(sable_queue *queue, const sable_keyset *set, sable_evk *key, size_t index, uint64_t bytes,
                              const char *path) {
    const sable_params *p = &queue->ctx->params;
    const size_t half = (size_t)(key->need.limbs + p->p_count) * p->n;
    double *work = queue->ctx->tally->work;
    SABLE_TRY(sable_words_alloc(queue, &key->data, 2 * key->digits * half, path));
    work[SABLE_WORK_READ] += (double)bytes;
    work[SABLE_WORK_DIGEST] += (double)bytes;
    work[SABLE_WORK_COPY] += (double)((set->seeded ? 1 : 2) * key->digits * half * sizeof(uint32_t));
    return settle(queue, set, key, index, path);
}

sable_status sable_keyset_plan_read(sable_queue *queue, sable_keyset **out, const sable_key_spec *spec,
                                    const uint8_t key_id[SABLE_DIGEST_BYTES], const sable_file_options *stored) {
    const sable_params *p = &queue->ctx->params;
    sable_file_options chosen;
    SABLE_TRY(sable_storage_choose(&chosen, stored, &queue->error));
    sable_keyset *keys = NULL;
    SABLE_TRY(sable_keyset_new(queue, &keys, sable_key_spec_count(spec), key_id, !chosen.no_seeds));
    sable_status status = SABLE_OK;
    for (size_t i = 0; i < sable_key_spec_count(spec) && status == SABLE_OK; i++) {
        sable_evk *key = &keys->key[i];
        status = sable_key_spec_get(spec, i, &key->need);
        if (status != SABLE_OK) break;
        key->first_block = key->need.first / p->alpha;
        key->digits = sable_key_digits(p, &key->need);
        keys->count = i + 1;
        status = plan_read(queue, keys, key, i,
                           key_section(p, i, &key->need, chosen.residue_bits, !chosen.no_seeds).length, "a key");
    }
    if (status == SABLE_OK)
        *out = keys;
    else
        sable_keyset_destroy(queue, &keys);
    return status;
}

/* Key number index of the file; on failure key->data is the caller's to release. */
static sable_status load_key(sable_queue *queue, const sable_keyset *set, sable_key_file *file, sable_evk *key,
                             size_t index) {
    const sable_params *p = &queue->ctx->params;
    *key = file->key[index];
    const uint32_t limbs = key->need.limbs + p->p_count;
    const size_t half = (size_t)limbs * p->n;
    const sable_section_spec section = section_of(file, index);
    if (queue->ctx->tally) return plan_read(queue, set, key, index, section.length, file->path);
    SABLE_TRY(sable_words_alloc(queue, &key->data, 2 * key->digits * half, file->path));
    uint32_t *host = malloc(half * sizeof *host);
    if (!host)
        return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "%s: no memory for %zu bytes", file->path, half * sizeof *host);
    sable_section_stream stream;
    sable_status status = sable_section_begin(&stream, file->container, section.tag, section.length, &queue->error);
    if (status == SABLE_OK) status = load_halves(queue, file, key, limbs, &stream, host);
    free(host);
    if (status == SABLE_OK) file->key_bytes_read += section.length;
    return status == SABLE_OK ? settle(queue, set, key, index, file->path) : status;
}

/* which: positions in the file; NULL: the first count, which are all. */
static sable_status load_keys(sable_queue *queue, sable_keyset **out, sable_key_file *file, const size_t *which,
                              size_t count) {
    sable_keyset *keys = NULL;
    SABLE_TRY(sable_keyset_new(queue, &keys, count, sable_container_get_info(file->container)->key_id,
                               !file->stored.no_seeds));
    sable_status status = SABLE_OK;
    for (size_t i = 0; i < count && status == SABLE_OK; i++) {
        keys->count = i + 1; /* what destroy has to release */
        status = load_key(queue, keys, file, &keys->key[i], which ? which[i] : i);
    }
    if (status == SABLE_OK) status = sable_queue_sync(queue); /* every queue may use them from here on */
    if (status == SABLE_OK)
        *out = keys;
    else
        sable_keyset_destroy(queue, &keys);
    return status;
}

sable_status sable_key_file_load(sable_queue *queue, sable_keyset **out, sable_key_file *file,
                                 const sable_key_spec *spec) {
    SABLE_TRY(sable_check_idle(queue, "the reading of a file"));
    if (!out || !file || !spec || file->ctx != queue->ctx)
        return SABLE_REFUSE(queue, SABLE_INVALID,
                            "sable_key_file_load: an argument is NULL, or the file was opened in another context");
    const size_t count = sable_key_spec_count(spec);
    size_t *which = calloc(count ? count : 1, sizeof *which);
    if (!which) return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "no memory for a list of %zu keys", count);
    sable_status status = SABLE_OK;
    for (size_t i = 0; i < count && status == SABLE_OK; i++) {
        sable_key_need need;
        status = sable_key_spec_get(spec, i, &need);
        which[i] = sable_key_file_find(file, &need);
        if (status == SABLE_OK && which[i] == SIZE_MAX)
            status = SABLE_REFUSE(queue, SABLE_NO_KEY,
                                  "%s has no key of kind %u with Galois element %u for the %u primes from position %u",
                                  file->path, (unsigned)need.kind, need.galois, need.limbs, need.first);
    }
    if (status == SABLE_OK) status = load_keys(queue, out, file, which, count);
    free(which);
    return status;
}

sable_status sable_keyset_load(sable_queue *queue, sable_keyset **out, const char *path) {
    SABLE_TRY(sable_check_idle(queue, "the reading of a file"));
    if (!out || !path) return SABLE_REFUSE(queue, SABLE_INVALID, "sable_keyset_load: out and path must not be NULL");
    sable_key_file *file = NULL;
    SABLE_TRY(sable_key_file_open(queue, &file, path));
    sable_status status = load_keys(queue, out, file, NULL, file->count);
    sable_key_file_close(&file);
    return status;
}
