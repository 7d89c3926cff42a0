/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "backend/registry.h"
#include "ckks/encoder.h"
#include "ckks/tables.h"

/* The cpu backend's threads, or OpenMP's choice beside another backend. */
static uint32_t choose_host_threads(const sable_ctx *ctx, uint32_t wanted) {
    if (ctx->backend == sable_backend_cpu() || ctx->tally) return ctx->backend->threads(ctx->state);
    if (wanted) return wanted;
#ifdef _OPENMP
    return (uint32_t)omp_get_max_threads();
#else
    return 1;
#endif
}

static sable_status open_backend(sable_ctx *ctx, const sable_backend_choice *choice, const sable_ctx_options *o,
                                 bool planning, sable_error *err) {
    const sable_backend *cpu = sable_backend_cpu();
    const bool on_cpu = choice->backend == cpu;
    sable_backend_options options = {sizeof options,
                                     on_cpu     ? o->cpu_path
                                     : planning ? NULL
                                                : choice->device,
                                     o->threads, o->memory_cap};
    memcpy(ctx->reason, choice->reason, sizeof ctx->reason);
    ctx->backend = planning ? sable_backend_tally() : choice->backend;
    sable_error why;
    const sable_status status = ctx->backend->open(&ctx->state, ctx->ring, &options, &why);
    if (status == SABLE_OK) return SABLE_OK;
    if (status != SABLE_NO_DEVICE || !choice->automatic || on_cpu) return sable_fail(err, status, "%s", why.text);
    /* A device that is there but cannot be used, for one because it is too old. */
    memcpy(ctx->reason, why.text, sizeof ctx->reason);
    ctx->backend = cpu;
    options.path = o->cpu_path;
    return cpu->open(&ctx->state, ctx->ring, &options, err);
}

static sable_status create(sable_ctx **out, const sable_params *params, const sable_ctx_options *options, bool planning,
                           sable_error *err) {
    if (!out || !params) return sable_fail(err, SABLE_INVALID, "sable_ctx_create: out and params must not be NULL");
    sable_ctx_options o = {sizeof o, NULL, NULL, 0, 0};
    if (options) {
        if (options->struct_size != sizeof o)
            return sable_fail(err, SABLE_INVALID,
                              "sable_ctx_options has %zu bytes, this library expects %zu: set struct_size",
                              options->struct_size, sizeof o);
        o = *options;
    }
    if (!o.backend) o.backend = getenv("SABLE_BACKEND");
    if (!o.cpu_path) o.cpu_path = getenv("SABLE_CPU");

    /* Picks libsodium's vector code, three times faster on seeds; the words are the same without it. */
    if (sodium_init() < 0) return sable_fail(err, SABLE_INTERNAL, "libsodium does not start");

    sable_backend_choice choice;
    SABLE_TRY(sable_backend_find(&choice, o.backend, err));

    sable_ctx *ctx = calloc(1, sizeof *ctx);
    if (!ctx) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a context");
    ctx->params = *params;
    pthread_mutex_init(&ctx->lock, NULL);

    sable_status status = planning ? sable_ring_create_constants(&ctx->ring, &ctx->params, err)
                                   : sable_ring_create(&ctx->ring, &ctx->params, err);
    if (status == SABLE_OK) status = sable_level_tables_create(&ctx->level, &ctx->params, ctx->ring, err);
    if (status == SABLE_OK) status = sable_encoder_create(&ctx->encoder, params->log_n, err);
    if (status == SABLE_OK) status = open_backend(ctx, &choice, &o, planning, err);
    if (status == SABLE_OK && planning) ctx->tally = sable_tally_of(ctx->state);
    if (status == SABLE_OK) ctx->host_threads = choose_host_threads(ctx, o.threads);
    if (status != SABLE_OK) {
        sable_ctx_destroy(&ctx);
        return status;
    }
    *out = ctx;
    return SABLE_OK;
}

sable_status sable_ctx_create(sable_ctx **out, const sable_params *params, const sable_ctx_options *options,
                              sable_error *err) {
    return create(out, params, options, false, err);
}

sable_status sable_ctx_create_planning(sable_ctx **out, const sable_params *params, const sable_ctx_options *options,
                                       sable_error *err) {
    return create(out, params, options, true, err);
}

