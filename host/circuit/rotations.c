/* SPDX-License-Identifier: Apache-2.0 */
/* Choosing rotation keys: from all rotations that are asked for, those go whose absence costs least; then keys are exchanged for others, powers
 * of two among them, while that helps. A choice costs as many rotations as a run would do; of two that cost the same the one with
 * shorter sums is taken, which have less noise and more rotations of one value to hoist. */
#include "circuit/rotations.h"

#include <stdlib.h>
#include <string.h>

#define START_MOST  128u              /* rotations that elimination starts from: beyond, an even selection */
#define POOL_MOST   (START_MOST + 40) /* and powers of two, of both signs */
#define WORK_MOST   ((size_t)2e8)     /* visited sums after which the search ends with what it has */
#define UNREACHABLE UINT64_MAX

typedef struct search {
    rotation_basis *b;
    const rotation_use *use;
    size_t uses, distinct, work;
    uint32_t *queue, *stamp; /* [slots] sums in the order of distance; group that has the sum */
    uint32_t pool[POOL_MOST], pools;
} search;

static uint32_t wrap(const search *s, int64_t steps) {
    const int64_t slots = s->b->slots;
    return (uint32_t)((steps % slots + slots) % slots);
}

/* distance[] of all sums up to the last needed one. */
static bool measure(search *s) {
    rotation_basis *b = s->b;
    memset(b->distance, 0xff, b->slots * sizeof *b->distance);
    size_t head = 0, tail = 0, found = 0;
    b->distance[0] = 0;
    s->queue[tail++] = 0;
    while (head < tail && found < s->distinct) {
        const uint32_t at = s->queue[head++];
        s->work += b->count;
        for (uint32_t k = 0; k < b->count; k++) {
            const uint32_t to = (at + b->key[k]) & (b->slots - 1);
            if (b->distance[to] != UINT32_MAX) continue;
            b->distance[to] = b->distance[at] + 1;
            found += b->needed[to];
            s->queue[tail++] = to;
        }
    }
    return found == s->distinct;
}

uint32_t sable_rotations_last(const rotation_basis *basis, uint32_t steps) {
    uint32_t last = 0;
    for (uint32_t k = 0; k < basis->count; k++) {
        const uint32_t before = (steps - basis->key[k]) & (basis->slots - 1);
        if (basis->distance[before] != basis->distance[steps] - 1) continue;
        if (basis->needed[before] || before == 0) return basis->key[k]; /* a sum that may be there anyway */
        if (!last) last = basis->key[k];
    }
    return last;
}

/* Rotations of a run with the keys of the basis; below them, in the low half, the lengths of all sums. */
static uint64_t cost(search *s) {
    if (!measure(s)) return UNREACHABLE;
    uint64_t rotations = 0, lengths = 0;
    memset(s->stamp, 0, s->b->slots * sizeof *s->stamp);
    for (size_t i = 0; i < s->uses; i++) {
        lengths += s->b->distance[s->use[i].steps];
        for (uint32_t at = s->use[i].steps; at && s->stamp[at] != s->use[i].group + 1;) {
            s->stamp[at] = s->use[i].group + 1;
            rotations++;
            at = (at - sable_rotations_last(s->b, at)) & (s->b->slots - 1);
        }
    }
    return rotations << 32 | (lengths < UINT32_MAX ? lengths : UINT32_MAX);
}

static void remove_key(rotation_basis *b, uint32_t k) {
    memmove(b->key + k, b->key + k + 1, (b->count - k - 1) * sizeof *b->key);
    b->count--;
}
static void insert_key(rotation_basis *b, uint32_t k, uint32_t key) {
    memmove(b->key + k + 1, b->key + k, (b->count - k) * sizeof *b->key);
    b->key[k] = key;
    b->count++;
}

