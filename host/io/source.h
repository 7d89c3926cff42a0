/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_IO_SOURCE_H
#define SABLE_IO_SOURCE_H
/* The bytes of a regular file in order, unpacked on the way when the file is gzip (told by its signature; several
 * members in one file are one stream). Memory is bounded whatever the file unpacks to; limits on the result are the
 * reader's. */
#include <stddef.h>
#include <stdint.h>

#include "io/show.h"
#include "sable/status.h"

typedef struct sable_source sable_source;

SABLE_CHECKED sable_status sable_source_open(sable_source **out, const char *path, sable_error *err);
void sable_source_close(sable_source **source); /* NULL is a no-op */
/* The path, for sentences. */
const char *sable_source_name(const sable_source *source);

/* Makes the next bytes available without consuming them, 4096 at most; fewer only at the end. Valid until the next
 * call. SABLE_FORMAT for a truncated or damaged gzip stream, or bytes behind it. */
SABLE_CHECKED sable_status sable_source_peek(sable_source *source, const uint8_t **bytes, size_t *have,
                                             sable_error *err);
/* Copies up to most bytes; *got < most only at the end. */
SABLE_CHECKED sable_status sable_source_read(sable_source *source, void *buffer, size_t most, size_t *got,
                                             sable_error *err);
/* Copies exactly bytes, or SABLE_FORMAT "ends in the middle of <what>". */
SABLE_CHECKED sable_status sable_source_read_exactly(sable_source *source, void *buffer, size_t bytes, const char *what,
                                                     sable_error *err);
/* SABLE_FORMAT unless the end is reached. */
SABLE_CHECKED sable_status sable_source_expect_end(sable_source *source, sable_error *err);

#endif
