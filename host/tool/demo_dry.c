/* SPDX-License-Identifier: Apache-2.0 */
/* sable demo --dry-run: the steps in their order, and what they leave. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ckks/price.h"
#include "io/csv_text.h"
#include "io/number.h"
#include "logreg/model_plan.h"
#include "tool/demo_dry.h"
#include "tool/disk.h"
#include "tool/dry_run.h"
#include "tool/report.h"
#include "tool/training.h"

/* Largest standardised feature of usual data; pixels of MNIST are in [0, 1]. Times hardly depend on it. */
#define USUAL_BOUND 16.0
enum { PIXEL_MOST = 20 }; /* characters of a seventh, and the comma behind it */

char *dry_demo_path(const dry_demo *t, const char *name) {
    return t->d->out ? path_join(t->d->out, name) : strdup(name);
}

static void tell_file(const dry_demo *t, const char *kind, const char *name, uint64_t bytes, bool exact) {
    char *path = dry_demo_path(t, name);
    dry_file(kind, path, bytes, exact);
    free(path);
}

void dry_demo_send(dry_demo *t, const char *kind, const char *name, uint64_t bytes, bool exact) {
    t->sent += bytes;
    tell_file(t, kind, name, bytes, exact);
}

/* -- data ---------------------------------------------------------------------------------------------------------- */

static void tell_fetches(const demo *d) {
    json_t *list = json_array();
    for (uint32_t i = 0; i < d->data.fetches; i++) {
        const demo_fetch *f = &d->data.fetch[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:I}", "url", f->url, "path", f->path, "bytes",
                                              f->bytes ? json_integer((json_int_t)f->bytes) : json_null(), "most_bytes",
                                              (json_int_t)f->most));
        say("fetch   %s%s of %s", f->bytes ? "" : "at most ", shown_bytes(f->bytes ? f->bytes : f->most).text, f->url);
        say("        to %s", f->path);
    }
    if (d->data.fetches) say("%s", "");
    report_value("fetches", list);
}

/* Neither the network nor unpacking is priced: what is fetched is written, and kept in the cache. */
static void plan_fetches(const demo *d) {
    if (!d->data.fetches) return;
    dry_process_begin();
    double work[SABLE_WORKS] = {0};
    for (uint32_t i = 0; i < d->data.fetches; i++) {
        const demo_fetch *f = &d->data.fetch[i];
        work[SABLE_WORK_WRITE] += (double)f->bytes;
        work[SABLE_WORK_SYNC] += 2;
        dry_file("download", f->path, f->bytes ? f->bytes : f->most, false);
    }
    dry_step_seconds("fetch", 1, dry_price(work));
    dry_process_end("fetch the data (network not counted)", "model owner", 0, 0);
}

static uint64_t table_bytes(const demo_data *data) {
    return data->samples * (data->features * sizeof(double) + sizeof(int32_t) + sizeof(bool));
}
/* What the demonstration itself holds while its steps run: the table, and four values a sample. */
static uint64_t held_bytes(const demo *d) { return table_bytes(&d->data) + 4 * d->data.count * sizeof(double); }

/* Reading a number: as writing it, the other way round. */
static void parse_number(void *arg) {
    double value;
    for (int i = 0; i < 64; i++) (void)sable_number_parse(&value, "-1.2345678901234567", 19, *(locale_t *)arg);
}

static double read_seconds(void) {
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    const double seconds = sable_time_of(parse_number, &plain) / 64;
    freelocale(plain);
    return seconds;
}

/* samples.csv, as demo_roles.c writes it: exact when the values are there. */
static uint64_t samples_bytes(const demo_data *data) {
    sable_text text = {0};
    char name[32];
    for (uint32_t j = 0; j < data->features; j++) {
        snprintf(name, sizeof name, "x%u", j + 1);
        sable_text_cell(&text, name);
    }
    sable_text_end_row(&text);
    uint64_t bytes = text.used;
    for (size_t i = 0; i < data->count && data->x; i++) {
        sable_text_clear(&text);
        for (uint32_t j = 0; j < data->features; j++)
            sable_text_number(&text, data->x[(data->first + i) * data->features + j]);
        sable_text_end_row(&text);
        bytes += text.used;
    }
    sable_text_release(&text);
    return data->x ? bytes : bytes + (uint64_t)data->count * data->features * PIXEL_MOST;
}

/* Training, and the files that the owners of the model and of the data begin with. */
static sable_status plan_training(dry_demo *t) {
    demo *d = t->d;
    const demo_data *data = &d->data;
    const sable_train_options options = {
        .struct_size = sizeof options, .standardise = data->standardise, .ridge = d->options.ridge};
    training_time time = {0};
    SABLE_TRY(training_measure(&time, data->train, data->features, 1, &options, &d->err));
    const uint64_t model = sable_model_file_most(1, data->features, data->standardise, "model.json"),
                   samples = samples_bytes(data);
    dry_process_begin();
    dry_step_seconds("train", 1, time.train + time.predict * (double)data->count);
    tell_file(t, "model", "model-owner/model.json", model, false);
    tell_file(t, "standardisation", "data-owner/standardisation.json", model, false);
    tell_file(t, "samples", "data-owner/samples.csv", samples, data->x != NULL);
    const double work[SABLE_WORKS] = {[SABLE_WORK_PRINT] = (double)data->count * data->features,
                                      [SABLE_WORK_WRITE] = (double)(2 * model + samples),
                                      [SABLE_WORK_SYNC] = 6};
    dry_step_seconds("write", 1, dry_price(work));
    const uint64_t copy = data->train * (data->features * sizeof(double) + sizeof(int32_t));
    dry_process_end(
        "train in the clear", "model owner",
        table_bytes(data) + copy + sable_model_train_bytes(data->train, data->features, 1, data->standardise), 0);
    dry_demo_send(t, "model", "evaluator/model.json", model, false);
    return SABLE_OK;
}

