/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/registry.h"

#include <stdbool.h>
#include <string.h>

sable_status sable_backend_find(const sable_backend **backend, const char **device, const char *name,
                                sable_error *err) {
    if (!name || !*name) name = "auto";
    const char *colon = strchr(name, ':');
    size_t length = colon ? (size_t)(colon - name) : strlen(name);
    const char *rest = colon ? colon + 1 : NULL;
    bool is_cpu = length == 3 && memcmp(name, "cpu", 3) == 0;
    bool is_auto = length == 4 && memcmp(name, "auto", 4) == 0;
    if (is_cpu || is_auto) {
        if (rest)
            return sable_fail(err, SABLE_NO_DEVICE, "backend \"%s\": %.*s takes no device number", name, (int)length,
                              name);
        *backend = sable_backend_cpu();
        if (device) *device = NULL;
        return SABLE_OK;
    }
    return sable_fail(err, SABLE_NO_DEVICE, "backend \"%s\" is not available; this build offers cpu", name);
}
