/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/tally.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "base/fail.h"
#include "cpu/tally_impl.h"

sable_tally *sable_tally_of(void *state) { return &((tally_state *)state)->tally; }

void sable_tally_scratch(sable_tally *tally, size_t bytes) {
    if (tally->live > tally->peak) { /* below it the pool hands out blocks that it kept */
        tally->work[SABLE_WORK_FRESH] += (double)(tally->live - tally->peak);
        tally->peak = tally->live;
    }
    tally->work[SABLE_WORK_FRESH] += (double)bytes;
    if (tally->live + bytes > tally->total_peak) tally->total_peak = tally->live + bytes;
}

/* -- life cycle ---------------------------------------------------------------------------------------------------- */

static sable_status tally_open(void **state, const sable_ring *ring, const sable_backend_options *options,
                               sable_error *err) {
    const cpu_kernels *kernels;
    uint32_t threads;
    SABLE_TRY(cpu_choose(&kernels, &threads, options, err));
    const size_t cap = options ? options->memory_cap : 0, tables = cpu_tables_bytes(kernels, ring),
                 counted = tables ? cpu_pool_counts(tables) : 0;
    if (cap && counted > cap) return cpu_no_tables(kernels, tables, cap, err);
    tally_state *s = calloc(1, sizeof *s);
    if (!s) return sable_fail(err, SABLE_NO_MEMORY, "no host memory for a plan");
    s->cpu.ring = ring;
    s->cpu.kernels = kernels;
    s->cpu.threads = threads;
    s->tally.live = counted;
    sable_tally_scratch(&s->tally, 0);
    *state = s;
    return SABLE_OK;
}

static void give_back(tally_state *s, reserved **at) {
    reserved *r = *at;
    *at = r->next;
    s->tally.live -= r->counted;
    (void)munmap(r->address, r->bytes);
    free(r);
}

static void tally_close(void *state) {
    tally_state *s = state;
    while (s && s->all) give_back(s, &s->all);
    free(s);
}

static const char *tally_path(const void *state) { return ((const tally_state *)state)->cpu.kernels->name; }
static uint32_t tally_threads(const void *state) { return ((const tally_state *)state)->cpu.threads; }

static sable_status tally_queue_open(void **queue, void *state, void *external_stream, sable_error *err) {
    if (external_stream) return sable_fail(err, SABLE_UNSUPPORTED, "a plan has no streams");
    tally_queue *q = calloc(1, sizeof *q);
    if (!q) return sable_fail(err, SABLE_NO_MEMORY, "no host memory for a queue of a plan");
    q->state = state;
    *queue = q;
    return SABLE_OK;
}
static void tally_queue_close(void *queue) { free(queue); }
static sable_status tally_queue_sync(void *queue) {
    (void)queue;
    return SABLE_OK;
}
static sable_status tally_queue_wait(void *queue, void *other) {
    (void)queue, (void)other;
    return SABLE_OK;
}
static const char *tally_queue_error(void *queue) { return ((tally_queue *)queue)->err.text; }

/* -- memory -------------------------------------------------------------------------------------------------------- */

static sable_status tally_alloc(void *queue, void **memory, size_t bytes) {
    tally_queue *q = queue;
    tally_state *s = q->state;
    const size_t counted = cpu_pool_counts(bytes);
    reserved *r = malloc(sizeof *r);
    void *address = counted ? mmap(NULL, counted, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) : NULL;
    if (!r || !address || address == MAP_FAILED) {
        if (address && address != MAP_FAILED) (void)munmap(address, counted);
        free(r);
        return sable_fail(&q->err, SABLE_NO_MEMORY, "%zu bytes asked for with %zu in use: more than the system has",
                          bytes, s->tally.live);
    }
    *r = (reserved){s->all, address, counted, counted};
    s->all = r;
    s->tally.live += counted;
    sable_tally_scratch(&s->tally, 0);
    *memory = address;
    return SABLE_OK;
}

static void tally_release(void *queue, void *memory) {
    tally_state *s = ((tally_queue *)queue)->state;
    for (reserved **at = &s->all; memory && *at; at = &(*at)->next)
        if ((*at)->address == memory) {
            give_back(s, at);
            return;
        }
}