/* A single rotation of least 2-adic valuation generates all, so something can be left out until one is left. */
static void eliminate(search *s, uint32_t most) {
    rotation_basis *b = s->b;
    while (b->count > most) {
        uint64_t least = UNREACHABLE;
        uint32_t out = 0;
        for (uint32_t k = 0; k < b->count; k++) {
            const uint32_t key = b->key[k];
            remove_key(b, k);
            const uint64_t now = cost(s);
            insert_key(b, k, key);
            if (now < least) least = now, out = k;
        }
        remove_key(b, out);
    }
}

static void exchange(search *s) {
    rotation_basis *b = s->b;
    uint64_t least = cost(s);
    bool better = true;
    while (better && s->work < WORK_MOST) {
        better = false;
        for (uint32_t k = 0; k < b->count; k++)
            for (uint32_t i = 0; i < s->pools && s->work < WORK_MOST; i++) {
                const uint32_t old = b->key[k];
                b->key[k] = s->pool[i];
                const uint64_t now = cost(s);
                if (now < least)
                    least = now, better = true;
                else
                    b->key[k] = old;
            }
    }
    (void)measure(s); /* of the choice: it can reach everything */
}

/* The needed steps, or an even selection of them with one of least valuation; then powers of two. */
static void fill_pool(search *s, uint32_t *lowest) {
    const uint32_t slots = s->b->slots;
    uint32_t all = 0;
    for (uint32_t r = 1; r < slots; r++) all |= s->b->needed[r] ? r : 0;
    *lowest = all & (~all + 1); /* greatest power of two that divides every needed step */
    size_t seen = 0;
    const size_t wanted = s->distinct < START_MOST ? s->distinct : START_MOST - 1;
    bool has_lowest = false;
    for (uint32_t r = 1; r < slots; r++) {
        if (!s->b->needed[r]) continue;
        const bool chosen = (seen + 1) * wanted / s->distinct != seen * wanted / s->distinct;
        const bool generates = !has_lowest && (r & *lowest);
        seen++;
        if (!chosen && !generates) continue;
        has_lowest |= (r & *lowest) != 0;
        s->pool[s->pools++] = r;
    }
}
static void add_powers(search *s, uint32_t lowest) {
    for (uint32_t r = lowest; r < s->b->slots; r *= 2)
        for (int sign = 1; sign >= -1; sign -= 2) {
            const uint32_t steps = wrap(s, (int64_t)sign * r);
            if (s->pools < POOL_MOST && !s->b->needed[steps]) s->pool[s->pools++] = steps;
        }
}

sable_status sable_rotations_choose(rotation_basis *basis, const rotation_use *use, size_t uses, uint32_t slots,
                                    uint32_t most, sable_error *err) {
    *basis = (rotation_basis){.slots = slots};
    basis->key = malloc(POOL_MOST * sizeof *basis->key);
    basis->distance = malloc(slots * sizeof *basis->distance);
    basis->needed = calloc(slots, sizeof *basis->needed);
    search s = {.b = basis, .use = use, .uses = uses};
    s.queue = malloc(slots * sizeof *s.queue);
    s.stamp = malloc(slots * sizeof *s.stamp);
    const bool room = basis->key && basis->distance && basis->needed && s.queue && s.stamp;
    if (room) {
        for (size_t i = 0; i < uses; i++) {
            s.distinct += !basis->needed[use[i].steps];
            basis->needed[use[i].steps] = true;
        }
        uint32_t lowest;
        fill_pool(&s, &lowest);
        memcpy(basis->key, s.pool, s.pools * sizeof *basis->key);
        basis->count = s.pools;
        add_powers(&s, lowest);
        eliminate(&s, most);
        exchange(&s);
    }
    free(s.queue);
    free(s.stamp);
    if (room) return SABLE_OK;
    sable_rotations_free(basis);
    return sable_fail(err, SABLE_NO_MEMORY, "no memory to choose rotation keys among %u slots", slots);
}

void sable_rotations_free(rotation_basis *basis) {
    free(basis->key);
    free(basis->distance);
    free(basis->needed);
    *basis = (rotation_basis){0};
}
