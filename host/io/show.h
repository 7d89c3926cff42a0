/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_IO_SHOW_H
#define SABLE_IO_SHOW_H
/* Foreign text inside error sentences: cut to a bounded length, control characters escaped, so that a file's name or
 * content cannot forge log lines or terminal codes. Results are returned by value: use as sable_show_path(p).text. */
#include <stddef.h>

#include "base/shared.h"

typedef struct sable_shown {
    char text[176];
} sable_shown;

/* A path as it is; the end of it after "..." when it is long; control characters and what is not
 * UTF-8 become '?'. */
SABLE_SHARED sable_shown sable_show_path(const char *path);
/* Text in single quotes, at most 40 bytes of it, then "..."; everything but printable ASCII as \xNN. */
SABLE_SHARED sable_shown sable_show_text(const char *text, size_t bytes);
/* The system's sentence for an errno value, in English. */
SABLE_SHARED sable_shown sable_show_errno(int code);

#endif
