/* SPDX-License-Identifier: Apache-2.0 */
#include "client/host_ring.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ring/word.h"

#define STACK_WIPE 4096 /* more than the frames of the kernels and samplers together */

/* Lanes of fewer words are wiped faster by one thread than a parallel region starts. */
#define WIPE_PARALLEL_FROM 8192u

#define IDLE_LANES  64
#define IDLE_BLOCKS 4
#define IDLE_BYTES  ((size_t)1 << 20) /* of a block: memory that can be locked is scarce */

typedef struct idle_block {
    void *memory;
    size_t bytes;
} idle_block;

struct client_idle {
    pthread_mutex_t lock;
    uint32_t lanes, oldest; /* oldest: the block that makes room for another one */
    client_lane lane[IDLE_LANES];
    idle_block block[IDLE_BLOCKS];
    sable_rng *rng;
};

/* -- life cycle ---------------------------------------------------------------------------------------------------- */

static void lane_free(client_lane *lane) {
    for (int k = 0; k < CLIENT_SCRATCH; k++) sodium_free(lane->limb[k]);
    sodium_free(lane->stream);
    if (lane->on && lane->queue) lane->on->cpu->queue_close(lane->queue);
}

sable_status client_ring_open(client_ring *ring, sable_ctx *ctx, sable_error *err) {
    if (sodium_init() < 0) return sable_fail(err, SABLE_INTERNAL, "libsodium did not initialise: no guarded memory");
    *ring = (client_ring){.ctx = ctx, .ring = ctx->ring, .cpu = sable_backend_cpu()};
    ring->idle = calloc(1, sizeof *ring->idle);
    if (!ring->idle) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a key's scratch");
    pthread_mutex_init(&ring->idle->lock, NULL);
    if (ctx->tally) { /* nothing is computed on it */
        ring->cpu = ctx->backend;
        ring->state = ctx->state;
        return SABLE_OK;
    }
    if (ctx->backend == ring->cpu) {
        ring->state = ctx->state;
        ring->kernels = sable_cpu_kernels(ring->state);
        return SABLE_OK;
    }
    sable_backend_options options = {.struct_size = sizeof options};
    SABLE_TRY(ring->cpu->open(&ring->state, ctx->ring, &options, err));
    ring->owned = true;
    ring->kernels = sable_cpu_kernels(ring->state);
    return SABLE_OK;
}

void client_ring_close(client_ring *ring) {
    if (ring->idle) {
        for (uint32_t i = 0; i < ring->idle->lanes; i++) lane_free(&ring->idle->lane[i]);
        for (uint32_t i = 0; i < IDLE_BLOCKS; i++) sodium_free(ring->idle->block[i].memory);
        sable_rng_destroy(&ring->idle->rng);
        pthread_mutex_destroy(&ring->idle->lock);
        free(ring->idle);
    }
    if (ring->owned) ring->cpu->close(ring->state);
    memset(ring, 0, sizeof *ring);
}

/* -- memory -------------------------------------------------------------------------------------------------------- */

void *client_guarded_take(const client_ring *on, size_t bytes) {
    void *memory = NULL;
    pthread_mutex_lock(&on->idle->lock);
    for (uint32_t i = 0; i < IDLE_BLOCKS && !memory; i++) {
        idle_block *block = &on->idle->block[i];
        if (!block->memory || block->bytes != bytes) continue;
        memory = block->memory;
        *block = (idle_block){NULL, 0};
    }
    pthread_mutex_unlock(&on->idle->lock);
    return memory ? memory : sodium_malloc(bytes);
}

void client_guarded_give(const client_ring *on, void *memory, size_t bytes) {
    if (!memory) return;
    if (bytes > IDLE_BYTES) {
        sodium_free(memory);
        return;
    }
    sodium_memzero(memory, bytes);
    pthread_mutex_lock(&on->idle->lock);
    idle_block *place = NULL;
    for (uint32_t i = 0; i < IDLE_BLOCKS && !place; i++)
        if (!on->idle->block[i].memory) place = &on->idle->block[i];
    if (!place) place = &on->idle->block[on->idle->oldest++ % IDLE_BLOCKS];
    void *surplus = place->memory;
    *place = (idle_block){memory, bytes};
    pthread_mutex_unlock(&on->idle->lock);
    sodium_free(surplus);
}

