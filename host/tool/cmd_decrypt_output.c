/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "io/bytes.h"
#include "io/show.h"
#include "tool/cmd_decrypt.h"
#include "tool/cmd_infer_memory.h"
#include "tool/process.h"
#include "tool/report.h"

/* -- names and labels ---------------------------------------------------------------------------------------------- */

/* Either column may be missing: encrypt writes those that the data had. */
static sable_status open_rows(row_names *names, sable_error *err) {
    static const struct { bool ids, labels; } kinds[] = {{true, true}, {false, true}, {true, false}};
    sable_status status = SABLE_OK;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        sable_table_options options;
        sable_table_options_init(&options);
        options.format = SABLE_TABLE_CSV;
        options.id_column = kinds[i].ids ? "id" : NULL;
        options.label_column = kinds[i].labels ? "label" : NULL;
        names->ids = kinds[i].ids;
        names->labels = kinds[i].labels;
        status = sable_rows_open(&names->rows, names->path, &options, err);
        if (status == SABLE_OK) break;
    }
    names->next = 0;
    if (status == SABLE_OK && sable_rows_features(names->rows) != 1)
        status =
            sable_fail(err, SABLE_DATA, "%s: row 1 does not begin with its index", sable_show_path(names->path).text);
    return status;
}

static sable_status next_row(row_names *names, double *label, const char **id, int *more, sable_error *err) {
    double index = 0;
    SABLE_TRY(sable_rows_next(names->rows, &index, label, id, more, err));
    if (!*id) *id = ""; /* no such column */
    if (*more && index != (double)names->next)
        return sable_fail(err, SABLE_DATA, "%s: row %llu does not begin with its index",
                          sable_show_path(names->path).text, (unsigned long long)names->next + 1);
    names->next += *more != 0;
    return SABLE_OK;
}

sable_status row_names_read(row_names *names, const char *path, uint64_t samples, sable_error *err) {
    names->path = path;
    if (!path) return SABLE_OK;
    SABLE_TRY(open_rows(names, err));
    sable_hash_state hash;
    sable_hash_init(&hash);
    for (int more = 1; more;) {
        double label = 0;
        const char *id = "";
        SABLE_TRY(next_row(names, &label, &id, &more, err));
        if (!more) break;
        sable_hash_update(&hash, &label, sizeof label);
        sable_hash_update(&hash, id, strlen(id) + 1);
    }
    sable_hash_final(&hash, names->digest);
    if (names->next != samples)
        return sable_fail(err, SABLE_DATA, "%s has %llu rows, the results %llu samples: it belongs to other data",
                          sable_show_path(path).text, (unsigned long long)names->next, (unsigned long long)samples);
    sable_rows_close(&names->rows);
    return open_rows(names, err);
}

sable_status row_names_at(row_names *names, uint64_t index, double *label, const char **id, sable_error *err) {
    int more = 1;
    while (more && names->next <= index) SABLE_TRY(next_row(names, label, id, &more, err));
    return more ? SABLE_OK
                : sable_fail(err, SABLE_DATA, "%s changed while it was read", sable_show_path(names->path).text);
}

void row_names_close(row_names *names) { sable_rows_close(&names->rows); }

/* -- rows ---------------------------------------------------------------------------------------------------------- */

static bool is_results(const decrypt_output *out) { return out->info->kind == SABLE_BLOCKS_RESULTS; }
static bool has_ids(const decrypt_output *out) { return out->names->rows && out->names->ids; }
static bool has_labels(const decrypt_output *out) { return out->names->rows && out->names->labels; }

static uint32_t class_of(const decrypt_output *out, const double *row) {
    if (out->columns == 1) return row[0] > (out->info->probabilities ? out->threshold : 0);
    uint32_t best = 0;
    for (uint32_t c = 1; c < out->columns; c++)
        if (row[c] > row[best]) best = c;
    return best;
}

static void csv_heading(decrypt_output *out) {
    sable_text *t = &out->text;
    const char *what = !is_results(out) ? "feature" : out->info->probabilities ? "probability" : "logit";
    sable_text_cell(t, "index");
    if (has_ids(out)) sable_text_cell(t, "id");
    if (has_labels(out)) sable_text_cell(t, "label");
    for (uint32_t c = 0; c < out->columns; c++) {
        char name[32];
        if (is_results(out) && out->columns == 1)
            snprintf(name, sizeof name, "%s", what);
        else
            snprintf(name, sizeof name, "%s_%u", what, is_results(out) ? c : c + 1);
        sable_text_cell(t, name);
    }
    if (is_results(out)) sable_text_cell(t, "prediction");
    sable_text_end_row(t);
}

/* As sable_npy_write: NumPy wants the elements to start at a multiple of 64. */
static void npy_heading(decrypt_output *out) {
    uint8_t head[NPY_HEAD + 1];
    memset(head, ' ', NPY_HEAD);
    static const uint8_t start[8] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    memcpy(head, start, sizeof start);
    sable_put_u16(head + 8, NPY_HEAD - 10);
    int length =
        snprintf((char *)head + 10, NPY_HEAD - 9, "{'descr': '<f8', 'fortran_order': False, 'shape': (%llu, %u), }",
                 (unsigned long long)out->info->samples, out->columns);
    head[10 + length] = ' '; /* in place of the end of the text */
    head[NPY_HEAD - 1] = '\n';
    sable_text_raw(&out->text, head, NPY_HEAD);
}

