/* SPDX-License-Identifier: Apache-2.0 */
/* sable encrypt: a table of samples becomes an encrypted data set, block by block. It is read twice: first to its end,
 * to know that it is sound, how long it is and how large its values are; then to encrypt it. */
#include "tool/cmd_encrypt.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/show.h"
#include "tool/cmd_infer_memory.h"
#include "tool/commands.h"
#include "tool/dry_run.h"
#include "tool/key_plan.h"
#include "tool/progress.h"
#include "tool/report.h"

double power_above(double value) { return value > 0x1p-20 ? exp2(ceil(log2(value))) : 0x1p-20; }

sable_status encrypt_room(encrypt *e, uint32_t level, double *most) {
    sable_level_info info = {.struct_size = sizeof info};
    SABLE_TRY(sable_params_level(e->s.params, level, &info));
    *most = exp2(info.log_q - info.log_scale - 2); /* a quarter of the modulus, as sable_encode has it */
    return SABLE_OK;
}

sable_status encrypt_values(encrypt *e, sable_ct *ct, const double *values, uint32_t members, uint32_t level,
                            double bound) {
    const sable_encoding encoding = {.struct_size = sizeof encoding, .level = level, .batch = members, .bound = bound};
    SABLE_TRY(via_queue(&e->s, sable_encode(e->s.queue, e->pt, values, (size_t)members * e->s.info.slots, &encoding)));
    return via_queue(&e->s, e->use_public ? sable_encrypt_public(e->s.queue, ct, e->pt, e->public_key)
                                          : sable_encrypt_secret(e->s.queue, ct, e->pt, e->secret));
}

static sable_status open_all(encrypt *e) {
    sable_error *err = &e->s.err;
    sable_error saved = {SABLE_OK, ""};
    sable_status status = workspace_open(&e->w, e->keys, false, e->params, e->secret_file, &saved);
    if (status == SABLE_OK && !e->w.params)
        status = sable_fail(&saved, SABLE_INVALID,
                            "no public/params.json beside the keys: name the parameter set with --params");
    if (status != SABLE_OK) {
        *err = saved;
        return status;
    }
    SABLE_TRY(session_open(&e->s, e->w.params));
    if (!e->level_given) e->level = e->s.info.top_level;
    if (e->level > e->s.info.top_level)
        return sable_fail(err, SABLE_LEVEL, "--level %u: the top level of %s is %u", e->level, e->s.info.name,
                          e->s.info.top_level);
    if (e->use_public)
        SABLE_TRY(via_queue(&e->s, sable_public_key_load(e->s.queue, &e->public_key, e->w.public_key)));
    else
        SABLE_TRY(sable_secret_load(&e->secret, e->s.ctx, e->w.secret, err));
    SABLE_TRY(sable_pt_create(&e->pt, e->s.ctx, err));
    return sable_ct_create(&e->ct, e->s.ctx, err);
}

/* The declared bound: stated by the user, or the smallest power of two above all values. */
static sable_status choose_bound(encrypt *e, const encrypt_scan *scan) {
    double most;
    SABLE_TRY(encrypt_room(e, e->level, &most));
    if (e->bound > 0 && fabs(scan->largest) > e->bound)
        return sable_fail(&e->s.err, SABLE_BOUND, "%s: sample %llu, feature %zu %s is %.6g%s, above the bound %.6g",
                          sable_show_path(e->source.data).text, (unsigned long long)scan->row, scan->column,
                          scan->name.text, scan->largest, e->model ? " after standardisation" : "", e->bound);
    if (!(e->bound > 0)) e->bound = power_above(fabs(scan->largest));
    if (e->bound > most)
        return sable_fail(
            &e->s.err, SABLE_BOUND,
            "%s: sample %llu, feature %zu %s is %.6g; level %u of %s holds values up to %.4g: scale the data, or "
            "standardise it with --model",
            sable_show_path(e->source.data).text, (unsigned long long)scan->row, scan->column, scan->name.text,
            scan->largest, e->level, e->s.info.name, most);
    return SABLE_OK;
}

