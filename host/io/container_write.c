/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "io/container_format.h"
#include "io/show.h"
#include "io/temp.h"

/* Small appends are gathered here; pieces of this size and more go straight to the file. */
enum { BUFFER = 1 << 18 };

struct sable_container_writer {
    sable_temp temp;
    sable_container_info info;
    sable_section *sections;
    uint32_t next; /* the section that is open, or the next to begin */
    bool open;
    bool failed;   /* nothing but abort makes sense any more */
    uint64_t done; /* bytes of the open section so far */
    uint64_t end;  /* of what was written or is held in the buffer */
    sable_hash_state hash;
    size_t held;
    uint8_t buffer[BUFFER];
};

static void destroy(sable_container_writer **writer) {
    free((*writer)->sections);
    sodium_memzero(*writer, sizeof **writer); /* sections may have been secret, and the hash state follows from them */
    free(*writer);
    *writer = NULL;
}

static sable_status flush(sable_container_writer *writer, sable_error *err) {
    size_t held = writer->held;
    writer->held = 0;
    return sable_temp_write(&writer->temp, writer->buffer, held, err);
}

static sable_status put(sable_container_writer *writer, const void *data, uint64_t bytes, sable_error *err) {
    if (bytes > BUFFER - writer->held) SABLE_TRY(flush(writer, err));
    if (bytes >= BUFFER) {
        SABLE_TRY(sable_temp_write(&writer->temp, data, bytes, err));
    } else if (bytes) {
        memcpy(writer->buffer + writer->held, data, (size_t)bytes);
        writer->held += (size_t)bytes;
    }
    writer->end += bytes;
    return SABLE_OK;
}

/* Zeros up to offset, which is at most the largest head or one alignment away. */
static sable_status pad(sable_container_writer *writer, uint64_t offset, sable_error *err) {
    static const uint8_t zeros[SABLE_SECTION_ALIGN];
    while (writer->end < offset) {
        uint64_t step = offset - writer->end;
        SABLE_TRY(put(writer, zeros, step < sizeof zeros ? step : sizeof zeros, err));
    }
    return SABLE_OK;
}

/* Every refusal but a null argument is final: half a file is no file. */
static sable_status spoiled(sable_container_writer *writer, sable_status status) {
    writer->failed = writer->failed || status != SABLE_OK;
    return status;
}

static sable_status check_usable(const sable_container_writer *writer, sable_error *err) {
    if (!writer) return sable_fail(err, SABLE_INVALID, "container writer is NULL");
    if (writer->failed)
        return sable_fail(err, SABLE_INVALID, "%s: an earlier call on this writer failed; abort it",
                          sable_show_path(writer->temp.path).text);
    return SABLE_OK;
}

static sable_status start(sable_container_writer *writer, const char *path, unsigned mode, const char *where,
                          const sable_section_spec *specs, uint32_t count, sable_error *err) {
    if (count > SABLE_SECTIONS_MOST)
        return sable_fail(err, SABLE_LIMIT, "%s: %u sections, at most %u", where, count, SABLE_SECTIONS_MOST);
    writer->sections = calloc(count ? count : 1, sizeof *writer->sections);
    if (!writer->sections) return sable_fail(err, SABLE_NO_MEMORY, "%s: no memory for %u sections", where, count);
    for (uint32_t i = 0; i < count; i++) writer->sections[i].spec = specs[i];
    writer->info.section_count = count;
    SABLE_TRY(sable_sections_place(writer->sections, count, &writer->info.total_bytes, where, err));
    SABLE_TRY(sable_temp_open(&writer->temp, path, mode, err));
    SABLE_TRY(sable_temp_reserve(&writer->temp, writer->info.total_bytes, err));
    return pad(writer, sable_head_bytes(count), err); /* finish writes the head over these zeros */
}

sable_status sable_container_writer_create(sable_container_writer **out, const char *path, unsigned mode,
                                           const sable_container_info *info, const sable_section_spec *sections,
                                           uint32_t section_count, sable_error *err) {
    if (!out || !path || !info || (!sections && section_count))
        return sable_fail(err, SABLE_INVALID, "container writer: a null argument");
    sable_shown where = sable_show_path(path);
    if (!info->kind || info->kind > SABLE_KIND_LAST)
        return sable_fail(err, SABLE_INVALID, "%s: kind %u, expected 1..%d", where.text, info->kind, SABLE_KIND_LAST);
    const uint32_t unknown = info->flags & ~sable_file_flags(info->kind);
    if (unknown) return sable_fail(err, SABLE_INVALID, "%s: unknown flags %08x", where.text, unknown);
    sable_container_writer *writer = calloc(1, sizeof *writer);
    if (!writer) return sable_fail(err, SABLE_NO_MEMORY, "%s: no memory for a write buffer", where.text);
    writer->info = *info;
    sable_status status = start(writer, path, mode, where.text, sections, section_count, err);
    if (status)
        sable_container_writer_abort(&writer);
    else
        *out = writer;
    return status;
}

