/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of the cpu backend that transform limbs or convert between bases. */
#include "cpu/backend_impl.h"

/* Columns of one base-conversion block: 16 source rows of 2 KiB stay in the first-level cache while every output is
 * made. */
#define CONVERT_COLUMNS 512u

sable_status cpu_ntt_forward(void *queue, const sable_limbs *x) {
    cpu_state *s = cpu_state_of(queue);
    CPU_CHECK(s, x);
    size_t count = cpu_count(x);
    int threads = cpu_threads_for(s, count * cpu_ntt_work(s));
    CPU_PARALLEL(threads)
    for (size_t k = 0; k < count; k++) {
        cpu_place at = cpu_place_of(x, k);
        cpu_ntt_limb(s->kernels, cpu_at(x, at), &s->tables[x->pos[at.limb]]);
    }
    CPU_CHECK(s, x);
    return SABLE_OK;
}

sable_status cpu_ntt_inverse(void *queue, const sable_limbs *out, const sable_limbs *in, const uint32_t *mult) {
    cpu_state *s = cpu_state_of(queue);
    CPU_CHECK_SHAPE(s, out);
    CPU_CHECK(s, in);
    size_t count = cpu_count(out);
    int threads = cpu_threads_for(s, count * cpu_ntt_work(s));
    CPU_PARALLEL(threads)
    for (size_t k = 0; k < count; k++) {
        cpu_place at = cpu_place_of(out, k);
        s->kernels->ntt_inverse(cpu_at(out, at), cpu_at(in, at), &s->tables[out->pos[at.limb]],
                                mult ? mult[at.limb] : 1);
    }
    CPU_CHECK(s, out);
    return SABLE_OK;
}

sable_status cpu_base_convert(void *queue, const sable_limbs *out, const sable_limbs *y, const sable_basis *basis) {
    cpu_state *s = cpu_state_of(queue);
    CPU_CHECK_SHAPE(s, out);
    CPU_CHECK(s, y);
    size_t n = s->ring->n, columns = n < CONVERT_COLUMNS ? n : CONVERT_COLUMNS, blocks = n / columns;
    size_t count = (size_t)out->batch * out->parts * blocks;
    int threads = cpu_threads_for(s, count * columns * basis->src_count * basis->dst_count);
    CPU_PARALLEL(threads)
    for (size_t k = 0; k < count; k++) {
        size_t from = k % blocks * columns, part = k / blocks % out->parts, member = k / blocks / out->parts;
        const uint32_t *rows[SABLE_MAX_LIMBS];
        uint32_t *outs[SABLE_MAX_LIMBS];
        for (uint32_t i = 0; i < basis->src_count; i++) rows[i] = cpu_limb(y, member, part, i) + from;
        for (uint32_t i = 0; i < basis->dst_count; i++) outs[i] = cpu_limb(out, member, part, i) + from;
        s->kernels->base_convert(outs, rows, basis, s->ring, columns);
    }
    CPU_CHECK(s, out);
    return SABLE_OK;
}

sable_status cpu_automorphism(void *queue, const sable_limbs *out, const sable_limbs *in, uint32_t galois) {
    cpu_state *s = cpu_state_of(queue);
    CPU_CHECK_SHAPE(s, out);
    CPU_CHECK(s, in);
    size_t count = cpu_count(out);
    int threads = cpu_threads_for(s, count * s->ring->n);
    CPU_PARALLEL(threads)
    for (size_t k = 0; k < count; k++) {
        cpu_place at = cpu_place_of(out, k);
        s->kernels->automorphism(cpu_at(out, at), cpu_at(in, at), galois, s->ring->log_n);
    }
    CPU_CHECK(s, out);
    return SABLE_OK;
}
