/* SPDX-License-Identifier: Apache-2.0 */
#include "io/temp.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fail.h"
#include "io/leftovers.h"
#include "io/show.h"

static sable_status system_failed(const sable_temp *temp, const char *what, sable_error *err) {
    int code = errno;
    return sable_fail(err, SABLE_IO, "%s: %s failed: %s", sable_show_path(temp->path).text, what,
                      sable_show_errno(code).text);
}

/* Any number not in use will do: O_EXCL decides. */
static uint64_t some_number(void) {
    uint64_t number;
    if (getrandom(&number, sizeof number, GRND_NONBLOCK) == (ssize_t)sizeof number) return number;
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_nsec * 0x9e3779b97f4a7c15u ^ (uint64_t)now.tv_sec << 32 ^ (uint64_t)getpid();
}

static sable_status open_temporary(sable_temp *temp, unsigned mode, sable_error *err) {
    struct stat info;
    if (!fstatat(temp->folder, temp->name, &info, AT_SYMLINK_NOFOLLOW)) {
        if (!S_ISREG(info.st_mode))
            return sable_fail(err, SABLE_IO, "%s: exists and is %s; name a regular file",
                              sable_show_path(temp->path).text,
                              S_ISLNK(info.st_mode) ? "a symbolic link" : "no regular file");
    } else if (errno != ENOENT) {
        return system_failed(temp, "examining it", err);
    }
    sable_remove_leftovers(temp->folder);
    for (int attempt = 0; attempt < 16; attempt++) {
        snprintf(temp->temporary, sizeof temp->temporary, SABLE_TEMP_HEAD "%0*" PRIx64 SABLE_TEMP_TAIL,
                 SABLE_TEMP_DIGITS, some_number());
        temp->fd =
            openat(temp->folder, temp->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, (mode_t)mode);
        if (temp->fd >= 0 && sable_claim(temp->folder, temp->temporary, temp->fd)) return SABLE_OK;
        if (temp->fd >= 0) { /* taken for a leftover by another process in the moment before it was locked */
            unlinkat(temp->folder, temp->temporary, 0);
            close(temp->fd);
            temp->fd = -1;
            errno = EBUSY;
        } else if (errno != EEXIST && errno != EINTR)
            break;
    }
    return system_failed(temp, "creating a temporary file beside it", err);
}

static void release(sable_temp *temp) {
    if (temp->fd >= 0) close(temp->fd);
    if (temp->folder >= 0) close(temp->folder);
    free(temp->path);
    *temp = (sable_temp){.fd = -1, .folder = -1};
}

sable_status sable_temp_open(sable_temp *temp, const char *path, unsigned mode, sable_error *err) {
    *temp = (sable_temp){.fd = -1, .folder = -1};
    if (!path) return sable_fail(err, SABLE_INVALID, "path is NULL");
    if (mode != 0600 && mode != 0644)
        return sable_fail(err, SABLE_INVALID, "mode %04o of a new file: 0600 or 0644 needed", mode);
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
        return sable_fail(err, SABLE_INVALID, "%s: names no file", sable_show_path(path).text);
    temp->path = strdup(path);
    char *folder = strdup(slash ? path : ".");
    if (!temp->path || !folder) {
        free(folder);
        free(temp->path);
        temp->path = NULL;
        return sable_fail(err, SABLE_NO_MEMORY, "no memory for a path of %zu bytes", strlen(path));
    }
    if (slash) folder[slash == path ? 1 : slash - path] = 0; /* the root keeps its slash */
    temp->name = temp->path + (name - path);
    do temp->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (temp->folder < 0 && errno == EINTR);
    free(folder);
    sable_status status =
        temp->folder < 0 ? system_failed(temp, "opening its folder", err) : open_temporary(temp, mode, err);
    if (status) release(temp);
    return status;
}

sable_status sable_temp_reserve(sable_temp *temp, uint64_t bytes, sable_error *err) {
    if (bytes > INT64_MAX)
        return sable_fail(err, SABLE_LIMIT, "%s: %" PRIu64 " bytes are more than a file can hold",
                          sable_show_path(temp->path).text, bytes);
    int outcome;
    do outcome = fallocate(temp->fd, 0, 0, (off_t)bytes);
    while (outcome && errno == EINTR);
    /* only refusals that mean "no room" count: file systems without this call still work */
    if (outcome && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)) {
        int code = errno;
        temp->failed = true;
        return sable_fail(err, SABLE_IO, "%s: no room for %" PRIu64 " bytes: %s", sable_show_path(temp->path).text,
                          bytes, sable_show_errno(code).text);
    }
    return SABLE_OK;
}

/* at < 0: at the end */
static sable_status write_all(sable_temp *temp, const void *data, uint64_t bytes, int64_t at, sable_error *err) {
    const uint8_t *from = data;
    while (bytes) {
        size_t step = bytes < 1u << 30 ? (size_t)bytes : 1u << 30;
        ssize_t put = at < 0 ? write(temp->fd, from, step) : pwrite(temp->fd, from, step, (off_t)at);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) {
            if (!put) errno = EIO;
            temp->failed = true;
            return system_failed(temp, "writing", err);
        }
        from += put;
        bytes -= (uint64_t)put;
        if (at >= 0) at += put;
    }
    return SABLE_OK;
}

sable_status sable_temp_write(sable_temp *temp, const void *data, uint64_t bytes, sable_error *err) {
    return write_all(temp, data, bytes, -1, err);
}

sable_status sable_temp_write_at(sable_temp *temp, const void *data, uint64_t bytes, uint64_t offset,
                                 sable_error *err) {
    return write_all(temp, data, bytes, (int64_t)offset, err);
}

sable_status sable_temp_commit(sable_temp *temp, sable_error *err) {
    sable_status status = SABLE_OK;
    if (temp->failed)
        status = sable_fail(err, SABLE_IO, "%s: an earlier write failed, so it was not replaced",
                            sable_show_path(temp->path).text);
    /* never retried: after a failed fsync the kernel may have dropped the pages and a second one would succeed */
    else if (fsync(temp->fd))
        status = system_failed(temp, "flushing to the disk", err);
    else if (renameat(temp->folder, temp->temporary, temp->folder, temp->name))
        status = system_failed(temp, "renaming the finished file", err);
    if (status) {
        sable_temp_abort(temp);
        return status;
    }
    /* EINVAL: a file system that cannot flush folders orders the rename by itself */
    if (fsync(temp->folder) && errno != EINVAL && errno != EROFS)
        status = system_failed(temp, "the file is in place, but flushing its folder to the disk", err);
    release(temp);
    return status;
}

void sable_temp_abort(sable_temp *temp) {
    if (!temp->path) return;
    unlinkat(temp->folder, temp->temporary, 0);
    release(temp);
}
