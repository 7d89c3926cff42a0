/* SPDX-License-Identifier: Apache-2.0 */
/* How samples and models lie in slots. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "sable/logreg.h"

sable_status sable_layout_choose(sable_layout *out, const sable_params *params, sable_packing packing,
                                 uint32_t features, size_t samples, sable_error *err) {
    sable_params_info info = {.struct_size = sizeof info};
    if (!out || features == 0 || sable_params_describe(params, &info) != SABLE_OK)
        return sable_fail(err, SABLE_INVALID, "a layout needs parameters and at least one feature");
    uint32_t width = 1;
    while (width < features && width <= info.slots) width *= 2;
    bool fits = width <= info.slots;
    if (packing == 0) packing = fits && samples <= info.slots / width ? SABLE_PACK_ROW : SABLE_PACK_FEATURE_MAJOR;
    if (packing == SABLE_PACK_ROW && !fits)
        return sable_fail(
            err, SABLE_LIMIT,
            "row packing of %u features needs %u slots, %s has %u: use feature-major packing or a larger ring",
            features, width, info.name, info.slots);
    bool row = packing == SABLE_PACK_ROW;
    *out = (sable_layout){
        packing, features, info.slots, row ? width : 1, row ? info.slots / width : info.slots, row ? 1 : features};
    return SABLE_OK;
}

void sable_layout_pack(const sable_layout *layout, double *values, const double *rows, size_t count) {
    size_t d = layout->features, s = layout->slots;
    memset(values, 0, layout->members * s * sizeof *values);
    if (layout->packing == SABLE_PACK_ROW) {
        for (size_t i = 0; i < count; i++) memcpy(values + i * layout->width, rows + i * d, d * sizeof *values);
        return;
    }
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < d; j++) values[j * s + i] = rows[i * d + j];
}

void sable_layout_unpack(const sable_layout *layout, double *results, const double *values, uint32_t classes,
                         size_t count) {
    for (size_t i = 0; i < count; i++)
        for (uint32_t c = 0; c < classes; c++)
            results[i * classes + c] = values[(size_t)c * layout->slots + i * layout->width];
}

sable_status sable_model_pack(sable_model_values *out, const sable_model *model, const sable_layout *layout,
                              double range, sable_error *err) {
    if (!out || !model || !layout || !(range > 0))
        return sable_fail(err, SABLE_INVALID, "sable_model_pack: arguments missing or range <= 0");
    if (model->features != layout->features)
        return sable_fail(err, SABLE_INVALID, "the model has %u features, the data %u", model->features,
                          layout->features);
    bool row = layout->packing == SABLE_PACK_ROW;
    size_t s = layout->slots, d = model->features, k = model->classes;
    size_t members = row ? k : k * d;
    sable_model_values v = {(uint32_t)members, (uint32_t)k, calloc(members * s, sizeof(double)),
                            malloc(k * s * sizeof(double))};
    if (!v.weights || !v.bias) {
        sable_model_values_free(&v);
        return sable_fail(err, SABLE_NO_MEMORY, "no memory for %zu slot values of a model", members * s);
    }
    for (size_t c = 0; c < k; c++) {
        for (size_t i = 0; i < s; i++) v.bias[c * s + i] = model->bias[c] / range;
        for (size_t j = 0; j < d; j++) {
            double w = model->weights[c * d + j] / range;
            double *to = v.weights + (row ? c : c * d + j) * s;
            if (row)
                for (size_t i = j; i < s; i += layout->width) to[i] = w;
            else
                for (size_t i = 0; i < s; i++) to[i] = w;
        }
    }
    *out = v;
    return SABLE_OK;
}

void sable_model_values_free(sable_model_values *values) {
    if (!values) return;
    free(values->weights);
    free(values->bias);
    memset(values, 0, sizeof *values);
}
