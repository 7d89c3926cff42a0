/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CPU_KERNELS_AMX_H
#define SABLE_CPU_KERNELS_AMX_H
/* The kernels that path "amx" has of its own; cpu/dispatch.c makes its table of them and of the best other kernels. */
#include <stdbool.h>

#include "cpu/kernels.h"

/* cpu_kernels.convert_prepare and base_convert. The process must have the system's permission for tiles. */
size_t cpu_amx_convert_prepare(void *constants, const sable_basis *basis, const sable_ring *ring);
void cpu_amx_base_convert(uint32_t *const *out, const uint32_t *const *y, const sable_basis *basis,
                          const void *constants, const sable_ring *ring, size_t count, bool stream);

/* The processor has tiles, and the system lets this process use them: asks for that, in all threads, for good. */
bool cpu_amx_permitted(void);

#endif