static void npy_row(decrypt_output *out, const double *row) {
    for (uint32_t c = 0; c < out->columns; c++) {
        uint64_t word;
        uint8_t bytes[8];
        memcpy(&word, &row[c], sizeof word);
        sable_put_u64(bytes, word);
        sable_text_raw(&out->text, bytes, sizeof bytes);
    }
}

static sable_status one_row(decrypt_output *out, uint64_t index, const double *row, sable_error *err) {
    sable_text *t = &out->text;
    double label = 0;
    const char *id = "";
    for (uint32_t c = 0; c < out->columns; c++)
        if (!isfinite(row[c]))
            return sable_fail(err, SABLE_DATA, "value %u of sample %llu is not finite", c, (unsigned long long)index);
    if (out->names->rows) SABLE_TRY(row_names_at(out->names, index, &label, &id, err));
    uint32_t class = is_results(out) ? class_of(out, row) : 0;
    if (is_results(out)) out->tally[TALLY_CLASSES + class]++;
    if (out->npy) {
        npy_row(out, row);
        return SABLE_OK;
    }
    sable_text_integer(t, (int64_t)index);
    if (has_ids(out)) sable_text_cell(t, id);
    if (has_labels(out)) sable_text_number(t, label);
    for (uint32_t c = 0; c < out->columns; c++) sable_text_number(t, row[c]);
    if (is_results(out)) {
        if (class < out->class_names->count)
            sable_text_cell(t, out->class_names->item[class]);
        else
            sable_text_integer(t, class);
        if (has_labels(out)) {
            out->tally[TALLY_LABELLED]++;
            out->tally[TALLY_CORRECT] += label == class;
        }
    }
    sable_text_end_row(t);
    return SABLE_OK;
}

/* -- the file ------------------------------------------------------------------------------------------------------ */

static size_t tally_words(const decrypt_output *out) { return TALLY_CLASSES + out->classes; }

/* The blocks that an earlier run wrote, and its counts. */
static sable_status take_over(decrypt_output *out, sable_error *err) {
    for (bool more = true; more && out->done < out->info->blocks; out->done += more) {
        uint8_t digest[SABLE_HASH_BYTES];
        SABLE_TRY(sable_partial_next(&out->file, digest, out->payload, &more, err));
    }
    out->resumed = out->done;
    for (size_t i = 0; out->done && i < tally_words(out); i++) out->tally[i] = sable_get_u64(out->payload + 8 * i);
    if (!out->done) unfinished_stream(out->path);
    if (out->done) remark("sable: %s: %u blocks of an earlier run are kept", out->path, out->done);
    return sable_partial_settle(&out->file, err);
}

sable_status decrypt_output_open(decrypt_output *out, const uint8_t origin[2 * SABLE_HASH_BYTES], sable_error *err) {
    uint8_t have[2 * SABLE_HASH_BYTES];
    bool found;
    const size_t words = tally_words(out);
    out->tally = calloc(words, sizeof *out->tally);
    out->payload = malloc(8 * words); /* the tally as bytes of the journal */
    if (!out->tally || !out->payload) return sable_fail(err, SABLE_NO_MEMORY, "no memory for %zu counts", words);
    SABLE_TRY(sable_partial_open(&out->file, out->path, err));
    SABLE_TRY(sable_partial_continue(&out->file, 0600, have, sizeof have, 8 * words, &found, err));
    if (found && memcmp(have, origin, sizeof have) == 0) return take_over(out, err);
    if (found)
        remark("sable: %s.partial was made with other %s: starting over", sable_show_path(out->path).text,
               memcmp(have, origin, SABLE_HASH_BYTES) != 0 ? "input" : "options");
    SABLE_TRY(sable_partial_start(&out->file, 0600, origin, sizeof have, 8 * words, err));
    unfinished_stream(out->path); /* until a block of several is safe there is nothing worth continuing */
    return SABLE_OK;
}

sable_status decrypt_output_block(decrypt_output *out, uint32_t index, const double *values, size_t count,
                                  sable_error *err) {
    sable_text_clear(&out->text);
    if (index == 0) out->npy ? npy_heading(out) : csv_heading(out);
    const uint64_t first = (uint64_t)index * out->info->layout.samples_per_block;
    for (size_t i = 0; i < count; i++) SABLE_TRY(one_row(out, first + i, values + i * out->columns, err));
    if (out->text.failed) return sable_fail(err, SABLE_NO_MEMORY, "no memory for the text of %zu samples", count);
    for (size_t i = 0; i < tally_words(out); i++) sable_put_u64(out->payload + 8 * i, out->tally[i]);
    SABLE_TRY(sable_partial_write(&out->file, out->text.bytes, out->text.used, err));
    SABLE_TRY(sable_partial_checkpoint(&out->file, out->payload, NULL, err));
    out->done = index + 1;
    if (index == 0 && out->info->blocks > 1) unfinished_keep();
    return SABLE_OK;
}

sable_status decrypt_output_finish(decrypt_output *out, sable_error *err) {
    return sable_partial_commit(&out->file, err);
}

void decrypt_output_close(decrypt_output *out, bool keep) {
    if (keep) sable_partial_suspend(&out->file);
    sable_partial_abort(&out->file);
    sable_text_release(&out->text);
    free(out->payload);
}
