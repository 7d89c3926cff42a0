/* SPDX-License-Identifier: Apache-2.0 */
/* sable params plan: chooses the primes and scales of a new set. */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "ring/plan.h"
#include "sable/io.h"
#include "tool/cmd_params.h"
#include "tool/disk.h"
#include "tool/dry_run.h"
#include "tool/options.h"
#include "tool/report.h"
#include "tool/workspace.h"

enum { STEPS_MOST = 64, COUNT_MOST = 100 };

typedef struct plan {
    const char *name, *recipe, *out;
    uint32_t log_n, base, alpha, specials;
    uint64_t base_scale;
    double main_bits, base_scale_log2;
    text_list app, stc, em, cts;
    sable_plan_step step[STEPS_MOST];
    size_t steps;
} plan;

/* "8x6": six steps of 8; "8": one. */
static bool parse_run(char *value, size_t room, uint32_t *count, const char *text) {
    const char *times = strchr(text, 'x');
    size_t length = times ? (size_t)(times - text) : strlen(text);
    uint64_t n = 1;
    if (length == 0 || length >= room || (times && !parse_u64(&n, times + 1)) || n < 1 || n > COUNT_MOST) return false;
    memcpy(value, text, length);
    value[length] = 0;
    *count = (uint32_t)n;
    return true;
}

static int add_runs(plan *p, const char *flag, const text_list *list, sable_step_kind kind) {
    for (uint32_t i = 0; i < list->count; i++) {
        sable_plan_step step = {.kind = kind};
        char value[32];
        uint64_t units = 0;
        bool good = parse_run(value, sizeof value, &step.count, list->item[i]);
        if (good && kind == SABLE_STEP_EM)
            good = parse_double(&step.bits, value) && step.bits > 0;
        else if (good)
            good = parse_u64(&units, value) && units >= 1 && units <= 64;
        if (!good)
            return report_usage(
                "--%s: \"%.40s\" is no step: %s are needed, x and a count from 1 to %d after it if there are several",
                flag, list->item[i], kind == SABLE_STEP_EM ? "bits" : "1 to 64 units", COUNT_MOST);
        if (p->steps == STEPS_MOST) return report_usage("more than %d runs of steps", STEPS_MOST);
        step.units = (uint32_t)units;
        p->step[p->steps++] = step;
    }
    return -1;
}

static int add_cts(plan *p) {
    static const char *const words[] = {"m2", "tm", "t2"};
    static const sable_step_kind kinds[] = {SABLE_STEP_CTS_M2, SABLE_STEP_CTS_TM, SABLE_STEP_CTS_T2};
    for (uint32_t i = 0; i < p->cts.count; i++) {
        size_t k = 0;
        while (k < 3 && strcmp(words[k], p->cts.item[i]) != 0) k++;
        if (k == 3) return report_usage("--cts: \"%.40s\" is none of m2, tm, t2", p->cts.item[i]);
        if (p->steps == STEPS_MOST) return report_usage("more than %d runs of steps", STEPS_MOST);
        p->step[p->steps++] = (sable_plan_step){.kind = kinds[k], .count = 1};
    }
    return -1;
}

static int check(plan *p, const command_line *line) {
    if (p->recipe) {
        for (const option *o = line->options; o->name; o++)
            if (o->given && strcmp(o->name, "recipe") != 0 && strcmp(o->name, "out") != 0 &&
                strcmp(o->name, "dry-run") != 0)
                return report_usage("--recipe says everything: --%s does not go with it", o->name);
        return -1;
    }
    static const char *const needed[] = {"name", "log-n", "steps", "alpha", "specials"};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!option_given(line, needed[i])) return report_usage("params plan needs --%s, or --recipe NAME", needed[i]);
    int status = add_runs(p, "steps", &p->app, SABLE_STEP_APP);
    if (status < 0) status = add_runs(p, "stc", &p->stc, SABLE_STEP_STC);
    if (status < 0) status = add_runs(p, "em", &p->em, SABLE_STEP_EM);
    return status < 0 ? add_cts(p) : status;
}

static sable_status write_file(const char *path, const char *text, sable_error *err) {
    sable_atomic_file *file = NULL;
    sable_status status = sable_atomic_file_open(&file, path, 0644, err);
    if (status == SABLE_OK) status = sable_atomic_file_write(file, text, strlen(text), err);
    if (status == SABLE_OK) status = sable_atomic_file_commit(&file, err);
    sable_atomic_file_abort(&file);
    return status;
}

