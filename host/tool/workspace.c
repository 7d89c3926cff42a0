/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/workspace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fail.h"
#include "io/container.h"
#include "io/show.h"
#include "tool/process.h"
#include "tool/report.h"

static char *must(char *text) {
    if (text) return text;
    fputs("sable: no memory for a path\n", stderr);
    process_end(EXIT_ENVIRONMENT);
}

char *path_join(const char *folder, const char *name) {
    size_t length = strlen(folder);
    bool slash = length && folder[length - 1] == '/';
    char *path = NULL;
    if (asprintf(&path, "%s%s%s", folder, slash ? "" : "/", name) < 0) path = NULL;
    return must(path);
}

bool path_exists(const char *path) {
    struct stat info;
    return lstat(path, &info) == 0 || errno != ENOENT;
}

uint64_t file_bytes(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && info.st_size > 0 ? (uint64_t)info.st_size : 0;
}

/* params.json beside the file, or in ../public of its folder. */
static char *params_beside(const char *file) {
    const char *slash = strrchr(file, '/');
    char *folder = slash ? strndup(file, (size_t)(slash - file) + 1) : strdup("./");
    static const char *const places[] = {"params.json", "../public/params.json"};
    char *found = NULL;
    for (size_t i = 0; i < 2 && !found; i++) {
        found = path_join(must(folder), places[i]);
        if (!path_exists(found)) free(found), found = NULL;
    }
    free(folder);
    return found;
}

sable_status workspace_open(workspace *w, const char *keys, bool eval_file, const char *params, const char *secret,
                            sable_error *err) {
    *w = (workspace){0};
    if (params) w->params = must(strdup(params));
    if (secret) w->secret = must(strdup(secret));
    if (!keys) return SABLE_OK;
    struct stat info;
    if (stat(keys, &info) != 0) {
        int code = errno;
        return sable_fail(err, SABLE_IO, "%s: %s", sable_show_path(keys).text, sable_show_errno(code).text);
    }
    if (S_ISDIR(info.st_mode)) {
        w->folder = must(strdup(keys));
        if (!w->secret) w->secret = path_join(keys, "secret/secret.key");
        w->public_key = path_join(keys, "public/public.key");
        w->eval_keys = path_join(keys, "eval/keys.sable");
        if (!w->params) {
            w->params = path_join(keys, "public/params.json");
            if (!path_exists(w->params)) free(w->params), w->params = NULL;
        }
        return SABLE_OK;
    }
    if (!eval_file)
        return sable_fail(err, SABLE_INVALID, "%s is no folder of keys; files are named one by one: --secret, --params",
                          sable_show_path(keys).text);
    w->eval_keys = must(strdup(keys));
    if (!w->params) w->params = params_beside(keys);
    return SABLE_OK;
}

void workspace_close(workspace *w) {
    free(w->folder);
    free(w->params);
    free(w->secret);
    free(w->public_key);
    free(w->eval_keys);
    *w = (workspace){0};
}

const char *shipped_set_of(const uint8_t digest[SABLE_DIGEST_BYTES]) {
    const sable_params_options any = {.struct_size = sizeof any, .allow_insecure = true};
    for (size_t i = 0; sable_params_shipped(i); i++) {
        sable_params *params = NULL;
        if (sable_params_load(&params, sable_params_shipped(i), &any, NULL) != SABLE_OK) continue;
        sable_params_info info = {.struct_size = sizeof info};
        bool same =
            sable_params_describe(params, &info) == SABLE_OK && memcmp(info.digest, digest, sizeof info.digest) == 0;
        sable_params_destroy(&params);
        if (same) return sable_params_shipped(i);
    }
    return NULL;
}

sable_status workspace_params_of_file(workspace *w, const char *path, sable_error *err) {
    if (w->params) return SABLE_OK;
    sable_container_info info;
    SABLE_TRY(sable_container_peek(&info, path, err));
    const char *name = shipped_set_of(info.params_digest);
    if (!name)
        return sable_fail(err, SABLE_INVALID,
                          "%s was made with parameters %s, which is no shipped set: name their file with --params",
                          sable_show_path(path).text, shown_id(info.params_digest).text);
    w->params = must(strdup(name));
    return SABLE_OK;
}

static bool same_file(const char *a, const char *b) {
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Also of a workspace that is read, whose other files are keys. */
static bool is_input(const char *out, const char *input) {
    if (same_file(out, input)) return true;
    char *params = path_join(input, "public/params.json");
    bool same = same_file(out, params);
    free(params);
    return same;
}

int check_output(const char *out, const char *const *inputs) {
    for (; *inputs; inputs++)
        if (**inputs && is_input(out, *inputs))
            return report_usage("%s is read and written by the same command: choose another name for the output",
                                sable_show_path(out).text);
    sable_container_info info;
    if (path_exists(out) && sable_container_peek(&info, out, NULL) == SABLE_OK &&
        (info.kind == SABLE_KIND_SECRET_KEY || info.kind == SABLE_KIND_PUBLIC_KEY ||
         info.kind == SABLE_KIND_EVALUATION_KEY || info.kind == SABLE_KIND_KEYSET))
        return report_usage("%s holds a %s, which is not overwritten: choose another name for the output",
                            sable_show_path(out).text, sable_kind_name(info.kind));
    return -1;
}
