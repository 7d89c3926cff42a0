/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_LOGREG_BLOCKS_PARTIAL_H
#define SABLE_LOGREG_BLOCKS_PARTIAL_H
/* A file that is made over hours, appears whole or not at all, and survives the death of its process: PATH.partial
 * grows piece by piece and is renamed over PATH at the end; PATH.partial.journal says which pieces are complete and
 * on the disk. Names are fixed, so that the next run finds them and a second process that writes the same file is
 * refused (a lock on the partial file, which dies with its process).
 *
 * Journal, little-endian: "SABLEJNL" 8 | version 4 | setup bytes 4 | payload bytes 4 | zero 4 | setup | BLAKE2b-256
 * of all before; then a record a piece: begin 8 | end 8 | BLAKE2b-256 of the piece 32 | payload | BLAKE2b-256 of
 * header digest and record before 32. A record is written after its piece is on the disk. A reader believes a record
 * only after it has read the piece again: torn writes cost the piece, nothing else. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

#define JOURNAL_MAGIC "SABLEJNL"
enum {
    JOURNAL_MAGIC_BYTES = 8,
    JOURNAL_VERSION = 1,
    JOURNAL_FIXED = 24,                  /* bytes of the head before the setup */
    JOURNAL_MARK = 16 + SABLE_HASH_BYTES /* of a record before the payload */
};

typedef struct sable_partial {
    char *path;              /* of the target: for sentences */
    char *name, *part, *log; /* of the target, the partial file and the journal in their folder */
    int folder, fd, journal; /* descriptors; -1 */
    uint64_t begin, end;     /* of the piece that is being written; end is where the next byte goes */
    uint64_t journal_end;    /* behind the last good record */
    sable_hash_state hash;   /* of the piece so far */
    size_t payload_bytes;
    uint8_t head[SABLE_HASH_BYTES]; /* the journal header's digest, part of every record's */
    uint8_t *record;                /* room for one */
    bool recorded;                  /* pieces are entered in the journal */
    bool failed;
} sable_partial;

/* Names and folder; nothing is made yet. A target that exists must be a regular file. After any failure of any
 * function only abort, suspend and release make sense. SABLE_INVALID, SABLE_IO, SABLE_NO_MEMORY. */
SABLE_SHARED SABLE_CHECKED sable_status sable_partial_open(sable_partial *partial, const char *path, sable_error *err);
/* Empty files; what an earlier run left is removed, and only that: a partial file of somebody else's has no journal and
 * is refused. mode: 0600 or 0644. setup: what a later run compares; NULL: the journal only says whose the partial file
 * is, and no later run continues it. payload_bytes: of every record. */
SABLE_SHARED SABLE_CHECKED sable_status sable_partial_start(sable_partial *partial, unsigned mode, const void *setup,
                                                            size_t setup_bytes, size_t payload_bytes, sable_error *err);
/* Opens what an earlier run left and reads its setup; *found = false when there is nothing of this shape, and then
 * start makes it anew. */
SABLE_SHARED SABLE_CHECKED sable_status sable_partial_continue(sable_partial *partial, unsigned mode, void *setup,
                                                               size_t setup_bytes, size_t payload_bytes, bool *found,
                                                               sable_error *err);
/* After continue: the next piece that is sound, its digest and payload (may be NULL); *more = false behind the last. */
SABLE_SHARED SABLE_CHECKED sable_status sable_partial_next(sable_partial *partial, uint8_t digest[SABLE_HASH_BYTES],
                                                           void *payload, bool *more, sable_error *err);
/* Cuts off what lies behind the last sound piece; the next byte goes there. */
SABLE_SHARED SABLE_CHECKED sable_status sable_partial_settle(sable_partial *partial, sable_error *err);

/* Sets space aside, so that a full disk is noticed before the work. */
SABLE_SHARED SABLE_CHECKED sable_status sable_partial_reserve(sable_partial *partial, uint64_t bytes, sable_error *err);
/* A new piece begins here, at or behind the end; zeros in between. */
SABLE_SHARED void sable_partial_seek(sable_partial *partial, uint64_t offset);
SABLE_SHARED SABLE_CHECKED sable_status sable_partial_write(sable_partial *partial, const void *data, size_t bytes,
                                                            sable_error *err);
/* The piece is complete: on the disk first, then in the journal. digest may be NULL. */
SABLE_SHARED SABLE_CHECKED sable_status sable_partial_checkpoint(sable_partial *partial, const void *payload,
                                                                 uint8_t digest[SABLE_HASH_BYTES], sable_error *err);
/* Outside the pieces: never hashed. */
SABLE_SHARED SABLE_CHECKED sable_status sable_partial_write_at(sable_partial *partial, const void *data, size_t bytes,
                                                               uint64_t offset, sable_error *err);

/* Flush, rename, flush the folder, remove the journal; releases everything. On failure the target is what it was, and
 * abort or suspend decides about the pieces, which are as safe as they were; but for one failure that the sentence names:
 * the file is in place and its folder could not be flushed. */
SABLE_SHARED SABLE_CHECKED sable_status sable_partial_commit(sable_partial *partial, sable_error *err);
SABLE_SHARED void sable_partial_abort(
    sable_partial *partial); /* removes both files; a no-op on a zeroed or released one */
SABLE_SHARED void sable_partial_suspend(sable_partial *partial); /* leaves both files for a later run */

#endif
