/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CPU_BACKEND_IMPL_H
#define SABLE_CPU_BACKEND_IMPL_H
/* What the files of the cpu backend share: its state, walking views, threads. */
#ifdef _OPENMP
#include <omp.h>
#endif

#include "cpu/kernels.h"
#include "cpu/pool.h"

typedef struct cpu_state {
    const sable_ring *ring;
    const cpu_kernels *kernels;
    cpu_pool *pool;
    uint32_t threads;
    cpu_tables tables[SABLE_MAX_LIMBS];
    void *packed; /* memory of all packed tables, from the pool */
} cpu_state;

/* Work is done before a call returns: a queue holds the last error sentence only. */
typedef struct cpu_queue {
    cpu_state *state;
    sable_error err;
} cpu_queue;

static inline cpu_state *cpu_state_of(void *queue) { return ((cpu_queue *)queue)->state; }

/* Limb i of part c of member b. */
static inline uint32_t *cpu_limb(const sable_limbs *v, size_t b, size_t c, size_t i) {
    return v->data + b * v->batch_stride + c * v->part_stride + (v->slot ? v->slot[i] : i) * v->limb_stride;
}

/* Number of limbs of a view, and the place of number k in the order limb, member, part (part fastest): consecutive k
 * share a prime and with it the transform tables, and a static schedule hands each thread consecutive k. */
typedef struct cpu_place {
    size_t limb, member, part;
} cpu_place;
static inline size_t cpu_count(const sable_limbs *v) { return (size_t)v->batch * v->parts * v->limbs; }
static inline cpu_place cpu_place_of(const sable_limbs *v, size_t k) {
    size_t polys = (size_t)v->batch * v->parts;
    return (cpu_place){.limb = k / polys, .member = k % polys / v->parts, .part = k % v->parts};
}
static inline uint32_t *cpu_at(const sable_limbs *v, cpu_place at) { return cpu_limb(v, at.member, at.part, at.limb); }
static inline const sable_prime *cpu_prime(const cpu_state *s, const sable_limbs *v, size_t limb) {
    return &s->ring->prime[v->pos[limb]];
}

/* index[pos] = limb of the view with that position, or CPU_ABSENT. */
#define CPU_ABSENT 0xffffu
static inline void cpu_index(uint16_t index[SABLE_MAX_LIMBS], const sable_limbs *v) {
    for (uint32_t i = 0; i < SABLE_MAX_LIMBS; i++) index[i] = CPU_ABSENT;
    for (uint32_t i = 0; v && i < v->limbs; i++) index[v->pos[i]] = (uint16_t)i;
}

/* Word operations of one transform, about. */
static inline size_t cpu_ntt_work(const cpu_state *s) { return (size_t)s->ring->n * s->ring->log_n; }

/* Threads worth starting for `work` word operations: a parallel region costs about as much as 2^14 of them. */
static inline int cpu_threads_for(const cpu_state *s, size_t work) {
    size_t worth = work >> 14;
    return worth >= s->threads ? (int)s->threads : worth > 1 ? (int)worth : 1;
}

/* Number of the calling thread in its parallel region. */
static inline int cpu_thread(void) {
#ifdef _OPENMP
    return omp_get_thread_num();
#else
    return 0;
#endif
}

/* The kernels and the number of threads that options ask for, or a refusal. */
sable_status cpu_choose(const cpu_kernels **kernels, uint32_t *threads, const sable_backend_options *options,
                        sable_error *err);
/* Bytes of the packed tables of all primes, and the refusal when a pool does not give them. */
size_t cpu_tables_bytes(const cpu_kernels *kernels, const sable_ring *ring);
sable_status cpu_no_tables(const cpu_kernels *kernels, size_t bytes, size_t cap, sable_error *err);

/* The refusal of a queue whose backend could not get `bytes`. */
sable_status cpu_no_memory(cpu_queue *queue, size_t bytes);

