/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/plan_choose.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tool/report.h"

/* -- trials -------------------------------------------------------------------------------------------------------- */

static double all_seconds(const plan_trial *t) { return (double)t->runs * t->seconds; }

static bool better(const plan_trial *x, const plan_trial *y) {
    const double a = all_seconds(x), b = all_seconds(y);
    return a != b ? a < b : x->key_bytes < y->key_bytes;
}

static void note(plan_choice *c, const plan_trial *t, const char *name, bool planned, const sable_error *why) {
    json_t *entry = json_pack("{s:s, s:b, s:b}", "params", name, "planned", planned, "possible", why == NULL);
    if (why) {
        json_object_set_new(entry, "reason", json_string(why->text));
    } else {
        json_object_set_new(entry, "log_n", json_integer(t->s.info.log_n));
        json_object_set_new(entry, "level", json_integer(t->level));
        json_object_set_new(entry, "seconds", json_real(all_seconds(t)));
        json_object_set_new(entry, "memory_bytes", json_integer((json_int_t)t->memory_bytes));
        json_object_set_new(entry, "key_bytes", json_integer((json_int_t)t->key_bytes));
        json_object_set_new(entry, "precision_bits", isfinite(t->precision) ? json_real(t->precision) : json_null());
    }
    json_array_append_new(c->candidates, entry);
}

/* The trial takes the place of the one chosen so far, or goes. */
static void consider(plan_choice *c, plan_trial *t, bool planned, bool may_be_taken) {
    if (may_be_taken && (!c->found || better(t, &c->trial))) {
        plan_trial_close(&c->trial);
        c->trial = *t;
        c->found = true;
        c->planned = planned;
    } else {
        plan_trial_close(t);
    }
}

static sable_status precise_enough(const plan_choice *c, plan_trial *t) {
    if (t->precision >= c->precision) return SABLE_OK;
    return sable_fail(&t->s.err, SABLE_INVALID, "results keep %.1f bits after the point, %.1f are wanted", t->precision,
                      c->precision);
}

/* What the machine lacks ends the search; what a set lacks rules it out. */
static bool rules_out(sable_status status) { return status > 0 && status != SABLE_NO_MEMORY; }

static sable_status try_set(plan_choice *c, const plan_request *r, const char *name, sable_error *err) {
    plan_trial t;
    sable_status status = plan_try(&t, r, name, NULL);
    if (status == SABLE_OK) status = precise_enough(c, &t);
    if (status == SABLE_OK) {
        note(c, &t, t.s.info.name, false, NULL);
        consider(c, &t, false, true);
        return SABLE_OK;
    }
    c->why = t.s.err;
    note(c, &t, name, false, &c->why);
    plan_trial_close(&t);
    if (rules_out(status)) return SABLE_OK;
    *err = c->why;
    return status;
}

static bool is_secure(const char *name) {
    const sable_params_options strict = {.struct_size = sizeof strict};
    sable_params *params = NULL;
    const bool secure = sable_params_load(&params, name, &strict, NULL) == SABLE_OK;
    sable_params_destroy(&params);
    return secure;
}

/* -- a set for this circuit ---------------------------------------------------------------------------------------- */

enum { LEVELS_BEYOND = 2, LOG_N_LEAST = 12, LOG_N_MOST = 16 };

/* SABLE_INSECURE, SABLE_INVALID: there is no such set with keys in `digits` digits. */
static sable_status plan_set(sable_params **out, uint32_t log_n, uint32_t levels, uint32_t digits, sable_error *err) {
    char name[32];
    snprintf(name, sizeof name, "planned%u-%u-%u", log_n, levels, digits);
    const uint32_t limbs =
        (10 + 8 * levels + 2 + 5) / 6; /* units of a sixth of a prime: base, levels, two more of the last */
    return sable_params_plan_levels(out, name, log_n, levels, (limbs + digits - 1) / digits, NULL, err);
}

/* The smallest number of levels at which the circuit runs; 0: none. */
static uint32_t least_levels(const plan_choice *c, const plan_request *r, uint32_t log_n) {
    const uint32_t most = plan_circuit_at(r->circuit)->levels(r, 1u << (log_n - 1)) + LEVELS_BEYOND;
    for (uint32_t levels = 1; levels <= most; levels++) {
        sable_params *params = NULL;
        sable_error ignored;
        for (uint32_t digits = 2; digits <= 8 && !params; digits *= 2)
            if (plan_set(&params, log_n, levels, digits, &ignored) != SABLE_OK) params = NULL;
        if (!params) return 0;
        plan_trial t;
        sable_status status = plan_try(&t, r, NULL, params);
        sable_params_destroy(&params);
        if (status == SABLE_OK) status = precise_enough(c, &t);
        plan_trial_close(&t);
        if (status == SABLE_OK) return levels;
        if (!rules_out(status) || status == SABLE_LIMIT) return 0; /* more levels do not help */
    }
    return 0;
}

/* The smallest ring that holds it, keys in the number of digits that is fastest. */
static void try_planned(plan_choice *c, const plan_request *r) {
    uint32_t levels = 0, log_n = LOG_N_LEAST - 1;
    while (levels == 0 && log_n < LOG_N_MOST) levels = least_levels(c, r, ++log_n);
    plan_trial best = {0};
    for (uint32_t digits = 1; levels && digits <= 8; digits++) {
        sable_params *params = NULL;
        sable_error ignored;
        if (plan_set(&params, log_n, levels, digits, &ignored) != SABLE_OK) continue;
        plan_trial t;
        sable_status status = plan_try(&t, r, NULL, params);
        sable_params_destroy(&params);
        if (status == SABLE_OK) status = precise_enough(c, &t);
        if (status == SABLE_OK && (!best.s.ctx || better(&t, &best))) {
            plan_trial_close(&best);
            best = t;
        } else {
            plan_trial_close(&t);
        }
    }
    if (!best.s.ctx) return;
    note(c, &best, best.s.info.name, true, NULL);
    consider(c, &best, true, c->may_plan);
}

sable_status plan_choose(plan_choice *choice, const plan_request *r, const char *params, sable_error *err) {
    choice->candidates = json_array();
    choice->named = params != NULL;
    if (params) {
        SABLE_TRY(try_set(choice, r, params, err));
    } else {
        for (size_t i = 0; sable_params_shipped(i); i++)
            if (is_secure(sable_params_shipped(i))) SABLE_TRY(try_set(choice, r, sable_params_shipped(i), err));
        try_planned(choice, r);
    }
    if (choice->found) return SABLE_OK;
    *err = choice->why;
    return err->code;
}
