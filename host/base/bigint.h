/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_BASE_BIGINT_H
#define SABLE_BASE_BIGINT_H
/* Exact unsigned integers of fixed capacity: products of the primes of a parameter set. Not for secrets (not
 * constant time). */
#include <stdint.h>

#include "base/dd.h"

#define SABLE_BIG_WORDS 160 /* 5120 bits: 152 primes of 30 bits and room to multiply by a word */

typedef struct sable_big {
    uint32_t count;                 /* words in use; the highest is not 0; 0 words = zero */
    uint32_t word[SABLE_BIG_WORDS]; /* little-endian, base 2^32 */
} sable_big;

void sable_big_set(sable_big *x, uint32_t value);
/* x *= factor. The product must fit (5120 bits; a parameter set has at most 152 primes of 30 bits): words beyond are
 * lost. */
void sable_big_mul(sable_big *x, uint32_t factor);
/* Product of count factors, 1 when there is none. */
void sable_big_product(sable_big *x, const uint32_t *factor, uint32_t count);
/* Number of bits of x: floor(log2 x) + 1, 0 for zero. */
uint32_t sable_big_bits(const sable_big *x);
/* x mod modulus, modulus > 0. */
uint32_t sable_big_mod(const sable_big *x, uint32_t modulus);
/* -1, 0, 1 as a <, =, > b. */
int sable_big_compare(const sable_big *a, const sable_big *b);
/* x = value * 2^exponent, 1 <= value < 2, relative error below 2^-102; x > 0. The split keeps numbers beyond the
 * range of a double. */
sable_dd sable_big_split(const sable_big *x, int *exponent);

#endif
