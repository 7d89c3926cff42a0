/* SPDX-License-Identifier: Apache-2.0 */
/* Files of blocks. META = layout 16 | samples 8 | classes 4 | probabilities 4 | factor 8 | zero 8 | header of block 0 (ckks/serial.h); then a
 * section a block: its header, its payload. Every header must equal that of META but for the declared values, the noise and the seed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/bytes.h"
#include "logreg/layout_file.h"

#define FIXED_BYTES 48
#define META_BYTES (FIXED_BYTES + SABLE_CT_HEADER_BYTES)
#define BLOCKS_MOST (SABLE_SECTIONS_MOST - 1)

struct sable_blocks_writer {
    sable_container_writer *writer;
    sable_ct shape;
    uint32_t blocks, done;
};

struct sable_blocks {
    sable_ctx *ctx;
    sable_container *container;
    sable_blocks_info info;
    sable_ct shape;
    char *path;
};

void layout_put(uint8_t out[LAYOUT_BYTES], const sable_layout *layout) {
    const uint32_t field[] = {(uint32_t)layout->packing, layout->features, layout->slots, 0};
    for (int i = 0; i < 4; i++) sable_put_u32(out + 4 * i, field[i]);
}

sable_status layout_get(sable_layout *layout, const sable_params *params, const uint8_t in[LAYOUT_BYTES], const char *path,
                        sable_error *err) {
    uint32_t packing = sable_get_u32(in), features = sable_get_u32(in + 4), slots = sable_get_u32(in + 8);
    if ((packing != SABLE_PACK_FEATURE_MAJOR && packing != SABLE_PACK_ROW) || features == 0 || features > 1u << 20 || slots != params->n / 2 ||
        sable_get_u32(in + 12) != 0)
        return sable_fail(err, SABLE_FORMAT, "%s: layout of kind %u with %u features in %u slots", path, packing, features, slots);
    return sable_layout_choose(layout, params, (sable_packing)packing, features, 0, err);
}

static bool same_shape(const sable_ct *a, const sable_ct *b) {
    return a->level == b->level && a->parts == b->parts && a->batch == b->batch && a->slots == b->slots && a->seeded == b->seeded &&
           sable_scale_equal(a->scale, b->scale);
}

static uint64_t block_bytes(const sable_ct *shape) { return SABLE_CT_HEADER_BYTES + sable_ct_payload_bytes(shape); }

static uint64_t count_blocks(const sable_blocks_info *info) {
    return (info->samples + info->layout.samples_per_block - 1) / info->layout.samples_per_block;
}

static sable_status specs(sable_section_spec **out, uint32_t blocks, const sable_ct *shape, sable_error *err) {
    sable_section_spec *spec = calloc(blocks + 1, sizeof *spec);
    if (!spec) return sable_fail(err, SABLE_NO_MEMORY, "no memory for the table of %u blocks", blocks);
    spec[0] = (sable_section_spec){SABLE_TAG_META, 0, META_BYTES};
    for (uint32_t i = 0; i < blocks; i++) spec[i + 1] = (sable_section_spec){sable_tag_indexed('B', i), 0, block_bytes(shape)};
    *out = spec;
    return SABLE_OK;
}

/* -- writing ------------------------------------------------------------------------------------------------------- */

static void meta_put(uint8_t meta[META_BYTES], const sable_blocks_info *info, const sable_ct *shape) {
    memset(meta, 0, META_BYTES);
    layout_put(meta, &info->layout);
    sable_put_u64(meta + 16, info->samples);
    sable_put_u32(meta + 24, info->kind == SABLE_BLOCKS_RESULTS ? info->classes : 0);
    sable_put_u32(meta + 28, info->kind == SABLE_BLOCKS_RESULTS && info->probabilities);
    sable_put_f64(meta + 32, info->kind == SABLE_BLOCKS_RESULTS ? info->factor : 0);
    sable_ct_header_put(meta + FIXED_BYTES, shape);
}

