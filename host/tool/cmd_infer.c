/* SPDX-License-Identifier: Apache-2.0 */
/* sable infer: logits or probabilities of an encrypted data set. Nothing here touches a secret key. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/container.h"
#include "io/show.h"
#include "tool/cmd_infer.h"
#include "tool/cmd_infer_memory.h"
#include "tool/commands.h"
#include "tool/key_plan.h"
#include "tool/options.h"
#include "tool/progress.h"
#include "tool/report.h"

sable_status infer_block(infer *r, uint32_t index) {
    infer_plan *p = &r->plan;
    const sable_layout *layout = &sable_blocks_get_info(p->data)->layout;
    if (index > 0) SABLE_TRY(infer_plan_block(p, &r->s, index));
    double start = seconds_now();
    sable_status status =
        p->is_encrypted ? sable_infer_encrypted(r->s.queue, p->result, p->block, p->encrypted.weights,
                                                p->encrypted.bias, p->classes, layout, &p->options, p->keys)
                        : sable_infer_plain(r->s.queue, p->result, p->block, p->model, layout, &p->options, p->keys);
    if (status == SABLE_OK) status = sable_queue_sync(r->s.queue);
    r->compute += seconds_now() - start;
    if (status == SABLE_BOUND && p->is_encrypted && !p->encrypted.range_bounds)
        remark("sable: a model encrypted with --range, or with a --data-bound that fits the data, keeps logits small");
    return via_queue(&r->s, status);
}

/* -- what the results are made of: an earlier run is continued only if it is the same ------------------------------ */

/* The head of a container holds the digests of all its sections; models in the clear are smaller than that. */
static sable_status put_file(sable_hash_state *hash, const char *path, sable_error *err) {
    enum { HEAD = 1 << 18 };
    uint64_t bytes = 0, have;
    if (!path || !path_exists(path)) {
        sable_hash_update(hash, &bytes, sizeof bytes);
        return SABLE_OK;
    }
    bytes = file_bytes(path);
    have = bytes < HEAD ? bytes : HEAD;
    uint8_t *head = malloc(HEAD);
    if (!head) return sable_fail(err, SABLE_NO_MEMORY, "no memory for the head of a file");
    FILE *file = fopen(path, "rbe");
    bool good = file && fread(head, 1, have, file) == have;
    if (file) fclose(file);
    sable_hash_update(hash, &bytes, sizeof bytes);
    if (good) sable_hash_update(hash, head, have);
    free(head);
    return good ? SABLE_OK : sable_fail(err, SABLE_IO, "%s: cannot be read", sable_show_path(path).text);
}

static sable_status origin_of(infer *r, sable_blocks_origin *origin) {
    const infer_plan *p = &r->plan;
    *origin = (sable_blocks_origin){.struct_size = sizeof *origin};
    sable_blocks_digest(p->data, origin->input);
    sable_hash_state hash;
    sable_hash_init(&hash);
    sable_hash_update(&hash, sable_version(), strlen(sable_version()) + 1);
    const uint32_t number[] = {p->is_encrypted, p->classes, p->options.probabilities, p->options.degree};
    sable_hash_update(&hash, number, sizeof number);
    sable_hash_update(&hash, &p->options.range, sizeof p->options.range);
    if (p->model) { /* a file of any length */
        const size_t classes = p->model->classes, weights = classes * p->model->features;
        sable_hash_update(&hash, p->model->weights, weights * sizeof(double));
        sable_hash_update(&hash, p->model->bias, classes * sizeof(double));
    } else {
        SABLE_TRY(put_file(&hash, r->encrypted_model, &r->s.err));
    }
    if (p->keys) SABLE_TRY(put_file(&hash, r->w.eval_keys, &r->s.err));
    sable_hash_final(&hash, origin->options);
    return SABLE_OK;
}

/* -- blocks -------------------------------------------------------------------------------------------------------- */

static sable_status new_blocks(infer *r, sable_blocks_writer **writer, const sable_blocks_info *info,
                               const sable_blocks_origin *origin, uint32_t *done) {
    infer_plan *p = &r->plan;
    for (uint32_t i = *done; i < info->blocks; i++) {
        SABLE_TRY(infer_block(r, i));
        if (!*writer) {
            SABLE_TRY(
                via_queue(&r->s, sable_blocks_create_resumable(r->s.queue, writer, r->out, info, p->result, origin)));
            /* until a block of several is safe there is nothing worth continuing */
            unfinished_stream(r->out);
        }
        SABLE_TRY(via_queue(&r->s, sable_blocks_append(r->s.queue, *writer, p->result)));
        if (i == 0 && info->blocks > 1) unfinished_keep();
        *done = i + 1;
        progress_to(*done < info->blocks ? (uint64_t)*done * info->layout.samples_per_block : info->samples);
    }
    return SABLE_OK;
}

