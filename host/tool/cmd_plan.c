/* SPDX-License-Identifier: Apache-2.0 */
/* sable plan: parameter set, keys, memory, time and precision of a circuit, before any key exists. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/show.h"
#include "sable/io.h"
#include "tool/commands.h"
#include "tool/disk.h"
#include "tool/key_plan.h"
#include "tool/options.h"
#include "tool/plan_choose.h"
#include "tool/report.h"
#include "tool/workspace.h"

typedef struct plan_command {
    plan_request request;
    plan_choice choice;
    const char *params, *out, *params_out;
    bool passes;
    sable_error err;
    json_t *plan; /* what is reported and written */
} plan_command;

/* -- the list of circuits ------------------------------------------------------------------------------------------ */

static int list_circuits(void) {
    json_t *list = json_array();
    table_row("circuit\twhat it computes\toptions");
    for (size_t i = 0; plan_circuit_at(i); i++) {
        const plan_circuit *c = plan_circuit_at(i);
        char text[256] = "";
        size_t used = 0;
        json_t *options = json_array();
        for (size_t k = 0; c->options[k]; k++) {
            const int n = snprintf(text + used, sizeof text - used, "%s--%s", k ? " " : "", c->options[k]);
            used += n > 0 && (size_t)n < sizeof text - used ? (size_t)n : 0;
            json_array_append_new(options, json_string(c->options[k]));
        }
        table_row("%s\t%s\t%s", c->name, c->summary, text);
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:o}", "name", c->name, "summary", c->summary, "options", options));
    }
    table_end();
    report_value("circuits", list);
    return report_done();
}

static int find_circuit(plan_request *r, const char *word) {
    enum { MOST = 32 };
    const char *names[MOST + 1];
    size_t count = 0;
    for (; count < MOST && plan_circuit_at(count); count++) {
        names[count] = plan_circuit_at(count)->name;
        if (strcmp(names[count], word) == 0) {
            r->circuit = (uint32_t)count;
            return -1;
        }
    }
    names[count] = NULL;
    const char *near = nearest_word(word, names);
    const sable_shown shown = sable_show_text(word, strlen(word));
    if (near) return report_usage("there is no circuit %s; did you mean %s?", shown.text, near);
    return report_usage("there is no circuit %s; sable plan lists them", shown.text);
}

/* Options before "params" are of circuits: each circuit takes some of them. */
static int check_options(const command_line *line, const plan_circuit *c) {
    for (const option *o = line->options; strcmp(o->name, "params") != 0; o++) {
        bool takes = false;
        for (size_t k = 0; c->options[k]; k++) takes |= strcmp(c->options[k], o->name) == 0;
        if (o->given && !takes)
            return report_usage("%s takes no --%s; sable plan lists what it takes", c->name, o->name);
        if (!o->given && c->needed && strcmp(c->needed, o->name) == 0)
            return report_usage("%s needs --%s", c->name, o->name);
    }
    return -1;
}

/* -- what is told -------------------------------------------------------------------------------------------------- */

static void tell(plan_command *p, const char *key, json_t *value) {
    json_object_set(p->plan, key, value);
    report_value(key, value);
}
static void tell_integer(plan_command *p, const char *key, uint64_t value) {
    tell(p, key, json_integer((json_int_t)value));
}
static void tell_text(plan_command *p, const char *key, const char *value) { tell(p, key, json_string(value)); }
static void tell_number(plan_command *p, const char *key, double value) {
    tell(p, key, isfinite(value) ? json_real(value) : json_null());
}

static json_t *count_json(const sable_op_count *n) {
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "mul", (json_int_t)n->mul, "mul_plain",
                     (json_int_t)n->mul_plain, "mul_scalar", (json_int_t)n->mul_scalar, "add", (json_int_t)n->add,
                     "rotate", (json_int_t)n->rotate, "rotate_groups", (json_int_t)n->rotate_groups, "rotate_add",
                     (json_int_t)n->rotate_add, "relinearize", (json_int_t)n->relinearize, "rescale",
                     (json_int_t)n->rescale, "adjust", (json_int_t)n->adjust);
}

