/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_DISK_H
#define SABLE_TOOL_DISK_H
/* The file system that an output will lie on, asked before the output exists. */
#include <stdbool.h>
#include <stdint.h>

#include "sable/status.h"

/* Bytes that an unprivileged process can still write where `path` is or will be: in its folder, or in the nearest one
 * above that exists. false: the system does not tell. */
bool disk_available(uint64_t *bytes, const char *path);
/* SABLE_IO, with the numbers, when there is no room for so many bytes more; what an interrupted run of the same output
 * has written counts as there. */
sable_status disk_check(const char *path, uint64_t bytes, sable_error *err);
/* As the commands find it when they come to write: SABLE_IO for a folder that is missing or not writable, SABLE_INVALID
 * and SABLE_IO for a path that cannot become a file. */
sable_status disk_check_target(const char *path, sable_error *err);
/* The same of a folder that is there or will be made. */
sable_status disk_check_folder(const char *path, sable_error *err);
/* Seconds to flush a file to that disk, and to write and flush a byte more: measured on an unnamed file of 2 MiB, which
 * leaves nothing behind. false: not possible there. */
bool disk_measure(const char *path, double *flush_seconds, double *byte_seconds);

#endif
