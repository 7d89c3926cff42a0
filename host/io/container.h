/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_IO_CONTAINER_H
#define SABLE_IO_CONTAINER_H
/* Sable container v1: the one file format of parameters, keys, ciphertexts, datasets and models. docs/FORMAT.md is its
 * specification; in short, all little-endian, fixed width:
 *
 *      byte  size
 *         0     8   magic F5 'S' 'B' 'L' 0D 0A 1A 0A: no text, and damaged by every text-mode transfer
 *         8     2   format version = 1
 *        10     2   kind (enum below)
 *        12     4   flags (SABLE_FILE_...)
 *        16     8   total length = the file's length
 *        24    32   parameter digest (zero where none applies)
 *        56    32   key id (zero where none applies)
 *        88     4   section count n, 1 .. 4096
 *        92     4   zero
 *        96   56n   section table, an entry being  tag 4 | flags 4 | offset 8 | length 8 | BLAKE2b-256 of section 32
 *    96+56n    32   BLAKE2b-256 of all bytes before
 *         ...       zeros up to a multiple of 256; section 1; zeros up to a multiple of 256; section 2; ...; section n
 *
 * Sections stand in table order, none empty, each at the first multiple of 256 that is free: offsets follow from the
 * lengths, so that nothing can overlap or hide between. The file ends with the last byte of the last section. Tags are
 * four characters of A-Z 0-9, all different; META, where there is one, comes first and holds the kind's fixed struct.
 *
 * A digest detects corruption, never forgery. io knows no kind's content: each layer writes and reads its own through
 * these functions and checks every value it reads. */
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/shared.h"

#define SABLE_CONTAINER_VERSION 1
#define SABLE_SECTIONS_MOST     4096 /* in any file */
#define SABLE_SECTIONS_USUAL    64   /* what open accepts, datasets aside, unless the limits say more */

/* Values are stable: never renumbered, only added to. */
typedef enum sable_kind {
    SABLE_KIND_ANY = 0, /* as an argument of open; never in a file */
    SABLE_KIND_PARAMS = 1,
    SABLE_KIND_SECRET_KEY = 2,
    SABLE_KIND_PUBLIC_KEY = 3,
    SABLE_KIND_EVALUATION_KEY = 4,
    SABLE_KIND_CIPHERTEXT = 5,
    SABLE_KIND_DATASET = 6,
    SABLE_KIND_MODEL = 7,
    SABLE_KIND_ENCRYPTED_MODEL = 8,
    SABLE_KIND_KEYSET = 9,
    SABLE_KIND_RESULTS = 10,
    SABLE_KIND_MATRIX = 11, /* encrypted */
    SABLE_KIND_LAST = SABLE_KIND_MATRIX
} sable_kind;

/* "ciphertext", "secret key", ...; "unknown" for other values. */
SABLE_SHARED const char *sable_kind_name(unsigned kind);

#define SABLE_FILE_INSECURE 1u /* parameters below the security policy */
#define SABLE_FILE_TEST_RNG 2u /* made with the seedable generator of the test tool */
#define SABLE_FILE_PACKED   4u /* residues in 30 bits each (io/residues.h); in kinds that hold residues only */
/* All that a file of this kind may have: others are refused. */
SABLE_SHARED uint32_t sable_file_flags(unsigned kind);

typedef uint32_t sable_tag;
#define SABLE_TAG(a, b, c, d) ((sable_tag)(a) | (sable_tag)(b) << 8 | (sable_tag)(c) << 16 | (sable_tag)(d) << 24)
#define SABLE_TAG_META        SABLE_TAG('M', 'E', 'T', 'A')
/* The index-th section of a series: prefix and three upper-case hexadecimal digits, index < 4096. */
SABLE_SHARED sable_tag sable_tag_indexed(char prefix, unsigned index);

#define SABLE_SECTION_SKIPPABLE 1u /* in the file: a reader that does not know the tag may ignore it; others refuse */
#define SABLE_SECTION_OPTIONAL  2u /* in sable_container_expect only: may be absent */

typedef struct sable_section_spec {
    sable_tag tag;
    uint32_t flags;
    uint64_t length; /* bytes, at least 1 */
} sable_section_spec;

/* Length of a file with these sections, all of them together below 2^62 bytes. */
SABLE_SHARED uint64_t sable_container_bytes(const sable_section_spec *sections, uint32_t section_count);

/* A writer reads kind to key_id; open fills everything. */
typedef struct sable_container_info {
    unsigned kind;
    uint32_t flags;
    uint8_t params_digest[SABLE_HASH_BYTES];
    uint8_t key_id[SABLE_HASH_BYTES];
    uint32_t section_count;
    uint64_t total_bytes;
} sable_container_info;

/* ---- Writing ----
 * Sections are declared at create with their exact lengths and then filled in that order, in pieces of any size; memory
 * use does not depend on the lengths. The target is replaced by finish and otherwise untouched (io/temp.h). A failed
 * call leaves only abort (or finish, which then fails and aborts). */
typedef struct sable_container_writer sable_container_writer;

/* mode: 0600 for anything secret, else 0644. SABLE_INVALID, SABLE_LIMIT, SABLE_IO, SABLE_NO_MEMORY; no room on the disk
 * for the whole file is noticed here where the file system can tell. */
SABLE_SHARED SABLE_CHECKED sable_status sable_container_writer_create(sable_container_writer **out, const char *path,
                                                                      unsigned mode, const sable_container_info *info,
                                                                      const sable_section_spec *sections,
                                                                      uint32_t section_count, sable_error *err);
