/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMU_EMULATOR_H
#define EMU_EMULATOR_H
/* What a test asks the emulator: which defects it saw, what is still alive, and which call shall fail. */
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum emu_defect_kind {
    EMU_OUT_OF_BOUNDS,     /* a kernel or copy touched no allocation, or left the one it was in */
    EMU_MISALIGNED,        /* ... 16 bytes at an address that is no multiple of 16, or no address at all */
    EMU_USE_AFTER_FREE,    /* ... touched one that was freed */
    EMU_STREAM_ORDER,      /* two streams touched an allocation without an event or synchronisation between them */
    EMU_HOST_ACCESS,       /* host code read or wrote device memory */
    EMU_HOST_BUFFER,       /* host code touched page-locked memory that a copy in flight uses */
    EMU_HOST_POINTER,      /* a kernel was given a pointer to ordinary host memory */
    EMU_GUARD,             /* words beside an allocation were overwritten */
    EMU_SHARED_GUARD,      /* ... beside an array in shared memory */
    EMU_SHARED_SIZE,       /* more shared memory than the launch may have */
    EMU_DIVERGENT_BARRIER, /* threads of a block did not meet at one barrier */
    EMU_DIVERGENT_WARP,    /* lanes named by a mask did not meet at one warp function */
    EMU_RACE,              /* another order of threads gave another result */
    EMU_STACK,             /* a thread used more stack than the emulator gives it */
    EMU_UNCHECKED_LAUNCH,  /* a launch failed and nobody asked for the error */
    EMU_INVALID_FREE,      /* freed twice, or never allocated, or in use */
    EMU_INVALID_HANDLE,    /* a stream, event, graph or pool that is not alive */
    EMU_CALLBACK,          /* a host function called the CUDA runtime */
    EMU_DEFECT_KINDS
} emu_defect_kind;

typedef struct emu_defect_info {
    emu_defect_kind kind;
    const char *name;     /* of the kind, such as "stream order" */
    const char *sentence; /* what happened, with kernel, block, thread, address and allocation where known */
} emu_defect_info;

/* Defects since the start or since emu_clear, in order. A sentence stays valid until emu_clear. */
size_t emu_defects(void);
emu_defect_info emu_defect(size_t i);

/* Forgets defects and planned failures and revives devices that a fault had ended. Objects stay alive. */
void emu_clear(void);

typedef struct emu_counts {
    size_t allocations, allocated_bytes, host_allocations, streams, events, graphs, graph_execs, pools, plans;
} emu_counts;

/* What was created and not destroyed; default pools and default streams are not counted. */
emu_counts emu_live(void);

typedef enum emu_call_kind { EMU_ALLOC, EMU_COPY, EMU_LAUNCH, EMU_CREATE, EMU_CALL_KINDS } emu_call_kind;
typedef enum emu_failure {
    EMU_FAIL_CALL, /* the call itself fails: cudaErrorMemoryAllocation, cudaErrorLaunchOutOfResources */
    EMU_FAIL_ASYNC /* the call succeeds, the device has ended at the next synchronisation: cudaErrorIllegalAddress,
                      cudaErrorLaunchFailure; allocations and creations fail at once all the same */
} emu_failure;

/* The k-th call of that kind from now on fails, k >= 1; 0 cancels. In the environment:
 * SABLE_EMU_FAIL=alloc:3,launch:2:async. */
void emu_fail_at(emu_call_kind kind, uint64_t k, emu_failure how);

/* Calls of that kind since the start: a test counts them once, then fails each in turn. */
uint64_t emu_calls(emu_call_kind kind);

/* SABLE_EMU_ORDER, from now on: "forward", "reverse", "random", "random:7", "all". Returns 0, or -1 if it is none. */
int emu_set_order(const char *order);

#ifdef __cplusplus
}
#endif

#endif
