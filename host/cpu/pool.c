/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/pool.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

#define ALIGN        ((size_t)256)
#define HUGE_PAGE    ((size_t)2 << 20)
/* Sizes are rounded up to one of 8 classes an octave, the smallest 512 bytes. */
#define STEP_BITS    3u
#define STEPS        (1u << STEP_BITS)
#define SMALLEST_LOG 9u
#define CLASSES      (STEPS * (8 * sizeof(size_t) - SMALLEST_LOG))
/* A block may serve what is up to 4 times smaller, so that work whose sizes change from level to level touches little fresh memory;
 * what they have too much stays below this part of the peak. */
#define LARGER       (2 * STEPS)
#define WASTE_PART   4
/* Cached blocks may exceed what was ever in use at once by this much before the largest go back to the system. */
#define SLACK        ((size_t)64 << 20)

/* Lies ALIGN bytes before the memory handed out. Every block is in the list of all blocks, a cached one also in its
 * class. */
typedef struct block {
    struct block *prev, *next; /* all blocks of the pool */
    struct block *next_free;
    size_t bytes;   /* with this header */
    size_t counted; /* the class of what was asked for, while it is given out */
    unsigned class_index;
} block;

struct cpu_pool {
    pthread_mutex_t lock;
    block *all;
    block *free_list[CLASSES];
    size_t cap, live, peak, cached;
    size_t waste; /* of blocks given out: what they have beyond what is counted */
};

/* The smallest class of at least `bytes`. Returns its size, 0 when bytes is absurd. */
static size_t class_of(size_t bytes, unsigned *index) {
    if (bytes > SIZE_MAX / 4) return 0;
    if (bytes < (size_t)1 << SMALLEST_LOG) bytes = (size_t)1 << SMALLEST_LOG;
    unsigned log = 8 * (unsigned)sizeof(size_t) - 1 - (unsigned)__builtin_clzll(bytes);
    size_t step = (size_t)1 << (log - STEP_BITS);
    size_t steps = (bytes + step - 1) / step; /* STEPS..2*STEPS; the last is the first class of the next octave */
    *index = (log - SMALLEST_LOG) * STEPS + (unsigned)steps - STEPS;
    return steps * step;
}

size_t cpu_pool_counts(size_t bytes) {
    unsigned index;
    return bytes > SIZE_MAX - ALIGN ? 0 : class_of(bytes + ALIGN, &index);
}

cpu_pool *cpu_pool_create(size_t cap) {
    cpu_pool *pool = calloc(1, sizeof *pool);
    if (!pool) return NULL;
    if (pthread_mutex_init(&pool->lock, NULL) != 0) {
        free(pool);
        return NULL;
    }
    pool->cap = cap;
    return pool;
}

static void to_system(cpu_pool *pool, block *b) {
    if (b->prev)
        b->prev->next = b->next;
    else
        pool->all = b->next;
    if (b->next) b->next->prev = b->prev;
    free(b);
}

void cpu_pool_destroy(cpu_pool *pool) {
    if (!pool) return;
    while (pool->all) to_system(pool, pool->all);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

/* Returns cached blocks to the system, largest first, until at most `keep` bytes of them remain. */
static void trim(cpu_pool *pool, size_t keep) {
    for (size_t c = CLASSES; c-- > 0 && pool->cached > keep;)
        while (pool->free_list[c] && pool->cached > keep) {
            block *b = pool->free_list[c];
            pool->free_list[c] = b->next_free;
            pool->cached -= b->bytes;
            to_system(pool, b);
        }
}

/* A block of the class from the system; NULL when it has none. */
static block *from_system(cpu_pool *pool, size_t bytes, unsigned index) {
    size_t align = bytes >= HUGE_PAGE ? HUGE_PAGE : ALIGN;
    void *memory = NULL;
    if (posix_memalign(&memory, align, bytes) != 0) return NULL;
#ifdef MADV_HUGEPAGE
    if (align == HUGE_PAGE)
        (void)madvise(memory, bytes, MADV_HUGEPAGE); /* advice only: refusal costs speed, nothing else */
#endif
    block *b = memory;
    *b = (block){.next = pool->all, .bytes = bytes, .class_index = index};
    if (pool->all) pool->all->prev = b;
    pool->all = b;
    return b;
}

/* A cached block for the class, the smallest there is; NULL: none. Below a cap only one of that very class: the room that a
 * larger one takes for nothing would have work refused that fits. */
static block *from_cache(cpu_pool *pool, size_t size, unsigned index) {
    const unsigned last = pool->cap ? index : index + LARGER < CLASSES ? index + LARGER : (unsigned)CLASSES - 1;
    for (unsigned c = index; c <= last; c++) {
        block *b = pool->free_list[c];
        if (!b) continue;
        if (b->bytes - size > pool->peak / WASTE_PART - pool->waste) return NULL;
        pool->free_list[c] = b->next_free;
        pool->cached -= b->bytes;
        pool->waste += b->bytes - size;
        return b;
    }
    return NULL;
}

void *cpu_pool_take(cpu_pool *pool, size_t bytes) {
    unsigned index = 0;
    size_t size = bytes > SIZE_MAX - ALIGN ? 0 : class_of(bytes + ALIGN, &index);
    if (size == 0) return NULL;
    pthread_mutex_lock(&pool->lock);
    block *b = from_cache(pool, size, index);
    if (!b && (pool->cap == 0 || (size <= pool->cap && pool->live <= pool->cap - size))) {
        if (pool->cap && pool->live + pool->cached + size > pool->cap) trim(pool, pool->cap - pool->live - size);
        b = from_system(pool, size, index);
        if (!b && pool->cached) {
            trim(pool, 0);
            b = from_system(pool, size, index);
        }
    }
    if (b) {
        b->counted = size;
        pool->live += size;
        if (pool->live > pool->peak) pool->peak = pool->live;
    }
    pthread_mutex_unlock(&pool->lock);
    return b ? (char *)b + ALIGN : NULL;
}

void cpu_pool_give(cpu_pool *pool, void *memory) {
    if (!memory) return;
    block *b = (block *)((char *)memory - ALIGN);
    pthread_mutex_lock(&pool->lock);
    b->next_free = pool->free_list[b->class_index];
    pool->free_list[b->class_index] = b;
    pool->live -= b->counted;
    pool->waste -= b->bytes - b->counted;
    pool->cached += b->bytes;
    size_t most = pool->peak + pool->peak / 2 + SLACK; /* waste is at most a quarter of the peak */
    if (pool->live + pool->waste + pool->cached > most) trim(pool, most - pool->live - pool->waste);
    pthread_mutex_unlock(&pool->lock);
}

/* The counters are read under the lock, which is the only thing a const pool changes. */
static pthread_mutex_t *lock_of(const cpu_pool *pool) { return (pthread_mutex_t *)(uintptr_t)&pool->lock; }

void cpu_pool_use(const cpu_pool *pool, size_t *live, size_t *peak) {
    pthread_mutex_lock(lock_of(pool));
    if (live) *live = pool->live;
    if (peak) *peak = pool->peak;
    pthread_mutex_unlock(lock_of(pool));
}

size_t cpu_pool_cached(const cpu_pool *pool) {
    pthread_mutex_lock(lock_of(pool));
    size_t cached = pool->cached;
    pthread_mutex_unlock(lock_of(pool));
    return cached;
}

size_t cpu_pool_cap(const cpu_pool *pool) { return pool->cap; }
