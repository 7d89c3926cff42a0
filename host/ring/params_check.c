/* SPDX-License-Identifier: Apache-2.0 */
/* What a parameter set must satisfy before anything else reads it. Nothing a file says about itself is believed:
 * primes are tested, windows walked, scales recomputed and the security bound read from the tables here. */
#include <string.h>

#include "base/fail.h"
#include "ring/params_internal.h"
#include "ring/primes.h"
#include "ring/security.h"

enum { MIN_PRIME_BITS = 20, MAX_PRIME_BITS = 30, MAX_STEP_BITS = 1000 };

static sable_status check_primes(const sable_params *p, sable_error *err) {
    if (p->log_n < SABLE_PARAMS_MIN_LOG_N || p->log_n > SABLE_PARAMS_MAX_LOG_N)
        return sable_fail(err, SABLE_INVALID, "log_n is %u; N must be a power of two from 2^%d to 2^%d", p->log_n,
                          SABLE_PARAMS_MIN_LOG_N, SABLE_PARAMS_MAX_LOG_N);
    uint32_t count = p->q_count + p->p_count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t prime = p->prime[i];
        if (prime <= 1u << (MIN_PRIME_BITS - 1) || prime >= 1u << MAX_PRIME_BITS)
            return sable_fail(err, SABLE_INVALID, "prime %u at position %u is outside 2^%d..2^%d (%d to %d bits)",
                              prime, i, MIN_PRIME_BITS - 1, MAX_PRIME_BITS, MIN_PRIME_BITS, MAX_PRIME_BITS);
        if ((prime & ((2u << p->log_n) - 1)) != 1)
            return sable_fail(err, SABLE_INVALID,
                              "%u at position %u is %u modulo 2N = %u, not 1: N = 2^%u has no transform for it", prime,
                              i, prime & ((2u << p->log_n) - 1), 2u << p->log_n, p->log_n);
        if (!sable_is_prime(prime)) return sable_fail(err, SABLE_INVALID, "%u at position %u is not prime", prime, i);
        for (uint32_t j = 0; j < i; j++)
            if (p->prime[j] == prime)
                return sable_fail(err, SABLE_INVALID, "prime %u occurs twice, at positions %u and %u", prime, j, i);
    }
    for (uint32_t i = p->q_count + 1; i < count; i++)
        if (p->prime[i] < p->prime[i - 1]) /* the last two are the modulus of the ephemeral key */
            return sable_fail(err, SABLE_INVALID, "specials must ascend, but %u at position %u follows %u", p->prime[i],
                              i, p->prime[i - 1]);
    return SABLE_OK;
}

void sable_params_modulus(const sable_params *p, uint32_t level, sable_big *q) {
    sable_big_product(q, p->prime + sable_window_first(p, level), sable_window_limbs(p, level));
}

void sable_params_step(const sable_params *p, uint32_t level, sable_big *up, sable_big *down) {
    /* All windows touch position T from both sides, so a step changes each class by a run of neighbours. */
    uint32_t t = p->terminals, nt0 = p->nt[level - 1], nt1 = p->nt[level], nm0 = p->nm[level - 1], nm1 = p->nm[level];
    sable_big_set(up, 1);
    sable_big_set(down, 1);
    for (uint32_t i = nt0; i < nt1; i++) sable_big_mul(up, p->prime[t - 1 - i]);
    for (uint32_t i = nt1; i < nt0; i++) sable_big_mul(down, p->prime[t - 1 - i]);
    for (uint32_t i = nm0; i < nm1; i++) sable_big_mul(up, p->prime[t + i]);
    for (uint32_t i = nm1; i < nm0; i++) sable_big_mul(down, p->prime[t + i]);
}

bool sable_params_ratio(const sable_params *p, uint32_t level, sable_dd *ratio) {
    sable_big up, down;
    sable_params_step(p, level, &up, &down);
    if (sable_big_bits(&up) > MAX_STEP_BITS || sable_big_bits(&down) > MAX_STEP_BITS) return false;
    int up_exponent, down_exponent;
    sable_dd a = sable_big_split(&up, &up_exponent), b = sable_big_split(&down, &down_exponent);
    *ratio = dd_div(a, b);
    ratio->hi = ldexp(ratio->hi, up_exponent - down_exponent);
    ratio->lo = ldexp(ratio->lo, up_exponent - down_exponent);
    return true;
}

static sable_status check_windows(const sable_params *p, sable_error *err) {
    uint32_t mains = p->q_count - p->terminals, top = p->top_level;
    for (uint32_t l = 0; l <= top; l++) {
        if (p->nt[l] > p->terminals || p->nm[l] > mains)
            return sable_fail(err, SABLE_INVALID, "level %u asks for %u terminals and %u mains; the set has %u and %u",
                              l, p->nt[l], p->nm[l], p->terminals, mains);
        if (p->nt[l] + p->nm[l] == 0) return sable_fail(err, SABLE_INVALID, "the window of level %u is empty", l);
    }
    if (p->nt[top] != p->terminals || p->nm[top] != mains)
        return sable_fail(err, SABLE_INVALID,
                          "top level %u has %u terminals and %u mains, but the set has %u and %u: primes outside the "
                          "top window would only "
                          "cost security",
                          top, p->nt[top], p->nm[top], p->terminals, mains);
    for (uint32_t l = 1; l <= top; l++) {
        sable_big up, down;
        sable_params_step(p, l, &up, &down);
        if (sable_big_compare(&up, &down) <= 0)
            return sable_fail(
                err, SABLE_INVALID,
                "the modulus of level %u, window (%u,%u), is not larger than that of level %u, window (%u,%u)", l,
                p->nt[l], p->nm[l], l - 1, p->nt[l - 1], p->nm[l - 1]);
    }
    return SABLE_OK;
}

