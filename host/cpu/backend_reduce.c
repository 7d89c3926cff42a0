/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of the cpu backend whose result is about all words of a view. */
#include "cpu/backend_impl.h"
#include "ring/digest.h"

/* Limb number k in dense view order: member, part, limb. */
static cpu_place dense_place(const sable_limbs *x, size_t k) {
    return (cpu_place){.limb = k % x->limbs, .member = k / x->limbs / x->parts, .part = k / x->limbs % x->parts};
}

sable_status cpu_check_range(void *queue, const sable_limbs *x, uint64_t *bad) {
    cpu_state *s = cpu_state_of(queue);
    size_t n = s->ring->n, count = cpu_count(x);
    uint64_t first = UINT64_MAX;
    int threads = cpu_threads_for(s, count * n);
#ifdef _OPENMP
#pragma omp parallel for num_threads(threads) schedule(static) reduction(min : first)
#else
    (void)threads;
#endif
    for (size_t k = 0; k < count; k++) {
        const cpu_place place = dense_place(x, k);
        size_t at = s->kernels->check_range(cpu_at(x, place), n, cpu_prime(s, x, place.limb));
        if (at < n && (uint64_t)(k * n + at) < first) first = (uint64_t)(k * n + at);
    }
    *bad = first;
    return SABLE_OK;
}

sable_status cpu_out_of_range(void *queue, const sable_limbs *x, uint64_t *count, uint64_t *list, uint32_t most) {
    cpu_state *s = cpu_state_of(queue);
    const size_t n = s->ring->n, limbs = cpu_count(x);
    uint64_t found = 0;
    for (size_t k = 0; k < limbs; k++) {
        const cpu_place place = dense_place(x, k);
        const sable_prime *q = cpu_prime(s, x, place.limb);
        const uint32_t *row = cpu_at(x, place);
        for (size_t j = s->kernels->check_range(row, n, q); j < n; j++) {
            if (row[j] < q->p) continue;
            if (found < most) list[found] = (uint64_t)(k * n + j);
            found++;
        }
    }
    *count = found;
    return SABLE_OK;
}

sable_status cpu_largest(void *queue, const sable_limbs *x, uint32_t *largest) {
    cpu_state *s = cpu_state_of(queue);
    CPU_CHECK(s, x);
    const size_t n = s->ring->n, polys = (size_t)x->batch * x->parts;
    const int threads = cpu_threads_for(s, cpu_count(x) * n);
    CPU_PARALLEL(threads)
    for (size_t i = 0; i < x->limbs; i++) {
        const uint32_t p = cpu_prime(s, x, i)->p;
        uint32_t most = 0;
        for (size_t k = 0; k < polys; k++) {
            const uint32_t *row = cpu_limb(x, k / x->parts, k % x->parts, i);
            for (size_t j = 0; j < n; j++) {
                const uint32_t size = row[j] < p - row[j] ? row[j] : p - row[j];
                most = size > most ? size : most;
            }
        }
        largest[i] = most;
    }
    return SABLE_OK;
}

sable_status cpu_digest(void *queue, const sable_limbs *x, uint64_t digest[2]) {
    cpu_state *s = cpu_state_of(queue);
    CPU_CHECK_SHAPE(s, x);
    const size_t n = s->ring->n, count = cpu_count(x);
    uint64_t first = 0, second = 0;
    const int threads = cpu_threads_for(s, count * n * 4);
#ifdef _OPENMP
#pragma omp parallel for num_threads(threads) schedule(static) reduction(+ : first, second)
#else
    (void)threads;
#endif
    for (size_t k = 0; k < count; k++) {
        const uint32_t *row = cpu_at(x, dense_place(x, k));
        uint64_t sum[2] = {0, 0};
        for (size_t j = 0; j < n; j++) sable_digest_add(sum, (uint64_t)(k * n + j), row[j]);
        first += sum[0];
        second += sum[1];
    }
    digest[0] = first;
    digest[1] = second;
    return SABLE_OK;
}
