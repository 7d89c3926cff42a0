/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/dry_run.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client/plan.h"
#include "io/csv_text.h"
#include "tool/disk.h"
#include "tool/options.h"
#include "tool/report.h"

static struct {
    sable_prices prices;
    const char *out;
    json_t *steps, *files;
    double seconds;
    uint64_t disk, memory, backend;
    bool at_most;
    struct {
        bool open;
        double seconds;
        uint64_t bytes;
    } process;
} dry;

/* -- prices -------------------------------------------------------------------------------------------------------- */

enum { PRINTED = 256 };

static void print_numbers(void *arg) {
    sable_text *text = arg;
    sable_text_clear(text);
    for (int i = 0; i < PRINTED; i++) sable_text_number(text, (double)i / 7);
}

/* Pages that the system has in its cache, as those of the program are. */
static void read_program(void *arg) {
    static char buffer[1 << 18];
    FILE *file = fopen("/proc/self/exe", "rbe");
    size_t *got = arg;
    *got = file ? fread(buffer, 1, sizeof buffer, file) : 0;
    if (file) fclose(file);
}

double processor_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* What needs no parameter set: files and text. */
static void measure_files(const char *out) {
    double *price = dry.prices.seconds;
    size_t got = 0;
    const double read = sable_time_of(read_program, &got);
    price[SABLE_WORK_READ] = got ? read / (double)got : price[SABLE_WORK_COPY];
    sable_text text = {0};
    price[SABLE_WORK_PRINT] = sable_time_of(print_numbers, &text) / PRINTED;
    sable_text_release(&text);
    if (out && !disk_measure(out, &price[SABLE_WORK_SYNC], &price[SABLE_WORK_WRITE]))
        price[SABLE_WORK_WRITE] = price[SABLE_WORK_COPY]; /* a disk that cannot be asked: no more than memory */
}

static void begin(const char *out) {
    dry.out = out;
    if (!dry.steps) dry.steps = json_array();
    if (!dry.files) dry.files = json_array();
}

void dry_begin_clear(const char *out) {
    begin(out);
    dry.prices = (sable_prices){.speedup = 1, .threads = 1};
    measure_files(out);
}

sable_status dry_measure(session *s, const char *out) {
    begin(out);
    sable_ctx_info ctx = {.struct_size = sizeof ctx};
    SABLE_TRY(sable_ctx_describe(s->ctx, &ctx));
    const sable_backend_options options = {.struct_size = sizeof options, .path = ctx.path, .threads = ctx.threads};
    SABLE_TRY(sable_prices_measure(&dry.prices, s->params, &options, &s->err));
    SABLE_TRY(sable_client_prices_measure(&dry.prices, s->ctx, &s->err));
    measure_files(out);
    return SABLE_OK;
}

/* Tables are counted, the rest took its time now. */
void dry_open(session *s) {
    const double primes = s->info.q_count + s->info.p_count;
    session_tally(s)->work[SABLE_WORK_TABLE] += primes * 4 * (2.0 * s->info.slots);
    dry_step(s, "open", 1, s->opening);
}

sable_status dry_begin(session *s, const char *out) {
    SABLE_TRY(dry_measure(s, out));
    dry_open(s);
    return SABLE_OK;
}

double dry_price(const double work[SABLE_WORKS]) { return sable_price_sum(&dry.prices, work); }

/* -- what the command would do ------------------------------------------------------------------------------------- */

void dry_forget(session *s) { memset(session_tally(s)->work, 0, sizeof session_tally(s)->work); }

void dry_step_seconds(const char *name, uint64_t times, double seconds) {
    const double all = (double)times * seconds;
    if (dry.process.open) {
        dry.process.seconds += all;
        return;
    }
    dry.seconds += all;
    json_array_append_new(dry.steps,
                          json_pack("{s:s, s:I, s:f}", "name", name, "times", (json_int_t)times, "seconds", all));
}

void dry_step(session *s, const char *name, uint64_t times, double seconds) {
    const double once = sable_price_sum(&dry.prices, session_tally(s)->work) + seconds;
    dry_forget(s);
    dry_step_seconds(name, times, once);
}

void dry_process_begin(void) {
    dry.process.open = true;
    dry.process.seconds = 0;
    dry.process.bytes = 0;
}

void dry_process_end(const char *name, const char *role, uint64_t memory, uint64_t backend) {
    dry.process.open = false;
    dry.seconds += dry.process.seconds;
    dry_memory(memory, backend);
    json_array_append_new(dry.steps,
                          json_pack("{s:s, s:s, s:i, s:f, s:I, s:I, s:I}", "name", name, "role", role, "times", 1,
                                    "seconds", dry.process.seconds, "bytes", (json_int_t)dry.process.bytes,
                                    "memory_bytes", (json_int_t)memory, "backend_bytes", (json_int_t)backend));
}