static void tell(const encrypt *e, const encrypt_scan *scan, const sable_blocks_info *info, uint32_t resumed,
                 double seconds) {
    const sable_layout *layout = &info->layout;
    uint64_t bytes = file_bytes(e->out);
    const uint64_t before = (uint64_t)resumed * layout->samples_per_block;
    const double made = before < scan->samples ? (double)(scan->samples - before) : 0;
    const char *packing = packing_words[layout->packing];
    report_text("params", e->s.info.name);
    report_integer("samples", (int64_t)scan->samples);
    report_integer("features", (int64_t)scan->features);
    report_text("packing", packing);
    report_integer("samples_per_block", layout->samples_per_block);
    report_integer("blocks", (int64_t)((scan->samples + layout->samples_per_block - 1) / layout->samples_per_block));
    report_integer("resumed_blocks", resumed);
    report_integer("level", e->level);
    report_number("bound", e->bound);
    report_text("encrypted_with", e->use_public ? "public key" : "secret key");
    report_bool("insecure", !e->s.info.secure);
    report_integer("bytes", (int64_t)bytes);
    report_integer("peak_bytes", (int64_t)process_peak());
    report_integer("backend_peak_bytes", (int64_t)session_peak(&e->s));
    report_number("seconds", seconds);
    report_text("out", e->out);
    report_text("rows", scan->rows_path);
    say("%s: %llu samples of %zu features, %s packing, level %u, bound %g", e->out, (unsigned long long)scan->samples,
        scan->features, packing, e->level, e->bound);
    say("%s in %s, %s samples/s%s", shown_bytes(bytes).text, shown_seconds(seconds).text,
        shown_rate(made / seconds).text, e->s.info.secure ? "" : "; INSECURE parameters");
    if (scan->rows_path) say("%s: names and labels of the samples, for the owner only", scan->rows_path);
}

/* scanned: seconds that the first reading took. */
static sable_status encrypt_scanned(encrypt *e, encrypt_scan *scan, double start, double scanned) {
    sable_error *err = &e->s.err;
    SABLE_TRY(choose_bound(e, scan));
    sable_blocks_info info = {
        .struct_size = sizeof info, .kind = SABLE_BLOCKS_DATASET, .samples = scan->samples, .stored = file_options()};
    SABLE_TRY(sable_layout_choose(&info.layout, e->s.params, (sable_packing)e->packing, (uint32_t)scan->features,
                                  scan->samples, err));
    if (settings.dry_run) return encrypt_dry(e, scan, &info, scanned);
    uint32_t resumed = 0;
    const bool old = path_exists(e->out);
    SABLE_TRY(encrypt_blocks(e, scan, &info, &resumed));
    if (scan->rows_path && !old) unfinished_add(e->out, false); /* one of the two alone is of no use */
    if (scan->rows_path) SABLE_TRY(sable_partial_commit(&scan->rows, err));
    tell(e, scan, &info, resumed, seconds_now() - start);
    return SABLE_OK;
}

static sable_status encrypt_data(encrypt *e) {
    const double start = seconds_now(), before = processor_seconds();
    encrypt_scan scan = {0};
    sable_status status = encrypt_scan_table(e, &scan);
    if (status == SABLE_OK) status = encrypt_scanned(e, &scan, start, processor_seconds() - before);
    encrypt_scan_clear(&scan);
    return status;
}

static int check_line(const command_line *line, const encrypt *e) {
    static const char *const data_only[] = {"bound",          "model",        "label-column", "labels",
                                            "label-positive", "label-values", "id-column",    "ignore",
                                            "format",         "no-header",    "delimiter",    NULL};
    static const char *const model_only[] = {"range", "data-bound", "probabilities", NULL};
    const bool model = e->model_weights != NULL;
    if (!model && !e->source.data) return report_usage("encrypt needs --data FILE, or --model-weights FILE");
    for (const char *const *name = model ? data_only : model_only; *name; name++)
        if (option_given(line, *name))
            return report_usage("--%s goes with --%s", *name, model ? "data" : "model-weights");
    if (!e->keys && !(e->secret_file && e->params))
        return report_usage("encrypt needs --keys FOLDER, or --secret FILE and --params NAME");
    if (e->use_public && !e->keys)
        return report_usage("--public needs --keys FOLDER: the public key is public/public.key in it");
    if (e->probabilities && !option_given(line, "data-bound") && !option_given(line, "range"))
        return report_usage("--probabilities needs --range, or --data-bound to compute it");
    int status = data_source_check(&e->source);
    if (status >= 0) return status;
    const char *const inputs[] = {e->source.data ? e->source.data : "",
                                  e->source.labels ? e->source.labels : "",
                                  e->model ? e->model : "",
                                  model ? e->model_weights : "",
                                  e->secret_file ? e->secret_file : "",
                                  e->params ? e->params : "",
                                  e->keys ? e->keys : "",
                                  NULL};
    if (model) return check_output(e->out, inputs);
    status = check_stream_output(e->out, inputs);
    if (status >= 0) return status;
    char rows[4096];
    if ((size_t)snprintf(rows, sizeof rows, "%s.rows.csv", e->out) >= sizeof rows) return -1;
    return check_stream_output(rows, inputs);
}

