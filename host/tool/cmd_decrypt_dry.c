/* SPDX-License-Identifier: Apache-2.0 */
/* What a decryption takes, without doing it. */
#include <stdio.h>
#include <string.h>

#include "tool/cmd_decrypt.h"
#include "tool/cmd_infer_memory.h"
#include "tool/disk.h"
#include "tool/dry_run.h"
#include "tool/report.h"

enum { NUMBER_MOST = 25 }; /* characters of a double and the comma behind it: -1.2345678901234567e-308, */

static uint32_t members_of(const sable_blocks_info *info) {
    return info->kind == SABLE_BLOCKS_RESULTS ? info->classes : info->layout.members;
}
static uint32_t columns_of(const sable_blocks_info *info) {
    return info->kind == SABLE_BLOCKS_RESULTS ? info->classes : info->layout.features;
}

/* The block that is read, and of several the one before, which goes when it is complete. On a planning session nothing
 * is written to the slots. */
static sable_status try_block(session *s, sable_ct *ct, const sable_blocks *blocks, const sable_secret *secret) {
    const sable_blocks_info *info = sable_blocks_get_info(blocks);
    double slots;
    SABLE_TRY(via_queue(s, sable_blocks_read(s->queue, ct, blocks, 0)));
    return via_queue(s,
                     sable_decrypt(s->queue, &slots, (size_t)members_of(info) * info->layout.slots, false, ct, secret));
}

static uint64_t row_most(const sable_blocks_info *info) { return 24 + (uint64_t)(columns_of(info) + 1) * NUMBER_MOST; }

/* Values of one block in slots and in rows, and the text of its rows. */
uint64_t decrypt_held_bytes(const sable_blocks_info *info, bool npy) {
    const uint64_t slots = (uint64_t)members_of(info) * info->layout.slots,
                   rows =
                       info->layout.samples_per_block < info->samples ? info->layout.samples_per_block : info->samples,
                   values = (uint64_t)info->layout.samples_per_block * columns_of(info);
    return (slots + values) * sizeof(double) + rows * (npy ? columns_of(info) * sizeof(double) : row_most(info));
}

sable_status decrypt_check_room(decrypt *d) {
    session s = {0};
    sable_blocks *blocks = NULL;
    sable_ct *ct = NULL;
    const sable_blocks_info *info = sable_blocks_get_info(d->blocks);
    sable_status status = session_plan(&s, d->w.params);
    if (status == SABLE_OK) status = sable_ct_create(&ct, s.ctx, &s.err);
    if (status == SABLE_OK) status = via_queue(&s, sable_blocks_open(s.queue, &blocks, d->data, info->kind));
    for (uint32_t i = 0; i < 2 && i < info->blocks && status == SABLE_OK; i++)
        status = try_block(&s, ct, blocks, d->secret);
    if (status == SABLE_OK)
        status = check_memory(&s, planned_memory(&s, decrypt_held_bytes(info, false)), members_of(info), "decrypt");
    d->s.err = s.err;
    sable_ct_destroy(s.queue, &ct);
    sable_blocks_close(&blocks);
    session_close(&s);
    return status;
}

uint64_t decrypt_file_bytes(const decrypt *d, const decrypt_output *out) {
    (void)d;
    const uint64_t values = out->info->samples * out->columns;
    return out->npy ? NPY_HEAD + values * sizeof(double) : 2 * values;
}

/* Text: index, name, label, values, prediction. Names come from --rows, quoted there as they are here. */
uint64_t decrypt_csv_most(const decrypt *d, const decrypt_output *out) {
    uint64_t name = 12;
    for (uint32_t i = 0; i < d->class_names.count; i++) {
        const uint64_t length = 2 * strlen(d->class_names.item[i]) + 3;
        if (length > name) name = length;
    }
    const uint64_t heading = 64 + 24ull * out->columns;
    return heading + out->info->samples * (row_most(out->info) + name) + (d->rows ? file_bytes(d->rows) : 0);
}

sable_status decrypt_dry(decrypt *d, const decrypt_output *out, double seconds) {
    session *s = &d->s;
    const sable_blocks_info *info = out->info;
    const uint64_t held = decrypt_held_bytes(info, out->npy),
                   bytes = out->npy ? decrypt_file_bytes(d, out) : decrypt_csv_most(d, out),
                   count =
                       info->samples < info->layout.samples_per_block ? info->samples : info->layout.samples_per_block;
    SABLE_TRY(dry_begin(s, d->out));
    if (d->rows) dry_step(s, "read names and labels, twice", 2, seconds);
    SABLE_TRY(try_block(s, d->ct, d->blocks, d->secret));
    dry_step(s, "read and decrypt a block", info->blocks, 0);
    if (info->blocks > 1) SABLE_TRY(try_block(s, d->ct, d->blocks, d->secret));
    dry_forget(s);
    SABLE_TRY(check_memory(s, planned_memory(s, held), members_of(info), "decrypt"));
    SABLE_TRY(disk_check_target(d->out, &s->err));
    SABLE_TRY(disk_check(d->out, decrypt_file_bytes(d, out), &s->err));
    count_write(s, (double)bytes / info->blocks, 2);
    session_tally(s)->work[SABLE_WORK_PRINT] += out->npy ? 0 : (double)count * out->columns;
    dry_step(s, "write the rows of a block", info->blocks, 0);
    count_write(s, 0, 3);
    dry_step(s, "finish the file", 1, 0);
    dry_file(out->npy ? "values" : "table", d->out, bytes, out->npy);
    dry_memory(planned_memory(s, held), session_tally(s)->peak);
    report_text("params", s->info.name);
    report_integer("samples", (int64_t)info->samples);
    report_integer(info->kind == SABLE_BLOCKS_RESULTS ? "classes" : "features", out->columns);
    report_integer("blocks", info->blocks);
    dry_report();
    return SABLE_OK;
}