/* One row: a lowering of the circuit, run once. */
static sable_status tell_pass(plan_command *p, json_t *list, const sable_circuit *circuit, const char *name,
                              const sable_lowering *o) {
    plan_trial *t = &p->choice.trial;
    sable_program *program = NULL;
    sable_key_spec *spec = NULL;
    sable_program_info info = {.struct_size = sizeof info};
    sable_op_count count;
    double seconds = 0;
    sable_status status = sable_program_create(&program, circuit, t->s.params, o, &p->err);
    if (status == SABLE_OK) status = sable_program_describe(program, &info);
    if (status == SABLE_OK) status = sable_program_count(program, -1, &count);
    if (status == SABLE_OK) status = plan_time_program(t, program, &seconds);
    if (status == SABLE_OK) {
        json_array_append_new(list,
                              json_pack("{s:s, s:I, s:f, s:I, s:I, s:o}", "off", name, "steps", (json_int_t)info.steps,
                                        "seconds", seconds, "live_bytes", (json_int_t)info.live_bytes, "input_bytes",
                                        (json_int_t)info.input_bytes, "count", count_json(&count)));
        table_row("%s\t%zu\t%u\t%s\t%s\t%s", name, info.steps, count.relinearize + count.rotate_groups,
                  shown_seconds(seconds).text, shown_bytes(info.live_bytes).text, shown_bytes(info.input_bytes).text);
    } else if (*t->s.err.text) {
        p->err = t->s.err;
    }
    sable_key_spec_destroy(&spec);
    sable_program_destroy(&program);
    return status;
}

static sable_status tell_passes(plan_command *p) {
    const plan_circuit *c = plan_circuit_at(p->request.circuit);
    plan_graph graph = {0};
    json_t *list = json_array();
    sable_status status = c->build(&graph, &p->request, p->choice.trial.s.info.slots, &p->err);
    table_row("switched off\tsteps\tdecompositions\ttime\talive\tinputs");
    const sable_lowering all = {.struct_size = sizeof all, .output_level = graph.output_level};
    sable_lowering o = all;
    if (status == SABLE_OK) status = tell_pass(p, list, graph.circuit, "nothing", &o);
    for (size_t i = 0; status == SABLE_OK && sable_pass_name(i); i++) {
        o = all;
        sable_pass_switch_off(&o, i);
        status = tell_pass(p, list, graph.circuit, sable_pass_name(i), &o);
    }
    for (size_t i = 0; sable_pass_name(i); i++) sable_pass_switch_off(&o, i);
    if (status == SABLE_OK) status = tell_pass(p, list, graph.circuit, "everything", &o);
    table_end();
    plan_graph_close(&graph);
    if (status == SABLE_OK)
        tell(p, "passes", list);
    else
        json_decref(list);
    return status;
}

static void tell_candidates(plan_command *p) {
    size_t i;
    json_t *entry;
    table_row("set\tpossible\ttime\tkeys\tmemory\tprecision");
    json_array_foreach(p->choice.candidates, i, entry) {
        const char *name = json_string_value(json_object_get(entry, "params"));
        if (json_is_false(json_object_get(entry, "possible"))) {
            table_row("%s\tno: %s", name, json_string_value(json_object_get(entry, "reason")));
            continue;
        }
        table_row("%s\tyes\t%s\t%s\t%s\t%.1f bits", name,
                  shown_seconds(json_number_value(json_object_get(entry, "seconds"))).text,
                  shown_bytes((uint64_t)json_integer_value(json_object_get(entry, "key_bytes"))).text,
                  shown_bytes((uint64_t)json_integer_value(json_object_get(entry, "memory_bytes"))).text,
                  json_number_value(json_object_get(entry, "precision_bits")));
    }
    table_end();
    tell(p, "candidates", p->choice.candidates);
    p->choice.candidates = NULL;
}