sable_status sable_blocks_create(sable_queue *queue, sable_blocks_writer **out, const char *path, const sable_blocks_info *info,
                                 const sable_ct *shape) {
    SABLE_TRY(sable_check_queue(queue));
    SABLE_TRY(sable_check_ct(queue, shape, "the first block"));
    if (!out || !path || !info || info->struct_size != sizeof *info)
        return SABLE_REFUSE(queue, SABLE_INVALID, "sable_blocks_create: an argument is NULL or struct_size is not set");
    uint32_t members = info->kind == SABLE_BLOCKS_RESULTS ? info->classes : info->layout.members;
    if (info->samples == 0 || members != shape->batch || info->layout.slots != shape->slots)
        return SABLE_REFUSE(queue, SABLE_INVALID, "a file of %llu samples with blocks of %u ciphertexts: the layout says %u of %u slots",
                            (unsigned long long)info->samples, shape->batch, members, info->layout.slots);
    uint64_t blocks = count_blocks(info);
    if (blocks > BLOCKS_MOST)
        return SABLE_REFUSE(queue, SABLE_LIMIT, "%llu samples take %llu blocks of %u: a file holds %d; split the data or use a larger ring",
                            (unsigned long long)info->samples, (unsigned long long)blocks, info->layout.samples_per_block, BLOCKS_MOST);
    sable_error *err = &queue->error;
    sable_blocks_writer *w = calloc(1, sizeof *w);
    if (!w) return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "no memory for a file of blocks");
    w->shape = *shape;
    w->shape.data = NULL;
    w->blocks = (uint32_t)blocks;
    sable_container_info head = sable_container_info_of(
        queue->ctx, info->kind == SABLE_BLOCKS_RESULTS ? SABLE_KIND_RESULTS : SABLE_KIND_DATASET, shape->key_id, shape->insecure);
    uint8_t meta[META_BYTES];
    meta_put(meta, info, shape);
    sable_section_spec *spec;
    sable_status status = specs(&spec, w->blocks, shape, err);
    if (status == SABLE_OK) {
        status = sable_container_writer_create(&w->writer, path, 0644, &head, spec, w->blocks + 1, err);
        free(spec);
    }
    if (status == SABLE_OK) status = sable_container_writer_section(w->writer, SABLE_TAG_META, meta, sizeof meta, err);
    if (status != SABLE_OK) {
        sable_blocks_abort(&w);
        return status;
    }
    *out = w;
    return SABLE_OK;
}

sable_status sable_blocks_append(sable_queue *queue, sable_blocks_writer *writer, const sable_ct *block) {
    SABLE_TRY(sable_check_queue(queue));
    SABLE_TRY(sable_check_ct(queue, block, "the block"));
    if (!writer || writer->done == writer->blocks) return SABLE_REFUSE(queue, SABLE_INVALID, "all %u blocks are written", writer ? writer->blocks : 0);
    if (!same_shape(block, &writer->shape) || memcmp(block->key_id, writer->shape.key_id, sizeof block->key_id) != 0)
        return SABLE_REFUSE(queue, SABLE_INVALID, "block %u differs from the first in level, scale, shape or key", writer->done);
    uint8_t header[SABLE_CT_HEADER_BYTES];
    sable_ct_header_put(header, block);
    sable_error *err = &queue->error;
    SABLE_TRY(sable_container_writer_begin(writer->writer, sable_tag_indexed('B', writer->done), err));
    SABLE_TRY(sable_container_writer_append(writer->writer, header, sizeof header, err));
    SABLE_TRY(sable_ct_payload_write(queue, block, writer->writer));
    SABLE_TRY(sable_container_writer_end(writer->writer, err));
    writer->done++;
    return SABLE_OK;
}

sable_status sable_blocks_finish(sable_queue *queue, sable_blocks_writer **writer) {
    SABLE_TRY(sable_check_queue(queue));
    if (!writer || !*writer) return SABLE_REFUSE(queue, SABLE_INVALID, "sable_blocks_finish: the writer is NULL");
    sable_status status = sable_container_writer_finish(&(*writer)->writer, &queue->error);
    sable_blocks_abort(writer);
    return status;
}

void sable_blocks_abort(sable_blocks_writer **writer) {
    if (!writer || !*writer) return;
    sable_container_writer_abort(&(*writer)->writer);
    free(*writer);
    *writer = NULL;
}

/* -- reading ------------------------------------------------------------------------------------------------------- */

