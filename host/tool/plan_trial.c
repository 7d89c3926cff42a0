/* SPDX-License-Identifier: Apache-2.0 */
/* One run of a circuit with one parameter set, on a planning session. */
#include "tool/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "circuit/program.h"
#include "ckks/eval_internal.h"
#include "client/plan.h"
#include "tool/options.h"

/* -- inputs, keys, results ----------------------------------------------------------------------------------------- */

sable_status plan_input(plan_trial *t, sable_ct **ct, uint32_t level, uint32_t members, uint32_t slots, double bound) {
    session *s = &t->s;
    const sable_ct meta = {.batch = members,
                           .parts = 2,
                           .level = level,
                           .slots = slots,
                           .scale = sable_scale_canonical(s->ctx, level),
                           .bound = bound,
                           .rms = fmin(1, bound),
                           .noise_var = SABLE_SIGMA2 + 1.0 / 12,
                           .insecure = !s->info.secure};
    SABLE_TRY(sable_ct_create(ct, s->ctx, &s->err));
    const size_t words = 2 * (size_t)members * s->ctx->level[level].limbs * s->ctx->params.n;
    uint32_t *data = NULL;
    SABLE_TRY(via_queue(s, sable_words_alloc(s->queue, &data, words, "an input")));
    sable_ct_commit(s->queue, *ct, &meta, data);
    const sable_file_options stored = file_options();
    const sable_ct_shape shape = {.level = level, .parts = 2, .batch = members, .seeded = true};
    uint64_t bytes;
    SABLE_TRY(sable_ct_file_bytes(&bytes, s->params, &shape, &stored, &s->err));
    if (level > t->level) t->level = level;
    t->input_count += members;
    t->input_bytes += words * sizeof(uint32_t);
    t->input_file_bytes += bytes;
    return SABLE_OK;
}

/* A fresh start for work and peaks: what is held now is all that counts. */
static void forget(const session *s) {
    sable_tally *tally = session_tally(s);
    memset(tally->work, 0, sizeof tally->work);
    tally->peak = tally->total_peak = tally->live;
}

sable_status plan_begin_run(plan_trial *t) {
    session *s = &t->s;
    const sable_file_options stored = file_options();
    if (sable_key_spec_count(t->spec)) {
        SABLE_TRY(via_queue(s, sable_keyset_plan(s->queue, &t->keys, t->spec)));
        SABLE_TRY(sable_keyset_file_bytes(&t->key_file_bytes, t->spec, &stored, &s->err));
    }
    t->key_bytes = sable_key_spec_bytes(t->spec);
    forget(s);
    return SABLE_OK;
}

enum { SETS_MOST = 32, MEASURED = 3 };
static struct {
    uint8_t digest[SABLE_DIGEST_BYTES];
    sable_prices prices;
} known[SETS_MOST];
static size_t known_count;

/* Prices of a set: the least of several measurements, because other programs may be at work, and the same ones whenever the set is asked for
 * again, so that ways to compute are compared by their work alone. */
static sable_status prices_of(const session *s, const sable_prices **prices, sable_error *err) {
    for (size_t i = 0; i < known_count; i++)
        if (memcmp(known[i].digest, s->info.digest, sizeof known[i].digest) == 0) {
            *prices = &known[i].prices;
            return SABLE_OK;
        }
    sable_ctx_info ctx = {.struct_size = sizeof ctx};
    SABLE_TRY(sable_ctx_describe(s->ctx, &ctx));
    const sable_backend_options options = {.struct_size = sizeof options, .path = ctx.path, .threads = ctx.threads};
    const size_t at = known_count < SETS_MOST ? known_count++ : SETS_MOST - 1;
    sable_prices *best = &known[at].prices;
    memcpy(known[at].digest, s->info.digest, sizeof known[at].digest);
    for (int k = 0; k < MEASURED; k++) {
        sable_prices now;
        SABLE_TRY(sable_prices_measure(&now, s->params, &options, err));
        if (k == 0) *best = now;
        for (size_t i = 0; i < SABLE_WORKS; i++) best->seconds[i] = fmin(best->seconds[i], now.seconds[i]);
    }
    *prices = best;
    return SABLE_OK;
}

