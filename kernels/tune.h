/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_TUNE_H
#define SABLE_KERNELS_TUNE_H
/* Block sizes and tile shapes of the kernels: the only place for such numbers. */

#define GPU_BLOCK_LOG 8
#define GPU_BLOCK     (1 << GPU_BLOCK_LOG) /* threads of element-wise kernels */

#endif