/* The next section, whose tag must be this one. */
SABLE_SHARED SABLE_CHECKED sable_status sable_container_writer_begin(sable_container_writer *writer, sable_tag tag,
                                                                     sable_error *err);
SABLE_SHARED SABLE_CHECKED sable_status sable_container_writer_append(sable_container_writer *writer, const void *data,
                                                                      uint64_t bytes, sable_error *err);
/* Refused (SABLE_INVALID) unless the declared length was written. */
SABLE_SHARED SABLE_CHECKED sable_status sable_container_writer_end(sable_container_writer *writer, sable_error *err);
/* begin, append, end. */
SABLE_SHARED SABLE_CHECKED sable_status sable_container_writer_section(sable_container_writer *writer, sable_tag tag,
                                                                       const void *data, uint64_t bytes,
                                                                       sable_error *err);
/* All sections must have ended. Releases the writer and sets it to NULL, whatever the outcome. */
SABLE_SHARED SABLE_CHECKED sable_status sable_container_writer_finish(sable_container_writer **writer,
                                                                      sable_error *err);
SABLE_SHARED void sable_container_writer_abort(sable_container_writer **writer); /* NULL is a no-op */

/* ---- Reading ----
 * open believes nothing: the fixed header is checked on the stack, the table's size against the limits before memory is
 * taken for it (at most 0.5 MiB), the digest before any entry is used, offsets and zero padding exactly. After open
 * the object is immutable but for expect: several threads may read sections of one container. */
typedef struct sable_container sable_container;

typedef struct sable_container_limits {
    uint32_t max_sections; /* 0: 4096 for datasets, 64 for others */
    uint64_t max_bytes;    /* of the file; 0: no limit. SABLE_LIMIT beyond */
} sable_container_limits;

/* kind: the only one accepted, or SABLE_KIND_ANY. limits may be NULL. Returns SABLE_FORMAT for everything that is no
 * sound container of that kind, the sentence naming the file, what, where, expected and got. */
SABLE_SHARED SABLE_CHECKED sable_status sable_container_open(sable_container **out, const char *path, sable_kind kind,
                                                             const sable_container_limits *limits, sable_error *err);
/* The same over bytes in memory, borrowed until close; name stands for the path in sentences. */
SABLE_SHARED SABLE_CHECKED sable_status sable_container_open_bytes(sable_container **out, const void *data,
                                                                   uint64_t bytes, const char *name, sable_kind kind,
                                                                   const sable_container_limits *limits,
                                                                   sable_error *err);
SABLE_SHARED void sable_container_close(sable_container **container); /* NULL is a no-op */

SABLE_SHARED const sable_container_info *sable_container_get_info(const sable_container *container);
/* Section index < section_count: tag, flags and length as the file claims them. */
SABLE_SHARED sable_section_spec sable_container_section(const sable_container *container, uint32_t index);
/* Header and table only, for `inspect`: any kind, up to 4096 sections. */
SABLE_SHARED SABLE_CHECKED sable_status sable_container_peek(sable_container_info *info, const char *path,
                                                             sable_error *err);
/* Reads the whole file and checks every section's digest. */
SABLE_SHARED SABLE_CHECKED sable_status sable_container_verify(const sable_container *container, sable_error *err);

/* SABLE_PARAMS_MISMATCH, SABLE_KEY_MISMATCH. */
SABLE_SHARED SABLE_CHECKED sable_status sable_container_require_params(const sable_container *container,
                                                                       const uint8_t params_digest[SABLE_HASH_BYTES],
                                                                       sable_error *err);
SABLE_SHARED SABLE_CHECKED sable_status sable_container_require_key(const sable_container *container,
                                                                    const uint8_t key_id[SABLE_HASH_BYTES],
                                                                    sable_error *err);

/* States the sections that the caller knows, with the exact lengths it computed from trusted parameters: every one of
 * them must be there (OPTIONAL ones may not be) with that length, and no other that is not SKIPPABLE: SABLE_FORMAT.
 * Needed before any section but META is read, and META belongs in the list again. */
SABLE_SHARED SABLE_CHECKED sable_status sable_container_expect(sable_container *container,
                                                               const sable_section_spec *sections,
                                                               uint32_t section_count, sable_error *err);
SABLE_SHARED int sable_container_has(const sable_container *container, sable_tag tag);

/* Reads a whole section of exactly bytes and checks its digest. buffer is staging memory of the caller's: on failure it
 * is zeroed, and nothing of the file was believed. */
SABLE_SHARED SABLE_CHECKED sable_status sable_container_read(const sable_container *container, sable_tag tag,
                                                             void *buffer, uint64_t bytes, sable_error *err);

/* The same in pieces. What next delivers is not to be believed before end has returned SABLE_OK. The stream is a plain
 * value, with nothing to release. */
typedef struct sable_section_stream {
    const sable_container *container;
    uint32_t index;
    uint64_t done, length;
    sable_hash_state hash;
} sable_section_stream;

SABLE_SHARED SABLE_CHECKED sable_status sable_section_begin(sable_section_stream *stream,
                                                            const sable_container *container, sable_tag tag,
                                                            uint64_t length, sable_error *err);
SABLE_SHARED SABLE_CHECKED sable_status sable_section_next(sable_section_stream *stream, void *buffer, uint64_t bytes,
                                                           sable_error *err);
/* Everything must have been read; SABLE_FORMAT when the digest differs. */
SABLE_SHARED SABLE_CHECKED sable_status sable_section_end(sable_section_stream *stream, sable_error *err);

#endif
