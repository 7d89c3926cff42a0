/* SPDX-License-Identifier: Apache-2.0 */
/* Values and errors of a run, before any key exists.
 *
 * The program runs on a planning context with operands that are declared free of noise, so the tracker of each result is what its operation
 * adds by itself (docs/NOISE.md). Beside it every register has values in the clear and a sample of its error: the errors of the
 * operands, carried by the operation exactly as it carries values, and a normal sample of what it adds. Adding variances, as the
 * tracker must, is wrong by up to 3 bits where operands are relatives of each other; samples are tied as the real errors are. */
#include "circuit/forecast.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "circuit/clear.h"
#include "circuit/trial.h"
#include "ckks/noise.h"

struct sable_forecast {
    const sable_program *p;
    register_forecast *reg; /* [inputs + steps] */
    size_t registers[SABLE_MAX_LEVELS];
    double declared[SABLE_MAX_LEVELS], message[SABLE_MAX_LEVELS]; /* largest |slot| * scale */
    double raw[SABLE_MAX_LEVELS], normal[SABLE_MAX_LEVELS];       /* largest declared |slot| at power 2, 1 */
    sable_level_info level[SABLE_MAX_LEVELS];
};

typedef struct following {
    sable_forecast *f;
    const sable_ctx *ctx;
    double **value, **error; /* [inputs + steps], pairs */
    uint64_t random;
    sable_error *err;
} following;

/* -- random numbers ------------------------------------------------------------------------------------------------ */

static double uniform(uint64_t *state) { /* in (0, 1) */
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return ((double)((z ^ z >> 31) >> 12) + 0.5) * 0x1p-52;
}

/* Adds normal errors of that standard deviation to both components of every slot. */
static void add_normal(double *error, double deviation, uint32_t slots, uint64_t *state) {
    if (!(deviation > 0)) return;
    for (uint32_t j = 0; j < slots; j++) {
        const double radius = deviation * sqrt(-2 * log(uniform(state))), angle = 2 * M_PI * uniform(state);
        error[2 * j] += radius * cos(angle), error[2 * j + 1] += radius * sin(angle);
    }
}

/* Real values with the declared rms: spread evenly up to sqrt(3) rms where the bound lets them, else over sizes from `low` to the bound. */
static void draw(double *value, const program_port *port, uint32_t slots, uint64_t *state) {
    const double bound = port->bound, rms = port->rms > 0 ? port->rms : bound / sqrt(3);
    double low = 0, high = sqrt(3) * rms;
    if (high > bound) {
        high = bound;
        low = fmin((sqrt(12 * rms * rms - 3 * bound * bound) - bound) / 2, bound);
    }
    for (uint32_t j = 0; j < slots; j++) {
        const double size = fmin(low + (high - low) * uniform(state), bound);
        value[2 * j] = uniform(state) < 0.5 ? -size : size;
        value[2 * j + 1] = 0;
    }
}

/* -- registers ----------------------------------------------------------------------------------------------------- */

static sable_status take(following *w, uint32_t reg) {
    const size_t bytes = 2 * (size_t)w->f->p->slots * sizeof(double);
    w->value[reg] = malloc(bytes);
    w->error[reg] = calloc(1, bytes);
    if (w->value[reg] && w->error[reg]) return SABLE_OK;
    return sable_fail(w->err, SABLE_NO_MEMORY, "no memory for %zu bytes of slots", 2 * bytes);
}
static void drop(following *w, uint32_t reg) {
    free(w->value[reg]);
    free(w->error[reg]);
    w->value[reg] = w->error[reg] = NULL;
}