void sable_ctx_destroy(sable_ctx **ctx) {
    if (!ctx || !*ctx) return;
    sable_ctx *c = *ctx;
    if (c->state) c->backend->close(c->state);
    sable_encoder_destroy(&c->encoder);
    sable_level_tables_free(&c->level, &c->params);
    sable_ring_free(&c->ring);
    pthread_mutex_destroy(&c->lock);
    free(c);
    *ctx = NULL;
}

const sable_params *sable_ctx_params(const sable_ctx *ctx) { return ctx ? &ctx->params : NULL; }

sable_status sable_ctx_describe(const sable_ctx *ctx, sable_ctx_info *info) {
    if (!ctx || !info || info->struct_size != sizeof *info) return SABLE_INVALID;
    info->backend = ctx->backend->name;
    info->path = ctx->backend->path(ctx->state);
    info->reason = ctx->reason;
    info->threads = ctx->backend->threads(ctx->state);
    return ctx->backend->memory_use(ctx->state, &info->bytes_live, &info->bytes_peak);
}

/* -- queues -------------------------------------------------------------------------------------------------------- */

sable_status sable_queue_create(sable_queue **out, sable_ctx *ctx, void *stream, sable_error *err) {
    if (!out || !ctx) return sable_fail(err, SABLE_INVALID, "sable_queue_create: out and ctx must not be NULL");
    sable_queue *q = calloc(1, sizeof *q);
    if (!q) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a queue");
    q->ctx = ctx;
    q->slot = SABLE_MAX_QUEUES;
    pthread_mutex_lock(&ctx->lock);
    for (uint32_t i = 0; i < SABLE_MAX_QUEUES; i++)
        if (!ctx->queue[i]) {
            ctx->queue[i] = q;
            q->slot = i;
            if (i >= atomic_load(&ctx->slots_used)) atomic_store(&ctx->slots_used, i + 1);
            break;
        }
    pthread_mutex_unlock(&ctx->lock);
    if (q->slot == SABLE_MAX_QUEUES) {
        free(q);
        return sable_fail(err, SABLE_LIMIT, "%d queues are alive in this context, the limit: destroy one first",
                          SABLE_MAX_QUEUES);
    }
    sable_status status = ctx->backend->queue_open(&q->handle, ctx->state, stream, err);
    if (status != SABLE_OK) {
        q->handle = NULL;
        sable_queue_destroy(&q);
        return status;
    }
    *out = q;
    return SABLE_OK;
}

void sable_queue_destroy(sable_queue **queue) {
    if (!queue || !*queue) return;
    sable_queue *q = *queue;
    sable_ctx *ctx = q->ctx;
    /* Whoever finds the slot empty may take the work as done: so first wait, then clear it, then close. */
    if (q->handle) {
        const uint64_t issued = atomic_load(&ctx->issued[q->slot]);
        if (ctx->backend->queue_sync(q->handle) == SABLE_OK && q->dead == SABLE_OK)
            atomic_store(&ctx->synced[q->slot], issued);
        atomic_store(&ctx->closed[q->slot], issued);
    }
    pthread_mutex_lock(&ctx->lock);
    ctx->queue[q->slot] = NULL;
    pthread_mutex_unlock(&ctx->lock);
    if (q->handle) ctx->backend->queue_close(q->handle);
    free(q);
    *queue = NULL;
}

const char *sable_queue_error(const sable_queue *queue) { return queue ? queue->error.text : "the queue is NULL"; }
sable_ctx *sable_queue_ctx(const sable_queue *queue) { return queue ? queue->ctx : NULL; }

sable_status sable_queue_kill(sable_queue *queue, sable_status status) {
    if (status < 0) queue->dead = status;
    return SABLE_REFUSE(queue, status, "%s backend: %s", queue->ctx->backend->name,
                        queue->ctx->backend->queue_error(queue->handle));
}

sable_status sable_check_queue(sable_queue *queue) {
    if (!queue) return SABLE_INVALID;
    if (queue->dead != SABLE_OK) return queue->dead;
    return SABLE_OK;
}

sable_status sable_check_idle(sable_queue *queue, const char *what) {
    SABLE_TRY(sable_check_queue(queue));
    if (!queue->recording) return SABLE_OK;
    return SABLE_REFUSE(queue, SABLE_UNSUPPORTED,
                        "a graph cannot hold %s: do that before the recording, or after a launch", what);
}
