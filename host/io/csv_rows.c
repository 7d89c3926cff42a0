/* SPDX-License-Identifier: Apache-2.0 */
/* CSV records as rows of a table: which column is what, and cells as numbers. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "io/csv_label.h"
#include "io/csv_reader.h"
#include "io/number.h"
#include "io/rows.h"

typedef enum role { FEATURE, LABEL, ID, IGNORED } role;

typedef struct csv_rows {
    sable_source *source;
    sable_csv_reader *reader;
    locale_t plain;
    size_t columns, features;
    size_t needed;       /* columns up to the last that is not ignored: a row may end there */
    uint8_t *roles;      /* [columns] */
    char **column_names; /* [columns]; NULL without a header line */
    char **names;        /* [features], pointing into column_names; NULL without */
    bool has_label, has_id;
    sable_csv_labels labels;
    char *id; /* of the latest row */
    size_t id_room;
    const sable_csv_cell *pending; /* the first record, when it is data: read to count the columns */
} csv_rows;

static const char *file_of(const csv_rows *csv) { return sable_source_name(csv->source); }

/* Terminated; the reader refuses NUL bytes, so nothing is cut off. */
static char *copy_cell(const sable_csv_cell *cell) {
    char *text = malloc(cell->bytes + 1);
    if (!text) return NULL;
    memcpy(text, cell->text, cell->bytes);
    text[cell->bytes] = 0;
    return text;
}

/* A column's name, or its number from 1 where there is no header line. */
static bool is_named(const csv_rows *csv, size_t column, const char *name) {
    if (csv->column_names) return !strcmp(csv->column_names[column], name);
    char number[24];
    snprintf(number, sizeof number, "%zu", column + 1);
    return !strcmp(number, name);
}

static sable_status assign(csv_rows *csv, const char *name, role as, sable_error *err) {
    for (size_t i = 0; i < csv->columns; i++) {
        if (!is_named(csv, i, name)) continue;
        if (csv->roles[i] != FEATURE)
            return sable_fail(err, SABLE_INVALID, "%s: column %s is asked for twice, as label, id or to be ignored",
                              file_of(csv), sable_show_text(name, strlen(name)).text);
        csv->roles[i] = (uint8_t)as;
        csv->features--;
        return SABLE_OK;
    }
    char some[200] = "";
    for (size_t i = 0; csv->column_names && i < csv->columns && i < 3; i++) {
        size_t at = strlen(some);
        const char *have = csv->column_names[i];
        snprintf(some + at, sizeof some - at, "%s%s", i ? ", " : ", which begin ",
                 sable_show_text(have, strlen(have)).text);
    }
    return sable_fail(err, SABLE_DATA, "%s:1:1: there is no column %s among the %zu%s%s", file_of(csv),
                      sable_show_text(name, strlen(name)).text, csv->columns, some,
                      csv->column_names ? "" : " (no header line: columns are called by number)");
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static sable_status check_names(const csv_rows *csv, const sable_csv_cell *cells, sable_error *err) {
    for (size_t i = 0; i < csv->columns; i++)
        if (csv->roles[i] == FEATURE && !cells[i].bytes)
            return sable_fail(err, SABLE_DATA, "%s:%" PRIu64 ":%" PRIu64 ": column %zu has no name; name or ignore it",
                              file_of(csv), cells[i].line, cells[i].column, i + 1);
    char **sorted = malloc(csv->columns * sizeof *sorted); /* at most 2^20 pointers */
    if (!sorted) return sable_fail(err, SABLE_NO_MEMORY, "no memory for %zu names", csv->columns);
    memcpy(sorted, csv->column_names, csv->columns * sizeof *sorted);
    qsort(sorted, csv->columns, sizeof *sorted, by_text);
    sable_status status = SABLE_OK;
    for (size_t i = 1; i < csv->columns && !status; i++)
        if (!strcmp(sorted[i - 1], sorted[i]))
            status = sable_fail(err, SABLE_DATA, "%s:%" PRIu64 ":1: two columns are called %s", file_of(csv),
                                cells[0].line, sable_show_text(sorted[i], strlen(sorted[i])).text);
    free(sorted);
    return status;
}

static sable_status read_names(csv_rows *csv, const sable_csv_cell *cells, sable_error *err) {
    csv->column_names = calloc(csv->columns, sizeof *csv->column_names);
    if (!csv->column_names) return sable_fail(err, SABLE_NO_MEMORY, "no memory for %zu names", csv->columns);
    for (size_t i = 0; i < csv->columns; i++)
        if (!(csv->column_names[i] = copy_cell(&cells[i])))
            return sable_fail(err, SABLE_NO_MEMORY, "no memory for a name of %zu bytes", cells[i].bytes);
    return SABLE_OK;
}

static sable_status name_features(csv_rows *csv, sable_error *err) {
    csv->names = calloc(csv->features, sizeof *csv->names);
    if (!csv->names) return sable_fail(err, SABLE_NO_MEMORY, "no memory for %zu names", csv->features);
    for (size_t i = 0, f = 0; i < csv->columns; i++)
        if (csv->roles[i] == FEATURE) csv->names[f++] = csv->column_names[i];
    return SABLE_OK;
}

static sable_status begin(csv_rows *csv, const sable_table_options *options, sable_error *err) {
    csv->plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!csv->plain) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a locale");
    SABLE_TRY(sable_csv_labels_init(&csv->labels, options, err));
    SABLE_TRY(sable_csv_reader_open(&csv->reader, csv->source, options->delimiter, options->max_line_bytes,
                                    options->max_columns, err));
    const sable_csv_cell *cells;
    SABLE_TRY(sable_csv_reader_next(csv->reader, &cells, &csv->columns, err));
    if (!csv->columns) return sable_fail(err, SABLE_DATA, "%s:1:1: the file is empty", file_of(csv));
    csv->features = csv->columns;
    csv->roles = calloc(csv->columns, 1); /* all FEATURE */
    if (!csv->roles) return sable_fail(err, SABLE_NO_MEMORY, "no memory for %zu columns", csv->columns);
    if (options->has_header)
        SABLE_TRY(read_names(csv, cells, err));
    else
        csv->pending = cells;
    if (options->label_column) SABLE_TRY(assign(csv, options->label_column, LABEL, err));
    if (options->id_column) SABLE_TRY(assign(csv, options->id_column, ID, err));
    for (size_t i = 0; i < options->ignore_count; i++) SABLE_TRY(assign(csv, options->ignore_columns[i], IGNORED, err));
    csv->has_label = options->label_column;
    csv->has_id = options->id_column;
    for (csv->needed = csv->columns; csv->needed && csv->roles[csv->needed - 1] == IGNORED;) csv->needed--;
    if (!csv->features)
        return sable_fail(err, SABLE_DATA, "%s:1:1: none of the %zu columns is left as a feature", file_of(csv),
                          csv->columns);
    if (!options->has_header) return SABLE_OK;
    SABLE_TRY(check_names(csv, cells, err));
    return name_features(csv, err);
}

