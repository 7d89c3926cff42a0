/* SPDX-License-Identifier: Apache-2.0 */
/* Uniform residues from a seed. */
#include "cpu/backend_impl.h"

sable_status cpu_expand(void *queue, const sable_limbs *out, const sable_expansion *from) {
    cpu_state *s = cpu_state_of(queue);
    CPU_CHECK_SHAPE(s, out);
    const size_t n = s->ring->n, count = cpu_count(out);
    const int threads = cpu_threads_for(s, count * n * 4);
    CPU_PARALLEL(threads)
    for (size_t k = 0; k < count; k++) {
        const cpu_place at = cpu_place_of(out, k);
        const sable_prime *q = cpu_prime(s, out, at.limb);
        uint32_t *row = cpu_at(out, at);
        uint8_t nonce[8];
        cpu_nonce(nonce, from->purpose, from->first_digit + (uint32_t)at.part, out->pos[at.limb],
                  from->first_object + (uint32_t)at.member);
        s->kernels->uniform(row, n, q, from->key, nonce);
        if (from->montgomery) s->kernels->mul_const(row, row, q->r1, n, q);
    }
    CPU_CHECK(s, out);
    return SABLE_OK;
}
