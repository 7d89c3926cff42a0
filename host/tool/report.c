/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/report.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/utf8.h"
#include "tool/options.h"
#include "tool/process.h"

static json_t *object;      /* what --json prints */
static bool progress_shown; /* the cursor stands behind a line of progress */

/* -- exit statuses ------------------------------------------------------------------------------------------------- */

static const struct {
    sable_status status;
    int exit;
    const char *family, *hint;
} statuses[] = {
    {SABLE_OK, EXIT_DONE, "none", NULL},
    {SABLE_INVALID, EXIT_REFUSED, "invalid", NULL},
    {SABLE_LEVEL, EXIT_REFUSED, "policy",
     "sable params show lists the levels of a parameter set; encrypt at a higher level or take a deeper set"},
    {SABLE_SCALE, EXIT_REFUSED, "policy", NULL},
    {SABLE_DEGREE, EXIT_REFUSED, "invalid", NULL},
    {SABLE_NO_KEY, EXIT_REFUSED, "mismatch",
     "the owner of the secret key makes evaluation keys with: sable keygen --keys DIR --for infer"},
    {SABLE_KEY_MISMATCH, EXIT_INTEGRITY, "mismatch", "sable inspect FILE shows the key id of a file"},
    {SABLE_PARAMS_MISMATCH, EXIT_INTEGRITY, "mismatch", "sable inspect FILE shows the parameter set of a file"},
    {SABLE_INSECURE, EXIT_REFUSED, "policy", NULL},
    {SABLE_BOUND, EXIT_REFUSED, "policy", NULL},
    {SABLE_DATA, EXIT_REFUSED, "malformed", NULL},
    {SABLE_FORMAT, EXIT_INTEGRITY, "malformed", NULL},
    {SABLE_IO, EXIT_ENVIRONMENT, "io", NULL},
    {SABLE_NO_MEMORY, EXIT_ENVIRONMENT, "environment", "sable doctor shows the memory that is there"},
    {SABLE_NO_DEVICE, EXIT_ENVIRONMENT, "environment", "sable doctor lists the backends of this machine"},
    {SABLE_UNSUPPORTED, EXIT_REFUSED, "invalid", NULL},
    {SABLE_LIMIT, EXIT_REFUSED, "limit", NULL},
    {SABLE_BUSY, EXIT_INTERNAL, "internal", NULL},
    {SABLE_DEVICE, EXIT_ENVIRONMENT, "environment", "sable doctor lists the backends of this machine"},
    {SABLE_INTERNAL, EXIT_INTERNAL, "internal", "this is a fault of Sable: please report it with the command line"},
};

static size_t status_row(sable_status status) {
    size_t last = sizeof statuses / sizeof *statuses - 1;
    for (size_t i = 0; i < last; i++)
        if (statuses[i].status == status) return i;
    return last;
}

int exit_status_of(sable_status status) { return statuses[status_row(status)].exit; }
const char *family_of(sable_status status) { return statuses[status_row(status)].family; }

/* -- the object ---------------------------------------------------------------------------------------------------- */

void report_value(const char *key, json_t *value) {
    if (!object) object = json_object();
    if (json_object_set_new(object, key, value ? value : json_null()) != 0) {
        fputs("sable: no memory for a report\n", stderr);
        process_end(EXIT_ENVIRONMENT);
    }
}

void report_text(const char *key, const char *value) {
    json_t *text = value ? json_string(value) : json_null();
    report_value(key, text ? text : json_string("(not UTF-8)"));
}
void report_integer(const char *key, int64_t value) { report_value(key, json_integer(value)); }
void report_number(const char *key, double value) {
    report_value(key, isfinite(value) ? json_real(value) : json_null());
}
void report_bool(const char *key, bool value) { report_value(key, json_boolean(value)); }

void report_hex(const char *key, const uint8_t *bytes, size_t count) {
    char text[129];
    if (count > 64) count = 64;
    for (size_t i = 0; i < count; i++) snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    report_text(key, text);
}

