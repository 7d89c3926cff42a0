/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of the backend table that sum products: over terms, members, digits of a key switch, sources of a base. */
#include "kernels/basis.h"
#include "kernels/sums.h"
#include "kernels/table.h"

sable_status gpu_tensor(void *queue, const sable_limbs *out, const sable_limbs *a, size_t a_term_stride,
                        const sable_limbs *b, size_t b_term_stride, uint32_t terms) {
    gpu_queue *q = queue;
    const gpu_view to = gpu_view_of(out), x = gpu_view_of(a), y = gpu_view_of(b);
    return gpu_check(q, gpu_launch_tensor(q->stream, &q->ring, &to, &x, a_term_stride, &y, b_term_stride, terms),
                     "tensor");
}

sable_status gpu_combine(void *queue, const sable_limbs *out, const sable_limbs *in, const uint32_t *c) {
    gpu_queue *q = queue;
    const gpu_view to = gpu_view_of(out), from = gpu_view_of(in);
    const void *constants;
    SABLE_TRY(gpu_constants(q, &constants, c, (size_t)out->batch * in->batch * out->limbs * sizeof *c));
    const sable_status status = gpu_check(q, gpu_launch_combine(q->stream, &q->ring, &to, &from, constants), "combine");
    gpu_give(q, (void *)constants);
    return status;
}

gpu_rows gpu_rows_of(const sable_limbs *v, const sable_limbs *of) {
    gpu_rows rows = {.data = NULL};
    const gpu_index index = gpu_index_of(v);
    for (uint32_t i = 0; i < SABLE_MAX_LIMBS; i++) rows.slot[i] = GPU_ABSENT;
    if (!v) return rows;
    rows.data = v->data;
    rows.limb_stride = v->limb_stride;
    rows.part_stride = v->part_stride;
    rows.batch_stride = v->batch > 1 ? v->batch_stride : 0;
    for (uint32_t i = 0; i < of->limbs; i++) {
        const uint16_t limb = index.at[of->pos[i]];
        if (limb != GPU_ABSENT) rows.slot[i] = v->slot ? v->slot[limb] : limb;
    }
    return rows;
}

gpu_inner gpu_inner_of(const sable_limbs *acc, const sable_limbs *digits, const sable_limbs *own,
                       const sable_limbs *key, uint32_t alpha, uint32_t first_block, const sable_limbs *add,
                       const uint32_t *add_mult) {
    gpu_inner inner = {.acc = gpu_view_of(acc),
                       .digits = gpu_rows_of(digits, acc),
                       .own = gpu_rows_of(own, acc),
                       .key = gpu_rows_of(key, acc),
                       .add = gpu_rows_of(add, acc),
                       .count = digits->parts,
                       .add_parts = add ? add->parts : 0,
                       .alpha = alpha,
                       .first_block = first_block};
    gpu_add_mult(&inner, acc, add, add_mult);
    return inner;
}

void gpu_add_mult(gpu_inner *inner, const sable_limbs *acc, const sable_limbs *of, const uint32_t *add_mult) {
    const gpu_index index = gpu_index_of(of);
    for (uint32_t i = 0; i < acc->limbs; i++)
        if (index.at[acc->pos[i]] != GPU_ABSENT) inner->add_mult.at[i] = add_mult[index.at[acc->pos[i]]];
}

sable_status gpu_key_inner(void *queue, const sable_limbs *acc, const sable_limbs *digits, const sable_limbs *own,
                           const sable_limbs *key, uint32_t alpha, uint32_t first_block, const sable_limbs *add,
                           const uint32_t *add_mult) {
    gpu_queue *q = queue;
    const gpu_inner inner = gpu_inner_of(acc, digits, own, key, alpha, first_block, add, add_mult);
    return gpu_check(q, gpu_launch_key_inner(q->stream, &q->ring, &inner), "key_inner");
}

sable_status gpu_base_convert(void *queue, const sable_limbs *out, const sable_limbs *y, const sable_basis *basis) {
    gpu_queue *q = queue;
    gpu_basis constants;
    SABLE_TRY(gpu_basis_find(q, &constants, basis));
    const gpu_view to = gpu_view_of(out), from = gpu_view_of(y);
    return gpu_check(q, gpu_launch_base_convert(q->stream, &q->ring, &to, &from, &constants), "base_convert");
}
