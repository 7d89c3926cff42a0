/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_IO_H
#define SABLE_IO_H
/* Plain data in and out: tables of numbers from CSV, NPY and IDX files (gzip or not), results as CSV and NPY, text
 * files that appear whole or not at all, checks of downloads.
 *
 * Readers are strict and do not depend on the locale: what is not exactly a table of finite numbers is refused with
 * SABLE_DATA (a bad value, its line and column named) or SABLE_FORMAT (a damaged or foreign file). Only regular files
 * are read. Writers work under a temporary name in the target's folder and rename at the end: on any failure an older
 * file of that name is untouched. Every function may also return SABLE_INVALID, SABLE_IO and SABLE_NO_MEMORY. */
#include <stddef.h>
#include <stdint.h>

#include "sable/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Reading tables ---- */

typedef enum sable_table_format {
    SABLE_TABLE_AUTO = 0, /* by content: NPY and IDX have signatures, everything else is CSV */
    SABLE_TABLE_CSV = 1,
    SABLE_TABLE_NPY = 2,
    SABLE_TABLE_IDX = 3
} sable_table_format;

/* What to read and how much at most. Set by sable_table_options_init, then changed; strings are borrowed. */
typedef struct sable_table_options {
    size_t struct_size;
    sable_table_format format;

    /* CSV only. Without a header line columns are called "1", "2", ... */
    int has_header;                    /* default 1 */
    char delimiter;                    /* default ',' */
    const char *label_column;          /* NULL: no labels */
    const char *id_column;             /* NULL: no ids; ids are any text */
    const char *const *ignore_columns; /* rows may lack the cells of ignored columns at the end of the header line */
    size_t ignore_count;
    /* Labels are numbers, unless one of these is given. label_positive: that text is 1 and the one other text that
     * occurs is 0; a third text, or no row with the positive one, is refused. label_values: the i-th text is label i,
     * any other is refused; 2 or more, all different. */
    const char *label_positive;
    const char *const *label_values;
    size_t label_value_count;

    /* A second file with one value a row: the usual companion of NPY and IDX files. Excludes label_column. */
    const char *labels_path;

    /* Limits; SABLE_LIMIT beyond. */
    uint64_t max_rows;       /* default 2^31 */
    uint64_t max_values;     /* rows x features, default 2^31 (16 GiB of doubles); sable_table_read only */
    uint64_t max_columns;    /* default and most: 2^20 */
    uint64_t max_line_bytes; /* a CSV record, default and most: 64 MiB */
} sable_table_options;

SABLE_API void sable_table_options_init(sable_table_options *options);

/* A table in memory, made by sable_table_read. Read it; release it with sable_table_destroy. */
typedef struct sable_table {
    size_t rows, features; /* both at least 1 */
    double *values;        /* [rows][features], finite */
    double *labels;        /* [rows], or NULL */
    char **ids;            /* [rows], or NULL */
    char **feature_names;  /* [features], or NULL: no header line */
    uint64_t underflows;   /* values too small for a double, read as 0 */
} sable_table;

/* Reads a whole file. *table is written only on success. options may be NULL: the defaults. Memory grows with the rows
 * that are there, never with what a header claims.
 *   CSV: RFC 4180 with an optional UTF-8 byte order mark, LF or CRLF; a number is [+-]digits[.digits][e[+-]digits].
 *   NPY: versions 1 and 2, 1-D (one feature) or 2-D, either order, b1 i1 i2 i4 i8 u1 u2 u4 u8 f4 f8 little-endian;
 *        8-byte integers beyond 2^53 are refused.
 *   IDX: unsigned bytes, one sample per first index, the other dimensions flattened in file order. */
SABLE_API SABLE_CHECKED sable_status sable_table_read(sable_table **table, const char *path,
                                                      const sable_table_options *options, sable_error *err);
SABLE_API void sable_table_destroy(sable_table **table); /* sets *table to NULL; NULL is a no-op */

/* The same, a row at a time in bounded memory (an NPY file in Fortran order is held whole). */
typedef struct sable_rows sable_rows;

