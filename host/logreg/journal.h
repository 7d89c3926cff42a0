/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_LOGREG_JOURNAL_H
#define SABLE_LOGREG_JOURNAL_H
/* What the journal of an unfinished file says (blocks_partial.h), for people: nothing is locked, no piece is read. */
#include "logreg/blocks_file.h"

typedef enum sable_journal_of {
    SABLE_JOURNAL_OTHER = 0, /* a file that no run continues, as OUT.rows.csv */
    SABLE_JOURNAL_BLOCKS,    /* a data set or results */
    SABLE_JOURNAL_DECRYPTED
} sable_journal_of;

typedef struct sable_journal_info {
    sable_journal_of of;
    uint64_t pieces; /* complete */
    uint64_t end;    /* behind the last of them, in the partial file */
    /* blocks only */
    uint32_t kind; /* sable_kind */
    uint32_t flags;
    uint8_t params_digest[SABLE_HASH_BYTES], key_id[SABLE_HASH_BYTES];
    uint8_t meta[BLOCKS_META_BYTES];
} sable_journal_info;

/* Whether these first bytes of a file are those of a journal. */
SABLE_SHARED bool sable_journal_detect(const uint8_t *bytes, size_t have);
/* SABLE_FORMAT for a head that is cut, damaged or of another version; records behind the first bad one do not count. */
SABLE_SHARED SABLE_CHECKED sable_status sable_journal_read(sable_journal_info *info, const char *path,
                                                           sable_error *err);

#endif
