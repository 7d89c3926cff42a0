/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_REPORT_H
#define SABLE_TOOL_REPORT_H
/* What the tool prints. For people: lines on stdout, remarks and errors on stderr. With --json: one object on stdout,
 * everything else on stderr. A command fills the object with report_*() and prints lines with say(): the one that
 * does not apply is ignored, so no command asks which mode it is in. */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "sable/status.h"

/* Exit statuses of the process. */
enum {
    EXIT_DONE = 0,
    EXIT_REFUSED = 1,     /* data values, limits, policy */
    EXIT_USAGE = 2,       /* the command line */
    EXIT_ENVIRONMENT = 3, /* no device, memory, disk or permission */
    EXIT_INTEGRITY = 4,   /* a file that is damaged or belongs to something else */
    EXIT_INTERNAL = 70
};
/* The one place that maps statuses to exit statuses. */
int exit_status_of(sable_status status);
/* The family that --json names: invalid, malformed, mismatch, limit, policy, io, environment or internal. */
const char *family_of(sable_status status);

/* -- the JSON object; keys appear in the order of the calls; values that are not finite become null ---------------- */
void report_text(const char *key, const char *value);
void report_integer(const char *key, int64_t value);
void report_number(const char *key, double value);
void report_bool(const char *key, bool value);
void report_hex(const char *key, const uint8_t *bytes, size_t count);
/* Takes over the reference of value. Arrays and inner objects are made with jansson. */
void report_value(const char *key, json_t *value);

/* -- lines --------------------------------------------------------------------------------------------------------- */
/* A line (or part of one) on stdout; nothing with --json or --quiet. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A remark on stderr; nothing with --quiet. Adds the line end. */
void remark(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A warning on stderr, also with --quiet: "sable: warning: ...". */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Progress on one line of stderr, overwritten by the next call: only on a terminal, and not with --quiet. */
void progress(const char *what, uint64_t done, uint64_t total);
void progress_text(const char *text); /* the whole line */
void progress_end(void);

/* Units, returned by value: shown_bytes(n).text is "1.25 MiB". */
typedef struct unit_text {
    char text[32];
} unit_text;
unit_text shown_bytes(uint64_t bytes);
unit_text shown_seconds(double seconds); /* "12.3 ms", "4.56 s" */
unit_text shown_rate(double per_second); /* "12.3 k", "4.56 M": a unit follows */
/* Lower-case hexadecimal of the first 8 bytes of a digest or key id. */
unit_text shown_id(const uint8_t *id);

/* -- tables: cells of one line separated by '\t' in format; columns are aligned at table_end; numbers to the right - */
void table_row(const char *format, ...) __attribute__((format(printf, 1, 2)));
void table_end(void);

/* -- the end of a command; each returns the exit status ------------------------------------------------------------ */
/* process_finished; prints the object, flushes; EXIT_ENVIRONMENT when stdout took no more. */
int report_done(void);
/* "sable: <sentence>" on stderr, and with --json {"error": {family, code, message, hint}} instead of the object. */
int report_error(sable_status status, const char *sentence);
/* The same for a wrong command line: exit status 2, family "usage". */
int report_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Seconds of a clock that only goes forward. */
double seconds_now(void);

#endif
