/* SPDX-License-Identifier: Apache-2.0 */
/* sable train: which parameter set. A chain of exactly the levels that the circuit takes, in rings of several sizes and with digits of several
 * sizes; each candidate's run is priced. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/cmd_train.h"
#include "tool/options.h"
#include "tool/report.h"

enum {
    SMALLEST_LOG_N = 13,
    LARGEST_LOG_N = 17,
    RINGS = 2, /* the smallest that is secure, and the next: its tiles are larger */
    MOST_ALPHA = 14,
    MOST_DIGITS = 6, /* more are slower */
    LEVELS_BEYOND = 2,
    MOST_PRICINGS = 6
};
#define AGREE 1.25

void train_program_clear(train_program *p) {
    sable_key_spec_destroy(&p->keys);
    sable_program_destroy(&p->program);
    sable_training_destroy(&p->training);
    sable_params_destroy(&p->params);
    memset(p, 0, sizeof *p);
}

/* Everything but the price; takes over the parameters. */
static sable_status lower(train *t, train_program *p, sable_params *params) {
    *p = (train_program){.params = params,
                         .info.struct_size = sizeof p->info,
                         .shape.struct_size = sizeof p->shape,
                         .lowered.struct_size = sizeof p->lowered};
    SABLE_TRY(sable_params_describe(params, &p->info));
    SABLE_TRY(sable_training_create(&p->training, &t->options, p->info.slots, t->err));
    SABLE_TRY(sable_training_describe(p->training, &p->shape));
    const sable_lowering options = {.struct_size = sizeof options, .output_level = p->shape.output_level};
    SABLE_TRY(sable_program_create(&p->program, sable_training_circuit(p->training), params, &options, t->err));
    SABLE_TRY(sable_program_describe(p->program, &p->lowered));
    SABLE_TRY(sable_key_spec_create(&p->keys, params, t->err));
    return sable_program_add_keys(p->program, p->keys, t->err);
}

/* -- prices -------------------------------------------------------------------------------------------------------- */

/* The least of several: programs that run while prices are measured make some of them many times too large. Enough when the two least agree. */
static sable_status price(const train *t, train_program *p) {
    const sable_pricing_options options = {.struct_size = sizeof options, .threads = settings.threads};
    double second = INFINITY;
    p->cost.seconds = INFINITY;
    for (int i = 0; i < MOST_PRICINGS && !(second < AGREE * p->cost.seconds); i++) {
        sable_pricing *pricing = NULL;
        sable_program_cost_info cost = {.struct_size = sizeof cost};
        SABLE_TRY(sable_pricing_create(&pricing, p->params, &options, t->err));
        const sable_status status = sable_program_cost(p->program, pricing, 1, &cost, t->err);
        sable_pricing_destroy(&pricing);
        SABLE_TRY(status);
        second = fmin(second, fmax(cost.seconds, p->cost.seconds));
        if (cost.seconds < p->cost.seconds) p->cost = cost;
    }
    return SABLE_OK;
}

/* -- candidates ---------------------------------------------------------------------------------------------------- */

/* Levels that the circuit takes in this ring; 0: its tiles are too small, t->err says why. */
static uint32_t levels_in(train *t, uint32_t log_n) {
    sable_training *training = NULL;
    sable_training_info shape = {.struct_size = sizeof shape};
    if (sable_training_create(&training, &t->options, 1u << (log_n - 1), t->err) != SABLE_OK) return 0;
    const bool known = sable_training_describe(training, &shape) == SABLE_OK;
    sable_training_destroy(&training);
    return known ? shape.depth + shape.output_level : 0;
}

/* The faster of what is there and the candidate. */
static sable_status consider(train *t, train_program *best, sable_params *params) {
    train_program p;
    sable_status status = lower(t, &p, params);
    if (status == SABLE_OK) status = price(t, &p);
    if (status == SABLE_OK)
        remark("N = 2^%u, %u digits of %u primes: %s predicted", p.info.log_n, p.info.digits, p.info.alpha,
               shown_seconds(p.cost.seconds).text);
    if (status != SABLE_OK || (best->params && best->cost.seconds <= p.cost.seconds)) {
        train_program_clear(&p);
        return status;
    }
    train_program_clear(best);
    *best = p;
    return SABLE_OK;
}

/* *found: a secure set of this size was considered. */
static sable_status consider_ring(train *t, train_program *best, uint32_t log_n, uint32_t levels, bool *found) {
    uint32_t digits = 0;
    char name[32];
    snprintf(name, sizeof name, "levels%u-%u", levels, log_n);
    for (uint32_t alpha = 1; alpha <= MOST_ALPHA; alpha++) {
        sable_params *params = NULL;
        sable_params_info info = {.struct_size = sizeof info};
        if (sable_params_plan_levels(&params, name, log_n, levels, alpha, NULL, t->err) != SABLE_OK) {
            if (t->err->code == SABLE_INSECURE) return SABLE_OK; /* so are all larger ones */
            continue;
        }
        SABLE_TRY(sable_params_describe(params, &info));
        if (info.digits > MOST_DIGITS || info.digits == digits) {
            sable_params_destroy(&params);
            continue;
        }
        digits = info.digits;
        SABLE_TRY(consider(t, best, params));
        *found = true;
    }
    return SABLE_OK;
}

/* The levels of the circuit, or more where the lowest do not hold its bounds: those of very large rates. */
static sable_status consider_depth(train *t, uint32_t log_n, uint32_t levels, bool *found) {
    sable_status status = SABLE_LEVEL;
    for (uint32_t beyond = 0; beyond <= LEVELS_BEYOND && status == SABLE_LEVEL; beyond++)
        status = consider_ring(t, &t->plan, log_n, levels + beyond, found);
    return status;
}

static sable_status plan(train *t) {
    uint32_t rings = 0;
    for (uint32_t log_n = SMALLEST_LOG_N; log_n <= LARGEST_LOG_N && rings < RINGS; log_n++) {
        const uint32_t levels = levels_in(t, log_n);
        bool found = false;
        if (levels) SABLE_TRY(consider_depth(t, log_n, levels, &found));
        rings += found;
    }
    if (rings) return SABLE_OK;
    char why[sizeof t->err->text];
    snprintf(why, sizeof why, "%s", t->err->text);
    return sable_fail(t->err, SABLE_LIMIT, "no secure ring up to N = 2^%d holds this circuit: %.300s", LARGEST_LOG_N,
                      why);
}

sable_status train_choose(train *t) {
    const char *name = t->w.params ? t->w.params : t->params;
    if (!name) return plan(t);
    const sable_params_options allow = {.struct_size = sizeof allow, .allow_insecure = settings.allow_insecure};
    sable_params *params = NULL;
    SABLE_TRY(sable_params_load(&params, name, &allow, t->err));
    SABLE_TRY(lower(t, &t->plan, params));
    return price(t, &t->plan);
}
