/* SPDX-License-Identifier: Apache-2.0 */
/* What a training takes, without doing it. */
#include "base/fail.h"
#include "io/rows.h"
#include "logreg/model_plan.h"
#include "tool/cmd_fit.h"
#include "tool/disk.h"
#include "tool/dry_run.h"
#include "tool/report.h"
#include "tool/training.h"

/* table: bytes of it. Rows in another order are a copy; training makes a second one of those it is given. */
static uint64_t memory_of(const fit *f, uint64_t table) {
    const uint64_t rows = f->table->rows, features = f->table->features;
    const uint64_t copy = rows * (features * sizeof(double) + sizeof(int32_t)), order = rows * sizeof(size_t),
                   train = sable_model_train_bytes(f->train, (uint32_t)features, f->classes, !f->plain);
    return table + copy + (order > train ? order : train);
}

sable_status fit_dry(fit *f) {
    const sable_table_options options = data_source_table_options(&f->source);
    sable_error *err = &f->err;
    uint64_t held;
    double start = processor_seconds();
    SABLE_TRY(sable_table_measure(&f->table, &held, f->source.data, &options, err));
    if (!f->table->labels) return sable_fail(err, SABLE_INVALID, "no labels: see --label-column and --labels");
    const double reading = processor_seconds() - start;
    start = processor_seconds();
    SABLE_TRY(fit_arrange(f));
    const double arranging = processor_seconds() - start;
    const size_t rows = f->table->rows;
    const uint32_t features = (uint32_t)f->table->features;
    SABLE_TRY(sable_model_check_labels(f->labels, f->train, f->classes, err));
    SABLE_TRY(sable_model_check_shape(f->classes, features, err));
    training_time time = {0};
    SABLE_TRY(training_measure(&time, f->train, features, f->classes, &f->options, err));
    dry_begin_clear(f->out);
    dry_step_seconds("read the table", 1, reading);
    dry_step_seconds("arrange it", 1, arranging);
    dry_step_seconds("train", 1, time.train);
    dry_step_seconds("test", 1, time.predict * (double)rows);
    const uint64_t bytes = sable_model_file_most(f->classes, features, !f->plain, f->out),
                   numbers = (uint64_t)f->classes * (features + 1ull) + (f->plain ? 0 : 2ull * features);
    double work[SABLE_WORKS] = {
        [SABLE_WORK_WRITE] = (double)bytes, [SABLE_WORK_SYNC] = 2, [SABLE_WORK_PRINT] = (double)numbers};
    dry_step_seconds("write the model", 1, dry_price(work));
    dry_file("model", f->out, bytes, false);
    dry_memory(memory_of(f, held), 0);
    report_integer("samples", (int64_t)rows);
    report_integer("features", features);
    report_integer("classes", f->classes);
    report_integer("trained_on", (int64_t)f->train);
    dry_report();
    return SABLE_OK;
}
