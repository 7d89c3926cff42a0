/* SPDX-License-Identifier: Apache-2.0 */
/* The second reading of a table: its rows become blocks. */
#include <stdlib.h>
#include <string.h>

#include "tool/cmd_encrypt.h"
#include "tool/cmd_infer_memory.h"
#include "tool/disk.h"
#include "tool/options.h"
#include "tool/progress.h"
#include "tool/report.h"
#ifdef SABLE_TEST_RNG
#include "client/rng.h"
#endif

typedef struct stream {
    encrypt *e;
    const encrypt_scan *scan;
    const sable_blocks_info *info;
    encrypt_rows rows;
    sable_blocks_writer *writer;
    uint32_t done; /* blocks in the file */
    double *block; /* rows of one block */
    double *values;
} stream;

static sable_status changed(const stream *t) {
    return sable_fail(&t->e->s.err, SABLE_DATA, "%s changed while it was read: nothing was made",
                      sable_show_path(t->e->source.data).text);
}

/* The next rows, as many as a block holds; *count = 0 behind the last one. */
static sable_status read_block(stream *t, size_t *count) {
    const size_t most = t->info->layout.samples_per_block, features = t->scan->features;
    if (t->rows.features != features) return changed(t);
    for (*count = 0; *count < most; (*count)++) {
        int more;
        SABLE_TRY(encrypt_rows_next(t->e, &t->rows, t->block + *count * features, NULL, NULL, &more));
        if (!more) break;
    }
    return t->rows.count > t->scan->samples ? changed(t) : SABLE_OK;
}

#ifdef SABLE_TEST_RNG
/* With a seed the n-th generator of a process is a function of the seed and n, and a block takes one: those of the
 * blocks that an earlier run made are passed over, so that a block does not depend on how often the process began. */
static sable_status pass_over(uint32_t blocks, sable_error *err) {
    for (uint32_t i = 0; i < blocks; i++) {
        sable_rng *rng;
        SABLE_TRY(sable_rng_create(&rng, err));
        sable_rng_destroy(&rng);
    }
    return SABLE_OK;
}
#else
static sable_status pass_over(uint32_t blocks, sable_error *err) {
    (void)blocks, (void)err;
    return SABLE_OK;
}
#endif

/* Until a block of several is safe there is nothing worth continuing: a signal then removes the file. */
static void guard(const stream *t, bool resumable) {
    unfinished_keep();
    if (t->scan->rows_path) unfinished_stream(t->scan->rows_path);
    if (!resumable) unfinished_stream(t->e->out);
}

static sable_status one_block(stream *t, const sable_blocks_origin *origin, size_t count, bool last) {
    encrypt *e = t->e;
    const sable_layout *layout = &t->info->layout;
    sable_layout_pack(layout, t->values, t->block, count);
    SABLE_TRY(encrypt_values(e, e->ct, t->values, layout->members, e->level, e->bound));
    if (!t->writer) {
        SABLE_TRY(
            via_queue(&e->s, sable_blocks_create_resumable(e->s.queue, &t->writer, e->out, t->info, e->ct, origin)));
        guard(t, false);
    }
    SABLE_TRY(via_queue(&e->s, sable_blocks_append(e->s.queue, t->writer, e->ct)));
    if (t->done++ == 0 && !last) guard(t, true);
    return SABLE_OK;
}

static sable_status all_blocks(stream *t, const sable_blocks_origin *origin) {
    encrypt *e = t->e;
    const uint64_t samples = t->scan->samples, per = t->info->layout.samples_per_block;
    const uint64_t before = t->done * per < samples ? t->done * per : samples;
    uint32_t index = 0;
    progress_stage("encrypting", before, samples);
    for (;; index++) {
        size_t count;
        SABLE_TRY(read_block(t, &count));
        if (count == 0) break;
        if (index >= t->done) {
            SABLE_TRY(one_block(t, origin, count, t->rows.count == samples));
            progress_to(t->rows.count);
        }
        if (count < per) break;
    }
    uint8_t digest[SABLE_HASH_BYTES];
    sable_hash_final(&t->rows.hash, digest);
    if (t->rows.count != samples || memcmp(digest, t->scan->digest, sizeof digest) != 0) return changed(t);
    return via_queue(&e->s, sable_blocks_finish(e->s.queue, &t->writer));
}

