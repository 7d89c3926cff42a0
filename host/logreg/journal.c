/* SPDX-License-Identifier: Apache-2.0 */
#include "logreg/journal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/bytes.h"
#include "io/file.h"
#include "io/show.h"
#include "logreg/blocks_partial.h"

enum { DECRYPTED_SETUP_BYTES = 2 * SABLE_HASH_BYTES, PAYLOAD_MOST = 1 << 20 };

typedef struct reader {
    int fd;
    const char *path;
    uint64_t bytes; /* of the file */
    uint8_t digest[SABLE_HASH_BYTES];
    sable_journal_info *info;
} reader;

bool sable_journal_detect(const uint8_t *bytes, size_t have) {
    return have >= JOURNAL_MAGIC_BYTES && memcmp(bytes, JOURNAL_MAGIC, JOURNAL_MAGIC_BYTES) == 0;
}

static void take_setup(sable_journal_info *info, const uint8_t *setup, uint32_t bytes) {
    info->of = bytes == BLOCKS_SETUP_BYTES      ? SABLE_JOURNAL_BLOCKS
               : bytes == DECRYPTED_SETUP_BYTES ? SABLE_JOURNAL_DECRYPTED
                                                : SABLE_JOURNAL_OTHER;
    if (info->of != SABLE_JOURNAL_BLOCKS) return;
    info->kind = sable_get_u32(setup);
    info->flags = sable_get_u32(setup + SETUP_AT_FLAGS);
    memcpy(info->params_digest, setup + SETUP_AT_PARAMS, SABLE_HASH_BYTES);
    memcpy(info->key_id, setup + SETUP_AT_KEY, SABLE_HASH_BYTES);
    memcpy(info->meta, setup + SETUP_AT_META, BLOCKS_META_BYTES);
}

/* Records up to the first that is cut or does not carry its digest: a run that was killed may leave one. */
static sable_status read_records(reader *r, uint64_t at, uint32_t payload, sable_error *err) {
    const size_t bytes = JOURNAL_MARK + (size_t)payload + SABLE_HASH_BYTES;
    uint8_t *record = malloc(bytes);
    if (!record) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a record of %zu bytes", bytes);
    sable_status status = SABLE_OK;
    for (; status == SABLE_OK && at + bytes <= r->bytes; at += bytes) {
        status = sable_file_read_at(r->fd, r->path, record, bytes, at, err);
        uint8_t check[SABLE_HASH_BYTES];
        sable_hash_state state;
        sable_hash_init(&state);
        sable_hash_update(&state, r->digest, sizeof r->digest);
        sable_hash_update(&state, record, bytes - sizeof check);
        sable_hash_final(&state, check);
        const uint64_t begin = sable_get_u64(record), end = sable_get_u64(record + 8);
        if (memcmp(check, record + bytes - sizeof check, sizeof check) || begin < r->info->end || end <= begin) break;
        r->info->pieces++;
        r->info->end = end;
    }
    free(record);
    return status;
}

static sable_status read_journal(reader *r, sable_error *err) {
    const sable_shown shown = sable_show_path(r->path);
    const char *where = shown.text;
    uint8_t head[JOURNAL_FIXED + BLOCKS_SETUP_BYTES + SABLE_HASH_BYTES];
    if (r->bytes < JOURNAL_FIXED) return sable_fail(err, SABLE_FORMAT, "%s: a journal that is cut", where);
    SABLE_TRY(sable_file_read_at(r->fd, r->path, head, JOURNAL_FIXED, 0, err));
    const uint32_t version = sable_get_u32(head + 8), setup = sable_get_u32(head + 12),
                   payload = sable_get_u32(head + 16);
    if (!sable_journal_detect(head, JOURNAL_FIXED)) return sable_fail(err, SABLE_FORMAT, "%s: is no journal", where);
    if (version != JOURNAL_VERSION || setup > BLOCKS_SETUP_BYTES || payload > PAYLOAD_MOST ||
        sable_get_u32(head + 20) != 0)
        return sable_fail(err, SABLE_FORMAT,
                          "%s: a journal of version %u with a setup of %u bytes; this build reads %d", where, version,
                          setup, JOURNAL_VERSION);
    const uint64_t hashed = JOURNAL_FIXED + setup, end = hashed + SABLE_HASH_BYTES;
    if (r->bytes < end)
        return sable_fail(err, SABLE_FORMAT, "%s: a journal that is cut: %llu of %llu bytes of its head", where,
                          (unsigned long long)r->bytes, (unsigned long long)end);
    SABLE_TRY(sable_file_read_at(r->fd, r->path, head, end, 0, err));
    sable_hash(r->digest, head, hashed);
    if (memcmp(r->digest, head + hashed, sizeof r->digest))
        return sable_fail(err, SABLE_FORMAT, "%s: the head of the journal is damaged: its digest differs", where);
    take_setup(r->info, head + JOURNAL_FIXED, setup);
    return read_records(r, end, payload, err);
}

sable_status sable_journal_read(sable_journal_info *info, const char *path, sable_error *err) {
    *info = (sable_journal_info){0};
    reader r = {.path = path, .info = info};
    SABLE_TRY(sable_file_open(&r.fd, &r.bytes, path, err));
    sable_status status = read_journal(&r, err);
    close(r.fd);
    return status;
}
