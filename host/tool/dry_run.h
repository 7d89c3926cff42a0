/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_DRY_RUN_H
#define SABLE_TOOL_DRY_RUN_H
/* --dry-run: what a command would take, told before anything is allocated or written.
 *
 * The command runs its own checks and one block of its own work on a planning session, where work is counted; each
 * step's count times measured prices is its time (docs/CPU_MODEL.md, cost model). One report at a time. */
#include "tool/session.h"

/* Seconds of processor time that this process took so far: of work that a dry run does itself, such as reading a table. */
double processor_seconds(void);
/* Prices are measured now, for the session's path and threads and for the disk of `out` (NULL: nothing is written);
 * opening the session is the first step. */
sable_status dry_begin(session *s, const char *out);
/* The prices alone, and the step of opening. */
sable_status dry_measure(session *s, const char *out);
void dry_open(session *s);
/* Of a command that has no session, because nothing is encrypted: prices of files and text. */
void dry_begin_clear(const char *out);
/* Seconds of so much work, at the prices of the last dry_begin. */
double dry_price(const double work[SABLE_WORKS]);
/* A step that happens `times` times: what was counted since the last one, once, plus `seconds` that were measured. */
void dry_step(session *s, const char *name, uint64_t times, double seconds);
/* A step whose time (once) is known already. */
void dry_step_seconds(const char *name, uint64_t times, double seconds);
/* Steps and files in between become one step, a process with a role, memory and files of its own. */
void dry_process_begin(void);
void dry_process_end(const char *name, const char *role, uint64_t memory, uint64_t backend);
/* What was counted since the last step counts for nothing: work that was tried again for its memory. */
void dry_forget(session *s);
/* A file that the command leaves. exact = false: at most so many bytes. */
void dry_file(const char *kind, const char *path, uint64_t bytes, bool exact);
uint64_t dry_disk_bytes(void);    /* of all files so far */
uint64_t dry_process_bytes(void); /* of those of the process that was begun */
const char *dry_target(void);     /* whose disk the prices are of */
/* Most that is held at a time, what --memory is compared with: of it in the backend. */
void dry_memory(uint64_t all, uint64_t backend);
/* Fields of the report, and the table for people. */
void dry_report(void);

/* -- counts of what the tool itself does ---------------------------------------------------------------------------- */

/* Writing bytes of a container: hashed, written, flushed so many times. */
void count_write(const session *s, double bytes, double flushes);
/* Most that this session's work held, with `held` bytes of the command's own beside it. */
uint64_t planned_memory(const session *s, uint64_t held);

#endif
