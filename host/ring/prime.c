/* SPDX-License-Identifier: Apache-2.0 */
#include "ring/ring.h"
#include "ring/word.h"

/* Newton: each step doubles the number of right low bits; p itself is right to 3 bits because p * p = 1 mod 8. */
static uint32_t inverse_of_odd(uint32_t p) {
    uint32_t x = p;
    for (int i = 0; i < 4; i++) x *= 2u - p * x; /* 6, 12, 24, 48 bits */
    return x;
}

void sable_prime_init(sable_prime *prime, uint32_t p, uint32_t n) {
    uint32_t bits = 32u - (uint32_t)__builtin_clz(p);
    prime->p = p;
    prime->pinv = inverse_of_odd(p);
    prime->r1 = (uint32_t)((1ull << 32) % p);
    prime->r2 = sable_mul_mod(prime->r1, prime->r1, p);
    prime->bits = bits;
    prime->wq = (uint32_t)((1ull << (bits + 31)) / p); /* p > 2^(bits-1), hence < 2^32 */
    prime->n_inv = sable_inv_mod(n % p, p);
    prime->psi = 0;
    /* Half of all g pass. Only g = 0 mod p fails for ever, which no prime = 1 mod 2n reaches. */
    for (uint32_t g = 2; g < p && prime->psi == 0; g++) {
        uint32_t psi = sable_pow_mod(g, (p - 1) / (2 * n), p);
        if (sable_pow_mod(psi, n, p) == p - 1) prime->psi = psi;
    }
}
