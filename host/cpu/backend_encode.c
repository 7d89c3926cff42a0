/* SPDX-License-Identifier: Apache-2.0 */
/* Encoding: integers, given as sums of two doubles, to transformed residues in Montgomery form. */
#include <math.h>
#include <string.h>

#include "base/cut.h"
#include "cpu/backend_impl.h"

/* Coefficients joined at a time, and where there is no memory for all of them. */
#define RUN ((size_t)2048)
#define FEW 256u

/* a[0..count) becomes every gap-th word of a[0..count*gap), the rest 0. From the end: a word never lands on one still
 * to be read. */
static void spread(uint32_t *a, size_t count, uint32_t gap) {
    for (size_t t = count; t-- > 0;) {
        uint32_t word = a[t];
        memset(a + t * gap, 0, gap * sizeof *a);
        a[t * gap] = word;
    }
}

/* fmax would be a call for every coefficient. */
static bool exceeds_one_word(const double *hi, size_t count) {
    uint64_t exceeds = 0;
    for (size_t t = 0; t < count; t++) exceeds |= (uint64_t)(fabs(hi[t]) > 0x1p61);
    return exceeds != 0;
}

/* low = hi + lo + 2^62. */
static void join(uint64_t *low, const double *hi, const double *lo, size_t count) {
    for (size_t t = 0; t < count; t++) low[t] = (uint64_t)((int64_t)hi[t] + (int64_t)lo[t]) + ((uint64_t)1 << 62);
}

/* high * 2^64 + low = hi + lo + 2^127. With hi = a*2^64 + b*2^32 + c by truncation every rest is exact and keeps the
 * sign: |a| < 2^63, |b|, |c| < 2^32. */
static void join_wide(uint64_t *low, uint64_t *high, const double *hi, const double *lo, size_t count) {
    for (size_t t = 0; t < count; t++) {
        const double a = trunc(hi[t] * 0x1p-64), rest = hi[t] - a * 0x1p64, b = trunc(rest * 0x1p-32);
        const int64_t upper = (int64_t)b, lower = (int64_t)(rest - b * 0x1p32) + (int64_t)lo[t]; /* |lower| < 2^54 */
        const uint64_t shifted = (uint64_t)upper << 32, sum = shifted + (uint64_t)lower;
        const uint64_t carry = (uint64_t)(upper < 0) + (uint64_t)(lower < 0); /* signs extended: -1 each */
        low[t] = sum;
        high[t] = (uint64_t)(int64_t)a + (uint64_t)(sum < shifted) - carry + ((uint64_t)1 << 63);
    }
}

typedef struct integers {
    const double *hi, *lo;
    uint64_t *low, *high; /* of all members, joined; NULL: no memory for them. high: where they are wide */
    size_t count;
    bool wide; /* some integer takes two words */
} integers;

/* Integers `first` to `first` + RUN, joined or wiped. */
static size_t left_of(const integers *x, size_t first) { return x->count - first < RUN ? x->count - first : RUN; }
static void join_run(const integers *x, size_t first) {
    if (x->wide)
        join_wide(x->low + first, x->high + first, x->hi + first, x->lo + first, left_of(x, first));
    else
        join(x->low + first, x->hi + first, x->lo + first, left_of(x, first));
}
static void wipe_run(const integers *x, size_t first) {
    memset(x->low + first, 0, left_of(x, first) * sizeof *x->low);
    if (x->wide) memset(x->high + first, 0, left_of(x, first) * sizeof *x->high);
}

/* `count` integers from number `first` on. */
static void encode_run(const cpu_kernels *k, uint32_t *out, const integers *x, size_t first, size_t count,
                       const sable_prime *q) {
    if (x->low && x->wide) {
        k->encode_wide(out, x->low + first, x->high + first, count, q);
    } else if (x->low) {
        k->encode(out, x->low + first, count, q);
    } else {
        uint64_t low[FEW], high[FEW];
        for (size_t t = 0; t < count; t += FEW) {
            const size_t few = count - t < FEW ? count - t : FEW;
            join_wide(low, high, x->hi + first + t, x->lo + first + t, few);
            k->encode_wide(out + t, low, high, few, q);
        }
    }
}

/* A limb of a member, transformed while it is in the second-level cache. First part: until words of different blocks no
 * longer meet; last part: the blocks. */
static void encode_limb(const cpu_state *s, const sable_limbs *out, const integers *x, sable_cut_item item,
                        uint32_t gap) {
    const size_t n = s->ring->n, given = n / gap, limb = item.task % out->limbs, member = item.task / out->limbs;
    const cpu_tables *tables = &s->tables[out->pos[limb]];
    uint32_t *first = cpu_limb(out, member, 0, limb);
    if (item.first) {
        encode_run(cpu_kernels_for(s, given), first, x, member * given, given, cpu_prime(s, out, limb));
        if (gap > 1) spread(first, given, gap);
        cpu_ntt_limb_outer(s->kernels, first, tables);
    }
    if (!item.last) return;
    cpu_ntt_limb_blocks(s->kernels, first, tables);
    for (uint32_t part = 1; part < out->parts; part++)
        memcpy(cpu_limb(out, member, part, limb), first, n * sizeof *first);
}

size_t cpu_encode_bytes(const sable_limbs *out, size_t given) { return 2 * sizeof(uint64_t) * out->batch * given; }

sable_status cpu_encode(void *queue, const sable_limbs *out, const double *hi, const double *lo, uint32_t gap) {
    cpu_state *s = cpu_state_of(queue);
    CPU_CHECK_SHAPE(s, out);
    const size_t n = s->ring->n, given = n / gap, all = out->batch * given, count = (size_t)out->limbs * out->batch;
    /* Joined once for all limbs. */
    uint64_t *low = cpu_pool_take(s->pool, cpu_encode_bytes(out, given));
    const integers x = {.hi = hi, .lo = lo, .low = low, .high = low ? low + all : NULL, .count = all};
    const int threads = cpu_threads_for(s, count * n * s->ring->log_n);
    (void)threads; /* unused without OpenMP */
    sable_cut cut;
    sable_cut_open(&cut, (uint32_t)count, (uint32_t)threads);
    bool wide = false;
#pragma omp parallel num_threads(threads)
    {
#pragma omp for schedule(static) reduction(|| : wide)
        for (size_t first = 0; first < all; first += RUN)
            wide = exceeds_one_word(hi + first, left_of(&x, first)) || wide;
        integers own = x;
        own.wide = wide;
#pragma omp for schedule(static)
        for (size_t first = 0; first < (low ? all : 0); first += RUN) join_run(&own, first);
#pragma omp for schedule(monotonic : dynamic)
        for (uint32_t i = 0; i < sable_cut_items(&cut); i++) {
            const sable_cut_item item = sable_cut_take(&cut, i);
            encode_limb(s, out, &own, item, gap);
            sable_cut_finish(&cut, item);
        }
#pragma omp for schedule(static)
        for (size_t first = 0; first < (low ? all : 0); first += RUN) wipe_run(&own, first); /* a message */
    }
    cpu_pool_give(s->pool, low);
    CPU_CHECK(s, out);
    return SABLE_OK;
}
