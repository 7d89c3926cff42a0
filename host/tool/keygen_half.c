/* SPDX-License-Identifier: Apache-2.0 */
/* A workspace in the making. A file in it marks it as such from before its first file to behind its last, the secret; its
 * lock tells whether somebody is at it. What lies there without the mark may be somebody's own, and stays. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "io/leftovers.h"
#include "io/show.h"
#include "tool/cmd_keygen.h"
#include "tool/process.h"

#define MARK ".sable-keygen"

static sable_status busy(keygen *k) {
    return sable_fail(
        &k->s.err, SABLE_IO,
        "%s: another process makes a workspace there, or another user left one unfinished: choose another "
        "folder",
        sable_show_path(k->out).text);
}

/* *mark: the lock of a mark that nobody holds any more; negative: there is none. */
static sable_status find_mark(keygen *k, int folder, int *mark) {
    struct stat info;
    *mark = sable_claim_leftover(folder, MARK, S_IFREG);
    return *mark < 0 && fstatat(folder, MARK, &info, AT_SYMLINK_NOFOLLOW) == 0 ? busy(k) : SABLE_OK;
}

sable_status keygen_find_half(keygen *k, bool *half) {
    *half = false;
    const int folder = open(k->out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return SABLE_OK;
    int mark;
    const sable_status status = find_mark(k, folder, &mark);
    *half = mark >= 0 && !path_exists(k->w.secret);
    if (mark >= 0) close(mark);
    close(folder);
    return status;
}

static sable_status put_mark(keygen *k, int folder) {
    int old;
    SABLE_TRY(find_mark(k, folder, &old));
    if (old >= 0) {
        const char *const paths[] = {k->w.params, k->w.public_key, k->w.eval_keys};
        for (size_t i = 0; i < sizeof paths / sizeof *paths && !path_exists(k->w.secret); i++) unlink(paths[i]);
        unlinkat(folder, MARK, 0);
        close(old);
    }
    /* Known before it is there: a signal may come at any moment after. */
    char *path = path_join(k->out, MARK);
    unfinished_add(path, false);
    free(path);
    k->mark = openat(folder, MARK, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (k->mark < 0 && errno != EEXIST) {
        const int code = errno;
        return sable_fail(&k->s.err, SABLE_IO, "%s: no file can be made in it: %s", sable_show_path(k->out).text,
                          sable_show_errno(code).text);
    }
    if (k->mark < 0 || !sable_claim(folder, MARK, k->mark)) {
        unfinished_keep(); /* mark and folder are the other's now */
        return busy(k);
    }
    /* before the files, also after a power failure; a file system that cannot flush folders keeps their order */
    (void)fsync(folder);
    return SABLE_OK;
}

sable_status keygen_mark(keygen *k) {
    const int folder = open(k->out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        const int code = errno;
        return sable_fail(&k->s.err, SABLE_IO, "%s: %s", sable_show_path(k->out).text, sable_show_errno(code).text);
    }
    const sable_status status = put_mark(k, folder);
    close(folder);
    return status;
}

void keygen_unmark(keygen *k) {
    if (k->mark < 0) return;
    char *path = path_join(k->out, MARK);
    unlink(path);
    free(path);
    close(k->mark);
    k->mark = -1;
}