int cmd_encrypt(int argc, char **argv) {
    encrypt e = {0};
    option table[32] = {
        OPTION("keys", TEXT, &e.keys, "FOLDER", "workspace of the owner"),
        OPTION("secret", TEXT, &e.secret_file, "FILE", "secret key, instead of the workspace's", .group = "key"),
        OPTION("params", TEXT, &e.params, "NAME|FILE", "parameter set, instead of the workspace's"),
        OPTION("public", FLAG, &e.use_public, NULL,
               "encrypt with the public key: no secret is read, files are twice as large", .group = "key"),
        OPTION("out", TEXT, &e.out, "FILE", "the encrypted file", .required = true),
        OPTION("packing", CHOICE, &e.packing, "HOW", "feature-major (many samples), row (few), auto (default)",
               .choices = packing_words),
        OPTION("level", U32, &e.level, "L", "level of the ciphertexts (default: the top level)"),
        OPTION("model", TEXT, &e.model, "MODEL", "standardise with this model's mean and deviation"),
        OPTION("bound", NUMBER, &e.bound, "B", "declare that no |value| exceeds B (default: the next power of two)",
               .low = 0x1p-20, .high = 0x1p60),
        OPTION("model-weights", TEXT, &e.model_weights, "MODEL", "encrypt this model instead of data", .group = "what"),
        OPTION("range", NUMBER, &e.range, "R", "model: state that every |logit| is at most R", .low = 0x1p-20,
               .high = 0x1p60, .group = "range"),
        OPTION("data-bound", NUMBER, &e.data_bound, "B", "model: compute the range for data with this bound",
               .low = 0x1p-20, .high = 0x1p60, .group = "range"),
        OPTION("probabilities", FLAG, &e.probabilities, NULL, "model: it will be asked for probabilities"),
        PROGRESS_OPTION,
        DRY_RUN_OPTION,
    };
    data_source_options(table + 15, &e.source);
    table[15].group = "what";
    command_line line = {
        .name = "encrypt",
        .summary = "Encrypts a table of samples, or a model, for the owner of the secret key",
        .options = table,
        .common = COMMON_COMPUTE | COMMON_INSECURE | COMMON_STORE | COMMON_SEEDS,
        .notes = "Beside OUT, OUT.rows.csv keeps names and labels of the samples if there are any: for the\n"
                 "owner, not encrypted, mode 0600. The bound is public: --bound hides how large values are.\n"
                 "A run that was interrupted is continued by the same command: OUT.partial holds its blocks."};
    int status = options_parse(&line, argc, argv);
    e.level_given = option_given(&line, "level");
    if (status < 0) status = check_line(&line, &e);
    if (status >= 0) return status;
    harden_process();
    sable_status done = open_all(&e);
    if (done == SABLE_OK) done = e.model_weights ? encrypt_model(&e) : encrypt_data(&e);
    if (done == SABLE_OK) {
        process_finished();
        unfinished_keep();
    } else {
        unfinished_remove();
    }
    status = done == SABLE_OK ? report_done() : report_error(done, e.s.err.text);
    sable_ct_destroy(e.s.queue, &e.ct);
    sable_pt_destroy(e.s.queue, &e.pt);
    sable_public_key_destroy(e.s.queue, &e.public_key);
    sable_secret_destroy(&e.secret);
    session_close(&e.s);
    workspace_close(&e.w);
    return status;
}
