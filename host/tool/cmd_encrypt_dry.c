/* SPDX-License-Identifier: Apache-2.0 */
/* What an encryption takes, without doing it. */
#include "logreg/blocks_file.h"
#include "tool/cmd_encrypt.h"
#include "tool/cmd_infer_memory.h"
#include "tool/disk.h"
#include "tool/dry_run.h"
#include "tool/key_plan.h"
#include "tool/options.h"
#include "tool/report.h"

/* On a planning session no value is read: what is encrypted is this. */
static const double nothing;

static sable_status try_piece(encrypt *e, sable_ct *ct, const encrypt_piece *piece) {
    return encrypt_values(e, ct, &nothing, piece->members, piece->level, piece->bound);
}

/* Pieces that are held at the same time: the parts of a model, or the block that waits for the next one. */
static sable_status try_pieces(encrypt *e, const encrypt_piece *piece, size_t count) {
    sable_ct *other = NULL;
    SABLE_TRY(sable_ct_create(&other, e->s.ctx, &e->s.err));
    sable_status status = try_piece(e, e->ct, &piece[0]);
    if (status == SABLE_OK && count > 1) status = try_piece(e, other, &piece[1]);
    sable_ct_destroy(e->s.queue, &other);
    return status;
}

sable_status encrypt_check_room(encrypt *e, const encrypt_piece *piece, size_t count, uint64_t held) {
    encrypt trial = *e;
    trial.s = (session){0};
    trial.pt = NULL;
    trial.ct = NULL;
    sable_status status = session_plan(&trial.s, e->w.params);
    if (status == SABLE_OK) status = sable_pt_create(&trial.pt, trial.s.ctx, &trial.s.err);
    if (status == SABLE_OK) status = sable_ct_create(&trial.ct, trial.s.ctx, &trial.s.err);
    if (status == SABLE_OK) status = try_pieces(&trial, piece, count);
    if (status == SABLE_OK)
        status = check_memory(&trial.s, planned_memory(&trial.s, held), piece[0].members, "encrypt");
    e->s.err = trial.s.err;
    sable_ct_destroy(trial.s.queue, &trial.ct);
    sable_pt_destroy(trial.s.queue, &trial.pt);
    session_close(&trial.s);
    return status;
}

static sable_ct_shape shape_of(const encrypt *e, const encrypt_piece *piece) {
    return (sable_ct_shape){.level = piece->level, .parts = 2, .batch = piece->members, .seeded = !e->use_public};
}

sable_status encrypt_file_bytes(encrypt *e, const sable_blocks_info *info, uint64_t *bytes) {
    SABLE_TRY(via_queue(&e->s, sable_blocks_check_info(e->s.queue, e->out, info)));
    const encrypt_piece block = {info->layout.members, e->level, e->bound};
    const sable_ct_shape shape = shape_of(e, &block);
    const uint64_t per = info->layout.samples_per_block, blocks = (info->samples + per - 1) / per;
    return sable_blocks_file_bytes(bytes, e->s.params, &shape, blocks, &info->stored, &e->s.err);
}

uint64_t encrypt_held_bytes(const sable_layout *layout) {
    return ((uint64_t)layout->members * layout->slots + (uint64_t)layout->samples_per_block * layout->features) *
           sizeof(double);
}

/* What both have at the end: room on the disk. */
static sable_status settle(encrypt *e, uint64_t held) {
    session *s = &e->s;
    SABLE_TRY(disk_check_target(e->out, &s->err));
    SABLE_TRY(disk_check(e->out, dry_disk_bytes(), &s->err));
    dry_memory(planned_memory(s, held), session_tally(s)->peak);
    return SABLE_OK;
}

