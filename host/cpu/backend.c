/* SPDX-License-Identifier: Apache-2.0 */
/* The cpu backend: life cycle, memory, and the table. Work is finished when a call returns, so queues are trivial. */
#include "base/fail.h"
#include "cpu/backend_impl.h"
#include "cpu/dispatch.h"
#include "cpu/threads.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef SABLE_VERIFY
#include "cpu/portable.h"
#endif

#ifdef SABLE_VERIFY
static void require(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "cpu backend: %s\n", what);
    abort();
}

void cpu_verify_shape(const cpu_state *s, const sable_limbs *v) {
    require(((uintptr_t)v->data & 63) == 0, "view is not aligned to 64 bytes");
    require((v->limb_stride | v->part_stride | v->batch_stride) % 16 == 0, "stride is not a multiple of 16 words");
    for (uint32_t i = 0; i < v->limbs; i++)
        require(v->pos[i] < s->ring->q_count + s->ring->p_count, "position outside the ring");
}

void cpu_verify_words(const cpu_state *s, const sable_limbs *v) {
    cpu_verify_shape(s, v);
    size_t members = v->batch_stride ? v->batch : 1, parts = v->part_stride ? v->parts : 1, limbs = v->limbs;
    for (size_t b = 0; b < members; b++)
        for (size_t c = 0; c < parts; c++)
            for (size_t i = 0; i < limbs; i++)
                require(cpu_portable_check_range(cpu_limb(v, b, c, i), s->ring->n, cpu_prime(s, v, i)) == s->ring->n,
                        "word is not canonical");
}
#endif

static uint32_t default_threads(void) {
#ifdef _OPENMP
    int most = omp_get_max_threads();
    return most > 0 ? (uint32_t)most : 1;
#else
    return 1;
#endif
}

sable_status cpu_choose(const cpu_kernels **kernels, uint32_t *threads, const sable_backend_options *options,
                        sable_error *err) {
    const char *path = options ? options->path : NULL;
    *kernels = cpu_kernels_find(path);
    if (!*kernels) {
        char offered[128];
        cpu_kernels_list(offered, sizeof offered);
        return sable_fail(err, SABLE_NO_DEVICE,
                          "cpu path \"%s\" is not available; this build on this processor offers %s", path, offered);
    }
    const bool asked = options && options->threads;
    *threads = asked ? options->threads : default_threads();
    if (*threads > CPU_MAX_THREADS)
        return sable_fail(err, SABLE_LIMIT, "%u threads asked for; the cpu backend starts at most %u", *threads,
                          CPU_MAX_THREADS);
    const uint32_t possible = cpu_threads_startable(*threads);
    if (asked && possible < *threads)
        return sable_fail(
            err, SABLE_NO_MEMORY,
            "%u threads asked for; the system starts %u: ask for fewer, or raise its limits on memory and "
            "threads (ulimit -v, ulimit -u)",
            *threads, possible);
    if (possible < *threads) *threads = possible > 1 ? possible / 2 : 1; /* stacks must not take what the work needs */
    return SABLE_OK;
}

static size_t packed_room(size_t bytes) { return (bytes + 255) / 256 * 256; }

size_t cpu_tables_bytes(const cpu_kernels *kernels, const sable_ring *ring) {
    size_t total = 0;
    for (uint32_t pos = 0; pos < ring->q_count + ring->p_count; pos++)
        total += packed_room(kernels->prepare(NULL, ring, pos));
    return total;
}

sable_status cpu_no_tables(const cpu_kernels *kernels, size_t bytes, size_t cap, sable_error *err) {
    return sable_fail(err, SABLE_NO_MEMORY,
                      "transform tables of path %s need %zu bytes; the memory cap is %zu bytes (0 = none)",
                      kernels->name, bytes, cap);
}

/* Packs the transform tables of every prime, in one block of memory. */
static sable_status make_tables(cpu_state *s, sable_error *err) {
    size_t offset[SABLE_MAX_LIMBS + 1], total = 0;
    uint32_t count = s->ring->q_count + s->ring->p_count;
    for (uint32_t pos = 0; pos < count; pos++) {
        s->tables[pos] = (cpu_tables){.ring = s->ring, .pos = pos};
        s->tables[pos].packed_bytes = s->kernels->prepare(NULL, s->ring, pos);
        offset[pos] = total;
        total += packed_room(s->tables[pos].packed_bytes);
    }
    if (total == 0) return SABLE_OK;
    s->packed = cpu_pool_take(s->pool, total);
    if (!s->packed) return cpu_no_tables(s->kernels, total, cpu_pool_cap(s->pool), err);
    int threads = cpu_threads_for(s, (size_t)count * s->ring->n);
    CPU_PARALLEL(threads)
    for (uint32_t pos = 0; pos < count; pos++) {
        if (s->tables[pos].packed_bytes == 0) continue;
        s->tables[pos].packed = (char *)s->packed + offset[pos];
        (void)s->kernels->prepare(s->tables[pos].packed, s->ring, pos);
    }
    return SABLE_OK;
}

static void cpu_close(void *state) {
    cpu_state *s = state;
    if (!s) return;
    cpu_pool_destroy(s->pool);
    free(s);
}

