/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_RING_VIEW_H
#define SABLE_RING_VIEW_H
/* Views made of views, and dense ones. Nothing here touches the memory. */
#include "sable/backend.h"

/* Limbs of n words, then parts, then members, without gaps. */
static inline sable_limbs sable_view_dense(uint32_t n, uint32_t *data, const uint16_t *pos, uint32_t limbs,
                                           uint32_t parts, uint32_t batch) {
    const size_t part = (size_t)n * limbs;
    return (sable_limbs){data, pos, limbs, parts, batch, n, part, part * parts, NULL};
}
/* Its words. */
static inline size_t sable_view_words(const sable_limbs *dense) { return dense->batch * dense->batch_stride; }

/* Parts `first` to first + parts - 1. */
static inline sable_limbs sable_view_parts(sable_limbs v, uint32_t first, uint32_t parts) {
    v.data += first * v.part_stride;
    v.parts = parts;
    return v;
}

/* The limbs of v with these positions, which it has. slot: room for them, lives as long as the view. */
static inline sable_limbs sable_view_at(sable_limbs v, const uint16_t *pos, uint32_t limbs, uint16_t *slot) {
    for (uint32_t i = 0; i < limbs; i++)
        for (uint32_t s = 0; s < v.limbs; s++)
            if (v.pos[s] == pos[i]) slot[i] = v.slot ? v.slot[s] : (uint16_t)s;
    v.pos = pos;
    v.limbs = limbs;
    v.slot = slot;
    return v;
}

#endif
