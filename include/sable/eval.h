/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_EVAL_H
#define SABLE_EVAL_H
/* Operations on ciphertexts. No function here can touch a secret key.
 *
 * Common to all: every check is made before any work, and a refusal (status > 0) leaves the output as it was; the output handle may be one of
 * the inputs; operations work on all members of a batch; where two ciphertexts meet, batches are equal or one of them has batch 1 and is
 * repeated; key ids are equal (SABLE_KEY_MISMATCH); slots are equal. Level and scale effects are exact and stated; nothing is rescaled or
 * dropped silently. Declared bounds and tracked noise are carried by every operation (docs/NOISE.md). Codes beside those named:
 * SABLE_INVALID, SABLE_BUSY, SABLE_NO_MEMORY, SABLE_DEVICE. Cost: in limb transforms (NTT) and multiply-accumulates a member; ell = limbs of
 * the level, k = special primes, beta = digits. */
#include "sable/keys.h"

#ifdef __cplusplus
extern "C" {
#endif

/* -- linear -------------------------------------------------------------------------------------------------------- */
/* out = a + b, a - b. Same level and equal scales (SABLE_LEVEL, SABLE_SCALE). Parts: the larger count. Bound: sum of bounds. */
SABLE_API SABLE_CHECKED sable_status sable_add(sable_queue *queue, sable_ct *out, const sable_ct *a, const sable_ct *b);
SABLE_API SABLE_CHECKED sable_status sable_sub(sable_queue *queue, sable_ct *out, const sable_ct *a, const sable_ct *b);
SABLE_API SABLE_CHECKED sable_status sable_negate(sable_queue *queue, sable_ct *out, const sable_ct *a);
/* out = a + b with a plaintext of the same level and scale. */
SABLE_API SABLE_CHECKED sable_status sable_add_plain(sable_queue *queue, sable_ct *out, const sable_ct *a,
                                                     const sable_pt *b);
SABLE_API SABLE_CHECKED sable_status sable_sub_plain(sable_queue *queue, sable_ct *out, const sable_ct *a,
                                                     const sable_pt *b);
/* out = a + (re + i*im) in every slot, encoded at a's scale: no noise beyond the rounding of one coefficient. SABLE_BOUND: the constant
 * times the scale exceeds a quarter of Q_level. */
SABLE_API SABLE_CHECKED sable_status sable_add_scalar(sable_queue *queue, sable_ct *out, const sable_ct *a, double re,
                                                      double im);
/* out = a * integer. Scale and level unchanged; bound and noise grow by |integer|. */
SABLE_API SABLE_CHECKED sable_status sable_mul_integer(sable_queue *queue, sable_ct *out, const sable_ct *a,
                                                       int64_t integer);
/* out = i * a (multiplication by X^(N/2)): free of noise, level and scale. */
SABLE_API SABLE_CHECKED sable_status sable_mul_i(sable_queue *queue, sable_ct *out, const sable_ct *a);

/* -- products, not rescaled ---------------------------------------------------------------------------------------- */
/* out = a * b, plaintext of the same level. Scale: product; Delta_l * Delta_l becomes the canonical scale of power 2, which sable_rescale turns
 * into Delta_{l-1}. */
SABLE_API SABLE_CHECKED sable_status sable_mul_plain(sable_queue *queue, sable_ct *out, const sable_ct *a,
                                                     const sable_pt *b);
/* out = a * (re + i*im) in every slot, the constant encoded at Delta_l: relative error at most 2^-(log2 Delta_l + 1)/|constant|. Scale as in
 * sable_mul_plain. */
SABLE_API SABLE_CHECKED sable_status sable_mul_scalar(sable_queue *queue, sable_ct *out, const sable_ct *a, double re,
                                                      double im);
/* out = a (x) b with 3 parts. Scale: product as above. Level >= 1 is not required, a later rescale requires it. */
SABLE_API SABLE_CHECKED sable_status sable_tensor(sable_queue *queue, sable_ct *out, const sable_ct *a,
                                                  const sable_ct *b);
/* Member g of out = sum over t < terms of a[g*terms + t] (x) b[g*terms + t]; the operand that has only `terms` members is repeated for every g.
 * One relinearisation serves the whole sum. */
SABLE_API SABLE_CHECKED sable_status sable_tensor_sum(sable_queue *queue, sable_ct *out, const sable_ct *a,
                                                      const sable_ct *b, uint32_t terms);
/* Member g of out = sum over t < batch(a) of weights[g*batch(a) + t] * a[t], g < rows: a plaintext matrix times the batch, weights encoded as
 * integers round(weight * Delta_l). Scale as in sable_mul_plain. Needs no keys; cost rows*batch*ell*N multiply-accumulates a part. */
SABLE_API SABLE_CHECKED sable_status sable_combine(sable_queue *queue, sable_ct *out, const sable_ct *a,
                                                   const double *weights, uint32_t rows);

/* -- back to canonical form ---------------------------------------------------------------------------------------- */
/* out = round(in * Q_{l-1}/Q_l): level l-1, scale times Q_{l-1}/Q_l (canonical power 2 -> Delta_{l-1}). 2 or 3 parts. SABLE_LEVEL at level 0.
 * Noise: divided likewise, plus variance (1+h)/12 (2 parts). Cost: parts * (D + ell_{l-1}) NTT. */
SABLE_API SABLE_CHECKED sable_status sable_rescale(sable_queue *queue, sable_ct *out, const sable_ct *in);
/* 3 parts -> 2 with the relinearisation key. Level and scale unchanged. SABLE_NO_KEY: missing, or its hull does not cover the level.
 * Cost: beta*(ell+k) + 2*(k+ell) NTT. */
SABLE_API SABLE_CHECKED sable_status sable_relinearize(sable_queue *queue, sable_ct *out, const sable_ct *in,
                                                       const sable_keyset *keys);
/* Both at once, in one division: cheaper than the two calls and one rounding less. Cost: beta*(ell+k) + 2*(k+D+ell_{l-1}) NTT. */
SABLE_API SABLE_CHECKED sable_status sable_relinearize_rescale(sable_queue *queue, sable_ct *out, const sable_ct *in,
                                                               const sable_keyset *keys);
/* out = a * b: tensor, relinearise, rescale, the words of the three calls. 2 parts each; out may be a or b, which may be one. Canonical inputs of level l
 * give Delta_{l-1} at level l-1 exactly. SABLE_LEVEL at level 0; SABLE_DEGREE, SABLE_BOUND, SABLE_NO_KEY as the three say, before any
 * work. Cost: that of sable_relinearize_rescale, and four products a word. */
SABLE_API SABLE_CHECKED sable_status sable_multiply(sable_queue *queue, sable_ct *out, const sable_ct *a,
                                                    const sable_ct *b, const sable_keyset *keys);
SABLE_API SABLE_CHECKED sable_status sable_square(sable_queue *queue, sable_ct *out, const sable_ct *a,
                                                  const sable_keyset *keys);
/* out = in brought to `level` < level(in) with the canonical scale of that level. The exact factor round(K)/K of the constant that does it
 * differs from 1 by less than 2^-38 where the chain allows; the difference goes to the tracked noise. 2 parts, canonical scale of power 1.
 * level = level(in): a copy. */
SABLE_API SABLE_CHECKED sable_status sable_adjust(sable_queue *queue, sable_ct *out, const sable_ct *in,
                                                  uint32_t level);
/* out = in with the limbs of `level` only: free, scale unchanged (becomes explicit). SABLE_LEVEL when that window is not contained in the
 * current one; SABLE_BOUND when bound*scale exceeds a quarter of Q_level. */
SABLE_API SABLE_CHECKED sable_status sable_drop(sable_queue *queue, sable_ct *out, const sable_ct *in, uint32_t level);

/* -- automorphisms ------------------------------------------------------------------------------------------------- */
/* Slot j of out = slot j+steps of in (cyclic in the slots of the packing). 2 parts. Level and scale unchanged. SABLE_NO_KEY names the missing
 * rotation. steps = 0 modulo slots: a copy. Cost: beta*(ell+k) + 2*(k+ell) NTT. */
SABLE_API SABLE_CHECKED sable_status sable_rotate(sable_queue *queue, sable_ct *out, const sable_ct *in, int64_t steps,
                                                  const sable_keyset *keys);
/* out = a + (b rotated by steps), with the words of sable_rotate and sable_add and one pass over memory less. Parts 2, equal batches;
 * otherwise as sable_add. */
SABLE_API SABLE_CHECKED sable_status sable_rotate_add(sable_queue *queue, sable_ct *out, const sable_ct *a,
                                                      const sable_ct *b, int64_t steps, const sable_keyset *keys);
/* outs[i] = in rotated by steps[i]; the digits of in are computed once. outs are distinct handles, none is `in`. */
SABLE_API SABLE_CHECKED sable_status sable_rotate_hoisted(sable_queue *queue, sable_ct *const *outs, const sable_ct *in,
                                                          const int64_t *steps, size_t count, const sable_keyset *keys);
SABLE_API SABLE_CHECKED sable_status sable_conjugate(sable_queue *queue, sable_ct *out, const sable_ct *in,
                                                     const sable_keyset *keys);

#ifdef __cplusplus
}
#endif
#endif
