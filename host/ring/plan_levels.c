/* SPDX-License-Identifier: Apache-2.0 */
/* Chains of exactly so many equal levels. */
#include <stddef.h>

#include "base/fail.h"
#include "sable/params.h"

#define MAIN_BITS 29.82
enum { BASE = 10, STEP = 8 }; /* units of a sixth of a main prime: 49.7 and 39.8 bits */

sable_status sable_params_plan_levels(sable_params **out, const char *name, uint32_t log_n, uint32_t levels,
                                      uint32_t alpha, const sable_params_options *options, sable_error *err) {
    if (levels == 0) return sable_fail(err, SABLE_INVALID, "plan: a chain of 0 levels computes nothing");
    /* A modulus of B units takes (-B) mod 6 terminals: 2, 0 and 4 in turn. The top window must hold all four terminals, and as many mains as
     * the windows below it. */
    static const uint32_t last[3][2] = {{STEP, 10}, {10, 12}, {STEP, 12}};
    const uint32_t *ends = last[(levels - 1) % 3], equal = levels > 2 ? levels - 2 : 0;
    const sable_plan_step all[3] = {{.kind = SABLE_STEP_APP, .count = equal, .units = STEP},
                                    {.kind = SABLE_STEP_APP, .count = 1, .units = ends[0]},
                                    {.kind = SABLE_STEP_APP, .count = 1, .units = ends[1]}};
    const uint32_t first = levels > 2 ? 0 : 3 - levels;
    const sable_plan_spec spec = {.struct_size = sizeof spec,
                                  .name = name,
                                  .log_n = log_n,
                                  .base_units = BASE,
                                  .steps = all + first,
                                  .step_count = 3 - first,
                                  .alpha = alpha,
                                  .specials = alpha + 1,
                                  .main_bits = MAIN_BITS,
                                  .base_scale_log2 = STEP * MAIN_BITS / 6};
    return sable_params_plan(out, &spec, options, err);
}
