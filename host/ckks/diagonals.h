/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CKKS_DIAGONALS_H
#define SABLE_CKKS_DIAGONALS_H
/* A linear map on slots in the clear. */
#include "base/fail.h"
#include "sable/transform.h"

typedef struct sable_diagonal_values {
    uint32_t index;
    double energy;  /* mean of |value|^2 */
    double *values; /* [slots], or pairs */
} sable_diagonal_values;

struct sable_diagonals {
    _Atomic uint32_t references;
    uint32_t slots;
    bool is_complex;
    double bound, energy, largest; /* largest: |value| of all */
    size_t count;
    sable_diagonal_values diagonal[]; /* by increasing index */
};

/* One owner more: given back by sable_diagonals_destroy. */
sable_diagonals *sable_diagonals_keep(sable_diagonals *diagonals);

#endif
