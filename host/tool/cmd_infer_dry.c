/* SPDX-License-Identifier: Apache-2.0 */
/* What an inference takes, without doing it: one block of it on a planning session. */
#include "tool/cmd_infer.h"
#include "tool/cmd_infer_memory.h"
#include "tool/disk.h"
#include "tool/dry_run.h"
#include "tool/key_plan.h"
#include "tool/options.h"
#include "tool/report.h"

static uint32_t members_of(const infer *r) { return sable_blocks_get_info(r->plan.data)->layout.members; }

/* One block, and of several a second one: the first and its results go when those of the second are complete. */
static sable_status try_blocks(infer *r) {
    SABLE_TRY(infer_block(r, 0));
    if (sable_blocks_get_info(r->plan.data)->blocks == 1) return SABLE_OK;
    SABLE_TRY(infer_plan_block(&r->plan, &r->s, 0));
    return infer_block(r, 0);
}

sable_status infer_check_room(infer *r) {
    infer trial = *r;
    trial.s = (session){0};
    sable_status status = session_plan(&trial.s, r->w.params);
    if (status == SABLE_OK)
        status = infer_plan_make(&trial.plan, &trial.s, &trial.w, r->data, r->model, r->encrypted_model);
    if (status == SABLE_OK) status = try_blocks(&trial);
    if (status == SABLE_OK) status = check_memory(&trial.s, planned_memory(&trial.s, 0), members_of(&trial), "infer");
    r->s.err = trial.s.err;
    infer_plan_clear(&trial.plan, &trial.s);
    session_close(&trial.s);
    return status;
}

static sable_status result_bytes(infer *r, uint64_t *bytes) {
    const infer_plan *p = &r->plan;
    const sable_blocks_info *data = sable_blocks_get_info(p->data);
    const sable_ct_shape shape = {
        .level = p->level - sable_infer_depth(&data->layout, &p->options), .parts = 2, .batch = p->classes};
    const sable_file_options stored = file_options();
    return sable_blocks_file_bytes(bytes, r->s.params, &shape, data->blocks, &stored, &r->s.err);
}

sable_status infer_check_disk(infer *r) {
    uint64_t bytes;
    SABLE_TRY(result_bytes(r, &bytes));
    return disk_check(r->out, bytes, &r->s.err);
}

sable_status infer_dry(infer *r) {
    infer_plan *p = &r->plan;
    session *s = &r->s;
    uint64_t bytes;
    SABLE_TRY(dry_begin(s, r->out));
    SABLE_TRY(infer_plan_make(p, s, &r->w, r->data, r->model, r->encrypted_model));
    const sable_blocks_info *data = sable_blocks_get_info(p->data);
    dry_step(s, "read keys, model and the first block", 1, 0);
    SABLE_TRY(infer_block(r, 0));
    dry_step(s, "compute a block", data->blocks, 0);
    if (data->blocks > 1) {
        SABLE_TRY(infer_plan_block(p, s, 0));
        dry_step(s, "read another block", data->blocks - 1, 0);
        SABLE_TRY(infer_block(r, 0));
        dry_forget(s);
    }
    SABLE_TRY(check_memory(s, planned_memory(s, 0), members_of(r), "infer"));
    SABLE_TRY(result_bytes(r, &bytes));
    SABLE_TRY(disk_check_target(r->out, &s->err));
    SABLE_TRY(disk_check(r->out, bytes, &s->err));
    count_write(s, (double)bytes / data->blocks, 2);
    dry_step(s, "write the results of a block", data->blocks, 0);
    count_write(s, 0, 3);
    dry_step(s, "finish the file", 1, 0);
    dry_file("results", r->out, bytes, true);
    dry_memory(planned_memory(s, 0), session_tally(s)->peak);
    report_text("params", s->info.name);
    report_integer("samples", (int64_t)data->samples);
    report_integer("features", data->layout.features);
    report_integer("classes", p->classes);
    report_text("packing", packing_words[data->layout.packing]);
    report_integer("blocks", data->blocks);
    report_integer("data_level", p->level);
    dry_report();
    return SABLE_OK;
}
