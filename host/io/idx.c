/* SPDX-License-Identifier: Apache-2.0 */
/* IDX, the format of MNIST: 0 0 | element type | dimensions d | d sizes of 4 bytes, high byte first | elements. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "io/rows.h"

enum { UNSIGNED_BYTE = 8 };

typedef struct idx_rows {
    sable_source *source;
    uint64_t rows, done;
    size_t features;
    uint8_t row[];
} idx_rows;

bool sable_idx_detect(const uint8_t *bytes, size_t have) {
    if (have < 4 || bytes[0] || bytes[1] || !bytes[3] || bytes[3] > SABLE_IDX_DIMENSIONS) return false;
    return bytes[2] == 8 || bytes[2] == 9 || (bytes[2] >= 0xB && bytes[2] <= 0xE);
}

static sable_status next(sable_row_format *format, double *values, double *label, const char **id, bool *more,
                         sable_error *err) {
    (void)label;
    (void)id;
    idx_rows *idx = format->self;
    *more = idx->done < idx->rows;
    if (!*more) return sable_source_expect_end(idx->source, err);
    char what[64];
    snprintf(what, sizeof what, "sample %" PRIu64 " of %" PRIu64, idx->done + 1, idx->rows);
    SABLE_TRY(sable_source_read_exactly(idx->source, idx->row, idx->features, what, err));
    for (size_t i = 0; i < idx->features; i++) values[i] = idx->row[i];
    idx->done++;
    return SABLE_OK;
}

static void close_rows(sable_row_format *format) {
    free(format->self);
    format->self = NULL;
}

sable_status sable_idx_header_read(sable_idx_header *header, sable_source *source, sable_error *err) {
    uint8_t head[4 + 4 * SABLE_IDX_DIMENSIONS];
    const char *where = sable_source_name(source);
    SABLE_TRY(sable_source_read_exactly(source, head, 4, "the IDX signature", err));
    if (!sable_idx_detect(head, 4)) return sable_fail(err, SABLE_FORMAT, "%s: is no IDX file", where);
    if (head[2] != UNSIGNED_BYTE)
        return sable_fail(err, SABLE_UNSUPPORTED, "%s: IDX element type %u at byte 2; only 8, unsigned bytes, is read",
                          where, head[2]);
    SABLE_TRY(sable_source_read_exactly(source, head + 4, 4u * head[3], "the IDX sizes", err));
    header->dimensions = head[3];
    for (unsigned d = 0; d < head[3]; d++) {
        const uint8_t *at = head + 4 + 4 * d;
        header->size[d] = (uint64_t)at[0] << 24 | (uint64_t)at[1] << 16 | (uint64_t)at[2] << 8 | at[3];
        if (!header->size[d]) return sable_fail(err, SABLE_DATA, "%s: dimension %u has size 0", where, d + 1);
    }
    return SABLE_OK;
}

sable_status sable_idx_rows(sable_row_format *format, sable_source *source, const sable_table_options *options,
                            sable_error *err) {
    sable_idx_header head;
    SABLE_TRY(sable_idx_header_read(&head, source, err));
    uint64_t features = 1;
    for (unsigned d = 1; d < head.dimensions; d++) {
        features *= head.size[d]; /* below 2^20 * 2^32: checked each time */
        if (features > options->max_columns)
            return sable_fail(err, SABLE_LIMIT, "%s: %" PRIu64 " or more values a sample, at most %" PRIu64,
                              sable_source_name(source), features, options->max_columns);
    }
    idx_rows *idx = calloc(1, sizeof *idx + (size_t)features);
    if (!idx) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a sample of %" PRIu64 " bytes", features);
    idx->source = source;
    idx->rows = head.size[0];
    idx->features = (size_t)features;
    *format = (sable_row_format){.self = idx, .features = (size_t)features, .next = next, .close = close_rows};
    return SABLE_OK;
}
