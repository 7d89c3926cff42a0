/* SPDX-License-Identifier: Apache-2.0 */
#include "io/csv_reader.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/utf8.h"

enum { CHUNK = 1 << 16 };

/* Where the machine stands in a cell. */
typedef enum state { CELL_START, BARE, QUOTED, QUOTE_SEEN } state;

/* Cells are kept as offsets from the record's start while it grows, because the text may move. */
typedef struct span {
    size_t start, bytes;
    uint64_t line, column;
} span;

struct sable_csv_reader {
    sable_source *source;
    char delimiter;
    uint64_t max_record_bytes, max_columns;
    char *text;                   /* of the record and of what was read beyond it */
    size_t record, at, end, room; /* its start, the next byte to look at, end of the bytes held, allocated */
    bool ended;                   /* the source has no more */
    uint64_t line;                /* of the byte at .at */
    uint64_t column;
    span *spans;
    sable_csv_cell *cells;
    size_t count, cell_room;
};

static sable_status refuse(const sable_csv_reader *r, uint64_t line, uint64_t column, const char *what,
                           sable_error *err) {
    return sable_fail(err, SABLE_DATA, "%s:%" PRIu64 ":%" PRIu64 ": %s", sable_source_name(r->source), line, column,
                      what);
}

static sable_status too_long(const sable_csv_reader *r, sable_error *err) {
    return sable_fail(err, SABLE_LIMIT, "%s:%" PRIu64 ":%" PRIu64 ": the record has more than %" PRIu64 " bytes",
                      sable_source_name(r->source), r->line, r->column, r->max_record_bytes);
}

/* Reads more text behind what is held, called when .at has come near .end. */
static sable_status read_more(sable_csv_reader *r, sable_error *err) {
    if (r->ended) return SABLE_OK;
    if (r->end - r->record > r->max_record_bytes) return too_long(r, err);
    if (r->record) {
        memmove(r->text, r->text + r->record, r->end - r->record);
        r->end -= r->record;
        r->at -= r->record;
        r->record = 0;
    }
    if (r->room - r->end < CHUNK) {
        size_t room = r->room + (r->room > CHUNK ? r->room : CHUNK); /* at most twice 64 MiB and a chunk */
        char *text = realloc(r->text, room);
        if (!text) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a line of %zu bytes", room);
        r->text = text;
        r->room = room;
    }
    size_t got;
    SABLE_TRY(sable_source_read(r->source, r->text + r->end, CHUNK, &got, err));
    r->end += got;
    r->ended = got < CHUNK;
    return SABLE_OK;
}

/* UTF-16 would otherwise be reported as a NUL byte, which helps nobody. Also skips the byte order mark. */
static sable_status look_at_start(sable_csv_reader *r, sable_error *err) {
    SABLE_TRY(read_more(r, err));
    const uint8_t *b = (const uint8_t *)r->text;
    bool marked = r->end >= 2 && ((b[0] == 0xFF && b[1] == 0xFE) || (b[0] == 0xFE && b[1] == 0xFF));
    bool unmarked = r->end >= 4 && ((!b[0] && b[1] && !b[2] && b[3]) || (b[0] && !b[1] && b[2] && !b[3]));
    if (marked || unmarked) return refuse(r, 1, 1, "the text is UTF-16; save it as UTF-8", err);
    if (r->end >= 3 && !memcmp(b, "\xEF\xBB\xBF", 3)) r->at = 3;
    return SABLE_OK;
}

sable_status sable_csv_reader_open(sable_csv_reader **out, sable_source *source, char delimiter,
                                   uint64_t max_record_bytes, uint64_t max_columns, sable_error *err) {
    if (!delimiter || delimiter == '"' || delimiter == '\r' || delimiter == '\n' || (delimiter & 0x80))
        return sable_fail(err, SABLE_INVALID, "byte %u cannot separate CSV cells", (unsigned)(unsigned char)delimiter);
    sable_csv_reader *r = calloc(1, sizeof *r);
    if (!r) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a CSV reader");
    *r = (sable_csv_reader){.source = source,
                            .delimiter = delimiter,
                            .max_record_bytes = max_record_bytes,
                            .max_columns = max_columns,
                            .line = 1,
                            .column = 1};
    sable_status status = look_at_start(r, err);
    if (status)
        sable_csv_reader_close(&r);
    else
        *out = r;
    return status;
}

void sable_csv_reader_close(sable_csv_reader **reader) {
    if (!reader || !*reader) return;
    free((*reader)->text);
    free((*reader)->spans);
    free((*reader)->cells);
    free(*reader);
    *reader = NULL;
}

uint64_t sable_csv_reader_line(const sable_csv_reader *reader) { return reader->line; }

