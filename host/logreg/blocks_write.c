/* SPDX-License-Identifier: Apache-2.0 */
/* Files of blocks: the writer. The container is laid out in PATH.partial as it will be, block behind block; its
 * head, which holds the digests, and META come last, so that nobody takes the partial file for a container. */
#include <stdlib.h>
#include <string.h>

#include "io/bytes.h"
#include "io/container_format.h"
#include "io/show.h"
#include "logreg/blocks_file.h"
#include "logreg/blocks_partial.h"

struct sable_blocks_writer {
    sable_partial partial;
    sable_container_info head;
    sable_section *sections; /* META, then the blocks */
    sable_ct shape;          /* as it is stored */
    sable_file_options stored;
    uint32_t blocks, done;
    uint8_t meta[BLOCKS_META_BYTES];
};

static void meta_put(uint8_t meta[BLOCKS_META_BYTES], const sable_blocks_info *info, const sable_ct *shape) {
    const bool results = info->kind == SABLE_BLOCKS_RESULTS;
    memset(meta, 0, BLOCKS_META_BYTES);
    layout_put(meta, &info->layout);
    sable_put_u64(meta + 16, info->samples);
    sable_put_u32(meta + 24, results ? info->classes : 0);
    sable_put_u32(meta + 28, results && info->probabilities);
    sable_put_f64(meta + 32, results ? info->factor : 0);
    sable_ct_header_put(meta + BLOCKS_FIXED_BYTES, shape);
}

static void setup_put(uint8_t setup[BLOCKS_SETUP_BYTES], const sable_blocks_writer *w,
                      const sable_blocks_origin *origin) {
    sable_put_u32(setup, w->head.kind);
    sable_put_u32(setup + SETUP_AT_FLAGS, w->head.flags | (w->stored.no_seeds ? SETUP_NO_SEEDS : 0));
    memcpy(setup + SETUP_AT_PARAMS, w->head.params_digest, SABLE_HASH_BYTES);
    memcpy(setup + SETUP_AT_KEY, w->head.key_id, SABLE_HASH_BYTES);
    memcpy(setup + SETUP_AT_INPUT, origin->input, SABLE_HASH_BYTES);
    memcpy(setup + SETUP_AT_OPTIONS, origin->options, SABLE_HASH_BYTES);
    memcpy(setup + SETUP_AT_META, w->meta, BLOCKS_META_BYTES);
}

sable_status sable_blocks_check_info(sable_queue *queue, const char *path, const sable_blocks_info *info) {
    SABLE_TRY(sable_check_queue(queue));
    if (!path || !info || info->struct_size != sizeof *info || info->samples == 0 ||
        info->layout.samples_per_block == 0)
        return SABLE_REFUSE(queue, SABLE_INVALID,
                            "files of blocks: an argument is NULL, empty, or struct_size is not set");
    uint64_t blocks = blocks_count(info);
    if (blocks > BLOCKS_MOST)
        return SABLE_REFUSE(
            queue, SABLE_LIMIT,
            "%llu samples take %llu blocks of %u: a file holds %d; split the data into files of %llu samples, "
            "or use a larger ring",
            (unsigned long long)info->samples, (unsigned long long)blocks, info->layout.samples_per_block, BLOCKS_MOST,
            (unsigned long long)BLOCKS_MOST * info->layout.samples_per_block);
    return SABLE_OK;
}

static unsigned kind_of(const sable_blocks_info *info) {
    return info->kind == SABLE_BLOCKS_RESULTS ? SABLE_KIND_RESULTS : SABLE_KIND_DATASET;
}

