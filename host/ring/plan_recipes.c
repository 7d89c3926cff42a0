/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of params/ are planned from. A new shipped set is a row here and a file there; a test compares the
 * two. */
#include <string.h>

#include "base/fail.h"
#include "ring/plan.h"

enum {
    MAX_STEPS = 8,
    SCALE_40 = 8,
    EXACT = 10
}; /* units: a step of 39.76 bits; the base and last step of 49.70 bits */
#define EM_BITS 59.64

typedef struct recipe {
    const char *name;
    uint32_t log_n, chain_log_n, alpha, specials;
    sable_plan_step step[MAX_STEPS]; /* ends with count 0 */
} recipe;

static const recipe recipes[] = {
    /* Bootstrapping at N = 2^16, and small rings with the same structure for tests: insecure. */
    {"A40",
     16,
     16,
     12,
     13,
     {{SABLE_STEP_APP, 12, SCALE_40, 0},
      {SABLE_STEP_STC, 3, SCALE_40, 0},
      {SABLE_STEP_EM, 8, 0, EM_BITS},
      {SABLE_STEP_CTS_TM, 2, 0, 0},
      {SABLE_STEP_CTS_M2, 2, 0, 0}}},
    {"T10",
     10,
     10,
     7,
     8,
     {{SABLE_STEP_APP, 3, SCALE_40, 0},
      {SABLE_STEP_STC, 2, SCALE_40, 0},
      {SABLE_STEP_EM, 7, 0, EM_BITS},
      {SABLE_STEP_CTS_M2, 2, 0, 0}}},
    {"T11",
     11,
     16,
     12,
     13,
     {{SABLE_STEP_APP, 12, SCALE_40, 0},
      {SABLE_STEP_STC, 3, SCALE_40, 0},
      {SABLE_STEP_EM, 8, 0, EM_BITS},
      {SABLE_STEP_CTS_TM, 2, 0, 0},
      {SABLE_STEP_CTS_M2, 2, 0, 0}}},
    {"T12",
     12,
     12,
     10,
     11,
     {{SABLE_STEP_APP, 5, SCALE_40, 0},
      {SABLE_STEP_STC, 3, SCALE_40, 0},
      {SABLE_STEP_EM, 8, 0, EM_BITS},
      {SABLE_STEP_CTS_M2, 3, 0, 0}}},
    /* Without bootstrapping. The last step of 10 units ends every one of them on a window that holds all terminals. */
    {"infer13", 13, 13, 1, 2, {{SABLE_STEP_APP, 1, SCALE_40, 0}, {SABLE_STEP_APP, 1, EXACT, 0}}},
    {"infer14", 14, 14, 2, 3, {{SABLE_STEP_APP, 6, SCALE_40, 0}, {SABLE_STEP_APP, 1, EXACT, 0}}},
    {"train15", 15, 15, 4, 5, {{SABLE_STEP_APP, 15, SCALE_40, 0}, {SABLE_STEP_APP, 1, EXACT, 0}}},
    {"train16", 16, 16, 11, 12, {{SABLE_STEP_APP, 30, SCALE_40, 0}, {SABLE_STEP_APP, 1, EXACT, 0}}},
};

enum { RECIPES = sizeof recipes / sizeof *recipes };

const char *sable_plan_recipe_name(size_t index) { return index < RECIPES ? recipes[index].name : NULL; }

sable_status sable_plan_recipe(sable_params **out, const char *name, sable_error *err) {
    if (!out || !name) return sable_fail(err, SABLE_INVALID, "plan: a pointer is NULL");
    for (size_t i = 0; i < RECIPES; i++) {
        const recipe *r = &recipes[i];
        if (strcmp(r->name, name) != 0) continue;
        sable_plan_spec spec = {.struct_size = sizeof spec,
                                .name = r->name,
                                .log_n = r->log_n,
                                .base_units = EXACT,
                                .steps = r->step,
                                .alpha = r->alpha,
                                .specials = r->specials};
        while (spec.step_count < MAX_STEPS && r->step[spec.step_count].count) spec.step_count++;
        sable_plan_extra extra = {.chain_log_n = r->chain_log_n};
        sable_params_options options = {.struct_size = sizeof options, .allow_insecure = true};
        return sable_params_plan_extra(out, &spec, &extra, &options, err);
    }
    return sable_fail(err, SABLE_INVALID, "no recipe is called \"%.40s\"", name);
}
