/* SPDX-License-Identifier: Apache-2.0 */
/* sable fit: trains a model on data in the clear, so that there is one to infer with. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "tool/cmd_fit.h"
#include "tool/cmd_infer_memory.h"
#include "tool/commands.h"
#include "tool/disk.h"
#include "tool/process.h"
#include "tool/report.h"
#include "tool/workspace.h"

/* A fixed shuffle: the same rows are held out on every machine and in every run. */
static uint64_t mix(uint64_t x) {
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

sable_status fit_arrange(fit *f) {
    const size_t rows = f->table->rows, features = f->table->features;
    size_t *order = malloc(rows * sizeof *order);
    f->labels = malloc(rows * sizeof *f->labels);
    const bool values = f->table->values != NULL;
    if (values) f->x = malloc(rows * features * sizeof *f->x);
    if (!order || !f->labels || (values && !f->x)) {
        free(order);
        return sable_fail(&f->err, SABLE_NO_MEMORY, "no memory for %zu rows of %zu features", rows, features);
    }
    for (size_t i = 0; i < rows; i++) order[i] = i;
    for (size_t i = rows - 1; i > 0 && f->held_out > 0; i--) {
        size_t other = mix(i) % (i + 1), held = order[i];
        order[i] = order[other];
        order[other] = held;
    }
    f->train = rows - (size_t)floor(f->held_out * (double)rows);
    sable_status status = SABLE_OK;
    double most = 0;
    for (size_t i = 0; i < rows && status == SABLE_OK; i++) {
        double label = f->table->labels[order[i]];
        if (label != floor(label) || label < 0 || label > 1023)
            status = sable_fail(&f->err, SABLE_DATA,
                                "row %zu: label %g is no class; whole numbers from 0 are, or texts with "
                                "--label-positive or --label-values",
                                order[i] + 1, label);
        most = fmax(most, label);
        f->labels[i] = (int32_t)label;
        if (values) memcpy(f->x + i * features, f->table->values + order[i] * features, features * sizeof *f->x);
    }
    free(order);
    if (!f->classes) f->classes = most > 1 ? (uint32_t)most + 1 : 1;
    return status;
}

static double accuracy(const fit *f, const sable_model *model, size_t first, size_t last) {
    size_t right = 0;
    double *z = malloc(f->table->features * sizeof *z), *logits = malloc(model->classes * sizeof *logits);
    for (size_t i = first; i < last && z && logits; i++) {
        memcpy(z, f->x + i * f->table->features, f->table->features * sizeof *z);
        sable_model_standardise(model, z, 1);
        sable_model_logits(model, logits, z, 1);
        right += sable_model_predict(model, logits) == f->labels[i];
    }
    free(z);
    free(logits);
    return last > first ? (double)right / (double)(last - first) : 0;
}

static sable_status train(fit *f) {
    double start = seconds_now();
    SABLE_TRY(data_source_read(&f->table, &f->source, &f->err));
    if (!f->table->labels) return sable_fail(&f->err, SABLE_INVALID, "no labels: see --label-column and --labels");
    SABLE_TRY(fit_arrange(f));
    sable_model *model = NULL;
    SABLE_TRY(sable_model_train(&model, f->x, f->labels, f->train, (uint32_t)f->table->features, f->classes,
                                &f->options, &f->err));
    sable_status status = sable_model_save(model, f->out, &f->err);
    double fitted = accuracy(f, model, 0, f->train), held = accuracy(f, model, f->train, f->table->rows);
    sable_model_destroy(&model);
    SABLE_TRY(status);
    double seconds = seconds_now() - start;
    report_integer("samples", (int64_t)f->table->rows);
    report_integer("features", (int64_t)f->table->features);
    report_integer("classes", f->classes);
    report_integer("trained_on", (int64_t)f->train);
    report_number("accuracy_train", fitted);
    if (f->train < f->table->rows) report_number("accuracy_test", held);
    report_number("seconds", seconds);
    report_integer("peak_bytes", (int64_t)process_peak());
    report_text("out", f->out);
    say("%s: %zu features, %s, trained on %zu samples in %s", f->out, f->table->features,
        f->classes == 1 ? "binary" : "one row a class", f->train, shown_seconds(seconds).text);
    say("accuracy %.2f %% on them", 100 * fitted);
    if (f->train < f->table->rows) say("accuracy %.2f %% on the %zu held out", 100 * held, f->table->rows - f->train);
    return SABLE_OK;
}

int cmd_fit(int argc, char **argv) {
    fit f = {.options = {.struct_size = sizeof f.options}};
    option table[24] = {
        OPTION("out", TEXT, &f.out, "MODEL", "the model, a JSON file", .required = true),
        OPTION("classes", U32, &f.classes, "K", "rows of the model: 1 is binary (default: from the labels)", .low = 1,
               .high = 1024),
        OPTION("iterations", U32, &f.options.iterations, "N", "full-batch Nesterov steps (default 300)", .low = 1,
               .high = 1000000),
        OPTION("rate", NUMBER, &f.options.rate, "R", "learning rate (default 1)", .low = 1e-9, .high = 1e6),
        OPTION("ridge", NUMBER, &f.options.ridge, "R", "l2 penalty on the weights (default 0.001)", .low = 1e-12,
               .high = 1e6),
        OPTION("no-standardise", FLAG, &f.plain, NULL, "use the features as they are"),
        OPTION("hold-out", NUMBER, &f.held_out, "F", "fraction of samples to test on instead of training (default 0)",
               .low = 0, .high = 0.9),
        DRY_RUN_OPTION,
    };
    data_source_options(table + 8, &f.source);
    table[8].required = true;
    command_line line = {.name = "fit",
                         .summary = "Trains a logistic-regression model on data in the clear",
                         .options = table,
                         .notes = "With --hold-out the same rows are held out in every run."};
    int status = options_parse(&line, argc, argv);
    if (status < 0) status = data_source_check(&f.source);
    const char *const inputs[] = {f.source.data ? f.source.data : "", f.source.labels ? f.source.labels : "", NULL};
    if (status < 0) status = check_output(f.out, inputs);
    f.options.standardise = !f.plain;
    if (status < 0) {
        sable_status done = disk_check_target(f.out, &f.err); /* not after minutes of training */
        if (done == SABLE_OK) done = settings.dry_run ? fit_dry(&f) : train(&f);
        status = done == SABLE_OK ? report_done() : report_error(done, f.err.text);
    }
    sable_table_destroy(&f.table);
    free(f.labels);
    free(f.x);
    return status;
}
