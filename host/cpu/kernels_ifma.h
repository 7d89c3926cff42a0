/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CPU_KERNELS_IFMA_H
#define SABLE_CPU_KERNELS_IFMA_H
/* The transforms in 64-bit lanes (AVX-512 IFMA), as a change of another path's table. */
#include "cpu/kernels.h"

/* Puts the transforms and their prepare() into k, a table of a processor that has AVX-512 (F, BW, DQ, VL) and IFMA. */
void cpu_ifma_transforms(cpu_kernels *k);

#endif
