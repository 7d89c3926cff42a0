/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_PLAN_CHOOSE_H
#define SABLE_TOOL_PLAN_CHOOSE_H
/* Which parameter set: all that could be taken are tried. */
#include "tool/plan.h"

typedef struct plan_choice {
    plan_trial trial;    /* of the set that is taken */
    bool found, planned; /* planned: a set that the planner made for this circuit */
    bool named;          /* the user named the only set */
    double precision;    /* least bits after the point that are wanted */
    bool may_plan;       /* a planned set may be taken, because it will be written */
    json_t *candidates;
    sable_error why; /* of the last set that cannot be taken */
} plan_choice;

/* Tries the set that is named, or all shipped ones that are secure and one that is planned for the circuit. Takes the one that needs the least
 * time for all samples, of equal ones the smaller keys. A failure names the reason; candidates has all of them. */
sable_status plan_choose(plan_choice *choice, const plan_request *r, const char *params, sable_error *err);

#endif
