/* SPDX-License-Identifier: Apache-2.0 */
/* The one way a parameter file is written: fixed order of fields, arrays wrapped at 120 columns. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "ring/params_hex.h"
#include "ring/params_internal.h"
#include "ring/security.h"

enum { COLUMNS = 120, INDENT = 4 };

typedef struct writer {
    char *text; /* NULL after a failed allocation */
    size_t length, capacity;
} writer;

static void put(writer *w, const char *piece) {
    size_t bytes = strlen(piece);
    if (!w->text) return;
    if (w->length + bytes + 1 > w->capacity) {
        size_t capacity = 2 * w->capacity + bytes;
        char *grown = realloc(w->text, capacity);
        if (!grown) {
            free(w->text);
            w->text = NULL;
            return;
        }
        w->text = grown;
        w->capacity = capacity;
    }
    memcpy(w->text + w->length, piece, bytes + 1);
    w->length += bytes;
}

__attribute__((format(printf, 2, 3))) static void putf(writer *w, const char *format, ...) {
    char piece[256];
    va_list args;
    va_start(args, format);
    vsnprintf(piece, sizeof piece, format, args);
    va_end(args);
    put(w, piece);
}

typedef void item_writer(char item[96], const sable_params *p, uint32_t index);

static void terminal_item(char item[96], const sable_params *p, uint32_t i) {
    snprintf(item, 96, "%u", p->prime[p->terminals - 1 - i]);
}
static void main_item(char item[96], const sable_params *p, uint32_t i) {
    snprintf(item, 96, "%u", p->prime[p->terminals + i]);
}
static void special_item(char item[96], const sable_params *p, uint32_t i) {
    snprintf(item, 96, "%u", p->prime[p->q_count + i]);
}
static void level_item(char item[96], const sable_params *p, uint32_t i) {
    snprintf(item, 96, "[%u, %u]", p->nt[i], p->nm[i]);
}
static void scale_item(char item[96], const sable_params *p, uint32_t i) {
    char hi[SABLE_HEX_DOUBLE_CHARS], lo[SABLE_HEX_DOUBLE_CHARS];
    sable_hex_double(hi, p->scale[i].hi);
    sable_hex_double(lo, p->scale[i].lo);
    snprintf(item, 96, "[\"%s\", \"%s\"]", hi, lo);
}

/* On one line when it fits, else items on lines of their own, as many as fit. */
static void put_array(writer *w, const char *key, const sable_params *p, item_writer *write_item, uint32_t count) {
    char item[96];
    size_t width = INDENT + strlen(key) + 6 + 2; /* "key": [ ], */
    for (uint32_t i = 0; i < count; i++) {
        write_item(item, p, i);
        width += strlen(item) + (i ? 2 : 0);
    }
    bool wrap = width > COLUMNS;
    putf(w, "    \"%s\": [", key);
    size_t column = 0;
    for (uint32_t i = 0; i < count; i++) {
        write_item(item, p, i);
        size_t needed = strlen(item) + (i + 1 < count);
        if (wrap && (i == 0 || column + 1 + needed > COLUMNS)) {
            put(w, "\n        ");
            column = 2 * INDENT;
        } else if (i) {
            put(w, " ");
            column++;
        }
        put(w, item);
        if (i + 1 < count) put(w, ",");
        column += needed;
    }
    put(w, wrap ? "\n    ],\n" : "],\n");
}

static void put_radix(writer *w, const char *key, const uint32_t *radix, uint32_t count, const char *end) {
    putf(w, "        \"%s\": [", key);
    for (uint32_t i = 0; i < count; i++) putf(w, i ? ", %u" : "%u", radix[i]);
    putf(w, "]%s\n", end);
}

static void put_boot(writer *w, const sable_boot_plan *b) {
    put(w, ",\n    \"bootstrap\": {\n");
    putf(w, "        \"stc_levels\": %u, \"em_levels\": %u, \"cts_levels\": %u,\n", b->stc_levels, b->em_levels,
         b->cts_levels);
    putf(w, "        \"k\": %u, \"double_angle\": %u, \"degree\": %u, \"ephemeral_weight\": %u,\n", b->k,
         b->double_angle, b->degree, b->ephemeral_weight);
    put_radix(w, "cts_radix", b->cts_radix, b->cts_levels, ",");
    put_radix(w, "stc_radix", b->stc_radix, b->stc_levels, "");
    put(w, "    }");
}

sable_status sable_params_write(const sable_params *params, char **text, sable_error *err) {
    if (!params || !text) return sable_fail(err, SABLE_INVALID, "params_write: a pointer is NULL");
    const sable_params *p = params;
    writer w = {.text = malloc(8192), .capacity = 8192};
    put(&w, "{\n    \"format\": \"sable-params\",\n    \"version\": 1,\n");
    putf(&w, "    \"name\": \"%s\",\n    \"log_n\": %u,\n", p->name, p->log_n);
    put(&w, "    \"secret\": \"ternary\",\n    \"error\": \"cbd21\",\n");
    putf(&w, "    \"security\": {\"bits\": %u, \"model\": \"%s\"},\n", p->security_bits,
         p->security_model == SABLE_MODEL_PQ ? "pq" : "classical");
    put_array(&w, "terminals", p, terminal_item, p->terminals);
    put_array(&w, "mains", p, main_item, p->q_count - p->terminals);
    put_array(&w, "specials", p, special_item, p->p_count);
    putf(&w, "    \"alpha\": %u,\n", p->alpha);
    put_array(&w, "levels", p, level_item, p->top_level + 1);
    put_array(&w, "scales", p, scale_item, p->top_level + 1);
    if (w.text) { /* the last array ended with a comma that belongs to the next field, if there is one */
        w.length -= 2;
        w.text[w.length] = 0;
    }
    if (p->boot.em_levels) put_boot(&w, &p->boot);
    if (p->insecure) put(&w, ",\n    \"insecure\": true");
    put(&w, "\n}\n");
    if (!w.text) return sable_fail(err, SABLE_NO_MEMORY, "params_write: no memory for the text of set %s", p->name);
    *text = w.text;
    return SABLE_OK;
}

void sable_text_free(char *text) { free(text); }
