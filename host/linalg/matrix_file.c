/* SPDX-License-Identifier: Apache-2.0 */
/* Encrypted matrices in files. META = format 4 | rows 4 | cols 4 | tile height 4 | tile width 4 | zero 12 | ciphertext header; DATA = the payload of the
 * batch of tiles. */
#include <string.h>

#include "ckks/eval_internal.h"
#include "ckks/serial.h"
#include "io/bytes.h"
#include "linalg/matrix.h"

#define HEAD_BYTES 32
#define META_BYTES (HEAD_BYTES + SABLE_CT_HEADER_BYTES)
#define TAG_DATA   SABLE_TAG('D', 'A', 'T', 'A')

enum { SECTIONS = 2 };

static void specs(sable_section_spec spec[SECTIONS], uint64_t payload_bytes) {
    spec[0] = (sable_section_spec){SABLE_TAG_META, 0, META_BYTES};
    spec[1] = (sable_section_spec){TAG_DATA, 0, payload_bytes};
}

static uint64_t tiles_of(const linalg_shape *s) {
    return (uint64_t)linalg_tiles(s->rows, s->tile.height) * linalg_tiles(s->cols, s->tile.width);
}

static sable_status given_shape(linalg_shape *out, const sable_matrix_shape *shape, const char *name,
                                sable_error *err) {
    if (!shape || shape->struct_size != sizeof *shape)
        return sable_fail(err, SABLE_INVALID, "%s: sable_matrix_shape is NULL, or its struct_size is not %zu", name,
                          sizeof *shape);
    *out = (linalg_shape){shape->format, shape->rows, shape->cols, shape->tile};
    return linalg_check_shape(name, out, 0, err);
}

sable_status sable_matrix_file_bytes(uint64_t *bytes, const sable_params *params, const sable_matrix_shape *shape,
                                     uint32_t level, bool seeded, const sable_file_options *options, sable_error *err) {
    const char *name = "sable_matrix_file_bytes";
    if (!bytes || !params) return sable_fail(err, SABLE_INVALID, "%s: bytes and params must not be NULL", name);
    linalg_shape s;
    SABLE_TRY(given_shape(&s, shape, name, err));
    sable_file_options chosen;
    SABLE_TRY(sable_storage_choose(&chosen, options, err));
    const sable_ct_shape tiles = {level, 2, (uint32_t)tiles_of(&s), seeded};
    sable_ct_shape stored;
    SABLE_TRY(sable_shape_choose(&stored, params, &tiles, &chosen, err));
    sable_section_spec spec[SECTIONS];
    specs(spec, sable_shape_bytes(params, &stored, chosen.residue_bits));
    *bytes = sable_container_bytes(spec, SECTIONS);
    return SABLE_OK;
}

sable_status sable_matrix_save(sable_queue *queue, const sable_matrix_shape *shape, const sable_ct *tiles,
                               const char *path, const sable_file_options *options) {
    SABLE_TRY(sable_check_queue(queue));
    SABLE_TRY(sable_check_ct(queue, tiles, "the tiles"));
    if (!path) return SABLE_REFUSE(queue, SABLE_INVALID, "sable_matrix_save: the path is NULL");
    sable_error *err = &queue->error;
    linalg_shape s;
    SABLE_TRY(given_shape(&s, shape, "sable_matrix_save", err));
    if (tiles->batch != tiles_of(&s) || tiles->slots != s.tile.height * s.tile.width)
        return SABLE_REFUSE(
            queue, SABLE_INVALID,
            "sable_matrix_save: %u x %u in tiles of %u x %u takes %llu ciphertexts of %u slots, given are %u of %u",
            s.rows, s.cols, s.tile.height, s.tile.width, (unsigned long long)tiles_of(&s), s.tile.height * s.tile.width,
            tiles->batch, tiles->slots);
    sable_file_options chosen;
    SABLE_TRY(sable_storage_choose(&chosen, options, err));
    const uint32_t bits = chosen.residue_bits;
    const sable_ct stored = sable_ct_stored(tiles, &chosen);
    uint8_t meta[META_BYTES] = {0};
    const uint32_t field[] = {(uint32_t)s.format, s.rows, s.cols, s.tile.height, s.tile.width};
    for (size_t i = 0; i < sizeof field / sizeof *field; i++) sable_put_u32(meta + 4 * i, field[i]);
    sable_ct_header_put(meta + HEAD_BYTES, &stored);
    sable_section_spec spec[SECTIONS];
    specs(spec, sable_ct_payload_bytes(&stored, bits));
    sable_container_info info =
        sable_container_info_of(queue->ctx, SABLE_KIND_MATRIX, tiles->key_id, tiles->insecure, bits);
    sable_container_writer *w;
    SABLE_TRY(sable_container_writer_create(&w, path, 0644, &info, spec, SECTIONS, err));
    sable_status status = sable_container_writer_section(w, SABLE_TAG_META, meta, sizeof meta, err);
    if (status == SABLE_OK) status = sable_container_writer_begin(w, TAG_DATA, err);
    if (status == SABLE_OK) status = sable_ct_payload_write(queue, &stored, bits, sable_section_sink(w));
    if (status == SABLE_OK) status = sable_container_writer_end(w, err);
    if (status == SABLE_OK) return sable_container_writer_finish(&w, err);
    sable_container_writer_abort(&w);
    return status;
}

