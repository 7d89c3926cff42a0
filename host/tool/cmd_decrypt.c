/* SPDX-License-Identifier: Apache-2.0 */
/* sable decrypt: results or samples in the clear, for the owner of the key. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "io/container.h"
#include "io/show.h"
#include "tool/cmd_decrypt.h"
#include "tool/cmd_infer_memory.h"
#include "tool/commands.h"
#include "tool/disk.h"
#include "tool/dry_run.h"
#include "tool/progress.h"
#include "tool/report.h"

static sable_status open_blocks(decrypt *d) {
    sable_container_info head;
    SABLE_TRY(sable_container_peek(&head, d->data, &d->s.err));
    if (head.kind != SABLE_KIND_RESULTS && head.kind != SABLE_KIND_DATASET)
        return sable_fail(&d->s.err, SABLE_FORMAT, "%s holds a %s: only results and data sets are decrypted",
                          sable_show_path(d->data).text, sable_kind_name(head.kind));
    /* Before the secret is read: what belongs to another key is none of its business. */
    SABLE_TRY(via_queue(
        &d->s, sable_blocks_open(d->s.queue, &d->blocks, d->data,
                                 head.kind == SABLE_KIND_RESULTS ? SABLE_BLOCKS_RESULTS : SABLE_BLOCKS_DATASET)));
    SABLE_TRY(sable_secret_load(&d->secret, d->s.ctx, d->w.secret, &d->s.err));
    uint8_t id[SABLE_DIGEST_BYTES];
    SABLE_TRY(sable_secret_key_id(d->secret, id));
    if (memcmp(id, head.key_id, sizeof id) != 0)
        return sable_fail(&d->s.err, SABLE_KEY_MISMATCH, "%s is encrypted for key %s, %s is key %s",
                          sable_show_path(d->data).text, shown_id(head.key_id).text, sable_show_path(d->w.secret).text,
                          shown_id(id).text);
    if (settings.memory && !settings.dry_run) SABLE_TRY(decrypt_check_room(d));
    return sable_ct_create(&d->ct, d->s.ctx, &d->s.err);
}

/* Rows of samples out of the slots of one block. */
static void unpack_block(const sable_blocks_info *info, double *rows, const double *slots, size_t count) {
    const sable_layout *layout = &info->layout;
    if (info->kind == SABLE_BLOCKS_RESULTS) {
        sable_layout_unpack(layout, rows, slots, info->classes, count);
        for (size_t i = 0; i < count * info->classes; i++) rows[i] *= info->factor;
        return;
    }
    for (size_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < layout->features; j++)
            rows[i * layout->features + j] =
                layout->packing == SABLE_PACK_ROW ? slots[i * layout->width + j] : slots[(size_t)j * layout->slots + i];
}

static void tell(const decrypt *d, const decrypt_output *o, double seconds) {
    static const char owner_only[] =
        "OWNER-ONLY: decrypted CKKS values carry information about the secret key; never give them to "
        "whoever computed on the data";
    const bool results = o->info->kind == SABLE_BLOCKS_RESULTS;
    report_text("params", d->s.info.name);
    report_text("content", !results ? "data" : o->info->probabilities ? "probabilities" : "logits");
    report_integer("samples", (int64_t)o->info->samples);
    report_integer(results ? "classes" : "features", o->columns);
    report_integer("resumed_blocks", o->resumed);
    report_integer("peak_bytes", (int64_t)process_peak());
    report_integer("backend_peak_bytes", (int64_t)session_peak(&d->s));
    report_number("seconds", seconds);
    report_bool("insecure", !d->s.info.secure);
    report_text("owner_only", owner_only);
    report_text("out", d->out);
    say("%s: %llu samples decrypted in %s", d->out, (unsigned long long)o->info->samples, shown_seconds(seconds).text);
    if (results) {
        json_t *counts = json_array();
        for (uint32_t c = 0; c < o->classes; c++)
            json_array_append_new(counts, json_integer((json_int_t)o->tally[TALLY_CLASSES + c]));
        report_value("predicted", counts);
    }
    if (o->tally[TALLY_LABELLED]) {
        double accuracy = (double)o->tally[TALLY_CORRECT] / (double)o->tally[TALLY_LABELLED];
        report_number("accuracy", accuracy);
        say("accuracy against the labels of %s: %.2f %%", d->rows, 100 * accuracy);
    }
    say("%s", owner_only);
    if (settings.json && !settings.quiet) remark("%s", owner_only);
}

