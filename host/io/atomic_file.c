/* SPDX-License-Identifier: Apache-2.0 */
/* Text files that appear whole or not at all: a buffer in front of io/temp.h. */
#include <locale.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "io/temp.h"
#include "sable/io.h"

enum { BUFFER = 1 << 16 };

struct sable_atomic_file {
    sable_temp temp;
    size_t held; /* bytes of buffer not yet written */
    uint8_t buffer[BUFFER];
};

sable_status sable_atomic_file_open(sable_atomic_file **file, const char *path, unsigned mode, sable_error *err) {
    if (!file) return sable_fail(err, SABLE_INVALID, "file is NULL");
    sable_atomic_file *opened = calloc(1, sizeof *opened);
    if (!opened) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a write buffer");
    sable_status status = sable_temp_open(&opened->temp, path, mode, err);
    if (status)
        free(opened);
    else
        *file = opened;
    return status;
}

static sable_status flush(sable_atomic_file *file, sable_error *err) {
    size_t held = file->held;
    file->held = 0;
    return sable_temp_write(&file->temp, file->buffer, held, err);
}

sable_status sable_atomic_file_write(sable_atomic_file *file, const void *data, size_t bytes, sable_error *err) {
    if (!file || (!data && bytes)) return sable_fail(err, SABLE_INVALID, "file or data is NULL");
    if (bytes > BUFFER - file->held) SABLE_TRY(flush(file, err));
    if (bytes >= BUFFER) return sable_temp_write(&file->temp, data, bytes, err);
    if (bytes) memcpy(file->buffer + file->held, data, bytes);
    file->held += bytes;
    return SABLE_OK;
}

sable_status sable_atomic_file_printf(sable_atomic_file *file, sable_error *err, const char *format, ...) {
    if (!file || !format) return sable_fail(err, SABLE_INVALID, "file or format is NULL");
    char some[512], *text = some;
    /* the "C" locale is static in the C library: newlocale cannot fail */
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0), before = uselocale(plain);
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(some, sizeof some, format, args);
    if (length >= (int)sizeof some) {
        text = malloc((size_t)length + 1);
        if (text) vsnprintf(text, (size_t)length + 1, format, again);
    }
    va_end(again);
    va_end(args);
    uselocale(before);
    freelocale(plain);
    if (length < 0) {
        file->temp.failed = true;
        return sable_fail(err, SABLE_INVALID, "the format cannot be printed");
    }
    if (!text) {
        file->temp.failed = true;
        return sable_fail(err, SABLE_NO_MEMORY, "no memory for a text of %d bytes", length);
    }
    sable_status status = sable_atomic_file_write(file, text, (size_t)length, err);
    if (text != some) free(text);
    return status;
}

static void destroy(sable_atomic_file **file) {
    sodium_memzero((*file)->buffer, BUFFER); /* the text may be a private one */
    free(*file);
    *file = NULL;
}

sable_status sable_atomic_file_commit(sable_atomic_file **file, sable_error *err) {
    if (!file || !*file) return sable_fail(err, SABLE_INVALID, "file is NULL");
    sable_status status = flush(*file, err);
    if (status)
        sable_temp_abort(&(*file)->temp);
    else
        status = sable_temp_commit(&(*file)->temp, err);
    destroy(file);
    return status;
}

void sable_atomic_file_abort(sable_atomic_file **file) {
    if (!file || !*file) return;
    sable_temp_abort(&(*file)->temp);
    destroy(file);
}
