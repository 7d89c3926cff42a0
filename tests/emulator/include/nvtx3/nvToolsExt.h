/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMU_NVTX_H
#define EMU_NVTX_H
/* Ranges for profilers: nothing records them here, so these do nothing. */
#include <stdint.h>

typedef uint64_t nvtxRangeId_t;
typedef struct nvtxDomainRegistration_st *nvtxDomainHandle_t;

static inline void nvtxMarkA(const char *message) { (void)message; }
static inline int nvtxRangePushA(const char *message) {
    (void)message;
    return 0;
}
static inline int nvtxRangePop(void) { return 0; }
static inline nvtxRangeId_t nvtxRangeStartA(const char *message) {
    (void)message;
    return 1;
}
static inline void nvtxRangeEnd(nvtxRangeId_t id) { (void)id; }
static inline nvtxDomainHandle_t nvtxDomainCreateA(const char *name) {
    (void)name;
    return 0;
}
static inline void nvtxDomainDestroy(nvtxDomainHandle_t domain) { (void)domain; }

#endif
