/* SPDX-License-Identifier: Apache-2.0 */
/* sable demo: the command line, and the order of the parts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tool/commands.h"
#include "tool/demo.h"
#include "tool/download.h"
#include "tool/dry_run.h"
#include "tool/key_plan.h"
#include "tool/options.h"
#include "tool/report.h"

/* The most accurate sigmoid of three that the parameter set has levels for. */
static void fit_degree(demo *d) {
    if (!d->options.probabilities || d->options.degree) return;
    sable_infer_options infer = {.struct_size = sizeof infer, .probabilities = true, .degree = 63};
    while (infer.degree > 15 && sable_infer_depth(&d->layout, &infer) > d->info.top_level) infer.degree /= 2;
    d->options.degree = infer.degree;
}

/* *reading: seconds that the data took. */
static sable_status prepare(demo *d, double *reading) {
    demo_options *o = &d->options;
    SABLE_TRY(demo_folder_check(d));
    /* The steps run in other folders: the file of a parameter set needs its full path there. */
    d->params_path = strchr(o->params, '/') || strstr(o->params, ".json") ? realpath(o->params, NULL) : NULL;
    if (d->params_path) o->params = d->params_path;
    const sable_params_options allow = {.struct_size = sizeof allow, .allow_insecure = settings.allow_insecure};
    SABLE_TRY(sable_params_load(&d->params, o->params, &allow, &d->err));
    d->info.struct_size = sizeof d->info;
    SABLE_TRY(sable_params_describe(d->params, &d->info));
    const double start = processor_seconds();
    SABLE_TRY(demo_data_load(&d->data, o, &d->err));
    *reading = processor_seconds() - start;
    if (d->data.samples == 0) return SABLE_OK; /* of a dry run: nobody can tell */
    SABLE_TRY(sable_layout_choose(&d->layout, d->params, (sable_packing)o->packing, d->data.features, d->data.count,
                                  &d->err));
    fit_degree(d);
    const sable_infer_options infer = {
        .struct_size = sizeof infer, .probabilities = o->probabilities, .degree = o->degree};
    d->level = sable_infer_depth(&d->layout, &infer);
    if (d->level > d->info.top_level)
        return sable_fail(&d->err, SABLE_LEVEL,
                          "inference takes %u levels, %s has %u: choose a deeper set with --params%s", d->level,
                          d->info.name, d->info.top_level, o->probabilities ? ", or a smaller --degree" : "");
    sable_level_info level = {.struct_size = sizeof level};
    SABLE_TRY(sable_params_level(d->params, d->level, &level));
    d->ciphertext_bytes = 2ull * level.limbs * (4ull << d->info.log_n);
    return SABLE_OK;
}

static sable_status run(demo *d) {
    double reading = 0;
    SABLE_TRY(prepare(d, &reading));
    if (settings.dry_run) return demo_dry(d, reading);
    SABLE_TRY(demo_train(d));
    SABLE_TRY(demo_roles_run(d));
    demo_compare(d);
    if (!d->options.no_baseline) SABLE_TRY(demo_baselines(d));
    return demo_folder_keep(d);
}

static void release(demo *d) {
    demo_folder_remove(d);
    demo_data_clear(&d->data);
    sable_model_destroy(&d->model);
    sable_params_destroy(&d->params);
    free(d->params_path);
    free(d->out);
    free(d->values.logits);
    free(d->values.twin);
    free(d->values.plain);
    free(d->values.encrypted);
}

static int check_line(const command_line *line, demo_options *o) {
    const bool mnist = strcmp(o->data, "mnist-3v8") == 0, shipped = mnist || strcmp(o->data, "breast-cancer") == 0;
    const bool url = download_is_url(o->data);
    if (!shipped && !o->label) return report_usage("--data %.200s needs --label COLUMN", o->data);
    if (shipped && (o->label || o->id || o->positive))
        return report_usage("--label, --id and --positive go with a file of your own");
    if (url && (!o->sha256 || strlen(o->sha256) != 64 || strspn(o->sha256, "0123456789abcdefABCDEF") != 64))
        return report_usage("a URL needs --sha256 with 64 hexadecimal digits: the digest of the unpacked file");
    if (!url && (o->sha256 || option_given(line, "most-bytes")))
        return report_usage("--sha256 and --most-bytes go with a URL");
    if (!mnist && (o->mirror || o->all)) return report_usage("--mirror and --all go with --data mnist-3v8");
    if (o->mirror && !download_is_url(o->mirror))
        return report_usage("--mirror: a URL with https, http or file is needed");
    if (option_given(line, "degree") && !o->probabilities) return report_usage("--degree goes with --probabilities");
    if (!o->probabilities) o->degree = 0;
    /* A sigmoid polynomial covers the largest logit: less extreme logits, a better polynomial. */
    if (!(o->ridge > 0)) o->ridge = o->probabilities ? 1e-2 : 1e-3;
    if (!o->params) o->params = o->probabilities ? "infer14" : "infer13";
    return -1;
}

