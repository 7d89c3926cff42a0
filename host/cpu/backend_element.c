/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of the cpu backend that work word by word, and sums of products over members. */
#include <string.h>

#include "cpu/backend_impl.h"

/* Columns of a block of tensor and combine: rows that several members read again stay in the second-level cache. */
#define SUM_COLUMNS 1024u

typedef void (*binary_kernel)(uint32_t *out, const uint32_t *a, const uint32_t *b, size_t n, const sable_prime *q);
typedef void (*constant_kernel)(uint32_t *out, const uint32_t *a, uint32_t c, size_t n, const sable_prime *q);

sable_status cpu_copy(void *queue, const sable_limbs *out, const sable_limbs *in) {
    cpu_state *s = cpu_state_of(queue);
    size_t n = s->ring->n, count = cpu_count(out);
    int threads = cpu_threads_for(s, count * n);
    CPU_PARALLEL(threads)
    for (size_t k = 0; k < count; k++) {
        cpu_place at = cpu_place_of(out, k);
        uint32_t *to = cpu_at(out, at);
        const uint32_t *from = cpu_at(in, at);
        if (to != from) memcpy(to, from, n * sizeof *to);
    }
    return SABLE_OK;
}

sable_status cpu_zero(void *queue, const sable_limbs *out) {
    cpu_state *s = cpu_state_of(queue);
    size_t n = s->ring->n, count = cpu_count(out);
    int threads = cpu_threads_for(s, count * n);
    CPU_PARALLEL(threads)
    for (size_t k = 0; k < count; k++) memset(cpu_at(out, cpu_place_of(out, k)), 0, n * sizeof(uint32_t));
    return SABLE_OK;
}

static sable_status binary(void *queue, binary_kernel kernel, const sable_limbs *out, const sable_limbs *a,
                           const sable_limbs *b) {
    cpu_state *s = cpu_state_of(queue);
    CPU_CHECK_SHAPE(s, out);
    CPU_CHECK(s, a);
    CPU_CHECK(s, b);
    size_t n = s->ring->n, count = cpu_count(out);
    int threads = cpu_threads_for(s, count * n);
    CPU_PARALLEL(threads)
    for (size_t k = 0; k < count; k++) {
        cpu_place at = cpu_place_of(out, k);
        kernel(cpu_at(out, at), cpu_at(a, at), cpu_at(b, at), n, cpu_prime(s, out, at.limb));
    }
    CPU_CHECK(s, out);
    return SABLE_OK;
}

sable_status cpu_add(void *queue, const sable_limbs *out, const sable_limbs *a, const sable_limbs *b) {
    return binary(queue, cpu_state_of(queue)->kernels->add, out, a, b);
}

sable_status cpu_sub(void *queue, const sable_limbs *out, const sable_limbs *a, const sable_limbs *b) {
    return binary(queue, cpu_state_of(queue)->kernels->sub, out, a, b);
}

sable_status cpu_mul_mont(void *queue, const sable_limbs *out, const sable_limbs *a, const sable_limbs *b, int add) {
    const cpu_kernels *kernels = cpu_state_of(queue)->kernels;
    if (add) CPU_CHECK(cpu_state_of(queue), out);
    return binary(queue, add ? kernels->mul_mont_add : kernels->mul_mont, out, a, b);
}

sable_status cpu_mul(void *queue, const sable_limbs *out, const sable_limbs *a, const sable_limbs *b) {
    return binary(queue, cpu_state_of(queue)->kernels->mul, out, a, b);
}

sable_status cpu_negate(void *queue, const sable_limbs *out, const sable_limbs *a) {
    cpu_state *s = cpu_state_of(queue);
    CPU_CHECK_SHAPE(s, out);
    CPU_CHECK(s, a);
    size_t n = s->ring->n, count = cpu_count(out);
    int threads = cpu_threads_for(s, count * n);
    CPU_PARALLEL(threads)
    for (size_t k = 0; k < count; k++) {
        cpu_place at = cpu_place_of(out, k);
        s->kernels->negate(cpu_at(out, at), cpu_at(a, at), n, cpu_prime(s, out, at.limb));
    }
    CPU_CHECK(s, out);
    return SABLE_OK;
}

