/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CIPHER_H
#define SABLE_CIPHER_H
/* Ciphertexts, plaintexts, encoding.
 *
 * Both are batches: `batch` members that share level, scale and slot count, worked on together. A handle is created empty; the operation
 * that writes it gives it its shape. An output handle may be an input handle of the same call. */
#include <stdbool.h>

#include "sable/context.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sable_ct sable_ct;
typedef struct sable_pt sable_pt;

/* A scale: the exact factor between slot values and encrypted integers. level >= 0: exactly Delta_level^power (a canonical
 * scale), compared by these two numbers; level = -1: the value hi + lo itself, compared by both words. hi + lo is set in either case. */
typedef struct sable_scale {
    double hi, lo;
    int32_t level;
    uint32_t power;
} sable_scale;

/* Delta_level^1. level <= top level. */
SABLE_API sable_scale sable_scale_canonical(const sable_ctx *ctx, uint32_t level);
SABLE_API sable_scale sable_scale_value(double hi, double lo);
SABLE_API bool sable_scale_equal(sable_scale a, sable_scale b);

typedef struct sable_ct_info {
    size_t struct_size;
    bool empty;
    uint32_t level;
    uint32_t parts; /* 2, or 3 before relinearisation */
    uint32_t batch;
    uint32_t slots;
    sable_scale scale;
    double bound;     /* declared: every |slot| <= bound */
    double rms;       /* declared root mean square of |slot|, <= bound */
    double noise_std; /* tracked: standard deviation of the error of one slot component */
    double
        precision_bits; /* -log2((2 + ln slots) * noise_std): bits after the binary point that hold for all slots with high probability;
                              the factor is not 6 because rounding noise times the secret has exponential tails over the slots */
    bool insecure; /* made with an insecure parameter set or a test generator */
    bool seeded;   /* c1 is still the expansion of a seed */
    uint64_t bytes;
    uint8_t key_id[SABLE_DIGEST_BYTES];
} sable_ct_info;

SABLE_API SABLE_CHECKED sable_status sable_ct_create(sable_ct **out, sable_ctx *ctx, sable_error *err);
/* Releases in the queue's order and sets *ct to NULL; NULL is a no-op. */
SABLE_API void sable_ct_destroy(sable_queue *queue, sable_ct **ct);
SABLE_API SABLE_CHECKED sable_status sable_ct_describe(const sable_ct *ct, sable_ct_info *info);
SABLE_API SABLE_CHECKED sable_status sable_ct_copy(sable_queue *queue, sable_ct *out, const sable_ct *in);
/* out = members first .. first+count-1 of in. Copies. */
SABLE_API SABLE_CHECKED sable_status sable_ct_slice(sable_queue *queue, sable_ct *out, const sable_ct *in,
                                                    uint32_t first, uint32_t count);
/* out = all members of in[0], then of in[1], ...: equal level, parts, scale, slots, key id. Bound, rms and noise are the largest. */
SABLE_API SABLE_CHECKED sable_status sable_ct_concat(sable_queue *queue, sable_ct *out, const sable_ct *const *in,
                                                     size_t count);
/* Declares a (smaller or larger) bound and rms: a statement of the caller that no operation checks. */
SABLE_API SABLE_CHECKED sable_status sable_ct_declare(sable_queue *queue, sable_ct *ct, double bound, double rms);

SABLE_API SABLE_CHECKED sable_status sable_pt_create(sable_pt **out, sable_ctx *ctx, sable_error *err);
SABLE_API void sable_pt_destroy(sable_queue *queue, sable_pt **pt);

typedef struct sable_encoding {
    size_t struct_size;
    uint32_t level;
    uint32_t slots;    /* power of two <= N/2, 0 = N/2. Fewer slots: values repeat with that period */
    uint32_t batch;    /* 0 = 1 */
    bool is_complex;   /* values are (re, im) pairs */
    sable_scale scale; /* hi = 0: canonical scale of the level */
    double bound;      /* declared bound on |value|; 0 = the largest |value| rounded up to a power of two */
    double rms;        /* declared; 0 = bound */
    bool
        fast; /* for data: the backend's own transform where it has one (cuFFT). Slots are then off by up to 2^-45 of the
                          member's largest value, and words differ between backends */
} sable_encoding;

/* Encodes values [batch][slots] (doubles, or pairs). Canonical embedding: slot j is m(zeta^(5^j)), zeta = exp(i*pi/N); coefficients are
 * rounded half to even after scaling in double-double; slot error about max(2^-51.5 * rms, sqrt(N/12)/scale).
 * The same words on every backend and machine, unless it is fast. Errors: SABLE_INVALID (shape), SABLE_LEVEL, SABLE_DATA (not finite, with index),
 * SABLE_BOUND (value above the declared bound; or bound*scale beyond a quarter of Q_level). Synchronises with the host values only. */
SABLE_API SABLE_CHECKED sable_status sable_encode(sable_queue *queue, sable_pt *out, const double *values, size_t count,
                                                  const sable_encoding *encoding);
/* Decodes members [batch][slots], pairs if is_complex. count = exactly the doubles written. Synchronises. */
SABLE_API SABLE_CHECKED sable_status sable_decode(sable_queue *queue, double *values, size_t count, bool is_complex,
                                                  const sable_pt *in);

#ifdef __cplusplus
}
#endif
#endif
