/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/ntt_tables.h"

#define OLDEST_MAJOR 8 /* compute capability 8.0, the oldest that the kernels are built for */

sable_status gpu_devices(sable_device_list *list, sable_error *err) {
    memset(list, 0, sizeof *list);
    int driver = 0, runtime = 0, count = 0;
    if (cudaDriverGetVersion(&driver) != cudaSuccess || cudaRuntimeGetVersion(&runtime) != cudaSuccess)
        (void)cudaGetLastError();
    list->driver = (uint32_t)driver;
    list->runtime = (uint32_t)runtime;
    const cudaError_t error = cudaGetDeviceCount(&count);
    if (error != cudaSuccess) (void)cudaGetLastError();
    if (driver == 0)
        return sable_fail(err, SABLE_NO_DEVICE,
                          "no CUDA driver is installed: install NVIDIA's driver (CUDA %d.%d or later)", runtime / 1000,
                          runtime % 1000 / 10);
    if (error == cudaErrorInsufficientDriver)
        return sable_fail(err, SABLE_NO_DEVICE,
                          "the CUDA driver is too old: it serves CUDA %d.%d, this build needs %d.%d; update the driver",
                          driver / 1000, driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10);
    if (error == cudaSuccess && count > 0) {
        list->count = count < SABLE_MAX_DEVICES ? (uint32_t)count : SABLE_MAX_DEVICES;
        for (uint32_t i = 0; i < list->count; i++) {
            struct cudaDeviceProp p;
            SABLE_TRY(gpu_check_on((int)i, cudaGetDeviceProperties(&p, (int)i), "properties", err));
            sable_device *d = &list->device[i];
            (void)snprintf(d->name, sizeof d->name, "%.63s", p.name);
            d->major = (uint32_t)p.major;
            d->minor = (uint32_t)p.minor;
            d->memory_bytes = p.totalGlobalMem;
        }
        return SABLE_OK;
    }
    return sable_fail(err, SABLE_NO_DEVICE,
                      "the CUDA driver finds no device: %s (%s); see nvidia-smi and CUDA_VISIBLE_DEVICES",
                      cudaGetErrorString(error), cudaGetErrorName(error));
}

/* "0", "1", ...; NULL is 0. */
static sable_status choose_device(int *device, char *path, size_t room, const char *ordinal, sable_error *err) {
    sable_device_list list;
    SABLE_TRY(gpu_devices(&list, err));
    char *end = NULL;
    const unsigned long wanted = ordinal ? strtoul(ordinal, &end, 10) : 0;
    if (ordinal && (*ordinal < '0' || *ordinal > '9' || *end != '\0' || wanted >= list.count))
        return sable_fail(err, SABLE_NO_DEVICE, "device \"%s\" is not there: the devices are numbered 0 to %u", ordinal,
                          list.count - 1);
    const sable_device *d = &list.device[wanted];
    if (d->major < OLDEST_MAJOR)
        return sable_fail(err, SABLE_NO_DEVICE, "device %lu (%s) has compute capability %u.%u; %d.0 or later is needed",
                          wanted, d->name, d->major, d->minor, OLDEST_MAJOR);
    int pools = 0;
    SABLE_TRY(gpu_check_on((int)wanted, cudaDeviceGetAttribute(&pools, cudaDevAttrMemoryPoolsSupported, (int)wanted),
                           "properties", err));
    if (!pools)
        return sable_fail(err, SABLE_NO_DEVICE, "device %lu (%s) has no stream-ordered memory: update the driver",
                          wanted, d->name);
    *device = (int)wanted;
    (void)snprintf(path, room, "sm_%u%u, %s", d->major, d->minor, d->name);
    return SABLE_OK;
}

static sable_status make_pool(gpu_state *s, sable_error *err) {
    struct cudaMemPoolProps props;
    memset(&props, 0, sizeof props);
    props.allocType = cudaMemAllocationTypePinned;
    props.location.type = cudaMemLocationTypeDevice;
    props.location.id = s->device;
    SABLE_TRY(gpu_check_on(s->device, cudaMemPoolCreate(&s->pool, &props), "memory pool", err));
    /* What was given back stays reserved for this context up to its cap: the next request takes no trip to the system. */
    uint64_t threshold = s->cap ? s->cap : UINT64_MAX;
    return gpu_check_on(s->device, cudaMemPoolSetAttribute(s->pool, cudaMemPoolAttrReleaseThreshold, &threshold),
                        "memory pool", err);
}

