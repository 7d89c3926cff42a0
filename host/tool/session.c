/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/session.h"

#include <string.h>

#include "ckks/objects.h"
#include "tool/options.h"
#include "tool/report.h"

sable_status session_load_params(session *s, const char *params_name_or_path) {
    memset(s, 0, sizeof *s);
    sable_params_options options = {.struct_size = sizeof options, .allow_insecure = settings.allow_insecure};
    SABLE_TRY(sable_params_load(&s->params, params_name_or_path, &options, &s->err));
    s->info.struct_size = sizeof s->info;
    return sable_params_describe(s->params, &s->info);
}

/* Of a session that has its parameters. */
static sable_status start(session *s, bool planning) {
    sable_ctx_options options = {.struct_size = sizeof options,
                                 .backend = settings.backend,
                                 .threads = settings.threads,
                                 .memory_cap = settings.memory};
    const double begin = seconds_now();
    sable_status status = planning ? sable_ctx_create_planning(&s->ctx, s->params, &options, &s->err)
                                   : sable_ctx_create(&s->ctx, s->params, &options, &s->err);
    if (status == SABLE_OK) status = sable_queue_create(&s->queue, s->ctx, NULL, &s->err);
    s->opening = seconds_now() - begin;
    if (status != SABLE_OK) session_close(s);
    return status;
}

static sable_status open_as(session *s, const char *params_name_or_path, bool planning) {
    SABLE_TRY(session_load_params(s, params_name_or_path));
    return start(s, planning);
}

sable_status session_open(session *s, const char *params_name_or_path) {
    return open_as(s, params_name_or_path, settings.dry_run);
}

sable_status session_plan(session *s, const char *params_name_or_path) { return open_as(s, params_name_or_path, true); }

/* A session owns its parameters: their text says all of them. */
static sable_status copy_params(session *s, const sable_params *params) {
    memset(s, 0, sizeof *s);
    char *text = NULL;
    SABLE_TRY(sable_params_write(params, &text, &s->err));
    const sable_params_options options = {.struct_size = sizeof options, .allow_insecure = settings.allow_insecure};
    sable_status status = sable_params_parse(&s->params, text, strlen(text), &options, &s->err);
    sable_text_free(text);
    s->info.struct_size = sizeof s->info;
    return status == SABLE_OK ? sable_params_describe(s->params, &s->info) : status;
}

sable_status session_open_params(session *s, const sable_params *params) {
    SABLE_TRY(copy_params(s, params));
    return start(s, settings.dry_run);
}

sable_status session_plan_params(session *s, const sable_params *params) {
    SABLE_TRY(copy_params(s, params));
    return start(s, true);
}

sable_tally *session_tally(const session *s) { return s->ctx->tally; }

uint64_t session_peak(const session *s) {
    sable_ctx_info info = {.struct_size = sizeof info};
    return sable_ctx_describe(s->ctx, &info) == SABLE_OK ? info.bytes_peak : 0;
}

void tell_backend(const sable_ctx_info *info) {
    static bool told = false;
    if (told || !*info->reason) return;
    told = true;
    remark("computed on cpu: %s", info->reason);
}

void session_close(session *s) {
    sable_queue_destroy(&s->queue);
    sable_ctx_destroy(&s->ctx);
    sable_params_destroy(&s->params);
}

sable_status via_queue(session *s, sable_status status) {
    if (status == SABLE_OK) return status;
    const char *sentence = sable_queue_error(s->queue);
    s->err.code = status;
    size_t length = strlen(sentence);
    if (length >= sizeof s->err.text) length = sizeof s->err.text - 1;
    memcpy(s->err.text, sentence, length);
    s->err.text[length] = 0;
    return status;
}
