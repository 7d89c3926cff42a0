/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_BACKEND_PLUGIN_H
#define SABLE_BACKEND_PLUGIN_H
/* Backends in shared objects of their own: libsable_NAME.so, looked for in SABLE_PLUGIN_DIR, then beside the library. One that was
 * loaded stays loaded for the life of the process. */
#include "base/fail.h"
#include "sable/backend.h"

enum { SABLE_PLUGIN_PATH = 512 };

/* The plug-in's table, and where it was found (path may be NULL; has room for SABLE_PLUGIN_PATH). name: lower-case letters.
 * SABLE_NO_DEVICE: not found, not loadable or of another version; the sentence says which and what to do, and path is ""
 * when there is no such file. */
SABLE_SHARED sable_status sable_plugin_load(const sable_backend **backend, char *path, const char *name,
                                            sable_error *err);

#endif
