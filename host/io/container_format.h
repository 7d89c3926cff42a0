/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_IO_CONTAINER_FORMAT_H
#define SABLE_IO_CONTAINER_FORMAT_H
/* The bytes of a container's header and table (io/container.h draws them), for the writer and the reader. Pure: no
 * files, no allocation. */
#include "io/container.h"

enum { SABLE_HEADER_BYTES = 96, SABLE_ENTRY_BYTES = 56, SABLE_SECTION_ALIGN = 256, SABLE_MAGIC_BYTES = 8 };

typedef struct sable_section {
    sable_section_spec spec;
    uint64_t offset;
    uint8_t digest[SABLE_HASH_BYTES];
} sable_section;

/* Bytes of header, table and header digest: at most 229,504. */
static inline uint64_t sable_head_bytes(uint32_t sections) {
    return SABLE_HEADER_BYTES + (uint64_t)SABLE_ENTRY_BYTES * sections + SABLE_HASH_BYTES;
}

/* Sets the offsets that the lengths imply, and *total. SABLE_INVALID for a bad or repeated tag, an unknown flag, a META
 * that is not first, an empty section; SABLE_LIMIT for more than 4096 sections or 2^63 - 1 bytes. where: a name for
 * sentences. */
SABLE_CHECKED sable_status sable_sections_place(sable_section *sections, uint32_t count, uint64_t *total,
                                                const char *where, sable_error *err);

/* Writes sable_head_bytes(info->section_count) bytes, the digest over them included. */
void sable_head_encode(uint8_t *bytes, const sable_container_info *info, const sable_section *sections);

/* Reads the fixed header out of the first have bytes of a file of file_bytes bytes. Refuses everything but a total
 * length equal to file_bytes, a section count of 1 to the limit and a table that fits; what remains to be checked is
 * left to sable_table_decode, behind the digest. SABLE_FORMAT, SABLE_LIMIT. */
SABLE_CHECKED sable_status sable_header_decode(sable_container_info *info, const uint8_t *bytes, size_t have,
                                               uint64_t file_bytes, sable_kind kind,
                                               const sable_container_limits *limits, const char *where,
                                               sable_error *err);
/* bytes: header, table and digest; info: what sable_header_decode made of them. Checks the digest, then kind and flags,
 * then every entry: sections are as sable_sections_place would put them. SABLE_FORMAT, SABLE_LIMIT. */
SABLE_CHECKED sable_status sable_table_decode(sable_section *sections, const sable_container_info *info,
                                              const uint8_t *bytes, sable_kind kind,
                                              const sable_container_limits *limits, const char *where,
                                              sable_error *err);

/* What a file seems to be that does not begin with the magic, as a noun ("a gzip archive"); never NULL. */
const char *sable_foreign_kind(const uint8_t *bytes, size_t have);

/* The four characters of a tag, '?' for those that are not A-Z 0-9. */
typedef struct sable_tag_text {
    char text[5];
} sable_tag_text;
sable_tag_text sable_show_tag(sable_tag tag);

extern const uint8_t sable_container_magic[SABLE_MAGIC_BYTES];

#endif
