/* SPDX-License-Identifier: Apache-2.0 */
#include "ring/plan_pick.h"

#include <stdlib.h>
#include <string.h>

#include "ring/plan.h"
#include "ring/primes.h"

static bool less(sable_dd a, sable_dd b) { return dd_sub(b, a).hi > 0x1p-60; }
static sable_dd dd_abs(sable_dd a) { return a.hi < 0 ? dd_neg(a) : a; }

bool sable_pool_fill(sable_pool *pool, uint32_t lo, uint32_t hi, uint32_t log_step) {
    size_t capacity = ((hi - lo) >> log_step) + 2;
    *pool = (sable_pool){.prime = malloc(capacity * sizeof *pool->prime)};
    if (!pool->prime) return false;
    pool->count = sable_primes_between(pool->prime, capacity, lo, hi, log_step);
    pool->log = malloc((pool->count + 1) * sizeof *pool->log);
    if (!pool->log) {
        sable_pool_free(pool);
        return false;
    }
    for (size_t i = 0; i < pool->count; i++) pool->log[i] = sable_log2(dd(pool->prime[i]));
    return true;
}

void sable_pool_free(sable_pool *pool) {
    free(pool->prime);
    free(pool->log);
    *pool = (sable_pool){0};
}

static uint32_t take(sable_pool *pool, size_t i) {
    uint32_t prime = pool->prime[i];
    pool->count--;
    memmove(pool->prime + i, pool->prime + i + 1, (pool->count - i) * sizeof *pool->prime);
    memmove(pool->log + i, pool->log + i + 1, (pool->count - i) * sizeof *pool->log);
    return prime;
}

void sable_pool_remove(sable_pool *pool, uint32_t prime) {
    for (size_t i = 0; i < pool->count; i++)
        if (pool->prime[i] == prime) {
            take(pool, i);
            return;
        }
}

static size_t nearest(const sable_pool *pool, sable_dd target) {
    size_t best = 0;
    sable_dd best_distance = dd_abs(dd_sub(pool->log[0], target));
    for (size_t i = 1; i < pool->count; i++) {
        sable_dd distance = dd_abs(dd_sub(pool->log[i], target));
        if (less(distance, best_distance)) {
            best = i;
            best_distance = distance;
        }
    }
    return best;
}

/* Two pointers over the ascending list pass every pair that could be nearest to the target. */
static void nearest_pair(const sable_pool *pool, sable_dd target, size_t pair[2]) {
    size_t i = 0, j = pool->count - 1;
    double best_miss = HUGE_VAL;
    sable_dd best_spread = dd(0);
    while (i < j) {
        sable_dd d = dd_sub(dd_add(pool->log[i], pool->log[j]), target), spread = dd_sub(pool->log[j], pool->log[i]);
        double miss = rint(fabs(d.hi) * 4096);
        if (miss < best_miss || (miss == best_miss && less(spread, best_spread))) {
            best_miss = miss;
            best_spread = spread;
            pair[0] = i;
            pair[1] = j;
        }
        if (d.hi > 0)
            j--;
        else
            i++;
    }
}

bool sable_pool_pick(sable_pool *pool, sable_dd target, uint32_t k, uint32_t *out) {
    if (pool->count < k) return false;
    for (; k > 2; k--) {
        size_t i = nearest(pool, dd_div(target, dd(k)));
        target = dd_sub(target, pool->log[i]);
        *out++ = take(pool, i);
    }
    if (k == 1) {
        *out = take(pool, nearest(pool, target));
    } else if (k == 2) {
        size_t pair[2] = {0, 1};
        nearest_pair(pool, target, pair);
        out[1] = take(pool, pair[1]); /* the later one first, so that the other index stays right */
        out[0] = take(pool, pair[0]);
    }
    return true;
}

typedef struct tuple_search {
    const sable_pool *pool;
    size_t candidate[9];
    uint32_t candidates, count;
    const bool *used;
    sable_dd bits;
    size_t current[SABLE_PLAN_MAX_TERMINALS], best[SABLE_PLAN_MAX_TERMINALS];
    bool found;
    sable_dd best_worst;
} tuple_search;

/* Tuples in lexicographic order of candidates; `worst` is the largest miss of the prefixes so far. */
static void extend(tuple_search *s, uint32_t length, uint32_t taken, sable_dd total, sable_dd worst) {
    if (length > 0 && s->used[length]) {
        sable_dd miss = dd_abs(dd_sub(total, dd_mul(s->bits, dd(length))));
        if (less(worst, miss)) worst = miss;
        if (s->found && !less(worst, s->best_worst)) return;
    }
    if (length == s->count) {
        s->found = true;
        s->best_worst = worst;
        memcpy(s->best, s->current, sizeof s->best);
        return;
    }
    for (uint32_t c = 0; c < s->candidates; c++) {
        if (taken >> c & 1) continue;
        s->current[length] = s->candidate[c];
        extend(s, length + 1, taken | 1u << c, dd_add(total, s->pool->log[s->candidate[c]]), worst);
    }
}

bool sable_pool_terminals(const sable_pool *pool, sable_dd bits, uint32_t count,
                          const bool used[SABLE_PLAN_MAX_TERMINALS + 1], uint32_t *out) {
    tuple_search s = {.pool = pool, .count = count, .used = used, .bits = bits};
    /* The candidates in order of distance, equal ones in order of value: nine rounds of selection. */
    while (s.candidates < 9 && s.candidates < pool->count) {
        size_t best = pool->count;
        sable_dd best_distance = dd(0);
        for (size_t i = 0; i < pool->count; i++) {
            bool chosen = false;
            for (uint32_t c = 0; c < s.candidates; c++) chosen = chosen || s.candidate[c] == i;
            sable_dd distance = dd_abs(dd_sub(pool->log[i], bits));
            if (!chosen && (best == pool->count || less(distance, best_distance))) {
                best = i;
                best_distance = distance;
            }
        }
        s.candidate[s.candidates++] = best;
    }
    if (s.candidates < count) return false;
    extend(&s, 0, 0, dd(0), dd(0));
    for (uint32_t i = 0; i < count; i++) out[i] = pool->prime[s.best[i]];
    return true;
}
