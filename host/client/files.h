/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CLIENT_FILES_H
#define SABLE_CLIENT_FILES_H
/* What files of secrets and of public keys share. */
#include "client/secret.h"
#include "io/container.h"

#define CLIENT_FILE_VERSION 1

sable_container_info client_file_info(const sable_ctx *ctx, sable_kind kind, const uint8_t key_id[SABLE_DIGEST_BYTES],
                                      bool insecure, bool test_rng);
/* Keys of the seeded generator are known to everyone who knows the seed: SABLE_INSECURE. */
sable_status client_check_flags(const sable_container_info *info, const char *path, sable_error *err);
/* Version and ring degree, the first 8 bytes of META. */
sable_status client_check_meta(const uint8_t *meta, const sable_ctx *ctx, const char *path, sable_error *err);

#endif
