/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TESTS_FUZZ_H
#define SABLE_TESTS_FUZZ_H
/* What the fuzz targets share. A target is one file fuzz_<name>.c with LLVMFuzzerTestOneInput: bytes in, a promise kept
 * or abort(). With clang and SABLE_FUZZ it is linked to libFuzzer, otherwise to replay.c, which feeds it seeds and
 * mutations of them. seeds.c makes the seeds. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sable/sable.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

/* The small test set with one thread, a secret, and keys for products and for a rotation by 1 at levels 0 and 1. */
typedef struct fuzz_world {
    sable_params *params;
    sable_ctx *ctx;
    sable_queue *queue;
    sable_secret *secret;
    sable_keyset *keys;
} fuzz_world;
fuzz_world *fuzz_open(void); /* made at the first call, never destroyed */

/* A path that names a file of these bytes, without a disk; good until the next call. Mode 0600. */
const char *fuzz_file(const uint8_t *data, size_t size);

/* Aborts unless holds. */
void fuzz_expect(bool holds, const char *promise);
/* Refusals are fine when they have a sentence; anything else that is not SABLE_OK is no answer to an input.
 * Returns whether the status is SABLE_OK. */
bool fuzz_settled(sable_status status, const char *sentence);

/* level 0 or 1; slot values of a wave. */
sable_ct *fuzz_encrypt(uint32_t level, uint32_t batch);
/* Operations on a ciphertext that came from outside. */
void fuzz_use(const sable_ct *ct);

/* Reads data as a table of this format: the first byte chooses among options, the rest is the file. */
void fuzz_table(const uint8_t *data, size_t size, int format);

/* Makes total length, section digests and header digest agree with the rest, as far as there is a header and table. */
void fuzz_repair(uint8_t *data, size_t size);

#endif
