/* SPDX-License-Identifier: Apache-2.0 */
/* The chain planner: windows by the unit rule, then primes level by level so that every scale comes out where it is
 * wanted. It works upward because Delta_l = sqrt(Delta_(l-1) * rho_l) halves the error of every choice of primes;
 * downward each would be doubled. */
#include "ring/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "ring/params_internal.h"
#include "ring/plan_pick.h"

/* Where primes of each class are looked for: floor(2^24.3) and floor(2^25.3) + 1 around the terminals' 24.85 bits. */
#define TERMINAL_LO       20655175u
#define TERMINAL_HI       41310352u
#define MAIN_LO           (1u << 29)
#define EM_LO             (1u << 26) /* EvalMod levels may be narrower than two mains */
#define PRIME_HI          (1u << 30)
#define DEFAULT_MAIN_BITS 29.82

typedef struct level_plan {
    sable_step_kind kind;
    int32_t nt, nm;
    sable_dd wanted; /* bits of the step up to this level; level 0: of its mains */
} level_plan;

typedef struct plan {
    const sable_plan_spec *spec;
    uint32_t chain_log_n;
    sable_dd unit;
    uint32_t top;
    level_plan level[SABLE_MAX_LEVELS];
    uint32_t terminals, mains; /* how many are needed, then chosen */
    uint32_t terminal[SABLE_PLAN_MAX_TERMINALS], main[SABLE_MAX_Q], special[SABLE_MAX_P];
    uint64_t base_scale;
    sable_dd base_log;
    sable_pool pool, em_pool; /* em_pool is empty unless a step wants narrow primes */
    sable_error *err;
} plan;

static sable_dd units(const plan *x, uint32_t count) { return dd_mul(x->unit, dd(count)); }

static uint32_t cts_units(sable_step_kind kind) {
    return kind == SABLE_STEP_CTS_M2 ? 12 : kind == SABLE_STEP_CTS_TM ? 11 : 10;
}

static sable_status check_spec(const sable_plan_spec *spec, const sable_plan_extra *extra, sable_error *err) {
    if (spec->struct_size < sizeof *spec)
        return sable_fail(err, SABLE_INVALID, "sable_plan_spec.struct_size is %zu, at least %zu is needed",
                          spec->struct_size, sizeof *spec);
    size_t length = spec->name ? strlen(spec->name) : 0;
    if (length == 0 || length > 31 || strspn(spec->name, SABLE_PARAMS_NAME_CHARS) != length)
        return sable_fail(err, SABLE_INVALID, "plan: the name must have 1 to 31 letters, digits and . _ + -");
    if (spec->log_n < SABLE_PARAMS_MIN_LOG_N || spec->log_n > SABLE_PARAMS_MAX_LOG_N)
        return sable_fail(err, SABLE_INVALID, "plan: log_n is %u, outside %d..%d", spec->log_n, SABLE_PARAMS_MIN_LOG_N,
                          SABLE_PARAMS_MAX_LOG_N);
    uint32_t chain = extra && extra->chain_log_n ? extra->chain_log_n : spec->log_n;
    if (chain < spec->log_n || chain > SABLE_PARAMS_MAX_LOG_N)
        return sable_fail(err, SABLE_INVALID, "plan: chain_log_n is %u, outside %u..%d", chain, spec->log_n,
                          SABLE_PARAMS_MAX_LOG_N);
    if (spec->main_bits != 0 && !(spec->main_bits >= 29.2 && spec->main_bits <= 29.95))
        return sable_fail(err, SABLE_INVALID, "plan: main_bits is %g, outside 29.2..29.95", spec->main_bits);
    if (spec->specials == 0 || spec->specials > SABLE_MAX_P)
        return sable_fail(err, SABLE_INVALID, "plan: %u specials, outside 1..%d", spec->specials, SABLE_MAX_P);
    if (spec->step_count && !spec->steps) return sable_fail(err, SABLE_INVALID, "plan: steps is NULL");
    for (size_t i = 0; i < spec->step_count; i++) {
        const sable_plan_step *s = &spec->steps[i];
        if ((unsigned)s->kind > SABLE_STEP_CTS_T2 || s->count == 0 || s->count >= SABLE_MAX_LEVELS)
            return sable_fail(err, SABLE_INVALID, "plan: step %zu has kind %d, count %u (1..%d)", i, (int)s->kind,
                              s->count, SABLE_MAX_LEVELS - 1);
        if (s->kind <= SABLE_STEP_STC && (s->units == 0 || s->units > 36))
            return sable_fail(err, SABLE_INVALID, "plan: step %zu has %u units, outside 1..36", i, s->units);
        if (s->kind == SABLE_STEP_EM && !(s->bits > 52 && s->bits < 60))
            return sable_fail(err, SABLE_INVALID, "plan: step %zu wants %g bits of two primes, outside 52..60", i,
                              s->bits);
    }
    return SABLE_OK;
}