static sable_status with_constant(void *queue, constant_kernel kernel, const sable_limbs *out, const sable_limbs *a,
                                  const uint32_t *lo, const uint32_t *hi) {
    cpu_state *s = cpu_state_of(queue);
    CPU_CHECK_SHAPE(s, out);
    CPU_CHECK(s, a);
    size_t n = s->ring->n, half = n / 2, count = cpu_count(out);
    int threads = cpu_threads_for(s, count * n);
    CPU_PARALLEL(threads)
    for (size_t k = 0; k < count; k++) {
        cpu_place at = cpu_place_of(out, k);
        uint32_t *to = cpu_at(out, at);
        const uint32_t *from = cpu_at(a, at);
        const sable_prime *q = cpu_prime(s, out, at.limb);
        if (hi) {
            kernel(to, from, lo[at.limb], half, q);
            kernel(to + half, from + half, hi[at.limb], half, q);
        } else {
            kernel(to, from, lo[at.limb], n, q);
        }
    }
    CPU_CHECK(s, out);
    return SABLE_OK;
}

sable_status cpu_mul_const(void *queue, const sable_limbs *out, const sable_limbs *a, const uint32_t *lo,
                           const uint32_t *hi) {
    const cpu_state *s = cpu_state_of(queue);
    return with_constant(queue, cpu_kernels_for(s, s->ring->n / 2)->mul_const, out, a, lo, hi);
}

sable_status cpu_add_const(void *queue, const sable_limbs *out, const sable_limbs *a, const uint32_t *lo,
                           const uint32_t *hi) {
    const cpu_state *s = cpu_state_of(queue);
    return with_constant(queue, cpu_kernels_for(s, s->ring->n / 2)->add_const, out, a, lo, hi);
}

sable_status cpu_tensor(void *queue, const sable_limbs *out, const sable_limbs *a, size_t a_term_stride,
                        const sable_limbs *b, size_t b_term_stride, uint32_t terms) {
    cpu_state *s = cpu_state_of(queue);
    CPU_CHECK_SHAPE(s, out);
    size_t n = s->ring->n, columns = n < SUM_COLUMNS ? n : SUM_COLUMNS, blocks = n / columns;
    size_t count = out->limbs * blocks * out->batch;
    int threads = cpu_threads_for(s, count * columns * terms * 4);
    /* Members fastest: an operand that is broadcast to them stays in cache. */
    CPU_PARALLEL(threads)
    for (size_t k = 0; k < count; k++) {
        size_t member = k % out->batch, from = k / out->batch % blocks * columns, limb = k / out->batch / blocks;
        s->kernels->tensor(cpu_limb(out, member, 0, limb) + from, cpu_limb(out, member, 1, limb) + from,
                           cpu_limb(out, member, 2, limb) + from, cpu_limb(a, member, 0, limb) + from,
                           cpu_limb(a, member, 1, limb) + from, a_term_stride, cpu_limb(b, member, 0, limb) + from,
                           cpu_limb(b, member, 1, limb) + from, b_term_stride, terms, columns, cpu_prime(s, out, limb));
    }
    CPU_CHECK(s, out);
    return SABLE_OK;
}

sable_status cpu_combine(void *queue, const sable_limbs *out, const sable_limbs *in, const uint32_t *c) {
    cpu_state *s = cpu_state_of(queue);
    CPU_CHECK_SHAPE(s, out);
    CPU_CHECK(s, in);
    size_t n = s->ring->n, columns = n < SUM_COLUMNS ? n : SUM_COLUMNS, blocks = n / columns;
    size_t count = out->limbs * out->parts * blocks;
    int threads = cpu_threads_for(s, count * columns * in->batch * out->batch);
    /* Every output member reads the same block of every input member: all outputs of a block, then the next block. */
    CPU_PARALLEL(threads)
    for (size_t k = 0; k < count; k++) {
        size_t from = k % blocks * columns, part = k / blocks % out->parts, limb = k / blocks / out->parts;
        for (size_t g = 0; g < out->batch; g++)
            s->kernels->combine(cpu_limb(out, g, part, limb) + from, cpu_limb(in, 0, part, limb) + from,
                                in->batch_stride, c + g * in->batch * out->limbs + limb, out->limbs, in->batch, columns,
                                cpu_prime(s, out, limb));
    }
    CPU_CHECK(s, out);
    return SABLE_OK;
}
