/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "io/number.h"
#include "io/show.h"
#include "sable/io.h"

struct sable_csv_writer {
    sable_atomic_file *file;
    size_t cells;   /* of the row being written */
    size_t columns; /* of the first row; 0 until it ended */
    size_t rows;
    bool failed;
};

sable_status sable_csv_writer_open(sable_csv_writer **writer, const char *path, unsigned mode, sable_error *err) {
    if (!writer) return sable_fail(err, SABLE_INVALID, "CSV writer is NULL");
    sable_csv_writer *opened = calloc(1, sizeof *opened);
    if (!opened) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a CSV writer");
    sable_status status = sable_atomic_file_open(&opened->file, path, mode, err);
    if (status)
        free(opened);
    else
        *writer = opened;
    return status;
}

/* Whatever fails, the file is not what was asked for: commit will refuse. */
static sable_status note(sable_csv_writer *writer, sable_status status) {
    writer->failed = writer->failed || status != SABLE_OK;
    return status;
}

static sable_status put(sable_csv_writer *writer, const char *text, size_t bytes, sable_error *err) {
    return note(writer, sable_atomic_file_write(writer->file, text, bytes, err));
}

static sable_status begin_cell(sable_csv_writer *writer, sable_error *err) {
    if (!writer) return sable_fail(err, SABLE_INVALID, "CSV writer is NULL");
    if (writer->failed) return sable_fail(err, SABLE_INVALID, "an earlier call on this CSV writer failed");
    if (writer->columns && writer->cells == writer->columns)
        return note(writer, sable_fail(err, SABLE_INVALID, "row %zu has more cells than the %zu of the first row",
                                       writer->rows + 1, writer->columns));
    return writer->cells++ ? put(writer, ",", 1, err) : SABLE_OK;
}

/* Quotes where RFC 4180 needs them, where spaces would be lost, and where a spreadsheet would see a formula. An empty
 * text is quoted so that a row of one empty cell is no empty line. */
static bool needs_quotes(const char *text) {
    size_t bytes = strlen(text);
    return !bytes || strpbrk(text, ",\"\r\n") || strchr("=+-@\t ", text[0]) || text[bytes - 1] == ' ';
}

sable_status sable_csv_write_text(sable_csv_writer *writer, const char *text, sable_error *err) {
    if (!text) return sable_fail(err, SABLE_INVALID, "CSV text is NULL");
    SABLE_TRY(begin_cell(writer, err));
    if (!needs_quotes(text)) return put(writer, text, strlen(text), err);
    SABLE_TRY(put(writer, "\"", 1, err));
    for (const char *quote; (quote = strchr(text, '"')); text = quote + 1) {
        SABLE_TRY(put(writer, text, (size_t)(quote - text), err));
        SABLE_TRY(put(writer, "\"\"", 2, err));
    }
    SABLE_TRY(put(writer, text, strlen(text), err));
    return put(writer, "\"", 1, err);
}

sable_status sable_csv_write_number(sable_csv_writer *writer, double value, sable_error *err) {
    if (writer && !isfinite(value))
        return note(writer,
                    sable_fail(err, SABLE_DATA, "a number for row %zu of a CSV file is not finite", writer->rows + 1));
    SABLE_TRY(begin_cell(writer, err));
    char text[SABLE_NUMBER_TEXT];
    sable_number_format(text, value);
    return put(writer, text, strlen(text), err);
}

sable_status sable_csv_write_integer(sable_csv_writer *writer, int64_t value, sable_error *err) {
    SABLE_TRY(begin_cell(writer, err));
    return note(writer, sable_atomic_file_printf(writer->file, err, "%" PRId64, value));
}

sable_status sable_csv_end_row(sable_csv_writer *writer, sable_error *err) {
    if (!writer) return sable_fail(err, SABLE_INVALID, "CSV writer is NULL");
    if (writer->failed) return sable_fail(err, SABLE_INVALID, "an earlier call on this CSV writer failed");
    if (!writer->cells || (writer->columns && writer->cells != writer->columns))
        return note(writer, sable_fail(err, SABLE_INVALID, "row %zu ends with %zu cells, expected %zu",
                                       writer->rows + 1, writer->cells, writer->columns ? writer->columns : 1));
    writer->columns = writer->cells;
    writer->cells = 0;
    writer->rows++;
    return put(writer, "\n", 1, err);
}

sable_status sable_csv_writer_commit(sable_csv_writer **writer, sable_error *err) {
    if (!writer || !*writer) return sable_fail(err, SABLE_INVALID, "CSV writer is NULL");
    sable_csv_writer *w = *writer;
    sable_status status = SABLE_OK;
    if (w->failed)
        status = sable_fail(err, SABLE_INVALID, "an earlier call on this CSV writer failed");
    else if (w->cells)
        status = sable_fail(err, SABLE_INVALID, "row %zu was begun and not ended", w->rows + 1);
    else
        status = sable_atomic_file_commit(&w->file, err);
    sable_csv_writer_abort(writer);
    return status;
}

void sable_csv_writer_abort(sable_csv_writer **writer) {
    if (!writer || !*writer) return;
    sable_atomic_file_abort(&(*writer)->file);
    free(*writer);
    *writer = NULL;
}