/* Kernels take at least 16 words; half a limb, or what a sparse polynomial holds, may be fewer. */
static inline const cpu_kernels *cpu_kernels_for(const cpu_state *s, size_t words) {
    return words < 16 ? &cpu_kernels_portable : s->kernels;
}

/* The constants of `count` base conversions as the kernels want them: those of basis k at data + k * stride. */
typedef struct cpu_constants {
    char *data; /* NULL when the kernels need none */
    size_t stride;
} cpu_constants;
size_t cpu_constants_bytes(const cpu_state *s, const sable_basis *const *bases, uint32_t count);
/* In memory of so many bytes, which the caller keeps. */
cpu_constants cpu_constants_make(const cpu_state *s, void *memory, const sable_basis *const *bases, uint32_t count);
static inline const void *cpu_constants_at(const cpu_constants *c, size_t k) {
    return c->data ? c->data + k * c->stride : NULL;
}

/* Words between rows of one thread's scratch, beyond their length: rows 2^18 bytes apart lie in the same sets of the
 * caches. */
#define CPU_SKEW 272u

/* Outputs of more bytes than that leave the second-level cache before they are read: they may as well bypass it, which
 * saves reading the lines first. Measured: 47 MB in runs of 128 bytes take 2 ms instead of 15. */
#define CPU_STREAM_BYTES ((size_t)4 << 20)

/* Put before a for loop whose iterations are independent. */
#ifdef _OPENMP
#define CPU_PRAGMA(text) _Pragma(#text)
#define CPU_PARALLEL(count_of_threads) CPU_PRAGMA(omp parallel for num_threads(count_of_threads) schedule(static))
#else
#define CPU_PARALLEL(count_of_threads) (void)(count_of_threads);
#endif

/* In SABLE_VERIFY builds: the view is well formed (positions, alignment) and, for CPU_CHECK, every word is below its
 * prime; a violation aborts. */
#ifdef SABLE_VERIFY
void cpu_verify_shape(const cpu_state *s, const sable_limbs *v);
void cpu_verify_words(const cpu_state *s, const sable_limbs *v);
#define CPU_CHECK_SHAPE(s, v) cpu_verify_shape((s), (v))
#define CPU_CHECK(s, v)       cpu_verify_words((s), (v))
#else
#define CPU_CHECK_SHAPE(s, v) ((void)(s), (void)(v))
#define CPU_CHECK(s, v)       ((void)(s), (void)(v))
#endif

/* backend_transform.c */
sable_status cpu_ntt_forward(void *queue, const sable_limbs *x);
sable_status cpu_ntt_inverse(void *queue, const sable_limbs *out, const sable_limbs *in, const uint32_t *mult);
sable_status cpu_base_convert(void *queue, const sable_limbs *out, const sable_limbs *y, const sable_basis *basis);
sable_status cpu_automorphism(void *queue, const sable_limbs *out, const sable_limbs *in, uint32_t galois);

/* backend_switch.c */
sable_status cpu_mod_up(void *queue, const sable_limbs *digits, const sable_limbs *y, const sable_basis *const *up);
sable_status cpu_key_switch(void *queue, const sable_limbs *acc, const sable_limbs *y, const sable_basis *const *up,
                            const sable_limbs *own, const sable_limbs *key, uint32_t alpha, uint32_t first_block,
                            const sable_limbs *add, const uint32_t *add_mult);
sable_status cpu_ntt_mod_down(void *queue, const sable_limbs *out, const sable_limbs *e, const sable_limbs *x,
                              const uint32_t *x_mult, const uint32_t *e_mult);
sable_status cpu_mod_down(void *queue, const sable_limbs *out, const sable_limbs *y, const sable_basis *basis,
                          const sable_limbs *x, const uint32_t *x_mult, const uint32_t *e_mult, uint32_t galois,
                          const sable_limbs *add);

/* backend_switch_down.c */
sable_status cpu_switch_down(void *queue, const sable_limbs *out, const sable_switch *w);
/* What it keeps while it runs, without addresses: divided lies where y was; product only where the operands are two ciphertexts,
 * until acc is there. */
