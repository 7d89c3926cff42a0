/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_TABLE_H
#define SABLE_KERNELS_TABLE_H
/* The functions of the backend table, implemented by table_*.c; contracts: sable/backend.h. */
#include "sable/backend.h"

/* table_element.c */
sable_status gpu_copy(void *queue, const sable_limbs *out, const sable_limbs *in);
sable_status gpu_zero(void *queue, const sable_limbs *out);
sable_status gpu_automorphism(void *queue, const sable_limbs *out, const sable_limbs *in, uint32_t galois);
sable_status gpu_add(void *queue, const sable_limbs *out, const sable_limbs *a, const sable_limbs *b);
sable_status gpu_sub(void *queue, const sable_limbs *out, const sable_limbs *a, const sable_limbs *b);
sable_status gpu_negate(void *queue, const sable_limbs *out, const sable_limbs *a);
sable_status gpu_mul_mont(void *queue, const sable_limbs *out, const sable_limbs *a, const sable_limbs *b, int add);
sable_status gpu_mul(void *queue, const sable_limbs *out, const sable_limbs *a, const sable_limbs *b);
sable_status gpu_mul_const(void *queue, const sable_limbs *out, const sable_limbs *a, const uint32_t *lo,
                           const uint32_t *hi);
sable_status gpu_add_const(void *queue, const sable_limbs *out, const sable_limbs *a, const uint32_t *lo,
                           const uint32_t *hi);

/* table_transform.c */
sable_status gpu_ntt_forward(void *queue, const sable_limbs *x);
sable_status gpu_ntt_inverse(void *queue, const sable_limbs *out, const sable_limbs *in, const uint32_t *mult);

/* table_data.c */
sable_status gpu_encode(void *queue, const sable_limbs *out, const double *hi, const double *lo, uint32_t gap);
sable_status gpu_check_range(void *queue, const sable_limbs *x, uint64_t *bad);

/* table_sums.c */
sable_status gpu_tensor(void *queue, const sable_limbs *out, const sable_limbs *a, size_t a_term_stride,
                        const sable_limbs *b, size_t b_term_stride, uint32_t terms);
sable_status gpu_combine(void *queue, const sable_limbs *out, const sable_limbs *in, const uint32_t *c);
sable_status gpu_key_inner(void *queue, const sable_limbs *acc, const sable_limbs *digits, const sable_limbs *own,
                           const sable_limbs *key, uint32_t alpha, uint32_t first_block, const sable_limbs *add,
                           const uint32_t *add_mult);
sable_status gpu_base_convert(void *queue, const sable_limbs *out, const sable_limbs *y, const sable_basis *basis);

/* table_switch.c */
sable_status gpu_mod_up(void *queue, const sable_limbs *digits, const sable_limbs *y, const sable_basis *const *up);
sable_status gpu_key_switch(void *queue, const sable_limbs *acc, const sable_limbs *y, const sable_basis *const *up,
                            const sable_limbs *own, const sable_limbs *key, uint32_t alpha, uint32_t first_block,
                            const sable_limbs *add, const uint32_t *add_mult);
sable_status gpu_ntt_mod_down(void *queue, const sable_limbs *out, const sable_limbs *e, const sable_limbs *x,
                              const uint32_t *x_mult, const uint32_t *e_mult);
sable_status gpu_mod_down(void *queue, const sable_limbs *out, const sable_limbs *y, const sable_basis *basis,
                          const sable_limbs *x, const uint32_t *x_mult, const uint32_t *e_mult, uint32_t galois,
                          const sable_limbs *add);

/* table_switch_down.c */
sable_status gpu_switch_down(void *queue, const sable_limbs *out, const sable_switch *w);

/* table_expand.c */
sable_status gpu_expand(void *queue, const sable_limbs *out, const sable_expansion *from);

/* table_hoist.c */
sable_status gpu_key_inner_many(void *queue, const sable_limbs *acc, const sable_limbs *digits, const sable_limbs *own,
                                const sable_limbs *keys, const uint32_t *galois, uint32_t count, uint32_t alpha,
                                uint32_t first_block, const sable_limbs *add, const uint32_t *add_mult);
sable_status gpu_accumulate(void *queue, const sable_limbs *out, const sable_limbs *in, const sable_limbs *pt,
                            const uint32_t *which, uint32_t terms);

/* table_slots.c */
sable_status gpu_decode(void *queue, double *values, const sable_limbs *y, uint32_t slots, double unit_hi,
                        double unit_lo, int is_complex);
sable_status gpu_encode_slots(void *queue, const sable_limbs *out, const double *values, uint32_t slots,
                              double scale_hi, double scale_lo, int is_complex);

/* table_digest.c */
sable_status gpu_out_of_range(void *queue, const sable_limbs *x, uint64_t *count, uint64_t *list, uint32_t most);
sable_status gpu_largest(void *queue, const sable_limbs *x, uint32_t *largest);
sable_status gpu_digest(void *queue, const sable_limbs *x, uint64_t digest[2]);

#endif
