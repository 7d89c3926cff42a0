/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMU_CUCOMPLEX_H
#define EMU_CUCOMPLEX_H
#include "vector_types.h"

typedef float2 cuFloatComplex;
typedef double2 cuDoubleComplex;

#endif
