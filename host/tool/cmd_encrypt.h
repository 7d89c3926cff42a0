/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_CMD_ENCRYPT_H
#define SABLE_TOOL_CMD_ENCRYPT_H
/* What encrypting data and encrypting a model share, and the two readings of a table. */
#include "io/show.h"
#include "logreg/blocks_partial.h"
#include "sable/dataset.h"
#include "tool/data_source.h"
#include "tool/session.h"
#include "tool/workspace.h"

typedef struct encrypt {
    const char *keys, *params, *secret_file, *out, *model, *model_weights;
    bool use_public, level_given, probabilities;
    uint32_t packing, level;
    double bound, range, data_bound;
    data_source source;
    workspace w;
    session s;
    sable_secret *secret; /* one of the two */
    sable_public_key *public_key;
    sable_pt *pt;
    sable_ct *ct;
} encrypt;

/* ct = values [members][slots] at a level, encrypted with the key that was chosen. */
sable_status encrypt_values(encrypt *e, sable_ct *ct, const double *values, uint32_t members, uint32_t level,
                            double bound);
/* The largest |value| that a ciphertext at this level holds. */
sable_status encrypt_room(encrypt *e, uint32_t level, double *most);
/* The smallest power of two that is not below value; 2^-20 at least. */
double power_above(double value);

sable_status encrypt_model(encrypt *e); /* cmd_encrypt_model.c */

/* -- tables: read twice, row by row, never held (cmd_encrypt_rows.c) ----------------------------------------------- */

typedef struct encrypt_rows {
    sable_rows *rows;
    sable_model *model; /* standardises, or NULL */
    size_t features;
    uint64_t count;        /* rows so far */
    sable_hash_state hash; /* of all their values, standardised: tells one table from another */
} encrypt_rows;
/* r is zero before. */
sable_status encrypt_rows_open(encrypt *e, encrypt_rows *r);
/* As sable_rows_next. */
sable_status encrypt_rows_next(encrypt *e, encrypt_rows *r, double *values, double *label, const char **id, int *more);
void encrypt_rows_close(encrypt_rows *r);

/* What the first reading finds, and the file of ids and labels that it writes. */
typedef struct encrypt_scan {
    uint64_t samples;
    size_t features;
    double largest; /* by size, with its sign */
    uint64_t row;   /* where, counted from 1 */
    size_t column;
    sable_shown name; /* of the column */
    uint8_t digest[SABLE_HASH_BYTES];
    char *rows_path;     /* OUT.rows.csv, or NULL: neither ids nor labels */
    uint64_t rows_bytes; /* of that file */
    sable_partial rows;
} encrypt_scan;
/* scan is zero before; clear removes the file unless it was committed. */
sable_status encrypt_scan_table(encrypt *e, encrypt_scan *scan);
void encrypt_scan_clear(encrypt_scan *scan);

/* The second reading (cmd_encrypt_blocks.c). *resumed: blocks that an earlier run had made. */
sable_status encrypt_blocks(encrypt *e, const encrypt_scan *scan, const sable_blocks_info *info, uint32_t *resumed);

/* -- before any work (cmd_encrypt_dry.c) --------------------------------------------------------------------------- */

/* What is encrypted in one go: a block of data, or the weights and then the bias of a model. */
typedef struct encrypt_piece {
    uint32_t members, level;
    double bound;
} encrypt_piece;
/* SABLE_LIMIT when these pieces, held at the same time, take more than --memory with `held` bytes of values beside them:
 * found out on a planning session. */
sable_status encrypt_check_room(encrypt *e, const encrypt_piece *piece, size_t count, uint64_t held);
/* --dry-run: seconds are those that the first reading of the table took. */
sable_status encrypt_dry(encrypt *e, const encrypt_scan *scan, const sable_blocks_info *info, double seconds);
sable_status encrypt_dry_model(encrypt *e, const sable_encrypted_model *model, const encrypt_piece piece[2]);
/* Steps and files of both, on a planning session whose prices are known; e->ct and bias have the shapes then. */
sable_status encrypt_plan_data(encrypt *e, const encrypt_scan *scan, const sable_blocks_info *info, double seconds);
sable_status encrypt_plan_model(encrypt *e, sable_ct *bias, const encrypt_piece piece[2]);
/* Length of the file of blocks. */
sable_status encrypt_file_bytes(encrypt *e, const sable_blocks_info *info, uint64_t *bytes);
/* Bytes of values that are held beside one block: its slots and its rows. */
uint64_t encrypt_held_bytes(const sable_layout *layout);

#endif
