/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CKKS_POLY_SIGN_H
#define SABLE_CKKS_POLY_SIGN_H
#include "ckks/poly_impl.h"
#include "sable/sign.h"

struct sable_sign {
    size_t stages;
    uint32_t degree[SABLE_SIGN_MAX_STAGES];
    sable_poly *stage[SABLE_SIGN_MAX_STAGES];
    sable_poly *step; /* (1 + last stage)/2 */
    double gap, bound, error, relu_error;
};

#endif