static void put(sable_hash_state *hash, const void *bytes, size_t count) { sable_hash_update(hash, bytes, count); }

static sable_status origin_of(const stream *t, sable_blocks_origin *origin, sable_blocks_info *info) {
    const encrypt *e = t->e;
    *origin = (sable_blocks_origin){.struct_size = sizeof *origin};
    memcpy(origin->input, t->scan->digest, sizeof origin->input);
    sable_hash_state hash;
    sable_hash_init(&hash);
    const uint32_t number[] = {e->level, e->use_public};
    put(&hash, sable_version(), strlen(sable_version()) + 1);
    put(&hash, number, sizeof number);
    put(&hash, &e->bound, sizeof e->bound);
#ifdef SABLE_TEST_RNG
    if (settings.seed) put(&hash, settings.seed, strlen(settings.seed));
#endif
    sable_hash_final(&hash, origin->options);
    return e->use_public ? sable_public_key_key_id(e->public_key, info->key_id)
                         : sable_secret_key_id(e->secret, info->key_id);
}

static sable_status check_room(const stream *t) {
    encrypt *e = t->e;
    const sable_layout *layout = &t->info->layout;
    const encrypt_piece block = {layout->members, e->level, e->bound}, two[] = {block, block};
    const size_t count = t->scan->samples > layout->samples_per_block ? 2 : 1;
    uint64_t bytes;
    if (settings.memory) SABLE_TRY(encrypt_check_room(e, two, count, encrypt_held_bytes(layout)));
    SABLE_TRY(encrypt_file_bytes(e, t->info, &bytes));
    return disk_check(e->out, bytes, &e->s.err);
}

sable_status encrypt_blocks(encrypt *e, const encrypt_scan *scan, const sable_blocks_info *given, uint32_t *resumed) {
    sable_blocks_info info = *given;
    const sable_layout *layout = &info.layout;
    stream t = {.e = e, .scan = scan, .info = &info};
    const size_t values = (size_t)layout->members * layout->slots,
                 block = (size_t)layout->samples_per_block * scan->features;
    sable_blocks_origin origin;
    sable_error note = {SABLE_OK, ""};
    SABLE_TRY(check_room(&t));
    SABLE_TRY(origin_of(&t, &origin, &info));
    SABLE_TRY(via_queue(&e->s, sable_blocks_resume(e->s.queue, &t.writer, e->out, &info, &origin, &t.done, &note)));
    if (*note.text) remark("sable: %s", note.text);
    if (t.done) remark("sable: %s: %u blocks of an earlier run are kept", e->out, t.done);
    *resumed = t.done;
    t.values = malloc(values * sizeof *t.values);
    t.block = malloc(block * sizeof *t.block);
    sable_status status = t.values && t.block
                              ? pass_over(t.done, &e->s.err)
                              : sable_fail(&e->s.err, SABLE_NO_MEMORY, "no memory for a block of %u x %u values",
                                           layout->members, layout->slots);
    if (status == SABLE_OK) status = encrypt_rows_open(e, &t.rows);
    if (status == SABLE_OK) status = all_blocks(&t, &origin);
    if (t.values) memset(t.values, 0, values * sizeof *t.values);
    if (t.block) memset(t.block, 0, block * sizeof *t.block);
    free(t.values);
    free(t.block);
    encrypt_rows_close(&t.rows);
    if (worth_continuing(status, t.done)) sable_blocks_suspend(&t.writer);
    sable_blocks_abort(&t.writer);
    return status;
}
