/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_IO_FILE_H
#define SABLE_IO_FILE_H
/* Reading regular files. Only regular files are taken as input: a FIFO could block for ever, a device has no length.
 * Functions here set sentences that name the file; every status is SABLE_IO unless said otherwise. */
#include <stdint.h>

#include "base/shared.h"

/* Opens path for reading; the caller closes *fd. Symbolic links are followed. Never blocks on a FIFO. */
SABLE_SHARED SABLE_CHECKED sable_status sable_file_open(int *fd, uint64_t *bytes, const char *path, sable_error *err);

/* Reads exactly bytes at offset, resuming after interrupts. A file that ends early has shrunk since it was opened:
 * SABLE_FORMAT. Safe from several threads on one descriptor. */
SABLE_SHARED SABLE_CHECKED sable_status sable_file_read_at(int fd, const char *path, void *buffer, uint64_t bytes,
                                                           uint64_t offset, sable_error *err);

/* Refuses (SABLE_INSECURE) a secret file that its group or others can read, write or run, or that belongs to neither
 * the user who runs this process nor root; SABLE_IO when it is not there or no regular file. */
SABLE_SHARED SABLE_CHECKED sable_status sable_file_check_private(const char *path, sable_error *err);

#endif
