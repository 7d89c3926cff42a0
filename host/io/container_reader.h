/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_IO_CONTAINER_READER_H
#define SABLE_IO_CONTAINER_READER_H
/* The open container, shared by container_read.c and container_section.c. */
#include <stdbool.h>

#include "io/container_format.h"
#include "io/show.h"

struct sable_container {
    int fd;              /* or -1: */
    const uint8_t *data; /* borrowed bytes in memory */
    uint64_t file_bytes; /* measured; info.total_bytes equals it */
    char *name;
    sable_shown where; /* name for sentences */
    sable_container_info info;
    sable_section *sections;
    bool expected; /* sable_container_expect agreed */
};

/* Reads within the file; offset + bytes <= file_bytes. */
SABLE_CHECKED sable_status sable_container_bytes_at(const sable_container *container, void *buffer, uint64_t bytes,
                                                    uint64_t offset, sable_error *err);

#endif