static sable_status tell_choice(plan_command *p) {
    const plan_trial *t = &p->choice.trial;
    char digest[2 * SABLE_DIGEST_BYTES + 1];
    sable_ctx_info ctx = {.struct_size = sizeof ctx};
    SABLE_TRY(sable_ctx_describe(t->s.ctx, &ctx));
    for (size_t i = 0; i < SABLE_DIGEST_BYTES; i++) snprintf(digest + 2 * i, 3, "%02x", t->s.info.digest[i]);
    tell_text(p, "format", "sable-plan");
    tell_integer(p, "version", 1);
    tell_text(p, "circuit", plan_circuit_at(p->request.circuit)->name);
    tell_text(p, "params", p->choice.planned ? p->params_out : p->choice.named ? p->params : t->s.info.name);
    tell_text(p, "params_digest", digest);
    tell(p, "planned", json_boolean(p->choice.planned));
    tell(p, "secure", json_boolean(t->s.info.secure));
    tell_integer(p, "log_n", t->s.info.log_n);
    tell_integer(p, "slots", t->s.info.slots);
    tell_integer(p, "top_level", t->s.info.top_level);
    tell_integer(p, "level", t->level);
    tell_integer(p, "depth", t->depth);
    tell_integer(p, "runs", t->runs);
    tell_integer(p, "inputs", t->input_count);
    tell_integer(p, "input_bytes", t->input_bytes);
    tell_integer(p, "input_file_bytes", t->input_file_bytes);
    tell_integer(p, "outputs", t->output_count);
    tell_integer(p, "output_bytes", t->output_bytes);
    tell(p, "keys", plan_keys_json(t));
    tell_integer(p, "key_bytes", t->key_bytes);
    tell_integer(p, "key_file_bytes", t->key_file_bytes);
    tell_integer(p, "memory_bytes", t->memory_bytes);
    tell_number(p, "seconds_a_run", t->seconds);
    tell_number(p, "seconds", (double)t->runs * t->seconds);
    tell_number(p, "precision_bits", t->precision);
    tell_text(p, "path", ctx.path);
    tell_integer(p, "threads", ctx.threads);
    if (t->program) {
        sable_op_count count;
        SABLE_TRY(sable_program_count(t->program, -1, &count));
        tell(p, "count", count_json(&count));
    }
    say("%s with %s (N = 2^%u, levels 0 to %u)%s", plan_circuit_at(p->request.circuit)->name, t->s.info.name,
        t->s.info.log_n, t->s.info.top_level, t->s.info.secure ? "" : ", INSECURE");
    say("inputs     %llu ciphertexts a run at level %u and below: %s in files, %s in memory",
        (unsigned long long)t->input_count, t->level, shown_bytes(t->input_file_bytes).text,
        shown_bytes(t->input_bytes).text);
    say("keys       %zu: %s in a file, %s in memory", sable_key_spec_count(t->spec),
        shown_bytes(t->key_file_bytes).text, shown_bytes(t->key_bytes).text);
    say("memory     %s for a run", shown_bytes(t->memory_bytes).text);
    say("time       about %s%s on %u thread%s (%s)", shown_seconds((double)t->runs * t->seconds).text,
        t->runs > 1 ? " for all runs" : "", ctx.threads, ctx.threads == 1 ? "" : "s", ctx.path);
    say("precision  about %.1f bits after the point", t->precision);
    return SABLE_OK;
}

/* -- files --------------------------------------------------------------------------------------------------------- */

static sable_status write_text(const char *path, const char *text, sable_error *err) {
    sable_atomic_file *file = NULL;
    sable_status status = sable_atomic_file_open(&file, path, 0644, err);
    if (status == SABLE_OK) status = sable_atomic_file_write(file, text, strlen(text), err);
    if (status == SABLE_OK) status = sable_atomic_file_commit(&file, err);
    sable_atomic_file_abort(&file);
    return status;
}

static sable_status write_files(plan_command *p) {
    if (p->params_out && p->choice.planned)
        SABLE_TRY(sable_params_save(p->choice.trial.s.params, p->params_out, &p->err));
    if (!p->out) return SABLE_OK;
    char *text = json_dumps(p->plan, JSON_INDENT(1));
    if (!text) return sable_fail(&p->err, SABLE_NO_MEMORY, "no memory for the text of a plan");
    const sable_status status = write_text(p->out, text, &p->err);
    free(text);
    if (status == SABLE_OK) say("written to %s: sable keygen --plan makes its keys", sable_show_path(p->out).text);
    return status;
}

static sable_status run(plan_command *p) {
    if (p->out) SABLE_TRY(disk_check_target(p->out, &p->err));
    if (p->params_out) SABLE_TRY(disk_check_target(p->params_out, &p->err));
    p->choice.may_plan = p->params_out != NULL;
    SABLE_TRY(plan_choose(&p->choice, &p->request, p->params, &p->err));
    SABLE_TRY(tell_choice(p));
    if (p->choice.trial.program) {
        say("\nwhat each choice of lowering brings:");
        SABLE_TRY(tell_passes(p));
    }
    say("\nsets:");
    tell_candidates(p);
    return write_files(p);
}