static sable_status make_tables(gpu_state *s, const sable_ring *ring, sable_error *err) {
    const uint32_t count = ring->q_count + ring->p_count;
    const size_t words = gpu_ntt_table_words(ring->log_n), primes = (count * sizeof(sable_prime) + 255) / 256 * 256,
                 bytes = primes + count * words * sizeof(uint32_t);
    char *host = malloc(bytes);
    if (!host)
        return sable_fail(err, SABLE_NO_MEMORY, "transform tables of %u primes at N = %u: no host memory for %zu bytes",
                          count, ring->n, bytes);
    memset(host, 0, primes);
    memcpy(host, ring->prime, count * sizeof(sable_prime));
    for (uint32_t pos = 0; pos < count; pos++)
        gpu_ntt_tables_make((uint32_t *)(host + primes) + pos * words, ring, pos);
    sable_status status = gpu_pool_take(s, s->setup, &s->tables, bytes, err);
    if (status == SABLE_OK) {
        cudaError_t error = cudaMemcpyAsync(s->tables, host, bytes, cudaMemcpyHostToDevice, s->setup);
        if (error == cudaSuccess) error = cudaStreamSynchronize(s->setup);
        status = gpu_check_on(s->device, error, "upload of the transform tables", err);
    }
    free(host);
    s->ring = (gpu_ring){.log_n = ring->log_n,
                         .n = ring->n,
                         .q_count = ring->q_count,
                         .p_count = ring->p_count,
                         .prime = s->tables,
                         .tables = (const uint32_t *)((const char *)s->tables + primes),
                         .table_words = words};
    return status;
}

static sable_status start(gpu_state *s, const sable_ring *ring, sable_error *err) {
    SABLE_TRY(gpu_check_on(s->device, cudaStreamCreateWithFlags(&s->setup, cudaStreamNonBlocking), "stream", err));
    SABLE_TRY(make_pool(s, err));
    return make_tables(s, ring, err);
}

sable_status gpu_open(void **state, const sable_ring *ring, const sable_backend_options *options, sable_error *err) {
    gpu_state *s = calloc(1, sizeof *s);
    if (!s) return sable_fail(err, SABLE_NO_MEMORY, "no host memory for the state of a device");
    sable_status status = choose_device(&s->device, s->path, sizeof s->path, options ? options->path : NULL, err);
    if (status != SABLE_OK) {
        free(s);
        return status;
    }
    s->cap = options ? options->memory_cap : 0;
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->basis_lock, NULL);
    const int before = gpu_enter(s->device);
    status = start(s, ring, err);
    gpu_leave(s->device, before);
    if (status != SABLE_OK) {
        gpu_close(s);
        return status;
    }
    *state = s;
    return SABLE_OK;
}

void gpu_close(void *state) {
    gpu_state *s = state;
    if (!s) return;
    const int before = gpu_enter(s->device);
    gpu_bases_free(s);
    gpu_pool_give(s, s->setup, s->tables);
    if (s->setup && cudaStreamSynchronize(s->setup) != cudaSuccess) (void)cudaGetLastError();
    if (s->pool) (void)cudaMemPoolDestroy(s->pool);
    if (s->setup) (void)cudaStreamDestroy(s->setup);
    gpu_leave(s->device, before);
    for (uint32_t i = 0; i < GPU_BLOCK_BUCKETS;
         i++) /* of objects that were not destroyed; the pool took their memory along */
        while (s->block[i]) {
            gpu_block *block = s->block[i];
            s->block[i] = block->next;
            free(block);
        }
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->basis_lock);
    free(s);
}

const char *gpu_path(const void *state) { return ((const gpu_state *)state)->path; }
uint32_t gpu_threads(const void *state) {
    (void)state;
    return 1; /* of the host */
}
