/* SPDX-License-Identifier: Apache-2.0 */
/* Fills the table. Each function runs on its state's device, whatever the calling thread's current one, and inside a range that
 * profilers show; without a profiler a range costs a test of one pointer. */
#include <nvtx3/nvToolsExt.h>

#include "kernels/graph.h"
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

ON_QUEUE(ntt_forward, (void *queue, view x), (queue, x))
ON_QUEUE(ntt_inverse, (void *queue, view out, view in, const uint32_t *mult), (queue, out, in, mult))
ON_QUEUE(base_convert, (void *queue, view out, view y, const sable_basis *basis), (queue, out, y, basis))
ON_QUEUE(tensor, (void *queue, view out, view a, size_t a_stride, view b, size_t b_stride, uint32_t terms),
         (queue, out, a, a_stride, b, b_stride, terms))
ON_QUEUE(combine, (void *queue, view out, view in, const uint32_t *c), (queue, out, in, c))
ON_QUEUE(mod_up, (void *queue, view digits, view y, const sable_basis *const *up), (queue, digits, y, up))
ON_QUEUE(key_inner,
         (void *queue, view acc, view digits, view own, view key, uint32_t alpha, uint32_t first_block, view add,
          const uint32_t *add_mult),
         (queue, acc, digits, own, key, alpha, first_block, add, add_mult))
ON_QUEUE(key_inner_many,
         (void *queue, view acc, view digits, view own, view keys, const uint32_t *galois, uint32_t count,
          uint32_t alpha, uint32_t first_block, view add, const uint32_t *add_mult),
         (queue, acc, digits, own, keys, galois, count, alpha, first_block, add, add_mult))
ON_QUEUE(accumulate, (void *queue, view out, view in, view pt, const uint32_t *which, uint32_t terms),
         (queue, out, in, pt, which, terms))
ON_QUEUE(key_switch,
         (void *queue, view acc, view y, const sable_basis *const *up, view own, view key, uint32_t alpha,
          uint32_t first_block, view add, const uint32_t *add_mult),
         (queue, acc, y, up, own, key, alpha, first_block, add, add_mult))
ON_QUEUE(ntt_mod_down, (void *queue, view out, view e, view x, const uint32_t *x_mult, const uint32_t *e_mult),
         (queue, out, e, x, x_mult, e_mult))
ON_QUEUE(mod_down,
         (void *queue, view out, view y, const sable_basis *basis, view x, const uint32_t *x_mult,
          const uint32_t *e_mult, uint32_t galois, view add),
         (queue, out, y, basis, x, x_mult, e_mult, galois, add))
ON_QUEUE(switch_down, (void *queue, view out, const sable_switch *w), (queue, out, w))
ON_QUEUE(expand, (void *queue, view out, const sable_expansion *from), (queue, out, from))

ON_QUEUE(encode, (void *queue, view out, const double *hi, const double *lo, uint32_t gap), (queue, out, hi, lo, gap))
ON_QUEUE(decode, (void *queue, double *values, view y, uint32_t slots, double unit_hi, double unit_lo, int is_complex),
         (queue, values, y, slots, unit_hi, unit_lo, is_complex))
ON_QUEUE(encode_slots,
         (void *queue, view out, const double *values, uint32_t slots, double scale_hi, double scale_lo,
          int is_complex),
         (queue, out, values, slots, scale_hi, scale_lo, is_complex))
ON_QUEUE(out_of_range, (void *queue, view x, uint64_t *count, uint64_t *list, uint32_t most),
         (queue, x, count, list, most))
ON_QUEUE(largest, (void *queue, view x, uint32_t *sizes), (queue, x, sizes))
ON_QUEUE(digest, (void *queue, view x, uint64_t *sums), (queue, x, sums))
ON_QUEUE(check_range, (void *queue, view x, uint64_t *bad), (queue, x, bad))

ON_QUEUE(graph_begin, (void *queue, void **graph, size_t bytes), (queue, graph, bytes))
ON_QUEUE(graph_end, (void *queue, void *graph, sable_graph_size *size), (queue, graph, size))
ON_QUEUE(graph_launch, (void *queue, void *graph), (queue, graph))

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
static void graph_destroy(void *queue, void *graph) {
    const int device = ((gpu_queue *)queue)->device, before = begin(device, "sable graph_destroy");
    gpu_graph_destroy(queue, graph);
    end(device, before);
}

static const sable_backend table = {
    .abi = SABLE_BACKEND_ABI,
    .struct_size = sizeof(sable_backend),
    .name = BACKEND_NAME,
    .devices = gpu_devices,
    .open = gpu_open,
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
    .ntt_forward = ntt_forward,
    .ntt_inverse = ntt_inverse,
    .base_convert = base_convert,
    .tensor = tensor,
    .combine = combine,
    .mod_up = mod_up,
    .key_inner = key_inner,
    .key_inner_many = key_inner_many,
    .accumulate = accumulate,
    .key_switch = key_switch,
    .ntt_mod_down = ntt_mod_down,
    .mod_down = mod_down,
    .switch_down = switch_down,
    .expand = expand,
    .encode = encode,
    .decode = decode,
    .encode_slots = encode_slots,
    .check_range = check_range,
    .out_of_range = out_of_range,
    .largest = largest,
    .digest = digest,
    .graph_begin = graph_begin,
    .graph_end = graph_end,
    .graph_launch = graph_launch,
    .graph_destroy = graph_destroy,
};

SABLE_API sable_backend_get_function sable_backend_get;
const sable_backend *sable_backend_get(uint32_t abi, const sable_host_services *services) {
    (void)abi, (void)services; /* the library compares the table's abi with its own and says so */
    return &table;
}
