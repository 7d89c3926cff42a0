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

/* How residues are stored. NULL, where a function takes options, means the defaults. Readers need none: what is read is
 * the same bit for bit, however it was stored. */
typedef struct sable_file_options {
    size_t struct_size;
    uint32_t residue_bits; /* 32: a word each; 30: packed, 15/16 of the bytes; 0: the default, 30 */
    bool no_seeds; /* uniform halves are written in full: no seed stands for half of a fresh ciphertext, or of a key */
} sable_file_options;

/* A fresh secret-key ciphertext is written with its seed: half the bytes, kept on re-save until an operation changes it. */
SABLE_API SABLE_CHECKED sable_status sable_ct_save(sable_queue *queue, const sable_ct *ct, const char *path,
                                                   const sable_file_options *options);
SABLE_API SABLE_CHECKED sable_status sable_ct_load(sable_queue *queue, sable_ct *out, const char *path);

/* b halves and seeds; loading regenerates the a halves. Keys that were loaded from a file without seeds have none. */
SABLE_API SABLE_CHECKED sable_status sable_keyset_save(sable_queue *queue, const sable_keyset *keys, const char *path,
                                                       const sable_file_options *options);
/* All keys of a file. */
SABLE_API SABLE_CHECKED sable_status sable_keyset_load(sable_queue *queue, sable_keyset **out, const char *path);

/* Keys one by one: open reads the index, load the keys that are asked for and no others. */
typedef struct sable_key_file sable_key_file;
typedef struct sable_key_file_info {
    size_t struct_size;
    size_t count; /* keys in the file */
    uint64_t file_bytes;
    uint64_t key_bytes_read;   /* of the file, in keys, by all loads so far */
    sable_file_options stored; /* how */
    uint8_t key_id[SABLE_DIGEST_BYTES];
} sable_key_file_info;
SABLE_API SABLE_CHECKED sable_status sable_key_file_open(sable_queue *queue, sable_key_file **out, const char *path);
SABLE_API void sable_key_file_close(sable_key_file **file);
SABLE_API SABLE_CHECKED sable_status sable_key_file_describe(const sable_key_file *file, sable_key_file_info *info);
SABLE_API SABLE_CHECKED sable_status sable_key_file_get(const sable_key_file *file, size_t index, sable_key_need *need);
/* Position of the key that serves a need: same kind and Galois element, a hull that covers its. SIZE_MAX: none does. */
SABLE_API size_t sable_key_file_find(const sable_key_file *file, const sable_key_need *need);
/* A set of the keys that the specification needs. SABLE_NO_KEY, before anything is read, when one is not there or does
 * not cover its levels. Memory for these keys only. */
SABLE_API SABLE_CHECKED sable_status sable_key_file_load(sable_queue *queue, sable_keyset **out, sable_key_file *file,
                                                         const sable_key_spec *spec);

/* -- sizes ---------------------------------------------------------------------------------------------------------
 * The exact length of a file before it is made; nothing but parameters and shapes is needed. Those of other kinds stand
 * beside their savers: dataset.h, client.h. SABLE_INVALID for a shape that the parameters do not have. */
typedef struct sable_ct_shape {
    uint32_t level, parts, batch;
    bool seeded; /* as sable_encrypt_secret makes it; then parts = 2 */
} sable_ct_shape;
SABLE_API SABLE_CHECKED sable_status sable_ct_file_bytes(uint64_t *bytes, const sable_params *params,
                                                         const sable_ct_shape *shape, const sable_file_options *options,
                                                         sable_error *err);
/* Of a set of the specification's keys. */
SABLE_API SABLE_CHECKED sable_status sable_keyset_file_bytes(uint64_t *bytes, const sable_key_spec *spec,
                                                             const sable_file_options *options, sable_error *err);

#ifdef __cplusplus
}
#endif
#endif