/* A result that nobody encrypted is none that infer computed with a model worth using: better said than believed. */
static sable_status check_encrypted(decrypt *d, uint32_t block, uint32_t members) {
    uint32_t member = members;
    SABLE_TRY(via_queue(&d->s, sable_ct_find_transparent(d->s.queue, &member, d->ct)));
    if (member == members) return SABLE_OK;
    return sable_fail(&d->s.err, SABLE_FORMAT,
                      "%s: ciphertext %u of block %u is in the clear, anybody can read it without the key: either the "
                      "model's weights are zero, or it was not computed from your data; --accept-transparent decrypts "
                      "it all the same",
                      sable_show_path(d->data).text, member, block);
}

static sable_status decrypt_blocks(decrypt *d, decrypt_output *o, double *rows, double *slots) {
    const sable_blocks_info *info = o->info;
    const uint32_t members = info->kind == SABLE_BLOCKS_RESULTS ? info->classes : info->layout.members;
    const uint64_t per = info->layout.samples_per_block;
    progress_stage("decrypting", o->resumed * per < info->samples ? o->resumed * per : info->samples, info->samples);
    for (uint32_t i = o->resumed; i < info->blocks; i++) {
        size_t count = sable_blocks_samples(d->blocks, i);
        SABLE_TRY(via_queue(&d->s, sable_blocks_read(d->s.queue, d->ct, d->blocks, i)));
        if (!d->accept_transparent) SABLE_TRY(check_encrypted(d, i, members));
        SABLE_TRY(via_queue(
            &d->s, sable_decrypt(d->s.queue, slots, (size_t)members * info->layout.slots, false, d->ct, d->secret)));
        unpack_block(info, rows, slots, count);
        SABLE_TRY(decrypt_output_block(o, i, rows, count, &d->s.err));
        progress_to(i * per + count);
    }
    return SABLE_OK;
}

/* What the values depend on beside the data: --rows, names, threshold, the key, the version. */
static sable_status options_digest(const decrypt *d, const decrypt_output *o, uint8_t digest[SABLE_HASH_BYTES]) {
    uint8_t id[SABLE_DIGEST_BYTES];
    SABLE_TRY(sable_secret_key_id(d->secret, id));
    sable_hash_state hash;
    sable_hash_init(&hash);
    sable_hash_update(&hash, sable_version(), strlen(sable_version()) + 1);
    sable_hash_update(&hash, id, sizeof id);
    sable_hash_update(&hash, d->names.digest, sizeof d->names.digest);
    sable_hash_update(&hash, &d->threshold, sizeof d->threshold);
    for (uint32_t i = 0; i < d->class_names.count; i++)
        sable_hash_update(&hash, d->class_names.item[i], strlen(d->class_names.item[i]) + 1);
    const uint8_t npy = o->npy;
    sable_hash_update(&hash, &npy, 1);
    sable_hash_final(&hash, digest);
    return SABLE_OK;
}

static sable_status write_all(decrypt *d, decrypt_output *o) {
    const sable_blocks_info *info = o->info;
    const size_t members = info->kind == SABLE_BLOCKS_RESULTS ? info->classes : info->layout.members;
    const size_t slots_count = members * info->layout.slots,
                 rows_count = (size_t)info->layout.samples_per_block * o->columns;
    uint8_t origin[2 * SABLE_HASH_BYTES];
    sable_blocks_digest(d->blocks, origin);
    SABLE_TRY(options_digest(d, o, origin + SABLE_HASH_BYTES));
    SABLE_TRY(decrypt_output_open(o, origin, &d->s.err));
    double *rows = malloc(rows_count * sizeof *rows), *slots = malloc(slots_count * sizeof *slots);
    sable_status status =
        rows && slots ? decrypt_blocks(d, o, rows, slots)
                      : sable_fail(&d->s.err, SABLE_NO_MEMORY, "no memory for %zu decrypted values", slots_count);
    if (rows) sodium_memzero(rows, rows_count * sizeof *rows);
    if (slots) sodium_memzero(slots, slots_count * sizeof *slots);
    free(rows);
    free(slots);
    return status == SABLE_OK ? decrypt_output_finish(o, &d->s.err) : status;
}

