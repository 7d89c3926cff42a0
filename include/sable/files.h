/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_FILES_H
#define SABLE_FILES_H
/* Ciphertexts and evaluation keys in files (docs/FORMAT.md). Public material: nothing here holds a secret.
 *
 * Writers replace the target only when everything is on the disk. Readers take every size from the context, check digests and ranges, and change
 * their output only at the end. Errors: SABLE_IO, SABLE_FORMAT (damaged, truncated, of another kind), SABLE_PARAMS_MISMATCH, SABLE_INSECURE (a file
 * marked INSECURE read with a secure parameter set), SABLE_NO_MEMORY. */
#include "sable/keys.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A fresh secret-key ciphertext is written with its seed: half the bytes, kept on re-save until an operation changes it. */
SABLE_API SABLE_CHECKED sable_status sable_ct_save(sable_queue *queue, const sable_ct *ct, const char *path);
SABLE_API SABLE_CHECKED sable_status sable_ct_load(sable_queue *queue, sable_ct *out, const char *path);

/* b halves and seeds; loading regenerates the a halves. */
SABLE_API SABLE_CHECKED sable_status sable_keyset_save(sable_queue *queue, const sable_keyset *keys, const char *path);
SABLE_API SABLE_CHECKED sable_status sable_keyset_load(sable_queue *queue, sable_keyset **out, const char *path);

#ifdef __cplusplus
}
#endif
#endif
