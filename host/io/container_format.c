/* SPDX-License-Identifier: Apache-2.0 */
#include "io/container_format.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/fail.h"
#include "io/bytes.h"

const uint8_t sable_container_magic[SABLE_MAGIC_BYTES] = {0xF5, 'S', 'B', 'L', '\r', '\n', 0x1A, '\n'};

const char *sable_kind_name(unsigned kind) {
    static const char *const names[] = {
        "any",     "parameters", "secret key",      "public key",       "evaluation key", "ciphertext",
        "dataset", "model",      "encrypted model", "key-set manifest", "results",        "encrypted matrix",
    };
    _Static_assert(sizeof names / sizeof *names == SABLE_KIND_LAST + 1, "a kind without a name");
    return kind <= SABLE_KIND_LAST ? names[kind] : "unknown";
}

uint32_t sable_file_flags(unsigned kind) {
    const uint32_t marks = SABLE_FILE_INSECURE | SABLE_FILE_TEST_RNG;
    switch (kind) {
    case SABLE_KIND_PUBLIC_KEY:
    case SABLE_KIND_CIPHERTEXT:
    case SABLE_KIND_DATASET:
    case SABLE_KIND_ENCRYPTED_MODEL:
    case SABLE_KIND_KEYSET:
    case SABLE_KIND_RESULTS:
    case SABLE_KIND_MATRIX: return marks | SABLE_FILE_PACKED;
    default: return marks;
    }
}

