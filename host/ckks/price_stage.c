/* SPDX-License-Identifier: Apache-2.0 */
#include "ckks/price_stage.h"

#include "base/fail.h"

/* Below 2^19, hence below every prime, whatever limb a word is taken for. */
static void fill(price_stage *s) {
    for (size_t i = 0; i < s->count; i++) s->words[i] = (uint32_t)i & 0x7ffff;
}

sable_status price_stage_open(price_stage *s, const sable_params *params, size_t words,
                              const sable_backend_options *options, sable_error *err) {
    s->cpu = sable_backend_cpu();
    SABLE_TRY(sable_ring_create(&s->ring, params, err));
    SABLE_TRY(s->cpu->open(&s->state, s->ring, options, err));
    SABLE_TRY(s->cpu->queue_open(&s->queue, s->state, NULL, err));
    void *memory;
    if (s->cpu->alloc(s->queue, &memory, words * sizeof(uint32_t)) != SABLE_OK)
        return sable_fail(err, SABLE_NO_MEMORY, "measuring what work costs needs %zu bytes", words * sizeof(uint32_t));
    s->words = memory;
    s->count = words;
    fill(s);
    for (uint32_t i = 0; i < SABLE_MAX_LIMBS; i++) {
        s->pos[i] = (uint16_t)i;
        s->one[i] = 1;
    }
    return SABLE_OK;
}

void price_stage_close(price_stage *s) {
    if (s->queue) {
        s->cpu->release(s->queue, s->words);
        s->cpu->queue_close(s->queue);
    }
    if (s->state) s->cpu->close(s->state);
    sable_ring_free(&s->ring);
    *s = (price_stage){.status = s->status};
}

sable_limbs price_view(const price_stage *s, size_t skip, uint32_t limbs, uint32_t parts, uint32_t batch) {
    const size_t n = s->ring->n;
    return (sable_limbs){.data = s->words + skip * n,
                         .pos = s->pos,
                         .limbs = limbs,
                         .parts = parts,
                         .batch = batch,
                         .limb_stride = n,
                         .part_stride = limbs * n,
                         .batch_stride = (size_t)parts * limbs * n};
}

void price_note(price_stage *s, sable_status status) {
    if (s->status == SABLE_OK) s->status = status;
}

double price_time(void (*job)(void *), price_stage *s, void *arg) {
    fill(s);
    return sable_time_of(job, arg);
}
