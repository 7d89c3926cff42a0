/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_PROCESS_H
#define SABLE_TOOL_PROCESS_H
/* What the process does to itself, and what it leaves behind when it ends early. */
#include <stdbool.h>
#include <sys/types.h>

#include "sable/status.h"

/* Before anything else: closed standard streams are replaced (a data file must not become descriptor 1), SIGPIPE and
 * SIGXFSZ become errors of write, SIGINT, SIGTERM and SIGHUP remove unfinished files and end with 128 + signal. A library
 * that calls exit (OpenMP's, when the system starts no thread) ends with a sentence of the environment and the same. */
void process_setup(void);
/* The last call of main: what exits from here on is main. */
void process_leave(void);
/* Ends at once, with what was said before; unfinished files are removed. */
_Noreturn void process_end(int status);

/* Commands that touch a secret: no core dumps, no debugger. */
void harden_process(void);

/* Files and folders of a command that stay only if all of it succeeds. Entered before they are made, so that a signal
 * finds them at any moment, and only if they are not there yet. Removed, the last first, by unfinished_remove and by a
 * signal; temporaries of host/io need no entry. The path is copied. */
void unfinished_add(const char *path, bool folder);
void unfinished_remove(void);
void unfinished_keep(void); /* the command succeeded */

/* The results stand; what is left is to report and to clean up. One signal is let pass from here on; a second one
 * ends the process (output that nobody takes). keygen calls it while its files are still entered as unfinished, so that its status of
 * 128 + signal means that no keys are there; commands that rename a finished file first have a moment between the two. */
void process_finished(void);

/* fork, and the wait for its end (a status of waitpid). A signal that ends this process in between ends the child first,
 * so that what the child was writing is found and removed. One child at a time. */
pid_t process_fork(void);
int process_wait(pid_t pid);

/* mkdir; a folder that is there already is accepted. New ones are entered as unfinished. */
sable_status make_folder(const char *path, unsigned mode, sable_error *err);

#endif
