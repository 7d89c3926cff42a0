/* SPDX-License-Identifier: Apache-2.0 */
/* Tables on their way to encryption, and their first reading. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/csv_text.h"
#include "tool/cmd_encrypt.h"
#include "tool/cmd_infer_memory.h"
#include "tool/progress.h"
#include "tool/report.h"

enum { MOST_FEATURES = 1 << 20, TEXT_PIECE = 1 << 18 };

sable_status encrypt_rows_open(encrypt *e, encrypt_rows *r) {
    sable_error *err = &e->s.err;
    const sable_table_options options = data_source_table_options(&e->source);
    SABLE_TRY(sable_rows_open(&r->rows, e->source.data, &options, err));
    r->features = sable_rows_features(r->rows);
    sable_hash_init(&r->hash);
    if (r->features > MOST_FEATURES)
        return sable_fail(err, SABLE_LIMIT, "%zu features; at most %d", r->features, MOST_FEATURES);
    if (!e->model) return SABLE_OK;
    SABLE_TRY(sable_model_load(&r->model, e->model, err));
    if (r->model->features != r->features)
        return sable_fail(err, SABLE_DATA, "%s has %zu features, the model %s has %u",
                          sable_show_path(e->source.data).text, r->features, sable_show_path(e->model).text,
                          r->model->features);
    return SABLE_OK;
}

sable_status encrypt_rows_next(encrypt *e, encrypt_rows *r, double *values, double *label, const char **id, int *more) {
    SABLE_TRY(sable_rows_next(r->rows, values, label, id, more, &e->s.err));
    if (!*more) return SABLE_OK;
    if (r->model) sable_model_standardise(r->model, values, 1);
    sable_hash_update(&r->hash, values, r->features * sizeof *values);
    r->count++;
    return SABLE_OK;
}

void encrypt_rows_close(encrypt_rows *r) {
    sable_rows_close(&r->rows);
    sable_model_destroy(&r->model);
}

/* -- index, id, label: what the owner needs to read results, and nobody else --------------------------------------- */

static sable_status begin_side_file(encrypt *e, encrypt_scan *scan, const encrypt_rows *r, sable_text *text) {
    sable_error *err = &e->s.err;
    if (!sable_rows_has_ids(r->rows) && !sable_rows_has_labels(r->rows)) return SABLE_OK;
    if (asprintf(&scan->rows_path, "%s.rows.csv", e->out) < 0) scan->rows_path = NULL;
    if (!scan->rows_path) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a path");
    if (!settings.dry_run) {
        SABLE_TRY(sable_partial_open(&scan->rows, scan->rows_path, err));
        SABLE_TRY(sable_partial_start(&scan->rows, 0600, NULL, 0, 0, err));
        unfinished_stream(scan->rows_path);
    }
    sable_text_cell(text, "index");
    if (sable_rows_has_ids(r->rows)) sable_text_cell(text, "id");
    if (sable_rows_has_labels(r->rows)) sable_text_cell(text, "label");
    sable_text_end_row(text);
    return SABLE_OK;
}

static sable_status write_text(encrypt *e, encrypt_scan *scan, sable_text *text) {
    if (text->failed) return sable_fail(&e->s.err, SABLE_NO_MEMORY, "no memory for a text");
    if (!scan->rows_path) return SABLE_OK;
    if (!settings.dry_run) SABLE_TRY(sable_partial_write(&scan->rows, text->bytes, text->used, &e->s.err));
    scan->rows_bytes += text->used;
    sable_text_clear(text);
    return SABLE_OK;
}

/* -- the first reading --------------------------------------------------------------------------------------------- */

static void look_at(encrypt_scan *scan, const encrypt_rows *r, const double *values) {
    for (size_t j = 0; j < r->features; j++)
        if (!scan->row || fabs(values[j]) > fabs(scan->largest)) {
            scan->largest = values[j];
            scan->row = r->count;
            scan->column = j + 1;
        }
}

static sable_status all_rows(encrypt *e, encrypt_scan *scan, encrypt_rows *r, double *values, sable_text *text) {
    const int ids = sable_rows_has_ids(r->rows), labels = sable_rows_has_labels(r->rows);
    SABLE_TRY(begin_side_file(e, scan, r, text));
    progress_stage("reading", 0, 0);
    for (;;) {
        double label = 0;
        const char *id = NULL;
        int more;
        SABLE_TRY(encrypt_rows_next(e, r, values, &label, &id, &more));
        if (!more) break;
        look_at(scan, r, values);
        if (ids || labels) {
            sable_text_integer(text, (int64_t)(r->count - 1));
            if (ids) sable_text_cell(text, id);
            if (labels) sable_text_number(text, label);
            sable_text_end_row(text);
            if (text->used > TEXT_PIECE) SABLE_TRY(write_text(e, scan, text));
        }
        if (r->count % 1024 == 0) progress_to(r->count);
    }
    return write_text(e, scan, text);
}

static sable_status scan_open(encrypt *e, encrypt_scan *scan, encrypt_rows *r) {
    SABLE_TRY(encrypt_rows_open(e, r));
    double *values = malloc(r->features * sizeof *values);
    if (!values) return sable_fail(&e->s.err, SABLE_NO_MEMORY, "no memory for a row of %zu values", r->features);
    sable_text text = {0};
    sable_status status = all_rows(e, scan, r, values, &text);
    sable_text_release(&text);
    free(values);
    SABLE_TRY(status);
    scan->samples = r->count;
    scan->features = r->features;
    sable_hash_final(&r->hash, scan->digest);
    const char *name = sable_rows_feature_name(r->rows, scan->column - 1);
    scan->name = sable_show_text(name ? name : "", name ? strlen(name) : 0);
    uint64_t underflows = sable_rows_underflows(r->rows);
    if (underflows)
        remark("%s: %llu values are too small for a double and were read as 0", e->source.data,
               (unsigned long long)underflows);
    return SABLE_OK;
}

sable_status encrypt_scan_table(encrypt *e, encrypt_scan *scan) {
    encrypt_rows r = {0};
    sable_status status = scan_open(e, scan, &r);
    encrypt_rows_close(&r);
    progress_end();
    return status;
}

void encrypt_scan_clear(encrypt_scan *scan) {
    sable_partial_abort(&scan->rows);
    free(scan->rows_path);
}
