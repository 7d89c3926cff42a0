/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_RING_RING_H
#define SABLE_RING_RING_H
/* Builds what backends and the ckks layer need from a parameter set: prime constants, transform tables,
 * base-conversion constants. Everything here is exact integer arithmetic on the host. */
#include "base/fail.h"
#include "ring/params_impl.h"
#include "sable/backend.h"

/* Fills the constants of prime p for ring degree n (psi by the rule of backend.h). p must be a prime, = 1 mod 2n, < 2^30. */
void sable_prime_init(sable_prime *prime, uint32_t p, uint32_t n);

/* Tables of all primes of a set; *ring is freed with sable_ring_free. Errors: SABLE_NO_MEMORY with the bytes. */
sable_status sable_ring_create(sable_ring **ring, const sable_params *params, sable_error *err);
/* Constants only: of each transform table no more than its first two words, which hold psi^(N/2). For plans, which
 * transform nothing. */
sable_status sable_ring_create_constants(sable_ring **out, const sable_params *params, sable_error *err);
void sable_ring_free(sable_ring **ring);

/* Conversion from S = src to dst with the factor c = prod over `factor` positions (A, may be 0 of them) times k_mod[i] for source
 * i (NULL = 1): y_mult[i] = c * (D/q_i)^-1 mod q_i. One allocation, freed with sable_basis_free. Arrays are copied. */
sable_status sable_basis_create(sable_basis **basis, const sable_ring *ring, const uint16_t *src, uint32_t src_count,
                                const uint16_t *dst, uint32_t dst_count, const uint16_t *factor, uint32_t factor_count,
                                const uint32_t *k_mod, sable_error *err);
void sable_basis_free(sable_basis **basis);

/* Product of the primes at the given positions modulo prime p. */
uint32_t sable_product_mod(const sable_ring *ring, const uint16_t *pos, uint32_t count, uint32_t p);

#endif