int cmd_demo(int argc, char **argv) {
    static demo d; /* large */
    d = (demo){.lock = -1, .options = {.data = "breast-cancer", .seconds = 0.4, .download_most = 256 << 20}};
    demo_options *o = &d.options;
    option table[] = {
        OPTION("data", TEXT, &o->data, "WHAT", "breast-cancer (default), mnist-3v8, a table or the URL of one"),
        OPTION("packing", CHOICE, &o->packing, "HOW", "feature-major (many samples), row (few), auto (default)",
               .choices = packing_words),
        OPTION("probabilities", FLAG, &o->probabilities, NULL, "sigmoid under encryption instead of logits"),
        OPTION("degree", U32, &o->degree, "D",
               "degree of the sigmoid polynomial (default 63, 31 or 15, as levels allow)", .low = 1,
               .high = SABLE_POLY_MAX_DEGREE),
        OPTION("params", TEXT, &o->params, "NAME|FILE", "parameter set (default infer13, for probabilities infer14)"),
        OPTION("ridge", NUMBER, &o->ridge, "R", "l2 penalty in training (default 0.001, for probabilities 0.01)",
               .low = 1e-9, .high = 1e3),
        OPTION("out", TEXT, &o->out, "FOLDER", "keep all files in this new folder"),
        OPTION("label", TEXT, &o->label, "COLUMN", "own table: the column of the labels, 0 or 1"),
        OPTION("positive", TEXT, &o->positive, "TEXT", "own table: labels are texts, this one is 1"),
        OPTION("id", TEXT, &o->id, "COLUMN", "own table: a column that is no feature"),
        OPTION("sha256", TEXT, &o->sha256, "DIGEST", "URL: the SHA-256 of the unpacked file"),
        OPTION("most-bytes", BYTES, &o->download_most, "BYTES", "URL: the largest download (default 256M)", .low = 1),
        OPTION("all", FLAG, &o->all, NULL, "mnist-3v8: encrypt the training samples too"),
        OPTION("mirror", TEXT, &o->mirror, "URL", "mnist-3v8: folder of the four files, instead of public mirrors"),
        OPTION("seconds", NUMBER, &o->seconds, "S", "time spent on each timing (default 0.4)", .low = 0, .high = 600),
        OPTION("no-baseline", FLAG, &o->no_baseline, NULL, "skip the timings"),
        DRY_RUN_OPTION,
        {.name = NULL},
    };
    command_line line = {
        .name = "demo",
        .summary = "Trains a model, then classifies an encrypted data set with it, each role a process of its own",
        .options = table,
        .common = COMMON_COMPUTE | COMMON_INSECURE,
        .notes = "Exit status 1 when an encrypted prediction differs from the clear one, or an error exceeds 1e-4 of\n"
                 "the largest value. MNIST is read from $SABLE_DATA, else from the cache, else downloaded once."};
    int status = options_parse(&line, argc, argv);
    if (status < 0) status = check_line(&line, o);
    if (status >= 0) return status;
    sable_status done = run(&d);
    if (done != SABLE_OK)
        status = report_error(done, d.err.text);
    else if (settings.dry_run)
        status = report_done();
    else {
        const char *complaint = demo_verdict(&d);
        demo_show(&d);
        status = report_done();
        if (complaint && status == EXIT_DONE) {
            fprintf(stderr, "sable: the demonstration failed: %s\n", complaint);
            status = EXIT_REFUSED;
        }
    }
    release(&d);
    return status;
}