/* What the ciphertext's tracker says was added goes into the sample; from now on it is declared free of noise, its rms the real one. */
static void settle(following *w, uint32_t reg, sable_ct *ct) {
    sable_forecast *f = w->f;
    const uint32_t slots = f->p->slots;
    double *value = w->value[reg], *error = w->error[reg], energy = 0, squares = 0, largest = 0;
    /* A packing of few slots is read from 2*slots coefficients, the others of the error do not meet it. */
    add_normal(error, sqrt(slots * ct->noise_var) / ct->scale.hi, slots, &w->random);
    const double relative = uniform(&w->random) < 0.5 ? -ct->relative : ct->relative;
    for (uint32_t j = 0; j < slots; j++) {
        error[2 * j] += relative * value[2 * j], error[2 * j + 1] += relative * value[2 * j + 1];
        const double size2 = value[2 * j] * value[2 * j] + value[2 * j + 1] * value[2 * j + 1];
        energy += size2;
        largest = fmax(largest, size2);
        squares += error[2 * j] * error[2 * j] + error[2 * j + 1] * error[2 * j + 1];
    }
    largest = sqrt(largest);
    f->reg[reg] = (register_forecast){sqrt(squares / (2.0 * slots)), sqrt(energy / slots), largest};
    ct->noise_var = ct->relative = 0;
    ct->rms = fmin(f->reg[reg].rms, ct->bound);
    const uint32_t l = ct->level;
    double *form = ct->scale.power == 2 ? &f->raw[l] : &f->normal[l];
    f->registers[l]++;
    f->declared[l] = fmax(f->declared[l], ct->bound * ct->scale.hi);
    f->message[l] = fmax(f->message[l], largest * ct->scale.hi);
    *form = fmax(*form, ct->bound);
}

static sable_status follow(void *arg, const program_run *run, size_t first, size_t count) {
    following *w = arg;
    const sable_program *p = run->p;
    for (size_t s = first; s < first + count; s++) {
        const program_step *step = &p->step[s];
        const uint32_t reg = (uint32_t)(p->inputs + s);
        const uint32_t b = program_has_b(step->op) ? step->b : step->a;
        if (take(w, reg) != SABLE_OK) return sable_fail(&run->queue->error, SABLE_NO_MEMORY, "%s", w->err->text);
        sable_clear_step(w->value[reg], step, w->value[step->a], w->value[b], p->slots);
        sable_clear_error(w->error[reg], step, w->value[step->a], w->value[b], w->error[step->a], w->error[b],
                          p->slots);
        settle(w, reg, run->reg[s]);
    }
    for (size_t s = first; s < first + count; s++) {
        const program_step *step = &p->step[s];
        if (step->last_a) drop(w, step->a);
        if (step->last_b) drop(w, step->b);
    }
    return SABLE_OK;
}

/* -- a whole run --------------------------------------------------------------------------------------------------- */

static sable_status start(following *w, program_trial *t, const sable_forecast_options *o,
                          const sable_ct *const *given) {
    const sable_program *p = t->p;
    for (size_t i = 0; i < p->inputs; i++) {
        const program_port *port = &p->input[i];
        SABLE_TRY(take(w, port->reg));
        if (!o->inputs) {
            draw(w->value[port->reg], port, p->slots, &w->random);
        } else {
            if (!o->inputs[i]) return sable_fail(w->err, SABLE_INVALID, "forecast: input \"%s\" is NULL", port->name);
            memcpy(w->value[port->reg], o->inputs[i], 2 * (size_t)p->slots * sizeof(double));
        }
        if (o->public_key) t->input[i]->noise_var = sable_noise_rounding(t->ctx, 2) + 1.0 / 12;
        if (given) {
            t->input[i]->noise_var = given[i]->noise_var;
            t->input[i]->relative = given[i]->relative;
        }
        settle(w, port->reg, t->input[i]);
        const double largest = w->f->reg[port->reg].largest;
        if (!(largest <= port->bound * (1 + 0x1p-40)))
            return sable_fail(w->err, SABLE_BOUND, "input \"%s\": a slot has absolute value %g, declared are %g",
                              port->name, largest, port->bound);
    }
    return SABLE_OK;
}

static sable_status play(sable_forecast *f, const sable_forecast_options *o, const sable_ct *const *given,
                         sable_error *err) {
    const sable_program *p = f->p;
    const size_t count = p->inputs + p->steps;
    sable_error own = {0};
    following w = {.f = f, .random = o->seed, .err = err ? err : &own};
    w.value = calloc(count + 1, sizeof *w.value);
    w.error = calloc(count + 1, sizeof *w.error);
    program_trial t = {0};
    sable_status status = SABLE_OK;
    if (!w.value || !w.error) status = sable_fail(w.err, SABLE_NO_MEMORY, "no memory for %zu registers", count);
    if (status == SABLE_OK) status = sable_trial_open(&t, p, NULL, 1, w.err);
    if (status == SABLE_OK) status = start(&w, &t, o, given);
    if (status == SABLE_OK) status = sable_trial_run(&t, follow, &w, w.err);
    sable_trial_close(&t);
    for (size_t i = 0; w.value && w.error && i < count; i++) drop(&w, (uint32_t)i);
    free(w.value);
    free(w.error);
    return status;
}

