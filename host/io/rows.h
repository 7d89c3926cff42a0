/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_IO_ROWS_H
#define SABLE_IO_ROWS_H
/* What a reader of one file format offers to rows.c, which adds what all formats share: the choice of the format, the
 * companion file of labels, the limit on rows. */
#include <stdbool.h>

#include "base/shared.h"
#include "io/npy_header.h"
#include "io/source.h"
#include "sable/io.h"

typedef struct sable_row_format {
    void *self;
    size_t features; /* at least 1 */
    char **names;    /* [features], owned by self; or NULL */
    bool has_labels, has_ids;
    uint64_t underflows;
    /* One row. values [features]; *label and *id are set where has_labels and has_ids. *more = false after the last
     * row, once the file's end was found sound. */
    sable_status (*next)(struct sable_row_format *format, double *values, double *label, const char **id, bool *more,
                         sable_error *err);
    void (*close)(struct sable_row_format *format);
} sable_row_format;

/* Each reads the header and fills *format; the source stays the caller's and must outlive the format. options is
 * complete (all limits set). On failure nothing is left to close. */
SABLE_CHECKED sable_status sable_csv_rows(sable_row_format *format, sable_source *source,
                                          const sable_table_options *options, sable_error *err);
SABLE_CHECKED sable_status sable_npy_rows(sable_row_format *format, sable_source *source,
                                          const sable_table_options *options, sable_error *err);
SABLE_CHECKED sable_status sable_idx_rows(sable_row_format *format, sable_source *source,
                                          const sable_table_options *options, sable_error *err);

/* *full = the defaults, overlaid with *given where it is not NULL; checks what can be checked without a file. */
SABLE_CHECKED sable_status sable_table_options_complete(sable_table_options *full, const sable_table_options *given,
                                                        sable_error *err);

/* As sable_table_read, with the same refusals, but of the rows only the labels are kept: values and ids are NULL. *held:
 * bytes that the whole table would take. */
SABLE_SHARED SABLE_CHECKED sable_status sable_table_measure(sable_table **table, uint64_t *held, const char *path,
                                                            const sable_table_options *options, sable_error *err);

/* What the heads of such files say; the source is then at the first element. */
enum { SABLE_IDX_DIMENSIONS = 4 };
typedef struct sable_idx_header {
    unsigned dimensions;                 /* 1 to 4 */
    uint64_t size[SABLE_IDX_DIMENSIONS]; /* at least 1 each; elements are unsigned bytes */
} sable_idx_header;
SABLE_CHECKED sable_status sable_idx_header_read(sable_idx_header *header, sable_source *source, sable_error *err);
SABLE_CHECKED sable_status sable_npy_header_read(sable_npy_header *header, sable_source *source, sable_error *err);

/* By the first bytes; false when they cannot begin such a file. */
bool sable_npy_detect(const uint8_t *bytes, size_t have);
bool sable_idx_detect(const uint8_t *bytes, size_t have);

#endif