sable_status client_rng_take(const client_ring *on, sable_rng **rng, sable_error *err) {
    pthread_mutex_lock(&on->idle->lock);
    *rng = on->idle->rng;
    on->idle->rng = NULL;
    pthread_mutex_unlock(&on->idle->lock);
    if (!*rng) return sable_rng_create(rng, err);
    sable_status status = sable_rng_restart(*rng, err);
    if (status != SABLE_OK) sable_rng_destroy(rng);
    return status;
}

void client_rng_give(const client_ring *on, sable_rng *rng) {
    if (!rng) return;
    sable_rng_wipe(rng);
    pthread_mutex_lock(&on->idle->lock);
    sable_rng *surplus = on->idle->rng;
    on->idle->rng = rng;
    pthread_mutex_unlock(&on->idle->lock);
    sable_rng_destroy(&surplus);
}

uint32_t *client_words_alloc(size_t words) {
    if (words > SIZE_MAX / sizeof(uint32_t) - 256) return NULL;
    return aligned_alloc(256, (words * sizeof(uint32_t) + 255) / 256 * 256);
}

sable_status client_scratch_take(const client_work *work, uint32_t **out, size_t words, const char *what,
                                 sable_error *err) {
    void *memory = NULL, *queue = work->lane[0].queue;
    sable_status status = work->on->cpu->alloc(queue, &memory, words * sizeof(uint32_t));
    if (status != SABLE_OK)
        return sable_fail(err, status, "%s needs %zu bytes: %s", what, words * sizeof(uint32_t),
                          work->on->cpu->queue_error(queue));
    *out = memory;
    return SABLE_OK;
}

void client_scratch_give(const client_work *work, uint32_t *words) {
    if (words) work->on->cpu->release(work->lane[0].queue, words);
}

/* -- lanes --------------------------------------------------------------------------------------------------------- */

static bool lane_take(client_lane *lane, const client_ring *on) {
    struct client_idle *idle = on->idle;
    pthread_mutex_lock(&idle->lock);
    bool found = idle->lanes > 0;
    if (found) *lane = idle->lane[--idle->lanes];
    pthread_mutex_unlock(&idle->lock);
    return found;
}

static void lane_wipe(const client_lane *lane, size_t n) {
    for (int k = 0; k < CLIENT_SCRATCH; k++)
        if (lane->limb[k]) sodium_memzero(lane->limb[k], n * sizeof(uint32_t));
    if (lane->stream) sodium_memzero(lane->stream, sizeof *lane->stream);
}

/* Keeps a lane that was wiped if it is whole and there is room. */
static void lane_put(client_lane *lane) {
    struct client_idle *idle = lane->on ? lane->on->idle : NULL;
    bool kept = idle && lane->stream && lane->status == SABLE_OK;
    if (kept) {
        pthread_mutex_lock(&idle->lock);
        kept = idle->lanes < IDLE_LANES;
        if (kept) idle->lane[idle->lanes++] = *lane;
        pthread_mutex_unlock(&idle->lock);
    }
    if (!kept) lane_free(lane);
}

static sable_status lane_open(client_lane *lane, const client_ring *on, sable_error *err) {
    if (lane_take(lane, on)) return SABLE_OK;
    lane->on = on;
    SABLE_TRY(on->cpu->queue_open(&lane->queue, on->state, NULL, err));
    /* Guarded blocks end at a page boundary: a multiple of 64 bytes is 64-byte aligned. */
    size_t bytes = (size_t)on->ring->n * sizeof(uint32_t);
    for (int i = 0; i < CLIENT_SCRATCH; i++)
        if (!(lane->limb[i] = sodium_malloc(bytes)))
            return sable_fail(err, SABLE_NO_MEMORY, "no guarded memory of %zu bytes for secret scratch", bytes);
    if (!(lane->stream = sodium_malloc((sizeof *lane->stream + 63) / 64 * 64)))
        return sable_fail(err, SABLE_NO_MEMORY, "no guarded memory for a random stream");
    return SABLE_OK;
}

sable_status client_work_open(client_work *work, const client_ring *on, uint32_t tasks, sable_error *err) {
    uint32_t lanes = 1;
#ifdef _OPENMP
    lanes = on->cpu->threads(on->state);
    if (omp_in_parallel()) lanes = 1; /* a caller's own parallel region */
#endif
    if (lanes > tasks) lanes = tasks ? tasks : 1;
    *work = (client_work){.on = on, .lanes = lanes, .lane = calloc(lanes, sizeof *work->lane)};
    if (!work->lane) return sable_fail(err, SABLE_NO_MEMORY, "no memory for %u lanes", lanes);
    sable_status status = SABLE_OK;
    for (uint32_t i = 0; i < lanes && status == SABLE_OK; i++) status = lane_open(&work->lane[i], on, err);
    if (status != SABLE_OK) client_work_close(work);
    return status;
}

