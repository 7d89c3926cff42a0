/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bigint.h"

void sable_big_set(sable_big *x, uint32_t value) {
    x->word[0] = value;
    x->count = value != 0;
}

void sable_big_mul(sable_big *x, uint32_t factor) {
    uint64_t carry = 0;
    for (uint32_t i = 0; i < x->count; i++) {
        carry += (uint64_t)x->word[i] * factor;
        x->word[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (factor == 0) x->count = 0;
    if (carry && x->count < SABLE_BIG_WORDS) x->word[x->count++] = (uint32_t)carry;
}

void sable_big_product(sable_big *x, const uint32_t *factor, uint32_t count) {
    sable_big_set(x, 1);
    for (uint32_t i = 0; i < count; i++) sable_big_mul(x, factor[i]);
}

uint32_t sable_big_bits(const sable_big *x) {
    if (x->count == 0) return 0;
    uint32_t bits = 32 * (x->count - 1);
    for (uint32_t top = x->word[x->count - 1]; top; top >>= 1) bits++;
    return bits;
}

uint32_t sable_big_mod(const sable_big *x, uint32_t modulus) {
    uint64_t r = 0;
    for (uint32_t i = x->count; i-- > 0;) r = (r << 32 | x->word[i]) % modulus;
    return (uint32_t)r;
}

int sable_big_compare(const sable_big *a, const sable_big *b) {
    if (a->count != b->count) return a->count < b->count ? -1 : 1;
    for (uint32_t i = a->count; i-- > 0;)
        if (a->word[i] != b->word[i]) return a->word[i] < b->word[i] ? -1 : 1;
    return 0;
}

sable_dd sable_big_split(const sable_big *x, int *exponent) {
    /* Five words hold at least 129 bits: what is left out is below 2^-128 of the value. */
    uint32_t first = x->count > 5 ? x->count - 5 : 0;
    sable_dd value = dd(0);
    for (uint32_t i = x->count; i-- > first;) {
        value.hi *= 0x1p32;
        value.lo *= 0x1p32;
        value = dd_add(value, dd(x->word[i]));
    }
    int e;
    value.hi = 2 * frexp(value.hi, &e);
    value.lo = ldexp(value.lo, 1 - e);
    *exponent = e - 1 + (int)(32 * first);
    if (value.hi == 1.0 && value.lo < 0) { /* just below a power of two: hi was rounded up to it */
        value.hi *= 2;
        value.lo *= 2;
        --*exponent;
    }
    return value;
}
