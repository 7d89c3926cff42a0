/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of the cpu backend that transform limbs or convert between bases. */
#include "base/fail.h"
#include "cpu/backend_impl.h"

/* Columns of one base-conversion block: 16 source rows of 2 KiB stay in the first-level cache while every output is
 * made. */
#define CONVERT_COLUMNS 512u

/* Word operations of one transform, about. */
static size_t ntt_work(const cpu_state *s) { return (size_t)s->ring->n * s->ring->log_n; }

sable_status cpu_ntt_forward(void *queue, const sable_limbs *x) {
    cpu_state *s = cpu_state_of(queue);
    CPU_CHECK(s, x);
    size_t count = cpu_count(x);
    int threads = cpu_threads_for(s, count * ntt_work(s));
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
    int threads = cpu_threads_for(s, count * ntt_work(s));
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

sable_status cpu_key_inner(void *queue, const sable_limbs *acc, const sable_limbs *digits, int coefficients,
                           const sable_limbs *own, const sable_limbs *key, uint32_t alpha, uint32_t first_block,
                           const sable_limbs *add, const uint32_t *add_mult) {
    cpu_state *s = cpu_state_of(queue);
    if (digits->parts > CPU_MAX_ROWS)
        return sable_fail(&((cpu_queue *)queue)->err, SABLE_UNSUPPORTED,
                          "%u key-switching digits: the cpu backend takes at most %d", digits->parts, CPU_MAX_ROWS);
    CPU_CHECK_SHAPE(s, acc);
    CPU_CHECK_SHAPE(s, digits); /* limbs of a digit's own block hold anything */
    CPU_CHECK(s, own);
    CPU_CHECK(s, key);
    if (add) CPU_CHECK(s, add);
    uint16_t own_index[SABLE_MAX_LIMBS], add_index[SABLE_MAX_LIMBS];
    cpu_index(own_index, own);
    cpu_index(add_index, add);
    size_t count = (size_t)acc->limbs * acc->batch;
    int threads = cpu_threads_for(s, count * digits->parts * (coefficients ? ntt_work(s) : s->ring->n));
    /* One limb of one member at a time, limbs outermost: members share the limb's transform tables and key rows. */
    CPU_PARALLEL(threads)
    for (size_t k = 0; k < count; k++) {
        size_t limb = k / acc->batch, member = k % acc->batch;
        uint32_t pos = acc->pos[limb];
        const uint32_t *d[CPU_MAX_ROWS], *kb[CPU_MAX_ROWS], *ka[CPU_MAX_ROWS];
        for (uint32_t j = 0; j < digits->parts; j++) {
            kb[j] = cpu_limb(key, key->batch > 1 ? member : 0, 2 * j, limb);
            ka[j] = cpu_limb(key, key->batch > 1 ? member : 0, 2 * j + 1, limb);
            if (pos < s->ring->q_count && pos / alpha == first_block + j) {
                d[j] = cpu_limb(own, member, 0, own_index[pos]);
            } else {
                uint32_t *row = cpu_limb(digits, member, j, limb);
                if (coefficients) cpu_ntt_limb(s->kernels, row, &s->tables[pos]);
                d[j] = row;
            }
        }
        const uint32_t *add0 = NULL, *add1 = NULL;
        uint32_t c = 0;
        if (add && add_index[pos] != CPU_ABSENT) {
            add0 = cpu_limb(add, member, 0, add_index[pos]);
            if (add->parts > 1) add1 = cpu_limb(add, member, 1, add_index[pos]);
            c = add_mult[add_index[pos]];
        }
        s->kernels->inner(cpu_limb(acc, member, 0, limb), cpu_limb(acc, member, 1, limb), d, kb, ka, digits->parts,
                          add0, add1, c, s->ring->n, &s->ring->prime[pos]);
    }
    CPU_CHECK(s, acc);
    return SABLE_OK;
}

sable_status cpu_ntt_mod_down(void *queue, const sable_limbs *out, const sable_limbs *e, const sable_limbs *x,
                              const uint32_t *x_mult, const uint32_t *e_mult) {
    cpu_state *s = cpu_state_of(queue);
    CPU_CHECK_SHAPE(s, out);
    CPU_CHECK(s, e);
    CPU_CHECK(s, x);
    uint16_t x_index[SABLE_MAX_LIMBS];
    cpu_index(x_index, x);
    size_t count = cpu_count(out);
    int threads = cpu_threads_for(s, count * ntt_work(s));
    CPU_PARALLEL(threads)
    for (size_t k = 0; k < count; k++) {
        cpu_place at = cpu_place_of(out, k);
        uint32_t pos = out->pos[at.limb];
        uint32_t *row = cpu_at(e, at);
        const uint32_t *source = x_index[pos] == CPU_ABSENT ? NULL : cpu_limb(x, at.member, at.part, x_index[pos]);
        cpu_ntt_limb(s->kernels, row, &s->tables[pos]);
        s->kernels->mod_down(cpu_at(out, at), source, row, x_mult[at.limb], e_mult[at.limb], s->ring->n,
                             &s->ring->prime[pos]);
    }
    CPU_CHECK(s, out);
    return SABLE_OK;
}
