/* SPDX-License-Identifier: Apache-2.0 */
/* sable inspect --secret: whether a public key is one of the owner's secret. */
#include "base/fail.h"
#include "io/show.h"
#include "tool/inspect.h"
#include "tool/options.h"
#include "tool/process.h"
#include "tool/report.h"
#include "tool/session.h"
#include "tool/workspace.h"

static sable_status check(session *s, const char *path, const char *secret_path) {
    sable_public_key *key = NULL;
    sable_secret *secret = NULL;
    sable_status status = via_queue(s, sable_public_key_load(s->queue, &key, path));
    if (status == SABLE_OK) status = sable_secret_load(&secret, s->ctx, secret_path, &s->err);
    if (status == SABLE_OK) status = via_queue(s, sable_public_key_check(s->queue, key, secret));
    sable_secret_destroy(&secret);
    sable_public_key_destroy(s->queue, &key);
    return status;
}

sable_status inspect_public_key(const sable_container_info *info, const char *path, const char *secret,
                                const char *params, sable_error *err) {
    if (info->kind != SABLE_KIND_PUBLIC_KEY)
        return sable_fail(err, SABLE_INVALID, "%s holds a %s: --secret checks public keys, inspect it without",
                          sable_show_path(path).text, sable_kind_name(info->kind));
    harden_process();
    settings.allow_insecure = true; /* nothing is made */
    workspace w = {0};
    session s = {0};
    sable_status status = workspace_open(&w, NULL, false, params, secret, err);
    if (status == SABLE_OK) status = workspace_params_of_file(&w, path, err);
    if (status == SABLE_OK) {
        status = session_open(&s, w.params);
        if (status == SABLE_OK) status = check(&s, path, w.secret);
        if (status != SABLE_OK) *err = s.err;
    }
    session_close(&s);
    workspace_close(&w);
    if (status != SABLE_OK) return status;
    report_bool("of_secret", true);
    say("made with the secret key %s: yes", sable_show_path(secret).text);
    return SABLE_OK;
}
