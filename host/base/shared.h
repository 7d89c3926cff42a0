/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_BASE_SHARED_H
#define SABLE_BASE_SHARED_H
/* Marks a function of libsable that libsable_client of the same version calls and that is not part of the API: exported, in no
 * public header, free to change. */
#include "sable/status.h"
#define SABLE_SHARED SABLE_API
#endif
