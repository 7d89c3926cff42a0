/* SPDX-License-Identifier: Apache-2.0 */
#include "io/rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "io/container_format.h"

enum { MOST_COLUMNS = 1 << 20, MOST_LINE_BYTES = 64 << 20 };

struct sable_rows {
    sable_source *source;
    sable_row_format format; /* .self is NULL until it is open */
    sable_rows *labels;      /* the companion file, one feature wide; or NULL */
    uint64_t done, max_rows;
};

void sable_table_options_init(sable_table_options *options) {
    if (!options) return;
    *options = (sable_table_options){.struct_size = sizeof *options,
                                     .has_header = 1,
                                     .delimiter = ',',
                                     .max_rows = 1ull << 31,
                                     .max_values = 1ull << 31,
                                     .max_columns = MOST_COLUMNS,
                                     .max_line_bytes = MOST_LINE_BYTES};
}

sable_status sable_table_options_complete(sable_table_options *full, const sable_table_options *given,
                                          sable_error *err) {
    sable_table_options_init(full);
    if (!given) return SABLE_OK;
    if (given->struct_size < sizeof(size_t) || given->struct_size > sizeof *full)
        return sable_fail(err, SABLE_INVALID,
                          "table options of %zu bytes, at most %zu; were they set by sable_table_options_init?",
                          given->struct_size, sizeof *full);
    memcpy(full, given, given->struct_size); /* an older caller's options are shorter: defaults stand for the rest */
    full->struct_size = sizeof *full;
    if (full->max_columns > MOST_COLUMNS || full->max_line_bytes > MOST_LINE_BYTES || full->max_values > SIZE_MAX / 8)
        return sable_fail(err, SABLE_INVALID, "table options: a limit is above the most that is possible");
    if (full->labels_path && full->label_column)
        return sable_fail(err, SABLE_INVALID, "table options: labels from both a column and a file");
    if ((full->label_positive || full->label_value_count) && !full->label_column)
        return sable_fail(err, SABLE_INVALID, "table options: label texts without a label column");
    if (full->label_positive && full->label_value_count)
        return sable_fail(err, SABLE_INVALID, "table options: both label_positive and label_values");
    if ((full->label_value_count && !full->label_values) || (full->ignore_count && !full->ignore_columns))
        return sable_fail(err, SABLE_INVALID, "table options: a list is NULL and its count is not 0");
    return SABLE_OK;
}

/* Binary files that somebody takes for a table; text is left to the CSV reader, which knows better what is wrong. */
static sable_status refuse_foreign(const sable_source *source, const uint8_t *bytes, size_t have, sable_error *err) {
    bool utf16 = have >= 2 && (bytes[0] ^ bytes[1]) == 1 && bytes[0] >= 0xFE;
    if (utf16 || !memchr(bytes, 0, have)) return SABLE_OK;
    if (have >= SABLE_MAGIC_BYTES && !memcmp(bytes, sable_container_magic, SABLE_MAGIC_BYTES))
        return sable_fail(err, SABLE_FORMAT, "%s: is a Sable file; a table (CSV, NPY, IDX) is needed",
                          sable_source_name(source));
    const char *noun = sable_foreign_kind(bytes, have);
    if (!strncmp(noun, "of an unknown", 13)) return SABLE_OK;
    return sable_fail(err, SABLE_FORMAT, "%s: seems to be %s; a table (CSV, NPY, IDX) is needed",
                      sable_source_name(source), noun);
}

static sable_status open_format(sable_rows *rows, const sable_table_options *options, sable_error *err) {
    const uint8_t *bytes;
    size_t have;
    SABLE_TRY(sable_source_peek(rows->source, &bytes, &have, err));
    sable_table_format format = options->format;
    if (format == SABLE_TABLE_AUTO) {
        if (sable_npy_detect(bytes, have))
            format = SABLE_TABLE_NPY;
        else if (sable_idx_detect(bytes, have))
            format = SABLE_TABLE_IDX;
        else
            format = SABLE_TABLE_CSV;
    }
    if (format != SABLE_TABLE_CSV && (options->label_column || options->id_column || options->ignore_count))
        return sable_fail(err, SABLE_INVALID, "%s: has no named columns for labels, ids or columns to ignore",
                          sable_source_name(rows->source));
    switch (format) {
    case SABLE_TABLE_NPY: return sable_npy_rows(&rows->format, rows->source, options, err);
    case SABLE_TABLE_IDX: return sable_idx_rows(&rows->format, rows->source, options, err);
    case SABLE_TABLE_CSV:
        SABLE_TRY(refuse_foreign(rows->source, bytes, have, err));
        return sable_csv_rows(&rows->format, rows->source, options, err);
    case SABLE_TABLE_AUTO: break;
    }
    return sable_fail(err, SABLE_INVALID, "table format %d does not exist", (int)format);
}

