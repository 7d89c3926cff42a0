/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays saved by NumPy: signature 6 | version 2 | header length 2 or 4 | header | elements. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "io/bytes.h"
#include "io/npy_header.h"
#include "io/rows.h"

typedef struct npy_rows {
    sable_source *source;
    sable_npy_header header;
    uint64_t done;
    uint8_t *row;    /* one row, or in Fortran order */
    uint8_t *matrix; /* all elements, column by column */
} npy_rows;

bool sable_npy_detect(const uint8_t *bytes, size_t have) {
    return have >= SABLE_NPY_MAGIC_BYTES && !memcmp(bytes, SABLE_NPY_MAGIC, SABLE_NPY_MAGIC_BYTES);
}

/* One element as a double. What is wrong with it, or NULL. */
static const char *element(double *value, const sable_npy_header *h, const uint8_t *at) {
    static const uint64_t exact = 1ull << 53; /* up to here every integer is a double */
    uint64_t word = 0;
    for (unsigned i = 0; i < h->size; i++) word |= (uint64_t)at[i] << (8 * i);
    if (h->type == 'f') {
        if (h->size == 8) {
            memcpy(value, &word, sizeof *value);
        } else {
            uint32_t half = (uint32_t)word;
            float single;
            memcpy(&single, &half, sizeof single);
            *value = single;
        }
        return isfinite(*value) ? NULL : isnan(*value) ? "is nan" : "is infinite";
    }
    if (h->type == 'b' && word > 1) return "is a truth value other than 0 and 1";
    bool negative = h->type == 'i' && word >> (8 * h->size - 1);
    if (negative) word = (h->size == 8 ? 0 : 1ull << (8 * h->size)) - word; /* two's complement: its magnitude */
    if (word > exact) return "is an integer beyond 2^53, which no double holds exactly";
    *value = negative ? -(double)word : (double)word;
    return NULL;
}

static sable_status next(sable_row_format *format, double *values, double *label, const char **id, bool *more,
                         sable_error *err) {
    (void)label;
    (void)id;
    npy_rows *npy = format->self;
    const sable_npy_header *h = &npy->header;
    *more = npy->done < h->rows;
    if (!*more) return npy->matrix ? SABLE_OK : sable_source_expect_end(npy->source, err);
    size_t size = h->size, columns = (size_t)h->columns;
    if (!npy->matrix) {
        char what[64];
        snprintf(what, sizeof what, "row %" PRIu64 " of %" PRIu64, npy->done + 1, h->rows);
        SABLE_TRY(sable_source_read_exactly(npy->source, npy->row, columns * size, what, err));
    }
    for (size_t i = 0; i < columns; i++) {
        const uint8_t *at = npy->matrix ? npy->matrix + (i * h->rows + npy->done) * size : npy->row + i * size;
        const char *complaint = element(&values[i], h, at);
        if (complaint)
            return sable_fail(err, SABLE_DATA, "%s: element [%" PRIu64 ", %zu] %s", sable_source_name(npy->source),
                              npy->done, i, complaint);
    }
    npy->done++;
    return SABLE_OK;
}

/* Reads all of a Fortran-ordered array. The buffer grows with what arrives, so a false shape costs nothing. */
static sable_status read_matrix(npy_rows *npy, uint64_t max_values, sable_error *err) {
    const sable_npy_header *h = &npy->header;
    if (h->rows > max_values / h->columns)
        return sable_fail(err, SABLE_LIMIT, "%s: %" PRIu64 " x %" PRIu64 " values, at most %" PRIu64,
                          sable_source_name(npy->source), h->rows, h->columns, max_values);
    size_t bytes = (size_t)(h->rows * h->columns) * h->size; /* max_values <= SIZE_MAX / 8 */
    for (size_t have = 0, room = 1 << 20; have < bytes; room *= 2) {
        if (room > bytes || room > SIZE_MAX / 4) room = bytes;
        uint8_t *grown = realloc(npy->matrix, room);
        if (!grown) return sable_fail(err, SABLE_NO_MEMORY, "no memory for %zu bytes of an array", room);
        npy->matrix = grown;
        SABLE_TRY(sable_source_read_exactly(npy->source, npy->matrix + have, room - have, "the array", err));
        have = room;
    }
    return sable_source_expect_end(npy->source, err);
}

sable_status sable_npy_header_read(sable_npy_header *header, sable_source *source, sable_error *err) {
    const char *where = sable_source_name(source);
    uint8_t start[12];
    SABLE_TRY(sable_source_read_exactly(source, start, 8, "the NPY signature", err));
    if (!sable_npy_detect(start, 8)) return sable_fail(err, SABLE_FORMAT, "%s: is no NPY file", where);
    if ((start[6] != 1 && start[6] != 2) || start[7])
        return sable_fail(err, SABLE_UNSUPPORTED, "%s: NPY version %u.%u, and 1.0 and 2.0 are read", where, start[6],
                          start[7]);
    SABLE_TRY(sable_source_read_exactly(source, start + 8, start[6] == 1 ? 2 : 4, "the NPY signature", err));
    uint32_t bytes = start[6] == 1 ? sable_get_u16(start + 8) : sable_get_u32(start + 8);
    if (bytes > SABLE_NPY_HEADER_MOST)
        return sable_fail(err, SABLE_FORMAT, "%s: an NPY header of %u bytes, at most %u", where, bytes,
                          SABLE_NPY_HEADER_MOST);
    char *text = malloc((size_t)bytes + 1);
    if (!text) return sable_fail(err, SABLE_NO_MEMORY, "no memory for an NPY header");
    sable_status status = sable_source_read_exactly(source, text, bytes, "the NPY header", err);
    if (!status) status = sable_npy_header_parse(header, text, bytes, where, err);
    free(text);
    return status;
}

static sable_status begin(npy_rows *npy, const sable_table_options *options, sable_error *err) {
    SABLE_TRY(sable_npy_header_read(&npy->header, npy->source, err));
    const sable_npy_header *h = &npy->header;
    const char *where = sable_source_name(npy->source);
    if (!h->rows || !h->columns)
        return sable_fail(err, SABLE_DATA, "%s: the array is empty: %" PRIu64 " x %" PRIu64, where, h->rows,
                          h->columns);
    if (h->columns > options->max_columns)
        return sable_fail(err, SABLE_LIMIT, "%s: %" PRIu64 " columns, at most %" PRIu64, where, h->columns,
                          options->max_columns);
    if (h->fortran && h->columns > 1) return read_matrix(npy, options->max_values, err);
    npy->row = malloc((size_t)h->columns * h->size);
    if (npy->row) return SABLE_OK;
    return sable_fail(err, SABLE_NO_MEMORY, "no memory for a row of %" PRIu64 " values", h->columns);
}

static void release(npy_rows *npy) {
    free(npy->row);
    free(npy->matrix);
    free(npy);
}

static void close_rows(sable_row_format *format) {
    release(format->self);
    format->self = NULL;
}

sable_status sable_npy_rows(sable_row_format *format, sable_source *source, const sable_table_options *options,
                            sable_error *err) {
    npy_rows *npy = calloc(1, sizeof *npy);
    if (!npy) return sable_fail(err, SABLE_NO_MEMORY, "no memory for an NPY table");
    npy->source = source;
    sable_status status = begin(npy, options, err);
    if (status) {
        release(npy);
        return status;
    }
    *format =
        (sable_row_format){.self = npy, .features = (size_t)npy->header.columns, .next = next, .close = close_rows};
    return SABLE_OK;
}