static sable_status all_blocks(infer *r) {
    infer_plan *p = &r->plan;
    sable_blocks_info info = *sable_blocks_get_info(p->data);
    info.kind = SABLE_BLOCKS_RESULTS;
    info.classes = p->classes;
    info.probabilities = p->options.probabilities;
    info.factor = p->factor;
    info.stored = file_options();
    sable_blocks_origin origin;
    sable_blocks_writer *writer = NULL;
    sable_error note = {SABLE_OK, ""};
    uint32_t done = 0;
    SABLE_TRY(origin_of(r, &origin));
    SABLE_TRY(via_queue(&r->s, sable_blocks_resume(r->s.queue, &writer, r->out, &info, &origin, &done, &note)));
    if (*note.text) remark("sable: %s", note.text);
    if (done) remark("sable: %s: %u blocks of an earlier run are kept", r->out, done);
    r->resumed = done;
    const uint64_t before = (uint64_t)done * info.layout.samples_per_block;
    r->before = before < info.samples ? before : info.samples;
    progress_stage("inferring", r->before, info.samples);
    sable_status status = new_blocks(r, &writer, &info, &origin, &done);
    /* killed before the very last step: what is told of a result needs one */
    if (status == SABLE_OK && r->resumed == info.blocks) status = infer_block(r, info.blocks - 1);
    if (status == SABLE_OK) status = via_queue(&r->s, sable_blocks_finish(r->s.queue, &writer));
    if (worth_continuing(status, done)) sable_blocks_suspend(&writer);
    sable_blocks_abort(&writer);
    return status;
}

/* The largest error of the polynomial that stands in for the sigmoid; encryption adds far less. */
static void tell_sigmoid(const infer_plan *p) {
    if (!p->options.probabilities) return;
    uint32_t degree = p->options.degree ? p->options.degree : 15;
    report_integer("sigmoid_degree", degree);
    report_number("sigmoid_error", p->sigmoid_error);
    say("the sigmoid is a polynomial of degree %u on [-%g, %g]: off by up to %.2g", degree, p->options.range,
        p->options.range, p->sigmoid_error);
}

static sable_status tell(infer *r, double seconds) {
    const infer_plan *p = &r->plan;
    const sable_blocks_info *data = sable_blocks_get_info(p->data);
    sable_ctx_info ctx = {.struct_size = sizeof ctx};
    sable_ct_info result = {.struct_size = sizeof result};
    SABLE_TRY(sable_ctx_describe(r->s.ctx, &ctx));
    SABLE_TRY(sable_ct_describe(p->result, &result));
    double rate = (double)(data->samples - r->before) / r->compute;
    uint64_t bytes = file_bytes(r->out);
    report_text("params", r->s.info.name);
    report_text("backend", ctx.backend);
    report_text("path", ctx.path);
    report_integer("threads", ctx.threads);
    report_integer("samples", (int64_t)data->samples);
    report_integer("features", data->layout.features);
    report_integer("classes", p->classes);
    report_text("packing", packing_words[data->layout.packing]);
    report_text("weights", p->is_encrypted ? "encrypted" : "plain");
    report_text("output", p->options.probabilities ? "probabilities" : "logits");
    report_integer("blocks", data->blocks);
    report_integer("resumed_blocks", r->resumed);
    report_integer("data_level", p->level);
    report_integer("result_level", result.level);
    report_number("range", p->options.range);
    report_number("factor", p->factor);
    report_number("precision_bits", result.precision_bits);
    report_number("seconds", seconds);
    report_number("compute_seconds", r->compute);
    report_number("samples_per_s", rate);
    report_integer("data_bytes", (int64_t)file_bytes(r->data));
    report_integer("keys_loaded", p->keys ? (int64_t)sable_keyset_count(p->keys) : 0);
    report_integer("keys_in_file", (int64_t)p->key_file.count);
    report_integer("key_bytes", p->keys ? (int64_t)sable_keyset_bytes(p->keys) : 0);
    report_integer("key_file_bytes_read", (int64_t)p->key_file.key_bytes_read);
    report_integer("result_bytes", (int64_t)bytes);
    report_integer("peak_bytes", (int64_t)process_peak());
    report_integer("backend_peak_bytes", (int64_t)ctx.bytes_peak);
    report_bool("insecure", !r->s.info.secure);
    report_text("out", r->out);
    say("%s: %s of %llu samples, %u %s, %s weights", r->out, p->options.probabilities ? "probabilities" : "logits",
        (unsigned long long)data->samples, p->classes, p->classes == 1 ? "row" : "classes",
        p->is_encrypted ? "encrypted" : "plaintext");
    say("%s of computation, %s samples/s, %s with files (%s %s, %u threads)", shown_seconds(r->compute).text,
        shown_rate(rate).text, shown_seconds(seconds).text, ctx.backend, ctx.path, ctx.threads);
    say("%s of results, about %.0f bits after the point", shown_bytes(bytes).text, result.precision_bits);
    if (p->keys)
        say("%zu of %zu evaluation keys loaded: %s read, %s in memory", sable_keyset_count(p->keys), p->key_file.count,
            shown_bytes(p->key_file.key_bytes_read).text, shown_bytes(sable_keyset_bytes(p->keys)).text);
    tell_sigmoid(p);
    tell_backend(&ctx);
    return SABLE_OK;
}