static sable_status price(const session *s, double *seconds, sable_error *err) {
    const sable_prices *prices = NULL;
    SABLE_TRY(prices_of(s, &prices, err));
    *seconds = sable_price_sum(prices, session_tally(s)->work);
    return SABLE_OK;
}

sable_status plan_end_run(plan_trial *t, sable_ct *const *results, size_t count, double factor) {
    session *s = &t->s;
    t->memory_bytes = session_tally(s)->total_peak;
    t->precision = INFINITY;
    uint32_t lowest = t->level;
    for (size_t i = 0; i < count; i++) {
        sable_ct_info info = {.struct_size = sizeof info};
        SABLE_TRY(sable_ct_describe(results[i], &info));
        t->output_count += info.batch;
        t->output_bytes += info.bytes;
        t->precision = fmin(t->precision, info.precision_bits - log2(factor));
        if (info.level < lowest) lowest = info.level;
    }
    t->depth = t->level - lowest;
    return price(s, &t->seconds, &s->err);
}

/* -- programs ------------------------------------------------------------------------------------------------------ */

typedef struct ports {
    sable_ct **in, **out;
    size_t inputs, outputs;
} ports;

static void close_ports(const session *s, ports *p) {
    for (size_t i = 0; p->in && i < p->inputs; i++) sable_ct_destroy(s->queue, &p->in[i]);
    for (size_t i = 0; p->out && i < p->outputs; i++) sable_ct_destroy(s->queue, &p->out[i]);
    free(p->in);
    free(p->out);
}

static sable_status open_ports(plan_trial *t, const sable_program *program, ports *p) {
    sable_program_info info = {.struct_size = sizeof info};
    SABLE_TRY(sable_program_describe(program, &info));
    *p = (ports){calloc(info.inputs + 1, sizeof *p->in), calloc(info.outputs + 1, sizeof *p->out), info.inputs,
                 info.outputs};
    if (!p->in || !p->out) return sable_fail(&t->s.err, SABLE_NO_MEMORY, "no memory for %zu inputs", info.inputs);
    for (size_t i = 0; i < p->inputs; i++) {
        uint32_t level = 0;
        (void)sable_program_input(program, i, &level);
        SABLE_TRY(plan_input(t, &p->in[i], level, 1, program->slots, program->input[i].bound));
    }
    for (size_t i = 0; i < p->outputs; i++) SABLE_TRY(sable_ct_create(&p->out[i], t->s.ctx, &t->s.err));
    return SABLE_OK;
}

static sable_status run_on(plan_trial *t, const sable_program *program, const ports *p) {
    return via_queue(&t->s, sable_program_run(t->s.queue, program, p->out, p->outputs, (const sable_ct *const *)p->in,
                                              p->inputs, t->keys));
}

/* Slots of all inputs as pairs, one array after the other; *each points to them. */
static sable_status likely_inputs(const plan_trial *t, const plan_request *r, size_t inputs, double *all, double **each,
                                  sable_error *err) {
    const plan_circuit *c = plan_circuit_at(r->circuit);
    const size_t slots = t->s.info.slots;
    for (size_t i = 0; i < inputs; i++) {
        each[i] = all + 2 * slots * i;
        SABLE_TRY(c->values(&t->graph, r, i, each[i], err));
        for (size_t j = slots; j-- > 0;) each[i][2 * j] = each[i][j], each[i][2 * j + 1] = 0;
    }
    return SABLE_OK;
}

