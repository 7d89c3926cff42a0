/* SPDX-License-Identifier: Apache-2.0 */
#include "io/leftovers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/temp.h"

static bool still_named(int folder, const char *name, int fd) {
    struct stat opened, named;
    return fstat(fd, &opened) == 0 && fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

bool sable_claim(int folder, const char *name, int fd) {
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) return errno != EWOULDBLOCK; /* no locks here: nobody else gets one */
    return still_named(folder, name, fd);
}

int sable_claim_leftover(int folder, const char *name, unsigned type) {
    struct stat info;
    if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || (info.st_mode & S_IFMT) != type ||
        info.st_uid != geteuid() || (type == S_IFREG && info.st_nlink != 1))
        return -1;
    /* NFS turns flock into a lock that needs a descriptor for writing */
    int how = type == S_IFDIR ? O_RDONLY | O_DIRECTORY : O_RDWR;
    int fd = openat(folder, name, how | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return -1;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && still_named(folder, name, fd)) return fd;
    close(fd);
    return -1;
}

static bool is_temporary(const char *name) {
    const size_t head = sizeof SABLE_TEMP_HEAD - 1, digits = SABLE_TEMP_DIGITS;
    return strncmp(name, SABLE_TEMP_HEAD, head) == 0 && strspn(name + head, "0123456789abcdef") == digits &&
           strcmp(name + head + digits, SABLE_TEMP_TAIL) == 0;
}

void sable_remove_leftovers(int folder) {
    int own = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* reading moves a position */
    DIR *entries = own < 0 ? NULL : fdopendir(own);
    if (!entries) {
        if (own >= 0) close(own);
        return;
    }
    for (struct dirent *entry; (entry = readdir(entries));) {
        if (!is_temporary(entry->d_name)) continue;
        int fd = sable_claim_leftover(folder, entry->d_name, S_IFREG);
        if (fd < 0) continue;
        unlinkat(folder, entry->d_name, 0);
        close(fd);
    }
    closedir(entries);
}