static sable_status tally_upload(void *queue, void *device, const void *host, size_t bytes) {
    (void)device, (void)host;
    tally_count(queue, SABLE_WORK_COPY, (double)bytes);
    return SABLE_OK;
}
static sable_status tally_download(void *queue, void *host, const void *device, size_t bytes) {
    return tally_upload(queue, host, device, bytes);
}
static sable_status tally_memory_use(const void *state, size_t *live, size_t *peak) {
    const sable_tally *tally = &((const tally_state *)state)->tally;
    if (live) *live = tally->live;
    if (peak) *peak = tally->peak;
    return SABLE_OK;
}
static sable_status tally_zero(void *queue, const sable_limbs *out) {
    tally_called(queue);
    tally_count(queue, SABLE_WORK_COPY, sizeof(uint32_t) * tally_words(queue, out));
    return SABLE_OK;
}
static sable_status tally_copy(void *queue, const sable_limbs *out, const sable_limbs *in) {
    (void)in;
    return tally_zero(queue, out);
}

/* -- transforms ---------------------------------------------------------------------------------------------------- */

static sable_status tally_forward(void *queue, const sable_limbs *x) {
    tally_called(queue);
    tally_count(queue, SABLE_WORK_FORWARD, tally_words(queue, x));
    return SABLE_OK;
}
sable_status tally_inverse(void *queue, const sable_limbs *out, const sable_limbs *in, const uint32_t *mult) {
    tally_called(queue);
    (void)in, (void)mult;
    tally_count(queue, SABLE_WORK_INVERSE, tally_words(queue, out));
    return SABLE_OK;
}
static sable_status tally_convert(void *queue, const sable_limbs *out, const sable_limbs *y, const sable_basis *basis) {
    tally_called(queue);
    (void)y;
    const size_t constants = cpu_constants_bytes(tally_cpu(queue), &basis, 1);
    if (constants) tally_pass(queue, constants);
    tally_count(queue, SABLE_WORK_CONVERT, tally_words(queue, out) * basis->src_count);
    return SABLE_OK;
}

/* -- element-wise -------------------------------------------------------------------------------------------------- */

static sable_status one_pass(void *queue, sable_work near, sable_work far, const sable_limbs *out) {
    const double words = tally_words(queue, out);
    tally_called(queue);
    tally_count(queue, sizeof(uint32_t) * words <= (double)SABLE_NEAR_BYTES ? near : far, words);
    return SABLE_OK;
}
static sable_status tally_automorphism(void *queue, const sable_limbs *out, const sable_limbs *in, uint32_t galois) {
    (void)in, (void)galois;
    return one_pass(queue, SABLE_WORK_NEAR, SABLE_WORK_ELEMENT, out);
}
static sable_status tally_sum(void *queue, const sable_limbs *out, const sable_limbs *a, const sable_limbs *b) {
    (void)a, (void)b;
    return one_pass(queue, SABLE_WORK_NEAR_SUM, SABLE_WORK_SUM, out);
}
static sable_status tally_product(void *queue, const sable_limbs *out, const sable_limbs *a, const sable_limbs *b) {
    (void)a, (void)b;
    return one_pass(queue, SABLE_WORK_NEAR, SABLE_WORK_ELEMENT, out);
}
static sable_status tally_negate(void *queue, const sable_limbs *out, const sable_limbs *a) {
    return tally_sum(queue, out, a, NULL);
}
static sable_status tally_mul_mont(void *queue, const sable_limbs *out, const sable_limbs *a, const sable_limbs *b,
                                   int add) {
    (void)add;
    return tally_product(queue, out, a, b);
}
static sable_status tally_mul_const(void *queue, const sable_limbs *out, const sable_limbs *a, const uint32_t *lo,
                                    const uint32_t *hi) {
    (void)lo, (void)hi;
    return tally_product(queue, out, a, NULL);
}
static sable_status tally_add_const(void *queue, const sable_limbs *out, const sable_limbs *a, const uint32_t *lo,
                                    const uint32_t *hi) {
    (void)lo, (void)hi;
    return tally_sum(queue, out, a, NULL);
}
sable_status tally_tensor(void *queue, const sable_limbs *out, const sable_limbs *a, size_t a_term_stride,
                          const sable_limbs *b, size_t b_term_stride, uint32_t terms) {
    tally_called(queue);
    (void)a, (void)b, (void)a_term_stride, (void)b_term_stride;
    tally_count(queue, SABLE_WORK_TENSOR, tally_words(queue, out) / 3 * terms);
    return SABLE_OK;
}
static sable_status tally_combine(void *queue, const sable_limbs *out, const sable_limbs *in, const uint32_t *c) {
    tally_called(queue);
    (void)c;
    tally_count(queue, SABLE_WORK_COMBINE, tally_words(queue, out) * in->batch);
    return SABLE_OK;
}

