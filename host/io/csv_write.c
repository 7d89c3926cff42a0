/* SPDX-License-Identifier: Apache-2.0 */
/* CSV files that appear whole or not at all: rows made by io/csv_text.h, one at a time. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/fail.h"
#include "io/csv_text.h"
#include "sable/io.h"

struct sable_csv_writer {
    sable_atomic_file *file;
    sable_text row; /* being written */
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

static size_t cells(const sable_csv_writer *writer) { return (size_t)writer->row.cells; }

static sable_status check(const sable_csv_writer *writer, sable_error *err) {
    if (!writer) return sable_fail(err, SABLE_INVALID, "CSV writer is NULL");
    if (writer->failed) return sable_fail(err, SABLE_INVALID, "an earlier call on this CSV writer failed");
    return SABLE_OK;
}

/* Whether the row has room for a cell. */
static sable_status check_cell(sable_csv_writer *writer, sable_error *err) {
    SABLE_TRY(check(writer, err));
    if (writer->columns && cells(writer) == writer->columns)
        return note(writer, sable_fail(err, SABLE_INVALID, "row %zu has more cells than the %zu of the first row",
                                       writer->rows + 1, writer->columns));
    return SABLE_OK;
}

sable_status sable_csv_write_text(sable_csv_writer *writer, const char *text, sable_error *err) {
    if (!text) return sable_fail(err, SABLE_INVALID, "CSV text is NULL");
    SABLE_TRY(check_cell(writer, err));
    sable_text_cell(&writer->row, text);
    return SABLE_OK;
}

sable_status sable_csv_write_number(sable_csv_writer *writer, double value, sable_error *err) {
    if (writer && !isfinite(value))
        return note(writer,
                    sable_fail(err, SABLE_DATA, "a number for row %zu of a CSV file is not finite", writer->rows + 1));
    SABLE_TRY(check_cell(writer, err));
    sable_text_number(&writer->row, value);
    return SABLE_OK;
}

sable_status sable_csv_write_integer(sable_csv_writer *writer, int64_t value, sable_error *err) {
    SABLE_TRY(check_cell(writer, err));
    sable_text_integer(&writer->row, value);
    return SABLE_OK;
}

sable_status sable_csv_end_row(sable_csv_writer *writer, sable_error *err) {
    SABLE_TRY(check(writer, err));
    if (!cells(writer) || (writer->columns && cells(writer) != writer->columns))
        return note(writer, sable_fail(err, SABLE_INVALID, "row %zu ends with %zu cells, expected %zu",
                                       writer->rows + 1, cells(writer), writer->columns ? writer->columns : 1));
    writer->columns = cells(writer);
    writer->rows++;
    sable_text_end_row(&writer->row);
    if (writer->row.failed)
        return note(writer, sable_fail(err, SABLE_NO_MEMORY, "no memory for row %zu of a CSV file", writer->rows));
    sable_status status = sable_atomic_file_write(writer->file, writer->row.bytes, writer->row.used, err);
    sable_text_clear(&writer->row);
    return note(writer, status);
}

sable_status sable_csv_writer_commit(sable_csv_writer **writer, sable_error *err) {
    if (!writer || !*writer) return sable_fail(err, SABLE_INVALID, "CSV writer is NULL");
    sable_csv_writer *w = *writer;
    sable_status status = SABLE_OK;
    if (w->failed)
        status = sable_fail(err, SABLE_INVALID, "an earlier call on this CSV writer failed");
    else if (cells(w))
        status = sable_fail(err, SABLE_INVALID, "row %zu was begun and not ended", w->rows + 1);
    else
        status = sable_atomic_file_commit(&w->file, err);
    sable_csv_writer_abort(writer);
    return status;
}

void sable_csv_writer_abort(sable_csv_writer **writer) {
    if (!writer || !*writer) return;
    sable_atomic_file_abort(&(*writer)->file);
    sable_text_release(&(*writer)->row);
    free(*writer);
    *writer = NULL;
}