static bool tag_character(unsigned c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

sable_tag_text sable_show_tag(sable_tag tag) {
    sable_tag_text shown = {{0}};
    for (int i = 0; i < 4; i++) {
        unsigned c = tag >> (8 * i) & 255;
        shown.text[i] = tag_character(c) ? (char)c : '?';
    }
    return shown;
}

sable_tag sable_tag_indexed(char prefix, unsigned index) {
    static const char digit[] = "0123456789ABCDEF";
    return SABLE_TAG((unsigned char)prefix, digit[index >> 8 & 15], digit[index >> 4 & 15], digit[index & 15]);
}

static bool tag_valid(sable_tag tag) {
    for (int i = 0; i < 4; i++)
        if (!tag_character(tag >> (8 * i) & 255)) return false;
    return true;
}

/* Where a section begins when everything before it ends at byte end. */
static uint64_t aligned(uint64_t end) {
    return (end + SABLE_SECTION_ALIGN - 1) / SABLE_SECTION_ALIGN * SABLE_SECTION_ALIGN;
}

uint64_t sable_container_bytes(const sable_section_spec *sections, uint32_t section_count) {
    uint64_t end = sable_head_bytes(section_count);
    for (uint32_t i = 0; i < section_count; i++) end = aligned(end) + sections[i].length;
    return end;
}

sable_status sable_sections_place(sable_section *sections, uint32_t count, uint64_t *total, const char *where,
                                  sable_error *err) {
    if (!count) return sable_fail(err, SABLE_INVALID, "%s: a container needs at least one section", where);
    if (count > SABLE_SECTIONS_MOST)
        return sable_fail(err, SABLE_LIMIT, "%s: %u sections, at most %u", where, count, SABLE_SECTIONS_MOST);
    uint64_t end = sable_head_bytes(count);
    for (uint32_t i = 0; i < count; i++) {
        sable_section_spec spec = sections[i].spec;
        sable_tag_text name = sable_show_tag(spec.tag);
        if (!tag_valid(spec.tag))
            return sable_fail(err, SABLE_INVALID, "%s: section %u: tag %08x is not four of A-Z 0-9", where, i,
                              spec.tag);
        if (spec.flags & ~SABLE_SECTION_SKIPPABLE)
            return sable_fail(err, SABLE_INVALID, "%s: section %s: unknown flags %08x", where, name.text, spec.flags);
        if (spec.tag == SABLE_TAG_META && i)
            return sable_fail(err, SABLE_INVALID, "%s: section META is number %u and must come first", where, i);
        for (uint32_t j = 0; j < i; j++) /* 4096 tags: 8 million comparisons, some milliseconds */
            if (sections[j].spec.tag == spec.tag)
                return sable_fail(err, SABLE_INVALID, "%s: section %s occurs twice, as %u and %u", where, name.text, j,
                                  i);
        if (!spec.length) return sable_fail(err, SABLE_INVALID, "%s: section %s is empty", where, name.text);
        uint64_t start = aligned(end);
        /* start < 2^63 + 256, because end < 2^63: no overflow above, none below */
        if (start > INT64_MAX || spec.length > INT64_MAX - start)
            return sable_fail(err, SABLE_LIMIT, "%s: section %s of %" PRIu64 " bytes ends beyond 2^63", where,
                              name.text, spec.length);
        sections[i].offset = start;
        end = start + spec.length;
    }
    *total = end;
    return SABLE_OK;
}

void sable_head_encode(uint8_t *bytes, const sable_container_info *info, const sable_section *sections) {
    memcpy(bytes, sable_container_magic, SABLE_MAGIC_BYTES);
    sable_put_u16(bytes + 8, SABLE_CONTAINER_VERSION);
    sable_put_u16(bytes + 10, (uint16_t)info->kind);
    sable_put_u32(bytes + 12, info->flags);
    sable_put_u64(bytes + 16, info->total_bytes);
    memcpy(bytes + 24, info->params_digest, SABLE_HASH_BYTES);
    memcpy(bytes + 56, info->key_id, SABLE_HASH_BYTES);
    sable_put_u32(bytes + 88, info->section_count);
    sable_put_u32(bytes + 92, 0);
    uint8_t *entry = bytes + SABLE_HEADER_BYTES;
    for (uint32_t i = 0; i < info->section_count; i++, entry += SABLE_ENTRY_BYTES) {
        sable_put_u32(entry, sections[i].spec.tag);
        sable_put_u32(entry + 4, sections[i].spec.flags);
        sable_put_u64(entry + 8, sections[i].offset);
        sable_put_u64(entry + 16, sections[i].spec.length);
        memcpy(entry + 24, sections[i].digest, SABLE_HASH_BYTES);
    }
    sable_hash(entry, bytes, (size_t)(entry - bytes));
}

static uint32_t section_limit(sable_kind kind, unsigned file_kind, const sable_container_limits *limits) {
    if (limits && limits->max_sections)
        return limits->max_sections < SABLE_SECTIONS_MOST ? limits->max_sections : SABLE_SECTIONS_MOST;
    unsigned known = kind == SABLE_KIND_ANY ? file_kind : (unsigned)kind;
    return known == SABLE_KIND_DATASET ? SABLE_SECTIONS_MOST : SABLE_SECTIONS_USUAL;
}

sable_status sable_header_decode(sable_container_info *info, const uint8_t *bytes, size_t have, uint64_t file_bytes,
                                 sable_kind kind, const sable_container_limits *limits, const char *where,
                                 sable_error *err) {
    if (!have) return sable_fail(err, SABLE_FORMAT, "%s: is empty", where);
    size_t compare = have < SABLE_MAGIC_BYTES ? have : SABLE_MAGIC_BYTES;
    if (memcmp(bytes, sable_container_magic, compare))
        return sable_fail(err, SABLE_FORMAT, "%s: is no Sable file: it seems to be %s", where,
                          sable_foreign_kind(bytes, have));
    if (have < SABLE_HEADER_BYTES)
        return sable_fail(err, SABLE_FORMAT, "%s: truncated header: %zu bytes of %d", where, have, SABLE_HEADER_BYTES);
    unsigned version = sable_get_u16(bytes + 8);
    if (version == SABLE_CONTAINER_VERSION << 8)
        return sable_fail(err, SABLE_FORMAT, "%s: endianness: version at byte 8 is written high byte first", where);
    if (version != SABLE_CONTAINER_VERSION)
        return sable_fail(err, SABLE_FORMAT, "%s: version at byte 8 is %u, and this build reads version %d", where,
                          version, SABLE_CONTAINER_VERSION);
    info->kind = sable_get_u16(bytes + 10);
    info->flags = sable_get_u32(bytes + 12);
    info->total_bytes = sable_get_u64(bytes + 16);
    memcpy(info->params_digest, bytes + 24, SABLE_HASH_BYTES);
    memcpy(info->key_id, bytes + 56, SABLE_HASH_BYTES);
    info->section_count = sable_get_u32(bytes + 88);
    if (info->total_bytes != file_bytes)
        return sable_fail(err, SABLE_FORMAT, "%s: header at byte 16 says %" PRIu64 " bytes, the file has %" PRIu64 "%s",
                          where, info->total_bytes, file_bytes,
                          file_bytes < info->total_bytes ? ": truncated, or damaged" : "");
    if (sable_get_u32(bytes + 92))
        return sable_fail(err, SABLE_FORMAT, "%s: bytes 92..95 are reserved and not zero", where);
    uint32_t most = section_limit(kind, info->kind, limits);
    if (!info->section_count || info->section_count > most)
        return sable_fail(err, SABLE_FORMAT, "%s: section count at byte 88 is %u, expected 1..%u", where,
                          info->section_count, most);
    if (sable_head_bytes(info->section_count) > file_bytes)
        return sable_fail(err, SABLE_FORMAT,
                          "%s: the table of %u sections needs %" PRIu64 " bytes, the file has %" PRIu64, where,
                          info->section_count, sable_head_bytes(info->section_count), file_bytes);
    return SABLE_OK;
}

sable_status sable_table_decode(sable_section *sections, const sable_container_info *info, const uint8_t *bytes,
                                sable_kind kind, const sable_container_limits *limits, const char *where,
                                sable_error *err) {
    size_t hashed = (size_t)sable_head_bytes(info->section_count) - SABLE_HASH_BYTES;
    uint8_t digest[SABLE_HASH_BYTES];
    sable_hash(digest, bytes, hashed);
    if (memcmp(digest, bytes + hashed, SABLE_HASH_BYTES))
        return sable_fail(err, SABLE_FORMAT, "%s: the header is damaged: its digest at byte %zu differs", where,
                          hashed);
    if (!info->kind || info->kind > SABLE_KIND_LAST)
        return sable_fail(err, SABLE_FORMAT, "%s: kind %u at byte 10 is unknown; written by a newer version?", where,
                          info->kind);
    if (kind != SABLE_KIND_ANY && info->kind != (unsigned)kind)
        return sable_fail(err, SABLE_FORMAT, "%s: holds kind %u (%s), expected %u (%s)", where, info->kind,
                          sable_kind_name(info->kind), (unsigned)kind, sable_kind_name(kind));
    const uint32_t unknown = info->flags & ~sable_file_flags(info->kind);
    if (unknown)
        return sable_fail(err, SABLE_FORMAT, "%s: unknown flags %08x at byte 12; written by a newer version?", where,
                          unknown);
    const uint8_t *entry = bytes + SABLE_HEADER_BYTES;
    for (uint32_t i = 0; i < info->section_count; i++, entry += SABLE_ENTRY_BYTES) {
        sections[i].spec =
            (sable_section_spec){sable_get_u32(entry), sable_get_u32(entry + 4), sable_get_u64(entry + 16)};
        memcpy(sections[i].digest, entry + 24, SABLE_HASH_BYTES);
    }
    uint64_t total;
    if (sable_sections_place(sections, info->section_count, &total, where, err)) {
        if (err) err->code = SABLE_FORMAT; /* the sentence fits, but here the file is at fault, not an argument */
        return SABLE_FORMAT;
    }
    entry = bytes + SABLE_HEADER_BYTES;
    for (uint32_t i = 0; i < info->section_count; i++, entry += SABLE_ENTRY_BYTES)
        if (sable_get_u64(entry + 8) != sections[i].offset)
            return sable_fail(err, SABLE_FORMAT, "%s: section %s: offset %" PRIu64 ", expected %" PRIu64, where,
                              sable_show_tag(sections[i].spec.tag).text, sable_get_u64(entry + 8), sections[i].offset);
    if (total != info->total_bytes)
        return sable_fail(err, SABLE_FORMAT, "%s: the last section ends at byte %" PRIu64 ", the file at %" PRIu64,
                          where, total, info->total_bytes);
    if (limits && limits->max_bytes && total > limits->max_bytes)
        return sable_fail(err, SABLE_LIMIT, "%s: %" PRIu64 " bytes, at most %" PRIu64 " are accepted", where, total,
                          limits->max_bytes);
    return SABLE_OK;
}
