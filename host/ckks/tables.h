/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CKKS_TABLES_H
#define SABLE_CKKS_TABLES_H
/* Per-level constants of a context: position lists, digits, base conversions, divisions. */
#include "ckks/objects.h"

sable_status sable_level_tables_create(sable_level_tables **tables, const sable_params *params, const sable_ring *ring,
                                       sable_error *err);
void sable_level_tables_free(sable_level_tables **tables, const sable_params *params);

/* Plan of out = round(c*x / D): D = product of the primes at `drop`, c = K * product of the primes of `out` that are in `restored`.
 * k is an integer-valued double-double, 1 <= k < 2^100. x is known on `drop` and on out \ restored. */
sable_status sable_drop_plan_create(sable_drop_plan *plan, const sable_ring *ring, const uint16_t *drop,
                                    uint32_t drop_count, const uint16_t *out, uint32_t out_count,
                                    const uint16_t *restored, uint32_t restored_count, sable_dd k, sable_error *err);
void sable_drop_plan_free(sable_drop_plan *plan);

/* positions of window(a) that are not in window(b); room for SABLE_MAX_Q. Returns their number. */
uint32_t sable_window_minus(const sable_params *params, uint32_t a, uint32_t b, uint16_t *pos);
/* Product of the primes at the positions, in double-double: relative error below count * 2^-104. */
sable_dd sable_product_dd(const sable_ring *ring, const uint16_t *pos, uint32_t count);
/* Q_to / Q_from. */
sable_dd sable_level_ratio(const sable_ctx *ctx, uint32_t to, uint32_t from);

#endif
