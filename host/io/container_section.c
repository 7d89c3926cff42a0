/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the sections of an open container. */
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "io/container_reader.h"

/* Read and hashed piece by piece, so that the hash finds its bytes in the cache. */
enum { PIECE = 1 << 18 };

static const sable_section *find(const sable_container *c, sable_tag tag) {
    for (uint32_t i = 0; i < c->info.section_count; i++)
        if (c->sections[i].spec.tag == tag) return &c->sections[i];
    return NULL;
}

int sable_container_has(const sable_container *container, sable_tag tag) {
    return container && find(container, tag) != NULL;
}

static sable_status check_digest(const sable_container *c, const char *what, const uint8_t *have, const uint8_t *want,
                                 sable_status code, sable_error *err) {
    if (!memcmp(have, want, SABLE_HASH_BYTES)) return SABLE_OK;
    char a[17], b[17]; /* 8 bytes tell two digests apart */
    sable_hex(a, have, 8);
    sable_hex(b, want, 8);
    return sable_fail(err, code, "%s: %s is %s..., expected %s...", c->where.text, what, a, b);
}

sable_status sable_container_require_params(const sable_container *container,
                                            const uint8_t params_digest[SABLE_HASH_BYTES], sable_error *err) {
    if (!container || !params_digest) return sable_fail(err, SABLE_INVALID, "container: a null argument");
    return check_digest(container, "it was made with other parameters: their digest", container->info.params_digest,
                        params_digest, SABLE_PARAMS_MISMATCH, err);
}

sable_status sable_container_require_key(const sable_container *container, const uint8_t key_id[SABLE_HASH_BYTES],
                                         sable_error *err) {
    if (!container || !key_id) return sable_fail(err, SABLE_INVALID, "container: a null argument");
    return check_digest(container, "it belongs to another key: its key id", container->info.key_id, key_id,
                        SABLE_KEY_MISMATCH, err);
}

static sable_status check_length(const sable_container *c, const sable_section *section, uint64_t expected,
                                 sable_error *err) {
    if (section->spec.length == expected) return SABLE_OK;
    return sable_fail(err, SABLE_FORMAT, "%s: section %s at byte %" PRIu64 " has %" PRIu64 " bytes, expected %" PRIu64,
                      c->where.text, sable_show_tag(section->spec.tag).text, section->offset, section->spec.length,
                      expected);
}

sable_status sable_container_expect(sable_container *container, const sable_section_spec *sections,
                                    uint32_t section_count, sable_error *err) {
    if (!container || (!sections && section_count)) return sable_fail(err, SABLE_INVALID, "container: a null argument");
    for (uint32_t i = 0; i < section_count; i++) {
        const sable_section *section = find(container, sections[i].tag);
        if (section) {
            SABLE_TRY(check_length(container, section, sections[i].length, err));
        } else if (!(sections[i].flags & SABLE_SECTION_OPTIONAL)) {
            return sable_fail(err, SABLE_FORMAT, "%s: section %s of %" PRIu64 " bytes is missing",
                              container->where.text, sable_show_tag(sections[i].tag).text, sections[i].length);
        }
    }
    for (uint32_t i = 0; i < container->info.section_count; i++) {
        const sable_section_spec *have = &container->sections[i].spec;
        uint32_t k = 0;
        while (k < section_count && sections[k].tag != have->tag) k++;
        if (k == section_count && !(have->flags & SABLE_SECTION_SKIPPABLE))
            return sable_fail(err, SABLE_FORMAT,
                              "%s: section %s of %" PRIu64 " bytes is unknown and must not be skipped; "
                              "written by a newer version?",
                              container->where.text, sable_show_tag(have->tag).text, have->length);
    }
    container->expected = true;
    return SABLE_OK;
}

static void start(sable_section_stream *stream, const sable_container *c, const sable_section *section) {
    stream->container = c;
    stream->index = (uint32_t)(section - c->sections);
    stream->done = 0;
    stream->length = section->spec.length;
    sable_hash_init(&stream->hash);
}

