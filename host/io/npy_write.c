/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "io/bytes.h"
#include "io/npy_header.h"
#include "sable/io.h"

/* NumPy wants the elements to start at a multiple of 64; every shape fits one such header. */
enum { HEAD = 128 };

static sable_status write_head(sable_atomic_file *file, size_t rows, size_t features, sable_error *err) {
    uint8_t head[HEAD + 1];
    memset(head, ' ', HEAD);
    static const uint8_t start[8] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0}; /* magic, version 1.0 */
    memcpy(head, start, sizeof start);
    sable_put_u16(head + 8, HEAD - 10);
    int length = snprintf((char *)head + 10, HEAD - 9, "{'descr': '<f8', 'fortran_order': False, 'shape': (%zu,", rows);
    if (features) length += snprintf((char *)head + 10 + length, HEAD - 9 - (size_t)length, " %zu", features);
    length += snprintf((char *)head + 10 + length, HEAD - 9 - (size_t)length, "), }");
    head[10 + length] = ' '; /* in place of the end of the text, which is at most 97 characters long */
    head[HEAD - 1] = '\n';
    return sable_atomic_file_write(file, head, HEAD, err);
}

static sable_status write_values(sable_atomic_file *file, const double *values, size_t count, sable_error *err) {
    uint8_t piece[8 * 512];
    for (size_t done = 0; done < count;) {
        size_t n = count - done < 512 ? count - done : 512;
        for (size_t i = 0; i < n; i++) {
            uint64_t word;
            memcpy(&word, &values[done + i], sizeof word);
            sable_put_u64(piece + 8 * i, word);
        }
        SABLE_TRY(sable_atomic_file_write(file, piece, 8 * n, err));
        done += n;
    }
    return SABLE_OK;
}

sable_status sable_npy_write(const char *path, const double *values, size_t rows, size_t features, sable_error *err) {
    if (!values) return sable_fail(err, SABLE_INVALID, "values is NULL");
    size_t wide = features ? features : 1;
    if (rows > SIZE_MAX / sizeof(double) / wide)
        return sable_fail(err, SABLE_INVALID, "%zu x %zu values fit no memory", rows, features);
    for (size_t i = 0; i < rows * wide; i++)
        if (!isfinite(values[i]))
            return sable_fail(err, SABLE_DATA, "value [%zu, %zu] to be written is not finite", i / wide, i % wide);
    sable_atomic_file *file;
    SABLE_TRY(sable_atomic_file_open(&file, path, 0644, err));
    sable_status status = write_head(file, rows, features, err);
    if (!status) status = write_values(file, values, rows * wide, err);
    if (!status) return sable_atomic_file_commit(&file, err);
    sable_atomic_file_abort(&file);
    return status;
}
