/* SPDX-License-Identifier: Apache-2.0 */
/* The roles of the demonstration, each in a folder of its own. What lies in the evaluator's folder is all that the process which computes is
 * given: no secret key, no sample in the clear. Files that one role sends to another are copied from folder to folder. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/show.h"
#include "tool/demo.h"
#include "tool/demo_process.h"
#include "tool/key_plan.h"
#include "tool/options.h"
#include "tool/process.h"
#include "tool/report.h"
#include "tool/workspace.h"

/* One role sends a file to another. */
static sable_status send_file(demo *d, const char *from, const char *name, const char *to, const char *new_name) {
    static char buffer[1 << 16];
    char *source = path_join(from, name), *target = path_join(to, new_name);
    sable_error *err = &d->err;
    sable_atomic_file *out = NULL;
    FILE *in = fopen(source, "rbe");
    sable_status status = in ? sable_atomic_file_open(&out, target, 0644, err)
                             : sable_fail(err, SABLE_IO, "%s: %s", sable_show_path(source).text, strerror(errno));
    size_t got;
    while (status == SABLE_OK && (got = fread(buffer, 1, sizeof buffer, in)) > 0)
        status = sable_atomic_file_write(out, buffer, got, err);
    if (status == SABLE_OK && ferror(in))
        status = sable_fail(err, SABLE_IO, "%s: cannot be read", sable_show_path(source).text);
    if (status == SABLE_OK) status = sable_atomic_file_commit(&out, err);
    sable_atomic_file_abort(&out);
    if (in) fclose(in);
    free(source);
    free(target);
    return status;
}

/* -- steps ----------------------------------------------------------------------------------------------------------- */

static uint64_t bytes_in(const char *folder, const char *name) {
    char *path = path_join(folder, name);
    uint64_t bytes = file_bytes(path);
    free(path);
    return bytes;
}

/* Runs a command in `folder`; reply may be NULL. */
static sable_status step(demo *d, const char *name, const char *who, const char *folder, const char *made,
                         const command_words *words, json_t **reply) {
    demo_step *s = &d->steps[d->step_count++];
    *s = (demo_step){.name = name, .who = who};
    progress(name, d->step_count, 8);
    json_t *object = NULL;
    SABLE_TRY(words_run(words, folder, &object, &s->seconds, &d->err));
    if (made) s->bytes = bytes_in(folder, made);
    s->backend_peak = (uint64_t)json_integer_value(json_object_get(object, "backend_peak_bytes"));
    if (reply)
        *reply = object;
    else
        json_decref(object);
    return SABLE_OK;
}

static void add_purpose(const demo *d, command_words *w) {
    if (!d->options.probabilities) return;
    words_flag(w, "--probabilities");
    words_number(w, "--degree", d->options.degree);
}

static sable_status make_keys(demo *d) {
    command_words w;
    words_begin(&w, "keygen");
    words_option(&w, "--params", d->options.params);
    words_option(&w, "--out", "keys");
    words_option(&w, "--for", "infer");
    words_flag(&w, "--encrypted-weights");
    words_number(&w, "--features", d->data.features);
    words_option(&w, "--packing", packing_words[d->layout.packing]);
    words_number(&w, "--level", d->level);
    add_purpose(d, &w);
    SABLE_TRY(step(d, "keys", "data owner", d->owner, "keys/eval/keys.sable", &w, NULL));
    d->key_bytes = d->steps[d->step_count - 1].bytes;
    char *public = path_join(d->modeller, "keys/public");
    char *keys = path_join(d->modeller, "keys");
    sable_status status = make_folder(keys, 0755, &d->err);
    if (status == SABLE_OK) status = make_folder(public, 0755, &d->err);
    free(public);
    free(keys);
    SABLE_TRY(status);
    SABLE_TRY(send_file(d, d->owner, "keys/public/public.key", d->modeller, "keys/public/public.key"));
    SABLE_TRY(send_file(d, d->owner, "keys/public/params.json", d->modeller, "keys/public/params.json"));
    SABLE_TRY(send_file(d, d->owner, "keys/public/params.json", d->evaluator, "params.json"));
    return send_file(d, d->owner, "keys/eval/keys.sable", d->evaluator, "keys.sable");
}

/* The samples as their owner has them; labels stay out, they are for judging only. */
static sable_status write_samples(demo *d) {
    sable_csv_writer *csv = NULL;
    sable_error *err = &d->err;
    char *path = path_join(d->owner, "samples.csv"), name[32];
    sable_status status = sable_csv_writer_open(&csv, path, 0600, err);
    free(path);
    const uint32_t features = d->data.features;
    for (uint32_t j = 0; j < features && status == SABLE_OK; j++) {
        snprintf(name, sizeof name, "x%u", j + 1);
        status = sable_csv_write_text(csv, name, err);
    }
    if (status == SABLE_OK) status = sable_csv_end_row(csv, err);
    for (size_t i = 0; i < d->data.count && status == SABLE_OK; i++) {
        const double *row = d->data.x + (d->data.first + i) * features;
        for (uint32_t j = 0; j < features && status == SABLE_OK; j++) status = sable_csv_write_number(csv, row[j], err);
        if (status == SABLE_OK) status = sable_csv_end_row(csv, err);
    }
    if (status == SABLE_OK) status = sable_csv_writer_commit(&csv, err);
    sable_csv_writer_abort(&csv);
    return status;
}