sable_status encrypt_plan_data(encrypt *e, const encrypt_scan *scan, const sable_blocks_info *info, double seconds) {
    session *s = &e->s;
    const sable_layout *layout = &info->layout;
    const uint64_t per = layout->samples_per_block, blocks = (scan->samples + per - 1) / per,
                   held = encrypt_held_bytes(layout);
    const encrypt_piece block = {layout->members, e->level, e->bound};
    uint64_t bytes;
    SABLE_TRY(encrypt_file_bytes(e, info, &bytes));
    dry_step(s, "read the table, twice", 2, seconds);
    SABLE_TRY(try_piece(e, e->ct, &block));
    session_tally(s)->work[SABLE_WORK_COPY] += (double)held; /* rows into slots */
    dry_step(s, "encrypt a block", blocks, 0);
    if (blocks > 1) SABLE_TRY(try_piece(e, e->ct, &block));
    dry_forget(s);
    count_write(s, (double)bytes / (double)blocks, 2);
    dry_step(s, "write a block", blocks, 0);
    count_write(s, 0, scan->rows_path ? 6 : 3);
    dry_step(s, "finish the files", 1, 0);
    dry_file("data set", e->out, bytes, true);
    if (scan->rows_path) dry_file("names and labels", scan->rows_path, scan->rows_bytes, true);
    return check_memory(s, planned_memory(s, held), layout->members, "encrypt");
}

sable_status encrypt_dry(encrypt *e, const encrypt_scan *scan, const sable_blocks_info *info, double seconds) {
    session *s = &e->s;
    const sable_layout *layout = &info->layout;
    const uint64_t per = layout->samples_per_block, blocks = (scan->samples + per - 1) / per;
    SABLE_TRY(dry_begin(s, e->out));
    SABLE_TRY(encrypt_plan_data(e, scan, info, seconds));
    SABLE_TRY(settle(e, encrypt_held_bytes(layout)));
    report_text("params", s->info.name);
    report_integer("samples", (int64_t)scan->samples);
    report_integer("features", (int64_t)scan->features);
    report_text("packing", packing_words[layout->packing]);
    report_integer("samples_per_block", layout->samples_per_block);
    report_integer("blocks", (int64_t)blocks);
    report_integer("level", e->level);
    report_number("bound", e->bound);
    dry_report();
    return SABLE_OK;
}

static uint64_t held_of(const encrypt *e, const encrypt_piece piece[2]) {
    return (uint64_t)(piece[0].members + piece[1].members) * e->s.info.slots * sizeof(double);
}

sable_status encrypt_plan_model(encrypt *e, sable_ct *bias_ct, const encrypt_piece piece[2]) {
    session *s = &e->s;
    const uint64_t held = held_of(e, piece);
    const sable_ct_shape weights = shape_of(e, &piece[0]), bias = shape_of(e, &piece[1]);
    const sable_file_options stored = file_options();
    uint64_t bytes;
    SABLE_TRY(sable_encrypted_model_file_bytes(&bytes, s->params, &weights, &bias, &stored, &s->err));
    SABLE_TRY(try_piece(e, e->ct, &piece[0]));
    SABLE_TRY(try_piece(e, bias_ct, &piece[1]));
    session_tally(s)->work[SABLE_WORK_COPY] += (double)held;
    dry_step(s, "encrypt", 1, 0);
    count_write(s, (double)bytes, 2);
    dry_step(s, "write", 1, 0);
    dry_file("encrypted model", e->out, bytes, true);
    return check_memory(s, planned_memory(s, held), piece[0].members, "encrypt");
}

sable_status encrypt_dry_model(encrypt *e, const sable_encrypted_model *model, const encrypt_piece piece[2]) {
    session *s = &e->s;
    sable_ct *bias = NULL;
    SABLE_TRY(dry_begin(s, e->out));
    SABLE_TRY(sable_ct_create(&bias, s->ctx, &s->err));
    const sable_status status = encrypt_plan_model(e, bias, piece);
    sable_ct_destroy(s->queue, &bias);
    SABLE_TRY(status);
    SABLE_TRY(settle(e, held_of(e, piece)));
    report_text("params", s->info.name);
    report_integer("classes", model->classes);
    report_integer("features", model->layout.features);
    report_text("packing", packing_words[model->layout.packing]);
    report_integer("level", e->level);
    report_number("range", model->range);
    dry_report();
    return SABLE_OK;
}