static sable_status complain(const csv_rows *csv, const sable_csv_cell *cell, size_t column, const char *complaint,
                             sable_error *err) {
    char name[200];
    if (csv->column_names)
        snprintf(name, sizeof name, "%s",
                 sable_show_text(csv->column_names[column], strlen(csv->column_names[column])).text);
    else
        snprintf(name, sizeof name, "%zu", column + 1);
    return sable_fail(err, SABLE_DATA, "%s:%" PRIu64 ":%" PRIu64 ": column %.60s: %s %s", file_of(csv), cell->line,
                      cell->column, name, sable_show_text(cell->text, cell->bytes).text, complaint);
}

static sable_status read_id(csv_rows *csv, const sable_csv_cell *cell, sable_error *err) {
    if (cell->bytes + 1 > csv->id_room) {
        char *id = realloc(csv->id, cell->bytes + 64);
        if (!id) return sable_fail(err, SABLE_NO_MEMORY, "no memory for an id of %zu bytes", cell->bytes);
        csv->id = id;
        csv->id_room = cell->bytes + 64;
    }
    memcpy(csv->id, cell->text, cell->bytes);
    csv->id[cell->bytes] = 0;
    return SABLE_OK;
}

static sable_status next(sable_row_format *format, double *values, double *label, const char **id, bool *more,
                         sable_error *err) {
    csv_rows *csv = format->self;
    const sable_csv_cell *cells = csv->pending;
    size_t count = csv->columns;
    csv->pending = NULL;
    if (!cells) SABLE_TRY(sable_csv_reader_next(csv->reader, &cells, &count, err));
    *more = count != 0;
    if (!count) return csv->has_label ? sable_csv_labels_finish(&csv->labels, file_of(csv), err) : SABLE_OK;
    if (count != csv->columns && count != csv->needed)
        return sable_fail(err, SABLE_DATA, "%s:%" PRIu64 ":1: %zu cells, expected %zu as in the first line",
                          file_of(csv), cells[0].line, count, csv->columns);
    size_t f = 0;
    for (size_t i = 0; i < count; i++) {
        const sable_csv_cell *cell = &cells[i];
        if (csv->roles[i] == FEATURE || (csv->roles[i] == LABEL && csv->labels.numeric)) {
            double *to = csv->roles[i] == FEATURE ? &values[f++] : label;
            sable_number_outcome outcome = sable_number_parse(to, cell->text, cell->bytes, csv->plain);
            if (outcome > SABLE_NUMBER_UNDERFLOW)
                return complain(csv, cell, i, sable_number_complaint(outcome, cell->text, cell->bytes), err);
            format->underflows += outcome == SABLE_NUMBER_UNDERFLOW;
        } else if (csv->roles[i] == LABEL) {
            const char *complaint = sable_csv_label_read(&csv->labels, label, cell->text, cell->bytes);
            if (complaint && csv->labels.no_memory) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a label");
            if (complaint) return complain(csv, cell, i, complaint, err);
        } else if (csv->roles[i] == ID) {
            SABLE_TRY(read_id(csv, cell, err));
            *id = csv->id;
        }
    }
    return SABLE_OK;
}

static void release(csv_rows *csv) {
    sable_csv_reader_close(&csv->reader);
    if (csv->plain) freelocale(csv->plain);
    for (size_t i = 0; csv->column_names && i < csv->columns; i++) free(csv->column_names[i]);
    free(csv->column_names);
    free(csv->names);
    free(csv->roles);
    free(csv->id);
    sable_csv_labels_release(&csv->labels);
    free(csv);
}

static void close_rows(sable_row_format *format) {
    release(format->self);
    format->self = NULL;
}

sable_status sable_csv_rows(sable_row_format *format, sable_source *source, const sable_table_options *options,
                            sable_error *err) {
    csv_rows *csv = calloc(1, sizeof *csv);
    if (!csv) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a CSV table");
    csv->source = source;
    sable_status status = begin(csv, options, err);
    if (status) {
        release(csv);
        return status;
    }
    *format = (sable_row_format){.self = csv,
                                 .features = csv->features,
                                 .names = csv->names,
                                 .has_labels = csv->has_label,
                                 .has_ids = csv->has_id,
                                 .next = next,
                                 .close = close_rows};
    return SABLE_OK;
}
