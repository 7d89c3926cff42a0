/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_IO_TEMP_H
#define SABLE_IO_TEMP_H
/* A file that appears whole or not at all: written under a temporary name in the target's folder, flushed to the disk,
 * renamed over the target. Until sable_temp_commit succeeds the target is what it was. Only a killed process leaves a
 * temporary behind; the next sable_temp_open in the folder removes it (io/leftovers.h).
 *
 * The process must ignore SIGXFSZ (and SIGPIPE) to see a file size limit as an error. */
#include <stdbool.h>
#include <stdint.h>

#include "sable/status.h"

/* The name of a temporary: head, hexadecimal digits, tail. */
#define SABLE_TEMP_HEAD   ".sable-"
#define SABLE_TEMP_DIGITS 16
#define SABLE_TEMP_TAIL   ".tmp"

typedef struct sable_temp {
    char *path;       /* of the target, as given: for sentences */
    const char *name; /* of the target in its folder, inside path */
    int folder;       /* descriptor of the folder: renaming it or changing the working directory does no harm */
    int fd;           /* of the temporary, write only */
    char temporary[32];
    bool failed; /* a write failed: what is on the disk is not what was asked for */
} sable_temp;

/* mode is 0600 for secrets, 0644 otherwise (less the process's umask). A target that exists must be a regular file. On
 * failure nothing is left to release. SABLE_INVALID, SABLE_IO, SABLE_NO_MEMORY. */
SABLE_CHECKED sable_status sable_temp_open(sable_temp *temp, const char *path, unsigned mode, sable_error *err);
/* Asks the file system to set bytes aside, so that a full disk is noticed before the work. */
SABLE_CHECKED sable_status sable_temp_reserve(sable_temp *temp, uint64_t bytes, sable_error *err);
/* Writes at the end; a failure is remembered and makes commit fail. */
SABLE_CHECKED sable_status sable_temp_write(sable_temp *temp, const void *data, uint64_t bytes, sable_error *err);
SABLE_CHECKED sable_status sable_temp_write_at(sable_temp *temp, const void *data, uint64_t bytes, uint64_t offset,
                                               sable_error *err);
/* Flush, rename, flush the folder; releases everything, whatever the outcome. On failure the target is untouched, with
 * one exception that the sentence names: the file is in place but its folder could not be flushed. */
SABLE_CHECKED sable_status sable_temp_commit(sable_temp *temp, sable_error *err);
/* Removes the temporary and releases everything. A no-op on a zeroed, committed or aborted one. */
void sable_temp_abort(sable_temp *temp);

#endif