sable_status client_work_status(const client_work *work, sable_error *err) {
    for (uint32_t i = 0; i < work->lanes; i++)
        if (work->lane[i].status != SABLE_OK)
            return sable_fail(err, work->lane[i].status, "cpu backend: %s",
                              work->on->cpu->queue_error(work->lane[i].queue));
    return SABLE_OK;
}

/* Each lane is wiped by the thread that wrote it, from its own cache. */
static void lanes_wipe(const client_work *work) {
    const size_t n = work->on->ring->n;
    CLIENT_EACH_LANE(n >= WIPE_PARALLEL_FROM, work)
    for (uint32_t i = 0; i < work->lanes; i++) lane_wipe(&work->lane[i], n);
}

void client_work_close(client_work *work) {
    if (work->lane) lanes_wipe(work);
    for (uint32_t i = 0; work->lane && i < work->lanes; i++) lane_put(&work->lane[i]);
    free(work->lane);
    memset(work, 0, sizeof *work);
    client_lane_rest();
}

void client_lane_rest(void) { sodium_stackzero(STACK_WIPE); }

/* -- one limb ------------------------------------------------------------------------------------------------------ */

static sable_limbs one(const client_lane *lane, uint32_t *data, const uint16_t *pos) {
    size_t n = lane->on->ring->n;
    return (sable_limbs){data, pos, 1, 1, 1, n, n, n, NULL};
}

static void note(client_lane *lane, sable_status status) {
    if (lane->status == SABLE_OK) lane->status = status;
}

void lane_forward(client_lane *lane, uint32_t *x, uint32_t position) {
    uint16_t pos = (uint16_t)position;
    sable_limbs v = one(lane, x, &pos);
    note(lane, lane->on->cpu->ntt_forward(lane->queue, &v));
}

void lane_inverse(client_lane *lane, uint32_t *out, uint32_t *in, uint32_t mult, uint32_t position) {
    uint16_t pos = (uint16_t)position;
    sable_limbs vo = one(lane, out, &pos), vi = one(lane, in, &pos);
    note(lane, lane->on->cpu->ntt_inverse(lane->queue, &vo, &vi, &mult));
}

static const sable_prime *prime_at(const client_lane *lane, uint32_t position) {
    return &lane->on->ring->prime[position];
}

void lane_add(const client_lane *lane, uint32_t *out, const uint32_t *a, const uint32_t *b, uint32_t position) {
    lane->on->kernels->add(out, a, b, lane->on->ring->n, prime_at(lane, position));
}

void lane_mul_mont(const client_lane *lane, uint32_t *out, const uint32_t *a, const uint32_t *b, uint32_t position) {
    lane->on->kernels->mul_mont(out, a, b, lane->on->ring->n, prime_at(lane, position));
}

void lane_mul_const(const client_lane *lane, uint32_t *out, const uint32_t *a, uint32_t c, uint32_t position) {
    lane->on->kernels->mul_const(out, a, c, lane->on->ring->n, prime_at(lane, position));
}

void lane_affine(const client_lane *lane, uint32_t *out, const uint32_t *s, const uint32_t *a, const uint32_t *b,
                 const uint32_t *m, uint32_t position) {
    lane->on->kernels->affine(out, s, a, b, m, lane->on->ring->n, prime_at(lane, position));
}

void lane_lift(const client_lane *lane, uint32_t *out, const int8_t *x, const uint32_t *e, uint32_t c,
               uint32_t position) {
    lane->on->kernels->lift(out, x, e, c, lane->on->ring->n, prime_at(lane, position));
}

void lane_expand_small(client_lane *lane, uint32_t *out, const int8_t *x, uint32_t c, uint32_t position) {
    lane_lift(lane, out, x, NULL, c, position);
    lane_forward(lane, out, position);
}

uint32_t client_r_inverse(const client_ring *on, uint32_t position) {
    const sable_prime *q = &on->ring->prime[position];
    return sable_canon1(sable_mont_lazy(1, q->p, q->pinv), q->p);
}
