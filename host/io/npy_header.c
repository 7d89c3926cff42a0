/* SPDX-License-Identifier: Apache-2.0 */
#include "io/npy_header.h"

#include <string.h>

#include "base/fail.h"
#include "io/show.h"

typedef struct cursor {
    const char *at, *end;
} cursor;

static void skip_spaces(cursor *c) {
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t')) c->at++;
}

/* Spaces, then exactly word. */
static bool take(cursor *c, const char *word) {
    skip_spaces(c);
    size_t length = strlen(word);
    if ((size_t)(c->end - c->at) < length || memcmp(c->at, word, length)) return false;
    c->at += length;
    return true;
}

/* A string in either kind of quotes, without escapes, that fits text. */
static bool take_string(cursor *c, char *text, size_t room) {
    skip_spaces(c);
    if (c->at == c->end || (*c->at != '\'' && *c->at != '"')) return false;
    char quote = *c->at++;
    size_t n = 0;
    while (c->at < c->end && *c->at != quote) {
        if (n + 1 == room || *c->at == '\\') return false;
        text[n++] = *c->at++;
    }
    text[n] = 0;
    if (c->at == c->end) return false;
    c->at++;
    return true;
}

static bool take_size(cursor *c, uint64_t *size) {
    skip_spaces(c);
    const char *from = c->at;
    for (*size = 0; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
        if (*size > (UINT64_MAX >> 4) / 10) return false; /* 2^60 and more is no size */
        *size = *size * 10 + (uint64_t)(*c->at - '0');
    }
    return c->at > from;
}

/* (), (3,), (3, 2), (3, 2,): counts all dimensions, keeps the first two. */
static bool take_shape(cursor *c, sable_npy_header *h) {
    uint64_t sizes[2] = {1, 1}, size;
    if (!take(c, "(")) return false;
    h->dimensions = 0;
    bool comma = true;
    while (!take(c, ")")) {
        if (!comma || !take_size(c, &size)) return false;
        if (h->dimensions < 2) sizes[h->dimensions] = size;
        h->dimensions++;
        comma = take(c, ",");
    }
    h->rows = sizes[0];
    h->columns = sizes[1];
    return h->dimensions != 1 || comma; /* (3) is a number, not a shape */
}

/* '<f8', '|u1': sets type and size; false for what Sable does not read. */
static bool understand_type(sable_npy_header *h, const char *descr) {
    static const char known[][4] = {"<f8", "<f4", "<i8", "<i4", "<i2", "|i1", "<u8", "<u4", "<u2", "|u1", "|b1"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(descr, known[i])) continue;
        h->type = descr[1];
        h->size = (unsigned)(descr[2] - '0');
        return true;
    }
    return false;
}

enum { DESCR = 1, ORDER = 2, SHAPE = 4 };

/* One "key: value"; returns the key's bit, or 0 when it is not understood. */
static int take_item(cursor *c, sable_npy_header *h, char *descr, size_t room) {
    char key[16];
    if (!take_string(c, key, sizeof key) || !take(c, ":")) return 0;
    if (!strcmp(key, "descr")) return take_string(c, descr, room) ? DESCR : 0;
    if (!strcmp(key, "shape")) return take_shape(c, h) ? SHAPE : 0;
    if (strcmp(key, "fortran_order")) return 0;
    h->fortran = take(c, "True");
    return h->fortran || take(c, "False") ? ORDER : 0;
}

sable_status sable_npy_header_parse(sable_npy_header *header, const char *text, size_t bytes, const char *where,
                                    sable_error *err) {
    cursor c = {text, text + bytes};
    char descr[16] = "";
    int seen = 0;
    bool sound = take(&c, "{"), comma = true;
    *header = (sable_npy_header){0};
    while (sound && !take(&c, "}")) {
        int item = comma ? take_item(&c, header, descr, sizeof descr) : 0;
        sound = item && !(seen & item);
        seen |= item;
        comma = take(&c, ",");
    }
    if (sound) {
        if (c.end > c.at && c.end[-1] == '\n') c.end--;
        skip_spaces(&c);
        sound = c.at == c.end && seen == (DESCR | ORDER | SHAPE);
    }
    if (!sound) {
        size_t at = (size_t)(c.at - text);
        return sable_fail(err, SABLE_FORMAT, "%s: the NPY header is not understood near %s", where,
                          sable_show_text(text + at, bytes - at).text);
    }
    if (!understand_type(header, descr))
        return sable_fail(err, SABLE_UNSUPPORTED, "%s: NPY elements %s%s; read are f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1",
                          where, sable_show_text(descr, strlen(descr)).text,
                          *descr == '>' ? " are high byte first" : "");
    if (header->dimensions != 1 && header->dimensions != 2)
        return sable_fail(err, SABLE_UNSUPPORTED, "%s: the NPY array has %u dimensions, 1 or 2 are needed", where,
                          header->dimensions);
    return SABLE_OK;
}
