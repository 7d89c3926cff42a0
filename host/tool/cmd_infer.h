/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_CMD_INFER_H
#define SABLE_TOOL_CMD_INFER_H
/* What inference, and the telling of what it would take, have in common. */
#include "tool/infer_plan.h"

typedef struct infer {
    const char *keys, *params, *data, *model, *encrypted_model, *out;
    workspace w;
    session s;
    infer_plan plan;
    double compute;   /* seconds without files */
    uint32_t resumed; /* blocks that an earlier run had made */
    uint64_t before;  /* their samples */
} infer;

/* The results of a block, in r->plan.result. */
sable_status infer_block(infer *r, uint32_t index);

/* --dry-run, on a planning session. */
sable_status infer_dry(infer *r);
/* SABLE_LIMIT when the command would take more than --memory: found out on a planning session. */
sable_status infer_check_room(infer *r);
/* SABLE_IO when the results do not fit on the disk. The plan is made. */
sable_status infer_check_disk(infer *r);

#endif