/* -- lines --------------------------------------------------------------------------------------------------------- */

void say(const char *format, ...) {
    if (settings.json || settings.quiet) return;
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

void remark(const char *format, ...) {
    if (settings.quiet) return;
    progress_end();
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void warn(const char *format, ...) {
    progress_end();
    fputs("sable: warning: ", stderr);
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void progress_text(const char *text) {
    if (settings.quiet || !isatty(STDERR_FILENO)) return;
    fprintf(stderr, "\r%s\033[K", text);
    fflush(stderr);
    progress_shown = true;
}

void progress(const char *what, uint64_t done, uint64_t total) {
    char text[256];
    snprintf(text, sizeof text, "%s %llu of %llu (%.0f %%)", what, (unsigned long long)done, (unsigned long long)total,
             total ? 100.0 * (double)done / (double)total : 100.0);
    progress_text(text);
}

void progress_end(void) {
    if (progress_shown) fputs("\r\033[K", stderr);
    progress_shown = false;
}

/* -- units --------------------------------------------------------------------------------------------------------- */

static unit_text scaled(double value, double step, const char *const *units, const char *gap) {
    unit_text t;
    size_t i = 0;
    while (value >= step * 0.9995 && units[i + 1]) {
        value /= step;
        i++;
    }
    int digits = i == 0 && value == floor(value) ? 0 : value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    snprintf(t.text, sizeof t.text, "%.*f%s%s", digits, value, *units[i] ? gap : "", units[i]);
    return t;
}

unit_text shown_bytes(uint64_t bytes) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", NULL};
    return scaled((double)bytes, 1024, units, " ");
}

unit_text shown_seconds(double seconds) {
    static const char *const small[] = {"us", "ms", NULL}, *const whole[] = {"s", NULL};
    if (seconds < 0.9995) return scaled(seconds * 1e6, 1000, small, " ");
    return scaled(seconds, 1000, whole, " ");
}

unit_text shown_rate(double per_second) {
    static const char *const units[] = {"", "k", "M", "G", NULL};
    return scaled(per_second, 1000, units, " ");
}

unit_text shown_id(const uint8_t *id) {
    unit_text t;
    for (int i = 0; i < 8; i++) snprintf(t.text + 2 * i, 3, "%02x", id[i]);
    return t;
}

/* -- the end ------------------------------------------------------------------------------------------------------- */

static int flush_output(int status) {
    errno = 0;
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == EXIT_DONE) {
        fprintf(stderr, "sable: standard output takes no more: %s\n", strerror(errno ? errno : EIO));
        return EXIT_ENVIRONMENT;
    }
    return status;
}

static void print_object(json_t *value) {
    char *text = json_dumps(value, JSON_INDENT(2));
    if (text) puts(text);
    free(text);
}

int report_done(void) {
    process_finished();
    progress_end();
    if (settings.json) {
        if (!object) object = json_object();
        print_object(object);
    }
    json_decref(object);
    object = NULL;
    return flush_output(EXIT_DONE);
}

static int complain(int status, const char *family, const char *code, const char *hint, const char *sentence) {
    progress_end();
    fprintf(stderr, "sable: %s\n", sentence);
    if (hint) fprintf(stderr, "       %s\n", hint);
    if (settings.json) {
        json_t *error = json_pack("{s:{s:s, s:s, s:s, s:s}}", "error", "family", family, "code", code, "message",
                                  sentence, "hint", hint ? hint : "");
        if (error) print_object(error);
        json_decref(error);
    }
    return flush_output(status);
}

int report_error(sable_status status, const char *sentence) {
    size_t row = status_row(status);
    if (!sentence || !*sentence) sentence = "the operation failed without a sentence";
    return complain(statuses[row].exit, statuses[row].family, sable_status_name(status), statuses[row].hint, sentence);
}

int report_usage(const char *format, ...) {
    char sentence[640];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    sable_utf8_clean(sentence);
    return complain(EXIT_USAGE, "usage", "usage", NULL, sentence);
}

double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
