/* SPDX-License-Identifier: Apache-2.0 */
#include "ckks/tables.h"

#include <stdlib.h>
#include <string.h>

#include "ring/word.h"

__extension__ typedef unsigned __int128 u128;

static bool contains(const uint16_t *set, uint32_t count, uint16_t pos) {
    for (uint32_t i = 0; i < count; i++)
        if (set[i] == pos) return true;
    return false;
}

uint32_t sable_window_minus(const sable_params *params, uint32_t a, uint32_t b, uint16_t *pos) {
    uint32_t fa = sable_window_first(params, a), ea = fa + sable_window_limbs(params, a);
    uint32_t fb = sable_window_first(params, b), eb = fb + sable_window_limbs(params, b), count = 0;
    for (uint32_t i = fa; i < ea; i++)
        if (i < fb || i >= eb) pos[count++] = (uint16_t)i;
    return count;
}

sable_dd sable_product_dd(const sable_ring *ring, const uint16_t *pos, uint32_t count) {
    sable_dd r = dd(1);
    for (uint32_t i = 0; i < count; i++) r = dd_mul(r, dd(ring->prime[pos[i]].p));
    return r;
}

sable_dd sable_level_ratio(const sable_ctx *ctx, uint32_t to, uint32_t from) {
    uint16_t a[SABLE_MAX_Q], d[SABLE_MAX_Q];
    uint32_t na = sable_window_minus(&ctx->params, to, from, a), nd = sable_window_minus(&ctx->params, from, to, d);
    return dd_div(sable_product_dd(ctx->ring, a, na), sable_product_dd(ctx->ring, d, nd));
}

/* k is an integer below 2^100, so both words convert exactly. */
static uint32_t dd_mod(sable_dd k, uint32_t p) {
    u128 hi = (u128)k.hi;
    u128 v = k.lo >= 0 ? hi + (u128)k.lo : hi - (u128)-k.lo;
    return (uint32_t)(v % p);
}

sable_status sable_drop_plan_create(sable_drop_plan *plan, const sable_ring *ring, const uint16_t *drop,
                                    uint32_t drop_count, const uint16_t *out, uint32_t out_count,
                                    const uint16_t *restored, uint32_t restored_count, sable_dd k, sable_error *err) {
    memset(plan, 0, sizeof *plan);
    plan->drop_count = drop_count;
    plan->out_count = out_count;
    plan->drop = malloc((drop_count + out_count) * sizeof(uint16_t));
    plan->x_mult = malloc(2 * (size_t)out_count * sizeof(uint32_t));
    if (!plan->drop || !plan->x_mult) {
        sable_drop_plan_free(plan);
        return sable_fail(err, SABLE_NO_MEMORY, "no memory for the constants of a division by %u primes", drop_count);
    }
    plan->out = plan->drop + drop_count;
    plan->e_mult = plan->x_mult + out_count;
    memcpy(plan->drop, drop, drop_count * sizeof *drop);
    memcpy(plan->out, out, out_count * sizeof *out);

    uint32_t k_mod[SABLE_MAX_LIMBS];
    for (uint32_t i = 0; i < drop_count; i++) k_mod[i] = dd_mod(k, ring->prime[drop[i]].p);
    sable_status status =
        sable_basis_create(&plan->basis, ring, drop, drop_count, out, out_count, restored, restored_count, k_mod, err);
    if (status != SABLE_OK) {
        sable_drop_plan_free(plan);
        return status;
    }
    for (uint32_t i = 0; i < out_count; i++) {
        uint32_t p = ring->prime[out[i]].p;
        uint32_t inverse = sable_inv_mod(sable_product_mod(ring, drop, drop_count, p), p);
        /* A restored prime divides A, so its own factor is 0: x is not needed there. */
        uint32_t c = sable_mul_mod(sable_product_mod(ring, restored, restored_count, p), dd_mod(k, p), p);
        plan->e_mult[i] = inverse;
        plan->x_mult[i] = contains(restored, restored_count, out[i]) ? 0 : sable_mul_mod(c, inverse, p);
    }
    return SABLE_OK;
}

void sable_drop_plan_free(sable_drop_plan *plan) {
    sable_basis_free(&plan->basis);
    free(plan->drop);
    free(plan->x_mult);
    memset(plan, 0, sizeof *plan);
}

