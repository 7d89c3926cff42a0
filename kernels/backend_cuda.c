/* SPDX-License-Identifier: Apache-2.0 */
/* Fills the table. Each function runs on its state's device, whatever the calling thread's current one, and inside a range that
 * profilers show; without a profiler a range costs a test of one pointer. */
#include <nvtx3/nvToolsExt.h>

#include "kernels/queue.h"
#include "kernels/state.h"
#include "kernels/table.h"

#ifdef __CUDA_EMULATOR__
#define BACKEND_NAME "emu"
#else
#define BACKEND_NAME "cuda"
#endif

static int begin(int device, const char *name) {
    (void)nvtxRangePushA(name);
    return gpu_enter(device);
}
static void end(int device, int before) {
    gpu_leave(device, before);
    (void)nvtxRangePop();
}

#define ON(device_of, name, parameters, arguments)                              \
    static sable_status name parameters {                                       \
        const int device = (device_of), before = begin(device, "sable " #name); \
        const sable_status status = gpu_##name arguments;                       \
        end(device, before);                                                    \
        return status;                                                          \
    }
#define ON_QUEUE(name, parameters, arguments) ON(((gpu_queue *)queue)->device, name, parameters, arguments)
typedef const sable_limbs *view;

ON(((gpu_state *)state)->device, queue_open, (void **queue, void *state, void *stream, sable_error *err),
   (queue, state, stream, err))
ON_QUEUE(queue_sync, (void *queue), (queue))
ON_QUEUE(queue_wait, (void *queue, void *other), (queue, other))
ON_QUEUE(alloc, (void *queue, void **memory, size_t bytes), (queue, memory, bytes))
ON_QUEUE(upload, (void *queue, void *device_memory, const void *host, size_t bytes),
         (queue, device_memory, host, bytes))
ON_QUEUE(download, (void *queue, void *host, const void *device_memory, size_t bytes),
         (queue, host, device_memory, bytes))
ON_QUEUE(copy, (void *queue, view out, view in), (queue, out, in))
ON_QUEUE(zero, (void *queue, view out), (queue, out))
ON_QUEUE(automorphism, (void *queue, view out, view in, uint32_t galois), (queue, out, in, galois))
ON_QUEUE(add, (void *queue, view out, view a, view b), (queue, out, a, b))
ON_QUEUE(sub, (void *queue, view out, view a, view b), (queue, out, a, b))
ON_QUEUE(negate, (void *queue, view out, view a), (queue, out, a))
ON_QUEUE(mul_mont, (void *queue, view out, view a, view b, int add), (queue, out, a, b, add))
ON_QUEUE(mul, (void *queue, view out, view a, view b), (queue, out, a, b))
ON_QUEUE(mul_const, (void *queue, view out, view a, const uint32_t *lo, const uint32_t *hi), (queue, out, a, lo, hi))
ON_QUEUE(add_const, (void *queue, view out, view a, const uint32_t *lo, const uint32_t *hi), (queue, out, a, lo, hi))

static void queue_close(void *queue) {
    const int device = ((gpu_queue *)queue)->device, before = begin(device, "sable queue_close");
    gpu_queue_close(queue);
    end(device, before);
}
static void release(void *queue, void *memory) {
    const int device = ((gpu_queue *)queue)->device, before = begin(device, "sable release");
    gpu_release(queue, memory);
    end(device, before);
}

static sable_status refuse_incomplete(const sable_backend *t, sable_error *err);
static sable_status open_complete(void **state, const sable_ring *ring, const sable_backend_options *options,
                                  sable_error *err);

static const sable_backend table = {
    .abi = SABLE_BACKEND_ABI,
    .name = BACKEND_NAME,
    .devices = gpu_devices,
    .open = open_complete,
    .close = gpu_close,
    .path = gpu_path,
    .threads = gpu_threads,
    .queue_open = queue_open,
    .queue_close = queue_close,
    .queue_sync = queue_sync,
    .queue_wait = queue_wait,
    .queue_error = gpu_queue_error,
    .alloc = alloc,
    .release = release,
    .upload = upload,
    .download = download,
    .memory_use = gpu_memory_use,
    .copy = copy,
    .zero = zero,
    .automorphism = automorphism,
    .add = add,
    .sub = sub,
    .negate = negate,
    .mul_mont = mul_mont,
    .mul = mul,
    .mul_const = mul_const,
    .add_const = add_const,
};

/* Functions that no file implements yet. */
static sable_status refuse_incomplete(const sable_backend *t, sable_error *err) {
    const struct {
        const char *name;
        int there;
    } needed[] = {
        {"ntt_forward", !!t->ntt_forward}, {"ntt_inverse", !!t->ntt_inverse}, {"base_convert", !!t->base_convert},
        {"tensor", !!t->tensor},           {"combine", !!t->combine},         {"mod_up", !!t->mod_up},
        {"key_inner", !!t->key_inner},     {"key_switch", !!t->key_switch},   {"ntt_mod_down", !!t->ntt_mod_down},
        {"mod_down", !!t->mod_down},       {"encode", !!t->encode},           {"check_range", !!t->check_range}};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!needed[i].there)
            return sable_fail(err, SABLE_NO_DEVICE, "this version of the " BACKEND_NAME " backend lacks %s: use cpu",
                              needed[i].name);
    return SABLE_OK;
}

static sable_status open_complete(void **state, const sable_ring *ring, const sable_backend_options *options,
                                  sable_error *err) {
    SABLE_TRY(refuse_incomplete(&table, err));
    return gpu_open(state, ring, options, err);
}

SABLE_API sable_backend_get_function sable_backend_get;
const sable_backend *sable_backend_get(uint32_t abi, const sable_host_services *services) {
    (void)abi, (void)services; /* the library compares the table's abi with its own and says so */
    return &table;
}