static sable_status make(sable_forecast **out, const sable_program *program, const sable_forecast_options *o,
                         const sable_ct *const *given, sable_error *err) {
    if (program->bootstraps)
        return sable_fail(err, SABLE_UNSUPPORTED,
                          "the program has %u bootstrapping points: what they add to the noise is not known to this "
                          "version",
                          program->bootstraps);
    sable_forecast *f = calloc(1, sizeof *f);
    if (f) f->reg = calloc(program->inputs + program->steps + 1, sizeof *f->reg);
    if (!f || !f->reg) {
        free(f);
        return sable_fail(err, SABLE_NO_MEMORY, "no memory for a forecast");
    }
    f->p = program;
    sable_status status = SABLE_OK;
    for (uint32_t l = 0; l <= program->params.top_level && status == SABLE_OK; l++) {
        f->level[l].struct_size = sizeof f->level[l];
        status = sable_params_level(&program->params, l, &f->level[l]);
    }
    if (status == SABLE_OK) status = play(f, o, given, err);
    if (status == SABLE_OK)
        *out = f;
    else
        sable_forecast_destroy(&f);
    return status;
}

sable_status sable_program_forecast(sable_forecast **out, const sable_program *program,
                                    const sable_forecast_options *options, sable_error *err) {
    const sable_forecast_options o = {.struct_size = sizeof o};
    if (!out || !program)
        return sable_fail(err, SABLE_INVALID, "sable_program_forecast: out and program must not be NULL");
    if (options && options->struct_size != sizeof o)
        return sable_fail(err, SABLE_INVALID, "sable_forecast_options: struct_size is %zu, expected %zu",
                          options->struct_size, sizeof o);
    return make(out, program, options ? options : &o, NULL, err);
}

sable_status sable_forecast_of_inputs(sable_forecast **out, const sable_program *program, const double *const *values,
                                      const sable_ct *const *inputs, sable_error *err) {
    const sable_forecast_options o = {.struct_size = sizeof o, .inputs = values};
    return make(out, program, &o, inputs, err);
}

void sable_forecast_destroy(sable_forecast **forecast) {
    if (!forecast || !*forecast) return;
    free((*forecast)->reg);
    free(*forecast);
    *forecast = NULL;
}

const register_forecast *sable_forecast_registers(const sable_forecast *forecast) { return forecast->reg; }

sable_status sable_forecast_output(const sable_forecast *forecast, size_t index, sable_output_forecast *info) {
    if (!forecast || !info || info->struct_size != sizeof *info || index >= forecast->p->outputs) return SABLE_INVALID;
    const sable_program *p = forecast->p;
    const program_port *port = &p->output[index];
    const register_forecast *r = &forecast->reg[port->reg];
    const double far = (2 + log(p->slots)) * r->error;
    *info = (sable_output_forecast){.struct_size = sizeof *info,
                                    .name = port->name,
                                    .level = p->reg[port->reg].level,
                                    .noise_std = r->error,
                                    .precision_bits = -log2(far),
                                    .relative_bits = log2(r->largest / far),
                                    .rms = r->rms,
                                    .largest = r->largest,
                                    .log_scale = forecast->level[p->reg[port->reg].level].log_scale};
    return SABLE_OK;
}

sable_status sable_forecast_level(const sable_forecast *forecast, uint32_t level, sable_level_forecast *info) {
    if (!forecast || !info || info->struct_size != sizeof *info || level > forecast->p->params.top_level)
        return SABLE_INVALID;
    const sable_forecast *f = forecast;
    *info = (sable_level_forecast){
        .struct_size = sizeof *info, .registers = f->registers[level], .log_q = f->level[level].log_q};
    if (f->registers[level] == 0) return SABLE_OK;
    const double room = f->level[level].log_q - 2; /* eval.h: a quarter of the modulus */
    info->log_scale = f->level[level].log_scale;
    info->log_declared = log2(f->declared[level]);
    info->log_message = log2(f->message[level]);
    info->headroom_bits = room - info->log_declared;
    info->log_scale_most = INFINITY;
    if (f->normal[level] > 0) info->log_scale_most = room - log2(f->normal[level]);
    if (f->raw[level] > 0) info->log_scale_most = fmin(info->log_scale_most, (room - log2(f->raw[level])) / 2);
    return SABLE_OK;
}
