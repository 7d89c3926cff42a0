/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_IO_SHAPE_H
#define SABLE_IO_SHAPE_H
/* What a table file holds, without knowing what for: format, type and shape of CSV, NPY and IDX files, gzip or not. The
 * file is read to its end, so that a cut one is noticed wherever its format can tell. */
#include "io/csv_reader.h"
#include "io/rows.h"

typedef struct sable_table_shape {
    sable_table_format format; /* never AUTO */
    /* NPY, IDX */
    sable_npy_header npy;
    sable_idx_header idx;
    /* CSV */
    char delimiter; /* , ; or TAB: whichever the first line has most of */
    bool has_header;
    char **names;             /* [columns] with a header line, else NULL */
    uint64_t numeric_columns; /* every cell a number */
    /* all */
    uint64_t rows, columns; /* without the header line; of an IDX file: samples, values of one */
} sable_table_shape;

/* SABLE_FORMAT when the file is no such table, or is cut or damaged. */
SABLE_SHARED SABLE_CHECKED sable_status sable_table_shape_read(sable_table_shape *shape, const char *path,
                                                               sable_error *err);
SABLE_SHARED void sable_table_shape_clear(sable_table_shape *shape);

#endif