static sable_status open_one(sable_rows **out, const char *path, const sable_table_options *options, sable_error *err) {
    sable_rows *rows = calloc(1, sizeof *rows);
    if (!rows) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a table reader");
    rows->max_rows = options->max_rows;
    sable_status status = sable_source_open(&rows->source, path, err);
    if (!status) status = open_format(rows, options, err);
    if (status)
        sable_rows_close(&rows);
    else
        *out = rows;
    return status;
}

static sable_status open_labels(sable_rows *rows, const sable_table_options *options, sable_error *err) {
    sable_table_options plain;
    sable_table_options_init(&plain);
    plain.max_rows = options->max_rows;
    plain.max_values = options->max_values;
    plain.has_header = options->has_header;
    plain.delimiter = options->delimiter;
    SABLE_TRY(open_one(&rows->labels, options->labels_path, &plain, err));
    if (rows->labels->format.features == 1) return SABLE_OK;
    return sable_fail(err, SABLE_DATA, "%s: has %zu values a row, expected 1 label",
                      sable_source_name(rows->labels->source), rows->labels->format.features);
}

sable_status sable_rows_open(sable_rows **out, const char *path, const sable_table_options *options, sable_error *err) {
    if (!out || !path) return sable_fail(err, SABLE_INVALID, "table: a null argument");
    sable_table_options full;
    SABLE_TRY(sable_table_options_complete(&full, options, err));
    sable_rows *rows;
    SABLE_TRY(open_one(&rows, path, &full, err));
    sable_status status = full.labels_path ? open_labels(rows, &full, err) : SABLE_OK;
    if (status)
        sable_rows_close(&rows);
    else
        *out = rows;
    return status;
}

static sable_status next_label(sable_rows *rows, double *label, bool more, sable_error *err) {
    int label_more;
    double value = 0;
    SABLE_TRY(sable_rows_next(rows->labels, &value, NULL, NULL, &label_more, err));
    if ((label_more != 0) != more)
        return sable_fail(err, SABLE_DATA, "%s: has %s than the %" PRIu64 " rows of %s",
                          sable_source_name(rows->labels->source), more ? "fewer labels" : "more labels",
                          rows->done + more, sable_source_name(rows->source));
    if (label && more) *label = value;
    return SABLE_OK;
}

sable_status sable_rows_next(sable_rows *rows, double *values, double *label, const char **id, int *more,
                             sable_error *err) {
    if (!rows || !values || !more) return sable_fail(err, SABLE_INVALID, "table: a null argument");
    double own_label = 0;
    const char *own_id = NULL;
    bool have = false;
    SABLE_TRY(rows->format.next(&rows->format, values, &own_label, &own_id, &have, err));
    if (have && rows->done == rows->max_rows)
        return sable_fail(err, SABLE_LIMIT, "%s: has more than %" PRIu64 " rows", sable_source_name(rows->source),
                          rows->max_rows);
    if (!have && !rows->done) return sable_fail(err, SABLE_DATA, "%s: has no rows", sable_source_name(rows->source));
    if (rows->labels) SABLE_TRY(next_label(rows, &own_label, have, err));
    rows->done += have;
    if (have && label) *label = own_label;
    if (have && id) *id = own_id;
    *more = have;
    return SABLE_OK;
}

void sable_rows_close(sable_rows **rows) {
    if (!rows || !*rows) return;
    sable_rows *r = *rows;
    sable_rows_close(&r->labels);
    if (r->format.self) r->format.close(&r->format);
    sable_source_close(&r->source);
    free(r);
    *rows = NULL;
}

size_t sable_rows_features(const sable_rows *rows) { return rows->format.features; }
const char *sable_rows_feature_name(const sable_rows *rows, size_t feature) {
    return rows->format.names && feature < rows->format.features ? rows->format.names[feature] : NULL;
}
int sable_rows_has_labels(const sable_rows *rows) { return rows->format.has_labels || rows->labels; }
int sable_rows_has_ids(const sable_rows *rows) { return rows->format.has_ids; }
uint64_t sable_rows_underflows(const sable_rows *rows) { return rows->format.underflows; }