void dry_file(const char *kind, const char *path, uint64_t bytes, bool exact) {
    dry.disk += bytes;
    dry.process.bytes += bytes;
    dry.at_most |= !exact;
    json_array_append_new(dry.files, json_pack("{s:s, s:s, s:I, s:b}", "kind", kind, "path", path, "bytes",
                                               (json_int_t)bytes, "exact", exact));
}

uint64_t dry_disk_bytes(void) { return dry.disk; }
uint64_t dry_process_bytes(void) { return dry.process.bytes; }
const char *dry_target(void) { return dry.out; }

void dry_memory(uint64_t all, uint64_t backend) {
    if (all > dry.memory) dry.memory = all;
    if (backend > dry.backend) dry.backend = backend;
}

void count_write(const session *s, double bytes, double flushes) {
    double *work = session_tally(s)->work;
    work[SABLE_WORK_COPY] += bytes;
    work[SABLE_WORK_DIGEST] += bytes;
    work[SABLE_WORK_WRITE] += bytes;
    work[SABLE_WORK_SYNC] += flushes;
}

uint64_t planned_memory(const session *s, uint64_t held) { return session_tally(s)->total_peak + held; }

/* -- the report ---------------------------------------------------------------------------------------------------- */

static unit_text shown_field(const json_t *entry, const char *key) {
    return shown_bytes((uint64_t)json_integer_value(json_object_get(entry, key)));
}

/* Of one process, or of several that each have a role, memory and files of their own. */
static void show_steps(void) {
    const bool roles = json_object_get(json_array_get(dry.steps, 0), "role") != NULL;
    table_row(roles ? "step\trole, process\tabout\tmemory\twritten" : "step\ttimes\tabout");
    size_t i;
    json_t *entry;
    json_array_foreach(dry.steps, i, entry) {
        const char *name = json_string_value(json_object_get(entry, "name"));
        const unit_text seconds = shown_seconds(json_number_value(json_object_get(entry, "seconds")));
        if (roles)
            table_row("%s\t%s\t%s\t%s\t%s", name, json_string_value(json_object_get(entry, "role")), seconds.text,
                      shown_field(entry, "memory_bytes").text, shown_field(entry, "bytes").text);
        else
            table_row("%s\t%lld\t%s", name, (long long)json_integer_value(json_object_get(entry, "times")),
                      seconds.text);
    }
    table_end();
}

void dry_report(void) {
    uint64_t available = 0;
    const bool told = dry.out && disk_available(&available, dry.out);
    report_bool("dry_run", true);
    report_integer("memory_bytes", (int64_t)dry.memory);
    report_integer("backend_bytes", (int64_t)dry.backend);
    report_integer("disk_bytes", (int64_t)dry.disk);
    report_bool("disk_bytes_exact", !dry.at_most);
    report_value("disk_available_bytes", told ? json_integer((json_int_t)available) : json_null());
    report_number("seconds", dry.seconds);
    report_text("path", *dry.prices.path ? dry.prices.path : NULL);
    report_integer("threads", dry.prices.threads);

    show_steps();
    size_t i;
    json_t *entry;
    json_array_foreach(dry.files, i, entry) {
        const bool exact = json_is_true(json_object_get(entry, "exact"));
        table_row("%s\t%s%s\t%s", json_string_value(json_object_get(entry, "kind")), exact ? "" : "at most ",
                  shown_field(entry, "bytes").text, json_string_value(json_object_get(entry, "path")));
    }
    table_end();
    const bool encrypted = *dry.prices.path;
    say("time    about %s on %u thread%s%s%s%s", shown_seconds(dry.seconds).text, dry.prices.threads,
        dry.prices.threads == 1 ? "" : "s", encrypted ? " (" : "", dry.prices.path, encrypted ? ")" : "");
    say("memory  %s%s", shown_bytes(dry.memory).text,
        settings.memory ? ", within --memory"
        : encrypted     ? " of ciphertexts, keys and scratch"
                        : " of values in the clear");
    if (told)
        say("disk    %s%s of %s free", dry.at_most ? "at most " : "", shown_bytes(dry.disk).text,
            shown_bytes(available).text);
    else if (dry.out)
        say("disk    %s%s", dry.at_most ? "at most " : "", shown_bytes(dry.disk).text);
    say("nothing was made: this was a dry run");
    report_value("steps", dry.steps);
    report_value("files", dry.files);
}
