/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_IO_TEXT_FILE_H
#define SABLE_IO_TEXT_FILE_H
/* Small texts (parameter sets, models in the clear) that are kept either as they are or inside a container, whose single section TEXT holds
 * them; which one a file is shows in its first bytes. */
#include "io/container.h"

/* *text of *bytes (terminated, freed with free) from path: a container of `kind` or a plain file of at most `most` bytes. *info is filled for a
 * container and zero for a plain file. SABLE_LIMIT when the text is longer. */
SABLE_SHARED sable_status sable_text_read(char **text, size_t *bytes, sable_container_info *info, const char *path,
                                          sable_kind kind, size_t most, sable_error *err);
/* Writes text to path: as it is when path ends in ".json", else as a container with info's kind, flags and digest. */
SABLE_SHARED sable_status sable_text_write(const char *text, size_t bytes, const sable_container_info *info,
                                           const char *path, sable_error *err);
/* Length of the file that sable_text_write makes of a text of so many bytes. */
SABLE_SHARED uint64_t sable_text_file_bytes(uint64_t bytes, const char *path);

#endif
