/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CPU_DISPATCH_H
#define SABLE_CPU_DISPATCH_H
/* The kernel sets that this build holds and this processor runs; cpu_kernels_find (kernels.h) picks one by name. */
#include <stdbool.h>

#include "cpu/kernels.h"

/* Set number index, from portable to the best; NULL after the last. */
const cpu_kernels *cpu_kernels_at(size_t index);
/* Their names, separated by commas. */
void cpu_kernels_list(char *text, size_t bytes);

#endif
