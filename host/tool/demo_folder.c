/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of a demonstration, one folder in it for each role. A temporary one holds a secret key: it goes when the
 * demonstration ends, is interrupted, or, if it was killed, when the next one begins. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/leftovers.h"
#include "io/show.h"
#include "tool/cmd_infer_memory.h"
#include "tool/demo.h"
#include "tool/disk.h"
#include "tool/process.h"
#include "tool/workspace.h"

#define FOLDER_HEAD   ".sable-demo-"
#define FOLDER_RANDOM "XXXXXX"

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *where) {
    (void)info, (void)kind, (void)where;
    remove(path);
    return 0;
}

static bool is_temporary(const char *name) {
    return strncmp(name, FOLDER_HEAD, sizeof FOLDER_HEAD - 1) == 0 &&
           strlen(name) == sizeof FOLDER_HEAD FOLDER_RANDOM - 1;
}

static void remove_leftovers(const char *base) {
    DIR *entries = opendir(base);
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        const char *name = entry->d_name;
        if (!is_temporary(name)) continue;
        int lock = sable_claim_leftover(dirfd(entries), name, S_IFDIR);
        struct stat info;
        if (lock >= 0 && fstat(lock, &info) == 0 && (info.st_mode & 07777) == 0700) {
            char *path = path_join(base, name);
            nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
            free(path);
        }
        if (lock >= 0) close(lock);
    }
    if (entries) closedir(entries);
}

/* A folder that no other process takes for a leftover as long as this one lives. */
static sable_status make_temporary(demo *d, const char *base) {
    remove_leftovers(base);
    for (int attempt = 0; attempt < 16; attempt++) {
        d->folder = path_join(base, FOLDER_HEAD FOLDER_RANDOM);
        if (!mkdtemp(d->folder)) break;
        d->lock = open(d->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (d->lock >= 0 && sable_claim(AT_FDCWD, d->folder, d->lock)) return SABLE_OK;
        if (d->lock >= 0) close(d->lock);
        d->lock = -1;
        rmdir(d->folder);
        free(d->folder);
        d->folder = NULL;
        errno = EBUSY;
    }
    int code = errno;
    free(d->folder);
    d->folder = NULL;
    return sable_fail(&d->err, SABLE_IO, "%s: no temporary folder in it: %s", sable_show_path(base).text,
                      sable_show_errno(code).text);
}

/* A signal may end the program: a temporary folder must not stay behind with a secret key in it. */
static void enter_unfinished(const demo *d) {
    static const char *const paths[] = {"data-owner/keys/",
                                        "data-owner/keys/secret/",
                                        "data-owner/keys/public/",
                                        "data-owner/keys/eval/",
                                        "data-owner/samples.csv",
                                        "data-owner/standardisation.json",
                                        "data-owner/samples.sable",
                                        "data-owner/plain.results",
                                        "data-owner/encrypted.results",
                                        "data-owner/plain.csv",
                                        "data-owner/encrypted.csv",
                                        "data-owner/samples.sable.rows.csv",
                                        "model-owner/model.json",
                                        "model-owner/model.sable",
                                        "model-owner/keys/",
                                        "model-owner/keys/public/",
                                        "evaluator/model.json",
                                        "evaluator/model.sable",
                                        "evaluator/samples.sable",
                                        "evaluator/keys.sable",
                                        "evaluator/params.json",
                                        "evaluator/plain.results",
                                        "evaluator/encrypted.results",
                                        "data-owner/keys/secret/secret.key",
                                        "evaluator/compare.tmp",
                                        "data-owner/keys/eval/keys.sable",
                                        "data-owner/keys/public/public.key",
                                        "data-owner/keys/public/params.json",
                                        "model-owner/keys/public/public.key",
                                        "model-owner/keys/public/params.json"};
    static const char *const streams[] = {"data-owner/samples.sable", "evaluator/plain.results",
                                          "evaluator/encrypted.results", "data-owner/plain.csv",
                                          "data-owner/encrypted.csv"};
    unfinished_keep(); /* the folders in the order in which they can be removed again */
    unfinished_add(d->folder, true);
    const char *const folders[] = {d->owner, d->modeller, d->evaluator};
    for (size_t i = 0; i < 3; i++) unfinished_add(folders[i], true);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char *path = path_join(d->folder, paths[i]);
        unfinished_add(path, path[strlen(path) - 1] == '/');
        free(path);
    }
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) { /* a step keeps the blocks of a long run */
        char *path = path_join(d->folder, streams[i]);
        unfinished_stream(path);
        free(path);
    }
}

static const char *own_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

sable_status demo_folder_check(demo *d) {
    sable_error *err = &d->err;
    if (!d->options.out) return SABLE_OK;
    size_t length = strlen(d->options.out);
    while (length > 1 && d->options.out[length - 1] == '/') length--;
    d->out = strndup(d->options.out, length);
    if (!d->out) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a path of %zu bytes", length);
    if (path_exists(d->out))
        return sable_fail(err, SABLE_INVALID, "--out %s: exists; a new folder is needed", sable_show_path(d->out).text);
    if (is_temporary(own_name(d->out)))
        return sable_fail(err, SABLE_INVALID,
                          "--out %s: what has such a name is removed by the next demonstration; choose another",
                          sable_show_path(d->out).text);
    return disk_check_target(d->out, err);
}

char *demo_folder_base(const demo *d) {
    const char *base = getenv("TMPDIR");
    if (!d->out) return path_join("", base && *base == '/' ? base + 1 : "tmp");
    const char *name = own_name(d->out);
    char *folder = name == d->out ? NULL : strndup(d->out, (size_t)(name - d->out)),
         *path = realpath(folder ? folder : ".", NULL);
    free(folder);
    return path ? path : path_join(".", "");
}

sable_status demo_folder_open(demo *d) {
    sable_error *err = &d->err;
    char *base = demo_folder_base(d);
    const sable_status made = make_temporary(d, base);
    free(base);
    SABLE_TRY(made);
    d->owner = path_join(d->folder, "data-owner");
    d->modeller = path_join(d->folder, "model-owner");
    d->evaluator = path_join(d->folder, "evaluator");
    const char *const folders[] = {d->owner, d->modeller, d->evaluator};
    for (size_t i = 0; i < 3; i++) SABLE_TRY(make_folder(folders[i], 0700, err));
    enter_unfinished(d);
    return SABLE_OK;
}

sable_status demo_folder_keep(demo *d) {
    if (!d->out) return SABLE_OK;
    int failed = renameat2(AT_FDCWD, d->folder, AT_FDCWD, d->out, RENAME_NOREPLACE);
    if (failed && errno == EINVAL && !path_exists(d->out)) failed = rename(d->folder, d->out); /* not on every disk */
    if (failed) {
        const int code = errno;
        return sable_fail(&d->err, SABLE_IO, "--out %s: the finished folder cannot get this name: %s",
                          sable_show_path(d->out).text, sable_show_errno(code).text);
    }
    unfinished_keep();
    free(d->folder);
    d->folder = NULL;
    return SABLE_OK;
}

void demo_folder_remove(demo *d) {
    if (d->folder) nftw(d->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    unfinished_keep();
    if (d->lock >= 0) close(d->lock);
    d->lock = -1;
    free(d->folder);
    free(d->owner);
    free(d->modeller);
    free(d->evaluator);
}
