/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "io/show.h"
#include "tool/cmd_decrypt.h"

sable_status row_names_read(row_names *names, const char *path, uint64_t samples, sable_error *err) {
    if (!path) return SABLE_OK;
    sable_table_options options;
    sable_table_options_init(&options);
    options.format = SABLE_TABLE_CSV;
    options.id_column = "id";
    options.label_column = "label";
    /* Either column may be missing: encrypt writes those that the data had. */
    sable_status status = sable_table_read(&names->table, path, &options, err);
    if (status != SABLE_OK) {
        options.id_column = NULL;
        status = sable_table_read(&names->table, path, &options, err);
    }
    if (status != SABLE_OK) {
        options.label_column = NULL;
        options.id_column = "id";
        status = sable_table_read(&names->table, path, &options, err);
    }
    SABLE_TRY(status);
    if (names->table->rows != samples)
        return sable_fail(err, SABLE_DATA, "%s has %zu rows, the results %llu samples: it belongs to other data",
                          sable_show_path(path).text, names->table->rows, (unsigned long long)samples);
    for (size_t i = 0; i < names->table->rows; i++)
        if (names->table->features != 1 || names->table->values[i] != (double)i)
            return sable_fail(err, SABLE_DATA, "%s: row %zu does not begin with its index", sable_show_path(path).text,
                              i + 1);
    return SABLE_OK;
}

int32_t decrypt_class_of(const decrypt_output *out, const double *row) {
    if (out->columns == 1) return row[0] > (out->info->probabilities ? out->threshold : 0);
    int32_t best = 0;
    for (uint32_t c = 1; c < out->columns; c++)
        if (row[c] > row[best]) best = (int32_t)c;
    return best;
}

static bool is_results(const decrypt_output *out) { return out->info->kind == SABLE_BLOCKS_RESULTS; }
static bool has_ids(const decrypt_output *out) { return out->names->table && out->names->table->ids; }
static bool has_labels(const decrypt_output *out) { return out->names->table && out->names->table->labels; }

static sable_status write_heading(const decrypt_output *out, sable_csv_writer *w, sable_error *err) {
    const char *what = !is_results(out) ? "feature" : out->info->probabilities ? "probability" : "logit";
    SABLE_TRY(sable_csv_write_text(w, "index", err));
    if (has_ids(out)) SABLE_TRY(sable_csv_write_text(w, "id", err));
    if (has_labels(out)) SABLE_TRY(sable_csv_write_text(w, "label", err));
    for (uint32_t c = 0; c < out->columns; c++) {
        char name[32];
        if (is_results(out) && out->columns == 1)
            snprintf(name, sizeof name, "%s", what);
        else
            snprintf(name, sizeof name, "%s_%u", what, is_results(out) ? c : c + 1);
        SABLE_TRY(sable_csv_write_text(w, name, err));
    }
    if (is_results(out)) SABLE_TRY(sable_csv_write_text(w, "prediction", err));
    return sable_csv_end_row(w, err);
}

static sable_status write_row(decrypt_output *out, sable_csv_writer *w, size_t i, const double *row, sable_error *err) {
    SABLE_TRY(sable_csv_write_integer(w, (int64_t)i, err));
    if (has_ids(out)) SABLE_TRY(sable_csv_write_text(w, out->names->table->ids[i], err));
    if (has_labels(out)) SABLE_TRY(sable_csv_write_number(w, out->names->table->labels[i], err));
    for (uint32_t c = 0; c < out->columns; c++) SABLE_TRY(sable_csv_write_number(w, row[c], err));
    if (is_results(out)) {
        int32_t class = decrypt_class_of(out, row);
        if ((uint32_t) class < out->class_names->count)
            SABLE_TRY(sable_csv_write_text(w, out->class_names->item[class], err));
        else
            SABLE_TRY(sable_csv_write_integer(w, class, err));
        if (has_labels(out)) {
            out->labelled++;
            out->correct += out->names->table->labels[i] == class;
        }
    }
    return sable_csv_end_row(w, err);
}

sable_status decrypt_write_csv(decrypt_output *out, const double *values, sable_error *err) {
    sable_csv_writer *w = NULL;
    SABLE_TRY(sable_csv_writer_open(&w, out->path, 0600, err));
    sable_status status = write_heading(out, w, err);
    for (size_t i = 0; i < out->info->samples && status == SABLE_OK; i++)
        status = write_row(out, w, i, values + i * out->columns, err);
    if (status == SABLE_OK) return sable_csv_writer_commit(&w, err);
    sable_csv_writer_abort(&w);
    return status;
}