/* The forecast follows the errors through the circuit; the noise that ciphertexts carry only bounds them from above. */
static sable_status forecast_precision(plan_trial *t, const plan_request *r, size_t inputs, size_t outputs) {
    const size_t slots = t->s.info.slots;
    sable_forecast *forecast = NULL;
    sable_forecast_options options = {.struct_size = sizeof options};
    double *all = NULL, **each = NULL;
    sable_status status = SABLE_OK;
    if (plan_circuit_at(r->circuit)->values) {
        all = malloc(2 * slots * (inputs + 1) * sizeof *all);
        each = malloc((inputs + 1) * sizeof *each);
        status = all && each ? likely_inputs(t, r, inputs, all, each, &t->s.err)
                             : sable_fail(&t->s.err, SABLE_NO_MEMORY, "no memory for the values of %zu inputs", inputs);
        options.inputs = (const double *const *)each;
    }
    if (status == SABLE_OK) status = sable_program_forecast(&forecast, t->program, &options, &t->s.err);
    t->precision = INFINITY;
    for (size_t i = 0; status == SABLE_OK && i < outputs; i++) {
        sable_output_forecast output = {.struct_size = sizeof output};
        status = sable_forecast_output(forecast, i, &output);
        t->precision = fmin(t->precision, output.precision_bits);
    }
    sable_forecast_destroy(&forecast);
    free(all);
    free(each);
    return status;
}

sable_status plan_run_program(plan_trial *t, const plan_request *r) {
    ports p = {0};
    sable_status status = sable_program_add_keys(t->program, t->spec, &t->s.err);
    if (status == SABLE_OK) status = open_ports(t, t->program, &p);
    if (status == SABLE_OK) status = plan_begin_run(t);
    if (status == SABLE_OK) status = run_on(t, t->program, &p);
    if (status == SABLE_OK) status = plan_end_run(t, p.out, p.outputs, 1);
    if (status == SABLE_OK) status = forecast_precision(t, r, p.inputs, p.outputs);
    close_ports(&t->s, &p);
    return status;
}

sable_status plan_time_program(plan_trial *t, const sable_program *program, double *seconds) {
    plan_trial other = {.s = t->s};
    ports p = {0};
    sable_status status = sable_key_spec_create(&other.spec, t->s.params, &other.s.err);
    if (status == SABLE_OK) status = sable_program_add_keys(program, other.spec, &other.s.err);
    if (status == SABLE_OK) status = open_ports(&other, program, &p);
    if (status == SABLE_OK) status = plan_begin_run(&other);
    if (status == SABLE_OK) status = run_on(&other, program, &p);
    if (status == SABLE_OK) status = price(&other.s, seconds, &other.s.err);
    close_ports(&other.s, &p);
    sable_keyset_destroy(other.s.queue, &other.keys);
    sable_key_spec_destroy(&other.spec);
    t->s.err = other.s.err;
    return status;
}

/* -- a set --------------------------------------------------------------------------------------------------------- */

sable_status plan_try(plan_trial *t, const plan_request *r, const char *name_or_path, const sable_params *params) {
    const plan_circuit *c = plan_circuit_at(r->circuit);
    *t = (plan_trial){.runs = 1};
    SABLE_TRY(params ? session_plan_params(&t->s, params) : session_plan(&t->s, name_or_path));
    SABLE_TRY(sable_key_spec_create(&t->spec, t->s.params, &t->s.err));
    if (c->build) {
        SABLE_TRY(c->build(&t->graph, r, t->s.info.slots, &t->s.err));
        const sable_lowering o = {.struct_size = sizeof o, .output_level = t->graph.output_level};
        SABLE_TRY(sable_program_create(&t->program, t->graph.circuit, t->s.params, &o, &t->s.err));
    }
    return c->run(t, r);
}

sable_status plan_trial_reset(plan_trial *t) {
    sable_keyset_destroy(t->s.queue, &t->keys);
    sable_key_spec_destroy(&t->spec);
    *t = (plan_trial){.s = t->s, .graph = t->graph, .program = t->program, .runs = t->runs};
    forget(&t->s);
    return sable_key_spec_create(&t->spec, t->s.params, &t->s.err);
}

void plan_trial_close(plan_trial *t) {
    if (t->s.ctx) sable_keyset_destroy(t->s.queue, &t->keys);
    sable_program_destroy(&t->program);
    plan_graph_close(&t->graph);
    sable_key_spec_destroy(&t->spec);
    session_close(&t->s);
}
