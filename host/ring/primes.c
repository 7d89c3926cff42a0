/* SPDX-License-Identifier: Apache-2.0 */
#include "ring/primes.h"

#include "ring/word.h"

static bool passes(uint32_t n, uint32_t base) {
    base %= n;
    if (base == 0) return true;
    uint32_t odd = n - 1, twos = 0;
    while ((odd & 1) == 0) odd >>= 1, twos++;
    uint32_t x = sable_pow_mod(base, odd, n);
    if (x == 1 || x == n - 1) return true;
    for (uint32_t i = 1; i < twos; i++) {
        x = sable_mul_mod(x, x, n);
        if (x == n - 1) return true;
    }
    return false;
}

bool sable_is_prime(uint32_t n) {
    static const uint32_t small[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37};
    if (n < 2) return false;
    for (size_t i = 0; i < sizeof small / sizeof *small; i++)
        if (n % small[i] == 0) return n == small[i];
    return passes(n, 2) && passes(n, 7) && passes(n, 61);
}

size_t sable_primes_between(uint32_t *out, size_t capacity, uint32_t lo, uint32_t hi, uint32_t log_step) {
    uint64_t step = 1ull << log_step;
    size_t count = 0;
    for (uint64_t p = (lo >> log_step) * step + 1; p < hi; p += step) {
        if (p <= lo || !sable_is_prime((uint32_t)p)) continue;
        if (count < capacity) out[count] = (uint32_t)p;
        count++;
    }
    return count;
}
