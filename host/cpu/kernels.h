/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CPU_KERNELS_H
#define SABLE_CPU_KERNELS_H
/* The loops over coefficients of the cpu backend, one limb (or one block of columns) at a time. One table per instruction set; all
 * tables give the same words. cpu/backend.c walks views and threads and calls these. Pointers are 64-byte aligned unless stated, n is a power of
 * two >= 16; inputs and outputs are canonical. "In place" = out may equal an input. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/shared.h"
#include "sable/backend.h"

/* Largest number of rows (digits, terms) that one call of a summing kernel takes. */
#define CPU_MAX_ROWS 64

/* One prime's transform data as a kernel wants it; made once by prepare() in memory of the backend state. */
typedef struct cpu_tables {
    const sable_ring *ring;
    uint32_t pos;
    void *packed; /* owned by the kernel set: its own twiddle layout, or NULL to use ring's tables */
    size_t packed_bytes;
} cpu_tables;

/* Rows, as long as a transform block, that the caller needs next: a kernel may fetch them into the second-level cache
 * while it computes, so that memory and arithmetic overlap. */
#define CPU_AHEAD_ROWS 4
typedef struct cpu_ahead {
    uint32_t rows;
    const uint32_t *row[CPU_AHEAD_ROWS];
} cpu_ahead;

typedef struct cpu_kernels {
    const char *name; /* "portable", "avx2", "avx512", "amx" */
    /* Sizes and builds the packed tables of one prime; packed == NULL asks for the size only. */
    size_t (*prepare)(void *packed, const sable_ring *ring, uint32_t pos);

    /* The forward transform in two steps. The limb is rows * words, words = ntt_block_words(log_n), a power of two.
     *   outer: passes over columns, each of the `rows` words j + r*words: words j + r*in_step of `in` to j + r*out_step
     *          of `out`, j < columns, a multiple of 16 (n of it if rows = 1). out may be in with equal steps. Its
     *          results are below 2^32, in a range private to the table. stream: they may bypass the caches.
     *   block: everything else for block b, words b*words.. of the limb; canonical afterwards. out may be in.
     * Columns are independent of each other in the first step, blocks in the second. */
    size_t (*ntt_block_words)(uint32_t log_n);
    void (*ntt_forward_outer)(uint32_t *out, size_t out_step, const uint32_t *in, size_t in_step, size_t columns,
                              const cpu_tables *t, int stream);
    void (*ntt_forward_block)(uint32_t *out, const uint32_t *in, const cpu_tables *t, size_t block,
                              const cpu_ahead *ahead);
    void (*ntt_inverse)(uint32_t *out, const uint32_t *in, const cpu_tables *t,
                        uint32_t mult); /* out may be in; times N^-1 * mult */

    void (*add)(uint32_t *out, const uint32_t *a, const uint32_t *b, size_t n, const sable_prime *q);
    void (*sub)(uint32_t *out, const uint32_t *a, const uint32_t *b, size_t n, const sable_prime *q);
    void (*negate)(uint32_t *out, const uint32_t *a, size_t n, const sable_prime *q);
    void (*mul_mont)(uint32_t *out, const uint32_t *a, const uint32_t *b, size_t n, const sable_prime *q);
    void (*mul_mont_add)(uint32_t *out, const uint32_t *a, const uint32_t *b, size_t n,
                         const sable_prime *q); /* out += a*b */
    void (*mul)(uint32_t *out, const uint32_t *a, const uint32_t *b, size_t n, const sable_prime *q);
    void (*mul_const)(uint32_t *out, const uint32_t *a, uint32_t c, size_t n, const sable_prime *q);
    void (*add_const)(uint32_t *out, const uint32_t *a, uint32_t c, size_t n, const sable_prime *q);
    /* out = s + a*b + m; a, s plain, b and m in Montgomery form; m NULL counts as 0. out may be any input. */
    void (*affine)(uint32_t *out, const uint32_t *s, const uint32_t *a, const uint32_t *b, const uint32_t *m, size_t n,
                   const sable_prime *q);
    /* out = (x - e)*c for small signed x, |x| < 128; e NULL counts as 0. Plain constant. out may be e. */
    void (*lift)(uint32_t *out, const int8_t *x, const uint32_t *e, uint32_t c, size_t n, const sable_prime *q);
    /* d0 = sum a0*b0, d1 = sum a0*b1 + a1*b0, d2 = sum a1*b1 over t < terms; term t at a0 + t*a_stride and so on. */
    void (*tensor)(uint32_t *d0, uint32_t *d1, uint32_t *d2, const uint32_t *a0, const uint32_t *a1, size_t a_stride,
                   const uint32_t *b0, const uint32_t *b1, size_t b_stride, uint32_t terms, size_t n,
                   const sable_prime *q);
    /* out = sum_t in[t*stride + j] * c[t*c_stride], t < count (any count). Plain constants. */
    void (*combine)(uint32_t *out, const uint32_t *in, size_t stride, const uint32_t *c, size_t c_stride,
                    uint32_t count, size_t n, const sable_prime *q);
    /* out0 = sum_j d[j]*kb[j] + add0*c, out1 = sum_j d[j]*ka[j] + add1*c; d plain, kb, ka in Montgomery form; add0, add1 may be NULL.
     * count <= CPU_MAX_ROWS. out0, out1 overlap nothing. */
    void (*inner)(uint32_t *out0, uint32_t *out1, const uint32_t *const *d, const uint32_t *const *kb,
                  const uint32_t *const *ka, uint32_t count, const uint32_t *add0, const uint32_t *add1, uint32_t c,
                  size_t n, const sable_prime *q);
    /* out = x*xc - e*ec; x NULL counts as 0. out may be x or e. */
    void (*mod_down)(uint32_t *out, const uint32_t *x, const uint32_t *e, uint32_t xc, uint32_t ec, size_t n,
                     const sable_prime *q);
    /* Makes the constants of a basis as base_convert wants them, in memory aligned to 64 bytes, and returns their size in
     * bytes; constants == NULL asks for the size only, 0 when base_convert needs none. */
    size_t (*convert_prepare)(void *constants, const sable_basis *basis, const sable_ring *ring);
    /* Columns [0, count) of a base conversion: y[i], out[d] point at the first column, 64-byte aligned; count is a multiple
     * of 16. stream: as for ntt_forward_outer. */
    void (*base_convert)(uint32_t *const *out, const uint32_t *const *y, const sable_basis *basis,
                         const void *constants, const sable_ring *ring, size_t count, bool stream);
    /* out[j] = in[pi(j)], see sable_backend.automorphism. */
    void (*automorphism)(uint32_t *out, const uint32_t *in, uint32_t galois, uint32_t log_n);
    /* out[t] = (x[t] - 2^62) * 2^32 mod p, x < 2^63. */
    void (*encode)(uint32_t *out, const uint64_t *x, size_t n, const sable_prime *q);
    /* out[t] = (high[t] * 2^64 + low[t] - 2^127) * 2^32 mod p. */
    void (*encode_wide)(uint32_t *out, const uint64_t *low, const uint64_t *high, size_t n, const sable_prime *q);
    /* After the last streaming store of a thread, before another thread reads. */
    void (*drain)(void);
    /* Index of the first word >= p, or n. */
    size_t (*check_range)(const uint32_t *a, size_t n, const sable_prime *q);
    /* out[i] = word i%16 (little-endian) of ChaCha20 block attempt<<32 | i/16, masked to the bit length of p: the first attempt
     * from 0 on that is below p. n is any number for the portable table. */
    void (*uniform)(uint32_t *out, size_t n, const sable_prime *q, const uint8_t key[32], const uint8_t nonce[8]);
} cpu_kernels;

