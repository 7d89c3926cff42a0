/* SPDX-License-Identifier: Apache-2.0 */
/* Files of blocks: what reader and writer share, and the reader. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/bytes.h"
#include "io/container_reader.h"
#include "logreg/blocks_file.h"

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

sable_status layout_get(sable_layout *layout, const sable_params *params, const uint8_t in[LAYOUT_BYTES],
                        const char *path, sable_error *err) {
    uint32_t packing = sable_get_u32(in), features = sable_get_u32(in + 4), slots = sable_get_u32(in + 8);
    if ((packing != SABLE_PACK_FEATURE_MAJOR && packing != SABLE_PACK_ROW) || features == 0 || features > 1u << 20 ||
        slots != params->n / 2 || sable_get_u32(in + 12) != 0)
        return sable_fail(err, SABLE_FORMAT, "%s: layout of kind %u with %u features in %u slots", path, packing,
                          features, slots);
    return sable_layout_choose(layout, params, (sable_packing)packing, features, 0, err);
}

bool blocks_same_shape(const sable_ct *a, const sable_ct *b) {
    return a->level == b->level && a->parts == b->parts && a->batch == b->batch && a->slots == b->slots &&
           a->seeded == b->seeded && sable_scale_equal(a->scale, b->scale);
}

uint64_t blocks_block_bytes(const sable_ct *shape, uint32_t residue_bits) {
    return SABLE_CT_HEADER_BYTES + sable_ct_payload_bytes(shape, residue_bits);
}

uint64_t blocks_count(const sable_blocks_info *info) {
    return (info->samples + info->layout.samples_per_block - 1) / info->layout.samples_per_block;
}

sable_status blocks_specs(sable_section_spec **out, uint32_t blocks, uint64_t block_bytes, sable_error *err) {
    sable_section_spec *spec = calloc(blocks + 1, sizeof *spec);
    if (!spec) return sable_fail(err, SABLE_NO_MEMORY, "no memory for the table of %u blocks", blocks);
    spec[0] = (sable_section_spec){SABLE_TAG_META, 0, BLOCKS_META_BYTES};
    for (uint32_t i = 0; i < blocks; i++) spec[i + 1] = (sable_section_spec){sable_tag_indexed('B', i), 0, block_bytes};
    *out = spec;
    return SABLE_OK;
}

sable_status sable_blocks_file_bytes(uint64_t *bytes, const sable_params *params, const sable_ct_shape *block,
                                     uint64_t blocks, const sable_file_options *options, sable_error *err) {
    if (!bytes) return sable_fail(err, SABLE_INVALID, "sable_blocks_file_bytes: bytes is NULL");
    if (blocks == 0 || blocks > BLOCKS_MOST)
        return sable_fail(err, SABLE_LIMIT, "%llu blocks in one file: 1 to %d are possible", (unsigned long long)blocks,
                          BLOCKS_MOST);
    sable_file_options chosen;
    sable_ct_shape stored;
    SABLE_TRY(sable_storage_choose(&chosen, options, err));
    SABLE_TRY(sable_shape_choose(&stored, params, block, &chosen, err));
    sable_section_spec *spec;
    SABLE_TRY(blocks_specs(&spec, (uint32_t)blocks,
                           SABLE_CT_HEADER_BYTES + sable_shape_bytes(params, &stored, chosen.residue_bits), err));
    *bytes = sable_container_bytes(spec, (uint32_t)blocks + 1);
    free(spec);
    return SABLE_OK;
}

/* -- reading ------------------------------------------------------------------------------------------------------- */

