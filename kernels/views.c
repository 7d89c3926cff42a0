/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "kernels/runtime.h"

gpu_view gpu_view_of(const sable_limbs *v) {
    gpu_view view = {.data = v->data,
                     .limb_stride = v->limb_stride,
                     .part_stride = v->part_stride,
                     .batch_stride = v->batch_stride,
                     .limbs = v->limbs,
                     .parts = v->parts,
                     .batch = v->batch};
    memcpy(view.pos, v->pos, v->limbs * sizeof *v->pos);
    for (uint32_t i = 0; i < v->limbs; i++) view.slot[i] = v->slot ? v->slot[i] : (uint16_t)i;
    return view;
}

gpu_words gpu_words_of(const uint32_t *words, uint32_t count, uint32_t otherwise) {
    gpu_words w = {{0}};
    for (uint32_t i = 0; i < count; i++) w.at[i] = words ? words[i] : otherwise;
    return w;
}

gpu_index gpu_index_of(const sable_limbs *v) {
    gpu_index index;
    for (uint32_t i = 0; i < SABLE_MAX_LIMBS; i++) index.at[i] = GPU_ABSENT;
    for (uint32_t i = 0; v && i < v->limbs; i++) index.at[v->pos[i]] = (uint16_t)i;
    return index;
}
