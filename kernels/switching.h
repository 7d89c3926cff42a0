/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_SWITCHING_H
#define SABLE_KERNELS_SWITCHING_H
/* Key switches from decomposed polynomials to accumulators (table_switch.c), for the functions of the table that have one. */
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
sable_status gpu_switch_digits(gpu_queue *q, const sable_limbs *acc, const sable_limbs *y, const gpu_switching *what);

#endif