sable_status sable_container_writer_begin(sable_container_writer *writer, sable_tag tag, sable_error *err) {
    SABLE_TRY(check_usable(writer, err));
    sable_shown where = sable_show_path(writer->temp.path);
    if (writer->open)
        return spoiled(writer, sable_fail(err, SABLE_INVALID, "%s: section %s is still open", where.text,
                                          sable_show_tag(writer->sections[writer->next].spec.tag).text));
    if (writer->next == writer->info.section_count || writer->sections[writer->next].spec.tag != tag)
        return spoiled(writer, sable_fail(err, SABLE_INVALID, "%s: section %s begun, expected %s", where.text,
                                          sable_show_tag(tag).text,
                                          writer->next == writer->info.section_count
                                              ? "none"
                                              : sable_show_tag(writer->sections[writer->next].spec.tag).text));
    SABLE_TRY(spoiled(writer, pad(writer, writer->sections[writer->next].offset, err)));
    sable_hash_init(&writer->hash);
    writer->done = 0;
    writer->open = true;
    return SABLE_OK;
}

sable_status sable_container_writer_append(sable_container_writer *writer, const void *data, uint64_t bytes,
                                           sable_error *err) {
    SABLE_TRY(check_usable(writer, err));
    if (!data && bytes) return sable_fail(err, SABLE_INVALID, "container writer: data is NULL");
    sable_shown where = sable_show_path(writer->temp.path);
    if (!writer->open)
        return spoiled(writer, sable_fail(err, SABLE_INVALID, "%s: no section is open to append to", where.text));
    sable_section_spec spec = writer->sections[writer->next].spec;
    if (bytes > spec.length - writer->done)
        return spoiled(writer, sable_fail(err, SABLE_INVALID,
                                          "%s: section %s: %" PRIu64 " bytes appended to %" PRIu64
                                          " are more than the %" PRIu64 " declared",
                                          where.text, sable_show_tag(spec.tag).text, bytes, writer->done, spec.length));
    const uint8_t *from = data;
    while (bytes) { /* in pieces that are hashed and written while they are in the cache */
        uint64_t step = bytes < BUFFER ? bytes : BUFFER;
        sable_hash_update(&writer->hash, from, (size_t)step);
        SABLE_TRY(spoiled(writer, put(writer, from, step, err)));
        from += step;
        bytes -= step;
        writer->done += step;
    }
    return SABLE_OK;
}

sable_status sable_container_writer_end(sable_container_writer *writer, sable_error *err) {
    SABLE_TRY(check_usable(writer, err));
    sable_shown where = sable_show_path(writer->temp.path);
    if (!writer->open)
        return spoiled(writer, sable_fail(err, SABLE_INVALID, "%s: no section is open to end", where.text));
    sable_section *section = &writer->sections[writer->next];
    if (writer->done != section->spec.length)
        return spoiled(writer,
                       sable_fail(err, SABLE_INVALID,
                                  "%s: section %s ends after %" PRIu64 " bytes, %" PRIu64 " were declared", where.text,
                                  sable_show_tag(section->spec.tag).text, writer->done, section->spec.length));
    sable_hash_final(&writer->hash, section->digest);
    writer->open = false;
    writer->next++;
    return SABLE_OK;
}

sable_status sable_container_writer_section(sable_container_writer *writer, sable_tag tag, const void *data,
                                            uint64_t bytes, sable_error *err) {
    SABLE_TRY(sable_container_writer_begin(writer, tag, err));
    SABLE_TRY(sable_container_writer_append(writer, data, bytes, err));
    return sable_container_writer_end(writer, err);
}

/* Writes the head, now that the digests are known, and puts the file in place. */
static sable_status complete(sable_container_writer *writer, sable_error *err) {
    SABLE_TRY(check_usable(writer, err));
    if (writer->open || writer->next != writer->info.section_count)
        return sable_fail(err, SABLE_INVALID, "%s: finished with %u of %u sections written",
                          sable_show_path(writer->temp.path).text, writer->next, writer->info.section_count);
    SABLE_TRY(flush(writer, err));
    size_t bytes = (size_t)sable_head_bytes(writer->info.section_count);
    uint8_t *head = malloc(bytes);
    if (!head) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a table of %zu bytes", bytes);
    sable_head_encode(head, &writer->info, writer->sections);
    sable_status status = sable_temp_write_at(&writer->temp, head, bytes, 0, err);
    free(head);
    return status ? status : sable_temp_commit(&writer->temp, err);
}

sable_status sable_container_writer_finish(sable_container_writer **writer, sable_error *err) {
    if (!writer || !*writer) return sable_fail(err, SABLE_INVALID, "container writer is NULL");
    sable_status status = complete(*writer, err);
    sable_container_writer_abort(writer); /* a committed temporary file is left alone */
    return status;
}

void sable_container_writer_abort(sable_container_writer **writer) {
    if (!writer || !*writer) return;
    sable_temp_abort(&(*writer)->temp);
    destroy(writer);
}
