/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_INSPECT_H
#define SABLE_TOOL_INSPECT_H
/* The kinds of files that `sable inspect` tells about, each reported on as JSON fields and as lines. SABLE_FORMAT when a
 * file is not, or no longer, what its beginning says. */
#include <stdbool.h>

#include "io/container.h"

/* What META says about ciphertexts, data sets, results, encrypted models, key sets and public keys; nothing for other
 * kinds. Digest and length are checked, values are shown as they are. */
sable_status inspect_meta(const sable_container *file, const char *path, sable_error *err);
/* META of a file of blocks (docs/FORMAT.md, dataset and results). */
void inspect_blocks(const uint8_t *meta, bool results);

/* --secret: SABLE_KEY_MISMATCH unless the file holds a public key of this secret. params may be NULL. */
sable_status inspect_public_key(const sable_container_info *info, const char *path, const char *secret,
                                const char *params, sable_error *err);

/* JSON: parameters, models in the clear, results of bench. */
sable_status inspect_json(const char *path, sable_error *err);
/* The text inside a container of parameters or of a model; nothing for other kinds. */
sable_status inspect_text(const sable_container_info *info, const char *path, sable_error *err);

/* CSV, NPY and IDX; the side file of encrypt and decrypted values are told by their columns. */
sable_status inspect_table(const char *path, sable_error *err);

/* A journal, or the unfinished file beside it: partial is NULL for the journal alone. */
sable_status inspect_journal(const char *path, const char *journal, const char *partial, sable_error *err);

/* "<path>: <kind>, <bytes>", and the fields path, kind, bytes. */
void inspect_head(const char *path, const char *kind, uint64_t bytes);

#endif