static sable_status meta_get(sable_queue *queue, sable_blocks *b, const uint8_t meta[META_BYTES]) {
    sable_blocks_info *info = &b->info;
    sable_error *err = &queue->error;
    SABLE_TRY(layout_get(&info->layout, &queue->ctx->params, meta, b->path, err));
    SABLE_TRY(sable_ct_header_get(&b->shape, queue->ctx, meta + FIXED_BYTES, err));
    info->samples = sable_get_u64(meta + 16);
    info->classes = sable_get_u32(meta + 24);
    uint32_t probabilities = sable_get_u32(meta + 28);
    info->factor = sable_get_f64(meta + 32);
    bool results = info->kind == SABLE_BLOCKS_RESULTS;
    if (sable_get_u64(meta + 40) != 0 || probabilities > 1 || (!results && (info->classes || probabilities || info->factor != 0)) ||
        (results && (info->classes == 0 || !(info->factor > 0) || !isfinite(info->factor))))
        return SABLE_REFUSE(queue, SABLE_FORMAT, "%s: classes %u, probabilities %u, factor %g do not fit its kind", b->path, info->classes,
                            probabilities, info->factor);
    info->probabilities = probabilities;
    uint64_t blocks = info->samples ? count_blocks(info) : 0;
    if (blocks == 0 || blocks > BLOCKS_MOST || b->shape.batch != (results ? info->classes : info->layout.members) ||
        b->shape.slots != info->layout.slots)
        return SABLE_REFUSE(queue, SABLE_FORMAT, "%s: %llu samples in blocks of %u ciphertexts of %u slots", b->path,
                            (unsigned long long)info->samples, b->shape.batch, b->shape.slots);
    info->blocks = (uint32_t)blocks;
    sable_section_spec *spec;
    SABLE_TRY(specs(&spec, info->blocks, &b->shape, err));
    sable_status status = sable_container_expect(b->container, spec, info->blocks + 1, err);
    free(spec);
    return status;
}

sable_status sable_blocks_open(sable_queue *queue, sable_blocks **out, const char *path, sable_blocks_kind kind) {
    SABLE_TRY(sable_check_queue(queue));
    if (!out || !path) return SABLE_REFUSE(queue, SABLE_INVALID, "sable_blocks_open: out and path must not be NULL");
    sable_blocks *b = calloc(1, sizeof *b);
    if (!b || !(b->path = strdup(path))) {
        free(b);
        return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "no memory to open %s", path);
    }
    b->ctx = queue->ctx;
    b->info.struct_size = sizeof b->info;
    b->info.kind = kind;
    uint8_t meta[META_BYTES];
    sable_error *err = &queue->error;
    sable_status status = sable_container_open_for(&b->container, queue->ctx, path,
                                                   kind == SABLE_BLOCKS_RESULTS ? SABLE_KIND_RESULTS : SABLE_KIND_DATASET, err);
    if (status == SABLE_OK) status = sable_container_read(b->container, SABLE_TAG_META, meta, sizeof meta, err);
    if (status == SABLE_OK) status = meta_get(queue, b, meta);
    if (status != SABLE_OK) {
        sable_blocks_close(&b);
        return status;
    }
    const sable_container_info *head = sable_container_get_info(b->container);
    memcpy(b->info.key_id, head->key_id, sizeof b->info.key_id);
    b->info.insecure = head->flags != 0;
    *out = b;
    return SABLE_OK;
}

const sable_blocks_info *sable_blocks_get_info(const sable_blocks *blocks) { return &blocks->info; }

size_t sable_blocks_samples(const sable_blocks *blocks, uint32_t index) {
    uint64_t per = blocks->info.layout.samples_per_block, before = index * per;
    if (index >= blocks->info.blocks) return 0;
    return blocks->info.samples - before < per ? blocks->info.samples - before : per;
}

sable_status sable_blocks_read(sable_queue *queue, sable_ct *out, const sable_blocks *blocks, uint32_t index) {
    SABLE_TRY(sable_check_out(queue, out));
    if (!blocks || blocks->ctx != queue->ctx || index >= blocks->info.blocks)
        return SABLE_REFUSE(queue, SABLE_INVALID, "block %u of %u, or a file of another context", index, blocks ? blocks->info.blocks : 0);
    uint8_t header[SABLE_CT_HEADER_BYTES];
    sable_error *err = &queue->error;
    sable_section_stream stream;
    SABLE_TRY(sable_section_begin(&stream, blocks->container, sable_tag_indexed('B', index), block_bytes(&blocks->shape), err));
    SABLE_TRY(sable_section_next(&stream, header, sizeof header, err));
    sable_ct meta;
    SABLE_TRY(sable_ct_header_get(&meta, queue->ctx, header, err));
    if (!same_shape(&meta, &blocks->shape))
        return SABLE_REFUSE(queue, SABLE_FORMAT, "%s: the shape of block %u contradicts the file's head", blocks->path, index);
    memcpy(meta.key_id, blocks->info.key_id, sizeof meta.key_id);
    meta.insecure |= blocks->info.insecure;
    return sable_ct_payload_read(queue, out, &meta, &stream, blocks->path);
}

void sable_blocks_close(sable_blocks **blocks) {
    if (!blocks || !*blocks) return;
    sable_container_close(&(*blocks)->container);
    free((*blocks)->path);
    free(*blocks);
    *blocks = NULL;
}
