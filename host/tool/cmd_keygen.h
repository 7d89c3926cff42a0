/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_CMD_KEYGEN_H
#define SABLE_TOOL_CMD_KEYGEN_H
/* What making keys, and the telling of what they would take, have in common. */
#include <jansson.h>

#include "tool/key_plan.h"
#include "tool/session.h"
#include "tool/workspace.h"

typedef struct keygen {
    const char *params, *out, *keys, *keys_out;
    char *planned; /* the set of a plan; NULL: named by the user */
    bool replace, no_public;
    key_plan plan;
    uint64_t eval_bytes; /* of the file of evaluation keys; 0: none */
    workspace w;
    session s;
    sable_secret *secret;
    int mark; /* of the workspace in the making (keygen_half.c); negative: none */
    json_t *files;
} keygen;

/* *half: all that there is of a workspace are files of a keygen that was killed. SABLE_IO when it still runs. */
sable_status keygen_find_half(keygen *k, bool *half);
/* Marks the folder, and removes the files of a half workspace. */
sable_status keygen_mark(keygen *k);
/* The workspace is whole. */
void keygen_unmark(keygen *k);

/* Where the files of a new workspace lie. */
void keygen_places(keygen *k);
/* What is asked for in k->plan becomes its specification, and k->eval_bytes. */
sable_status keygen_specify(keygen *k);
/* The file of further evaluation keys. */
const char *keygen_more_path(const keygen *k);
/* Nothing of an older workspace is replaced, and there is something to make; room on the disk. */
sable_status keygen_check_targets(keygen *k);
/* SABLE_LIMIT when the keys take more than --memory: found out on a planning session. */
sable_status keygen_check_room(keygen *k);
/* On a planning session: steps and files of a dry run. */
sable_status keygen_plan(keygen *k);
/* --dry-run, on a planning session. */
sable_status keygen_dry(keygen *k);

#endif
