/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel table on AVX-512 (F, BW, DQ, VL). */
#include "cpu/kernels.h"

#include "cpu/simd_avx512.h"

#include "cpu/vec_mod.inc.h"

#include "cpu/vec_stage.inc.h"

#include "cpu/vec_convert.inc.h"
#include "cpu/vec_elem.inc.h"
#include "cpu/vec_misc.inc.h"
#include "cpu/vec_ntt.inc.h"
#include "cpu/vec_sums.inc.h"
#include "cpu/vec_uniform.inc.h"

#include "cpu/vec_table.inc.h"

const cpu_kernels cpu_kernels_avx512 = VEC_TABLE("avx512");
