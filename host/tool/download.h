/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_DOWNLOAD_H
#define SABLE_TOOL_DOWNLOAD_H
/* Files from the network, believed only when their SHA-256 is the expected one. */
#include <stddef.h>
#include <stdint.h>

#include "sable/status.h"

typedef struct download_request {
    const char *url;       /* https, http or file */
    const char *path;      /* where the file goes, in a folder that exists; appears only when everything is right */
    const char *sha256;    /* 64 digits: of the content, which is what is inside when the file is a gzip file. Mirrors
                              compress the same content differently */
    const char *name;      /* for progress and sentences */
    uint64_t most_bytes;   /* as they come */
    uint64_t most_content; /* unpacked */
} download_request;

/* SABLE_IO: no network, no such file, a connection that broke or stalled. SABLE_FORMAT: another digest, or a damaged gzip
 * file. SABLE_LIMIT: larger than allowed. In all cases nothing is left and an older file is untouched. */
SABLE_CHECKED sable_status download_file(const download_request *request, sable_error *err);
/* The same check of a file that is there. */
SABLE_CHECKED sable_status download_verify(const char *path, const char *sha256, uint64_t most_content,
                                           sable_error *err);

/* Whether text starts with a scheme that download_file takes. */
int download_is_url(const char *text);
/* The file that a URL of scheme file names, or NULL. */
const char *download_local_path(const char *url);
/* Writes the path of the user's cache folder, $XDG_CACHE_HOME/sable or ~/.cache/sable. */
SABLE_CHECKED sable_status download_cache_path(char *path, size_t bytes, sable_error *err);
/* Makes it. */
SABLE_CHECKED sable_status download_cache_make(const char *path, sable_error *err);

#endif