typedef struct cpu_switch_room {
    sable_limbs acc, y, divided, product;
    size_t bytes, product_bytes;
} cpu_switch_room;
cpu_switch_room cpu_switch_room_of(const cpu_state *s, const sable_limbs *out, const sable_switch *w);

/* backend_hoist.c */
/* The refusal of more digits than kernels take. */
sable_status cpu_check_digits(void *queue, uint32_t digits);
sable_status cpu_key_inner(void *queue, const sable_limbs *acc, const sable_limbs *digits, const sable_limbs *own,
                           const sable_limbs *key, uint32_t alpha, uint32_t first_block, const sable_limbs *add,
                           const uint32_t *add_mult);
sable_status cpu_key_inner_many(void *queue, const sable_limbs *acc, const sable_limbs *digits, const sable_limbs *own,
                                const sable_limbs *keys, const uint32_t *galois, uint32_t count, uint32_t alpha,
                                uint32_t first_block, const sable_limbs *add, const uint32_t *add_mult);
sable_status cpu_accumulate(void *queue, const sable_limbs *out, const sable_limbs *in, const sable_limbs *pt,
                            const uint32_t *which, uint32_t terms);

/* Bytes that these take from the pool while they run. */
size_t cpu_mod_up_bytes(const cpu_state *s, const sable_basis *const *up, uint32_t digits);
size_t cpu_key_inner_many_bytes(const cpu_state *s, const uint32_t *galois, uint32_t count);
size_t cpu_key_switch_bytes(const cpu_state *s, const sable_limbs *acc, const sable_basis *const *up, uint32_t count);
size_t cpu_mod_down_bytes(const cpu_state *s, const sable_limbs *out, const sable_basis *basis, const sable_limbs *add);

/* backend_encode.c */
/* Bytes that it takes from the pool, whatever the values, for `given` coefficients a member. */
size_t cpu_encode_bytes(const sable_limbs *out, size_t given);
sable_status cpu_encode(void *queue, const sable_limbs *out, const double *hi, const double *lo, uint32_t gap);

/* backend_element.c */
sable_status cpu_copy(void *queue, const sable_limbs *out, const sable_limbs *in);
sable_status cpu_zero(void *queue, const sable_limbs *out);
sable_status cpu_add(void *queue, const sable_limbs *out, const sable_limbs *a, const sable_limbs *b);
sable_status cpu_sub(void *queue, const sable_limbs *out, const sable_limbs *a, const sable_limbs *b);
sable_status cpu_negate(void *queue, const sable_limbs *out, const sable_limbs *a);
sable_status cpu_mul_mont(void *queue, const sable_limbs *out, const sable_limbs *a, const sable_limbs *b, int add);
sable_status cpu_mul(void *queue, const sable_limbs *out, const sable_limbs *a, const sable_limbs *b);
sable_status cpu_mul_const(void *queue, const sable_limbs *out, const sable_limbs *a, const uint32_t *lo,
                           const uint32_t *hi);
sable_status cpu_add_const(void *queue, const sable_limbs *out, const sable_limbs *a, const uint32_t *lo,
                           const uint32_t *hi);
sable_status cpu_tensor(void *queue, const sable_limbs *out, const sable_limbs *a, size_t a_term_stride,
                        const sable_limbs *b, size_t b_term_stride, uint32_t terms);
sable_status cpu_combine(void *queue, const sable_limbs *out, const sable_limbs *in, const uint32_t *c);

/* backend_reduce.c */
sable_status cpu_check_range(void *queue, const sable_limbs *x, uint64_t *bad);
sable_status cpu_out_of_range(void *queue, const sable_limbs *x, uint64_t *count, uint64_t *list, uint32_t most);
sable_status cpu_largest(void *queue, const sable_limbs *x, uint32_t *largest);
sable_status cpu_digest(void *queue, const sable_limbs *x, uint64_t digest[2]);

/* backend_expand.c */
sable_status cpu_expand(void *queue, const sable_limbs *out, const sable_expansion *from);

#endif
