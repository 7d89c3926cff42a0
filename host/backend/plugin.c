/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/plugin.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The folder that the user names. Ignored in a process with more rights than its user, and unless it is absolute: what a process loads
 * must not depend on where it happens to stand. */
static const char *named_folder(void) {
    const char *folder = secure_getenv("SABLE_PLUGIN_DIR");
    return folder && *folder == '/' ? folder : NULL;
}

/* The folder of the file that holds this code: libsable, or a program that was linked with its objects. */
static bool own_folder(char folder[PATH_MAX]) {
    static const char here = 0;
    Dl_info info;
    if (!dladdr(&here, &info) || !info.dli_fname || !realpath(info.dli_fname, folder)) return false;
    char *slash = strrchr(folder, '/');
    if (!slash) return false;
    *slash = 0;
    return true;
}

static bool find_file(char path[SABLE_PLUGIN_PATH], const char *folder, const char *name) {
    const int length = snprintf(path, SABLE_PLUGIN_PATH, "%s/libsable_%s.so", folder, name);
    if (length > 0 && length < SABLE_PLUGIN_PATH && access(path, R_OK) == 0) return true;
    *path = 0;
    return false;
}

sable_status sable_plugin_load(const sable_backend **backend, char *path, const char *name, sable_error *err) {
    char file[SABLE_PLUGIN_PATH] = "", own[PATH_MAX] = "?";
    const char *named = named_folder();
    const bool found = (named && find_file(file, named, name)) || (own_folder(own) && find_file(file, own, name));
    if (path) memcpy(path, file, sizeof file);
    if (!found)
        return sable_fail(
            err, SABLE_NO_DEVICE,
            "there is no plug-in libsable_%s.so in %s%s%s: install it beside libsable, or name its folder (an "
            "absolute path) in SABLE_PLUGIN_DIR",
            name, named ? named : "", named ? " or " : "", own);
    /* The handle is kept on purpose: tables and code of a plug-in stay valid. Loading again returns the same one. */
    void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        const char *why = dlerror();
        return sable_fail(err, SABLE_NO_DEVICE, "the plug-in %s does not load: %s", file,
                          why ? why : "no reason given");
    }
    union { /* C has no other conversion of what dlsym returns */
        void *object;
        sable_backend_get_function *function;
    } get = {dlsym(handle, "sable_backend_get")};
    const sable_host_services services = {sizeof services};
    const sable_backend *table = get.object ? get.function(SABLE_BACKEND_ABI, &services) : NULL;
    if (!table)
        return sable_fail(err, SABLE_NO_DEVICE,
                          "%s is no plug-in of Sable: sable_backend_get is missing or gives nothing", file);
    if (table->abi != SABLE_BACKEND_ABI || table->struct_size != sizeof *table)
        return sable_fail(
            err, SABLE_NO_DEVICE,
            "the plug-in %s speaks version %u of the backend table (%u bytes), this library version %u (%zu bytes): "
            "install both from one release",
            file, table->abi, table->struct_size, SABLE_BACKEND_ABI, sizeof *table);
    *backend = table;
    return SABLE_OK;
}
