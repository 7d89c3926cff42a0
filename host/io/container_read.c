/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a container: everything is checked here that does not need the sections' bytes. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "io/container_reader.h"
#include "io/file.h"

sable_status sable_container_bytes_at(const sable_container *c, void *buffer, uint64_t bytes, uint64_t offset,
                                      sable_error *err) {
    if (c->fd >= 0) return sable_file_read_at(c->fd, c->name, buffer, bytes, offset, err);
    if (bytes) memcpy(buffer, c->data + offset, (size_t)bytes); /* callers stay within file_bytes, the length of data */
    return SABLE_OK;
}

/* The zeros before section index. At most 255 bytes, because sections lie where sable_sections_place puts them. */
static sable_status check_padding(const sable_container *c, uint32_t index, uint64_t from, sable_error *err) {
    uint8_t gap[SABLE_SECTION_ALIGN];
    uint64_t bytes = c->sections[index].offset - from;
    SABLE_TRY(sable_container_bytes_at(c, gap, bytes, from, err));
    for (uint64_t i = 0; i < bytes; i++)
        if (gap[i])
            return sable_fail(err, SABLE_FORMAT, "%s: padding byte %" PRIu64 " before section %s is %u, expected 0",
                              c->where.text, from + i, sable_show_tag(c->sections[index].spec.tag).text, gap[i]);
    return SABLE_OK;
}

static sable_status read_table(sable_container *c, uint8_t *head, sable_kind kind, const sable_container_limits *limits,
                               sable_error *err) {
    uint64_t end = sable_head_bytes(c->info.section_count);
    SABLE_TRY(sable_container_bytes_at(c, head, end, 0, err));
    /* the file may have been changed since its first bytes were judged; from here on only this copy counts */
    sable_container_info again = {0};
    SABLE_TRY(sable_header_decode(&again, head, SABLE_HEADER_BYTES, c->file_bytes, kind, limits, c->where.text, err));
    if (again.section_count != c->info.section_count)
        return sable_fail(err, SABLE_FORMAT, "%s: is being changed while it is read", c->where.text);
    c->info = again;
    SABLE_TRY(sable_table_decode(c->sections, &c->info, head, kind, limits, c->where.text, err));
    for (uint32_t i = 0; i < c->info.section_count; i++) {
        SABLE_TRY(check_padding(c, i, end, err));
        end = c->sections[i].offset + c->sections[i].spec.length;
    }
    return SABLE_OK;
}

/* c: a zeroed object with fd or data, file_bytes, where and the borrowed name set. */
static sable_status judge(sable_container *c, sable_kind kind, const sable_container_limits *limits, sable_error *err) {
    uint8_t start[512]; /* more than the header, so that foreign files are recognised */
    size_t have = c->file_bytes < sizeof start ? (size_t)c->file_bytes : sizeof start;
    SABLE_TRY(sable_container_bytes_at(c, start, have, 0, err));
    SABLE_TRY(sable_header_decode(&c->info, start, have, c->file_bytes, kind, limits, c->where.text, err));
    c->sections = calloc(c->info.section_count, sizeof *c->sections);
    uint8_t *head = malloc((size_t)sable_head_bytes(c->info.section_count));
    sable_status status = c->sections && head
                              ? read_table(c, head, kind, limits, err)
                              : sable_fail(err, SABLE_NO_MEMORY, "%s: no memory for a table of %u sections",
                                           c->where.text, c->info.section_count);
    free(head);
    return status;
}

/* Judges a container prepared on the caller's stack and moves it to the heap. Takes over the descriptor. */
static sable_status open_prepared(sable_container **out, sable_container *c, sable_kind kind,
                                  const sable_container_limits *limits, sable_error *err) {
    sable_status status = judge(c, kind, limits, err);
    sable_container *kept = NULL;
    if (!status) {
        kept = malloc(sizeof *kept);
        char *name = strdup(c->name);
        if (kept && name) {
            *kept = *c;
            kept->name = name;
            *out = kept;
            return SABLE_OK;
        }
        free(name);
        status = sable_fail(err, SABLE_NO_MEMORY, "%s: no memory to open it", c->where.text);
    }
    free(kept);
    free(c->sections);
    if (c->fd >= 0) close(c->fd);
    return status;
}

static sable_status check_kind(sable_kind kind, sable_error *err) {
    if ((unsigned)kind <= SABLE_KIND_LAST) return SABLE_OK;
    return sable_fail(err, SABLE_INVALID, "container kind %u does not exist", (unsigned)kind);
}

sable_status sable_container_open(sable_container **out, const char *path, sable_kind kind,
                                  const sable_container_limits *limits, sable_error *err) {
    if (!out || !path) return sable_fail(err, SABLE_INVALID, "container open: a null argument");
    SABLE_TRY(check_kind(kind, err));
    sable_container c = {.fd = -1, .name = (char *)(uintptr_t)path, .where = sable_show_path(path)};
    SABLE_TRY(sable_file_open(&c.fd, &c.file_bytes, path, err));
    return open_prepared(out, &c, kind, limits, err);
}

sable_status sable_container_open_bytes(sable_container **out, const void *data, uint64_t bytes, const char *name,
                                        sable_kind kind, const sable_container_limits *limits, sable_error *err) {
    if (!out || !name || (!data && bytes)) return sable_fail(err, SABLE_INVALID, "container open: a null argument");
    SABLE_TRY(check_kind(kind, err));
    sable_container c = {
        .fd = -1, .data = data, .file_bytes = bytes, .name = (char *)(uintptr_t)name, .where = sable_show_path(name)};
    return open_prepared(out, &c, kind, limits, err);
}

void sable_container_close(sable_container **container) {
    if (!container || !*container) return;
    sable_container *c = *container;
    if (c->fd >= 0) close(c->fd);
    free(c->sections);
    free(c->name);
    free(c);
    *container = NULL;
}

sable_status sable_container_peek(sable_container_info *info, const char *path, sable_error *err) {
    if (!info) return sable_fail(err, SABLE_INVALID, "container peek: info is NULL");
    sable_container *c;
    SABLE_TRY(sable_container_open(&c, path, SABLE_KIND_ANY,
                                   &(sable_container_limits){.max_sections = SABLE_SECTIONS_MOST}, err));
    *info = c->info;
    sable_container_close(&c);
    return SABLE_OK;
}

const sable_container_info *sable_container_get_info(const sable_container *container) { return &container->info; }

sable_section_spec sable_container_section(const sable_container *container, uint32_t index) {
    return container->sections[index].spec;
}
