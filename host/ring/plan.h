/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_RING_PLAN_H
#define SABLE_RING_PLAN_H
/* What the public planner does not offer: recipes of the shipped sets. Algorithm: docs/PARAMETERS.md. */
#include "base/dd.h"
#include "base/shared.h"
#include "sable/params.h"

/* log2(x) in double-double, relative error below 2^-95 unless x is within 2^-10 of 1; x > 0. From additions,
 * multiplications and divisions in fixed order only: a last bit of some libm must not decide which primes a set has. */
sable_dd sable_log2(sable_dd x);

typedef struct sable_plan_extra {
    /* The primes are those that the same steps give at this larger degree (0 = log_n): a small ring with the chain
     * of a large one. */
    uint32_t chain_log_n;
} sable_plan_extra;
sable_status sable_params_plan_extra(sable_params **out, const sable_plan_spec *spec, const sable_plan_extra *extra,
                                     const sable_params_options *options, sable_error *err);

/* Plans the shipped set of this name anew: what params/NAME.json was made with. SABLE_INVALID when there is no such
 * recipe. Insecure sets are planned without asking; loading them asks. */
SABLE_SHARED SABLE_CHECKED sable_status sable_plan_recipe(sable_params **out, const char *name, sable_error *err);
/* Names of the recipes, index 0.. until NULL. */
SABLE_SHARED const char *sable_plan_recipe_name(size_t index);

#endif