/* The model's owner tells how features are standardised, and keeps the weights. */
static sable_status write_models(demo *d) {
    char *path = path_join(d->modeller, "model.json");
    sable_status status = sable_model_save(d->model, path, &d->err);
    free(path);
    SABLE_TRY(status);
    sable_model *map = NULL;
    SABLE_TRY(sable_model_create(&map, 1, d->data.features, d->model->mean != NULL, &d->err));
    for (uint32_t j = 0; map->mean && j < d->data.features; j++) {
        map->mean[j] = d->model->mean[j];
        map->deviation[j] = d->model->deviation[j];
    }
    path = path_join(d->owner, "standardisation.json");
    status = sable_model_save(map, path, &d->err);
    free(path);
    sable_model_destroy(&map);
    SABLE_TRY(status);
    return send_file(d, d->modeller, "model.json", d->evaluator, "model.json");
}

static sable_status encrypt_samples(demo *d) {
    command_words w;
    words_begin(&w, "encrypt");
    words_option(&w, "--keys", "keys");
    words_option(&w, "--data", "samples.csv");
    words_option(&w, "--model", "standardisation.json");
    words_option(&w, "--packing", packing_words[d->layout.packing]);
    words_number(&w, "--level", d->level);
    words_option(&w, "--out", "samples.sable");
    SABLE_TRY(step(d, "encrypt the samples", "data owner", d->owner, "samples.sable", &w, NULL));
    d->dataset_bytes = d->steps[d->step_count - 1].bytes;
    return send_file(d, d->owner, "samples.sable", d->evaluator, "samples.sable");
}

static sable_status encrypt_weights(demo *d) {
    command_words w;
    words_begin(&w, "encrypt");
    words_option(&w, "--keys", "keys");
    words_flag(&w, "--public");
    words_option(&w, "--model-weights", "model.json");
    words_number(&w, "--range", d->range);
    words_option(&w, "--packing", packing_words[d->layout.packing]);
    words_number(&w, "--level", d->level);
    words_option(&w, "--out", "model.sable");
    SABLE_TRY(step(d, "encrypt the model", "model owner", d->modeller, "model.sable", &w, NULL));
    d->model_bytes = d->steps[d->step_count - 1].bytes;
    return send_file(d, d->modeller, "model.sable", d->evaluator, "model.sable");
}

static sable_status infer(demo *d, bool encrypted) {
    const char *out = encrypted ? "encrypted.results" : "plain.results";
    command_words w;
    words_begin(&w, "infer");
    words_option(&w, "--params", "params.json");
    words_option(&w, "--data", "samples.sable");
    words_option(&w, encrypted ? "--encrypted-model" : "--model", encrypted ? "model.sable" : "model.json");
    /* Logits of feature-major data with weights in the clear need no key at all. */
    if (encrypted || d->options.probabilities || d->layout.packing == SABLE_PACK_ROW)
        words_option(&w, "--keys", "keys.sable");
    add_purpose(d, &w);
    if (d->options.probabilities && !encrypted) words_number(&w, "--range", d->range);
    words_option(&w, "--out", out);
    json_t *reply = NULL;
    SABLE_TRY(step(d, encrypted ? "infer, encrypted model" : "infer, model in the clear", "evaluator", d->evaluator,
                   out, &w, &reply));
    const char *backend = json_string_value(json_object_get(reply, "backend"));
    const char *path = json_string_value(json_object_get(reply, "path"));
    snprintf(d->backend, sizeof d->backend, "%s", backend ? backend : "unknown");
    snprintf(d->path, sizeof d->path, "%s", path ? path : "");
    d->threads = (uint32_t)json_integer_value(json_object_get(reply, "threads"));
    d->precision_bits[encrypted] = json_number_value(json_object_get(reply, "precision_bits"));
    json_decref(reply);
    d->result_bytes = d->steps[d->step_count - 1].bytes;
    return send_file(d, d->evaluator, out, d->owner, out);
}

/* Column 1 of the CSV: index, value, prediction. */
static sable_status read_values(demo *d, const char *name, double *out) {
    char *path = path_join(d->owner, name);
    sable_table *table = NULL;
    sable_status status = sable_table_read(&table, path, NULL, &d->err);
    if (status == SABLE_OK && (table->rows != d->data.count || table->features != 3))
        status = sable_fail(&d->err, SABLE_INTERNAL, "%s: %zu rows of %zu columns, expected %zu of 3", path,
                            table->rows, table->features, d->data.count);
    for (size_t i = 0; status == SABLE_OK && i < table->rows; i++) out[i] = table->values[3 * i + 1];
    sable_table_destroy(&table);
    free(path);
    return status;
}

static sable_status decrypt(demo *d, bool encrypted, double *out) {
    const char *csv = encrypted ? "encrypted.csv" : "plain.csv";
    command_words w;
    words_begin(&w, "decrypt");
    words_option(&w, "--keys", "keys");
    words_option(&w, "--data", encrypted ? "encrypted.results" : "plain.results");
    words_option(&w, "--out", csv);
    SABLE_TRY(step(d, encrypted ? "decrypt the second results" : "decrypt the results", "data owner", d->owner, NULL,
                   &w, NULL));
    return read_values(d, csv, out);
}

sable_status demo_roles_run(demo *d) {
    SABLE_TRY(demo_folder_open(d));
    SABLE_TRY(write_models(d));
    SABLE_TRY(write_samples(d));
    SABLE_TRY(make_keys(d));
    SABLE_TRY(encrypt_samples(d));
    SABLE_TRY(encrypt_weights(d));
    SABLE_TRY(infer(d, false));
    SABLE_TRY(infer(d, true));
    SABLE_TRY(decrypt(d, false, d->values.plain));
    SABLE_TRY(decrypt(d, true, d->values.encrypted));
    progress_end();
    return SABLE_OK;
}
