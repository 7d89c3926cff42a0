/* SPDX-License-Identifier: Apache-2.0 */
/* Accumulations of hoisted linear transforms. */
#include "kernels/hoist.h"
#include "kernels/table.h"
#include "kernels/tune.h"

/* The inverse of an odd number modulo 2^32: 3 bits of g are right, and every step doubles their number. */
static uint32_t inverse_of(uint32_t g) {
    uint32_t x = g;
    for (int i = 0; i < 4; i++) x *= 2 - g * x;
    return x;
}

static gpu_key key_of(const sable_limbs *key, uint32_t galois, uint32_t n) {
    gpu_key k = {.data = key->data,
                 .limb_stride = key->limb_stride,
                 .part_stride = key->part_stride,
                 .galois = galois,
                 .inverse = inverse_of(galois) & (2 * n - 1)};
    for (uint32_t i = 0; i < key->limbs; i++) k.slot[i] = key->slot ? key->slot[i] : (uint16_t)i;
    return k;
}

sable_status gpu_key_inner_many(void *queue, const sable_limbs *acc, const sable_limbs *digits, const sable_limbs *own,
                                const sable_limbs *keys, const uint32_t *galois, uint32_t count, uint32_t alpha,
                                uint32_t first_block, const sable_limbs *add, const uint32_t *add_mult) {
    gpu_queue *q = queue;
    gpu_inner inner = gpu_inner_of(acc, digits, own, keys, alpha, first_block, add, add_mult);
    for (uint32_t k = 0; k < count; k += GPU_KEYS_AT_ONCE) {
        const uint32_t some = count - k < GPU_KEYS_AT_ONCE ? count - k : GPU_KEYS_AT_ONCE;
        gpu_key list[GPU_KEYS_AT_ONCE];
        for (uint32_t i = 0; i < some; i++) list[i] = key_of(&keys[k + i], galois ? galois[k + i] : 1, q->ring.n);
        const void *device;
        SABLE_TRY(gpu_constants(q, &device, list, some * sizeof *list));
        const sable_status status = gpu_check(
            q, gpu_launch_key_inner_many(q->stream, &q->ring, &inner, digits->batch, device, some), "key_inner_many");
        gpu_give(q, (void *)device);
        if (status != SABLE_OK) return status;
        inner.acc.data += (size_t)some * digits->batch * inner.acc.batch_stride;
    }
    return SABLE_OK;
}

sable_status gpu_accumulate(void *queue, const sable_limbs *out, const sable_limbs *in, const sable_limbs *pt,
                            const uint32_t *which, uint32_t terms) {
    gpu_queue *q = queue;
    const gpu_view to = gpu_view_of(out), from = gpu_view_of(in), by = gpu_view_of(pt);
    const size_t groups = out->batch / (in->batch / terms);
    const void *list;
    SABLE_TRY(gpu_constants(q, &list, which, groups * terms * sizeof *which));
    const sable_status status =
        gpu_check(q, gpu_launch_accumulate(q->stream, &q->ring, &to, &from, &by, list, terms), "accumulate");
    gpu_give(q, (void *)list);
    return status;
}
