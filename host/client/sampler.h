/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CLIENT_SAMPLER_H
#define SABLE_CLIENT_SAMPLER_H
/* Small secret polynomials. No branch and no address depends on a sampled value; how many draws were rejected is
 * visible and says nothing about those that were kept. Outputs and streams lie in memory that the caller wipes. */
#include "client/rng.h"
#include "ring/ring.h"

#define SABLE_CBD_COINS 21 /* |e| <= 21, variance 21/2 */

/* Independent, uniform in {-1, 0, 1}. */
void sable_sample_ternary(int8_t *out, size_t n, sable_stream *stream);
/* Difference of two sums of 21 fair coins, 8 bytes of the stream each. */
#define SABLE_ERRORS_OF_CHUNK (SABLE_STREAM_CHUNK / 8)
void sable_sample_error(int8_t *out, size_t n, sable_stream *stream);
/* Exactly `weight` coefficients are not 0, at uniformly random places with independent random signs. n: power of two;
 * weight <= n; scratch: n words, wiped by the callee. A sorting network: n log^2 n / 4 compare-exchanges. */
void sable_sample_sparse(int8_t *out, size_t n, size_t weight, uint64_t *scratch, sable_stream *stream);

/* out = phi_g(x): X -> X^galois on coefficients, galois odd < 2n. Addresses depend on galois only. */
void sable_small_automorphism(int8_t *out, const int8_t *x, size_t n, uint32_t galois);

#endif