static sable_status add_cell(sable_csv_reader *r, span cell, sable_error *err) {
    if (r->count == r->max_columns)
        return sable_fail(err, SABLE_LIMIT, "%s:%" PRIu64 ":%" PRIu64 ": more than %" PRIu64 " columns",
                          sable_source_name(r->source), cell.line, cell.column, r->max_columns);
    if (r->count == r->cell_room) {
        size_t room = r->cell_room ? 2 * r->cell_room : 64; /* at most 2^21 */
        span *spans = realloc(r->spans, room * sizeof *spans);
        if (spans) r->spans = spans;
        sable_csv_cell *cells = realloc(r->cells, room * sizeof *cells);
        if (cells) r->cells = cells;
        if (!spans || !cells) return sable_fail(err, SABLE_NO_MEMORY, "no memory for %zu columns", room);
        r->cell_room = room;
    }
    r->spans[r->count++] = cell;
    return SABLE_OK;
}

static sable_status check_utf8(const sable_csv_reader *r, sable_error *err) {
    for (size_t i = 0; i < r->count; i++) {
        const span *cell = &r->spans[i];
        const uint8_t *text = (const uint8_t *)r->text + r->record + cell->start;
        for (size_t at = 0, step; at < cell->bytes; at += step) {
            step = sable_utf8_length(text + at, cell->bytes - at);
            if (!step) return refuse(r, cell->line, cell->column, "the cell is not valid UTF-8", err);
        }
    }
    return SABLE_OK;
}

/* The record just ended and .at stands behind it: hands out its cells. */
static sable_status deliver(sable_csv_reader *r, bool beyond_ascii, const sable_csv_cell **cells, size_t *count,
                            sable_error *err) {
    if (r->at - r->record > r->max_record_bytes) return too_long(r, err);
    if (beyond_ascii) SABLE_TRY(check_utf8(r, err));
    for (size_t i = 0; i < r->count; i++)
        r->cells[i] = (sable_csv_cell){r->text + r->record + r->spans[i].start, r->spans[i].bytes, r->spans[i].line,
                                       r->spans[i].column};
    *cells = r->cells;
    *count = r->count;
    return SABLE_OK;
}

sable_status sable_csv_reader_next(sable_csv_reader *r, const sable_csv_cell **cells, size_t *count, sable_error *err) {
    r->record = r->at;
    *count = r->count = 0;
    if (r->at == r->end) SABLE_TRY(read_more(r, err));
    if (r->at == r->end) return SABLE_OK;
    uint64_t first_line = r->line;
    state where = CELL_START;
    span cell = {0, 0, r->line, r->column};
    size_t out = 0; /* from .record; unquoting moves bytes towards the start, never past .at */
    bool beyond_ascii = false, done = false, quoted = false;
    while (!done) {
        if (r->at == r->end) SABLE_TRY(read_more(r, err));
        bool at_end = r->at == r->end;
        char c = at_end ? '\n' : r->text[r->at];
        if (!at_end && !c) return refuse(r, r->line, r->column, "there is a NUL byte; this is no text", err);
        if (at_end && where == QUOTED)
            return refuse(r, cell.line, cell.column, "the quote that opens here is never closed", err);
        beyond_ascii = beyond_ascii || (c & 0x80);
        if (!at_end && c == '\r' && where != QUOTED) {
            if (r->at + 1 == r->end) SABLE_TRY(read_more(r, err));
            if (r->at + 1 == r->end || r->text[r->at + 1] != '\n')
                return refuse(r, r->line, r->column, "there is a carriage return without line feed", err);
            r->at++; /* CRLF counts as one character, LF */
            c = '\n';
        }
        if (where == QUOTED) {
            if (c == '"')
                where = QUOTE_SEEN;
            else
                r->text[r->record + out++] = c;
        } else if (c == r->delimiter || c == '\n') {
            cell.bytes = out - cell.start;
            if (c == '\n' && !out && !r->count && !quoted) return refuse(r, first_line, 1, "the line is empty", err);
            SABLE_TRY(add_cell(r, cell, err));
            done = c == '\n';
            cell = (span){out, 0, r->line, r->column + 1};
            where = CELL_START;
        } else if (c == '"') {
            if (where == BARE) return refuse(r, r->line, r->column, "there is a quote inside an unquoted cell", err);
            if (where == QUOTE_SEEN) r->text[r->record + out++] = c; /* a doubled quote */
            quoted = true;
            where = QUOTED;
        } else {
            if (where == QUOTE_SEEN)
                return refuse(r, r->line, r->column, "there is text behind the closing quote of a cell", err);
            where = BARE;
            r->text[r->record + out++] = c;
        }
        if (!at_end) r->at++;
        r->column++;
        if (c == '\n') {
            r->line++;
            r->column = 1;
        }
    }
    return deliver(r, beyond_ascii, cells, count, err);
}