static sable_status read_shape(linalg_shape *s, const uint8_t meta[META_BYTES], const char *path, sable_error *err) {
    static const uint8_t zero[HEAD_BYTES - 20];
    *s = (linalg_shape){(sable_format)sable_get_u32(meta),
                        sable_get_u32(meta + 4),
                        sable_get_u32(meta + 8),
                        {sable_get_u32(meta + 12), sable_get_u32(meta + 16)}};
    sable_error why = {0};
    if (linalg_check_shape("META", s, 0, &why) != SABLE_OK) /* of a file this is no wrong argument */
        return sable_fail(err, SABLE_FORMAT, "%s: %s", path, why.text);
    if (memcmp(meta + 20, zero, sizeof zero) != 0)
        return sable_fail(err, SABLE_FORMAT, "%s: bytes 20 to %d of META are not zero", path, HEAD_BYTES - 1);
    return SABLE_OK;
}

static sable_status load(sable_queue *queue, linalg_shape *s, sable_ct *tiles, sable_container *c, const char *path) {
    uint8_t meta[META_BYTES];
    sable_ct header;
    sable_error *err = &queue->error;
    SABLE_TRY(sable_container_read(c, SABLE_TAG_META, meta, sizeof meta, err));
    SABLE_TRY(read_shape(s, meta, path, err));
    SABLE_TRY(sable_ct_header_get(&header, queue->ctx, meta + HEAD_BYTES, err));
    if (header.batch != tiles_of(s) || header.slots != s->tile.height * s->tile.width)
        return SABLE_REFUSE(queue, SABLE_FORMAT,
                            "%s: %u x %u in tiles of %u x %u, and %u ciphertexts of %u slots contradict each other",
                            path, s->rows, s->cols, s->tile.height, s->tile.width, header.batch, header.slots);
    const sable_container_info *info = sable_container_get_info(c);
    const uint32_t bits = sable_container_residue_bits(info);
    memcpy(header.key_id, info->key_id, sizeof header.key_id);
    sable_section_spec spec[SECTIONS];
    specs(spec, sable_ct_payload_bytes(&header, bits));
    SABLE_TRY(sable_container_expect(c, spec, SECTIONS, err));
    sable_section_stream stream;
    SABLE_TRY(sable_section_begin(&stream, c, TAG_DATA, spec[1].length, err));
    return sable_ct_payload_read(queue, tiles, &header, bits, &stream, path);
}

sable_status sable_matrix_load(sable_queue *queue, sable_matrix_shape *shape, sable_ct *tiles, const char *path) {
    SABLE_TRY(sable_check_out(queue, tiles));
    if (!path || !shape || shape->struct_size != sizeof *shape)
        return SABLE_REFUSE(queue, SABLE_INVALID,
                            "sable_matrix_load: path and shape must not be NULL, and struct_size must be %zu",
                            sizeof *shape);
    sable_container *c;
    SABLE_TRY(sable_container_open_for(&c, queue->ctx, path, SABLE_KIND_MATRIX, &queue->error));
    linalg_shape s;
    const sable_status status = load(queue, &s, tiles, c, path);
    sable_container_close(&c);
    if (status == SABLE_OK)
        *shape = (sable_matrix_shape){
            .struct_size = sizeof *shape, .format = s.format, .rows = s.rows, .cols = s.cols, .tile = s.tile};
    return status;
}
