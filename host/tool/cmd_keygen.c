/* SPDX-License-Identifier: Apache-2.0 */
/* sable keygen: a workspace with a fresh secret, or evaluation keys for the secret of an existing one. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "io/show.h"
#include "tool/cmd_keygen.h"
#include "tool/commands.h"
#include "tool/options.h"
#include "tool/plan.h"
#include "tool/report.h"

static void wrote(keygen *k, const char *kind, const char *path) {
    uint64_t bytes = file_bytes(path);
    json_array_append_new(k->files,
                          json_pack("{s:s, s:s, s:I}", "kind", kind, "path", path, "bytes", (json_int_t)bytes));
    table_row("  %s\t%s\t%s", path, shown_bytes(bytes).text, kind);
}

static sable_status make_folders(keygen *k) {
    static const char *const names[] = {"public", "eval"};
    sable_error *err = &k->s.err;
    SABLE_TRY(make_folder(k->out, 0755, err));
    SABLE_TRY(keygen_mark(k));
    char *secret = path_join(k->out, "secret");
    sable_status status = make_folder(secret, 0700, err);
    struct stat info;
    if (status == SABLE_OK && stat(secret, &info) == 0 && (info.st_mode & 077) != 0)
        status = sable_fail(err, SABLE_INSECURE, "%s has mode %04o: others could enter it; it must be 0700",
                            sable_show_path(secret).text, (unsigned)(info.st_mode & 07777));
    free(secret);
    for (size_t i = 0; i < 2 && status == SABLE_OK; i++) {
        char *folder = path_join(k->out, names[i]);
        if (i == 0 || key_plan_count(&k->plan)) status = make_folder(folder, 0755, err);
        free(folder);
    }
    return status;
}

static sable_status save_params(keygen *k) {
    char *text = NULL;
    sable_atomic_file *file = NULL;
    SABLE_TRY(sable_params_write(k->s.params, &text, &k->s.err));
    unfinished_add(k->w.params, false);
    sable_status status = sable_atomic_file_open(&file, k->w.params, 0644, &k->s.err);
    if (status == SABLE_OK) status = sable_atomic_file_write(file, text, strlen(text), &k->s.err);
    if (status == SABLE_OK) status = sable_atomic_file_commit(&file, &k->s.err);
    sable_atomic_file_abort(&file);
    sable_text_free(text);
    return status;
}

static sable_status make_public(keygen *k) {
    sable_public_key *key = NULL;
    SABLE_TRY(via_queue(&k->s, sable_public_key_generate(k->s.queue, &key, k->secret)));
    unfinished_add(k->w.public_key, false);
    const sable_file_options stored = file_options();
    sable_status status = via_queue(&k->s, sable_public_key_save(k->s.queue, key, k->w.public_key, &stored));
    sable_public_key_destroy(k->s.queue, &key);
    return status;
}

static sable_status make_eval(keygen *k, const char *path) {
    sable_keyset *keys = NULL;
    SABLE_TRY(via_queue(&k->s, sable_keyset_generate(k->s.queue, &keys, k->secret, k->plan.spec)));
    if (!path_exists(path)) unfinished_add(path, false);
    const sable_file_options stored = file_options();
    sable_status status = via_queue(&k->s, sable_keyset_save(k->s.queue, keys, path, &stored));
    sable_keyset_destroy(k->s.queue, &keys);
    return status;
}

/* The secret is written last but one: a run that fails early leaves no key without its companions. */
static sable_status make_workspace(keygen *k) {
    bool eval = key_plan_count(&k->plan) > 0;
    SABLE_TRY(make_folders(k));
    SABLE_TRY(sable_secret_generate(&k->secret, k->s.ctx, &k->s.err));
    SABLE_TRY(save_params(k));
    if (!k->no_public) SABLE_TRY(make_public(k));
    if (eval) SABLE_TRY(make_eval(k, k->w.eval_keys));
    unfinished_add(k->w.secret, false);
    SABLE_TRY(sable_secret_save(k->secret, k->w.secret, &k->s.err));
    process_finished();
    unfinished_keep();
    keygen_unmark(k);
    wrote(k, "secret key", k->w.secret);
    if (!k->no_public) wrote(k, "public key", k->w.public_key);
    wrote(k, "parameters", k->w.params);
    if (eval) wrote(k, "evaluation keys", k->w.eval_keys);
    return SABLE_OK;
}

static sable_status make_more(keygen *k) {
    const char *path = keygen_more_path(k);
    SABLE_TRY(sable_secret_load(&k->secret, k->s.ctx, k->w.secret, &k->s.err));
    if (!k->keys_out) {
        char *folder = path_join(k->keys, "eval");
        sable_status status = make_folder(folder, 0755, &k->s.err);
        free(folder);
        SABLE_TRY(status);
    }
    SABLE_TRY(make_eval(k, path));
    process_finished();
    unfinished_keep();
    wrote(k, "evaluation keys", path);
    return SABLE_OK;
}

void keygen_places(keygen *k) {
    k->w.secret = path_join(k->out, "secret/secret.key");
    k->w.public_key = path_join(k->out, "public/public.key");
    k->w.params = path_join(k->out, "public/params.json");
    k->w.eval_keys = path_join(k->out, "eval/keys.sable");
}

