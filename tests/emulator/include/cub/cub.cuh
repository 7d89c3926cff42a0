/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMU_CUB_CUH
#define EMU_CUB_CUH
/* The device-wide functions of CUB that the project uses. Results are those of one thread from left to right: for
 * operations that are not associative CUB's differ, from run to run too. */
#include "device/device_reduce.cuh"
#include "device/device_scan.cuh"
#include "device/device_segmented_reduce.cuh"
#include "device/device_select.cuh"

#endif