static bool is_normalised(sable_dd x) {
    sable_dd s = dd_two_sum(x.hi, x.lo);
    return isfinite(x.hi) && isfinite(x.lo) && dd_equal(s, x);
}

static sable_status check_scales(const sable_params *p, sable_error *err) {
    for (uint32_t l = 0; l <= p->top_level; l++)
        if (!is_normalised(p->scale[l]) || p->scale[l].hi < 1)
            return sable_fail(err, SABLE_INVALID,
                              "the scale of level %u, %.17g + %.17g, is not a rounded double-double of at least 1", l,
                              p->scale[l].hi, p->scale[l].lo);
    sable_dd base = p->scale[0];
    if (base.hi >= 0x1p100 || base.hi != floor(base.hi) || base.lo != floor(base.lo))
        return sable_fail(err, SABLE_INVALID, "the scale of level 0, %.17g + %.17g, is not an integer below 2^100",
                          base.hi, base.lo);
    sable_big q;
    sable_params_modulus(p, 0, &q);
    uint32_t bits = sable_big_bits(&q);
    int exponent = 0;
    sable_dd modulus = bits <= 110 ? sable_big_split(&q, &exponent) : dd(0x1p110);
    modulus.hi = ldexp(modulus.hi, exponent);
    modulus.lo = ldexp(modulus.lo, exponent);
    if (dd_sub(modulus, (sable_dd){4 * base.hi, 4 * base.lo}).hi <= 0)
        return sable_fail(
            err, SABLE_INVALID,
            "the scale of level 0 is 2^%.3f, more than a quarter of its modulus 2^%.3f: values of size 1 do "
            "not fit",
            log2(base.hi), log2(modulus.hi));
    for (uint32_t l = 1; l <= p->top_level; l++) {
        sable_dd ratio;
        if (!sable_params_ratio(p, l, &ratio))
            return sable_fail(err, SABLE_INVALID, "the step from level %u to %u has more than %d bits", l - 1, l,
                              MAX_STEP_BITS);
        sable_dd want = dd_sqrt(dd_mul(p->scale[l - 1], ratio));
        sable_dd off = dd_sub(p->scale[l], want);
        if (!(fabs(off.hi) <= want.hi * 0x1p-90))
            return sable_fail(err, SABLE_INVALID,
                              "the scale of level %u is %.17g + %.17g, but its primes make it %.17g + %.17g (relative "
                              "error 2^%.1f, allowed "
                              "2^-90)",
                              l, p->scale[l].hi, p->scale[l].lo, want.hi, want.lo, log2(fabs(off.hi) / want.hi));
    }
    return SABLE_OK;
}

static sable_status check_digits(sable_params *p, sable_error *err) {
    if (p->alpha == 0 || p->alpha > p->q_count)
        return sable_fail(err, SABLE_INVALID, "alpha is %u, outside 1..%u (the number of ciphertext primes)", p->alpha,
                          p->q_count);
    p->digits = (p->q_count + p->alpha - 1) / p->alpha;
    sable_big special;
    sable_big_product(&special, p->prime + p->q_count, p->p_count);
    for (uint32_t j = 0; j < p->digits; j++) {
        uint32_t first = j * p->alpha, count = p->q_count - first < p->alpha ? p->q_count - first : p->alpha;
        sable_big digit;
        sable_big_product(&digit, p->prime + first, count);
        if (sable_big_compare(&special, &digit) < 0)
            return sable_fail(err, SABLE_INVALID,
                              "the %u special primes have a product of %u bits, below digit %u (%u primes, %u bits): "
                              "add specials or lower alpha",
                              p->p_count, sable_big_bits(&special), j, count, sable_big_bits(&digit));
    }
    return SABLE_OK;
}

static uint32_t sum(const uint32_t *x, uint32_t count) {
    uint32_t total = 0;
    for (uint32_t i = 0; i < count; i++) total += x[i];
    return total;
}

static sable_status check_radices(const sable_params *p, const char *name, const uint32_t *radix, uint32_t count,
                                  sable_error *err) {
    for (uint32_t i = 0; i < count; i++)
        if (radix[i] == 0) return sable_fail(err, SABLE_INVALID, "bootstrap.%s[%u] is 0", name, i);
    uint32_t total = sum(radix, count);
    if (total != p->log_n - 1)
        return sable_fail(err, SABLE_INVALID, "bootstrap.%s sums to %u; 2^%u slots need %u", name, total, p->log_n - 1,
                          p->log_n - 1);
    return SABLE_OK;
}

