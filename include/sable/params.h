/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_PARAMS_H
#define SABLE_PARAMS_H
/* Parameter sets: ring degree, primes, levels, scales, security. Immutable once created; freely shared by threads.
 *
 * Primes are ordered U = [t_{T-1}..t_0, m_0, m_1, ...] (terminals about 2^24.85, mains about 2^29.82), then P (specials).
 * Level l uses the contiguous window U[T - nt_l, T + nm_l); Q_l is its product; the canonical scale of level l is
 * Delta_l = sqrt(Delta_{l-1} * Q_l/Q_{l-1}). A product of two ciphertexts of scale Delta_l, rescaled, has scale Delta_{l-1} exactly. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sable/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sable_params sable_params;

#define SABLE_DIGEST_BYTES 32

typedef struct sable_params_options {
    size_t struct_size;
    bool allow_insecure; /* accept a set that fails the 128-bit table; everything made with it is marked INSECURE */
} sable_params_options;

/* Loads a set by shipped name ("A40") or from a JSON file (a name with '/' or ending in ".json" or ".sable").
 * Checks before anything else uses it: primes (prime, = 1 mod 2N, distinct, 20..30 bits), windows, scales against the primes,
 * P against the largest digit, and the security bound of every key. options may be NULL.
 * Errors: SABLE_IO, SABLE_FORMAT (syntax, unknown or missing field), SABLE_INVALID (inconsistent set), SABLE_INSECURE. */
SABLE_API SABLE_CHECKED sable_status sable_params_load(sable_params **out, const char *name_or_path,
                                                       const sable_params_options *options, sable_error *err);
/* Same from JSON text in memory. */
SABLE_API SABLE_CHECKED sable_status sable_params_parse(sable_params **out, const char *json, size_t bytes,
                                                        const sable_params_options *options, sable_error *err);
/* Sets *params to NULL; NULL and pointer to NULL are no-ops. */
SABLE_API void sable_params_destroy(sable_params **params);

/* JSON text of the set, as shipped files are written. *text is freed with sable_text_free. */
SABLE_API SABLE_CHECKED sable_status sable_params_write(const sable_params *params, char **text, sable_error *err);
SABLE_API void sable_text_free(char *text);

/* The same text in a file: as it is when path ends in ".json", else inside a container (docs/FORMAT.md); sable_params_load reads both. */
SABLE_API SABLE_CHECKED sable_status sable_params_save(const sable_params *params, const char *path, sable_error *err);

/* Names of the shipped sets, index 0.. until NULL. */
SABLE_API const char *sable_params_shipped(size_t index);

typedef struct sable_params_info {
    size_t struct_size;
    char name[32];
    uint32_t log_n;
    uint32_t top_level; /* levels are 0..top_level */
    uint32_t slots;     /* N/2 */
    uint32_t q_count, p_count, terminals;
    uint32_t alpha;  /* primes of a key-switching digit */
    uint32_t digits; /* ceil(q_count / alpha) */
    double log_q, log_p, log_pq;
    uint32_t security_bits;     /* 128: the level the table below was read at */
    uint32_t security_bound;    /* largest allowed bit length of P*Q in that table at this N; 0 when N is not in it */
    uint32_t modulus_bits;      /* bit length of P * prod U, exact */
    const char *security_table; /* which published table */
    bool secure;                /* modulus_bits <= security_bound */
    bool bootstrappable;        /* the file carries a bootstrapping plan */
    uint64_t ciphertext_bytes_top;      /* two parts, all limbs of the top level */
    uint64_t relin_key_bytes;           /* at full modulus, not seeded */
    uint8_t digest[SABLE_DIGEST_BYTES]; /* BLAKE2b-256 of everything that defines the set: what files carry */
    uint8_t chain_sha256
        [SABLE_DIGEST_BYTES]; /* SHA-256 of the decimal list "U,P" joined by commas: comparable between implementations */
} sable_params_info;
SABLE_API SABLE_CHECKED sable_status sable_params_describe(const sable_params *params, sable_params_info *info);

typedef struct sable_level_info {
    size_t struct_size;
    uint32_t first, limbs; /* window: positions first .. first+limbs-1 of U */
    uint32_t terminals, mains;
    double log_q;              /* log2 of Q_l */
    double scale_hi, scale_lo; /* Delta_l = hi + lo */
    double log_scale;
} sable_level_info;
SABLE_API SABLE_CHECKED sable_status sable_params_level(const sable_params *params, uint32_t level,
                                                        sable_level_info *info);

/* Prime at a position of the list U then P; 0 outside. */
SABLE_API uint32_t sable_params_prime(const sable_params *params, uint32_t position);

/* -- planning a new set -------------------------------------------------------------------------------------------- */
/* One run of equal steps of the level table, from low levels to high ones. */
typedef enum sable_step_kind {
    SABLE_STEP_APP = 0, /* `units` of u = main_bits/6 a level, windows by the unit rule */
    SABLE_STEP_STC = 1, /* likewise, marked as SlotToCoeff levels */
    SABLE_STEP_EM = 2,  /* two more mains a level, `bits` wanted */
    SABLE_STEP_CTS_M2 = 3,
    SABLE_STEP_CTS_TM = 4,
    SABLE_STEP_CTS_T2 = 5 /* +2 mains; +1 terminal +1 main; +2 terminals */
} sable_step_kind;
typedef struct sable_plan_step {
    sable_step_kind kind;
    uint32_t count;
    uint32_t units; /* APP, STC */
    double bits;    /* EM */
} sable_plan_step;
typedef struct sable_plan_spec {
    size_t struct_size;
    const char *name;
    uint32_t log_n;
    uint32_t base_units; /* Q_0 has base_units * main_bits/6 bits */
    const sable_plan_step *steps;
    size_t step_count;
    uint32_t alpha, specials;
    double main_bits; /* 0 = 29.82 */
    double
        base_scale_log2; /* 0 = the first step's bits; Delta_0 = round(2^base_scale_log2), or exactly base_scale if that is not 0 */
    uint64_t base_scale;
} sable_plan_spec;
/* Chooses primes and scales (docs/ALGORITHMS.md, planner). Deterministic. Errors: SABLE_INVALID with the level that has no window or no prime
 * left, SABLE_INSECURE with the bits over the bound. */
SABLE_API SABLE_CHECKED sable_status sable_params_plan(sable_params **out, const sable_plan_spec *spec,
                                                       const sable_params_options *options, sable_error *err);
/* A chain without bootstrapping: base of 49.7 bits and `levels` levels of about 40 bits (the last up to 60, so that the top window is all of
 * U), alpha + 1 specials. Errors as sable_params_plan. */
SABLE_API SABLE_CHECKED sable_status sable_params_plan_levels(sable_params **out, const char *name, uint32_t log_n,
                                                              uint32_t levels, uint32_t alpha,
                                                              const sable_params_options *options, sable_error *err);

#ifdef __cplusplus
}
#endif
#endif
