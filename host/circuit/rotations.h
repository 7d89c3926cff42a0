/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CIRCUIT_ROTATIONS_H
#define SABLE_CIRCUIT_ROTATIONS_H
/* Which rotations get keys when there may be only so many. The others are sums of them, modulo the slots. */
#include "circuit/graph.h"

/* Rotations of one value by some steps: intermediate sums are shared within a group. */
typedef struct rotation_use {
    uint32_t group, steps; /* groups are numbered from 0, uses sorted by group */
} rotation_use;

typedef struct rotation_basis {
    uint32_t slots, count;
    uint32_t *key;      /* [count] steps that have a key */
    uint32_t *distance; /* [slots] keys that add up to that many steps, at least; UINT32_MAX: not needed to know */
    bool *needed;       /* [slots] steps that are asked for */
} rotation_basis;

/* At most `most` keys from which every use is a sum, such that few rotations are added. The choice is the best that elimination and exchange
 * find; the same everywhere. */
sable_status sable_rotations_choose(rotation_basis *basis, const rotation_use *use, size_t uses, uint32_t slots,
                                    uint32_t most, sable_error *err);
void sable_rotations_free(rotation_basis *basis);
/* The key that ends a shortest sum of `steps`, which is not 0 and can be reached. */
uint32_t sable_rotations_last(const rotation_basis *basis, uint32_t steps);

#endif
