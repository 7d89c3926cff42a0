/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_KERNELS_TUNE_H
#define SABLE_KERNELS_TUNE_H
/* Block sizes and tile shapes of the kernels: the only place for such numbers. */

#define GPU_BLOCK 256 /* threads of element-wise kernels */

#endif
