/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of the cpu backend that transform limbs or convert between bases. */
#include "cpu/backend_impl.h"

/* Fewest columns that one call of the base conversion gets. */
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

static size_t constants_stride(const cpu_state *s, const sable_basis *const *bases, uint32_t count) {
    size_t most = 0;
    for (uint32_t k = 0; k < count; k++) {
        const size_t bytes = (s->kernels->convert_prepare(NULL, bases[k], s->ring) + 63) / 64 * 64;
        if (bytes > most) most = bytes;
    }
    return most;
}
size_t cpu_constants_bytes(const cpu_state *s, const sable_basis *const *bases, uint32_t count) {
    return count * constants_stride(s, bases, count);
}
cpu_constants cpu_constants_make(const cpu_state *s, void *memory, const sable_basis *const *bases, uint32_t count) {
    const cpu_constants c = {.data = memory, .stride = constants_stride(s, bases, count)};
    if (c.stride == 0) return (cpu_constants){NULL, 0};
    for (uint32_t k = 0; k < count; k++) (void)s->kernels->convert_prepare(c.data + k * c.stride, bases[k], s->ring);
    return c;
}

sable_status cpu_base_convert(void *queue, const sable_limbs *out, const sable_limbs *y, const sable_basis *basis) {
    cpu_state *s = cpu_state_of(queue);
    CPU_CHECK_SHAPE(s, out);
    CPU_CHECK(s, y);
    const size_t bytes = cpu_constants_bytes(s, &basis, 1);
    void *memory = bytes ? cpu_pool_take(s->pool, bytes) : NULL;
    if (bytes && !memory) return cpu_no_memory(queue, bytes);
    const cpu_constants constants = cpu_constants_make(s, memory, &basis, 1);
    const size_t n = s->ring->n, polys = (size_t)out->batch * out->parts;
    const bool stream = polys * n * basis->dst_count * sizeof(uint32_t) > CPU_STREAM_BYTES;
    const int threads = cpu_threads_for(s, polys * n * basis->src_count * basis->dst_count);
    size_t blocks = 1; /* of a polynomial; four calls a thread even out what is left over */
    while (threads > 1 && polys * blocks < 4 * (size_t)threads && n / blocks >= 2 * CONVERT_COLUMNS) blocks *= 2;
    const size_t columns = n / blocks, count = polys * blocks;
    CPU_PARALLEL(threads)
    for (size_t k = 0; k < count; k++) {
        size_t from = k % blocks * columns, part = k / blocks % out->parts, member = k / blocks / out->parts;
        const uint32_t *rows[SABLE_MAX_LIMBS];
        uint32_t *outs[SABLE_MAX_LIMBS];
        for (uint32_t i = 0; i < basis->src_count; i++) rows[i] = cpu_limb(y, member, part, i) + from;
        for (uint32_t i = 0; i < basis->dst_count; i++) outs[i] = cpu_limb(out, member, part, i) + from;
        s->kernels->base_convert(outs, rows, basis, constants.data, s->ring, columns, stream);
        if (stream) s->kernels->drain();
    }
    if (memory) cpu_pool_give(s->pool, memory);
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