sable_status keygen_specify(keygen *k) {
    SABLE_TRY(key_plan_make(&k->plan, k->s.params, &k->s.err));
    const sable_file_options stored = file_options();
    if (key_plan_count(&k->plan) == 0) return SABLE_OK;
    return sable_keyset_file_bytes(&k->eval_bytes, k->plan.spec, &stored, &k->s.err);
}

static sable_status run(keygen *k) {
    sable_error *err = &k->s.err;
    if (k->plan.file && !k->params && !k->keys) {
        SABLE_TRY(plan_file_params(&k->planned, k->plan.file, err));
        k->params = k->planned;
    }
    if (k->keys) {
        SABLE_TRY(workspace_open(&k->w, k->keys, false, k->params, NULL, err));
        if (!k->w.params)
            return sable_fail(err, SABLE_IO, "%s: no public/params.json in it: name the set with --params",
                              sable_show_path(k->keys).text);
    } else {
        keygen_places(k);
    }
    SABLE_TRY(session_open(&k->s, k->keys ? k->w.params : k->params));
    SABLE_TRY(keygen_specify(k));
    report_text("params", k->s.info.name);
    report_bool("insecure", !k->s.info.secure);
    report_integer("evaluation_keys", (int64_t)key_plan_count(&k->plan));
    report_integer("evaluation_key_bytes", (int64_t)key_plan_bytes(&k->plan));
    report_integer("evaluation_key_file_bytes", (int64_t)k->eval_bytes);
    if (settings.dry_run) return keygen_dry(k);
    if (settings.memory) SABLE_TRY(keygen_check_room(k));
    SABLE_TRY(keygen_check_targets(k));
    if (!k->s.info.secure)
        warn("%s is INSECURE (%u bits of modulus): for experiments only", k->s.info.name, k->s.info.modulus_bits);
    uint8_t id[SABLE_DIGEST_BYTES];
    SABLE_TRY(k->keys ? make_more(k) : make_workspace(k));
    SABLE_TRY(sable_secret_key_id(k->secret, id));
    report_hex("key_id", id, sizeof id);
    report_integer("backend_peak_bytes", (int64_t)session_peak(&k->s));
    report_bool("secret_locked", sable_secret_is_locked(k->secret));
    if (!sable_secret_is_locked(k->secret))
        warn("the secret could not be locked in memory and may reach swap space; see ulimit -l");
    say("key %s, parameters %s%s", shown_id(id).text, k->s.info.name, k->s.info.secure ? "" : " (INSECURE)");
    return SABLE_OK;
}

static int check_line(const command_line *line, keygen *k) {
    if (k->keys && k->no_public) return report_usage("--no-public is for a new workspace, not for --keys");
    if (!k->keys && (!(k->params || k->plan.file) || !k->out))
        return report_usage(
            "keygen needs --params NAME and --out FOLDER, with --plan FILE no --params, or --keys FOLDER for more "
            "evaluation keys");
    if (!k->keys && (k->keys_out || k->replace))
        return report_usage("--keys-out and --replace go with --keys: a new workspace has its own places");
    return key_plan_check(line, &k->plan);
}

int cmd_keygen(int argc, char **argv) {
    keygen k = {.mark = -1};
    option table[32] = {
        OPTION("params", TEXT, &k.params, "NAME|FILE", "parameter set of a new workspace"),
        OPTION("out", TEXT, &k.out, "FOLDER", "the new workspace", .group = "where"),
        OPTION("keys", TEXT, &k.keys, "FOLDER", "make evaluation keys for the secret of this workspace",
               .group = "where"),
        OPTION("keys-out", TEXT, &k.keys_out, "FILE", "with --keys: write them here"),
        OPTION("replace", FLAG, &k.replace, NULL, "with --keys: an older file of evaluation keys may go"),
        OPTION("no-public", FLAG, &k.no_public, NULL, "no public key"),
        DRY_RUN_OPTION,
    };
    key_plan_options(table + 7, &k.plan);
    command_line line = {.name = "keygen",
                         .summary = "Makes a secret key, a public key and the evaluation keys of a computation",
                         .options = table,
                         .common = COMMON_COMPUTE | COMMON_INSECURE | COMMON_STORE | COMMON_SEEDS,
                         .notes =
                             "Feature-major logits with a plaintext model need no evaluation key; row packing needs\n"
                             "rotations, encrypted weights and probabilities need a relinearisation key.\n"
                             "--plan takes the parameter set of the plan, unless --params names one."};
    int status = options_parse(&line, argc, argv);
    if (status < 0) status = check_line(&line, &k);
    if (status >= 0) return status;
    harden_process();
    k.files = json_array();
    sable_status done = run(&k);
    if (done == SABLE_OK) {
        table_end();
        if (settings.dry_run) /* which has told of its own */
            json_decref(k.files);
        else
            report_value("files", k.files);
        status = report_done();
    } else {
        unfinished_remove();
        status = report_error(done, k.s.err.text);
        json_decref(k.files);
    }
    key_plan_clear(&k.plan);
    sable_secret_destroy(&k.secret);
    session_close(&k.s);
    workspace_close(&k.w);
    free(k.planned);
    return status;
}
