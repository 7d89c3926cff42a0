/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CKKS_ENCODER_H
#define SABLE_CKKS_ENCODER_H
/* The canonical embedding in double precision with a fixed order of operations: the same bits on every machine.
 * Slot j of m(X) is m(zeta^(5^j)), zeta = exp(i*pi/N), j < N/2. A packing of n' < N/2 slots lives in the ring of degree N' = 2n': its
 * coefficients go to the multiples of N/N', and slot values repeat with period n'.
 *
 * threads: of OpenMP, sable_host_threads(ctx); the bits do not depend on them. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dd.h"
#include "base/shared.h"
#include "ring/ring.h"

typedef struct sable_encoder sable_encoder;

/* Tables (zeta powers rounded from double-double) for degree 2^log_n and all smaller ones. */
SABLE_SHARED sable_status sable_encoder_create(sable_encoder **out, uint32_t log_n, sable_error *err);
SABLE_SHARED void sable_encoder_destroy(sable_encoder **encoder);

/* coeff[0..2*slots) = real coefficients (unscaled) of the polynomial of degree < 2*slots whose slots are z. z: `slots` values, pairs if
 * is_complex. slots: power of two, 1 <= slots <= N/2. May be called from several threads. SABLE_NO_MEMORY for scratch. */
SABLE_SHARED sable_status sable_embed_inverse(const sable_encoder *encoder, double *coeff, const double *z,
                                              bool is_complex, uint32_t slots, uint32_t threads, sable_error *err);
/* The other way round: z from coefficients. */
SABLE_SHARED sable_status sable_embed(const sable_encoder *encoder, double *z, bool is_complex, const double *coeff,
                                      uint32_t slots, uint32_t threads, sable_error *err);
/* Integer-valued hi + lo = coeff * scale rounded: the product in double-double, hi = rint(product.hi), lo = rint of the rest;
 * |hi + lo - coeff*scale| <= 1/2 + 2^-53 + 2^-103 |coeff*scale|. Requires |coeff*scale| < 2^120; |lo| < 2^53, as the backend's
 * encode wants it, holds below 2^105. */
SABLE_SHARED void sable_scale_round(double *hi, double *lo, const double *coeff, size_t count, sable_dd scale,
                                    uint32_t threads);

/* Residues of the integer nearest (re + i*im)*scale on both halves of an NTT limb: u + v*I for j < N/2 in lo_word, u - v*I in hi_word, for
 * each position (u, v nearest integers; I = psi^(N/2)). |re*scale|, |im*scale| < 2^120. */
SABLE_SHARED void sable_encode_scalar(uint32_t *lo_word, uint32_t *hi_word, const sable_ring *ring, const uint16_t *pos,
                                      uint32_t limbs, double re, double im, sable_dd scale);

/* SABLE_INVALID unless the first `used` of the limbs can be read as doubles: their primes' product is below 2^1000. */
SABLE_SHARED sable_status sable_residues_fit(const sable_ring *ring, const uint16_t *pos, uint32_t limbs, uint32_t used,
                                             sable_error *err);
/* coeff[t] = centred value of the residues / scale as a double, t < count: limb i of coefficient t is x[i][t*stride], a residue modulo
 * the prime at pos[i] (coefficient domain). Exact mixed-radix (Garner) conversion. The first `used` limbs determine the value; the
 * remaining limbs - used ones only check it: *inconsistent counts coefficients whose value does not agree with them, so a message that overflowed
 * the first limbs is noticed, and those of a size above `largest`. Product of the used primes up to 2^1000. */
SABLE_SHARED sable_status sable_residues_to_doubles(double *coeff, size_t *inconsistent, const uint32_t *const *x,
                                                    size_t stride, size_t count, const sable_ring *ring,
                                                    const uint16_t *pos, uint32_t limbs, uint32_t used, sable_dd scale,
                                                    double largest, uint32_t threads, sable_error *err);

/* Zeros, by as many threads as pay: what they wrote lies in their own caches. */
SABLE_SHARED void sable_wipe(void *memory, size_t bytes, uint32_t threads);

#endif
