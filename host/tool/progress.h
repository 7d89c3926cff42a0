/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_PROGRESS_H
#define SABLE_TOOL_PROGRESS_H
/* How far a long command is: one line on the terminal, rewritten at most ten times a second, or with --progress=json a
 * JSON object a line on stderr, {"stage", "done", "total", "per_s", "eta_s"}, for machines. Silent when stderr is no
 * terminal, and with --quiet, unless JSON was asked for. (progress() of report.h is for things that take seconds.) */
#include <stdint.h>

extern const char *const progress_words[]; /* auto, json, none */
extern uint32_t progress_style;            /* index into them */
#define PROGRESS_OPTION                                \
    OPTION("progress", CHOICE, &progress_style, "HOW", \
           "auto (default: on a terminal), json (lines on standard error) or none", .choices = progress_words)

/* total 0: not known. already: done by an earlier run, left out of the rate. */
void progress_stage(const char *stage, uint64_t already, uint64_t total);
void progress_to(uint64_t done);

#endif