static sable_status digits_create(sable_level_tables *t, const sable_params *params, const sable_ring *ring,
                                  sable_error *err) {
    uint32_t alpha = params->alpha, k = params->p_count;
    t->first_block = t->first / alpha;
    t->digits = (t->first + t->limbs - 1) / alpha - t->first_block + 1;
    t->digit_first = calloc(2 * (size_t)t->digits, sizeof(uint32_t));
    t->mod_up = calloc(t->digits, sizeof *t->mod_up);
    t->mod_up_mult = malloc(2 * (size_t)t->limbs * sizeof(uint32_t));
    if (!t->digit_first || !t->mod_up || !t->mod_up_mult)
        return sable_fail(err, SABLE_NO_MEMORY, "no memory for key-switching constants");
    t->digit_limbs = t->digit_first + t->digits;
    t->p_mod_q = t->mod_up_mult + t->limbs;
    for (uint32_t j = 0; j < t->digits; j++) {
        uint32_t begin = (t->first_block + j) * alpha, end = begin + alpha;
        if (begin < t->first) begin = t->first;
        if (end > t->first + t->limbs) end = t->first + t->limbs;
        t->digit_first[j] = begin - t->first;
        t->digit_limbs[j] = end - begin;
        const uint16_t *src = t->pos + t->digit_first[j];
        uint16_t dst[SABLE_MAX_LIMBS];
        uint32_t count = 0;
        for (uint32_t i = 0; i < t->limbs + k; i++)
            if (i < t->digit_first[j] || i >= t->digit_first[j] + t->digit_limbs[j]) dst[count++] = t->pos[i];
        SABLE_TRY(sable_basis_create(&t->mod_up[j], ring, src, t->digit_limbs[j], dst, count, NULL, 0, NULL, err));
        memcpy(t->mod_up_mult + t->digit_first[j], t->mod_up[j]->y_mult, t->digit_limbs[j] * sizeof(uint32_t));
    }
    for (uint32_t i = 0; i < t->limbs; i++)
        t->p_mod_q[i] = sable_product_mod(ring, t->pos + t->limbs, k, ring->prime[t->pos[i]].p);
    return SABLE_OK;
}

static sable_status level_create(sable_level_tables *t, const sable_params *params, const sable_ring *ring,
                                 uint32_t level, sable_error *err) {
    uint32_t k = params->p_count;
    t->first = sable_window_first(params, level);
    t->limbs = sable_window_limbs(params, level);
    t->pos = malloc((t->limbs + k) * sizeof *t->pos);
    if (!t->pos) return sable_fail(err, SABLE_NO_MEMORY, "no memory for the tables of level %u", level);
    for (uint32_t i = 0; i < t->limbs; i++) t->pos[i] = (uint16_t)(t->first + i);
    for (uint32_t i = 0; i < k; i++) t->pos[t->limbs + i] = (uint16_t)(params->q_count + i);
    SABLE_TRY(digits_create(t, params, ring, err));

    const uint16_t *special = t->pos + t->limbs;
    SABLE_TRY(sable_drop_plan_create(&t->down, ring, special, k, t->pos, t->limbs, NULL, 0, dd(1), err));
    if (level == 0) return SABLE_OK;

    uint16_t drop[SABLE_MAX_LIMBS], restored[SABLE_MAX_Q], out[SABLE_MAX_Q];
    uint32_t out_first = sable_window_first(params, level - 1), out_count = sable_window_limbs(params, level - 1);
    for (uint32_t i = 0; i < out_count; i++) out[i] = (uint16_t)(out_first + i);
    uint32_t restored_count = sable_window_minus(params, level - 1, level, restored);
    uint32_t dropped = sable_window_minus(params, level, level - 1, drop);
    SABLE_TRY(
        sable_drop_plan_create(&t->rescale, ring, drop, dropped, out, out_count, restored, restored_count, dd(1), err));
    memcpy(drop + dropped, special, k * sizeof *special);
    return sable_drop_plan_create(&t->down_rescale, ring, drop, dropped + k, out, out_count, restored, restored_count,
                                  dd(1), err);
}

sable_status sable_level_tables_create(sable_level_tables **tables, const sable_params *params, const sable_ring *ring,
                                       sable_error *err) {
    sable_level_tables *t = calloc(params->top_level + 1, sizeof *t);
    if (!t) return sable_fail(err, SABLE_NO_MEMORY, "no memory for the tables of %u levels", params->top_level + 1);
    for (uint32_t l = 0; l <= params->top_level; l++) {
        sable_status status = level_create(&t[l], params, ring, l, err);
        if (status != SABLE_OK) {
            sable_level_tables_free(&t, params);
            return status;
        }
    }
    *tables = t;
    return SABLE_OK;
}

void sable_level_tables_free(sable_level_tables **tables, const sable_params *params) {
    if (!tables || !*tables) return;
    for (uint32_t l = 0; l <= params->top_level; l++) {
        sable_level_tables *t = &(*tables)[l];
        if (t->mod_up)
            for (uint32_t j = 0; j < t->digits; j++) sable_basis_free(&t->mod_up[j]);
        free(t->mod_up);
        free(t->mod_up_mult);
        free(t->digit_first);
        free(t->pos);
        sable_drop_plan_free(&t->down);
        sable_drop_plan_free(&t->rescale);
        sable_drop_plan_free(&t->down_rescale);
    }
    free(*tables);
    *tables = NULL;
}