static sable_status cpu_open(void **state, const sable_ring *ring, const sable_backend_options *options,
                             sable_error *err) {
    const cpu_kernels *kernels;
    uint32_t threads;
    SABLE_TRY(cpu_choose(&kernels, &threads, options, err));
    cpu_state *s = calloc(1, sizeof *s);
    if (s) s->pool = cpu_pool_create(options ? options->memory_cap : 0);
    if (!s || !s->pool) {
        free(s);
        return sable_fail(err, SABLE_NO_MEMORY, "no host memory for the state of the cpu backend");
    }
    s->ring = ring;
    s->kernels = kernels;
    s->threads = threads;
    sable_status status = make_tables(s, err);
    if (status != SABLE_OK) {
        cpu_close(s);
        return status;
    }
    *state = s;
    return SABLE_OK;
}

const cpu_kernels *sable_cpu_kernels(const void *state) { return ((const cpu_state *)state)->kernels; }

static const char *cpu_path(const void *state) { return ((const cpu_state *)state)->kernels->name; }
static uint32_t cpu_threads(const void *state) { return ((const cpu_state *)state)->threads; }

static sable_status cpu_queue_open(void **queue, void *state, void *external_stream, sable_error *err) {
    if (external_stream)
        return sable_fail(err, SABLE_UNSUPPORTED, "the cpu backend has no streams: pass NULL as the external stream");
    cpu_queue *q = calloc(1, sizeof *q);
    if (!q) return sable_fail(err, SABLE_NO_MEMORY, "no host memory for a queue of the cpu backend");
    q->state = state;
    *queue = q;
    return SABLE_OK;
}

static void cpu_queue_close(void *queue) { free(queue); }

static sable_status cpu_queue_sync(void *queue) {
    (void)queue;
    return SABLE_OK;
}

static sable_status cpu_queue_wait(void *queue, void *other) {
    (void)queue, (void)other; /* all that was given to it is done */
    return SABLE_OK;
}

static const char *cpu_queue_error(void *queue) { return ((cpu_queue *)queue)->err.text; }

sable_status cpu_no_memory(cpu_queue *queue, size_t bytes) {
    const cpu_pool *pool = queue->state->pool;
    size_t live = 0;
    cpu_pool_use(pool, &live, NULL);
    return sable_fail(&queue->err, SABLE_NO_MEMORY,
                      "%zu bytes asked for with %zu in use; the memory cap is %zu bytes (0 = none)", bytes, live,
                      cpu_pool_cap(pool));
}

static sable_status cpu_alloc(void *queue, void **memory, size_t bytes) {
    *memory = cpu_pool_take(cpu_state_of(queue)->pool, bytes);
    return *memory || bytes == 0 ? SABLE_OK : cpu_no_memory(queue, bytes);
}

static void cpu_release(void *queue, void *memory) { cpu_pool_give(cpu_state_of(queue)->pool, memory); }

static sable_status cpu_upload(void *queue, void *device, const void *host, size_t bytes) {
    (void)queue;
    if (bytes) memcpy(device, host, bytes);
    return SABLE_OK;
}

static sable_status cpu_download(void *queue, void *host, const void *device, size_t bytes) {
    (void)queue;
    if (bytes) memcpy(host, device, bytes);
    return SABLE_OK;
}

static sable_status cpu_memory_use(const void *state, size_t *live, size_t *peak) {
    cpu_pool_use(((const cpu_state *)state)->pool, live, peak);
    return SABLE_OK;
}

static const sable_backend table = {
    .abi = SABLE_BACKEND_ABI,
    .struct_size = sizeof(sable_backend),
    .name = "cpu",
    .open = cpu_open,
    .close = cpu_close,
    .path = cpu_path,
    .threads = cpu_threads,
    .queue_open = cpu_queue_open,
    .queue_close = cpu_queue_close,
    .queue_sync = cpu_queue_sync,
    .queue_wait = cpu_queue_wait,
    .queue_error = cpu_queue_error,
    .alloc = cpu_alloc,
    .release = cpu_release,
    .upload = cpu_upload,
    .download = cpu_download,
    .memory_use = cpu_memory_use,
    .copy = cpu_copy,
    .zero = cpu_zero,
    .ntt_forward = cpu_ntt_forward,
    .ntt_inverse = cpu_ntt_inverse,
    .base_convert = cpu_base_convert,
    .automorphism = cpu_automorphism,
    .add = cpu_add,
    .sub = cpu_sub,
    .negate = cpu_negate,
    .mul_mont = cpu_mul_mont,
    .mul = cpu_mul,
    .mul_const = cpu_mul_const,
    .add_const = cpu_add_const,
    .tensor = cpu_tensor,
    .combine = cpu_combine,
    .mod_up = cpu_mod_up,
    .key_inner = cpu_key_inner,
    .key_inner_many = cpu_key_inner_many,
    .accumulate = cpu_accumulate,
    .key_switch = cpu_key_switch,
    .ntt_mod_down = cpu_ntt_mod_down,
    .mod_down = cpu_mod_down,
    .switch_down = cpu_switch_down,
    .expand = cpu_expand,
    .encode = cpu_encode,
    .check_range = cpu_check_range,
    .out_of_range = cpu_out_of_range,
    .largest = cpu_largest,
    .digest = cpu_digest,
};

const sable_backend *sable_backend_cpu(void) { return &table; }
