/* SPDX-License-Identifier: Apache-2.0 */
/* Constants of base conversions in device memory, kept for the life of the state and found by content: the caller may free its
 * copy and make another at the same address. */
#include <stdlib.h>
#include <string.h>

#include "kernels/state.h"

/* Words of positions (two a word, padded), m and neg_d: the layout on the device, and what is compared. */
static size_t position_words(const sable_basis *b) { return ((size_t)b->src_count + b->dst_count + 1) / 2; }
static size_t word_count(const sable_basis *b) {
    return position_words(b) + (size_t)b->dst_count * b->src_count + b->dst_count;
}

static void write_words(uint32_t *words, const sable_basis *b) {
    const size_t positions = position_words(b), m = (size_t)b->dst_count * b->src_count;
    if (positions) words[positions - 1] = 0;
    uint16_t *pos = (uint16_t *)words;
    memcpy(pos, b->src, b->src_count * sizeof *pos);
    memcpy(pos + b->src_count, b->dst, b->dst_count * sizeof *pos);
    memcpy(words + positions, b->m, m * sizeof *words);
    memcpy(words + positions + m, b->neg_d, b->dst_count * sizeof *words);
}

static int same(const gpu_kept_basis *kept, const sable_basis *b) {
    const size_t positions = position_words(b), m = (size_t)b->dst_count * b->src_count;
    const uint16_t *pos = (const uint16_t *)kept->words;
    return kept->device.src_count == b->src_count && kept->device.dst_count == b->dst_count &&
           memcmp(pos, b->src, b->src_count * sizeof *pos) == 0 &&
           memcmp(pos + b->src_count, b->dst, b->dst_count * sizeof *pos) == 0 &&
           memcmp(kept->words + positions, b->m, m * sizeof *kept->words) == 0 &&
           memcmp(kept->words + positions + m, b->neg_d, b->dst_count * sizeof *kept->words) == 0;
}

/* FNV-1a over the positions: they decide the constants, so hashing those too would only take longer. */
static uint32_t hash_of(const sable_basis *b) {
    uint32_t h = 2166136261u;
    for (uint32_t i = 0; i < b->src_count; i++) h = (h ^ b->src[i]) * 16777619u;
    h = (h ^ 0xffffu) * 16777619u;
    for (uint32_t i = 0; i < b->dst_count; i++) h = (h ^ b->dst[i]) * 16777619u;
    return h;
}

static sable_status make(gpu_state *s, gpu_kept_basis **out, const sable_basis *b, sable_error *err) {
    const size_t words = word_count(b), positions = position_words(b), bytes = words * sizeof(uint32_t);
    gpu_kept_basis *kept = calloc(1, sizeof *kept);
    if (kept) kept->words = malloc(bytes);
    if (!kept || !kept->words) {
        free(kept);
        return sable_fail(err, SABLE_NO_MEMORY, "no host memory for the constants of a base conversion (%zu bytes)",
                          bytes);
    }
    write_words(kept->words, b);
    sable_status status = gpu_pool_take(s, s->setup, &kept->memory, bytes, err);
    if (status == SABLE_OK) {
        cudaError_t error = cudaMemcpyAsync(kept->memory, kept->words, bytes, cudaMemcpyHostToDevice, s->setup);
        /* Waited for once: from here on every queue may read it. */
        if (error == cudaSuccess) error = cudaStreamSynchronize(s->setup);
        status = gpu_check_on(s->device, error, "upload of the constants of a base conversion", err);
    }
    if (status != SABLE_OK) {
        gpu_pool_give(s, s->setup, kept->memory);
        free(kept->words);
        free(kept);
        return status;
    }
    const uint32_t *at = kept->memory;
    const uint16_t *pos = (const uint16_t *)at;
    kept->device = (gpu_basis){.src_count = b->src_count,
                               .dst_count = b->dst_count,
                               .src = pos,
                               .dst = pos + b->src_count,
                               .m = at + positions,
                               .neg_d = at + positions + (size_t)b->dst_count * b->src_count};
    *out = kept;
    return SABLE_OK;
}

sable_status gpu_basis_find(gpu_queue *q, gpu_basis *out, const sable_basis *b) {
    gpu_state *s = q->state;
    sable_status status = SABLE_OK;
    pthread_mutex_lock(&s->basis_lock);
    gpu_kept_basis **bucket = &s->basis[hash_of(b) & (GPU_BASIS_BUCKETS - 1)], *kept = *bucket;
    while (kept && !same(kept, b)) kept = kept->next;
    if (!kept) {
        status = make(s, &kept, b, &q->err);
        if (status == SABLE_OK) {
            kept->next = *bucket;
            *bucket = kept;
        }
    }
    if (status == SABLE_OK) *out = kept->device;
    pthread_mutex_unlock(&s->basis_lock);
    return status;
}

void gpu_bases_free(gpu_state *s) {
    for (uint32_t i = 0; i < GPU_BASIS_BUCKETS; i++)
        while (s->basis[i]) {
            gpu_kept_basis *kept = s->basis[i];
            s->basis[i] = kept->next;
            gpu_pool_give(s, s->setup, kept->memory);
            free(kept->words);
            free(kept);
        }
}
