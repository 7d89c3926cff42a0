/* SPDX-License-Identifier: Apache-2.0 */
#include "ckks/transform_plan.h"

#include <math.h>
#include <stdlib.h>

#include "ckks/eval_internal.h"

/* Distinct steps of one kind: d % m (babies) or d - d % m (giants), increasing because the diagonals are. */
static uint32_t list_giants(uint32_t *list, const sable_diagonals *map, uint32_t m) {
    uint32_t count = 0;
    for (size_t i = 0; i < map->count; i++) {
        const uint32_t giant = map->diagonal[i].index & ~(m - 1);
        if (count == 0 || list[count - 1] != giant) list[count++] = giant;
    }
    return count;
}
/* place: [m], the number of each baby step in the list, or SABLE_ABSENT. */
static uint32_t list_babies(uint32_t *list, uint32_t *place, const sable_diagonals *map, uint32_t m) {
    uint32_t count = 0;
    for (uint32_t b = 0; b < m; b++) place[b] = SABLE_ABSENT;
    for (size_t i = 0; i < map->count; i++) place[map->diagonal[i].index & (m - 1)] = 0;
    for (uint32_t b = 0; b < m; b++)
        if (place[b] != SABLE_ABSENT) place[b] = count, list[count++] = b;
    return count;
}

static sable_status check_options(transform_plan *plan, const sable_diagonals *map, const sable_params *params,
                                  const sable_transform_options *o, sable_error *err) {
    if (!map || !o || o->struct_size != sizeof *o)
        return sable_fail(err, SABLE_INVALID,
                          "transform: the diagonals or the options are NULL, or struct_size is not %zu", sizeof *o);
    if (map->slots > params->n / 2)
        return sable_fail(err, SABLE_INVALID, "transform: diagonals of %u slots, set %s has %u", map->slots,
                          params->name, params->n / 2);
    if (o->level == 0 || o->level > params->top_level)
        return sable_fail(err, SABLE_LEVEL,
                          "transform at level %u: its result is rescaled to the level below, set %s has operands at 1 "
                          "to %u",
                          o->level, params->name, params->top_level);
    if (o->giant_step & (o->giant_step - 1) || o->giant_step > map->slots)
        return sable_fail(err, SABLE_INVALID, "transform: giant steps of %u: a power of two up to %u, or 0",
                          o->giant_step, map->slots);
    const sable_dd delta = params->scale[o->level];
    plan->level = o->level;
    plan->scale = o->scale.hi != 0 ? o->scale : (sable_scale){delta.hi, delta.lo, (int32_t)o->level, 1};
    if (!(plan->scale.hi >= 1) || !isfinite(plan->scale.hi) || plan->scale.level > (int32_t)params->top_level)
        return sable_fail(err, SABLE_SCALE, "transform: scale %g is not a finite number >= 1", plan->scale.hi);
    const double bits = log2(map->largest) + log2(plan->scale.hi);
    if (bits > 119)
        return sable_fail(err, SABLE_BOUND,
                          "transform: diagonals up to %g at scale 2^%.2f take %.1f bits, 119 are possible",
                          map->largest, log2(plan->scale.hi), bits);
    return SABLE_OK;
}

/* The first power of two with the least babies + TRANSFORM_GIANT_COST * giants; steps of 0 cost nothing. */
static uint32_t choose_giant_step(const transform_plan *plan, uint32_t *place, const sable_diagonals *map) {
    uint32_t best = 1, least = UINT32_MAX;
    for (uint32_t m = 1; m <= map->slots; m *= 2) {
        const uint32_t babies = list_babies(plan->baby, place, map, m), giants = list_giants(plan->giant, map, m);
        const uint32_t cost =
            transform_keyed(plan->baby, babies) + TRANSFORM_GIANT_COST * transform_keyed(plan->giant, giants);
        if (cost < least) least = cost, best = m;
    }
    return best;
}

static sable_status fill(transform_plan *plan, uint32_t *place, const sable_diagonals *map, uint32_t step,
                         sable_error *err) {
    plan->giant_step = step ? step : choose_giant_step(plan, place, map);
    const uint32_t m = plan->giant_step;
    plan->babies = list_babies(plan->baby, place, map, m);
    plan->giants = list_giants(plan->giant, map, m);
    plan->diagonals = (uint32_t)map->count;
    const size_t cells = (size_t)plan->babies * plan->giants;
    plan->which = malloc(cells * sizeof *plan->which);
    if (!plan->which) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a transform of %zu steps", cells);
    for (size_t i = 0; i < cells; i++) plan->which[i] = SABLE_ABSENT;
    uint32_t giant = 0;
    for (uint32_t i = 0; i < plan->diagonals; i++) {
        const sable_diagonal_values *d = &map->diagonal[i];
        while (plan->giant[giant] != (d->index & ~(m - 1))) giant++;
        plan->which[(size_t)giant * plan->babies + place[d->index & (m - 1)]] = i;
        if (d->index & (m - 1)) plan->baby_energy += d->energy;
    }
    return SABLE_OK;
}

