/* SPDX-License-Identifier: Apache-2.0 */
/* sable decrypt: results or samples in the clear, for the owner of the key. */
#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "io/container.h"
#include "io/show.h"
#include "tool/cmd_decrypt.h"
#include "tool/commands.h"
#include "tool/report.h"
#include "tool/session.h"
#include "tool/workspace.h"

typedef struct decrypt {
    const char *keys, *secret_file, *params, *data, *out, *rows;
    double threshold;
    text_list class_names;
    workspace w;
    session s;
    sable_secret *secret;
    sable_blocks *blocks;
    sable_ct *ct;
    row_names names;
} decrypt;

static bool ends_in(const char *text, const char *end) {
    size_t length = strlen(text), tail = strlen(end);
    return length > tail && strcmp(text + length - tail, end) == 0;
}

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

static sable_status decrypt_blocks(decrypt *d, double *values, double *slots, uint32_t columns) {
    const sable_blocks_info *info = sable_blocks_get_info(d->blocks);
    size_t members = info->kind == SABLE_BLOCKS_RESULTS ? info->classes : info->layout.members;
    for (uint32_t i = 0; i < info->blocks; i++) {
        progress("block", i, info->blocks);
        SABLE_TRY(via_queue(&d->s, sable_blocks_read(d->s.queue, d->ct, d->blocks, i)));
        SABLE_TRY(
            via_queue(&d->s, sable_decrypt(d->s.queue, slots, members * info->layout.slots, false, d->ct, d->secret)));
        unpack_block(info, values + (size_t)i * info->layout.samples_per_block * columns, slots,
                     sable_blocks_samples(d->blocks, i));
    }
    return SABLE_OK;
}

static void tell(const decrypt *d, const decrypt_output *o, double seconds, const double *values) {
    static const char owner_only[] =
        "OWNER-ONLY: decrypted CKKS values carry information about the secret key; never give them to "
        "whoever computed on the data";
    const bool results = o->info->kind == SABLE_BLOCKS_RESULTS;
    report_text("params", d->s.info.name);
    report_text("content", !results ? "data" : o->info->probabilities ? "probabilities" : "logits");
    report_integer("samples", (int64_t)o->info->samples);
    report_integer(results ? "classes" : "features", o->columns);
    report_number("seconds", seconds);
    report_bool("insecure", !d->s.info.secure);
    report_text("owner_only", owner_only);
    report_text("out", d->out);
    say("%s: %llu samples decrypted in %s", d->out, (unsigned long long)o->info->samples, shown_seconds(seconds).text);
    if (results) {
        json_t *counts = json_array();
        uint32_t classes = o->columns == 1 ? 2 : o->columns;
        for (uint32_t c = 0; c < classes; c++) {
            json_int_t count = 0;
            for (size_t i = 0; i < o->info->samples; i++)
                count += decrypt_class_of(o, values + i * o->columns) == (int32_t)c;
            json_array_append_new(counts, json_integer(count));
        }
        report_value("predicted", counts);
    }
    if (o->labelled) {
        double accuracy = (double)o->correct / (double)o->labelled;
        report_number("accuracy", accuracy);
        say("accuracy against the labels of %s: %.2f %%", d->rows, 100 * accuracy);
    }
    say("%s", owner_only);
    if (settings.json && !settings.quiet) remark("%s", owner_only);
}

static sable_status write_all(decrypt *d, decrypt_output *o, const double *values) {
    if (!ends_in(d->out, ".npy")) return decrypt_write_csv(o, values, &d->s.err);
    mode_t before = umask(077);
    sable_status status = sable_npy_write(d->out, values, o->info->samples, o->columns, &d->s.err);
    umask(before);
    return status;
}

static sable_status run_open(decrypt *d) {
    double start = seconds_now();
    const sable_blocks_info *info = sable_blocks_get_info(d->blocks);
    const bool results = info->kind == SABLE_BLOCKS_RESULTS;
    decrypt_output o = {.path = d->out,
                        .info = info,
                        .names = &d->names,
                        .class_names = &d->class_names,
                        .threshold = d->threshold,
                        .columns = results ? info->classes : info->layout.features};
    if (d->class_names.count && (!results || d->class_names.count != (info->classes == 1 ? 2 : info->classes)))
        return sable_fail(&d->s.err, SABLE_INVALID, "--class-names has %u names, %s %u classes", d->class_names.count,
                          d->data, results ? (info->classes == 1 ? 2 : info->classes) : 0);
    size_t members = results ? info->classes : info->layout.members, count = info->samples * o.columns;
    double *values = malloc(count * sizeof *values), *slots = malloc(members * info->layout.slots * sizeof *slots);
    sable_status status = values && slots
                              ? row_names_read(&d->names, d->rows, info->samples, &d->s.err)
                              : sable_fail(&d->s.err, SABLE_NO_MEMORY, "no memory for %zu decrypted values", count);
    if (status == SABLE_OK) status = decrypt_blocks(d, values, slots, o.columns);
    if (status == SABLE_OK) status = write_all(d, &o, values);
    if (status == SABLE_OK) tell(d, &o, seconds_now() - start, values);
    if (values) sodium_memzero(values, count * sizeof *values);
    if (slots) sodium_memzero(slots, members * info->layout.slots * sizeof *slots);
    free(values);
    free(slots);
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
    const char *const inputs[] = {d->data, d->rows ? d->rows : "", d->secret_file ? d->secret_file : "", NULL};
    return check_output(d->out, inputs);
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
        {.name = NULL},
    };
    command_line line = {.name = "decrypt",
                         .summary = "Decrypts results or samples, for the owner of the secret key only",
                         .options = table,
                         .common = COMMON_COMPUTE | COMMON_INSECURE,
                         .notes =
                             "OWNER-ONLY: decrypted values carry information about the secret key. Never give them to\n"
                             "whoever computed on the data; share decisions, not values."};
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
    sable_table_destroy(&d.names.table);
    return status;
}
