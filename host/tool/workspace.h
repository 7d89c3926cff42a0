/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_WORKSPACE_H
#define SABLE_TOOL_WORKSPACE_H
/* Where keys lie. A workspace is a folder, split by who may have what:
 *     secret/secret.key                      the owner alone; folder 0700, file 0600
 *     public/params.json, public/public.key  everybody
 *     eval/keys.sable                        whoever computes
 * Every command also takes the files one by one. */
#include <stdbool.h>
#include <stdint.h>

#include "sable/params.h"

typedef struct workspace {
    char *folder;                                   /* NULL when only files were named */
    char *params, *secret, *public_key, *eval_keys; /* NULL: not known */
} workspace;

/* keys: a folder, a file of evaluation keys (accepted with eval_file only), or NULL. params, secret: what the user
 * named, or NULL; those win. params that nobody named are looked for in the workspace, then beside keys. SABLE_IO when
 * keys does not exist. */
sable_status workspace_open(workspace *w, const char *keys, bool eval_file, const char *params, const char *secret,
                            sable_error *err);
void workspace_close(workspace *w);
/* When params is still NULL: the shipped set that the Sable file at `path` was made with. SABLE_INVALID if none. */
sable_status workspace_params_of_file(workspace *w, const char *path, sable_error *err);

char *path_join(const char *folder, const char *name); /* malloc'ed; ends the process when there is no memory */
bool path_exists(const char *path);
uint64_t file_bytes(const char *path); /* 0 when it cannot be told */
/* Name of the shipped set with this digest, or NULL. */
const char *shipped_set_of(const uint8_t digest[SABLE_DIGEST_BYTES]);

/* -1, or the exit status after a complaint: out is one of the inputs (a NULL-terminated list of options' values, where
 * absent ones may be ""), or it exists and holds a key. */
int check_output(const char *out, const char *const *inputs);

#endif
