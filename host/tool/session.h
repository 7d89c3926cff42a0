/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_SESSION_H
#define SABLE_TOOL_SESSION_H
/* Parameters, context and queue of one command, from the settings. Functions of the tool return a sable_status and
 * leave the sentence in session.err; calls that report through the queue are wrapped in via_queue. */
#include "base/fail.h"
#include "cpu/tally.h"
#include "sable/sable.h"
#include "tool/process.h"

typedef struct session {
    sable_params *params;
    sable_ctx *ctx;
    sable_queue *queue;
    sable_params_info info;
    double opening; /* seconds that session_plan took, or session_open */
    sable_error err;
} session;

/* A shipped name or a file. Everything is NULL again after a failure. */
sable_status session_open(session *s, const char *params_name_or_path);
/* The same, but what is called on its queue is counted and not done (cpu/tally.h): all checks, no work, no memory.
 * session_open is this with --dry-run. */
sable_status session_plan(session *s, const char *params_name_or_path);
/* session_open for parameters that are there; they are copied and stay the caller's. */
sable_status session_open_params(session *s, const sable_params *params);
/* session_plan likewise. */
sable_status session_plan_params(session *s, const sable_params *params);
/* What the calls on a planning session have counted so far. */
sable_tally *session_tally(const session *s);
/* The parameters and their description only: no tables are built. */
sable_status session_load_params(session *s, const char *params_name_or_path);
void session_close(session *s);
/* Most that the backend held at a time, in bytes. */
uint64_t session_peak(const session *s);
/* Says, once a process, why the library chose cpu where it was to choose. */
void tell_backend(const sable_ctx_info *info);
/* Copies the queue's sentence to s->err when status is a failure; returns status. */
sable_status via_queue(session *s, sable_status status);

#endif
