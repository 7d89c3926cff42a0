/* SPDX-License-Identifier: Apache-2.0 */
#include "sable/sable.h"

#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)

const char *sable_version(void) {
    return TEXT(SABLE_VERSION_MAJOR) "." TEXT(SABLE_VERSION_MINOR) "." TEXT(SABLE_VERSION_PATCH);
}
