/* SPDX-License-Identifier: Apache-2.0 */
#include "logreg/blocks_partial.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "io/bytes.h"
#include "io/file.h"
#include "io/show.h"

enum { CHUNK = 1 << 18 };

static sable_status system_failed(const sable_partial *p, const char *what, sable_error *err) {
    int code = errno;
    return sable_fail(err, SABLE_IO, "%s: %s failed: %s", sable_show_path(p->path).text, what,
                      sable_show_errno(code).text);
}

static size_t record_bytes(const sable_partial *p) { return JOURNAL_MARK + p->payload_bytes + SABLE_HASH_BYTES; }

/* -- names and descriptors ----------------------------------------------------------------------------------------- */

static char *with_tail(const char *name, const char *tail) {
    size_t a = strlen(name), b = strlen(tail);
    char *text = malloc(a + b + 1);
    if (!text) return NULL;
    snprintf(text, a + b + 1, "%s%s", name, tail);
    return text;
}

static void close_files(sable_partial *p) {
    if (p->fd >= 0) close(p->fd);
    if (p->journal >= 0) close(p->journal);
    p->fd = p->journal = -1;
}

static void release(sable_partial *p) {
    if (!p->path) return;
    close_files(p);
    if (p->folder >= 0) close(p->folder);
    free(p->path);
    free(p->name);
    free(p->part);
    free(p->log);
    free(p->record);
    *p = (sable_partial){.folder = -1, .fd = -1, .journal = -1};
}

sable_status sable_partial_open(sable_partial *p, const char *path, sable_error *err) {
    *p = (sable_partial){.folder = -1, .fd = -1, .journal = -1};
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
        return sable_fail(err, SABLE_INVALID, "%s: names no file", sable_show_path(path).text);
    char *folder = strdup(slash ? path : ".");
    p->path = strdup(path);
    p->name = strdup(name);
    p->part = with_tail(name, ".partial");
    p->log = with_tail(name, ".partial.journal");
    sable_status status = SABLE_OK;
    if (!folder || !p->path || !p->name || !p->part || !p->log)
        status = sable_fail(err, SABLE_NO_MEMORY, "no memory for a path of %zu bytes", strlen(path));
    if (status == SABLE_OK) {
        if (slash) folder[slash == path ? 1 : slash - path] = 0; /* the root keeps its slash */
        do p->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        while (p->folder < 0 && errno == EINTR);
        if (p->folder < 0) status = system_failed(p, "opening its folder", err);
    }
    struct stat info;
    if (status == SABLE_OK && fstatat(p->folder, p->name, &info, AT_SYMLINK_NOFOLLOW) == 0) {
        if (!S_ISREG(info.st_mode))
            status = sable_fail(err, SABLE_IO, "%s: exists and is %s; name a regular file", sable_show_path(path).text,
                                S_ISLNK(info.st_mode) ? "a symbolic link" : "no regular file");
    } else if (status == SABLE_OK && errno != ENOENT) {
        status = system_failed(p, "examining it", err);
    }
    free(folder);
    if (status != SABLE_OK) {
        if (!p->path) p->path = calloc(1, 1); /* release frees by it */
        release(p);
    }
    return status;
}

/* Opens the partial file and locks it; fd stays -1 when there is none. Opened and then renamed by its finished
 * writer: looked for again. */
static sable_status open_locked(sable_partial *p, int flags, unsigned mode, sable_error *err) {
    for (int attempt = 0; attempt < 16; attempt++) {
        do p->fd = openat(p->folder, p->part, O_RDWR | O_NOFOLLOW | O_CLOEXEC | flags, (mode_t)mode);
        while (p->fd < 0 && errno == EINTR);
        if (p->fd < 0 && errno == ENOENT && !(flags & O_CREAT)) return SABLE_OK;
        if (p->fd < 0) return system_failed(p, "opening its partial file (.partial)", err);
        struct stat opened, named;
        bool locked = flock(p->fd, LOCK_EX | LOCK_NB) == 0;
        if (!locked && errno == EWOULDBLOCK) {
            close_files(p);
            return sable_fail(err, SABLE_IO,
                              "%s: another process is writing it: wait for that one, or name another file",
                              sable_show_path(p->path).text);
        }
        bool there = locked && fstatat(p->folder, p->part, &named, AT_SYMLINK_NOFOLLOW) == 0;
        if (!locked || (!there && errno != ENOENT) || fstat(p->fd, &opened) != 0) {
            sable_status status = system_failed(p, "locking its partial file", err);
            if (flags & O_EXCL) unlinkat(p->folder, p->part, 0); /* just made */
            close_files(p);
            return status;
        }
        if (there && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev) {
            if (S_ISREG(opened.st_mode)) return SABLE_OK;
            close_files(p);
            return sable_fail(err, SABLE_IO, "%s.partial: exists and is no regular file",
                              sable_show_path(p->path).text);
        }
        close_files(p);
    }
    return sable_fail(err, SABLE_IO, "%s: other processes keep writing it", sable_show_path(p->path).text);
}

