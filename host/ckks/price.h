/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CKKS_PRICE_H
#define SABLE_CKKS_PRICE_H
/* What a unit of each kind of work (cpu/tally.h) costs on this machine, measured in about 0.1 s with at most 64 MiB,
 * on the path and with the threads that a context with these options would use. Operands are public constants.
 *
 * Transforms are measured at the set's own degree on two or three of its primes; everything that treats words alike, at a
 * smaller degree on all primes, in the shapes of the top level, with operands of a few MiB (key switches: a
 * key of up to 24 MiB) that lie beyond the second-level cache as those of the set do. docs/CPU_MODEL.md has the model. */
#include "cpu/tally.h"
#include "ring/params_impl.h"

typedef struct sable_prices {
    double seconds[SABLE_WORKS]; /* a unit; 0: not measured here */
    double speedup;              /* of all threads over one, where work is spread over limbs */
    uint32_t threads;
    char path[16];
} sable_prices;

SABLE_SHARED SABLE_CHECKED sable_status sable_prices_measure(sable_prices *prices, const sable_params *params,
                                                             const sable_backend_options *options, sable_error *err);

/* Seconds of one run of job(arg): the least of those that fit into a few milliseconds, so that what other programs do
 * meanwhile is left out. */
SABLE_SHARED double sable_time_of(void (*job)(void *arg), void *arg);
SABLE_SHARED double sable_price_sum(const sable_prices *prices, const double work[SABLE_WORKS]);

#endif