int cmd_plan(int argc, char **argv) {
    plan_command p = {
        .request = {
            .classes = 1, .samples = 1, .bound = 1, .weight = 0.25, .minibatch = 128, .iterations = 6, .chains = 1}};
    plan_request *r = &p.request;
    option table[] = {
        OPTION("features", U32, &r->features, "N", "features of a sample", .low = 1, .high = 1 << 20),
        OPTION("classes", U32, &r->classes, "K", "rows of the model (default 1)", .low = 1, .high = 1 << 12),
        OPTION("samples", U64, &r->samples, "N", "samples of the data set (default 1)", .low = 1, .high = 1e12),
        OPTION("packing", CHOICE, &r->packing, "HOW", "feature-major, row, or auto (default)",
               .choices = packing_words),
        OPTION("probabilities", FLAG, &r->probabilities, NULL, "sigmoid under encryption"),
        OPTION("degree", U32, &r->degree, "D", "degree of the sigmoid polynomial (default 15)", .low = 1,
               .high = SABLE_POLY_MAX_DEGREE),
        OPTION("range", NUMBER, &r->range, "R", "states that every logit is at most R in size", .low = 1e-6,
               .high = 1e6),
        OPTION("weight", NUMBER, &r->weight, "W", "size of a weight of the model (default 0.25)", .low = 1e-6,
               .high = 1e6),
        OPTION("rows", U32, &r->rows, "N", "rows of the matrix", .low = 1, .high = 1 << 16),
        OPTION("cols", U32, &r->cols, "N", "columns of the matrix (default: as many as rows)", .low = 1,
               .high = 1 << 16),
        OPTION("minibatch", U32, &r->minibatch, "N", "samples of a minibatch (default 128)", .low = 1, .high = 1 << 15),
        OPTION("iterations", U32, &r->iterations, "K", "minibatches (default 6)", .low = 1, .high = 64),
        OPTION("chains", U32, &r->chains, "C", "1 (default) or 2: weights in both formats", .low = 1, .high = 2),
        OPTION("params", TEXT, &p.params, "NAME|FILE", "this parameter set (default: the fastest one)"),
        OPTION("data-bound", NUMBER, &r->bound, "B", "no value that is encrypted exceeds B (default 1)", .low = 1e-6,
               .high = 1e6),
        OPTION("precision", NUMBER, &p.choice.precision, "BITS", "bits after the point that results must keep",
               .low = 0, .high = 100),
        OPTION("out", TEXT, &p.out, "FILE", "write the plan, for keygen --plan"),
        OPTION("params-out", TEXT, &p.params_out, "FILE",
               "let the planner make a set for the circuit, and write it here if it is the fastest"),
        {.name = NULL},
    };
    p.choice.precision = -1000;
    command_line line = {
        .name = "plan",
        .summary = "Tells what a circuit takes before any key exists: parameter set, keys, memory, time, "
                   "precision",
        .operands = "CIRCUIT",
        .operands_most = 1,
        .options = table,
        .common = COMMON_COMPUTE | COMMON_INSECURE | COMMON_STORE | COMMON_SEEDS,
        .notes = "Without a circuit: lists those that there are. Nothing is made but the files of --out and\n"
                 "--params-out."};
    int status = options_parse(&line, argc, argv);
    if (status >= 0) return status;
    if (line.operand_count == 0) return list_circuits();
    status = find_circuit(r, line.operand[0]);
    if (status < 0) status = check_options(&line, plan_circuit_at(r->circuit));
    if (status < 0 && p.params_out && p.params) status = report_usage("--params-out goes without --params");
    if (status < 0 && p.out) status = check_output(p.out, (const char *const[]){p.params ? p.params : "", NULL});
    if (status < 0 && p.params_out)
        status = check_output(p.params_out, (const char *const[]){p.out ? p.out : "", NULL});
    if (status >= 0) return status;
    if (r->cols == 0) r->cols = r->rows;
    p.plan = json_object();
    const sable_status done = run(&p);
    status = done == SABLE_OK ? report_done() : report_error(done, p.err.text);
    json_decref(p.plan);
    json_decref(p.choice.candidates);
    plan_trial_close(&p.choice.trial);
    return status;
}
