/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/key_plan.h"

#include <string.h>

#include "base/fail.h"
#include "tool/plan.h"
#include "tool/report.h"

const char *const packing_words[] = {"auto", "feature-major", "row", NULL};
static const char *const purpose_words[] = {"nothing", "infer", "multiply", NULL};
/* Options that only mean something with --for infer. */
static const char *const infer_only[] = {"features", "packing", "probabilities", "degree", "encrypted-weights",
                                         "level",    NULL};

void key_plan_options(option *table, key_plan *plan) {
    const option all[] = {
        OPTION("for", CHOICE, &plan->purpose, "WHAT", "nothing (default), infer or multiply", .choices = purpose_words),
        OPTION("features", U32, &plan->features, "N", "infer: features of a sample", .low = 1, .high = 1 << 20),
        OPTION("packing", CHOICE, &plan->packing, "HOW", "infer: feature-major, row, or auto for both (default)",
               .choices = packing_words),
        OPTION("encrypted-weights", FLAG, &plan->encrypted_weights, NULL, "infer: the model will be encrypted"),
        OPTION("probabilities", FLAG, &plan->probabilities, NULL, "infer: sigmoid under encryption"),
        OPTION("degree", U32, &plan->degree, "D", "infer: degree of the sigmoid polynomial (default 15)", .low = 1,
               .high = SABLE_POLY_MAX_DEGREE),
        OPTION("level", U32, &plan->level, "L", "infer: level of the encrypted data (default: the top level)"),
        OPTION("plan", TEXT, &plan->file, "FILE", "the keys that sable plan --out wrote down"),
        OPTION("relin", FLAG, &plan->relin, NULL, "a relinearisation key"),
        OPTION("rotations", LIST, &plan->rotations, "R,R,...",
               "keys for rotations by these steps, negative ones included"),
        OPTION("conjugation", FLAG, &plan->conjugation, NULL, "a conjugation key"),
        OPTION("levels", TEXT, &plan->levels, "LOW:HIGH",
               "levels that multiply, --relin, --rotations, --conjugation serve"),
        {.name = NULL},
    };
    memcpy(table, all, sizeof all);
}

static bool parse_levels(key_plan *plan) {
    char text[64];
    const char *colon = strchr(plan->levels, ':');
    uint64_t low, high;
    if (!colon || (size_t)(colon - plan->levels) >= sizeof text) return false;
    memcpy(text, plan->levels, (size_t)(colon - plan->levels));
    text[colon - plan->levels] = 0;
    if (!parse_u64(&low, text) || !parse_u64(&high, colon + 1) || low > high || high > 1000) return false;
    plan->low = (uint32_t)low;
    plan->high = (uint32_t)high;
    return true;
}

int key_plan_check(const command_line *line, key_plan *plan) {
    plan->level_given = option_given(line, "level");
    if (plan->purpose == KEYS_FOR_INFER && !plan->features) return report_usage("--for infer needs --features N");
    for (size_t i = 0; infer_only[i]; i++)
        if (plan->purpose != KEYS_FOR_INFER && option_given(line, infer_only[i]))
            return report_usage("--%s goes with --for infer", infer_only[i]);
    if (plan->degree && !plan->probabilities) return report_usage("--degree goes with --probabilities");
    if (plan->levels && !parse_levels(plan)) return report_usage("--levels: two levels as LOW:HIGH are needed, as 1:4");
    if (plan->levels && plan->purpose != KEYS_FOR_MULTIPLY && !plan->relin && !plan->conjugation &&
        !plan->rotations.count)
        return report_usage("--levels goes with --for multiply, --relin, --rotations or --conjugation");
    for (uint32_t i = 0; i < plan->rotations.count; i++) {
        int64_t steps;
        if (!parse_i64(&steps, plan->rotations.item[i]) || steps == 0 || steps > 1 << 20 || steps < -(1 << 20))
            return report_usage("--rotations: steps are whole numbers other than 0, as 1,2,-4");
    }
    return -1;
}

static sable_status for_infer(key_plan *plan, const sable_params *params, uint32_t top, sable_error *err) {
    uint32_t level = plan->level_given ? plan->level : top;
    if (level > top)
        return sable_fail(err, SABLE_LEVEL, "--level %u: the top level of these parameters is %u", level, top);
    sable_infer_options options = {
        .struct_size = sizeof options, .probabilities = plan->probabilities, .degree = plan->degree};
    for (sable_packing packing = SABLE_PACK_FEATURE_MAJOR; packing <= SABLE_PACK_ROW; packing++) {
        if (plan->packing != 0 && packing != plan->packing) continue;
        sable_layout layout;
        sable_status status = sable_layout_choose(&layout, params, packing, plan->features, 0, err);
        if (status == SABLE_OK)
            status = sable_infer_keys(plan->spec, &layout, &options, plan->encrypted_weights, level, err);
        /* Row packing takes a level more: with --packing auto its keys are left out where they cannot serve. */
        if (plan->packing == 0 && packing == SABLE_PACK_ROW && (status == SABLE_LIMIT || status == SABLE_LEVEL)) {
            remark("no keys for row packing: %s", err->text);
            continue;
        }
        SABLE_TRY(status);
    }
    return SABLE_OK;
}

sable_status key_plan_make(key_plan *plan, const sable_params *params, sable_error *err) {
    sable_params_info info = {.struct_size = sizeof info};
    SABLE_TRY(sable_params_describe(params, &info));
    SABLE_TRY(sable_key_spec_create(&plan->spec, params, err));
    if (!plan->levels) plan->high = info.top_level;
    if (plan->high > info.top_level)
        return sable_fail(err, SABLE_LEVEL, "--levels %s: the top level of %s is %u", plan->levels, info.name,
                          info.top_level);
    if (plan->file) SABLE_TRY(plan_file_keys(plan->file, plan->spec, err));
    if (plan->purpose == KEYS_FOR_INFER) SABLE_TRY(for_infer(plan, params, info.top_level, err));
    if (plan->purpose == KEYS_FOR_MULTIPLY || plan->relin)
        SABLE_TRY(sable_key_spec_add_relin(plan->spec, plan->low, plan->high, err));
    if (plan->conjugation) SABLE_TRY(sable_key_spec_add_conjugation(plan->spec, plan->low, plan->high, err));
    for (uint32_t i = 0; i < plan->rotations.count; i++) {
        int64_t steps = 0;
        if (parse_i64(&steps, plan->rotations.item[i]))
            SABLE_TRY(sable_key_spec_add_rotation(plan->spec, steps, 0, plan->low, plan->high, err));
    }
    return SABLE_OK;
}

size_t key_plan_count(const key_plan *plan) { return plan->spec ? sable_key_spec_count(plan->spec) : 0; }
uint64_t key_plan_bytes(const key_plan *plan) { return plan->spec ? sable_key_spec_bytes(plan->spec) : 0; }

void key_plan_clear(key_plan *plan) { sable_key_spec_destroy(&plan->spec); }
