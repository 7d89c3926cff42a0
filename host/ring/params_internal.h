/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_RING_PARAMS_INTERNAL_H
#define SABLE_RING_PARAMS_INTERNAL_H
/* What the files params*.c and plan*.c share. */
#include <stddef.h>

#include "base/bigint.h"
#include "ring/params_impl.h"

#define SABLE_PARAMS_MIN_LOG_N  10
#define SABLE_PARAMS_MAX_LOG_N  17
#define SABLE_PARAMS_MAX_FILE   (1u << 20)
#define SABLE_PARAMS_NAME_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-"

/* The shipped files, made from params/ at build time; ends with a NULL name. */
typedef struct sable_embedded_params {
    const char *name;
    const unsigned char *text;
    size_t bytes;
} sable_embedded_params;
extern const sable_embedded_params sable_embedded_params_list[];

/* params_json.c. Syntax and types only: fills the fields that a file gives and sets *insecure when the file admits
 * that it is. */
sable_status sable_params_read_json(sable_params *p, bool *insecure, const char *json, size_t bytes, sable_error *err);

/* params_check.c. Everything a set must satisfy; fills n, digits, modulus_bits, security_bound, insecure, digest,
 * chain_sha256. `admitted`: what the file says about itself, never trusted: -1 no file, 0 nothing, 1 insecure. */
sable_status sable_params_check(sable_params *p, int admitted, const sable_params_options *options, sable_error *err);
/* The primes that level gained on level - 1 and those that it lost: Q_level / Q_(level-1) = *up / *down exactly.
 * level >= 1. */
void sable_params_step(const sable_params *p, uint32_t level, sable_big *up, sable_big *down);
/* The same ratio rounded once or twice. False when a step has more than 1000 bits. */
bool sable_params_ratio(const sable_params *p, uint32_t level, sable_dd *ratio);
/* prod of a window as an exact integer. */
void sable_params_modulus(const sable_params *p, uint32_t level, sable_big *q);

/* params_digest.c */
void sable_params_digest(sable_params *p);

sable_status sable_params_options_check(const sable_params_options *options, sable_error *err);

#endif