/* A writer without files: head, META and the places of the sections. */
static sable_status prepare(sable_queue *queue, sable_blocks_writer **out, const char *path,
                            const sable_blocks_info *info, const sable_ct *shape, bool insecure) {
    sable_error *err = &queue->error;
    uint32_t members = info->kind == SABLE_BLOCKS_RESULTS ? info->classes : info->layout.members;
    if (members != shape->batch || info->layout.slots != shape->slots)
        return SABLE_REFUSE(queue, SABLE_INVALID,
                            "a file of %llu samples with blocks of %u ciphertexts: the layout says %u of %u slots",
                            (unsigned long long)info->samples, shape->batch, members, info->layout.slots);
    sable_file_options chosen;
    SABLE_TRY(sable_storage_choose(&chosen, info->stored.struct_size ? &info->stored : NULL, err));
    sable_blocks_writer *w = calloc(1, sizeof *w);
    if (!w) return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "no memory for a file of blocks");
    w->partial = (sable_partial){.folder = -1, .fd = -1, .journal = -1};
    w->stored = chosen;
    w->shape = sable_ct_stored(shape, &chosen);
    w->shape.data = NULL;
    w->blocks = (uint32_t)blocks_count(info);
    w->head =
        sable_container_info_of(queue->ctx, (sable_kind)kind_of(info), shape->key_id, insecure, chosen.residue_bits);
    w->head.section_count = w->blocks + 1;
    meta_put(w->meta, info, &w->shape);
    w->sections = calloc(w->blocks + 1, sizeof *w->sections);
    sable_section_spec *spec = NULL;
    sable_status status = w->sections
                              ? blocks_specs(&spec, w->blocks, blocks_block_bytes(&w->shape, chosen.residue_bits), err)
                              : sable_fail(err, SABLE_NO_MEMORY, "no memory for the table of %u blocks", w->blocks);
    for (uint32_t i = 0; status == SABLE_OK && i <= w->blocks; i++) w->sections[i].spec = spec[i];
    free(spec);
    if (status == SABLE_OK)
        status =
            sable_sections_place(w->sections, w->blocks + 1, &w->head.total_bytes, sable_show_path(path).text, err);
    if (status == SABLE_OK)
        *out = w;
    else
        sable_blocks_abort(&w);
    return status;
}

static sable_status create(sable_queue *queue, sable_blocks_writer **out, const char *path,
                           const sable_blocks_info *info, const sable_ct *shape, const sable_blocks_origin *origin) {
    SABLE_TRY(sable_blocks_check_info(queue, path, info));
    SABLE_TRY(sable_check_ct(queue, shape, "the first block"));
    sable_blocks_writer *w;
    sable_error *err = &queue->error;
    SABLE_TRY(prepare(queue, &w, path, info, shape, shape->insecure));
    uint8_t setup[BLOCKS_SETUP_BYTES];
    if (origin) setup_put(setup, w, origin);
    sable_status status = sable_partial_open(&w->partial, path, err);
    if (status == SABLE_OK)
        status = sable_partial_start(&w->partial, 0644, origin ? setup : NULL, origin ? sizeof setup : 0, 0, err);
    if (status == SABLE_OK) status = sable_partial_reserve(&w->partial, w->head.total_bytes, err);
    if (status != SABLE_OK) {
        sable_blocks_abort(&w);
        return status;
    }
    *out = w;
    return SABLE_OK;
}

sable_status sable_blocks_create(sable_queue *queue, sable_blocks_writer **out, const char *path,
                                 const sable_blocks_info *info, const sable_ct *shape) {
    SABLE_TRY(sable_check_queue(queue));
    if (!out) return SABLE_REFUSE(queue, SABLE_INVALID, "sable_blocks_create: out is NULL");
    return create(queue, out, path, info, shape, NULL);
}

sable_status sable_blocks_create_resumable(sable_queue *queue, sable_blocks_writer **out, const char *path,
                                           const sable_blocks_info *info, const sable_ct *shape,
                                           const sable_blocks_origin *origin) {
    SABLE_TRY(sable_check_queue(queue));
    if (!out || !origin || origin->struct_size != sizeof *origin)
        return SABLE_REFUSE(queue, SABLE_INVALID,
                            "sable_blocks_create_resumable: an argument is NULL or struct_size is not set");
    return create(queue, out, path, info, shape, origin);
}

/* -- continuing ---------------------------------------------------------------------------------------------------- */

