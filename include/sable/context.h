/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CONTEXT_H
#define SABLE_CONTEXT_H
/* Contexts and queues.
 *
 * A context is a parameter set with its tables on one backend: immutable after creation, shared by threads, outlives every object made in
 * it. A queue is one ordered stream of work with its own scratch memory and error sentence: used by one thread at a time. */
#include <stddef.h>
#include <stdint.h>

#include "sable/params.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sable_ctx sable_ctx;
typedef struct sable_queue sable_queue;

typedef struct sable_ctx_options {
    size_t struct_size;
    /* "auto" (cuda where the plug-in, a driver and a device are there, else cpu), "cpu", "cuda", "cuda:1"; NULL:
     * environment SABLE_BACKEND, else "auto". No other fall-back: "cuda" without a device is refused. */
    const char *backend;
    const char
        *cpu_path; /* "portable", "avx2", "avx512", ...; NULL: environment SABLE_CPU, else the best of this machine */
    uint32_t threads; /* cpu: 0 = the OpenMP default (OMP_NUM_THREADS), or fewer where the system does not start them */
    size_t memory_cap; /* bytes of backend memory, 0 = no cap */
} sable_ctx_options;

/* params are copied. options may be NULL. Cost: builds 4*N words of tables a prime.
 * Errors: SABLE_NO_DEVICE (what is available is named), SABLE_NO_MEMORY (bytes needed). */
SABLE_API SABLE_CHECKED sable_status sable_ctx_create(sable_ctx **out, const sable_params *params,
                                                      const sable_ctx_options *options, sable_error *err);
/* Everything made in the context must be gone. Sets *ctx to NULL; NULL is a no-op. */
SABLE_API void sable_ctx_destroy(sable_ctx **ctx);
SABLE_API const sable_params *sable_ctx_params(const sable_ctx *ctx);

typedef struct sable_ctx_info {
    size_t struct_size;
    const char *backend; /* "cpu", "cuda" */
    const char *path;    /* "avx512"; of cuda "sm_90, NAME" */
    const char *reason;  /* one sentence: why "auto" chose cpu; "" otherwise. Lives as long as the context */
    uint32_t threads;
    size_t bytes_live, bytes_peak; /* backend memory of objects and scratch */
} sable_ctx_info;
SABLE_API SABLE_CHECKED sable_status sable_ctx_describe(const sable_ctx *ctx, sable_ctx_info *info);

#define SABLE_MAX_QUEUES 64 /* alive at once in one context */
/* stream: an external CUDA stream to run on, or NULL. Errors: SABLE_LIMIT, SABLE_NO_MEMORY. */
SABLE_API SABLE_CHECKED sable_status sable_queue_create(sable_queue **out, sable_ctx *ctx, void *stream,
                                                        sable_error *err);
/* Waits, then frees. Objects last written by the queue stay usable. */
SABLE_API void sable_queue_destroy(sable_queue **queue);
/* Waits for all work of the queue; an asynchronous fault surfaces here at the latest. */
SABLE_API SABLE_CHECKED sable_status sable_queue_sync(sable_queue *queue);
/* Work given to `queue` from now on starts after everything given to `other` so far, and after all that `other` itself came behind.
 * Needed before an object is read that another queue wrote, and before one is overwritten that another queue reads: refused with
 * SABLE_BUSY otherwise. Destroying an object orders itself. */
SABLE_API SABLE_CHECKED sable_status sable_queue_wait(sable_queue *queue, sable_queue *other);
/* The sentence of the last call on the queue that failed; "" before any. Valid until the next failing call. */
SABLE_API const char *sable_queue_error(const sable_queue *queue);
SABLE_API sable_ctx *sable_queue_ctx(const sable_queue *queue);

#ifdef __cplusplus
}
#endif
#endif
