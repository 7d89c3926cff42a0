/* SPDX-License-Identifier: Apache-2.0 */
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/hash.h"
#include "io/show.h"
#include "sable/io.h"

static const char *file_type(mode_t mode) {
    if (S_ISDIR(mode)) return "a folder";
    if (S_ISFIFO(mode)) return "a pipe";
    if (S_ISSOCK(mode)) return "a socket";
    return "a device";
}

sable_status sable_file_open(int *fd, uint64_t *bytes, const char *path, sable_error *err) {
    /* O_NONBLOCK: opening a FIFO that nobody writes to returns at once, and is refused below */
    int opened;
    do opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    while (opened < 0 && errno == EINTR);
    if (opened < 0)
        return sable_fail(err, SABLE_IO, "%s: cannot be opened: %s", sable_show_path(path).text,
                          sable_show_errno(errno).text);
    struct stat info;
    if (fstat(opened, &info)) {
        int code = errno;
        close(opened);
        return sable_fail(err, SABLE_IO, "%s: cannot be examined: %s", sable_show_path(path).text,
                          sable_show_errno(code).text);
    }
    if (!S_ISREG(info.st_mode)) {
        close(opened);
        return sable_fail(err, SABLE_IO, "%s: is %s, and a regular file is needed", sable_show_path(path).text,
                          file_type(info.st_mode));
    }
    *fd = opened;
    *bytes = (uint64_t)info.st_size;
    return SABLE_OK;
}

sable_status sable_file_read_at(int fd, const char *path, void *buffer, uint64_t bytes, uint64_t offset,
                                sable_error *err) {
    uint8_t *to = buffer;
    while (bytes) {
        /* Linux moves at most 2^31 - 4096 bytes a call */
        ssize_t got = pread(fd, to, bytes < 1u << 30 ? (size_t)bytes : 1u << 30, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            return sable_fail(err, SABLE_IO, "%s: reading at byte %" PRIu64 " failed: %s", sable_show_path(path).text,
                              offset, sable_show_errno(errno).text);
        if (!got)
            return sable_fail(err, SABLE_FORMAT, "%s: ends at byte %" PRIu64 " with %" PRIu64 " more expected",
                              sable_show_path(path).text, offset, bytes);
        to += got;
        bytes -= (uint64_t)got;
        offset += (uint64_t)got;
    }
    return SABLE_OK;
}

sable_status sable_file_check_private(const char *path, sable_error *err) {
    if (!path) return sable_fail(err, SABLE_INVALID, "path is NULL");
    struct stat info;
    if (stat(path, &info))
        return sable_fail(err, SABLE_IO, "%s: cannot be examined: %s", sable_show_path(path).text,
                          sable_show_errno(errno).text);
    if (!S_ISREG(info.st_mode))
        return sable_fail(err, SABLE_IO, "%s: is %s, and a regular file is needed", sable_show_path(path).text,
                          file_type(info.st_mode));
    if (info.st_mode & 077)
        return sable_fail(err, SABLE_INSECURE, "%s: holds a secret but has mode %04o; run chmod 600 on it",
                          sable_show_path(path).text, (unsigned)(info.st_mode & 07777));
    if (info.st_uid != geteuid() && info.st_uid != 0)
        return sable_fail(err, SABLE_INSECURE, "%s: holds a secret but belongs to user %lu, not to user %lu",
                          sable_show_path(path).text, (unsigned long)info.st_uid, (unsigned long)geteuid());
    return SABLE_OK;
}

sable_status sable_file_sha256(uint8_t digest[32], const char *path, sable_error *err) {
    if (!digest || !path) return sable_fail(err, SABLE_INVALID, "digest or path is NULL");
    enum { CHUNK = 1 << 18 };
    int fd;
    uint64_t bytes;
    SABLE_TRY(sable_file_open(&fd, &bytes, path, err));
    uint8_t *chunk = malloc(CHUNK);
    sable_status status = chunk ? SABLE_OK : sable_fail(err, SABLE_NO_MEMORY, "no memory for a read buffer");
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    for (uint64_t done = 0, step; done < bytes && !status; done += step) {
        step = bytes - done < CHUNK ? bytes - done : CHUNK;
        status = sable_file_read_at(fd, path, chunk, step, done, err);
        if (!status) crypto_hash_sha256_update(&state, chunk, step);
    }
    if (!status) crypto_hash_sha256_final(&state, digest);
    free(chunk);
    close(fd);
    return status;
}

sable_status sable_file_check_sha256(const char *path, const char *hex64, sable_error *err) {
    if (!hex64 || strlen(hex64) != 64 || strspn(hex64, "0123456789abcdefABCDEF") != 64)
        return sable_fail(err, SABLE_INVALID, "the expected SHA-256 is not 64 hexadecimal digits");
    uint8_t digest[32];
    SABLE_TRY(sable_file_sha256(digest, path, err));
    char have[65];
    sable_hex(have, digest, sizeof digest);
    for (int i = 0; i < 64; i++)
        if ((hex64[i] | 32) != have[i]) /* |32 lowers A..F and leaves digits alone */
            return sable_fail(err, SABLE_FORMAT, "%s: SHA-256 is %s, expected %.64s", sable_show_path(path).text, have,
                              hex64);
    return SABLE_OK;
}