/* The window of `total` units: nt terminals of 5 and nm mains of 6, nt <= 5. */
static bool window_of(level_plan *level, int32_t total) {
    level->nt = (6 - total % 6) % 6;
    level->nm = (total - 5 * level->nt) / 6;
    return total >= 5 * level->nt && level->nt + level->nm > 0;
}

static sable_status lay_out(plan *x) {
    const sable_plan_spec *spec = x->spec;
    if (spec->base_units > 6 * SABLE_MAX_Q || !window_of(&x->level[0], (int32_t)spec->base_units))
        return sable_fail(x->err, SABLE_INVALID, "plan: no window has %u units (level 0)", spec->base_units);
    x->level[0].wanted = units(x, 6 * (uint32_t)x->level[0].nm); /* terminals are chosen by themselves */
    uint32_t l = 0;
    for (size_t i = 0; i < spec->step_count; i++)
        for (uint32_t n = 0; n < spec->steps[i].count; n++) {
            const sable_plan_step *s = &spec->steps[i];
            if (++l >= SABLE_MAX_LEVELS)
                return sable_fail(x->err, SABLE_INVALID, "plan: more than %d levels", SABLE_MAX_LEVELS);
            const level_plan *below = &x->level[l - 1];
            level_plan *level = &x->level[l];
            *level = (level_plan){.kind = s->kind, .nt = below->nt, .nm = below->nm};
            if (s->kind <= SABLE_STEP_STC) {
                int32_t total = 5 * below->nt + 6 * below->nm + (int32_t)s->units;
                if (!window_of(level, total))
                    return sable_fail(x->err, SABLE_INVALID, "plan: no window has %d units (level %u)", total, l);
                level->wanted = units(x, s->units);
            } else {
                level->nt += s->kind == SABLE_STEP_CTS_T2 ? 2 : s->kind == SABLE_STEP_CTS_TM;
                level->nm += s->kind == SABLE_STEP_CTS_T2 ? 0 : s->kind == SABLE_STEP_CTS_TM ? 1 : 2;
                level->wanted = s->kind == SABLE_STEP_EM ? dd(s->bits) : units(x, cts_units(s->kind));
            }
        }
    x->top = l;
    for (l = 0; l <= x->top; l++) {
        if ((uint32_t)x->level[l].nt > x->terminals) x->terminals = (uint32_t)x->level[l].nt;
        if ((uint32_t)x->level[l].nm > x->mains) x->mains = (uint32_t)x->level[l].nm;
    }
    const level_plan *top = &x->level[x->top];
    if ((uint32_t)top->nt != x->terminals || (uint32_t)top->nm != x->mains)
        return sable_fail(x->err, SABLE_INVALID,
                          "plan: the top level %u has %d terminals and %d mains, lower ones need up to %u and %u: "
                          "change the last steps so that "
                          "it holds all",
                          x->top, top->nt, top->nm, x->terminals, x->mains);
    if (x->terminals > SABLE_PLAN_MAX_TERMINALS || x->terminals + x->mains > SABLE_MAX_Q)
        return sable_fail(x->err, SABLE_INVALID,
                          "plan: %u terminals (at most %d) and %u mains (at most %d primes in all)", x->terminals,
                          SABLE_PLAN_MAX_TERMINALS, x->mains, SABLE_MAX_Q);
    return SABLE_OK;
}

