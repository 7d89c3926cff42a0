/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_SWITCHING_H
#define SABLE_KERNELS_SWITCHING_H
/* Key switches from decomposed polynomials to accumulators, and divisions, in scratch of the caller (table_switch.c): what
 * functions of the table are made of. */
#include "kernels/runtime.h"

/* As the operands of sable_backend.key_switch, and for rings of N >= 2^10: */
typedef struct gpu_switching {
    const sable_basis *const *up;
    const sable_limbs *own, *key, *add;
    const uint32_t *add_mult;
    uint32_t alpha, first_block;
    const sable_limbs *times; /* not NULL: own and times are ciphertexts, whose product is switched; add is NULL */
    const uint32_t *leave;    /* not NULL: by limb of acc, as in gpu_switch (keyswitch.h) */
} gpu_switching;
sable_status gpu_switch_digits(gpu_queue *q, const sable_limbs *acc, const sable_limbs *y, const gpu_switching *what,
                               void *scratch);
/* As sable_backend.mod_down. */
sable_status gpu_divide(gpu_queue *q, const sable_limbs *out, const sable_limbs *y, const sable_basis *basis,
                        const sable_limbs *x, const uint32_t *x_mult, const uint32_t *e_mult, uint32_t galois,
                        const sable_limbs *add, void *scratch);

/* Bytes of the scratch. */
size_t gpu_switch_scratch(const gpu_queue *q, const sable_limbs *acc, const gpu_switching *what);
size_t gpu_division_scratch(const gpu_queue *q, const sable_limbs *out);

#endif
