/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "io/show.h"
#include "io/temp.h"
#include "tool/report.h"

enum { UNFINISHED_MOST = 64, PATH_BYTES = 4096 };

/* Written by the program, read by the signal handler: an entry is complete before the count says so. */
static struct {
    char path[PATH_BYTES];
    bool folder;
} unfinished[UNFINISHED_MOST];
static volatile sig_atomic_t unfinished_count;

void unfinished_add(const char *path, bool folder) {
    int at = unfinished_count;
    if (at == UNFINISHED_MOST || strlen(path) >= PATH_BYTES) return; /* left behind in the worst case, never lost */
    memcpy(unfinished[at].path, path, strlen(path) + 1);
    unfinished[at].folder = folder;
    unfinished_count = at + 1;
}

/* Only calls that are allowed in a signal handler. */
void unfinished_remove(void) {
    for (int i = unfinished_count - 1; i >= 0; i--) {
        if (unfinished[i].folder)
            rmdir(unfinished[i].path);
        else
            unlink(unfinished[i].path);
    }
    unfinished_count = 0;
}

void unfinished_keep(void) { unfinished_count = 0; }

sable_status make_folder(const char *path, unsigned mode, sable_error *err) {
    struct stat info;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) return SABLE_OK;
    unfinished_add(path, true);
    if (mkdir(path, (mode_t)mode) == 0) return SABLE_OK;
    int code = errno;
    unfinished_count--;
    return sable_fail(err, SABLE_IO, "%s: cannot make the folder: %s", sable_show_path(path).text,
                      sable_show_errno(code).text);
}

/* -- signals ------------------------------------------------------------------------------------------------------- */

/* Temporaries are open and carry a name of host/io/temp.h: descriptors tell which are ours, without a register. */
static void remove_temporaries(void) {
    static const char head[] = "/" SABLE_TEMP_HEAD, tail[] = SABLE_TEMP_TAIL;
    enum { DESCRIPTORS = 256, NAME = sizeof head - 1 + SABLE_TEMP_DIGITS + sizeof tail - 1 };
    char link[] = "/proc/self/fd/000", path[PATH_BYTES];
    for (int fd = 3; fd < DESCRIPTORS; fd++) {
        char *digit = link + sizeof "/proc/self/fd/" - 1;
        int count = 0;
        if (fd >= 100) digit[count++] = (char)('0' + fd / 100);
        if (fd >= 10) digit[count++] = (char)('0' + fd / 10 % 10);
        digit[count++] = (char)('0' + fd % 10);
        digit[count] = 0;
        ssize_t length = readlink(link, path, sizeof path - 1);
        if (length < NAME) continue;
        path[length] = 0;
        const char *name = path + length - NAME;
        if (memcmp(name, head, sizeof head - 1) == 0 &&
            memcmp(path + length - (sizeof tail - 1), tail, sizeof tail - 1) == 0)
            unlink(path);
    }
}

/* The process that works for this one; 0: none. */
static volatile sig_atomic_t child;

pid_t process_fork(void) {
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before); /* a signal finds the child or comes before there is one */
    pid_t pid = fork();
    child = pid > 0 ? (sig_atomic_t)pid : 0;
    int code = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = code;
    return pid;
}

int process_wait(pid_t pid) {
    siginfo_t info;
    while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) continue;
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before); /* its number may be another's as soon as it is waited for */
    int ended = 0;
    waitpid(pid, &ended, 0);
    child = 0;
    sigprocmask(SIG_SETMASK, &before, NULL);
    return ended;
}

static volatile sig_atomic_t finished;

void process_finished(void) { finished = 1; }

static void on_signal(int number) {
    if (finished == 1) {
        finished = 2;
        return;
    }
    if (child) { /* it removes its temporaries, and writes nothing behind the removal below */
        kill((pid_t)child, number);
        while (waitpid((pid_t)child, NULL, 0) < 0 && errno == EINTR) continue;
    }
    remove_temporaries();
    unfinished_remove();
    _exit(128 + number); /* the kernel clears memory, locked pages included */
}

/* -- exits ---------------------------------------------------------------------------------------------------------- */

static bool leaving;

void process_leave(void) { leaving = true; }

void process_end(int status) {
    remove_temporaries();
    unfinished_remove();
    leaving = true;
    exit(status);
}

static void on_exit_of_others(void) {
    if (leaving) return;
    remove_temporaries();
    unfinished_remove();
    _exit(report_error(SABLE_NO_MEMORY,
                       "a library ended this command, most likely because the system gave it no thread or no memory: "
                       "--threads 1 needs least, or raise the limits (ulimit -v, ulimit -u)"));
}

void process_setup(void) {
    if (atexit(on_exit_of_others) != 0) _exit(3);
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) < 0) _exit(3);
    struct sigaction action = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGXFSZ, &action, NULL);
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART; /* for the one that is let pass */
    sigfillset(&action.sa_mask);
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct sigaction before;
        /* What the parent ignores (nohup) stays ignored. */
        if (sigaction(ends[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) sigaction(ends[i], &action, NULL);
    }
}

void harden_process(void) {
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
