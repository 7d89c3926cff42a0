/* SPDX-License-Identifier: Apache-2.0 */
#include "io/text_file.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "io/file.h"
#include "io/show.h"
#include "sable/io.h"

#define TAG_TEXT SABLE_TAG('T', 'E', 'X', 'T')
static const unsigned char magic[4] = {0xF5, 'S', 'B', 'L'};

static sable_status read_section(char *text, size_t bytes, sable_container *c, sable_error *err) {
    const sable_section_spec spec = {TAG_TEXT, 0, bytes};
    SABLE_TRY(sable_container_expect(c, &spec, 1, err));
    return sable_container_read(c, TAG_TEXT, text, bytes, err);
}

static sable_status read_container(char **text, size_t *bytes, sable_container_info *info, const char *path,
                                   sable_kind kind, size_t most, sable_error *err) {
    sable_container *c;
    const sable_container_limits limits = {1, most + 4096};
    SABLE_TRY(sable_container_open(&c, path, kind, &limits, err));
    uint64_t length = sable_container_section(c, 0).length; /* bounded by the limit on the file */
    *info = *sable_container_get_info(c);
    char *buffer = malloc(length + 1);
    sable_status status = buffer ? read_section(buffer, length, c, err)
                                 : sable_fail(err, SABLE_NO_MEMORY, "%s: no memory for %llu bytes",
                                              sable_show_path(path).text, (unsigned long long)length);
    sable_container_close(&c);
    if (status != SABLE_OK) {
        free(buffer);
        return status;
    }
    buffer[length] = 0;
    *text = buffer;
    *bytes = length;
    return SABLE_OK;
}

sable_status sable_text_read(char **text, size_t *bytes, sable_container_info *info, const char *path, sable_kind kind,
                             size_t most, sable_error *err) {
    int fd;
    uint64_t size;
    unsigned char head[4] = {0};
    memset(info, 0, sizeof *info);
    SABLE_TRY(sable_file_open(&fd, &size, path, err));
    sable_status status = size >= 4 ? sable_file_read_at(fd, path, head, 4, 0, err) : SABLE_OK;
    if (status == SABLE_OK && memcmp(head, magic, 4) == 0) {
        close(fd);
        return read_container(text, bytes, info, path, kind, most, err);
    }
    char *buffer = NULL;
    if (status == SABLE_OK && size > most)
        status = sable_fail(err, SABLE_LIMIT, "%s has %llu bytes, at most %zu are read", sable_show_path(path).text,
                            (unsigned long long)size, most);
    if (status == SABLE_OK && !(buffer = malloc(size + 1)))
        status = sable_fail(err, SABLE_NO_MEMORY, "%s: no memory for %llu bytes", sable_show_path(path).text,
                            (unsigned long long)size);
    if (status == SABLE_OK) status = sable_file_read_at(fd, path, buffer, size, 0, err);
    close(fd);
    if (status != SABLE_OK) {
        free(buffer);
        return status;
    }
    buffer[size] = 0;
    *text = buffer;
    *bytes = size;
    return SABLE_OK;
}

static bool is_plain(const char *path) {
    const size_t length = strlen(path);
    return length > 5 && strcmp(path + length - 5, ".json") == 0;
}

uint64_t sable_text_file_bytes(uint64_t bytes, const char *path) {
    const sable_section_spec spec = {TAG_TEXT, 0, bytes};
    return is_plain(path) ? bytes : sable_container_bytes(&spec, 1);
}

sable_status sable_text_write(const char *text, size_t bytes, const sable_container_info *info, const char *path,
                              sable_error *err) {
    if (is_plain(path)) {
        sable_atomic_file *file;
        SABLE_TRY(sable_atomic_file_open(&file, path, 0644, err));
        sable_status status = sable_atomic_file_write(file, text, bytes, err);
        if (status == SABLE_OK) return sable_atomic_file_commit(&file, err);
        sable_atomic_file_abort(&file);
        return status;
    }
    const sable_section_spec spec = {TAG_TEXT, 0, bytes};
    sable_container_writer *w;
    SABLE_TRY(sable_container_writer_create(&w, path, 0644, info, &spec, 1, err));
    sable_status status = sable_container_writer_section(w, TAG_TEXT, text, bytes, err);
    if (status == SABLE_OK) return sable_container_writer_finish(&w, err);
    sable_container_writer_abort(&w);
    return status;
}