static sable_status meta_get(sable_queue *queue, sable_blocks *b, const uint8_t meta[BLOCKS_META_BYTES]) {
    sable_blocks_info *info = &b->info;
    sable_error *err = &queue->error;
    SABLE_TRY(layout_get(&info->layout, &queue->ctx->params, meta, b->path, err));
    SABLE_TRY(sable_ct_header_get(&b->shape, queue->ctx, meta + BLOCKS_FIXED_BYTES, err));
    info->samples = sable_get_u64(meta + 16);
    info->classes = sable_get_u32(meta + 24);
    uint32_t probabilities = sable_get_u32(meta + 28);
    info->factor = sable_get_f64(meta + 32);
    bool results = info->kind == SABLE_BLOCKS_RESULTS;
    if (sable_get_u64(meta + 40) != 0 || probabilities > 1 ||
        (!results && (info->classes || probabilities || info->factor != 0)) ||
        (results && (info->classes == 0 || !(info->factor > 0) || !isfinite(info->factor))))
        return SABLE_REFUSE(queue, SABLE_FORMAT, "%s: classes %u, probabilities %u, factor %g do not fit its kind",
                            b->path, info->classes, probabilities, info->factor);
    info->probabilities = probabilities;
    uint64_t blocks = info->samples ? blocks_count(info) : 0;
    if (blocks == 0 || blocks > BLOCKS_MOST || b->shape.batch != (results ? info->classes : info->layout.members) ||
        b->shape.slots != info->layout.slots)
        return SABLE_REFUSE(queue, SABLE_FORMAT, "%s: %llu samples in blocks of %u ciphertexts of %u slots", b->path,
                            (unsigned long long)info->samples, b->shape.batch, b->shape.slots);
    info->blocks = (uint32_t)blocks;
    sable_section_spec *spec;
    SABLE_TRY(blocks_specs(&spec, info->blocks, blocks_block_bytes(&b->shape, info->stored.residue_bits), err));
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
    uint8_t meta[BLOCKS_META_BYTES];
    sable_error *err = &queue->error;
    sable_status status = sable_container_open_for(
        &b->container, queue->ctx, path, kind == SABLE_BLOCKS_RESULTS ? SABLE_KIND_RESULTS : SABLE_KIND_DATASET, err);
    if (status == SABLE_OK) {
        const uint32_t bits = sable_container_residue_bits(sable_container_get_info(b->container));
        b->info.stored = (sable_file_options){.struct_size = sizeof b->info.stored, .residue_bits = bits};
        status = sable_container_read(b->container, SABLE_TAG_META, meta, sizeof meta, err);
    }
    if (status == SABLE_OK) status = meta_get(queue, b, meta);
    if (status != SABLE_OK) {
        sable_blocks_close(&b);
        return status;
    }
    const sable_container_info *head = sable_container_get_info(b->container);
    memcpy(b->info.key_id, head->key_id, sizeof b->info.key_id);
    b->info.insecure = head->flags & (SABLE_FILE_INSECURE | SABLE_FILE_TEST_RNG);
    b->info.level = b->shape.level;
    b->info.parts = b->shape.parts;
    b->info.stored.no_seeds = !b->shape.seeded;
    *out = b;
    return SABLE_OK;
}

const sable_blocks_info *sable_blocks_get_info(const sable_blocks *blocks) { return &blocks->info; }

size_t sable_blocks_samples(const sable_blocks *blocks, uint32_t index) {
    uint64_t per = blocks->info.layout.samples_per_block, before = index * per;
    if (index >= blocks->info.blocks) return 0;
    return blocks->info.samples - before < per ? blocks->info.samples - before : per;
}

void sable_blocks_digest(const sable_blocks *blocks, uint8_t digest[SABLE_DIGEST_BYTES]) {
    const sable_container *c = blocks->container;
    sable_hash_state state;
    sable_hash_init(&state);
    const uint32_t kind[] = {c->info.kind, c->info.flags};
    sable_hash_update(&state, kind, sizeof kind);
    sable_hash_update(&state, c->info.params_digest, sizeof c->info.params_digest);
    sable_hash_update(&state, c->info.key_id, sizeof c->info.key_id);
    for (uint32_t i = 0; i < c->info.section_count; i++)
        sable_hash_update(&state, c->sections[i].digest, SABLE_HASH_BYTES);
    sable_hash_final(&state, digest);
}

sable_status sable_blocks_read(sable_queue *queue, sable_ct *out, const sable_blocks *blocks, uint32_t index) {
    SABLE_TRY(sable_check_out(queue, out));
    if (!blocks || blocks->ctx != queue->ctx || index >= blocks->info.blocks)
        return SABLE_REFUSE(queue, SABLE_INVALID, "block %u of %u, or a file of another context", index,
                            blocks ? blocks->info.blocks : 0);
    uint8_t header[SABLE_CT_HEADER_BYTES];
    sable_error *err = &queue->error;
    sable_section_stream stream;
    SABLE_TRY(sable_section_begin(&stream, blocks->container, sable_tag_indexed('B', index),
                                  blocks_block_bytes(&blocks->shape, blocks->info.stored.residue_bits), err));
    SABLE_TRY(sable_section_next(&stream, header, sizeof header, err));
    sable_ct meta;
    SABLE_TRY(sable_ct_header_get(&meta, queue->ctx, header, err));
    if (!blocks_same_shape(&meta, &blocks->shape))
        return SABLE_REFUSE(queue, SABLE_FORMAT, "%s: the shape of block %u contradicts the file's head", blocks->path,
                            index);
    memcpy(meta.key_id, blocks->info.key_id, sizeof meta.key_id);
    meta.insecure |= blocks->info.insecure;
    return sable_ct_payload_read(queue, out, &meta, blocks->info.stored.residue_bits, &stream, blocks->path);
}

void sable_blocks_close(sable_blocks **blocks) {
    if (!blocks || !*blocks) return;
    sable_container_close(&(*blocks)->container);
    free((*blocks)->path);
    free(*blocks);
    *blocks = NULL;
}
