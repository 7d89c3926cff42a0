/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/cufft_open.h"

#include <dlfcn.h>
#include <string.h>

/* Versions 11 and 12 have the same functions: the CUDA Toolkits 12 and 13. */
#ifdef __CUDA_EMULATOR__
static const char *const names[] = {"libsable_emulator.so"};
#else
static const char *const names[] = {"libcufft.so.12", "libcufft.so.11"};
#endif

/* The one thing that contexts share: the library's functions, never closed, for closing it would end plans of others. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static gpu_cufft found;
static int complete;

static int take(void *library, void *function, const char *name) {
    void *symbol = dlsym(library, name);
    memcpy(function, &symbol, sizeof symbol); /* C has no cast from an object's pointer to a function's */
    return symbol != NULL;
}

static void open_library(void) {
    void *library = NULL;
    for (size_t i = 0; !library && i < sizeof names / sizeof *names; i++)
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    complete = library && take(library, &found.create, "cufftCreate") &&
               take(library, &found.auto_allocation, "cufftSetAutoAllocation") &&
               take(library, &found.make, "cufftMakePlanMany") && take(library, &found.work_area, "cufftSetWorkArea") &&
               take(library, &found.stream, "cufftSetStream") && take(library, &found.run, "cufftExecZ2Z") &&
               take(library, &found.destroy, "cufftDestroy");
}

sable_status gpu_cufft_find(gpu_queue *queue, const gpu_cufft **cufft) {
    (void)pthread_once(&once, open_library);
    *cufft = &found;
    if (complete) return SABLE_OK;
    return sable_fail(&queue->err, SABLE_UNSUPPORTED,
                      "decoding on the device needs cuFFT 11 or 12, which is not installed: %s is looked for",
                      names[0]);
}