/* Only a plan tells what it takes, and takes milliseconds: it is made, and not written. */
static void tell_dry(const char *out, const char *text, double seconds) {
    const uint64_t bytes = out ? strlen(text) : 0;
    dry_begin_clear(out);
    dry_step_seconds("choose primes and scales", 1, seconds);
    if (out) {
        const double work[SABLE_WORKS] = {[SABLE_WORK_WRITE] = (double)bytes, [SABLE_WORK_SYNC] = 2};
        dry_step_seconds("write the file", 1, dry_price(work));
        dry_file("parameters", out, bytes, true);
    }
    dry_memory(bytes, 0);
    dry_report();
}

static sable_status make(plan *p, sable_error *err) {
    const double start = processor_seconds();
    sable_params *params = NULL;
    if (p->out) SABLE_TRY(disk_check_target(p->out, err));
    const sable_params_options options = {.struct_size = sizeof options, .allow_insecure = settings.allow_insecure};
    const sable_plan_spec spec = {.struct_size = sizeof spec,
                                  .name = p->name,
                                  .log_n = p->log_n,
                                  .base_units = p->base,
                                  .steps = p->step,
                                  .step_count = p->steps,
                                  .alpha = p->alpha,
                                  .specials = p->specials,
                                  .main_bits = p->main_bits,
                                  .base_scale_log2 = p->base_scale_log2,
                                  .base_scale = p->base_scale};
    if (p->recipe)
        SABLE_TRY(sable_plan_recipe(&params, p->recipe, err));
    else
        SABLE_TRY(sable_params_plan(&params, &spec, &options, err));
    char *text = NULL;
    sable_status status = SABLE_OK;
    if (p->out) status = sable_params_write(params, &text, err);
    if (status == SABLE_OK && p->out && !settings.dry_run) status = write_file(p->out, text, err);
    if (status == SABLE_OK) status = params_report(params);
    if (status == SABLE_OK && settings.dry_run) tell_dry(p->out, text, processor_seconds() - start);
    sable_text_free(text);
    sable_params_destroy(&params);
    return status;
}

int params_plan(int argc, char **argv) {
    plan p = {.base = 10};
    option table[] = {
        OPTION("name", TEXT, &p.name, "NAME", "name of the new set"),
        OPTION("log-n", U32, &p.log_n, "K", "ring degree 2^K", .low = 10, .high = 17),
        OPTION("base", U32, &p.base, "UNITS", "size of level 0 in units of a sixth of a main prime (default 10)",
               .low = 1, .high = 64),
        OPTION("steps", LIST, &p.app, "UxC,...",
               "application levels from low to high: units each, times a count, as 8x6,10"),
        OPTION("stc", LIST, &p.stc, "UxC,...", "slot-to-coefficient levels"),
        OPTION("em", LIST, &p.em, "BITSxC,...", "levels of the modular reduction, as 59.64x8"),
        OPTION("cts", LIST, &p.cts, "KIND,...", "coefficient-to-slot levels: m2, tm or t2 each"),
        OPTION("alpha", U32, &p.alpha, "N", "primes of a key-switching digit", .low = 1, .high = 128),
        OPTION("specials", U32, &p.specials, "N", "special primes", .low = 1, .high = 24),
        OPTION("main-bits", NUMBER, &p.main_bits, "BITS", "size of the main primes (default 29.82)", .low = 20,
               .high = 30),
        OPTION("base-scale-log2", NUMBER, &p.base_scale_log2, "BITS",
               "scale of level 0 (default: that of the first step)", .low = 1, .high = 100, .group = "scale"),
        OPTION("base-scale", U64, &p.base_scale, "N", "exact scale of level 0", .low = 1, .high = 0x1p53,
               .group = "scale"),
        OPTION("recipe", TEXT, &p.recipe, "NAME", "plan the shipped set of this name anew"),
        OPTION("out", TEXT, &p.out, "FILE", "write the set to this file"),
        DRY_RUN_OPTION,
        {.name = NULL},
    };
    command_line line = {.name = "params plan",
                         .summary = "Chooses the primes and scales of a new parameter set",
                         .options = table,
                         .common = COMMON_INSECURE,
                         .notes =
                             "Levels are built from low to high: base, steps, stc, em, cts. The result is checked\n"
                             "against the security table; --allow-insecure accepts sets that fail it."};
    int status = options_parse(&line, argc, argv);
    if (status < 0) status = check(&p, &line);
    if (status < 0 && p.out) status = check_output(p.out, (const char *const[]){NULL});
    if (status < 0) {
        sable_error err = {SABLE_OK, ""};
        sable_status done = make(&p, &err);
        status = done == SABLE_OK ? report_done() : report_error(done, err.text);
    }
    return status;
}
