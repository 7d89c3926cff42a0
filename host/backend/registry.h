/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_BACKEND_REGISTRY_H
#define SABLE_BACKEND_REGISTRY_H
/* Finds a backend by the name that users write in SABLE_BACKEND. */
#include "base/fail.h"
#include "sable/backend.h"

typedef struct sable_backend_choice {
    const sable_backend *backend;
    const char *device; /* the text after the colon, which points into the name, or NULL */
    int automatic;      /* the name left the choice to the library */
    char reason[496];   /* of an automatic choice of cpu: why not cuda; otherwise "" */
} sable_backend_choice;

/* NAME or NAME:ORDINAL, such as "cpu", "cuda" and "cuda:1". NULL, "" and "auto": cuda where plug-in, driver and device are there, else
 * cpu. Errors: SABLE_NO_DEVICE saying what is missing. */
sable_status sable_backend_find(sable_backend_choice *choice, const char *name, sable_error *err);

#endif