/* What the file was made of that is not what is asked for now; NULL: nothing. */
static const char *difference(const uint8_t have[BLOCKS_SETUP_BYTES], const uint8_t want[BLOCKS_SETUP_BYTES]) {
    static const struct {
        int at, bytes;
        const char *what;
    } part[] = {{0, 4, "another kind of content"},
                {SETUP_AT_PARAMS, 32, "another parameter set"},
                {SETUP_AT_KEY, 32, "another key"},
                {SETUP_AT_INPUT, 32, "other input"},
                {SETUP_AT_OPTIONS, 32, "other options"},
                {SETUP_AT_FLAGS, 4, "another way of storing residues"},
                {SETUP_AT_META, BLOCKS_META_BYTES, "another number or shape of samples"}};
    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        if (memcmp(have + part[i].at, want + part[i].at, (size_t)part[i].bytes)) return part[i].what;
    return NULL;
}

/* The blocks that are whole become the writer's. */
static sable_status take_over(sable_blocks_writer *w, sable_error *err) {
    for (bool more = true; more && w->done < w->blocks;) {
        sable_section *section = &w->sections[w->done + 1];
        SABLE_TRY(sable_partial_next(&w->partial, section->digest, NULL, &more, err));
        if (!more) break;
        if (w->partial.end != section->offset + section->spec.length)
            return sable_fail(err, SABLE_FORMAT,
                              "%s.partial: block %u ends at byte %llu, expected %llu: remove the file",
                              sable_show_path(w->partial.path).text, w->done, (unsigned long long)w->partial.end,
                              (unsigned long long)(section->offset + section->spec.length));
        w->done++;
    }
    SABLE_TRY(sable_partial_settle(&w->partial, err));
    return sable_partial_reserve(&w->partial, w->head.total_bytes, err);
}

static sable_status resume(sable_queue *queue, sable_blocks_writer **out, sable_partial *partial,
                           const uint8_t have[BLOCKS_SETUP_BYTES], const sable_blocks_info *info,
                           const sable_blocks_origin *origin, const char **differs) {
    sable_ct shape;
    *differs = "another version";
    if (sable_ct_header_get(&shape, queue->ctx, have + SETUP_AT_META + BLOCKS_FIXED_BYTES, NULL) != SABLE_OK)
        return SABLE_OK;
    memcpy(shape.key_id, info->key_id, sizeof shape.key_id);
    const bool insecure = sable_get_u32(have + SETUP_AT_FLAGS) & SABLE_FILE_INSECURE;
    shape.insecure |= insecure;
    sable_blocks_writer *w;
    *differs = "another number or shape of samples";
    if (prepare(queue, &w, partial->path, info, &shape, insecure) != SABLE_OK) return SABLE_OK;
    uint8_t want[BLOCKS_SETUP_BYTES];
    setup_put(want, w, origin);
    *differs = difference(have, want);
    if (*differs) {
        sable_blocks_abort(&w);
        return SABLE_OK;
    }
    w->partial = *partial;
    *partial = (sable_partial){.folder = -1, .fd = -1, .journal = -1};
    sable_status status = take_over(w, &queue->error);
    if (status == SABLE_OK)
        *out = w;
    else
        sable_blocks_suspend(&w);
    return status;
}

sable_status sable_blocks_resume(sable_queue *queue, sable_blocks_writer **out, const char *path,
                                 const sable_blocks_info *info, const sable_blocks_origin *origin, uint32_t *done,
                                 sable_error *note) {
    SABLE_TRY(sable_blocks_check_info(queue, path, info));
    if (!out || !origin || origin->struct_size != sizeof *origin || !done)
        return SABLE_REFUSE(queue, SABLE_INVALID, "sable_blocks_resume: an argument is NULL or struct_size is not set");
    sable_error *err = &queue->error;
    *out = NULL;
    *done = 0;
    if (note) *note = (sable_error){SABLE_OK, ""};
    sable_partial partial;
    SABLE_TRY(sable_partial_open(&partial, path, err));
    uint8_t have[BLOCKS_SETUP_BYTES];
    bool found;
    const char *differs = NULL;
    sable_status status = sable_partial_continue(&partial, 0644, have, sizeof have, 0, &found, err);
    if (status == SABLE_OK && found) status = resume(queue, out, &partial, have, info, origin, &differs);
    if (status == SABLE_OK && *out)
        *done = (*out)->done;
    else if (status == SABLE_OK && found)
        (void)sable_fail(note, SABLE_OK, "%s.partial was made with %s: starting over", sable_show_path(path).text,
                         differs);
    sable_partial_suspend(&partial);
    return status;
}

