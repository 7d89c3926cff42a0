/* SPDX-License-Identifier: Apache-2.0 */
/* sable train: what came out. */
#include "tool/cmd_train.h"
#include "tool/report.h"

#define ERROR_BAR    1e-4  /* largest difference of a weight, relative to the largest weight */
#define ACCURACY_BAR 0.002 /* difference of the accuracy on test samples */

static const char *circuit_name(const sable_training_options *o) {
    switch (o->kind) {
    case SABLE_TRAIN_BASELINE: return "baseline";
    case SABLE_TRAIN_FOLDED: return "folded";
    default: return "lowdepth";
    }
}

static bool holds(const train *t) {
    const double difference = t->encrypted.accuracy - t->clear.accuracy; /* NAN without test samples */
    return t->weight_error <= ERROR_BAR && !(difference > ACCURACY_BAR || difference < -ACCURACY_BAR);
}

void train_report_plan(const train *t) {
    const train_program *p = &t->plan;
    const sable_training_options *o = &p->shape.options;
    report_text("dataset", t->source.data);
    report_text("circuit", circuit_name(o));
    report_integer("chains", o->chains);
    report_integer("iterations", o->iterations);
    report_integer("minibatch", o->minibatch);
    report_integer("features", o->features);
    report_integer("training_samples", (int64_t)t->data.train);
    report_integer("test_samples", (int64_t)(t->data.samples - t->data.train));
    report_number("accuracy_twin", t->clear.accuracy);
    report_number("auroc_twin", t->clear.auroc);
    report_number("largest_logit", t->largest);
    report_integer("depth", p->lowered.depth);
    report_integer("input_bytes", (int64_t)p->lowered.input_bytes);
    report_integer("input_ciphertexts", (int64_t)p->lowered.inputs);
    report_integer("evaluation_keys", (int64_t)sable_key_spec_count(p->keys));
    report_integer("evaluation_key_bytes", (int64_t)sable_key_spec_bytes(p->keys));
    report_number("seconds_predicted", p->cost.seconds);
    report_number("seconds_predicted_chain", p->cost.chain_seconds);
    report_integer("memory_predicted_bytes", (int64_t)p->cost.memory_bytes);
    report_text("params", p->info.name);
    report_integer("log_n", p->info.log_n);
    report_integer("top_level", p->info.top_level);
    report_integer("log_pq", (int64_t)p->info.modulus_bits);
    report_bool("insecure", !p->info.secure);
    report_integer("tile_height", p->shape.tile.height);
    report_integer("tile_width", p->shape.tile.width);
    report_integer("tiles", p->shape.tiles);
}

static void report_run(const train *t, bool passed) {
    report_number("seconds", t->seconds);
    report_number("seconds_per_iteration", t->seconds / t->options.iterations);
    report_number("processor_seconds", t->processor_seconds);
    report_integer("bootstraps", 0);
    report_number("accuracy", t->encrypted.accuracy);
    report_number("auroc", t->encrypted.auroc);
    report_number("max_weight_error", t->weight_error);
    report_integer("input_file_bytes", (int64_t)t->input_file_bytes);
    report_number("seconds_keys", t->keys_seconds);
    report_number("seconds_encrypt", t->encrypt_seconds);
    report_number("seconds_prepare", t->prepare_seconds);
    report_number("seconds_decrypt", t->decrypt_seconds);
    report_integer("backend_peak_bytes", (int64_t)session_peak(&t->s));
    sable_ctx_info ctx = {.struct_size = sizeof ctx};
    if (sable_ctx_describe(t->s.ctx, &ctx) == SABLE_OK) {
        report_text("backend", ctx.backend);
        report_text("path", ctx.path);
        report_integer("threads", ctx.threads);
    }
    if (t->out) report_text("out", t->out);
    report_bool("passed", passed);
}

static void show_plan(const train *t) {
    const train_program *p = &t->plan;
    const sable_training_options *o = &p->shape.options;
    say("%s: %u minibatches of %u samples of %u features, circuit %s", t->source.data, o->iterations, o->minibatch,
        o->features, circuit_name(o));
    say("set %s: N = 2^%u, %u levels; tiles of %u x %u, %u a minibatch", p->info.name, p->info.log_n, p->info.top_level,
        p->shape.tile.height, p->shape.tile.width, p->shape.tiles);
    table_row("  depth\t%u", p->lowered.depth);
    table_row("  evaluation keys\t%zu\t%s", sable_key_spec_count(p->keys),
              shown_bytes(sable_key_spec_bytes(p->keys)).text);
    table_row("  inputs\t%zu\t%s", p->lowered.inputs, shown_bytes(p->lowered.input_bytes).text);
    table_row("  predicted\t%s\tof its longest chain %s", shown_seconds(p->cost.seconds).text,
              shown_seconds(p->cost.chain_seconds).text);
}

static void show_run(const train *t) {
    table_row("  keys\t%s", shown_seconds(t->keys_seconds).text);
    table_row("  encryption\t%s\t%s in files", shown_seconds(t->encrypt_seconds).text,
              shown_bytes(t->input_file_bytes).text);
    table_row("  training\t%s\t%s of processor time", shown_seconds(t->seconds).text,
              shown_seconds(t->processor_seconds).text);
    table_row("  error of a weight\t%.1e\tof the largest weight", t->weight_error);
    table_row("  accuracy\t%.2f %%\tin the clear %.2f %%", 100 * t->encrypted.accuracy, 100 * t->clear.accuracy);
    table_row("  AUROC\t%.4f\tin the clear %.4f", t->encrypted.auroc, t->clear.auroc);
}

bool train_report(const train *t) {
    const bool ran = !t->params_out, passed = !ran || holds(t);
    train_report_plan(t);
    show_plan(t);
    if (ran) {
        report_run(t, passed);
        show_run(t);
    } else {
        report_text("out", t->params_out);
        say("wrote %s", t->params_out);
    }
    table_end();
    if (!passed) warn("the encrypted weights are not those of the same circuit in the clear");
    return passed;
}
