/* SPDX-License-Identifier: Apache-2.0 */
#include "io/shape.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "io/container_format.h"
#include "io/number.h"

enum { COLUMNS_MOST = 1 << 20, RECORD_MOST = 64 << 20 };

/* -- arrays -------------------------------------------------------------------------------------------------------- */

/* Exactly so many elements, and then the end. Reads what is there, whatever the head claims. */
static sable_status skip_elements(sable_source *source, uint64_t count, unsigned size, sable_error *err) {
    uint8_t piece[4096];
    if (count > UINT64_MAX / size)
        return sable_fail(err, SABLE_FORMAT, "%s: claims %" PRIu64 " elements", sable_source_name(source), count);
    for (uint64_t left = count * size; left;) {
        const size_t step = left < sizeof piece ? (size_t)left : sizeof piece;
        SABLE_TRY(sable_source_read_exactly(source, piece, step, "the array", err));
        left -= step;
    }
    return sable_source_expect_end(source, err);
}

static sable_status read_npy(sable_table_shape *shape, sable_source *source, sable_error *err) {
    SABLE_TRY(sable_npy_header_read(&shape->npy, source, err));
    shape->rows = shape->npy.rows;
    shape->columns = shape->npy.columns;
    if (shape->rows && shape->columns > UINT64_MAX / shape->rows)
        return sable_fail(err, SABLE_FORMAT, "%s: claims %" PRIu64 " x %" PRIu64 " elements", sable_source_name(source),
                          shape->rows, shape->columns);
    return skip_elements(source, shape->rows * shape->columns, shape->npy.size, err);
}

static sable_status read_idx(sable_table_shape *shape, sable_source *source, sable_error *err) {
    SABLE_TRY(sable_idx_header_read(&shape->idx, source, err));
    shape->rows = shape->idx.size[0];
    shape->columns = 1;
    for (unsigned d = 1; d < shape->idx.dimensions; d++) {
        if (shape->columns > (UINT64_MAX >> 32) / shape->idx.size[d])
            return sable_fail(err, SABLE_FORMAT, "%s: claims more than 2^32 values a sample",
                              sable_source_name(source));
        shape->columns *= shape->idx.size[d];
    }
    return skip_elements(source, shape->rows * shape->columns, 1, err);
}

/* -- CSV ----------------------------------------------------------------------------------------------------------- */

typedef struct csv_scan {
    sable_table_shape *shape;
    sable_csv_reader *reader;
    locale_t plain;
    bool *numeric; /* [columns] */
} csv_scan;

static bool is_number(const csv_scan *scan, const sable_csv_cell *cell) {
    double value;
    sable_number_outcome outcome = sable_number_parse(&value, cell->text, cell->bytes, scan->plain);
    return outcome == SABLE_NUMBER_OK || outcome == SABLE_NUMBER_UNDERFLOW;
}

static char guess_delimiter(const uint8_t *bytes, size_t have) {
    static const char choice[] = ",;\t";
    size_t count[3] = {0};
    for (size_t i = 0; i < have && bytes[i] != '\n'; i++)
        for (int c = 0; c < 3; c++) count[c] += bytes[i] == (uint8_t)choice[c];
    int best = 0;
    for (int c = 1; c < 3; c++)
        if (count[c] > count[best]) best = c;
    return choice[best];
}

/* The first record: a header line unless a cell of it is a number. */
static sable_status first_record(csv_scan *scan, const sable_csv_cell *cells, size_t count, sable_error *err) {
    sable_table_shape *shape = scan->shape;
    shape->columns = count;
    shape->has_header = true;
    for (size_t i = 0; i < count; i++) shape->has_header = shape->has_header && !is_number(scan, &cells[i]);
    scan->numeric = malloc(count * sizeof *scan->numeric);
    if (!scan->numeric) return sable_fail(err, SABLE_NO_MEMORY, "no memory for %zu columns", count);
    for (size_t i = 0; i < count; i++) scan->numeric[i] = true;
    if (!shape->has_header) return SABLE_OK;
    shape->names = calloc(count, sizeof *shape->names);
    if (!shape->names) return sable_fail(err, SABLE_NO_MEMORY, "no memory for %zu names", count);
    for (size_t i = 0; i < count; i++)
        if (!(shape->names[i] = strndup(cells[i].text, cells[i].bytes)))
            return sable_fail(err, SABLE_NO_MEMORY, "no memory for %zu names", count);
    return SABLE_OK;
}

