/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_BACKEND_REGISTRY_H
#define SABLE_BACKEND_REGISTRY_H
/* Finds a backend by the name that users write: "auto", "cpu", "cuda", "cuda:1", "emu". */
#include "base/shared.h"
#include "sable/backend.h"

/* *backend and *device (the text after ':' or NULL, points into name) for a name; NULL means "auto": cuda where its plug-in and a device
 * are found, else cpu. Errors: SABLE_NO_DEVICE with what is available, SABLE_INVALID for an unknown name. */
SABLE_SHARED sable_status sable_backend_find(const sable_backend **backend, const char **device, const char *name, sable_error *err);

#endif