static sable_status check_boot(const sable_params *p, sable_error *err) {
    const sable_boot_plan *b = &p->boot;
    if (b->em_levels == 0) { /* no plan: then nothing of one */
        static const sable_boot_plan none;
        return memcmp(b, &none, sizeof none) == 0 ? SABLE_OK
                                                  : sable_fail(err, SABLE_INVALID, "bootstrap.em_levels is 0");
    }
    uint32_t used = b->stc_levels + b->em_levels + b->cts_levels;
    if (b->stc_levels == 0 || b->cts_levels == 0 || used >= p->top_level)
        return sable_fail(err, SABLE_INVALID,
                          "bootstrapping takes %u+%u+%u levels of %u: each part needs one and one must be left",
                          b->stc_levels, b->em_levels, b->cts_levels, p->top_level);
    SABLE_TRY(check_radices(p, "cts_radix", b->cts_radix, b->cts_levels, err));
    SABLE_TRY(check_radices(p, "stc_radix", b->stc_radix, b->stc_levels, err));
    if (b->k == 0 || b->k > 4096 || b->degree < 2 || b->degree > 1022 || b->degree % 2 != 0 || b->double_angle > 8)
        return sable_fail(err, SABLE_INVALID,
                          "bootstrap: k %u (1..4096), degree %u (even, 2..1022), double_angle %u (0..8)", b->k,
                          b->degree, b->double_angle);
    uint32_t depth = b->double_angle;
    for (uint32_t d = b->degree; d; d >>= 1) depth++; /* bit length = ceil(log2(degree + 1)) */
    if (depth > b->em_levels)
        return sable_fail(err, SABLE_INVALID, "bootstrap: degree %u and %u doublings take %u levels, em_levels is %u",
                          b->degree, b->double_angle, depth, b->em_levels);
    if (b->ephemeral_weight == 0 || b->ephemeral_weight > p->n / 2)
        return sable_fail(err, SABLE_INVALID, "bootstrap.ephemeral_weight is %u, outside 1..%u", b->ephemeral_weight,
                          p->n / 2);
    if (p->p_count < 2)
        return sable_fail(err, SABLE_INVALID, "bootstrapping needs 2 special primes, the set has %u", p->p_count);
    for (uint32_t l = p->top_level - b->cts_levels - b->em_levels + 1; l <= p->top_level; l++)
        if (p->nt[l] < p->nt[l - 1] || p->nm[l] < p->nm[l - 1])
            return sable_fail(err, SABLE_INVALID,
                              "bootstrapping level %u, window (%u,%u), does not contain level %u, window (%u,%u)", l,
                              p->nt[l], p->nm[l], l - 1, p->nt[l - 1], p->nm[l - 1]);
    return SABLE_OK;
}

/* Every key of the set: all but one are at most over P*U under the main secret; the key to the ephemeral secret is
 * over Q_0 and the last two specials. */
static sable_status check_security(sable_params *p, sable_error *err) {
    sable_big modulus;
    sable_big_product(&modulus, p->prime, p->q_count + p->p_count);
    p->modulus_bits = sable_big_bits(&modulus);
    sable_security_query query = {.secret = SABLE_SECRET_TERNARY,
                                  .log_n = p->log_n,
                                  .modulus_bits = p->modulus_bits,
                                  .security_bits = p->security_bits,
                                  .model = (sable_security_model)p->security_model};
    SABLE_TRY(sable_security_check(&query, &p->security_bound, err));
    if (p->boot.em_levels == 0) return SABLE_OK;
    sable_params_modulus(p, 0, &modulus);
    for (uint32_t i = 0; i < 2; i++) sable_big_mul(&modulus, p->prime[p->q_count + p->p_count - 1 - i]);
    query.secret = SABLE_SECRET_EPHEMERAL;
    query.weight = p->boot.ephemeral_weight;
    query.modulus_bits = sable_big_bits(&modulus);
    return sable_security_check(&query, NULL, err);
}

sable_status sable_params_check(sable_params *p, int admitted, const sable_params_options *options, sable_error *err) {
    SABLE_TRY(check_primes(p, err));
    p->n = 1u << p->log_n;
    SABLE_TRY(check_windows(p, err));
    SABLE_TRY(check_scales(p, err));
    SABLE_TRY(check_digits(p, err));
    SABLE_TRY(check_boot(p, err));
    sable_error why = {SABLE_OK, ""};
    p->insecure = check_security(p, &why) != SABLE_OK;
    if (p->insecure && !(options && options->allow_insecure))
        return sable_fail(err, SABLE_INSECURE, "parameter set %s: %s (tests may set allow_insecure)", p->name,
                          why.text);
    if (!p->insecure && admitted == 1)
        return sable_fail(err, SABLE_INVALID,
                          "parameter set %s says \"insecure\": true but has %u bits of %u allowed: remove the field",
                          p->name, p->modulus_bits, p->security_bound);
    sable_params_digest(p);
    return SABLE_OK;
}
