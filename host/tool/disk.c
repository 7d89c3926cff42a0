/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fail.h"
#include "io/show.h"
#include "logreg/blocks_partial.h"
#include "tool/report.h"
#include "tool/workspace.h"

/* The folder of path, or the nearest one above it that is there; malloc'ed. */
static char *existing_folder(const char *path) {
    char *folder = path_join(*path == '/' ? "" : ".", *path == '/' ? path + 1 : path);
    struct stat info;
    for (;;) {
        char *slash = strrchr(folder, '/');
        if (!slash) return folder;
        slash[slash == folder] = 0; /* the root keeps its slash */
        if ((stat(folder, &info) == 0 && S_ISDIR(info.st_mode)) || slash == folder) return folder;
    }
}

bool disk_available(uint64_t *bytes, const char *path) {
    char *folder = existing_folder(path);
    struct statvfs fs;
    const bool told = statvfs(folder, &fs) == 0 && fs.f_blocks > 0;
    if (told) *bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
    free(folder);
    return told;
}

/* Room that is taken already by a run that can be continued. */
static uint64_t begun(const char *path) {
    char *partial = NULL;
    struct stat info;
    uint64_t bytes = 0;
    if (asprintf(&partial, "%s.partial", path) < 0) return 0;
    if (stat(partial, &info) == 0 && info.st_blocks > 0) bytes = 512 * (uint64_t)info.st_blocks;
    free(partial);
    return bytes;
}

sable_status disk_check(const char *path, uint64_t bytes, sable_error *err) {
    uint64_t available;
    const uint64_t there = begun(path);
    if (!disk_available(&available, path) || bytes <= there || bytes - there <= available) return SABLE_OK;
    return sable_fail(err, SABLE_IO, "%s: takes %s, its disk has room for %s: free some, or name another place",
                      sable_show_path(path).text, shown_bytes(bytes - there).text, shown_bytes(available).text);
}

sable_status disk_check_target(const char *path, sable_error *err) {
    sable_partial target; /* its opening looks at the folder and the file, and makes nothing */
    SABLE_TRY(sable_partial_open(&target, path, err));
    sable_status status = SABLE_OK;
    if (faccessat(target.folder, ".", W_OK | X_OK, AT_EACCESS) != 0) {
        const int code = errno;
        status =
            sable_fail(err, SABLE_IO, "%s: its folder: %s", sable_show_path(path).text, sable_show_errno(code).text);
    }
    sable_partial_suspend(&target);
    return status;
}

sable_status disk_check_folder(const char *path, sable_error *err) {
    struct stat info;
    if (stat(path, &info) != 0) return disk_check_target(path, err);
    if (faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) == 0) return SABLE_OK;
    const int code = errno;
    return sable_fail(err, SABLE_IO, "%s: %s", sable_show_path(path).text, sable_show_errno(code).text);
}

bool disk_measure(const char *path, double *flush_seconds, double *byte_seconds) {
    enum { PIECE = 1 << 16, PIECES = 16 };
    static const char zeros[PIECE];
    char *folder = existing_folder(path);
    const int fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    free(folder);
    if (fd < 0) return false;
    bool good = true;
    double small = INFINITY, large = INFINITY;
    for (int round = 0; round < 2 && good; round++) {
        const double start = seconds_now();
        good = write(fd, zeros, 4096) == 4096 && fdatasync(fd) == 0;
        const double middle = seconds_now();
        for (int i = 0; i < PIECES && good; i++) good = write(fd, zeros, PIECE) == PIECE;
        good = good && fdatasync(fd) == 0;
        small = fmin(small, middle - start);
        large = fmin(large, seconds_now() - middle);
    }
    close(fd);
    *flush_seconds = small;
    *byte_seconds = (large > small ? large - small : large / 2) / (PIECE * PIECES);
    return good;
}