static void remove_files(sable_partial *p) {
    unlinkat(p->folder, p->log, 0);
    unlinkat(p->folder, p->part, 0);
}

/* -- the journal --------------------------------------------------------------------------------------------------- */

static sable_status write_all(sable_partial *p, int fd, const void *data, size_t bytes, uint64_t at, sable_error *err) {
    const uint8_t *from = data;
    while (bytes) {
        ssize_t put = pwrite(fd, from, bytes < 1u << 30 ? bytes : 1u << 30, (off_t)at);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) {
            if (!put) errno = EIO;
            p->failed = true;
            return system_failed(p, "writing", err);
        }
        from += put;
        at += (uint64_t)put;
        bytes -= (size_t)put;
    }
    return SABLE_OK;
}

/* Never retried: after a failed flush the kernel may have dropped the pages and a second one would succeed. */
static sable_status flush(sable_partial *p, int fd, sable_error *err) {
    if (p->failed) return sable_fail(err, SABLE_IO, "%s: an earlier write failed", sable_show_path(p->path).text);
    if (fdatasync(fd) == 0) return SABLE_OK;
    p->failed = true;
    return system_failed(p, "flushing to the disk", err);
}

static sable_status start_journal(sable_partial *p, const void *setup, size_t setup_bytes, sable_error *err) {
    size_t bytes = JOURNAL_FIXED + setup_bytes + SABLE_HASH_BYTES;
    uint8_t *head = malloc(bytes);
    free(p->record);
    p->record = malloc(record_bytes(p));
    if (!head || !p->record) {
        free(head);
        return sable_fail(err, SABLE_NO_MEMORY, "%s: no memory for a journal", sable_show_path(p->path).text);
    }
    memcpy(head, JOURNAL_MAGIC, JOURNAL_MAGIC_BYTES);
    const uint32_t field[] = {JOURNAL_VERSION, (uint32_t)setup_bytes, (uint32_t)p->payload_bytes, 0};
    for (int i = 0; i < 4; i++) sable_put_u32(head + 8 + 4 * i, field[i]);
    if (setup_bytes) memcpy(head + JOURNAL_FIXED, setup, setup_bytes);
    sable_hash(p->head, head, JOURNAL_FIXED + setup_bytes);
    memcpy(head + JOURNAL_FIXED + setup_bytes, p->head, sizeof p->head);
    /* what it says is for the maker of the file only: it may tell about decrypted values */
    do p->journal = openat(p->folder, p->log, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, (mode_t)0600);
    while (p->journal < 0 && errno == EINTR);
    sable_status status =
        p->journal < 0 ? system_failed(p, "creating its journal", err) : write_all(p, p->journal, head, bytes, 0, err);
    if (status == SABLE_OK) status = flush(p, p->journal, err);
    p->journal_end = bytes;
    free(head);
    return status;
}

/* Whether the journal is one of ours: its header sound and of the shape that was asked for. */
static bool read_journal(sable_partial *p, void *setup, size_t setup_bytes) {
    size_t bytes = JOURNAL_FIXED + setup_bytes + SABLE_HASH_BYTES;
    uint8_t *head = malloc(bytes);
    bool good = head && pread(p->journal, head, bytes, 0) == (ssize_t)bytes &&
                !memcmp(head, JOURNAL_MAGIC, JOURNAL_MAGIC_BYTES) && sable_get_u32(head + 8) == JOURNAL_VERSION &&
                sable_get_u32(head + 12) == setup_bytes && sable_get_u32(head + 16) == p->payload_bytes &&
                sable_get_u32(head + 20) == 0;
    if (good) {
        sable_hash(p->head, head, JOURNAL_FIXED + setup_bytes);
        good = !memcmp(p->head, head + JOURNAL_FIXED + setup_bytes, sizeof p->head);
        memcpy(setup, head + JOURNAL_FIXED, setup_bytes);
    }
    free(head);
    p->journal_end = bytes;
    return good;
}

