/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_KEY_PLAN_H
#define SABLE_TOOL_KEY_PLAN_H
/* Which evaluation keys the user wants: the options of keygen that say so, and the specification they give. */
#include "sable/logreg.h"
#include "tool/options.h"

enum { KEYS_FOR_NOTHING, KEYS_FOR_INFER, KEYS_FOR_MULTIPLY }; /* --for's words */
typedef struct key_plan {
    uint32_t purpose;
    uint32_t features, packing, degree, level;
    bool probabilities, encrypted_weights, relin, conjugation, level_given;
    text_list rotations;
    const char *levels;
    const char *file; /* of sable plan --out */
    uint32_t low, high;
    sable_key_spec *spec;
} key_plan;

/* Appends at most 15 options and the end of the table. */
void key_plan_options(option *table, key_plan *plan);
/* -1, or the exit status after a complaint about options that do not go together. */
int key_plan_check(const command_line *line, key_plan *plan);
sable_status key_plan_make(key_plan *plan, const sable_params *params, sable_error *err);
size_t key_plan_count(const key_plan *plan);
uint64_t key_plan_bytes(const key_plan *plan); /* in memory */
void key_plan_clear(key_plan *plan);

/* Words of --packing, here and in encrypt: the index is a sable_packing, 0 lets the tool choose. */
extern const char *const packing_words[];

#endif
