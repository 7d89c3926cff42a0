/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_INSPECT_META_H
#define SABLE_TOOL_INSPECT_META_H
#include "io/container.h"

/* Reports what META says about ciphertexts, data sets, results, encrypted models and key sets; nothing for other kinds.
 * Digest and length are checked, values are shown as they are. */
sable_status inspect_meta(const sable_container *file, const char *path, sable_error *err);

#endif
