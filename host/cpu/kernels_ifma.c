/* SPDX-License-Identifier: Apache-2.0 */
/* The transforms on AVX-512 with IFMA. */
#include "cpu/kernels_ifma.h"

#include "cpu/simd_avx512.h"

#include "cpu/vec_mod.inc.h"

#include "cpu/vec_ntt.inc.h"

#include "cpu/vec_ifma.inc.h"

void cpu_ifma_transforms(cpu_kernels *k) {
    k->prepare = ifma_prepare;
    k->ntt_block_words = vec_ntt_block_words;
    k->ntt_forward_outer = ifma_ntt_forward_outer;
    k->ntt_forward_block = ifma_ntt_forward_block;
    k->ntt_inverse = ifma_ntt_inverse;
    k->drain = vec_drain;
}
