/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_CMD_DECRYPT_H
#define SABLE_TOOL_CMD_DECRYPT_H
/* Decrypted rows on their way to a file, block by block (cmd_decrypt_output.c). */
#include "io/csv_text.h"
#include "logreg/blocks_partial.h"
#include "sable/dataset.h"
#include "sable/io.h"
#include "tool/options.h"
#include "tool/session.h"
#include "tool/workspace.h"

/* Names and labels that `encrypt` kept for the owner: read twice, never held. */
typedef struct row_names {
    const char *path; /* NULL: no such file */
    bool ids, labels; /* what it has */
    sable_rows *rows; /* the second reading */
    uint64_t next;    /* row that it gives next */
    uint8_t digest[SABLE_HASH_BYTES];
} row_names;
/* The first reading: as many rows as samples, in order. path may be NULL. */
sable_status row_names_read(row_names *names, const char *path, uint64_t samples, sable_error *err);
/* Row `index`, not below the one before. id is valid until the next call. */
sable_status row_names_at(row_names *names, uint64_t index, double *label, const char **id, sable_error *err);
void row_names_close(row_names *names);

enum { TALLY_CORRECT, TALLY_LABELLED, TALLY_CLASSES };
typedef struct decrypt_output {
    const char *path;
    const sable_blocks_info *info;
    row_names *names;
    const text_list *class_names; /* count 0: numbers */
    double threshold;             /* binary probabilities above it are class 1 */
    bool npy;
    uint32_t columns; /* values a row: classes or features */
    uint32_t classes; /* of predictions; 0: a data set */
    uint32_t resumed; /* blocks that an earlier run had written */
    uint32_t done;    /* blocks in the file */
    uint64_t *tally;  /* [TALLY_CLASSES + classes]: the journal keeps it with every block; freed by the caller */
    uint8_t *payload; /* the same as bytes */
    sable_partial file;
    sable_text text;
} decrypt_output;

enum { NPY_HEAD = 128 };

/* origin: digests of the data and of everything else the rows depend on. Continues an earlier run that had the same. */
sable_status decrypt_output_open(decrypt_output *out, const uint8_t origin[2 * SABLE_HASH_BYTES], sable_error *err);
/* values[count][columns] of block `index`, logits already multiplied by the factor. */
sable_status decrypt_output_block(decrypt_output *out, uint32_t index, const double *values, size_t count,
                                  sable_error *err);
sable_status decrypt_output_finish(decrypt_output *out, sable_error *err);
/* Whatever the outcome; an unfinished file is removed unless it is to be kept. */
void decrypt_output_close(decrypt_output *out, bool keep);

typedef struct decrypt {
    const char *keys, *secret_file, *params, *data, *out, *rows;
    double threshold;
    bool accept_transparent;
    text_list class_names;
    workspace w;
    session s;
    sable_secret *secret;
    sable_blocks *blocks;
    sable_ct *ct;
    row_names names;
} decrypt;

/* -- before any work (cmd_decrypt_dry.c) --------------------------------------------------------------------------- */

/* SABLE_LIMIT when the command takes more than --memory: found out on a planning session. */
sable_status decrypt_check_room(decrypt *d);
/* Least length of the file: of NPY the exact one, of CSV that of one character a value. */
uint64_t decrypt_file_bytes(const decrypt *d, const decrypt_output *out);
/* Most length of a table. */
uint64_t decrypt_csv_most(const decrypt *d, const decrypt_output *out);
/* Bytes of values in the clear, and of their text, that are held beside one block. */
uint64_t decrypt_held_bytes(const sable_blocks_info *info, bool npy);
/* --dry-run: seconds are those that reading --rows took. */
sable_status decrypt_dry(decrypt *d, const decrypt_output *out, double seconds);

#endif