/* round(2^bits), by bisection on an integer logarithm: exp2 of some libm may differ in the last of 53 bits. 1 <=
 * bits < 62. */
static uint64_t round_exp2(sable_dd bits) {
    uint64_t lo = 1, hi = 1ull << 62; /* log2(lo - 1/2) <= bits < log2(hi - 1/2) */
    while (hi - lo > 1) {
        uint64_t mid = lo + (hi - lo) / 2;
        uint64_t odd = 2 * mid - 1;
        sable_dd value = dd_two_sum((double)(odd >> 32) * 0x1p32, (double)(odd & 0xffffffff));
        if (dd_sub(sable_log2(value), dd_add(bits, dd(1))).hi <= 0)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

static sable_status choose_base_scale(plan *x) {
    const sable_plan_spec *spec = x->spec;
    if (spec->base_scale) {
        x->base_scale = spec->base_scale;
        x->base_log =
            sable_log2(dd_two_sum((double)(spec->base_scale >> 32) * 0x1p32, (double)(spec->base_scale & 0xffffffff)));
        return SABLE_OK;
    }
    if (spec->base_scale_log2 == 0 && x->top == 0)
        return sable_fail(x->err, SABLE_INVALID, "plan: without steps base_scale or base_scale_log2 must be given");
    x->base_log = spec->base_scale_log2 != 0 ? dd(spec->base_scale_log2) : x->level[1].wanted;
    if (!(x->base_log.hi >= 1 && x->base_log.hi <= 61))
        return sable_fail(x->err, SABLE_INVALID, "plan: the base scale 2^%g is outside 2^1..2^61", x->base_log.hi);
    x->base_scale = round_exp2(x->base_log);
    return SABLE_OK;
}

static sable_status choose_terminals(plan *x) {
    if (x->terminals == 0) return SABLE_OK;
    bool used[SABLE_PLAN_MAX_TERMINALS + 1] = {false};
    for (uint32_t l = 0; l <= x->top; l++) used[x->level[l].nt] = true;
    sable_pool pool;
    if (!sable_pool_fill(&pool, TERMINAL_LO, TERMINAL_HI, x->chain_log_n + 1))
        return sable_fail(x->err, SABLE_NO_MEMORY, "plan: no memory");
    size_t supply = pool.count;
    bool done = sable_pool_terminals(&pool, units(x, 5), x->terminals, used, x->terminal);
    sable_pool_free(&pool);
    if (done) return SABLE_OK;
    return sable_fail(x->err, SABLE_INVALID, "plan: %u terminals are needed, N = 2^%u has %zu primes of about 2^24.85",
                      x->terminals, x->chain_log_n, supply);
}

/* The k largest primes below 2^30: every one larger than the primes that are left for the chain. */
static sable_status choose_specials(plan *x) {
    uint32_t k = x->spec->specials;
    if (x->pool.count < k + x->mains)
        return sable_fail(x->err, SABLE_INVALID,
                          "plan: %u mains and %u specials are needed, N = 2^%u has %zu primes of 30 bits", x->mains, k,
                          x->chain_log_n, x->pool.count);
    x->pool.count -= k;
    memcpy(x->special, x->pool.prime + x->pool.count, k * sizeof *x->special);
    for (uint32_t i = 0; i < k; i++) sable_pool_remove(&x->em_pool, x->special[i]);
    return SABLE_OK;
}

static sable_status take_mains(plan *x, uint32_t level, uint32_t have, uint32_t add, sable_dd target, bool narrow) {
    sable_pool *from = narrow ? &x->em_pool : &x->pool;
    if (!sable_pool_pick(from, target, add, x->main + have))
        return sable_fail(x->err, SABLE_INVALID, "plan: level %u needs %u more primes, %zu are left at N = 2^%u", level,
                          add, from->count, x->chain_log_n);
    for (uint32_t i = have; i < have + add; i++) sable_pool_remove(narrow ? &x->pool : &x->em_pool, x->main[i]);
    return SABLE_OK;
}

static sable_dd log_of_run(const uint32_t *prime, int32_t from, int32_t to) {
    sable_dd total = dd(0);
    for (int32_t i = from; i < to; i++) total = dd_add(total, sable_log2(dd(prime[i])));
    return total;
}

/* log2 of what a window gains over another in the primes chosen so far (`mains` of them). */
static sable_dd log_step(const plan *x, const level_plan *from, const level_plan *to, int32_t mains) {
    int32_t upto = to->nm < mains ? to->nm : mains;
    sable_dd gain = dd_add(log_of_run(x->terminal, from->nt, to->nt), log_of_run(x->main, from->nm, upto));
    return dd_sub(gain, dd_add(log_of_run(x->terminal, to->nt, from->nt), log_of_run(x->main, upto, from->nm)));
}

static sable_status choose_mains(plan *x) {
    int32_t have = x->level[0].nm;
    if (have) SABLE_TRY(take_mains(x, 0, 0, (uint32_t)have, x->level[0].wanted, false));
    sable_dd log_scale = x->base_log;
    for (uint32_t l = 1; l <= x->top; l++) {
        const level_plan *below = &x->level[l - 1], *level = &x->level[l];
        bool grid = level->kind <= SABLE_STEP_STC;
        /* Aim the new scale, the mean of the old one and of the step, at the wanted bits; when it is more than a bit
         * away (another grid begins here) such a step would overshoot, so the step itself gets the wanted bits and
         * the scale follows. */
        double before = fabs(dd_sub(log_scale, level->wanted).hi);
        bool aimed = grid && before < 1;
        sable_dd target = aimed ? dd_sub(dd_add(level->wanted, level->wanted), log_scale) : level->wanted;
        if (level->nm > have) {
            target = dd_sub(target, log_step(x, below, level, have));
            bool narrow = level->kind == SABLE_STEP_EM && level->wanted.hi / 2 < 29;
            SABLE_TRY(take_mains(x, l, (uint32_t)have, (uint32_t)(level->nm - have), target, narrow));
            have = level->nm;
        }
        sable_dd step = log_step(x, below, level, have);
        log_scale = grid ? dd_mul(dd_add(log_scale, step), dd(0.5)) : step;
        double drift = fabs(dd_sub(log_scale, level->wanted).hi);
        if (aimed && drift > 0.3 + before / 2) /* a step of existing primes only still halves what was there */
            return sable_fail(x->err, SABLE_INVALID,
                              "plan: level %u would have scale 2^%.2f, 2^%.2f is wanted: too few primes at N = 2^%u", l,
                              log_scale.hi, level->wanted.hi, x->chain_log_n);
    }
    return SABLE_OK;
}

static sable_status choose_primes(plan *x) {
    bool narrow = false;
    for (uint32_t l = 1; l <= x->top; l++)
        narrow = narrow || (x->level[l].kind == SABLE_STEP_EM && x->level[l].wanted.hi / 2 < 29);
    if (!sable_pool_fill(&x->pool, MAIN_LO, PRIME_HI, x->chain_log_n + 1) ||
        (narrow && !sable_pool_fill(&x->em_pool, EM_LO, PRIME_HI, x->chain_log_n + 1)))
        return sable_fail(x->err, SABLE_NO_MEMORY, "plan: no memory for the prime tables");
    SABLE_TRY(choose_terminals(x));
    SABLE_TRY(choose_specials(x));
    return choose_mains(x);
}

static void split_evenly(uint32_t *radix, uint32_t count, uint32_t total) {
    for (uint32_t i = 0; i < count; i++) radix[i] = total / count + (i < total % count);
}

/* Steps in the order app, StC, EvalMod (7 levels or more), CtS make a bootstrapping plan; any other order is a set
 * without one. */
static void plan_boot(const plan *x, sable_params *p) {
    uint32_t count[4] = {0}, last = 0;
    for (uint32_t l = 1; l <= x->top; l++) {
        uint32_t part = x->level[l].kind < SABLE_STEP_CTS_M2 ? (uint32_t)x->level[l].kind : 3;
        if (part < last) return;
        last = part;
        count[part]++;
    }
    uint32_t slots_log = p->log_n - 1;
    if (!count[1] || count[2] < 7 || !count[3] || count[1] > 8 || count[3] > 8 || count[1] > slots_log ||
        count[3] > slots_log)
        return;
    sable_boot_plan *b = &p->boot;
    b->stc_levels = count[1];
    b->em_levels = count[2];
    b->cts_levels = count[3];
    bool full = b->em_levels >= 8; /* 7 levels only serve small test rings: weight 16 is not secure */
    b->k = full ? 16 : 8;
    b->double_angle = 2;
    b->degree = full ? 58 : 30;
    b->ephemeral_weight = full ? 32 : 16;
    split_evenly(b->cts_radix, b->cts_levels, slots_log);
    split_evenly(b->stc_radix, b->stc_levels, slots_log);
}

static void assemble(const plan *x, sable_params *p) {
    memcpy(p->name, x->spec->name, strlen(x->spec->name) + 1);
    p->log_n = x->spec->log_n;
    p->terminals = x->terminals;
    p->q_count = x->terminals + x->mains;
    p->p_count = x->spec->specials;
    for (uint32_t i = 0; i < x->terminals; i++) p->prime[i] = x->terminal[x->terminals - 1 - i];
    memcpy(p->prime + x->terminals, x->main, x->mains * sizeof *x->main);
    memcpy(p->prime + p->q_count, x->special, p->p_count * sizeof *x->special);
    p->top_level = x->top;
    for (uint32_t l = 0; l <= x->top; l++) {
        p->nt[l] = (uint8_t)x->level[l].nt;
        p->nm[l] = (uint8_t)x->level[l].nm;
    }
    p->scale[0] = dd_two_sum((double)(x->base_scale >> 32) * 0x1p32, (double)(x->base_scale & 0xffffffff));
    for (uint32_t l = 1; l <= x->top; l++) {
        sable_dd ratio;
        if (!sable_params_ratio(p, l, &ratio)) break; /* the check below reports it */
        p->scale[l] = dd_sqrt(dd_mul(p->scale[l - 1], ratio));
    }
    p->alpha = x->spec->alpha;
    p->security_bits = 128;
    plan_boot(x, p);
}

sable_status sable_params_plan_extra(sable_params **out, const sable_plan_spec *spec, const sable_plan_extra *extra,
                                     const sable_params_options *options, sable_error *err) {
    if (!out || !spec) return sable_fail(err, SABLE_INVALID, "plan: a pointer is NULL");
    SABLE_TRY(sable_params_options_check(options, err));
    SABLE_TRY(check_spec(spec, extra, err));
    plan x = {.spec = spec, .chain_log_n = extra && extra->chain_log_n ? extra->chain_log_n : spec->log_n, .err = err};
    x.unit = dd_div(dd(spec->main_bits != 0 ? spec->main_bits : DEFAULT_MAIN_BITS), dd(6));
    SABLE_TRY(lay_out(&x));
    SABLE_TRY(choose_base_scale(&x));
    sable_status status = choose_primes(&x);
    sable_pool_free(&x.pool);
    sable_pool_free(&x.em_pool);
    if (status != SABLE_OK) return status;
    sable_params *p = calloc(1, sizeof *p);
    if (!p) return sable_fail(err, SABLE_NO_MEMORY, "plan: no memory for a parameter set (%zu bytes)", sizeof *p);
    assemble(&x, p);
    status = sable_params_check(p, -1, options, err);
    if (status != SABLE_OK) {
        free(p);
        return status;
    }
    *out = p;
    return SABLE_OK;
}

sable_status sable_params_plan(sable_params **out, const sable_plan_spec *spec, const sable_params_options *options,
                               sable_error *err) {
    return sable_params_plan_extra(out, spec, NULL, options, err);
}
