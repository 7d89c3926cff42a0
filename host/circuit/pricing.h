/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CIRCUIT_PRICING_H
#define SABLE_CIRCUIT_PRICING_H
#include "ckks/price.h"
#include "sable/evaluators.h"

struct sable_pricing {
    sable_prices prices;
    bool predicted;
    uint8_t digest[SABLE_DIGEST_BYTES]; /* of the set that they are for */
    char set[32];                       /* its name */
};

#endif
