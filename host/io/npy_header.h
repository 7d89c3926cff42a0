/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_IO_NPY_HEADER_H
#define SABLE_IO_NPY_HEADER_H
/* The header of an NPY file, which is a line of Python: {'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), } */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sable/status.h"

#define SABLE_NPY_MAGIC       "\x93NUMPY"
#define SABLE_NPY_MAGIC_BYTES 6
#define SABLE_NPY_HEADER_MOST 65535

typedef struct sable_npy_header {
    char type;              /* 'f', 'i', 'u', 'b' */
    unsigned size;          /* bytes of an element: f 4 8, i 1 2 4 8, u 1 2 4 8, b 1 */
    bool fortran;           /* columns lie together */
    unsigned dimensions;    /* 1 or 2 */
    uint64_t rows, columns; /* columns = 1 for one dimension */
} sable_npy_header;

/* Parses the dictionary: exactly the three keys, in any order, each once; nothing else is understood. SABLE_FORMAT,
 * SABLE_UNSUPPORTED (other element types, byte order or dimensions). where: the file, for sentences. */
SABLE_CHECKED sable_status sable_npy_header_parse(sable_npy_header *header, const char *text, size_t bytes,
                                                  const char *where, sable_error *err);

#endif
