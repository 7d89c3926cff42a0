/* SPDX-License-Identifier: Apache-2.0 */
/* sable bench: times the operations of bench_cases.c and bench_infer.c on chosen parameter sets. */
#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "build_info.h"
#include "tool/bench.h"
#include "tool/commands.h"
#include "tool/dry_run.h"
#include "tool/options.h"
#include "tool/report.h"
#include "tool/session.h"

/* What did the work: "cpu", or the name that a device's path has behind its compute capability ("sm_90, NVIDIA H200"). */
static void device_name(char *name, size_t bytes, const sable_ctx_info *info) {
    const char *behind = strcmp(info->backend, "cpu") == 0 ? NULL : strstr(info->path, ", ");
    snprintf(name, bytes, "%s", behind ? behind + 2 : info->backend);
}

/* "model name" of /proc/cpuinfo; "unknown" elsewhere. */
static void cpu_name(char *name, size_t bytes) {
    snprintf(name, bytes, "unknown");
    FILE *file = fopen("/proc/cpuinfo", "r");
    if (!file) return;
    char line[256];
    while (fgets(line, sizeof line, file)) {
        char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !colon) continue;
        colon[strcspn(colon, "\n")] = 0;
        snprintf(name, bytes, "%s", colon + (colon[1] == ' ' ? 2 : 1));
        break;
    }
    fclose(file);
}

static json_t *row_json(const bench_row *r) {
    json_t *json =
        json_pack("{s:s, s:I, s:I, s:I, s:s, s:I, s:s, s:s, s:I, s:f, s:f, s:f, s:I, s:f, s:f, s:s}", "name", r->name,
                  "n", (json_int_t)r->n, "limbs", (json_int_t)r->limbs, "level", (json_int_t)r->level, "params",
                  r->params, "batch", (json_int_t)r->batch, "backend", r->backend, "path", r->path, "threads",
                  (json_int_t)r->threads, "median_us", r->median_us, "p10_us", r->p10_us, "p90_us", r->p90_us, "runs",
                  (json_int_t)r->runs, "bytes", r->bytes, "gb_per_s", r->bytes / r->median_us * 1e-3, "peer", "");
    if (r->keys) {
        json_object_set_new(json, "keys", json_integer((json_int_t)r->keys));
        json_object_set_new(json, "key_bytes", json_real(r->key_bytes));
    }
    return json;
}

typedef struct bench_choice {
    const regex_t *filter; /* NULL: all */
    double seconds;
    json_t *rows;
} bench_choice;

static sable_status run_cases(bench_env *env, const bench_case *cases, const bench_choice *choice) {
    for (const bench_case *c = cases; c->name; c++) {
        if (choice->filter && regexec(choice->filter, c->name, 0, NULL, 0) != 0) continue;
        bench_row row;
        sable_status status = bench_measure(env, c, choice->seconds, &row);
        if (status == SABLE_UNSUPPORTED) continue; /* the set has too few levels or slots for this row */
        if (status != SABLE_OK) return status;
        table_row("%s\t%s\t%u\t%u\t%u\t%.1f\t%.1f\t%.1f\t%u\t%.2f", row.name, row.params, row.n, row.limbs, row.batch,
                  row.median_us, row.p10_us, row.p90_us, row.runs, row.bytes / row.median_us * 1e-3);
        json_array_append_new(choice->rows, row_json(&row));
    }
    return SABLE_OK;
}

/* --dry-run: rows with the time that one run of each, and all of them, should take. */
static sable_status tell_cases(bench_env *env, session *s, const bench_case *cases, const bench_choice *choice) {
    for (const bench_case *c = cases; c->name; c++) {
        if (choice->filter && regexec(choice->filter, c->name, 0, NULL, 0) != 0) continue;
        bench_row row;
        double prepare[SABLE_WORKS];
        sable_status status = bench_count(env, c, prepare, &row);
        if (status == SABLE_UNSUPPORTED) continue;
        if (status != SABLE_OK) return status;
        const double once = dry_price(session_tally(s)->work), before = dry_price(prepare);
        const double fit = ceil(choice->seconds / once), runs = 2 + fmin(fmax(fit, 5), BENCH_MOST_RUNS);
        char name[80];
        snprintf(name, sizeof name, "%s %s", row.params, row.name);
        dry_step(s, name, (uint64_t)runs, before / runs);
        json_array_append_new(choice->rows, json_pack("{s:s, s:s, s:I, s:I, s:f}", "name", row.name, "params",
                                                      row.params, "limbs", (json_int_t)row.limbs, "batch",
                                                      (json_int_t)row.batch, "expected_us", 1e6 * once));
    }
    return SABLE_OK;
}