extern const cpu_kernels cpu_kernels_portable;
#if defined(__x86_64__) && !defined(SABLE_NO_X86)
extern const cpu_kernels cpu_kernels_avx2;
extern const cpu_kernels cpu_kernels_avx512;
#endif

/* The forward transform of one limb, in place, and its two steps. */
static inline void cpu_ntt_limb_outer(const cpu_kernels *k, uint32_t *a, const cpu_tables *t) {
    const size_t words = k->ntt_block_words(t->ring->log_n);
    k->ntt_forward_outer(a, words, a, words, words, t, 0);
}
static inline void cpu_ntt_limb_blocks(const cpu_kernels *k, uint32_t *a, const cpu_tables *t) {
    const size_t words = k->ntt_block_words(t->ring->log_n), blocks = t->ring->n / words;
    const cpu_ahead nothing = {0, {NULL}};
    for (size_t b = 0; b < blocks; b++) k->ntt_forward_block(a + b * words, a + b * words, t, b, &nothing);
}
static inline void cpu_ntt_limb(const cpu_kernels *k, uint32_t *a, const cpu_tables *t) {
    cpu_ntt_limb_outer(k, a, t);
    cpu_ntt_limb_blocks(k, a, t);
}

/* The nonce of `uniform` (sable_expansion). */
static inline void cpu_nonce(uint8_t nonce[8], uint32_t purpose, uint32_t digit, uint32_t position, uint32_t object) {
    const uint32_t high = purpose << 24 | digit << 16 | position;
    for (int i = 0; i < 4; i++) {
        nonce[i] = (uint8_t)(high >> (24 - 8 * i));
        nonce[4 + i] = (uint8_t)(object >> (24 - 8 * i));
    }
}

/* The table of an open state of the cpu backend, for work on single limbs that no device does. */
SABLE_SHARED const cpu_kernels *sable_cpu_kernels(const void *state);

/* The best table that this processor runs, or the one named; NULL when the name is unknown or the processor lacks it. */
const cpu_kernels *cpu_kernels_find(const char *name);

#endif
