/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_IO_CSV_TEXT_H
#define SABLE_IO_CSV_TEXT_H
/* Rows of CSV in memory: of sable_csv_writer (sable/io.h), and of files that grow piece by piece. */
#include <stddef.h>
#include <stdint.h>

#include "base/shared.h"

/* Zero is an empty one. A lack of memory is remembered: bytes are then to be thrown away. */
typedef struct sable_text {
    char *bytes;
    size_t used, room;
    int cells; /* of the row that was begun */
    int failed;
} sable_text;

SABLE_SHARED void sable_text_cell(sable_text *text, const char *cell); /* quoted where it must be */
SABLE_SHARED void sable_text_number(sable_text *text, double value);   /* finite */
SABLE_SHARED void sable_text_integer(sable_text *text, int64_t value);
SABLE_SHARED void sable_text_end_row(sable_text *text);
SABLE_SHARED void sable_text_raw(sable_text *text, const void *bytes, size_t count);
SABLE_SHARED void sable_text_clear(sable_text *text);   /* empty again; the room stays */
SABLE_SHARED void sable_text_release(sable_text *text); /* wiped: the text may be private */

#endif
