/* SPDX-License-Identifier: Apache-2.0 */
/* The report of the demonstration: lines for people, one object for programs. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tool/demo.h"
#include "tool/key_plan.h"
#include "tool/report.h"

static double blocks_of(const demo *d) { return ceil((double)d->data.count / d->layout.samples_per_block); }
/* Samples a second: of the data set as it is, and with every slot in use. */
static double rate(const demo *d, double seconds) { return (double)d->data.count / seconds; }
static double full_rate(const demo *d, double seconds) { return blocks_of(d) * d->layout.samples_per_block / seconds; }

/* The way that the evaluator used. */
static const baseline_row *own_way(const demo *d) { return &d->ways[d->way_count - 1]; }

/* -- lines ----------------------------------------------------------------------------------------------------------- */

static void show_setting(const demo *d) {
    const demo_data *data = &d->data;
    say("Logistic regression on encrypted data\n");
    say("data        %s: %zu samples of %u features; %zu train the model, %zu test it (%s)", data->name, data->samples,
        data->features, data->train, data->samples - data->train, data->split);
    if (data->count != data->samples) say("            %zu samples are encrypted: those for testing", data->count);
    say("encryption  %s: N = %u, modulus of keys %u bits, at most %u for %u-bit security%s", d->info.name,
        1u << d->info.log_n, d->info.modulus_bits, d->info.security_bound, d->info.security_bits,
        d->info.secure ? "" : ": INSECURE");
    say("packing     %s, %u samples in a block of %u ciphertext%s of %u slots, level %u",
        packing_words[d->layout.packing], d->layout.samples_per_block, d->layout.members,
        d->layout.members == 1 ? "" : "s", d->layout.slots, d->level);
    if (d->options.probabilities)
        say("sigmoid     polynomial of degree %u on [-%g, %g], at most %.2g from the sigmoid on these samples",
            d->options.degree, d->range, d->range, d->poly_error);
    say("files       %s\n", d->out ? d->out : "in a temporary folder, removed at the end");
}

static void show_steps(const demo *d) {
    table_row("step\trole, process\ttime\twritten");
    for (uint32_t i = 0; i < d->step_count; i++) {
        const demo_step *s = &d->steps[i];
        table_row("%s\t%s\t%s\t%s", s->name, s->who, shown_seconds(s->seconds).text,
                  s->bytes ? shown_bytes(s->bytes).text : "");
    }
    table_end();
    say("The evaluator's processes get the evaluator's folder: no secret key, no sample in the clear.\n");
}

static void show_scores(const demo *d) {
    const demo_score *const s[] = {&d->clear, &d->plain, &d->encrypted};
    const size_t test = d->data.samples - d->data.train;
    const char *value = d->options.probabilities ? "probability" : "logit";
    table_row("\tin the clear\tdata encrypted\tdata and model encrypted");
    if (!isnan(s[0]->accuracy_test))
        table_row("accuracy, %zu test samples\t%.2f %%\t%.2f %%\t%.2f %%", test, 100 * s[0]->accuracy_test,
                  100 * s[1]->accuracy_test, 100 * s[2]->accuracy_test);
    if (d->data.count != test)
        table_row("accuracy, all %zu samples\t%.2f %%\t%.2f %%\t%.2f %%", d->data.count, 100 * s[0]->accuracy_all,
                  100 * s[1]->accuracy_all, 100 * s[2]->accuracy_all);
    table_row("predictions that differ from the clear ones\t\t%llu\t%llu", (unsigned long long)s[1]->mismatched,
              (unsigned long long)s[2]->mismatched);
    table_row("largest error of a %s\t\t%.1e\t%.1e", value, s[1]->error, s[2]->error);
    table_row("  relative to the largest %s\t\t%.1e\t%.1e", value, s[1]->relative_error, s[2]->relative_error);
    table_end();
    say("The largest |logit| is %.4g; the error may be 1e-4 of the largest %s at most.\n", d->largest_logit, value);
}

static void show_rates(const demo *d, bool encrypted) {
    table_row("samples/s, %s\tthese %zu\tslots full\tratio", encrypted ? "model encrypted" : "model in the clear",
              d->data.count);
    double base = 0;
    for (uint32_t i = 0; i < d->way_count; i++) {
        const baseline_row *w = &d->ways[i];
        const double seconds = encrypted ? w->encrypted_seconds : w->plain_seconds;
        if (i == WAY_PORTABLE_1) base = seconds;
        table_row("  %s %s, %u thread%s\t%s\t%s\t%.2f", w->backend, w->path, w->threads, w->threads == 1 ? "" : "s",
                  shown_rate(rate(d, seconds)).text, shown_rate(full_rate(d, seconds)).text, base / seconds);
    }
    table_end();
}

static void show_ways(const demo *d) {
    if (!d->way_count) return;
    show_rates(d, false);
    show_rates(d, true);
    say("Median times of inference alone, files not included. These samples fill %.3g of %g block%s of %u; \"slots full\"\n"
        "is the rate when all are filled. Ratios are to one thread of portable C.\n"
        "Encrypted results of all rows: %s.",
        (double)d->data.count / d->layout.samples_per_block, blocks_of(d), blocks_of(d) == 1 ? "" : "s",
        d->layout.samples_per_block, d->same_results ? "equal bit for bit" : "NOT equal");
    if (d->ways[WAY_BEST].plain_seconds > 2 * d->ways[WAY_BEST_1].plain_seconds)
        remark(
            "note: all threads are slower than one, as on a machine with other work; OMP_WAIT_POLICY=passive may help");
}

/* -- the object ------------------------------------------------------------------------------------------------------ */

