/* SPDX-License-Identifier: Apache-2.0 */
#include "reject/faults_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/types.h>

namespace faults {
const char *failed_call;
long interrupted;

static long countdown; /* the call that makes it 0 fails */
static int error;
static bool lasts, full, storm;

FailCall::FailCall(long k, int code, bool for_good) {
    failed_call = nullptr;
    error = code;
    lasts = for_good;
    full = false;
    countdown = k;
}
FailCall::~FailCall() {
    countdown = 0;
    full = false;
}

Storm::Storm() {
    interrupted = 0;
    storm = true;
}
Storm::~Storm() { storm = false; }

enum Room { TAKES_ROOM, TAKES_NONE };

static bool fails(const char *call, Room room) {
    if (countdown > 0 && --countdown == 0) {
        failed_call = call;
        full = lasts;
        errno = error;
        return true;
    }
    if (!full || room != TAKES_ROOM) return false;
    errno = error;
    return true;
}
static bool interrupts() {
    static thread_local bool odd; // readers of one file run on several threads
    odd = !odd;
    if (!storm || !odd) return false;
    interrupted++;
    errno = EINTR;
    return true;
}
static size_t some(size_t bytes) { return storm && bytes > 1 ? bytes / 2 : bytes; }
} // namespace faults

using namespace faults;

extern "C" {
int __real_open(const char *, int, ...);
int __real_openat(int, const char *, int, ...);
int __real___openat_2(int, const char *, int);
int __real_close(int);
int __real_fstat(int, struct stat *);
int __real_fstatat(int, const char *, struct stat *, int);
int __real_flock(int, int);
int __real_fsync(int);
int __real_fdatasync(int);
int __real_ftruncate(int, off_t);
int __real_fallocate(int, int, off_t, off_t);
int __real_renameat(int, const char *, int, const char *);
ssize_t __real_write(int, const void *, size_t);
ssize_t __real_pwrite(int, const void *, size_t, off_t);
ssize_t __real_pread(int, void *, size_t, off_t);

static mode_t mode_of(int flags, va_list list) { return flags & O_CREAT ? va_arg(list, mode_t) : 0; }

int __wrap_open(const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    mode_t mode = mode_of(flags, list);
    va_end(list);
    return interrupts() || fails("open", TAKES_NONE) ? -1 : __real_open(path, flags, mode);
}
int __wrap_openat(int folder, const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    mode_t mode = mode_of(flags, list);
    va_end(list);
    return interrupts() || fails("openat", flags & O_CREAT ? TAKES_ROOM : TAKES_NONE)
               ? -1
               : __real_openat(folder, path, flags, mode);
}
int __wrap___openat_2(int folder, const char *path, int flags) {
    return interrupts() || fails("openat", TAKES_NONE) ? -1 : __real___openat_2(folder, path, flags);
}
int __wrap_close(int fd) { /* closed in any case, as on Linux */
    int outcome = __real_close(fd);
    return fails("close", TAKES_NONE) ? -1 : outcome;
}
int __wrap_fstat(int fd, struct stat *info) { return fails("fstat", TAKES_NONE) ? -1 : __real_fstat(fd, info); }
int __wrap_fstatat(int folder, const char *path, struct stat *info, int flags) {
    return fails("fstatat", TAKES_NONE) ? -1 : __real_fstatat(folder, path, info, flags);
}
int __wrap_flock(int fd, int how) { return fails("flock", TAKES_NONE) ? -1 : __real_flock(fd, how); }
int __wrap_fsync(int fd) { return fails("fsync", TAKES_NONE) ? -1 : __real_fsync(fd); }
int __wrap_fdatasync(int fd) { return fails("fdatasync", TAKES_NONE) ? -1 : __real_fdatasync(fd); }
int __wrap_ftruncate(int fd, off_t bytes) { return fails("ftruncate", TAKES_NONE) ? -1 : __real_ftruncate(fd, bytes); }
int __wrap_fallocate(int fd, int how, off_t at, off_t bytes) {
    return interrupts() || fails("fallocate", TAKES_ROOM) ? -1 : __real_fallocate(fd, how, at, bytes);
}
int __wrap_renameat(int a, const char *b, int c, const char *d) {
    return fails("renameat", TAKES_NONE) ? -1 : __real_renameat(a, b, c, d);
}
ssize_t __wrap_write(int fd, const void *data, size_t n) {
    return interrupts() || fails("write", TAKES_ROOM) ? -1 : __real_write(fd, data, some(n));
}
ssize_t __wrap_pwrite(int fd, const void *data, size_t n, off_t at) {
    return interrupts() || fails("pwrite", TAKES_ROOM) ? -1 : __real_pwrite(fd, data, some(n), at);
}
ssize_t __wrap_pread(int fd, void *data, size_t n, off_t at) {
    return interrupts() || fails("pread", TAKES_NONE) ? -1 : __real_pread(fd, data, some(n), at);
}
}
