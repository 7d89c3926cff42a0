/* SPDX-License-Identifier: Apache-2.0 */
/* sable selftest: every function of a backend against the plainest path of the cpu, on this machine. */
#include <jansson.h>

#include "ckks/selftest.h"
#include "tool/commands.h"
#include "tool/options.h"
#include "tool/report.h"

typedef struct told {
    uint32_t comparisons;
    json_t *differences;
} told;

static void tell(void *context, const char *function, uint32_t log_n, const char *difference) {
    told *t = context;
    t->comparisons++;
    if (!difference) return;
    warn("%s at N = 2^%u: %s", function, log_n, difference);
    json_array_append_new(t->differences, json_pack("{s:s, s:i, s:s}", "function", function, "log_n", (int)log_n,
                                                    "difference", difference));
}

int cmd_selftest(int argc, char **argv) {
    uint32_t log_n = SABLE_SELFTEST_LOG_N_MOST;
    option table[] = {
        OPTION("log-n", U32, &log_n, "L", "largest degree 2^L (default 16)", .low = SABLE_SELFTEST_LOG_N_LEAST,
               .high = SABLE_SELFTEST_LOG_N_MOST),
        OPTION("backend", TEXT, &settings.backend, "NAME",
               "auto, cpu, cuda, cuda:1 (default: $SABLE_BACKEND, else auto)"),
        {.name = NULL},
    };
    command_line line = {
        .name = "selftest",
        .summary = "Compares every function of a backend with the plainest path of the cpu, word by word",
        .options = table,
        .notes = "Exit status 0: all words are equal; 70: some are not; 3: the backend is not there or failed."};
    int status = options_parse(&line, argc, argv);
    if (status >= 0) return status;
    told t = {0, json_array()};
    const char *name = "";
    char path[SABLE_SELFTEST_PATH] = "";
    uint32_t different = 0;
    sable_error err = {SABLE_OK, ""};
    const double start = seconds_now();
    const sable_status done = sable_selftest(settings.backend, log_n, &name, path, &different, tell, &t, &err);
    if (done != SABLE_OK) {
        json_decref(t.differences);
        return report_error(done, err.text);
    }
    report_text("backend", name);
    report_text("path", path);
    report_integer("log_n_most", log_n);
    report_integer("comparisons", t.comparisons);
    report_integer("different", different);
    report_value("differences", t.differences);
    report_number("seconds", seconds_now() - start);
    report_bool("equal", different == 0);
    say("%s (%s): %u of %u comparisons are equal word for word, N up to 2^%u, %s", name, path,
        t.comparisons - different, t.comparisons, log_n, shown_seconds(seconds_now() - start).text);
    if (different) warn("this backend computes wrong words here: do not use it, and report the device and its driver");
    status = report_done();
    return status == EXIT_DONE && different ? EXIT_INTERNAL : status;
}
