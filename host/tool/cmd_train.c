/* SPDX-License-Identifier: Apache-2.0 */
/* sable train: logistic regression on encrypted minibatches, all roles in one process. */
#include <string.h>

#include "tool/cmd_infer_memory.h"
#include "tool/cmd_train.h"
#include "tool/commands.h"
#include "tool/disk.h"
#include "tool/options.h"
#include "tool/report.h"

static const char *const circuits[] = {"baseline", "folded", "lowdepth", NULL}; /* as sable_training_kind, from 1 */

static int check_line(train *t, uint32_t circuit, const command_line *line) {
    sable_training_options *o = &t->options;
    o->kind = (sable_training_kind)(circuit + 1);
    const bool named = strcmp(t->source.data, "mnist-3v8") == 0 || strcmp(t->source.data, "breast-cancer") == 0;
    const bool table = t->source.label_column || t->source.labels;
    if (option_given(line, "chains") && o->kind != SABLE_TRAIN_LOWDEPTH)
        return report_usage("--chains goes with --circuit lowdepth");
    if (named && (table || option_given(line, "hold-out")))
        return report_usage("--data %s has its own labels and test samples", t->source.data);
    if (!named && !table)
        return report_usage("--data %.200s needs --label-column NAME or --labels FILE", t->source.data);
    if (t->keys && t->params) return report_usage("--params goes without --keys: a workspace has its own");
    if (t->secret_file && !t->keys) return report_usage("--secret goes with --keys");
    if (option_given(line, "infer-range") && !t->out && !t->params_out)
        return report_usage("--infer-range goes with --out or --params-out");
    if (t->out && !t->keys)
        return report_usage("--out needs --keys: a model is of use to the owner of its secret key only");
    if ((t->out || t->weights_out) && t->params_out)
        return report_usage("--params-out stops before the training: it goes without --out and --weights-out");
    if (t->out && o->infer_range == 0) o->infer_range = 32;
    return data_source_check(&t->source);
}

static int check_outputs(const train *t) {
    const char *const inputs[] = {t->source.data, t->source.labels ? t->source.labels : "", NULL};
    const char *const outputs[] = {t->out, t->params_out, t->weights_out};
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
        const int status = outputs[i] ? check_output(outputs[i], inputs) : -1;
        if (status >= 0) return status;
    }
    return -1;
}

static sable_status run(train *t) {
    const char *const outputs[] = {t->out, t->params_out, t->weights_out};
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) /* not after minutes of work */
        if (outputs[i]) SABLE_TRY(disk_check_target(outputs[i], &t->s.err));
    return train_run(t);
}

int cmd_train(int argc, char **argv) {
    train t = {.options = {.struct_size = sizeof t.options, .iterations = 6, .minibatch = 128, .range = 8},
               .held_out = 0.3};
    sable_training_options *o = &t.options;
    uint32_t circuit = SABLE_TRAIN_LOWDEPTH - 1;
    enum { OWN = 18 };
    option table[OWN + DATA_SOURCE_OPTIONS + 1] = {
        OPTION("circuit", CHOICE, &circuit, "KIND",
               "baseline (5 levels a minibatch), folded (4) or lowdepth (2.5; default)", .choices = circuits),
        OPTION("chains", U32, &o->chains, "N", "lowdepth: 1 (default) or 2, which takes nearly twice the inputs",
               .low = 1, .high = 2),
        OPTION("iterations", U32, &o->iterations, "K", "minibatches (default 6)", .low = 1, .high = 64),
        OPTION("minibatch", U32, &o->minibatch, "B", "samples of a minibatch (default 128)", .low = 1, .high = 1 << 16),
        OPTION("rate", NUMBER, &o->rate, "R", "learning rate of step t: R/t (default R = 4)", .low = 1e-6, .high = 1e6),
        OPTION("constant-rate", FLAG, &o->constant_rate, NULL, "learning rate R in every step"),
        OPTION("range", NUMBER, &o->range, "U", "the cubic is a sigmoid for logits up to U (default 8)", .low = 0.5,
               .high = 64),
        OPTION("weight-bound", NUMBER, &o->weight_bound, "W", "state that no weight exceeds W on the way (default 8)",
               .low = 1e-3, .high = 64),
        OPTION("order", U32, &t.order, "N", "draw other minibatches (default 0)"),
        OPTION("hold-out", NUMBER, &t.held_out, "F", "own table: fraction of samples to test on (default 0.3)",
               .low = 0, .high = 0.9),
        OPTION("params", TEXT, &t.params, "NAME|FILE", "parameter set (default: the fastest with the levels needed)"),
        OPTION("keys", TEXT, &t.keys, "FOLDER", "workspace whose secret and parameters are used (default: fresh ones)"),
        OPTION("secret", TEXT, &t.secret_file, "FILE", "secret key, instead of the workspace's"),
        OPTION("params-out", TEXT, &t.params_out, "FILE", "choose the parameter set, write it, and stop"),
        OPTION("weights-out", TEXT, &t.weights_out, "MODEL", "write the decrypted weights and the scaling of features"),
        OPTION("out", TEXT, &t.out, "FILE", "write an encrypted model, for infer --encrypted-model"),
        OPTION("infer-range", NUMBER, &o->infer_range, "R", "model: state that every |logit| is at most R (default 32)",
               .low = 1e-3, .high = 1e6),
        DRY_RUN_OPTION,
    };
    data_source_options(table + OWN, &t.source);
    table[OWN].required = true;
    command_line line = {.name = "train",
                         .summary = "trains a logistic regression on encrypted minibatches",
                         .options = table,
                         .common = COMMON_COMPUTE | COMMON_INSECURE | COMMON_STORE,
                         .notes = "--data: mnist-3v8, breast-cancer, or a table with labels 0 and 1."};
    int status = options_parse(&line, argc, argv);
    if (status < 0) status = check_line(&t, circuit, &line);
    if (status < 0) status = check_outputs(&t);
    if (status >= 0) return status;
    harden_process();
    const sable_status done = run(&t);
    const bool passed = done == SABLE_OK && (settings.dry_run || train_report(&t));
    if (done != SABLE_OK)
        status = report_error(done, t.s.err.text);
    else
        status = report_done();
    train_release(&t);
    return status == EXIT_DONE && !passed ? EXIT_REFUSED : status;
}
