/* SPDX-License-Identifier: Apache-2.0 */
/* Aligned tables for people. Rows are kept until the widths of all columns are known. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/options.h"
#include "tool/report.h"

enum { COLUMNS_MOST = 24 };

static struct {
    char **row;
    size_t count, room;
} table;

void table_row(const char *format, ...) {
    if (settings.json || settings.quiet) return;
    if (table.count == table.room) {
        size_t room = table.room ? 2 * table.room : 32;
        char **grown = realloc(table.row, room * sizeof *grown);
        if (!grown) return; /* a row less; the JSON report has everything */
        table.row = grown;
        table.room = room;
    }
    va_list args;
    va_start(args, format);
    char *text = NULL;
    if (vasprintf(&text, format, args) >= 0) table.row[table.count++] = text;
    va_end(args);
}

static bool is_number(const char *cell) {
    return isdigit((unsigned char)cell[0]) || (cell[0] == '-' && isdigit((unsigned char)cell[1]));
}

void table_end(void) {
    size_t width[COLUMNS_MOST] = {0};
    bool numbers[COLUMNS_MOST] = {false}; /* the first row is the heading: later rows decide */
    for (size_t r = 0; r < table.count; r++) {
        const char *cell = table.row[r];
        for (size_t c = 0; c < COLUMNS_MOST && cell; c++) {
            size_t length = strcspn(cell, "\t");
            if (length > width[c]) width[c] = length;
            if (r == 1) numbers[c] = is_number(cell);
            cell = cell[length] ? cell + length + 1 : NULL;
        }
    }
    for (size_t r = 0; r < table.count; r++) {
        const char *cell = table.row[r];
        for (size_t c = 0; c < COLUMNS_MOST && cell; c++) {
            size_t length = strcspn(cell, "\t");
            bool last = !cell[length];
            int pad = (int)(width[c] - length);
            if (numbers[c])
                printf("%s%*s%.*s", c ? "  " : "", pad, "", (int)length, cell);
            else
                printf("%s%.*s%*s", c ? "  " : "", (int)length, cell, last ? 0 : pad, "");
            cell = last ? NULL : cell + length + 1;
        }
        putchar('\n');
        free(table.row[r]);
    }
    table.count = 0;
}