static sable_status scan_records(csv_scan *scan, const char *where, sable_error *err) {
    sable_table_shape *shape = scan->shape;
    for (bool first = true;; first = false) {
        const sable_csv_cell *cells;
        size_t count;
        SABLE_TRY(sable_csv_reader_next(scan->reader, &cells, &count, err));
        if (!count) break;
        if (first) SABLE_TRY(first_record(scan, cells, count, err));
        if (count != shape->columns)
            return sable_fail(err, SABLE_FORMAT, "%s: line %" PRIu64 " has %zu cells, the first has %" PRIu64, where,
                              cells[0].line, count, shape->columns);
        if (first && shape->has_header) continue;
        for (size_t i = 0; i < count; i++) scan->numeric[i] = scan->numeric[i] && is_number(scan, &cells[i]);
        shape->rows++;
    }
    for (size_t i = 0; shape->rows && i < shape->columns; i++) shape->numeric_columns += scan->numeric[i];
    if (!shape->numeric_columns) return sable_fail(err, SABLE_FORMAT, "%s: no column of it holds numbers", where);
    return SABLE_OK;
}

static sable_status read_csv(sable_table_shape *shape, sable_source *source, sable_error *err) {
    const uint8_t *bytes;
    size_t have;
    SABLE_TRY(sable_source_peek(source, &bytes, &have, err));
    const char *where = sable_source_name(source);
    const char *noun = have ? sable_foreign_kind(bytes, have) : "nothing at all";
    if (strncmp(noun, "text", 4) != 0 && !(have >= 3 && !memcmp(bytes, "\xEF\xBB\xBF", 3)) &&
        strncmp(noun, "of an unknown", 13) != 0)
        return sable_fail(err, SABLE_FORMAT, "%s: is no file that Sable writes or reads: it seems to be %s", where,
                          noun);
    shape->delimiter = guess_delimiter(bytes, have);
    csv_scan scan = {.shape = shape, .plain = newlocale(LC_ALL_MASK, "C", (locale_t)0)};
    sable_status status =
        scan.plain ? sable_csv_reader_open(&scan.reader, source, shape->delimiter, RECORD_MOST, COLUMNS_MOST, err)
                   : sable_fail(err, SABLE_NO_MEMORY, "no memory for a locale");
    sable_error inner = {SABLE_OK, ""};
    if (status == SABLE_OK) status = scan_records(&scan, where, &inner);
    if (inner.code != SABLE_OK)
        status = sable_fail(err, status, "%s: seems to be text, but is no table: %s", where, inner.text);
    sable_csv_reader_close(&scan.reader);
    free(scan.numeric);
    if (scan.plain) freelocale(scan.plain);
    return status;
}

/* -- all of them --------------------------------------------------------------------------------------------------- */

static sable_status read_any(sable_table_shape *shape, sable_source *source, sable_error *err) {
    const uint8_t *bytes;
    size_t have;
    SABLE_TRY(sable_source_peek(source, &bytes, &have, err));
    if (sable_npy_detect(bytes, have)) {
        shape->format = SABLE_TABLE_NPY;
        return read_npy(shape, source, err);
    }
    if (sable_idx_detect(bytes, have)) {
        shape->format = SABLE_TABLE_IDX;
        return read_idx(shape, source, err);
    }
    shape->format = SABLE_TABLE_CSV;
    return read_csv(shape, source, err);
}

sable_status sable_table_shape_read(sable_table_shape *shape, const char *path, sable_error *err) {
    *shape = (sable_table_shape){0};
    sable_source *source = NULL;
    SABLE_TRY(sable_source_open(&source, path, err));
    sable_status status = read_any(shape, source, err);
    sable_source_close(&source);
    /* what is wrong with the values of a table is, here, what is wrong with the file */
    if (status == SABLE_DATA || status == SABLE_UNSUPPORTED || status == SABLE_LIMIT) {
        status = SABLE_FORMAT;
        if (err) err->code = SABLE_FORMAT;
    }
    if (status != SABLE_OK) sable_table_shape_clear(shape);
    return status;
}

void sable_table_shape_clear(sable_table_shape *shape) {
    for (uint64_t i = 0; shape->names && i < shape->columns; i++) free(shape->names[i]);
    free(shape->names);
    *shape = (sable_table_shape){0};
}
