/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_BASE_CUT_H
#define SABLE_BASE_CUT_H
/* A loop over tasks of equal length on a few threads: of 11 tasks on two threads, one thread does six and the other one
 * five. Here the last `count % threads` tasks are cut in two: their first parts are the first items of the loop, their
 * last parts the last ones, so that threads which take items in turn end together.
 *
 * Items must be taken in order (schedule(monotonic : dynamic)): no first part waits for anything, and a thread has done
 * its own before it waits for that of another one. */
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#define SABLE_CUT_MOST 16u /* tasks that are cut; more threads leave more room in between */

typedef struct sable_cut {
    uint32_t count, cut;
    bool done[SABLE_CUT_MOST]; /* first parts; read and written atomically */
} sable_cut;

/* What an item is: a whole task, or one part of it. */
typedef struct sable_cut_item {
    uint32_t task;
    bool first, last;
} sable_cut_item;

static inline void sable_cut_open(sable_cut *c, uint32_t count, uint32_t threads) {
    c->count = count;
    c->cut = threads > 1 ? count % threads : 0;
    if (c->cut > SABLE_CUT_MOST) c->cut = SABLE_CUT_MOST;
    for (uint32_t i = 0; i < c->cut; i++) c->done[i] = false;
}

static inline uint32_t sable_cut_items(const sable_cut *c) { return c->count + c->cut; }

/* Item i; before the last part of a task, its first part is done. */
static inline sable_cut_item sable_cut_take(sable_cut *c, uint32_t i) {
    const uint32_t whole = c->count - c->cut;
    if (i < c->cut) return (sable_cut_item){whole + i, true, false};
    if (i < c->count) return (sable_cut_item){i - c->cut, true, true};
    while (!__atomic_load_n(&c->done[i - c->count], __ATOMIC_ACQUIRE)) (void)sched_yield();
    return (sable_cut_item){i - c->cut, false, true};
}

/* After an item. */
static inline void sable_cut_finish(sable_cut *c, sable_cut_item item) {
    if (item.first && !item.last) __atomic_store_n(&c->done[item.task - (c->count - c->cut)], true, __ATOMIC_RELEASE);
}

#endif
