/* SPDX-License-Identifier: Apache-2.0 */
#include "io/source.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/fail.h"
#include "io/file.h"

enum { RAW = 1 << 16, PLAIN = 1 << 17, PEEK = 4096 };

struct sable_source {
    int fd;
    char *path;
    sable_shown where;
    uint64_t file_bytes, file_done; /* of the file itself */
    uint64_t delivered;             /* plain bytes consumed by the caller */
    bool packed, member_ended;
    z_stream z;        /* packed only: reads from raw */
    size_t start, end; /* plain[start..end) is ready */
    uint8_t raw[RAW], plain[PLAIN];
};

static sable_status read_file(sable_source *s, uint8_t *to, size_t most, size_t *got, sable_error *err) {
    uint64_t left = s->file_bytes - s->file_done;
    *got = left < most ? (size_t)left : most;
    SABLE_TRY(sable_file_read_at(s->fd, s->path, to, *got, s->file_done, err));
    s->file_done += *got;
    return SABLE_OK;
}

static sable_status refill_raw(sable_source *s, sable_error *err) {
    size_t got;
    SABLE_TRY(read_file(s, s->raw, RAW, &got, err));
    s->z.next_in = s->raw;
    s->z.avail_in = (uInt)got;
    return SABLE_OK;
}

/* Unpacks behind plain[end); at least one byte unless the stream ends. */
static sable_status unpack(sable_source *s, sable_error *err) {
    size_t before = s->end;
    while (s->end == before) {
        if (!s->z.avail_in) SABLE_TRY(refill_raw(s, err));
        if (s->member_ended) {
            if (!s->z.avail_in) return SABLE_OK;
            /* inflateReset keeps the input: the next member, or bytes that are none, follow at once */
            if (inflateReset(&s->z) != Z_OK) return sable_fail(err, SABLE_INTERNAL, "zlib cannot be reset");
            s->member_ended = false;
        }
        if (!s->z.avail_in)
            return sable_fail(err, SABLE_FORMAT, "%s: the gzip stream is truncated after %" PRIu64 " packed bytes",
                              s->where.text, s->file_done);
        s->z.next_out = s->plain + s->end;
        s->z.avail_out = (uInt)(PLAIN - s->end);
        int outcome = inflate(&s->z, Z_NO_FLUSH);
        s->end = PLAIN - s->z.avail_out;
        if (outcome == Z_STREAM_END)
            s->member_ended = true;
        else if (outcome == Z_MEM_ERROR)
            return sable_fail(err, SABLE_NO_MEMORY, "no memory to unpack gzip");
        else if (outcome != Z_OK)
            return sable_fail(err, SABLE_FORMAT, "%s: the gzip stream is damaged near packed byte %" PRIu64 ": %s",
                              s->where.text, s->file_done - s->z.avail_in, s->z.msg ? s->z.msg : "no progress");
    }
    return SABLE_OK;
}

/* Makes at least want <= PEEK bytes ready, fewer only at the end. */
static sable_status fill(sable_source *s, size_t want, sable_error *err) {
    if (s->end - s->start >= want) return SABLE_OK;
    memmove(s->plain, s->plain + s->start, s->end - s->start);
    s->end -= s->start;
    s->start = 0;
    while (s->end < want) {
        size_t before = s->end, got;
        if (s->packed) {
            SABLE_TRY(unpack(s, err));
        } else {
            SABLE_TRY(read_file(s, s->plain + s->end, PLAIN - s->end, &got, err));
            s->end += got;
        }
        if (s->end == before) break;
    }
    return SABLE_OK;
}

static sable_status begin(sable_source *s, const char *path, sable_error *err) {
    SABLE_TRY(sable_file_open(&s->fd, &s->file_bytes, path, err));
    s->path = strdup(path);
    if (!s->path) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a path");
    SABLE_TRY(fill(s, 2, err));
    if (s->end < 2 || s->plain[0] != 0x1F || s->plain[1] != 0x8B) return SABLE_OK;
    /* gzip: what was read is input of the unpacker; start again there */
    if (inflateInit2(&s->z, 15 + 16) != Z_OK) return sable_fail(err, SABLE_NO_MEMORY, "no memory to unpack gzip");
    s->packed = true;
    s->file_done = s->start = s->end = 0;
    return SABLE_OK;
}

sable_status sable_source_open(sable_source **out, const char *path, sable_error *err) {
    if (!path) return sable_fail(err, SABLE_INVALID, "path is NULL");
    sable_source *s = calloc(1, sizeof *s);
    if (!s) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a read buffer");
    s->fd = -1;
    s->where = sable_show_path(path);
    sable_status status = begin(s, path, err);
    if (status)
        sable_source_close(&s);
    else
        *out = s;
    return status;
}

void sable_source_close(sable_source **source) {
    if (!source || !*source) return;
    sable_source *s = *source;
    if (s->packed) inflateEnd(&s->z);
    if (s->fd >= 0) close(s->fd);
    free(s->path);
    free(s);
    *source = NULL;
}

const char *sable_source_name(const sable_source *source) { return source->where.text; }

sable_status sable_source_peek(sable_source *source, const uint8_t **bytes, size_t *have, sable_error *err) {
    SABLE_TRY(fill(source, PEEK, err));
    *bytes = source->plain + source->start;
    *have = source->end - source->start < PEEK ? source->end - source->start : PEEK;
    return SABLE_OK;
}

sable_status sable_source_read(sable_source *source, void *buffer, size_t most, size_t *got, sable_error *err) {
    uint8_t *to = buffer;
    size_t left = most;
    while (left) {
        SABLE_TRY(fill(source, 1, err));
        size_t step = source->end - source->start;
        if (!step) break;
        if (step > left) step = left;
        memcpy(to, source->plain + source->start, step);
        source->start += step;
        to += step;
        left -= step;
    }
    *got = most - left;
    source->delivered += *got;
    return SABLE_OK;
}

sable_status sable_source_read_exactly(sable_source *source, void *buffer, size_t bytes, const char *what,
                                       sable_error *err) {
    uint64_t at = source->delivered;
    size_t got;
    SABLE_TRY(sable_source_read(source, buffer, bytes, &got, err));
    if (got == bytes) return SABLE_OK;
    return sable_fail(err, SABLE_FORMAT, "%s: ends in the middle of %s: %zu bytes at byte %" PRIu64 ", expected %zu",
                      source->where.text, what, got, at, bytes);
}

sable_status sable_source_expect_end(sable_source *source, sable_error *err) {
    SABLE_TRY(fill(source, 1, err));
    if (source->end == source->start) return SABLE_OK;
    return sable_fail(err, SABLE_FORMAT, "%s: has more bytes than its header announces, from byte %" PRIu64 " on",
                      source->where.text, source->delivered);
}
