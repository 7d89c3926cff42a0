/* SPDX-License-Identifier: Apache-2.0 */
/* Encrypted models in files. META = layout 16 | classes 4 | range is a bound 4 | range 8 | header of weights | header of bias; sections WGTS and
 * BIAS hold the payloads. */
#include <math.h>
#include <string.h>

#include "io/bytes.h"
#include "logreg/layout_file.h"

#define HEAD_BYTES  32
#define META_BYTES  (HEAD_BYTES + 2 * SABLE_CT_HEADER_BYTES)
#define TAG_WEIGHTS SABLE_TAG('W', 'G', 'T', 'S')
#define TAG_BIAS    SABLE_TAG('B', 'I', 'A', 'S')

enum { SECTIONS = 3 };

static void model_specs(sable_section_spec spec[SECTIONS], uint64_t weights_bytes, uint64_t bias_bytes) {
    spec[0] = (sable_section_spec){SABLE_TAG_META, 0, META_BYTES};
    spec[1] = (sable_section_spec){TAG_WEIGHTS, 0, weights_bytes};
    spec[2] = (sable_section_spec){TAG_BIAS, 0, bias_bytes};
}

sable_status sable_encrypted_model_file_bytes(uint64_t *bytes, const sable_params *params,
                                              const sable_ct_shape *weights, const sable_ct_shape *bias,
                                              const sable_file_options *options, sable_error *err) {
    if (!bytes) return sable_fail(err, SABLE_INVALID, "sable_encrypted_model_file_bytes: bytes is NULL");
    sable_file_options chosen;
    sable_ct_shape w, b;
    SABLE_TRY(sable_storage_choose(&chosen, options, err));
    SABLE_TRY(sable_shape_choose(&w, params, weights, &chosen, err));
    SABLE_TRY(sable_shape_choose(&b, params, bias, &chosen, err));
    sable_section_spec spec[SECTIONS];
    model_specs(spec, sable_shape_bytes(params, &w, chosen.residue_bits),
                sable_shape_bytes(params, &b, chosen.residue_bits));
    *bytes = sable_container_bytes(spec, SECTIONS);
    return SABLE_OK;
}

static sable_status write_part(sable_queue *queue, sable_container_writer *w, sable_tag tag, const sable_ct *stored,
                               uint32_t bits) {
    SABLE_TRY(sable_container_writer_begin(w, tag, &queue->error));
    SABLE_TRY(sable_ct_payload_write(queue, stored, bits, sable_section_sink(w)));
    return sable_container_writer_end(w, &queue->error);
}

sable_status sable_encrypted_model_save(sable_queue *queue, const sable_encrypted_model *model, const char *path,
                                        const sable_file_options *options) {
    SABLE_TRY(sable_check_queue(queue));
    if (!model || !path)
        return SABLE_REFUSE(queue, SABLE_INVALID, "sable_encrypted_model_save: arguments must not be NULL");
    SABLE_TRY(sable_check_ct(queue, model->weights, "the weights"));
    SABLE_TRY(sable_check_ct(queue, model->bias, "the bias"));
    if (memcmp(model->weights->key_id, model->bias->key_id, SABLE_DIGEST_BYTES) != 0)
        return SABLE_REFUSE(queue, SABLE_KEY_MISMATCH, "weights and bias are encrypted for different keys");
    sable_error *err = &queue->error;
    sable_file_options chosen;
    SABLE_TRY(sable_storage_choose(&chosen, options, err));
    const uint32_t bits = chosen.residue_bits;
    const sable_ct weights = sable_ct_stored(model->weights, &chosen), bias = sable_ct_stored(model->bias, &chosen);
    uint8_t meta[META_BYTES] = {0};
    layout_put(meta, &model->layout);
    sable_put_u32(meta + 16, model->classes);
    sable_put_u32(meta + 20, model->range_bounds);
    sable_put_f64(meta + 24, model->range);
    sable_ct_header_put(meta + HEAD_BYTES, &weights);
    sable_ct_header_put(meta + HEAD_BYTES + SABLE_CT_HEADER_BYTES, &bias);
    sable_section_spec spec[SECTIONS];
    model_specs(spec, sable_ct_payload_bytes(&weights, bits), sable_ct_payload_bytes(&bias, bits));
    sable_container_info info = sable_container_info_of(queue->ctx, SABLE_KIND_ENCRYPTED_MODEL, weights.key_id,
                                                        weights.insecure || bias.insecure, bits);
    sable_container_writer *w;
    SABLE_TRY(sable_container_writer_create(&w, path, 0644, &info, spec, SECTIONS, err));
    sable_status status = sable_container_writer_section(w, SABLE_TAG_META, meta, sizeof meta, err);
    if (status == SABLE_OK) status = write_part(queue, w, TAG_WEIGHTS, &weights, bits);
    if (status == SABLE_OK) status = write_part(queue, w, TAG_BIAS, &bias, bits);
    if (status == SABLE_OK) return sable_container_writer_finish(&w, err);
    sable_container_writer_abort(&w);
    return status;
}

