/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_DATASET_H
#define SABLE_DATASET_H
/* Files of encrypted data sets, results and models. A data set is a sequence of blocks, each one ciphertext batch
 * laid out by a sable_layout; so are results. Blocks are written in order and read in any order, one at a time:
 * memory holds one block. Errors as in files.h. */
#include "sable/files.h"
#include "sable/logreg.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum sable_blocks_kind { SABLE_BLOCKS_DATASET = 1, SABLE_BLOCKS_RESULTS = 2 } sable_blocks_kind;

typedef struct sable_blocks_info {
    size_t struct_size;
    sable_blocks_kind kind;
    sable_layout layout; /* of the data set; results keep it to find the samples' slots */
    uint64_t samples;
    uint32_t blocks; /* ceil(samples / layout.samples_per_block); at most 4095. Set by the writer */
    /* results only */
    uint32_t classes;
    bool probabilities;
    double factor; /* decrypted logits are multiplied by it */
    uint8_t key_id[SABLE_DIGEST_BYTES];
    bool insecure;
    uint32_t level, parts;     /* of every block; set by open */
    sable_file_options stored; /* writers: how; zeros for the defaults. Set by open */
} sable_blocks_info;

typedef struct sable_blocks_writer sable_blocks_writer;
/* shape: a ciphertext with the level, scale, batch, parts, slots and seeding that every block will have (its first
 * block). The target appears at finish; until then PATH.partial grows, and another process that writes the same file
 * is refused. SABLE_LIMIT beyond 4095 blocks. */
SABLE_API SABLE_CHECKED sable_status sable_blocks_create(sable_queue *queue, sable_blocks_writer **out,
                                                         const char *path, const sable_blocks_info *info,
                                                         const sable_ct *shape);
/* The next block; its bound, rms and noise may differ from the first's, its shape may not. */
SABLE_API SABLE_CHECKED sable_status sable_blocks_append(sable_queue *queue, sable_blocks_writer *writer,
                                                         const sable_ct *block);
/* Releases the writer, whatever the outcome. When the disk refuses the end of a file of several blocks that a later run
 * can continue, its blocks stay; else nothing stays. */
SABLE_API SABLE_CHECKED sable_status sable_blocks_finish(sable_queue *queue, sable_blocks_writer **writer);
SABLE_API void sable_blocks_abort(sable_blocks_writer **writer); /* removes what was written */

/* A file that survives the end of its process at any moment: each block is on the disk, and entered in
 * PATH.partial.journal, before append returns. The next run continues behind the last whole block if it makes the
 * same file of the same things, which the caller states as digests. */
typedef struct sable_blocks_origin {
    size_t struct_size;
    uint8_t input[SABLE_DIGEST_BYTES];   /* of the data that the blocks are made of */
    uint8_t options[SABLE_DIGEST_BYTES]; /* of everything else they depend on and that info does not hold */
} sable_blocks_origin;
SABLE_API SABLE_CHECKED sable_status sable_blocks_create_resumable(sable_queue *queue, sable_blocks_writer **out,
                                                                   const char *path, const sable_blocks_info *info,
                                                                   const sable_ct *shape,
                                                                   const sable_blocks_origin *origin);
/* Looks for what an earlier run left. *out is a writer that has *done blocks, or NULL when there is nothing to
 * continue, in which case note->text says why something was found and not used ("" otherwise): create_resumable then
 * replaces it. info->key_id is the key that the blocks must have. Errors as those of create, before any work: also
 * too many blocks, or another process that writes the file. */
SABLE_API SABLE_CHECKED sable_status sable_blocks_resume(sable_queue *queue, sable_blocks_writer **out,
                                                         const char *path, const sable_blocks_info *info,
                                                         const sable_blocks_origin *origin, uint32_t *done,
                                                         sable_error *note);
/* Exact length of a file of so many blocks of this shape, before it is made. SABLE_INVALID, SABLE_LIMIT. */
SABLE_API SABLE_CHECKED sable_status sable_blocks_file_bytes(uint64_t *bytes, const sable_params *params,
                                                             const sable_ct_shape *block, uint64_t blocks,
                                                             const sable_file_options *options, sable_error *err);
/* Releases the writer and leaves its blocks for a later run. */
SABLE_API void sable_blocks_suspend(sable_blocks_writer **writer);

/* One open file may be read by several threads at once, each with a queue of its own. */
typedef struct sable_blocks sable_blocks;
SABLE_API SABLE_CHECKED sable_status sable_blocks_open(sable_queue *queue, sable_blocks **out, const char *path,
                                                       sable_blocks_kind kind);
SABLE_API const sable_blocks_info *sable_blocks_get_info(const sable_blocks *blocks);
/* Samples in block `index`: samples_per_block, fewer in the last. */
SABLE_API size_t sable_blocks_samples(const sable_blocks *blocks, uint32_t index);
SABLE_API SABLE_CHECKED sable_status sable_blocks_read(sable_queue *queue, sable_ct *out, const sable_blocks *blocks,
                                                       uint32_t index);
/* Of the whole content, from the digests of its sections: costs no reading. */
SABLE_API void sable_blocks_digest(const sable_blocks *blocks, uint8_t digest[SABLE_DIGEST_BYTES]);
SABLE_API void sable_blocks_close(sable_blocks **blocks);

/* -- encrypted models ---------------------------------------------------------------------------------------------- */
typedef struct sable_encrypted_model {
    uint32_t classes;
    sable_layout layout;
    double range;      /* weights and bias were divided by it */
    bool range_bounds; /* the owner states that every |logit| <= range */
    sable_ct *weights, *bias;
} sable_encrypted_model;
SABLE_API SABLE_CHECKED sable_status sable_encrypted_model_save(sable_queue *queue, const sable_encrypted_model *model,
                                                                const char *path, const sable_file_options *options);
/* *model's handles are created. */
SABLE_API SABLE_CHECKED sable_status sable_encrypted_model_load(sable_queue *queue, sable_encrypted_model *model,
                                                                const char *path);
/* Exact length of the file, before it is made. */
SABLE_API SABLE_CHECKED sable_status sable_encrypted_model_file_bytes(uint64_t *bytes, const sable_params *params,
                                                                      const sable_ct_shape *weights,
                                                                      const sable_ct_shape *bias,
                                                                      const sable_file_options *options,
                                                                      sable_error *err);
SABLE_API void sable_encrypted_model_clear(sable_queue *queue, sable_encrypted_model *model);

#ifdef __cplusplus
}
#endif
#endif
