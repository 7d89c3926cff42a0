/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_RING_PLAN_PICK_H
#define SABLE_RING_PLAN_PICK_H
/* Choosing primes whose logarithms add up to a target. All logarithms are double-doubles; two that differ by less
 * than 2^-60 count as equal and the first candidate wins, so that sums taken in another order cannot change a
 * choice. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dd.h"

/* Primes still free, ascending, with their log2. */
typedef struct sable_pool {
    uint32_t *prime;
    sable_dd *log;
    size_t count;
} sable_pool;

/* Primes = 1 mod 2^log_step with lo < p < hi. False: no memory. */
bool sable_pool_fill(sable_pool *pool, uint32_t lo, uint32_t hi, uint32_t log_step);
void sable_pool_free(sable_pool *pool);
void sable_pool_remove(sable_pool *pool, uint32_t prime); /* nothing happens when it is not there */

/* Takes k primes with product near 2^target out of the pool: all but two nearest the mean of what is still wanted,
 * the last two by a search for the pair that hits the rest best (within 2^-13 bit: the pair with the least spread).
 * False: fewer than k are left. */
bool sable_pool_pick(sable_pool *pool, sable_dd target, uint32_t k, uint32_t *out);

#define SABLE_PLAN_MAX_TERMINALS 9
/* Of the 9 candidates nearest 2^bits the ordered tuple of `count` that minimises max |log2(t_0..t_(j-1)) - j*bits|
 * over the prefixes j with used[j]. False: fewer than count candidates. */
bool sable_pool_terminals(const sable_pool *pool, sable_dd bits, uint32_t count,
                          const bool used[SABLE_PLAN_MAX_TERMINALS + 1], uint32_t *out);

#endif
