/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_BACKEND_REGISTRY_H
#define SABLE_BACKEND_REGISTRY_H
/* Finds a backend by the name that users write in SABLE_BACKEND. */
#include "base/fail.h"
#include "sable/backend.h"

/* NAME or NAME:ORDINAL. "cpu", or NULL, "" and "auto" for the best one present. *device is the text after the colon,
 * which points into name, or NULL. Errors: SABLE_NO_DEVICE naming what there is. */
sable_status sable_backend_find(const sable_backend **backend, const char **device, const char *name, sable_error *err);

#endif
