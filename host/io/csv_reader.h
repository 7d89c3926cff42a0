/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_IO_CSV_READER_H
#define SABLE_IO_CSV_READER_H
/* The records of a CSV text, one at a time, as cells of text; knows nothing of numbers or columns. RFC 4180, strictly:
 * a quote only around a whole cell, doubled inside; records end with LF or CRLF, the last one also with the file. The
 * text is UTF-8, an optional byte order mark in front. NUL bytes, UTF-16, lone CR, stray quotes, quotes without end,
 * empty lines: SABLE_DATA with line and column (in bytes, from 1). */
#include <stddef.h>
#include <stdint.h>

#include "io/source.h"

typedef struct sable_csv_cell {
    const char *text; /* unquoted, not terminated */
    size_t bytes;
    uint64_t line, column; /* where the cell starts in the file */
} sable_csv_cell;

typedef struct sable_csv_reader sable_csv_reader;

/* The source stays the caller's, and must outlive the reader. delimiter: not a quote, CR, LF or NUL. */
SABLE_CHECKED sable_status sable_csv_reader_open(sable_csv_reader **out, sable_source *source, char delimiter,
                                                 uint64_t max_record_bytes, uint64_t max_columns, sable_error *err);
void sable_csv_reader_close(sable_csv_reader **reader);
/* *count = 0 after the last record. Cells are valid until the next call. SABLE_LIMIT beyond the limits. */
SABLE_CHECKED sable_status sable_csv_reader_next(sable_csv_reader *reader, const sable_csv_cell **cells, size_t *count,
                                                 sable_error *err);
/* The line after the last record. */
uint64_t sable_csv_reader_line(const sable_csv_reader *reader);

#endif