static void record_check(const sable_partial *p, uint8_t check[SABLE_HASH_BYTES]) {
    sable_hash_state state;
    sable_hash_init(&state);
    sable_hash_update(&state, p->head, sizeof p->head);
    sable_hash_update(&state, p->record, JOURNAL_MARK + p->payload_bytes);
    sable_hash_final(&state, check);
}

/* -- the life of a file -------------------------------------------------------------------------------------------- */

/* Ours: empty, or with a journal beside it, whose head is on the disk before the first byte of the partial file. */
static bool disposable(const sable_partial *p) {
    struct stat info;
    if (fstat(p->fd, &info) == 0 && info.st_size == 0) return true;
    char start[JOURNAL_MAGIC_BYTES];
    int log = openat(p->folder, p->log, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool ours = log >= 0 && pread(log, start, sizeof start, 0) == (ssize_t)sizeof start &&
                memcmp(start, JOURNAL_MAGIC, JOURNAL_MAGIC_BYTES) == 0;
    if (log >= 0) close(log);
    return ours;
}

sable_status sable_partial_start(sable_partial *p, unsigned mode, const void *setup, size_t setup_bytes,
                                 size_t payload_bytes, sable_error *err) {
    if (p->fd < 0) SABLE_TRY(open_locked(p, 0, 0, err));
    if (p->fd >= 0 && !disposable(p)) {
        close_files(p);
        return sable_fail(err, SABLE_IO, "%s.partial exists and is no unfinished file of Sable: move it away",
                          sable_show_path(p->path).text);
    }
    remove_files(p);
    close_files(p);
    SABLE_TRY(open_locked(p, O_CREAT | O_EXCL, mode, err));
    p->begin = p->end = 0;
    p->payload_bytes = payload_bytes;
    p->recorded = setup != NULL;
    sable_hash_init(&p->hash);
    return start_journal(p, setup, setup_bytes, err);
}

sable_status sable_partial_continue(sable_partial *p, unsigned mode, void *setup, size_t setup_bytes,
                                    size_t payload_bytes, bool *found, sable_error *err) {
    *found = false;
    SABLE_TRY(open_locked(p, 0, 0, err));
    if (p->fd < 0) return SABLE_OK;
    p->payload_bytes = payload_bytes;
    do p->journal = openat(p->folder, p->log, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    while (p->journal < 0 && errno == EINTR);
    struct stat info, log;
    /* somebody else's files are not continued, nor private ones that others could read */
    bool ours = p->journal >= 0 && fstat(p->fd, &info) == 0 && fstat(p->journal, &log) == 0 && S_ISREG(log.st_mode) &&
                info.st_uid == geteuid() && log.st_uid == geteuid() && info.st_nlink == 1 && log.st_nlink == 1 &&
                !(info.st_mode & 07777 & ~mode) && !(log.st_mode & 077);
    if (!ours || !read_journal(p, setup, setup_bytes))
        return SABLE_OK; /* start removes it, under the lock that is held */
    p->record = malloc(record_bytes(p));
    if (!p->record)
        return sable_fail(err, SABLE_NO_MEMORY, "%s: no memory for a journal", sable_show_path(p->path).text);
    p->begin = p->end = 0;
    p->recorded = true;
    *found = true;
    return SABLE_OK;
}

static sable_status hash_piece(sable_partial *p, uint64_t begin, uint64_t end, uint8_t digest[SABLE_HASH_BYTES],
                               sable_error *err) {
    uint8_t *chunk = malloc(CHUNK);
    if (!chunk) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a read buffer");
    sable_hash_state state;
    sable_hash_init(&state);
    sable_status status = SABLE_OK;
    for (uint64_t step; begin < end && status == SABLE_OK; begin += step) {
        step = end - begin < CHUNK ? end - begin : CHUNK;
        status = sable_file_read_at(p->fd, p->path, chunk, step, begin, err);
        if (status == SABLE_OK) sable_hash_update(&state, chunk, (size_t)step);
    }
    sable_hash_final(&state, digest);
    free(chunk);
    return status;
}

sable_status sable_partial_next(sable_partial *p, uint8_t digest[SABLE_HASH_BYTES], void *payload, bool *more,
                                sable_error *err) {
    uint8_t check[SABLE_HASH_BYTES];
    size_t bytes = record_bytes(p);
    *more = false;
    if (pread(p->journal, p->record, bytes, (off_t)p->journal_end) != (ssize_t)bytes) return SABLE_OK;
    record_check(p, check);
    uint64_t begin = sable_get_u64(p->record), end = sable_get_u64(p->record + 8);
    struct stat info;
    if (memcmp(check, p->record + bytes - sizeof check, sizeof check) || begin < p->end || end <= begin ||
        fstat(p->fd, &info) != 0 || end > (uint64_t)info.st_size)
        return SABLE_OK;
    SABLE_TRY(hash_piece(p, begin, end, check, err));
    if (memcmp(check, p->record + 16, sizeof check)) return SABLE_OK;
    memcpy(digest, check, sizeof check);
    if (payload) memcpy(payload, p->record + JOURNAL_MARK, p->payload_bytes);
    p->end = end;
    p->journal_end += bytes;
    *more = true;
    return SABLE_OK;
}

sable_status sable_partial_settle(sable_partial *p, sable_error *err) {
    if (ftruncate(p->journal, (off_t)p->journal_end) != 0 || ftruncate(p->fd, (off_t)p->end) != 0)
        return system_failed(p, "shortening its partial file", err);
    sable_partial_seek(p, p->end);
    return SABLE_OK;
}

sable_status sable_partial_reserve(sable_partial *p, uint64_t bytes, sable_error *err) {
    int outcome;
    do outcome = fallocate(p->fd, 0, 0, (off_t)bytes);
    while (outcome && errno == EINTR);
    /* only refusals that mean "no room" count: file systems without this call still work */
    if (outcome && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)) {
        int code = errno;
        return sable_fail(err, SABLE_IO, "%s: no room for %" PRIu64 " bytes: %s", sable_show_path(p->path).text, bytes,
                          sable_show_errno(code).text);
    }
    return SABLE_OK;
}

void sable_partial_seek(sable_partial *p, uint64_t offset) {
    p->begin = p->end = offset;
    sable_hash_init(&p->hash);
}

sable_status sable_partial_write(sable_partial *p, const void *data, size_t bytes, sable_error *err) {
    const uint8_t *from = data;
    for (size_t step; bytes; from += step, bytes -= step, p->end += step) { /* hashed and written while in the cache */
        step = bytes < CHUNK ? bytes : CHUNK;
        sable_hash_update(&p->hash, from, step);
        SABLE_TRY(write_all(p, p->fd, from, step, p->end, err));
    }
    return SABLE_OK;
}

sable_status sable_partial_checkpoint(sable_partial *p, const void *payload, uint8_t digest[SABLE_HASH_BYTES],
                                      sable_error *err) {
    uint8_t hash[SABLE_HASH_BYTES];
    sable_hash_final(&p->hash, hash);
    if (digest) memcpy(digest, hash, sizeof hash);
    if (p->recorded) {
        SABLE_TRY(flush(p, p->fd, err));
        sable_put_u64(p->record, p->begin);
        sable_put_u64(p->record + 8, p->end);
        memcpy(p->record + 16, hash, sizeof hash);
        if (p->payload_bytes) memcpy(p->record + JOURNAL_MARK, payload, p->payload_bytes);
        record_check(p, p->record + JOURNAL_MARK + p->payload_bytes);
        SABLE_TRY(write_all(p, p->journal, p->record, record_bytes(p), p->journal_end, err));
        SABLE_TRY(flush(p, p->journal, err));
        p->journal_end += record_bytes(p);
    }
    sable_partial_seek(p, p->end);
    return SABLE_OK;
}

sable_status sable_partial_write_at(sable_partial *p, const void *data, size_t bytes, uint64_t offset,
                                    sable_error *err) {
    return write_all(p, p->fd, data, bytes, offset, err);
}

sable_status sable_partial_commit(sable_partial *p, sable_error *err) {
    sable_status status = flush(p, p->fd, err);
    if (status == SABLE_OK && fsync(p->fd) != 0) status = system_failed(p, "flushing to the disk", err);
    if (status == SABLE_OK && renameat(p->folder, p->part, p->folder, p->name) != 0)
        status = system_failed(p, "renaming the finished file", err);
    if (status != SABLE_OK) return status;
    /* EINVAL: a file system that cannot flush folders orders the rename by itself */
    if (fsync(p->folder) && errno != EINVAL && errno != EROFS)
        status = system_failed(p, "the file is in place, but flushing its folder to the disk", err);
    unlinkat(p->folder, p->log, 0);
    release(p);
    return status;
}

void sable_partial_abort(sable_partial *p) {
    if (p->path && p->fd >= 0) remove_files(p); /* without the lock they are another process's */
    release(p);
}

void sable_partial_suspend(sable_partial *p) { release(p); }