static sable_status tell_set(bench_env *env, const bench_choice *choice) {
    session s = {.params = env->params, .ctx = env->ctx, .queue = env->queue, .info = env->info, .opening = 0};
    sable_status status = dry_begin(&s, NULL);
    if (status == SABLE_OK) status = tell_cases(env, &s, bench_cases, choice);
    if (status == SABLE_OK) status = tell_cases(env, &s, bench_infer_cases, choice);
    if (status == SABLE_OK && choice->filter) status = tell_cases(env, &s, bench_train_cases, choice);
    if (status == SABLE_OK && choice->filter) status = tell_cases(env, &s, bench_matmul_cases, choice);
    if (s.err.code != SABLE_OK) env->err = s.err;
    const size_t peak = session_tally(&s)->peak;
    dry_memory(planned_memory(&s, 0), peak);
    if (status == SABLE_OK && settings.memory && peak > settings.memory)
        status = sable_fail(&env->err, SABLE_NO_MEMORY, "%s: rows take %s: --memory is %s", env->params_name,
                            shown_bytes(peak).text, shown_bytes(settings.memory).text);
    return status;
}

int cmd_bench(int argc, char **argv) {
    static const char *const default_sets[] = {"infer13", "infer14", "train15", "A40"};
    const char *filter = NULL, *path = NULL;
    text_list sets = {default_sets, sizeof default_sets / sizeof *default_sets};
    double seconds = 0.5;
    option table[] = {
        OPTION("filter", TEXT, &filter, "RE", "only rows whose name matches the extended regular expression"),
        OPTION("params", LIST, &sets, "NAMES", "parameter sets (default infer13,infer14,train15,A40)"),
        OPTION("path", TEXT, &path, "PATH", "cpu path: portable, avx2, avx512, ifma, amx (default: the best)"),
        OPTION("seconds", NUMBER, &seconds, "S", "time spent on a row, at least 5 runs (default 0.5)", .low = 0,
               .high = 3600),
        DRY_RUN_OPTION,
        {0}};
    command_line line = {
        .name = "bench", .summary = "measures operations and inference", .options = table, .common = COMMON_COMPUTE};
    int exit_status = options_parse(&line, argc, argv);
    if (exit_status >= 0) return exit_status;

    regex_t compiled;
    bench_choice choice = {NULL, seconds, json_array()};
    if (filter) {
        if (regcomp(&compiled, filter, REG_EXTENDED | REG_NOSUB) != 0) {
            json_decref(choice.rows);
            return report_usage("--filter: \"%s\" is not an extended regular expression", filter);
        }
        choice.filter = &compiled;
    }
    char cpu[128], device[96] = "cpu", date[32];
    cpu_name(cpu, sizeof cpu);
    time_t now = time(NULL);
    struct tm utc;
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));

    if (!settings.dry_run) table_row("row\tparams\tN\tlimbs\tbatch\tmedian us\tp10\tp90\truns\tGB/s");
    sable_status status = SABLE_OK;
    bench_env env;
    for (uint32_t i = 0; i < sets.count && status == SABLE_OK; i++) {
        sable_ctx_options options = {sizeof options, settings.backend, path, settings.threads, settings.memory};
        status = bench_env_open(&env, sets.item[i], &options, settings.dry_run);
        if (status == SABLE_OK) tell_backend(&env.ctx_info);
        if (status == SABLE_OK) device_name(device, sizeof device, &env.ctx_info);
        if (status == SABLE_OK && settings.dry_run) status = tell_set(&env, &choice);
        if (status == SABLE_OK && !settings.dry_run) status = run_cases(&env, bench_cases, &choice);
        if (status == SABLE_OK && !settings.dry_run) status = run_cases(&env, bench_infer_cases, &choice);
        if (status == SABLE_OK && !settings.dry_run && filter) status = run_cases(&env, bench_train_cases, &choice);
        if (status == SABLE_OK && !settings.dry_run && filter) status = run_cases(&env, bench_matmul_cases, &choice);
        if (status != SABLE_OK) exit_status = report_error(status, bench_error(&env));
        bench_env_close(&env);
    }
    table_end();
    if (filter) regfree(&compiled);
    if (status != SABLE_OK) {
        json_decref(choice.rows);
        return exit_status;
    }
    if (settings.dry_run) {
        dry_report();
        report_value("rows", choice.rows);
        return report_done();
    }
    const bool apart = strcmp(device, "cpu") != 0; /* from the processor */
    say("%s%s%s, %s, commit %s\n", apart ? device : "", apart ? ", " : "", cpu, date, SABLE_BUILD_COMMIT);
    report_text("device", device);
    report_text("cpu", cpu);
    report_text("commit", SABLE_BUILD_COMMIT);
    report_text("date", date);
    report_value("rows", choice.rows);
    return report_done();
}