sable_status sable_section_begin(sable_section_stream *stream, const sable_container *container, sable_tag tag,
                                 uint64_t length, sable_error *err) {
    if (!stream || !container) return sable_fail(err, SABLE_INVALID, "container: a null argument");
    if (!container->expected && tag != SABLE_TAG_META)
        return sable_fail(err, SABLE_INVALID, "%s: section %s read before the expected sections were stated",
                          container->where.text, sable_show_tag(tag).text);
    const sable_section *section = find(container, tag);
    if (!section)
        return sable_fail(err, SABLE_FORMAT, "%s: section %s of %" PRIu64 " bytes is missing", container->where.text,
                          sable_show_tag(tag).text, length);
    SABLE_TRY(check_length(container, section, length, err));
    start(stream, container, section);
    return SABLE_OK;
}

sable_status sable_section_next(sable_section_stream *stream, void *buffer, uint64_t bytes, sable_error *err) {
    if (!stream || !stream->container || (!buffer && bytes))
        return sable_fail(err, SABLE_INVALID, "container section: a null argument");
    const sable_container *c = stream->container;
    const sable_section *section = &c->sections[stream->index];
    if (bytes > stream->length - stream->done)
        return sable_fail(err, SABLE_INVALID, "%s: section %s: %" PRIu64 " bytes asked for, %" PRIu64 " are left",
                          c->where.text, sable_show_tag(section->spec.tag).text, bytes, stream->length - stream->done);
    uint8_t *to = buffer;
    while (bytes) {
        uint64_t step = bytes < PIECE ? bytes : PIECE;
        SABLE_TRY(sable_container_bytes_at(c, to, step, section->offset + stream->done, err));
        sable_hash_update(&stream->hash, to, (size_t)step);
        to += step;
        bytes -= step;
        stream->done += step;
    }
    return SABLE_OK;
}

sable_status sable_section_end(sable_section_stream *stream, sable_error *err) {
    if (!stream || !stream->container) return sable_fail(err, SABLE_INVALID, "container section: a null argument");
    const sable_container *c = stream->container;
    const sable_section *section = &c->sections[stream->index];
    sable_tag_text tag = sable_show_tag(section->spec.tag);
    if (stream->done != stream->length)
        return sable_fail(err, SABLE_INVALID, "%s: section %s ended after %" PRIu64 " of %" PRIu64 " bytes",
                          c->where.text, tag.text, stream->done, stream->length);
    uint8_t digest[SABLE_HASH_BYTES];
    sable_hash_final(&stream->hash, digest);
    sodium_memzero(&stream->hash, sizeof stream->hash); /* it holds the end of the section, which may be secret */
    stream->container = NULL;
    if (memcmp(digest, section->digest, SABLE_HASH_BYTES))
        return sable_fail(err, SABLE_FORMAT,
                          "%s: section %s (%" PRIu64 " bytes at byte %" PRIu64 ") is damaged: its digest differs",
                          c->where.text, tag.text, section->spec.length, section->offset);
    return SABLE_OK;
}

sable_status sable_container_read(const sable_container *container, sable_tag tag, void *buffer, uint64_t bytes,
                                  sable_error *err) {
    if (!buffer) return sable_fail(err, SABLE_INVALID, "container: buffer is NULL");
    sable_section_stream stream;
    sable_status status = sable_section_begin(&stream, container, tag, bytes, err);
    if (!status) status = sable_section_next(&stream, buffer, bytes, err);
    if (!status) status = sable_section_end(&stream, err);
    if (status) memset(buffer, 0, (size_t)bytes);
    return status;
}

sable_status sable_container_verify(const sable_container *container, sable_error *err) {
    if (!container) return sable_fail(err, SABLE_INVALID, "container: a null argument");
    uint8_t *piece = malloc(PIECE);
    if (!piece) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a read buffer");
    sable_status status = SABLE_OK;
    for (uint32_t i = 0; i < container->info.section_count && !status; i++) {
        sable_section_stream stream;
        start(&stream, container, &container->sections[i]);
        while (!status && stream.done < stream.length) {
            uint64_t left = stream.length - stream.done;
            status = sable_section_next(&stream, piece, left < PIECE ? left : PIECE, err);
        }
        if (!status) status = sable_section_end(&stream, err);
    }
    free(piece);
    return status;
}
