/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/infer_plan.h"

#include <stdio.h>
#include <string.h>

#include "io/show.h"
#include "tool/report.h"

static sable_status load_model(infer_plan *p, session *s, const char *path, const char *data) {
    const sable_layout *layout = &sable_blocks_get_info(p->data)->layout;
    SABLE_TRY(sable_model_load(&p->model, path, &s->err));
    p->classes = p->model->classes;
    if (p->model->features != layout->features)
        return sable_fail(&s->err, SABLE_INVALID, "%s has %u features, the data %s %u", sable_show_path(path).text,
                          p->model->features, sable_show_path(data).text, layout->features);
    return SABLE_OK;
}

static sable_status load_encrypted_model(infer_plan *p, session *s, const char *path, const char *data) {
    const sable_layout *layout = &sable_blocks_get_info(p->data)->layout;
    p->is_encrypted = true;
    SABLE_TRY(via_queue(s, sable_encrypted_model_load(s->queue, &p->encrypted, path)));
    p->classes = p->encrypted.classes;
    if (p->encrypted.layout.features != layout->features)
        return sable_fail(&s->err, SABLE_INVALID, "%s has %u features, the data %s %u", sable_show_path(path).text,
                          p->encrypted.layout.features, sable_show_path(data).text, layout->features);
    if (p->encrypted.layout.packing != layout->packing)
        return sable_fail(
            &s->err, SABLE_INVALID, "%s is packed %s, the data %s %s: encrypt the model with --packing %s",
            sable_show_path(path).text, p->encrypted.layout.packing == SABLE_PACK_ROW ? "row" : "feature-major",
            sable_show_path(data).text, layout->packing == SABLE_PACK_ROW ? "row" : "feature-major",
            layout->packing == SABLE_PACK_ROW ? "row" : "feature-major");
    sable_ct_info weights = {.struct_size = sizeof weights};
    SABLE_TRY(sable_ct_describe(p->encrypted.weights, &weights));
    if (weights.level != p->level)
        return sable_fail(&s->err, SABLE_LEVEL,
                          "%s is at level %u, the data %s at level %u: encrypt both with the same --level",
                          sable_show_path(path).text, weights.level, sable_show_path(data).text, p->level);
    if (memcmp(weights.key_id, sable_blocks_get_info(p->data)->key_id, sizeof weights.key_id) != 0)
        return sable_fail(&s->err, SABLE_KEY_MISMATCH, "%s is encrypted for key %s, the data %s for key %s",
                          sable_show_path(path).text, shown_id(weights.key_id).text, sable_show_path(data).text,
                          shown_id(sable_blocks_get_info(p->data)->key_id).text);
    return SABLE_OK;
}

static sable_status resolve_range(infer_plan *p, session *s) {
    sable_infer_options *o = &p->options;
    if (p->is_encrypted) {
        if (o->range > 0 && o->range != p->encrypted.range)
            return sable_fail(&s->err, SABLE_INVALID, "--range %g: the model was encrypted with range %g", o->range,
                              p->encrypted.range);
        if (p->encrypted.range_bounds)
            o->range = p->encrypted.range;
        else if (o->probabilities && !(o->range > 0))
            return sable_fail(&s->err, SABLE_BOUND,
                              "the encrypted model states no bound of its logits, which probabilities need: encrypt "
                              "it with --range, or with --probabilities --data-bound");
        p->factor = o->probabilities ? 1 : p->encrypted.range;
        return SABLE_OK;
    }
    double range;
    SABLE_TRY(sable_infer_range(&range, p->model, p->bound, o, &s->err));
    o->range = range;
    p->factor = o->probabilities ? 1 : range;
    return SABLE_OK;
}

/* -- keys ---------------------------------------------------------------------------------------------------------- */

static void name_need(char *text, size_t bytes, const sable_key_need *need, const session *s) {
    if (need->kind == SABLE_KEY_RELIN) {
        snprintf(text, bytes, "relinearisation");
        return;
    }
    for (uint32_t steps = 1; steps < s->info.slots; steps *= 2)
        if (sable_galois_rotation(s->params, steps, 0) == need->galois) {
            snprintf(text, bytes, "rotation by %u", steps);
            return;
        }
    snprintf(text, bytes, "Galois element %u", need->galois);
}

/* All missing keys in one sentence, not the first one after minutes of work. */
static sable_status check_keys(const infer_plan *p, session *s, const sable_key_file *file, const sable_key_spec *spec,
                               const char *path) {
    char missing[256] = "";
    size_t used = 0, count = 0;
    for (size_t i = 0; i < sable_key_spec_count(spec); i++) {
        sable_key_need need;
        SABLE_TRY(sable_key_spec_get(spec, i, &need));
        if (sable_key_file_find(file, &need) != SIZE_MAX) continue;
        char name[48];
        name_need(name, sizeof name, &need, s);
        count++;
        int n = snprintf(missing + used, sizeof missing - used, "%s%s", used ? ", " : "", name);
        if (n > 0 && (size_t)n < sizeof missing - used)
            used += (size_t)n;
        else
            missing[used] = 0;
    }
    if (count == 0) return SABLE_OK;
    if (!file)
        return sable_fail(&s->err, SABLE_NO_KEY,
                          "data at level %u need %zu evaluation keys (%s) and there are none: name them with --keys",
                          p->level, count, missing);
    return sable_fail(&s->err, SABLE_NO_KEY, "%s lacks %zu of %zu evaluation keys for data at level %u: %s",
                      sable_show_path(path).text, count, sable_key_spec_count(spec), p->level, missing);
}