/* -- blocks -------------------------------------------------------------------------------------------------------- */

static sable_status put_piece(void *to, const void *data, uint64_t bytes, sable_error *err) {
    return sable_partial_write(to, data, bytes, err);
}

sable_status sable_blocks_append(sable_queue *queue, sable_blocks_writer *writer, const sable_ct *block) {
    SABLE_TRY(sable_check_queue(queue));
    SABLE_TRY(sable_check_ct(queue, block, "the block"));
    if (!writer || writer->done == writer->blocks)
        return SABLE_REFUSE(queue, SABLE_INVALID, "all %u blocks are written", writer ? writer->blocks : 0);
    const sable_ct stored = sable_ct_stored(block, &writer->stored);
    if (!blocks_same_shape(&stored, &writer->shape) ||
        memcmp(block->key_id, writer->shape.key_id, sizeof block->key_id) != 0)
        return SABLE_REFUSE(queue, SABLE_INVALID, "block %u differs from the first in level, scale, shape or key",
                            writer->done);
    if (block->insecure && !(writer->head.flags & SABLE_FILE_INSECURE))
        return SABLE_REFUSE(queue, SABLE_INSECURE, "block %u is marked INSECURE, the file is not", writer->done);
    uint8_t header[SABLE_CT_HEADER_BYTES];
    sable_ct_header_put(header, &stored);
    sable_error *err = &queue->error;
    sable_section *section = &writer->sections[writer->done + 1];
    sable_partial_seek(&writer->partial, section->offset);
    SABLE_TRY(sable_partial_write(&writer->partial, header, sizeof header, err));
    SABLE_TRY(sable_ct_payload_write(queue, &stored, writer->stored.residue_bits,
                                     (sable_byte_sink){put_piece, &writer->partial}));
    SABLE_TRY(sable_partial_checkpoint(&writer->partial, NULL, section->digest, err));
    writer->done++;
    return SABLE_OK;
}

static sable_status complete(sable_blocks_writer *w, sable_error *err) {
    if (w->done != w->blocks)
        return sable_fail(err, SABLE_INVALID, "%s: finished with %u of %u blocks written",
                          sable_show_path(w->partial.path).text, w->done, w->blocks);
    sable_hash(w->sections[0].digest, w->meta, sizeof w->meta);
    size_t bytes = (size_t)sable_head_bytes(w->head.section_count);
    uint8_t *head = malloc(bytes);
    if (!head) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a table of %zu bytes", bytes);
    sable_head_encode(head, &w->head, w->sections);
    sable_status status = sable_partial_write_at(&w->partial, w->meta, sizeof w->meta, w->sections[0].offset, err);
    if (status == SABLE_OK) status = sable_partial_write_at(&w->partial, head, bytes, 0, err);
    free(head);
    return status == SABLE_OK ? sable_partial_commit(&w->partial, err) : status;
}

sable_status sable_blocks_finish(sable_queue *queue, sable_blocks_writer **writer) {
    SABLE_TRY(sable_check_queue(queue));
    if (!writer || !*writer) return SABLE_REFUSE(queue, SABLE_INVALID, "sable_blocks_finish: the writer is NULL");
    sable_status status = complete(*writer, &queue->error);
    if (status == SABLE_IO && (*writer)->partial.recorded && (*writer)->blocks > 1)
        sable_blocks_suspend(writer);
    else
        sable_blocks_abort(writer);
    return status;
}

static void destroy(sable_blocks_writer **writer) {
    free((*writer)->sections);
    free(*writer);
    *writer = NULL;
}

void sable_blocks_abort(sable_blocks_writer **writer) {
    if (!writer || !*writer) return;
    sable_partial_abort(&(*writer)->partial);
    destroy(writer);
}

void sable_blocks_suspend(sable_blocks_writer **writer) {
    if (!writer || !*writer) return;
    sable_partial_suspend(&(*writer)->partial);
    destroy(writer);
}