SABLE_API SABLE_CHECKED sable_status sable_rows_open(sable_rows **rows, const char *path,
                                                     const sable_table_options *options, sable_error *err);
SABLE_API size_t sable_rows_features(const sable_rows *rows);
/* Name of a feature, borrowed until close; NULL when the file has no header line. */
SABLE_API const char *sable_rows_feature_name(const sable_rows *rows, size_t feature);
SABLE_API int sable_rows_has_labels(const sable_rows *rows);
SABLE_API int sable_rows_has_ids(const sable_rows *rows);
SABLE_API uint64_t sable_rows_underflows(const sable_rows *rows); /* so far */
/* Reads one row into values [features], and its label and id where there are any (label, id may be NULL; *id is valid
 * until the next call). *more = 0 once, after the last row: only then the file is known to be sound to its end, and to
 * hold at least one row. After a failure only close is of use. */
SABLE_API SABLE_CHECKED sable_status sable_rows_next(sable_rows *rows, double *values, double *label, const char **id,
                                                     int *more, sable_error *err);
SABLE_API void sable_rows_close(sable_rows **rows);

/* ---- Writing ---- */

/* A text or binary file that replaces path when committed. mode: 0600 (private) or 0644, less the umask. After a failed
 * call only abort is of use; commit then fails too. commit and abort release the object and set it to NULL, and abort
 * of NULL is a no-op. */
typedef struct sable_atomic_file sable_atomic_file;

SABLE_API SABLE_CHECKED sable_status sable_atomic_file_open(sable_atomic_file **file, const char *path, unsigned mode,
                                                            sable_error *err);
SABLE_API SABLE_CHECKED sable_status sable_atomic_file_write(sable_atomic_file *file, const void *data, size_t bytes,
                                                             sable_error *err);
/* Formats as in the C locale: a decimal point whatever the user's language. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
SABLE_API SABLE_CHECKED sable_status
sable_atomic_file_printf(sable_atomic_file *file, sable_error *err, const char *format, ...);
SABLE_API SABLE_CHECKED sable_status sable_atomic_file_commit(sable_atomic_file **file, sable_error *err);
SABLE_API void sable_atomic_file_abort(sable_atomic_file **file);

/* CSV, cell by cell. Every row must have as many cells as the first. Texts are quoted where RFC 4180 asks for it, and
 * where a spreadsheet would read a formula (a first character = + - @). Numbers take the fewest digits that read back
 * as the same double; they must be finite. */
typedef struct sable_csv_writer sable_csv_writer;

SABLE_API SABLE_CHECKED sable_status sable_csv_writer_open(sable_csv_writer **writer, const char *path, unsigned mode,
                                                           sable_error *err);
SABLE_API SABLE_CHECKED sable_status sable_csv_write_text(sable_csv_writer *writer, const char *text, sable_error *err);
SABLE_API SABLE_CHECKED sable_status sable_csv_write_number(sable_csv_writer *writer, double value, sable_error *err);
SABLE_API SABLE_CHECKED sable_status sable_csv_write_integer(sable_csv_writer *writer, int64_t value, sable_error *err);
SABLE_API SABLE_CHECKED sable_status sable_csv_end_row(sable_csv_writer *writer, sable_error *err);
SABLE_API SABLE_CHECKED sable_status sable_csv_writer_commit(sable_csv_writer **writer, sable_error *err);
SABLE_API void sable_csv_writer_abort(sable_csv_writer **writer);

/* NPY version 1, '<f8': shape (rows, features), or (rows,) when features is 0 (values then holds rows numbers). */
SABLE_API SABLE_CHECKED sable_status sable_npy_write(const char *path, const double *values, size_t rows,
                                                     size_t features, sable_error *err);

/* ---- Checking downloads ---- */

SABLE_API SABLE_CHECKED sable_status sable_file_sha256(uint8_t digest[32], const char *path, sable_error *err);
/* SABLE_FORMAT when the file's SHA-256 is not hex64 (64 digits, either case). */
SABLE_API SABLE_CHECKED sable_status sable_file_check_sha256(const char *path, const char *hex64, sable_error *err);

#ifdef __cplusplus
}
#endif
#endif