static sable_status refuse_secret(const char *path, sable_error *err) {
    sable_container_info head;
    if (!path || sable_container_peek(&head, path, NULL) != SABLE_OK || head.kind != SABLE_KIND_SECRET_KEY)
        return SABLE_OK;
    return sable_fail(err, SABLE_INSECURE,
                      "%s is a secret key: inference takes evaluation keys, and whoever computes must never hold "
                      "the secret",
                      sable_show_path(path).text);
}

static sable_status run(infer *r) {
    double start = seconds_now();
    sable_error err = {SABLE_OK, ""};
    sable_status status = workspace_open(&r->w, r->keys, true, r->params, NULL, &err);
    if (status == SABLE_OK) status = refuse_secret(r->w.eval_keys, &err);
    if (status == SABLE_OK) status = workspace_params_of_file(&r->w, r->data, &err);
    if (status != SABLE_OK) {
        r->s.err = err;
        return status;
    }
    SABLE_TRY(session_open(&r->s, r->w.params));
    if (settings.dry_run) return infer_dry(r);
    if (settings.memory) SABLE_TRY(infer_check_room(r));
    SABLE_TRY(infer_plan_make(&r->plan, &r->s, &r->w, r->data, r->model, r->encrypted_model));
    SABLE_TRY(infer_check_disk(r));
    SABLE_TRY(all_blocks(r));
    return tell(r, seconds_now() - start);
}

static int check_line(const command_line *line, const infer *r) {
    if (!r->model && !r->encrypted_model) return report_usage("infer needs --model FILE or --encrypted-model FILE");
    if (option_given(line, "degree") && !r->plan.options.probabilities)
        return report_usage("--degree goes with --probabilities");
    const char *const inputs[] = {r->data,
                                  r->model ? r->model : "",
                                  r->encrypted_model ? r->encrypted_model : "",
                                  r->keys ? r->keys : "",
                                  r->params ? r->params : "",
                                  NULL};
    return check_stream_output(r->out, inputs);
}

int cmd_infer(int argc, char **argv) {
    infer r = {0};
    option table[] = {
        OPTION("keys", TEXT, &r.keys, "FOLDER|FILE",
               "workspace (eval/ and public/ of it are read) or file of evaluation keys"),
        OPTION("params", TEXT, &r.params, "NAME|FILE",
               "parameter set (default: beside the keys, else the shipped one of the data)"),
        OPTION("data", TEXT, &r.data, "FILE", "encrypted data set", .required = true),
        OPTION("model", TEXT, &r.model, "MODEL", "model in the clear", .group = "model"),
        OPTION("encrypted-model", TEXT, &r.encrypted_model, "FILE", "encrypted model", .group = "model"),
        OPTION("out", TEXT, &r.out, "FILE", "the encrypted results", .required = true),
        OPTION("probabilities", FLAG, &r.plan.options.probabilities, NULL,
               "sigmoid under encryption instead of logits"),
        OPTION("degree", U32, &r.plan.options.degree, "D", "degree of the sigmoid polynomial (default 15)", .low = 1,
               .high = SABLE_POLY_MAX_DEGREE),
        OPTION("range", NUMBER, &r.plan.options.range, "R",
               "state that every |logit| is at most R (default: computed from the model)", .low = 0x1p-20,
               .high = 0x1p60),
        PROGRESS_OPTION,
        DRY_RUN_OPTION,
        {.name = NULL},
    };
    command_line line = {.name = "infer",
                         .summary = "Classifies encrypted samples; needs no secret key and never reads one",
                         .options = table,
                         .common = COMMON_COMPUTE | COMMON_INSECURE | COMMON_STORE,
                         .notes = "Feature-major data, logits and a model in the clear need no keys at all.\n"
                                  "A run that was interrupted is continued by the same command: OUT.partial holds its "
                                  "blocks."};
    int status = options_parse(&line, argc, argv);
    if (status < 0) status = check_line(&line, &r);
    if (status >= 0) return status;
    sable_status done = run(&r);
    status = done == SABLE_OK ? report_done() : report_error(done, r.s.err.text);
    infer_plan_clear(&r.plan, &r.s);
    session_close(&r.s);
    workspace_close(&r.w);
    return status;
}