static sable_status run_open(decrypt *d) {
    double start = seconds_now();
    const sable_blocks_info *info = sable_blocks_get_info(d->blocks);
    const bool results = info->kind == SABLE_BLOCKS_RESULTS;
    const size_t length = strlen(d->out);
    decrypt_output o = {.path = d->out,
                        .info = info,
                        .names = &d->names,
                        .class_names = &d->class_names,
                        .threshold = d->threshold,
                        .npy = length > 4 && strcmp(d->out + length - 4, ".npy") == 0,
                        .columns = results ? info->classes : info->layout.features};
    o.classes = !results ? 0 : o.columns == 1 ? 2 : o.columns;
    if (d->class_names.count && d->class_names.count != o.classes)
        return sable_fail(&d->s.err, SABLE_INVALID, "--class-names has %u names, %s %u classes", d->class_names.count,
                          d->data, o.classes);
    const double before = processor_seconds();
    sable_status status = row_names_read(&d->names, d->rows, info->samples, &d->s.err);
    if (settings.dry_run) return status == SABLE_OK ? decrypt_dry(d, &o, processor_seconds() - before) : status;
    if (status == SABLE_OK) status = disk_check(d->out, decrypt_file_bytes(d, &o), &d->s.err);
    if (status == SABLE_OK) status = write_all(d, &o);
    decrypt_output_close(&o, info->blocks > 1 && worth_continuing(status, o.done));
    if (status == SABLE_OK) tell(d, &o, seconds_now() - start);
    free(o.tally);
    return status;
}

static sable_status run(decrypt *d) {
    sable_error err = {SABLE_OK, ""};
    sable_status status = workspace_open(&d->w, d->keys, false, d->params, d->secret_file, &err);
    if (status == SABLE_OK) status = workspace_params_of_file(&d->w, d->data, &err);
    if (status != SABLE_OK) {
        d->s.err = err;
        return status;
    }
    SABLE_TRY(session_open(&d->s, d->w.params));
    SABLE_TRY(open_blocks(d));
    return run_open(d);
}

static int check_line(const decrypt *d) {
    if (!d->keys && !d->secret_file) return report_usage("decrypt needs --keys FOLDER or --secret FILE");
    const char *const inputs[] = {d->data,
                                  d->rows ? d->rows : "",
                                  d->secret_file ? d->secret_file : "",
                                  d->params ? d->params : "",
                                  d->keys ? d->keys : "",
                                  NULL};
    return check_stream_output(d->out, inputs);
}

int cmd_decrypt(int argc, char **argv) {
    decrypt d = {.threshold = 0.5};
    option table[] = {
        OPTION("keys", TEXT, &d.keys, "FOLDER", "workspace of the owner"),
        OPTION("secret", TEXT, &d.secret_file, "FILE", "secret key, instead of the workspace's"),
        OPTION("params", TEXT, &d.params, "NAME|FILE", "parameter set, instead of the workspace's"),
        OPTION("data", TEXT, &d.data, "FILE", "encrypted results or data set", .required = true),
        OPTION("out", TEXT, &d.out, "FILE", "CSV, or NPY when the name ends in .npy; mode 0600", .required = true),
        OPTION("rows", TEXT, &d.rows, "FILE", "names and labels that encrypt kept (DATA.rows.csv)"),
        OPTION("class-names", LIST, &d.class_names, "A,B,...", "what predictions are called (default: 0, 1, ...)"),
        OPTION("threshold", NUMBER, &d.threshold, "T", "binary probabilities above T are class 1 (default 0.5)",
               .low = 0, .high = 1),
        OPTION("accept-transparent", FLAG, &d.accept_transparent, NULL,
               "decrypt ciphertexts that are in the clear, as a model of zeros makes them"),
        PROGRESS_OPTION,
        DRY_RUN_OPTION,
        {.name = NULL},
    };
    command_line line = {.name = "decrypt",
                         .summary = "Decrypts results or samples, for the owner of the secret key only",
                         .options = table,
                         .common = COMMON_COMPUTE | COMMON_INSECURE,
                         .notes =
                             "OWNER-ONLY: decrypted values carry information about the secret key. Never give them to\n"
                             "whoever computed on the data; share decisions, not values.\n"
                             "A run that was interrupted is continued by the same command: OUT.partial (mode 0600) "
                             "holds its rows."};
    int status = options_parse(&line, argc, argv);
    if (status < 0) status = check_line(&d);
    if (status >= 0) return status;
    harden_process();
    sable_status done = run(&d);
    status = done == SABLE_OK ? report_done() : report_error(done, d.s.err.text);
    sable_ct_destroy(d.s.queue, &d.ct);
    sable_blocks_close(&d.blocks);
    sable_secret_destroy(&d.secret);
    session_close(&d.s);
    workspace_close(&d.w);
    row_names_close(&d.names);
    return status;
}
