/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CPU_POOL_H
#define SABLE_CPU_POOL_H
/* Caching allocator of the cpu backend. Fresh large blocks cost page faults that exceed the work done in them, so freed
 * blocks are kept by size class and handed out again, without a cap for smaller requests too. All functions may be called from
 * several threads. */
#include <stdbool.h>
#include <stddef.h>

typedef struct cpu_pool cpu_pool;

/* cap: most bytes that the pool may hold, given out and cached together; 0 = no limit. NULL when there is no memory. */
cpu_pool *cpu_pool_create(size_t cap);
/* Frees everything, blocks still given out included. NULL is a no-op. */
void cpu_pool_destroy(cpu_pool *pool);

/* 256-byte aligned, contents undefined; 0 bytes give a valid block. NULL: over the cap, or the system has none; nothing
 * was taken. */
void *cpu_pool_take(cpu_pool *pool, size_t bytes);
void cpu_pool_give(cpu_pool *pool, void *memory); /* NULL is a no-op */

/* Bytes given out now, and the most ever, both as size classes of what was asked for (at most 12.5 % above it), whatever the
 * size of the blocks that serve. */
void cpu_pool_use(const cpu_pool *pool, size_t *live, size_t *peak);
/* What a block of so many bytes counts there; 0 when the number is absurd. */
size_t cpu_pool_counts(size_t bytes);
/* Bytes given back and kept for reuse. */
size_t cpu_pool_cached(const cpu_pool *pool);
size_t cpu_pool_cap(const cpu_pool *pool);

#endif