static sable_status tally_expand(void *queue, const sable_limbs *out, const sable_expansion *from) {
    tally_called(queue);
    (void)from;
    tally_count(queue, SABLE_WORK_EXPAND, tally_words(queue, out));
    return SABLE_OK;
}
/* Every member that is encoded was a transform of its slots first. */
static sable_status tally_encode(void *queue, const sable_limbs *out, const double *hi, const double *lo,
                                 uint32_t gap) {
    tally_called(queue);
    (void)hi, (void)lo;
    const sable_ring *ring = tally_cpu(queue)->ring;
    const size_t given = ring->n / gap;
    tally_pass(queue, cpu_encode_bytes(out, given));
    tally_count(queue, SABLE_WORK_ENCODE, tally_words(queue, out));
    tally_count(queue, SABLE_WORK_FORWARD, tally_words(queue, out));
    tally_count(queue, SABLE_WORK_EMBED, (double)out->batch * (double)given * ring->log_n);
    return SABLE_OK;
}
static sable_status tally_check_range(void *queue, const sable_limbs *x, uint64_t *bad) {
    tally_called(queue);
    tally_count(queue, SABLE_WORK_CHECK, tally_words(queue, x));
    *bad = UINT64_MAX;
    return SABLE_OK;
}

static sable_status tally_out_of_range(void *queue, const sable_limbs *x, uint64_t *bad, uint64_t *list,
                                       uint32_t most) {
    tally_called(queue);
    (void)list, (void)most;
    tally_count(queue, SABLE_WORK_CHECK, tally_words(queue, x));
    *bad = 0;
    return SABLE_OK;
}
static sable_status tally_largest(void *queue, const sable_limbs *x, uint32_t *largest) {
    tally_called(queue);
    tally_count(queue, SABLE_WORK_CHECK, tally_words(queue, x));
    for (uint32_t i = 0; i < x->limbs; i++) largest[i] = 0;
    return SABLE_OK;
}
static sable_status tally_digest(void *queue, const sable_limbs *x, uint64_t digest[2]) {
    tally_called(queue);
    tally_count(queue, SABLE_WORK_CHECK, tally_words(queue, x));
    digest[0] = digest[1] = 0;
    return SABLE_OK;
}

static const sable_backend table = {
    .abi = SABLE_BACKEND_ABI,
    .struct_size = sizeof(sable_backend),
    .name = "cpu",
    .open = tally_open,
    .close = tally_close,
    .path = tally_path,
    .threads = tally_threads,
    .queue_open = tally_queue_open,
    .queue_close = tally_queue_close,
    .queue_sync = tally_queue_sync,
    .queue_wait = tally_queue_wait,
    .queue_error = tally_queue_error,
    .alloc = tally_alloc,
    .release = tally_release,
    .upload = tally_upload,
    .download = tally_download,
    .memory_use = tally_memory_use,
    .copy = tally_copy,
    .zero = tally_zero,
    .ntt_forward = tally_forward,
    .ntt_inverse = tally_inverse,
    .base_convert = tally_convert,
    .automorphism = tally_automorphism,
    .add = tally_sum,
    .sub = tally_sum,
    .negate = tally_negate,
    .mul_mont = tally_mul_mont,
    .mul = tally_product,
    .mul_const = tally_mul_const,
    .add_const = tally_add_const,
    .tensor = tally_tensor,
    .combine = tally_combine,
    .mod_up = tally_mod_up,
    .key_inner = tally_key_inner,
    .key_inner_many = tally_key_inner_many,
    .accumulate = tally_accumulate,
    .key_switch = tally_key_switch,
    .ntt_mod_down = tally_ntt_mod_down,
    .mod_down = tally_mod_down,
    .switch_down = tally_switch_down,
    .expand = tally_expand,
    .encode = tally_encode,
    .check_range = tally_check_range,
    .out_of_range = tally_out_of_range,
    .largest = tally_largest,
    .digest = tally_digest,
};

const sable_backend *sable_backend_tally(void) { return &table; }