static void report_way(const demo *d, const char *suffix, const baseline_row *w) {
    char key[64];
    snprintf(key, sizeof key, "samples_per_s%s", suffix);
    report_number(key, rate(d, w->plain_seconds));
    snprintf(key, sizeof key, "samples_per_s_full%s", suffix);
    report_number(key, full_rate(d, w->plain_seconds));
    snprintf(key, sizeof key, "samples_per_s_encrypted_weights%s", suffix);
    report_number(key, rate(d, w->encrypted_seconds));
    snprintf(key, sizeof key, "samples_per_s_full_encrypted_weights%s", suffix);
    report_number(key, full_rate(d, w->encrypted_seconds));
}

static void report_ways(const demo *d) {
    if (!d->way_count) return;
    const baseline_row *own = own_way(d), *base = &d->ways[WAY_PORTABLE_1];
    report_way(d, "", own);
    report_way(d, "_portable_1t", base);
    report_way(d, "_best_1t", &d->ways[WAY_BEST_1]);
    report_way(d, "_best_all", &d->ways[WAY_BEST]);
    report_text("best_path", d->ways[WAY_BEST].path);
    report_integer("best_all_threads", d->ways[WAY_BEST].threads);
    report_number("ratio_portable_1t", base->plain_seconds / own->plain_seconds);
    report_number("ratio_best_1t", d->ways[WAY_BEST_1].plain_seconds / own->plain_seconds);
    report_number("ratio_best_all", d->ways[WAY_BEST].plain_seconds / own->plain_seconds);
    report_number("ratio_portable_1t_encrypted_weights", base->encrypted_seconds / own->encrypted_seconds);
    report_bool("results_equal_on_all_paths", d->same_results);
}

static void report_scores(const demo *d) {
    report_number("accuracy_plain", d->clear.accuracy_test);
    report_number("accuracy_encrypted", d->plain.accuracy_test);
    report_number("accuracy_encrypted_weights", d->encrypted.accuracy_test);
    report_number("accuracy_plain_all", d->clear.accuracy_all);
    report_number("accuracy_encrypted_all", d->plain.accuracy_all);
    report_number("accuracy_encrypted_weights_all", d->encrypted.accuracy_all);
    /* With probabilities there are no logits to compare: the fields of that mode carry the other name. */
    const char *const name = d->options.probabilities ? "probability" : "logit";
    static const char *const forms[] = {"error", "error_encrypted_weights", "error_relative",
                                        "error_relative_encrypted_weights"};
    const double errors[] = {d->plain.error, d->encrypted.error, d->plain.relative_error, d->encrypted.relative_error};
    if (d->options.probabilities) {
        report_number("max_logit_error", NAN);
        report_number("max_sigmoid_polynomial_error", d->poly_error);
    }
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char key[64];
        snprintf(key, sizeof key, "max_%s_%s", name, forms[i]);
        report_number(key, errors[i]);
    }
    report_number("max_logit", d->largest_logit);
    report_integer("mismatched_predictions", (int64_t)(d->plain.mismatched + d->encrypted.mismatched));
}

/* Of the step, or the timing, that held the most. */
static uint64_t backend_peak(const demo *d) {
    uint64_t most = 0;
    for (uint32_t i = 0; i < d->step_count; i++)
        if (d->steps[i].backend_peak > most) most = d->steps[i].backend_peak;
    for (uint32_t i = 0; i < d->way_count; i++)
        if (d->ways[i].backend_peak > most) most = d->ways[i].backend_peak;
    return most;
}

static void report_all(const demo *d) {
    report_text("dataset", d->data.name);
    report_integer("samples", (int64_t)d->data.count);
    report_integer("features", d->data.features);
    report_integer("training_samples", (int64_t)d->data.train);
    report_integer("test_samples", (int64_t)(d->data.samples - d->data.train));
    report_text("output", d->options.probabilities ? "probabilities" : "logits");
    report_scores(d);
    report_ways(d);
    report_integer("ciphertext_bytes", (int64_t)d->ciphertext_bytes);
    report_integer("key_bytes", (int64_t)d->key_bytes);
    report_integer("dataset_bytes", (int64_t)d->dataset_bytes);
    report_integer("encrypted_model_bytes", (int64_t)d->model_bytes);
    report_integer("result_bytes", (int64_t)d->result_bytes);
    report_text("params", d->info.name);
    report_bool("insecure", !d->info.secure);
    report_text("packing", packing_words[d->layout.packing]);
    report_integer("samples_per_block", d->layout.samples_per_block);
    report_integer("level", d->level);
    report_number("range", d->range);
    report_number("precision_bits", d->precision_bits[0]);
    report_number("precision_bits_encrypted_weights", d->precision_bits[1]);
    report_text("backend", d->backend);
    report_text("path", d->path);
    report_integer("threads", d->threads);
    json_t *steps = json_array();
    for (uint32_t i = 0; i < d->step_count; i++)
        json_array_append_new(steps,
                              json_pack("{s:s, s:s, s:f, s:I, s:I}", "name", d->steps[i].name, "role", d->steps[i].who,
                                        "seconds", d->steps[i].seconds, "bytes", (json_int_t)d->steps[i].bytes,
                                        "backend_peak_bytes", (json_int_t)d->steps[i].backend_peak));
    report_value("steps", steps);
    report_integer("backend_peak_bytes", (int64_t)backend_peak(d));
    if (d->out) report_text("out", d->out);
    report_bool("passed", demo_verdict(d) == NULL);
}

void demo_show(const demo *d) {
    show_setting(d);
    show_steps(d);
    show_scores(d);
    show_ways(d);
    report_all(d);
}