static sable_status read_part(sable_queue *queue, sable_ct **out, const sable_container *c, sable_tag tag,
                              const sable_ct *meta, const char *path) {
    sable_section_stream stream;
    const uint32_t bits = sable_container_residue_bits(sable_container_get_info(c));
    SABLE_TRY(sable_section_begin(&stream, c, tag, sable_ct_payload_bytes(meta, bits), &queue->error));
    SABLE_TRY(sable_ct_create(out, queue->ctx, &queue->error));
    return sable_ct_payload_read(queue, *out, meta, bits, &stream, path);
}

static sable_status read_model(sable_queue *queue, sable_encrypted_model *m, sable_container *c, const char *path) {
    uint8_t meta[META_BYTES];
    sable_error *err = &queue->error;
    sable_ct weights, bias;
    SABLE_TRY(sable_container_read(c, SABLE_TAG_META, meta, sizeof meta, err));
    SABLE_TRY(layout_get(&m->layout, &queue->ctx->params, meta, path, err));
    SABLE_TRY(sable_ct_header_get(&weights, queue->ctx, meta + HEAD_BYTES, err));
    SABLE_TRY(sable_ct_header_get(&bias, queue->ctx, meta + HEAD_BYTES + SABLE_CT_HEADER_BYTES, err));
    m->classes = sable_get_u32(meta + 16);
    uint32_t bounds = sable_get_u32(meta + 20);
    m->range = sable_get_f64(meta + 24);
    m->range_bounds = bounds;
    uint64_t members = m->layout.packing == SABLE_PACK_ROW ? m->classes : (uint64_t)m->classes * m->layout.features;
    if (bounds > 1 || !(m->range > 0) || !isfinite(m->range) || m->classes == 0 || weights.batch != members ||
        bias.batch != m->classes || weights.slots != m->layout.slots || bias.slots != m->layout.slots)
        return SABLE_REFUSE(queue, SABLE_FORMAT,
                            "%s: %u classes, range %g, %u weight and %u bias ciphertexts contradict each other", path,
                            m->classes, m->range, weights.batch, bias.batch);
    sable_section_spec spec[SECTIONS];
    const sable_container_info *info = sable_container_get_info(c);
    const uint32_t bits = sable_container_residue_bits(info);
    model_specs(spec, sable_ct_payload_bytes(&weights, bits), sable_ct_payload_bytes(&bias, bits));
    SABLE_TRY(sable_container_expect(c, spec, SECTIONS, err));
    memcpy(weights.key_id, info->key_id, SABLE_DIGEST_BYTES);
    memcpy(bias.key_id, weights.key_id, SABLE_DIGEST_BYTES);
    SABLE_TRY(read_part(queue, &m->weights, c, TAG_WEIGHTS, &weights, path));
    return read_part(queue, &m->bias, c, TAG_BIAS, &bias, path);
}

sable_status sable_encrypted_model_load(sable_queue *queue, sable_encrypted_model *model, const char *path) {
    SABLE_TRY(sable_check_queue(queue));
    if (!model || !path)
        return SABLE_REFUSE(queue, SABLE_INVALID, "sable_encrypted_model_load: arguments must not be NULL");
    sable_container *c;
    SABLE_TRY(sable_container_open_for(&c, queue->ctx, path, SABLE_KIND_ENCRYPTED_MODEL, &queue->error));
    sable_encrypted_model m = {0};
    sable_status status = read_model(queue, &m, c, path);
    sable_container_close(&c);
    if (status == SABLE_OK)
        *model = m;
    else
        sable_encrypted_model_clear(queue, &m);
    return status;
}

void sable_encrypted_model_clear(sable_queue *queue, sable_encrypted_model *model) {
    if (!model) return;
    sable_ct_destroy(queue, &model->weights);
    sable_ct_destroy(queue, &model->bias);
    memset(model, 0, sizeof *model);
}
