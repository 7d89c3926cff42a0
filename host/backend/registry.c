/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/registry.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "backend/plugin.h"

/* A plug-in whose devices answer. */
static sable_status find_device(sable_backend_choice *choice, const char *name, sable_error *err) {
    const sable_backend *backend;
    sable_device_list list;
    SABLE_TRY(sable_plugin_load(&backend, NULL, name, err));
    SABLE_TRY(backend->devices(&list, err));
    choice->backend = backend;
    return SABLE_OK;
}

static sable_status find_automatic(sable_backend_choice *choice) {
    sable_error why;
    if (find_device(choice, "cuda", &why) == SABLE_OK) return SABLE_OK;
    choice->backend = sable_backend_cpu();
    (void)snprintf(choice->reason, sizeof choice->reason, "%s", why.text);
    return SABLE_OK;
}

sable_status sable_backend_find(sable_backend_choice *choice, const char *name, sable_error *err) {
    if (!name || !*name) name = "auto";
    const char *colon = strchr(name, ':');
    const size_t length = colon ? (size_t)(colon - name) : strlen(name);
    const char *ordinal = colon ? colon + 1 : NULL;
    char plain[16] = "";
    if (length < sizeof plain) memcpy(plain, name, length);
    *choice = (sable_backend_choice){.device = ordinal, .automatic = strcmp(plain, "auto") == 0};

    const bool cpu = strcmp(plain, "cpu") == 0, device = strcmp(plain, "cuda") == 0 || strcmp(plain, "emu") == 0;
    if (!cpu && !choice->automatic && !device)
        return sable_fail(err, SABLE_NO_DEVICE, "there is no backend \"%s\"; there are auto, cpu, cuda and cuda:NUMBER",
                          name);
    if (ordinal && !device)
        return sable_fail(err, SABLE_NO_DEVICE, "backend \"%s\": %s takes no device number", name, plain);
    if (ordinal && (*ordinal == 0 || strspn(ordinal, "0123456789") != strlen(ordinal)))
        return sable_fail(err, SABLE_NO_DEVICE, "backend \"%s\": the device number after the colon is decimal digits",
                          name);
    if (choice->automatic) return find_automatic(choice);
    if (device) return find_device(choice, plain, err);
    choice->backend = sable_backend_cpu();
    return SABLE_OK;
}
