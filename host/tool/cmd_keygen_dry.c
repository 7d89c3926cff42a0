/* SPDX-License-Identifier: Apache-2.0 */
/* Before keys are made: what is there already, what they take. */
#include "tool/cmd_keygen.h"

#include <stdlib.h>
#include <string.h>

#include "client/plan.h"
#include "io/container.h"
#include "io/show.h"
#include "tool/disk.h"
#include "tool/dry_run.h"
#include "tool/options.h"
#include "tool/report.h"

/* -- files --------------------------------------------------------------------------------------------------------- */

typedef struct keygen_bytes {
    uint64_t secret, public_key, params, eval; /* 0: no such file */
} keygen_bytes;

static sable_status sizes(keygen *k, keygen_bytes *bytes) {
    sable_error *err = &k->s.err;
    *bytes = (keygen_bytes){.eval = k->eval_bytes};
    if (k->keys) return SABLE_OK;
    SABLE_TRY(sable_secret_file_bytes(&bytes->secret, k->s.params, err));
    const sable_file_options stored = file_options();
    if (!k->no_public) SABLE_TRY(sable_public_key_file_bytes(&bytes->public_key, k->s.params, &stored, err));
    char *text = NULL;
    SABLE_TRY(sable_params_write(k->s.params, &text, err));
    bytes->params = strlen(text);
    sable_text_free(text);
    return SABLE_OK;
}

static uint64_t all_bytes(const keygen_bytes *b) { return b->secret + b->public_key + b->params + b->eval; }

const char *keygen_more_path(const keygen *k) { return k->keys_out ? k->keys_out : k->w.eval_keys; }

/* Nothing of an older workspace is replaced: its files may be the only way to read somebody's data. */
static sable_status refuse_existing(keygen *k) {
    const char *const paths[] = {k->w.secret, k->w.public_key, k->w.params, k->w.eval_keys};
    bool half;
    SABLE_TRY(keygen_find_half(k, &half));
    if (half) return SABLE_OK;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (path_exists(paths[i]))
            return sable_fail(&k->s.err, SABLE_INVALID,
                              "%s exists: a workspace is never overwritten; choose another folder%s",
                              sable_show_path(paths[i]).text,
                              i == 0 ? ", or make more evaluation keys for this secret with --keys" : "");
    return SABLE_OK;
}

static sable_status refuse_more(keygen *k) {
    const char *path = keygen_more_path(k);
    if (path_exists(path) && !k->replace)
        return sable_fail(&k->s.err, SABLE_INVALID, "%s exists: --replace lets new evaluation keys take its place",
                          sable_show_path(path).text);
    sable_container_info there;
    if (path_exists(path) && (sable_container_peek(&there, path, NULL) != SABLE_OK || there.kind != SABLE_KIND_KEYSET))
        return sable_fail(&k->s.err, SABLE_INVALID,
                          "%s is no file of evaluation keys: --replace replaces no other, name another with --keys-out",
                          sable_show_path(path).text);
    if (key_plan_count(&k->plan) == 0)
        return sable_fail(&k->s.err, SABLE_INVALID,
                          "no evaluation key is asked for or needed: see --for, --relin and --rotations");
    return SABLE_OK;
}

sable_status keygen_check_targets(keygen *k) {
    keygen_bytes bytes;
    SABLE_TRY(k->keys ? refuse_more(k) : refuse_existing(k));
    SABLE_TRY(sizes(k, &bytes));
    return disk_check(k->keys ? keygen_more_path(k) : k->w.secret, all_bytes(&bytes), &k->s.err);
}

/* -- work ---------------------------------------------------------------------------------------------------------- */

/* The order of cmd_keygen.c: the public key is gone when the evaluation keys are made. */
static sable_status try_keys(keygen *k, session *s) {
    if (!k->keys) {
        double *work = session_tally(s)->work;
        work[SABLE_WORK_TERNARY] += 2.0 * s->info.slots;
        if (!k->no_public) sable_public_key_plan(s->ctx);
    }
    if (key_plan_count(&k->plan) == 0) return SABLE_OK;
    sable_keyset *keys = NULL;
    SABLE_TRY(via_queue(s, sable_keyset_plan(s->queue, &keys, k->plan.spec)));
    sable_keyset_destroy(s->queue, &keys);
    return SABLE_OK;
}

static sable_status check_memory_of(keygen *k, const session *s) {
    const uint64_t need = planned_memory(s, 0);
    if (!settings.memory || need <= settings.memory) return SABLE_OK;
    return sable_fail(&k->s.err, SABLE_LIMIT, "%zu evaluation keys take %s with tables and scratch: --memory is %s",
                      key_plan_count(&k->plan), shown_bytes(need).text, shown_bytes(settings.memory).text);
}

sable_status keygen_check_room(keygen *k) {
    session s = {0};
    sable_status status = session_plan(&s, k->keys ? k->w.params : k->params);
    if (status == SABLE_OK) status = try_keys(k, &s);
    k->s.err = s.err;
    if (status == SABLE_OK) status = check_memory_of(k, &s);
    session_close(&s);
    return status;
}

sable_status keygen_plan(keygen *k) {
    session *s = &k->s;
    keygen_bytes bytes;
    SABLE_TRY(sizes(k, &bytes));
    SABLE_TRY(try_keys(k, s));
    dry_step(s, "make keys", 1, 0);
    SABLE_TRY(check_memory_of(k, s));
    const struct {
        const char *kind, *path;
        uint64_t bytes;
    } file[] = {{"secret key", k->w.secret, bytes.secret},
                {"public key", k->w.public_key, bytes.public_key},
                {"parameters", k->w.params, bytes.params},
                {"evaluation keys", k->keys ? keygen_more_path(k) : k->w.eval_keys, bytes.eval}};
    for (size_t i = 0; i < sizeof file / sizeof *file; i++)
        if (file[i].bytes) {
            count_write(s, (double)file[i].bytes, 2);
            dry_file(file[i].kind, file[i].path, file[i].bytes, true);
        }
    dry_step(s, "write files", 1, 0);
    return SABLE_OK;
}

sable_status keygen_dry(keygen *k) {
    session *s = &k->s;
    const char *path = k->keys ? keygen_more_path(k) : k->w.secret;
    SABLE_TRY(keygen_check_targets(k));
    SABLE_TRY(k->keys && k->keys_out ? disk_check_target(path, &s->err)
                                     : disk_check_folder(k->keys ? k->keys : k->out, &s->err));
    if (k->keys) SABLE_TRY(sable_secret_load(&k->secret, s->ctx, k->w.secret, &s->err));
    SABLE_TRY(dry_begin(s, path));
    SABLE_TRY(keygen_plan(k));
    dry_memory(planned_memory(s, 0), session_tally(s)->peak);
    say("%zu evaluation keys: %s in memory, %s in a file", key_plan_count(&k->plan),
        shown_bytes(key_plan_bytes(&k->plan)).text, shown_bytes(k->eval_bytes).text);
    dry_report();
    return SABLE_OK;
}