/* The index first: what is missing or belongs to another key is told before any key is read. */
static sable_status load_from(infer_plan *p, session *s, sable_key_file *file, const sable_key_spec *spec,
                              const char *path) {
    sable_key_file_info info = {.struct_size = sizeof info};
    SABLE_TRY(sable_key_file_describe(file, &info));
    const uint8_t *wanted = sable_blocks_get_info(p->data)->key_id;
    if (memcmp(info.key_id, wanted, sizeof info.key_id) != 0)
        return sable_fail(&s->err, SABLE_KEY_MISMATCH, "%s belongs to key %s, the data to key %s",
                          sable_show_path(path).text, shown_id(info.key_id).text, shown_id(wanted).text);
    SABLE_TRY(check_keys(p, s, file, spec, path));
    SABLE_TRY(via_queue(s, sable_key_file_load(s->queue, &p->keys, file, spec)));
    p->key_file.struct_size = sizeof p->key_file;
    return sable_key_file_describe(file, &p->key_file);
}

static sable_status load_keys(infer_plan *p, session *s, const workspace *w, const sable_key_spec *spec) {
    if (sable_key_spec_count(spec) == 0) return SABLE_OK;
    if (!w->eval_keys || !path_exists(w->eval_keys)) return check_keys(p, s, NULL, spec, w->eval_keys);
    sable_key_file *file = NULL;
    SABLE_TRY(via_queue(s, sable_key_file_open(s->queue, &file, w->eval_keys)));
    sable_status status = load_from(p, s, file, spec, w->eval_keys);
    sable_key_file_close(&file);
    return status;
}

/* -- all of it ----------------------------------------------------------------------------------------------------- */

sable_status infer_plan_block(infer_plan *p, session *s, uint32_t index) {
    SABLE_TRY(via_queue(s, sable_blocks_read(s->queue, p->block, p->data, index)));
    if (index == 0) return SABLE_OK;
    sable_ct_info info = {.struct_size = sizeof info};
    SABLE_TRY(sable_ct_describe(p->block, &info));
    if (info.bound > p->bound)
        return sable_fail(&s->err, SABLE_BOUND,
                          "block %u declares values up to %g, the first block up to %g: the range of the results was "
                          "computed for the first",
                          index, info.bound, p->bound);
    return SABLE_OK;
}

sable_status infer_plan_make(infer_plan *p, session *s, const workspace *w, const char *data, const char *model,
                             const char *encrypted_model) {
    p->options.struct_size = sizeof p->options;
    SABLE_TRY(sable_ct_create(&p->block, s->ctx, &s->err));
    SABLE_TRY(sable_ct_create(&p->result, s->ctx, &s->err));
    SABLE_TRY(via_queue(s, sable_blocks_open(s->queue, &p->data, data, SABLE_BLOCKS_DATASET)));
    SABLE_TRY(infer_plan_block(p, s, 0));
    sable_ct_info info = {.struct_size = sizeof info};
    SABLE_TRY(sable_ct_describe(p->block, &info));
    p->level = info.level;
    p->bound = info.bound;
    SABLE_TRY(model ? load_model(p, s, model, data) : load_encrypted_model(p, s, encrypted_model, data));
    SABLE_TRY(resolve_range(p, s));
    if (p->options.probabilities)
        SABLE_TRY(sable_infer_sigmoid(&p->sigmoid, &p->options, p->options.range, &p->sigmoid_error, &s->err));
    p->options.sigmoid = p->sigmoid;
    sable_key_spec *spec = NULL;
    SABLE_TRY(sable_key_spec_create(&spec, s->params, &s->err));
    sable_status status = sable_infer_keys(spec, &sable_blocks_get_info(p->data)->layout, &p->options, p->is_encrypted,
                                           p->level, &s->err);
    if (status == SABLE_OK) status = load_keys(p, s, w, spec);
    sable_key_spec_destroy(&spec);
    return status;
}

void infer_plan_clear(infer_plan *p, session *s) {
    sable_keyset_destroy(s->queue, &p->keys);
    sable_ct_destroy(s->queue, &p->block);
    sable_ct_destroy(s->queue, &p->result);
    sable_blocks_close(&p->data);
    if (p->is_encrypted) sable_encrypted_model_clear(s->queue, &p->encrypted);
    sable_model_destroy(&p->model);
    sable_poly_destroy(&p->sigmoid);
}
