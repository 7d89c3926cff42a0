/* SPDX-License-Identifier: Apache-2.0 */
#include "io/csv_text.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/number.h"

/* Grows into new memory, so that the old text can be wiped. */
static int make_room(sable_text *t, size_t count) {
    if (t->failed) return 0;
    if (count <= t->room - t->used) return 1;
    size_t room = (t->used + count) * 2 + 4096;
    char *bytes = malloc(room);
    if (!bytes) {
        t->failed = 1;
        return 0;
    }
    if (t->bytes) {
        memcpy(bytes, t->bytes, t->used);
        sodium_memzero(t->bytes, t->room);
        free(t->bytes);
    }
    t->bytes = bytes;
    t->room = room;
    return 1;
}

void sable_text_raw(sable_text *t, const void *bytes, size_t count) {
    if (!make_room(t, count)) return;
    memcpy(t->bytes + t->used, bytes, count);
    t->used += count;
}

static void begin_cell(sable_text *t) {
    if (t->cells++) sable_text_raw(t, ",", 1);
}

/* Where RFC 4180 needs quotes, where spaces would be lost, and where a spreadsheet would see a formula; empty texts,
 * so that a row of one empty cell is no empty line. */
static int needs_quotes(const char *cell) {
    size_t bytes = strlen(cell);
    return !bytes || strpbrk(cell, ",\"\r\n") || strchr("=+-@\t ", cell[0]) || cell[bytes - 1] == ' ';
}

void sable_text_cell(sable_text *t, const char *cell) {
    begin_cell(t);
    if (!needs_quotes(cell)) {
        sable_text_raw(t, cell, strlen(cell));
        return;
    }
    sable_text_raw(t, "\"", 1);
    for (const char *quote; (quote = strchr(cell, '"')); cell = quote + 1) {
        sable_text_raw(t, cell, (size_t)(quote - cell));
        sable_text_raw(t, "\"\"", 2);
    }
    sable_text_raw(t, cell, strlen(cell));
    sable_text_raw(t, "\"", 1);
}

void sable_text_number(sable_text *t, double value) {
    char number[SABLE_NUMBER_TEXT];
    begin_cell(t);
    sable_number_format(number, value);
    sable_text_raw(t, number, strlen(number));
}

void sable_text_integer(sable_text *t, int64_t value) {
    char number[24];
    begin_cell(t);
    sable_text_raw(t, number, (size_t)snprintf(number, sizeof number, "%" PRId64, value));
}

void sable_text_end_row(sable_text *t) {
    sable_text_raw(t, "\n", 1);
    t->cells = 0;
}

void sable_text_clear(sable_text *t) {
    t->used = 0;
    t->cells = 0;
}

void sable_text_release(sable_text *t) {
    if (t->bytes) sodium_memzero(t->bytes, t->room);
    free(t->bytes);
    *t = (sable_text){0};
}
