/* SPDX-License-Identifier: Apache-2.0
 * Included by the compiler before every C++ test. Internal headers of Sable are plain C11 without linkage guards; tests
 * include them inside extern "C" { }. For that the standard headers they use must have been seen before (templates
 * cannot have C linkage), and the C11 keywords that C++ spells differently need their C++ names. */
#ifndef SABLE_C_HEADERS_IN_CPP_H
#define SABLE_C_HEADERS_IN_CPP_H

#include <assert.h>
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define restrict __restrict__
#define _Alignas alignas
#define _Alignof alignof
#define _Noreturn [[noreturn]]
#define _Static_assert static_assert
/* Same size and alignment; tests leave such fields to the C code. */
#define _Atomic

#endif