/* Keys and parameters go to the other two. */
static sable_status send_keys(dry_demo *t) {
    uint64_t public_key;
    char *text = NULL;
    const sable_file_options stored = file_options();
    SABLE_TRY(sable_public_key_file_bytes(&public_key, t->d->params, &stored, &t->d->err));
    SABLE_TRY(sable_params_write(t->d->params, &text, &t->d->err));
    const uint64_t params = strlen(text);
    sable_text_free(text);
    dry_demo_send(t, "public key", "model-owner/keys/public/public.key", public_key, true);
    dry_demo_send(t, "parameters", "model-owner/keys/public/params.json", params, true);
    dry_demo_send(t, "parameters", "evaluator/params.json", params, true);
    dry_demo_send(t, "evaluation keys", "evaluator/keys.sable", t->keys.eval_bytes, true);
    return SABLE_OK;
}

static void plan_sending(const dry_demo *t) {
    enum { FILES = 9 };
    const double work[SABLE_WORKS] = {
        [SABLE_WORK_READ] = (double)t->sent, [SABLE_WORK_WRITE] = (double)t->sent, [SABLE_WORK_SYNC] = 2 * FILES};
    dry_process_begin();
    dry_step_seconds("copy", 1, dry_price(work));
    dry_process_end("send files to each other", "everybody", 0, 0);
}

/* -- all of it ----------------------------------------------------------------------------------------------------- */

static sable_status plan_steps(dry_demo *t, double reading) {
    demo *d = t->d;
    if (d->data.x) {
        dry_process_begin();
        dry_step_seconds("read", 1, reading);
        /* the table as it is read, and the one that is made of it */
        dry_process_end("read the data", "model owner", 2 * table_bytes(&d->data), 0);
    }
    SABLE_TRY(plan_training(t));
    SABLE_TRY(dry_demo_keys(t));
    SABLE_TRY(send_keys(t));
    SABLE_TRY(dry_demo_encrypt(t));
    SABLE_TRY(dry_demo_encrypt_model(t));
    for (int encrypted = 0; encrypted < 2; encrypted++) SABLE_TRY(dry_demo_infer(t, encrypted));
    for (int encrypted = 0; encrypted < 2; encrypted++) SABLE_TRY(dry_demo_decrypt(t, encrypted));
    plan_sending(t);
    return d->options.no_baseline ? SABLE_OK : dry_demo_ways(t);
}

static void tell_setting(const demo *d) {
    report_integer("samples", (int64_t)d->data.count);
    report_integer("features", d->data.features);
    report_integer("training_samples", (int64_t)d->data.train);
    report_text("output", d->options.probabilities ? "probabilities" : "logits");
    report_text("params", d->info.name);
    report_bool("insecure", !d->info.secure);
    report_text("packing", packing_words[d->layout.packing]);
    report_integer("samples_per_block", d->layout.samples_per_block);
    report_integer("level", d->level);
    report_integer("held_bytes", (int64_t)held_bytes(d));
    say("data        %s: %zu samples of %u features, %zu of them are encrypted", d->data.name, d->data.samples,
        d->data.features, d->data.count);
    say("encryption  %s, %s packing, level %u, %s", d->info.name, packing_words[d->layout.packing], d->level,
        d->options.probabilities ? "probabilities" : "logits");
    say("files       %s\n", d->out ? d->out : "in a temporary folder, removed at the end");
}

static sable_status open_home(dry_demo *t, const char *out) {
    demo *d = t->d;
    sable_status status = session_plan(&t->home, d->options.params);
    if (status == SABLE_OK) status = sable_secret_generate(&t->secret, t->home.ctx, &t->home.err);
    if (status == SABLE_OK) status = sable_secret_key_id(t->secret, t->key_id);
    sable_ctx_info info = {.struct_size = sizeof info};
    if (status == SABLE_OK) status = sable_ctx_describe(t->home.ctx, &info);
    if (status == SABLE_OK) status = dry_measure(&t->home, out);
    if (status != SABLE_OK) d->err = t->home.err;
    snprintf(d->backend, sizeof d->backend, "%s", info.backend ? info.backend : "");
    return status;
}

static void release(dry_demo *t) {
    key_plan_clear(&t->keys.plan);
    workspace_close(&t->keys.w);
    session_close(&t->keys.s);
    free(t->keys_folder);
    sable_secret_destroy(&t->secret);
    session_close(&t->home);
}

sable_status demo_dry(demo *d, double reading) {
    dry_demo t = {.d = d, .bound = d->data.standardise ? USUAL_BOUND : 1};
    char *base = demo_folder_base(d), *out = path_join(base, "a-file");
    free(base);
    sable_status status = SABLE_OK;
    const bool complete = d->data.samples > 0;
    if (!complete) {
        dry_begin_clear(d->data.fetch[0].path);
        plan_fetches(d);
    } else {
        t.blocks = (uint32_t)((d->data.count + d->layout.samples_per_block - 1) / d->layout.samples_per_block);
        t.read_value = read_seconds();
        status = open_home(&t, out);
        if (status == SABLE_OK) plan_fetches(d);
        if (status == SABLE_OK) status = plan_steps(&t, reading);
        if (status == SABLE_OK) status = disk_check(out, dry_disk_bytes(), &d->err);
    }
    if (status == SABLE_OK) {
        report_text("dataset", d->data.name);
        report_bool("complete", complete);
        tell_fetches(d);
        if (complete)
            tell_setting(d);
        else
            say("the rest is told when the data are there");
        dry_report();
    }
    release(&t);
    free(out);
    return status;
}
