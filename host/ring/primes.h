/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_RING_PRIMES_H
#define SABLE_RING_PRIMES_H
/* Primality and enumeration of the primes that a ring of degree N can use, = 1 mod 2N. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Proven for every 32-bit n: Miller-Rabin to bases 2, 7, 61 has no composite that passes below 4759123141 (Jaeschke
 * 1993). */
bool sable_is_prime(uint32_t n);

/* Primes p with lo < p < hi and p = 1 mod 2^log_step, ascending. Writes at most capacity of them to out (which may
 * be NULL when capacity is 0) and returns how many there are. */
size_t sable_primes_between(uint32_t *out, size_t capacity, uint32_t lo, uint32_t hi, uint32_t log_step);

#endif
