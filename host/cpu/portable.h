/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CPU_PORTABLE_H
#define SABLE_CPU_PORTABLE_H
/* The kernels in portable C, one family a file, gathered into cpu_kernels_portable by portable.c. They are the
 * definition that the vector paths must equal word for word; a vector path may point its table at any of them.
 * Contracts: kernels.h. */
#include "cpu/kernels.h"

/* portable_ntt.c */
size_t cpu_portable_ntt_block_words(uint32_t log_n);
void cpu_portable_ntt_forward_outer(uint32_t *out, size_t out_step, const uint32_t *in, size_t in_step, size_t columns,
                                    const cpu_tables *t, int stream);
void cpu_portable_ntt_forward_block(uint32_t *out, const uint32_t *in, const cpu_tables *t, size_t block,
                                    const cpu_ahead *ahead);
void cpu_portable_ntt_inverse(uint32_t *out, const uint32_t *in, const cpu_tables *t, uint32_t mult);
void cpu_portable_automorphism(uint32_t *out, const uint32_t *in, uint32_t galois, uint32_t log_n);

/* portable_sums.c */
void cpu_portable_tensor(uint32_t *d0, uint32_t *d1, uint32_t *d2, const uint32_t *a0, const uint32_t *a1,
                         size_t a_stride, const uint32_t *b0, const uint32_t *b1, size_t b_stride, uint32_t terms,
                         size_t n, const sable_prime *q);
void cpu_portable_combine(uint32_t *out, const uint32_t *in, size_t stride, const uint32_t *c, size_t c_stride,
                          uint32_t count, size_t n, const sable_prime *q);
void cpu_portable_inner(uint32_t *out0, uint32_t *out1, const uint32_t *const *d, const uint32_t *const *kb,
                        const uint32_t *const *ka, uint32_t count, const uint32_t *add0, const uint32_t *add1,
                        uint32_t c, size_t n, const sable_prime *q);
size_t cpu_portable_convert_prepare(void *constants, const sable_basis *basis, const sable_ring *ring);
void cpu_portable_base_convert(uint32_t *const *out, const uint32_t *const *y, const sable_basis *basis,
                               const void *constants, const sable_ring *ring, size_t count, bool stream);

/* portable_uniform.c */
void cpu_portable_uniform(uint32_t *out, size_t n, const sable_prime *q, const uint8_t key[32], const uint8_t nonce[8]);

/* portable.c */
size_t cpu_portable_check_range(const uint32_t *a, size_t n, const sable_prime *q);

#endif