sable_status transform_plan_make(transform_plan *plan, const sable_diagonals *map, const sable_params *params,
                                 const sable_transform_options *options, sable_error *err) {
    *plan = (transform_plan){0};
    SABLE_TRY(check_options(plan, map, params, options, err));
    uint32_t *place = malloc(map->slots * sizeof *place);
    plan->baby = malloc(map->slots * sizeof *plan->baby);
    plan->giant = malloc(map->count * sizeof *plan->giant);
    sable_status status = SABLE_OK;
    if (!place || !plan->baby || !plan->giant)
        status = sable_fail(err, SABLE_NO_MEMORY, "no memory for a transform of %zu diagonals", map->count);
    if (status == SABLE_OK) status = fill(plan, place, map, options->giant_step, err);
    free(place);
    return status;
}

void transform_plan_free(transform_plan *plan) {
    free(plan->baby);
    free(plan->giant);
    free(plan->which);
    *plan = (transform_plan){0};
}

/* Primes that the division at the end drops: P, and those of the level that the level below lacks. */
static uint32_t dropped(const sable_params *p, uint32_t level) {
    const uint32_t low = sable_window_first(p, level - 1), high = low + sable_window_limbs(p, level - 1);
    uint32_t count = p->p_count;
    for (uint32_t i = 0; i < sable_window_limbs(p, level); i++) {
        const uint32_t pos = sable_window_first(p, level) + i;
        count += pos < low || pos >= high;
    }
    return count;
}

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

void transform_scratch_layout(transform_scratch *s, const transform_plan *plan, const sable_params *params,
                              uint32_t batch) {
    const uint32_t limbs = sable_window_limbs(params, plan->level), first = sable_window_first(params, plan->level);
    const uint32_t digits = (first + limbs - 1) / params->alpha - first / params->alpha + 1;
    const size_t poly = (size_t)batch * limbs * params->n; /* modulo Q */
    s->part = (size_t)(limbs + params->p_count) * params->n + TRANSFORM_SKEW;
    s->acc = 2 * batch * s->part;
    s->at_once = transform_keyed(plan->giant, plan->giants);
    if (s->at_once > TRANSFORM_GIANTS_AT_ONCE) s->at_once = TRANSFORM_GIANTS_AT_ONCE;
    s->baby = 0;
    s->sum = plan->babies * s->acc;
    s->giants = s->sum + s->acc;
    /* The digits of x are gone when giant steps are made. */
    const size_t rest = s->giants + s->at_once * s->acc;
    s->digits = s->switched = rest;
    s->turned = s->switched + s->acc;
    s->t = s->turned + s->acc;
    const size_t with_digits = transform_keyed(plan->baby, plan->babies) ? s->acc / 2 * digits : 0;
    const size_t with_giants = s->at_once ? 2 * s->acc + poly : 0;
    s->y = rest + larger(with_digits, with_giants);
    s->words = s->y + larger(poly, 2 * (size_t)batch * dropped(params, plan->level) * params->n);
}

void transform_cost_fill(sable_transform_cost *cost, const transform_plan *plan, const sable_params *params) {
    transform_scratch s;
    transform_scratch_layout(&s, plan, params, 1);
    *cost = (sable_transform_cost){.struct_size = sizeof *cost,
                                   .giant_step = plan->giant_step,
                                   .diagonals = plan->diagonals,
                                   .babies = transform_keyed(plan->baby, plan->babies),
                                   .giants = transform_keyed(plan->giant, plan->giants),
                                   .plaintext_bytes = plan->diagonals * s.part * sizeof(uint32_t),
                                   .scratch_bytes = s.words * sizeof(uint32_t)};
}

sable_status sable_transform_plan(const sable_diagonals *diagonals, const sable_params *params,
                                  const sable_transform_options *options, sable_transform_cost *cost,
                                  sable_error *err) {
    if (!params || !cost || cost->struct_size != sizeof *cost)
        return sable_fail(err, SABLE_INVALID,
                          "sable_transform_plan: params or cost is NULL, or its struct_size not set");
    transform_plan plan;
    const sable_status status = transform_plan_make(&plan, diagonals, params, options, err);
    if (status == SABLE_OK) transform_cost_fill(cost, &plan, params);
    transform_plan_free(&plan);
    return status;
}

sable_status sable_transform_add_keys(sable_key_spec *spec, const sable_diagonals *diagonals,
                                      const sable_transform_options *options, sable_error *err) {
    if (!spec) return sable_fail(err, SABLE_INVALID, "the key specification is NULL");
    transform_plan plan;
    sable_status status = transform_plan_make(&plan, diagonals, sable_key_spec_params(spec), options, err);
    for (uint32_t i = 0; i < plan.babies + plan.giants && status == SABLE_OK; i++)
        status = sable_key_spec_add_rotation(spec, i < plan.babies ? plan.baby[i] : plan.giant[i - plan.babies],
                                             diagonals->slots, plan.level, plan.level, err);
    transform_plan_free(&plan);
    return status;
}
