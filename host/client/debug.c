/* SPDX-License-Identifier: Apache-2.0 */
/* The debug evaluator: after every operation the result is decrypted and compared with the same operation in the clear. How far they may be apart is not
 * guessed: a forecast of the run on the same values tells the error of every register before it starts. */
#include "sable/debug.h"

#include <math.h>
#include <sodium.h>
#include <stdlib.h>

#include "circuit/clear.h"
#include "circuit/forecast.h"

#define TOLERANCE   8.0
/* What the clear run itself may be off: double precision through some operations. */
#define CLEAR_ERROR 0x1p-42

typedef struct debugging {
    sable_debug_options o;
    sable_debug_report report;
    sable_queue *queue;
    const sable_program *p;
    const sable_secret *secret;
    const register_forecast *forecast;
    double **value;    /* [inputs + steps], pairs; those of inputs belong to the caller */
    double *decrypted; /* pairs */
    size_t done;
    double worst;
} debugging;

static const char *name_of(program_op op) {
    switch (op) {
    case PROGRAM_ADD: return "add";
    case PROGRAM_SUB: return "sub";
    case PROGRAM_NEGATE: return "negate";
    case PROGRAM_TENSOR: return "tensor";
    case PROGRAM_ADD_SCALAR: return "add_scalar";
    case PROGRAM_MUL_SCALAR: return "mul_scalar";
    case PROGRAM_MUL_INTEGER: return "mul_integer";
    case PROGRAM_MUL_I: return "mul_i";
    case PROGRAM_ADD_PLAIN: return "add_plain";
    case PROGRAM_MUL_PLAIN: return "mul_plain";
    case PROGRAM_ROTATE: return "rotate";
    case PROGRAM_ROTATE_ADD: return "rotate_add";
    case PROGRAM_CONJUGATE: return "conjugate";
    case PROGRAM_POLY: return "poly";
    case PROGRAM_TRANSFORM: return "transform";
    case PROGRAM_RELIN: return "relinearize";
    case PROGRAM_RESCALE: return "rescale";
    case PROGRAM_RELIN_RESCALE: return "relinearize_rescale";
    case PROGRAM_ADJUST: return "adjust";
    case PROGRAM_BOOTSTRAP: return "bootstrap";
    }
    return "unknown";
}

/* Fills what the comparison of a register with its ciphertext tells. */
static sable_status measure(debugging *d, sable_debug_step *s, uint32_t reg, const sable_ct *ct) {
    const uint32_t slots = d->p->slots;
    const double *clear = d->value[reg];
    double energy = 0, squares = 0, largest = 0, apart = 0;
    const sable_status status = sable_decrypt(d->queue, d->decrypted, 2 * (size_t)slots, true, ct, d->secret);
    if (status != SABLE_OK && status != SABLE_BOUND) return status;
    for (uint32_t j = 0; j < slots; j++) {
        const double x = d->decrypted[2 * j] - clear[2 * j], y = d->decrypted[2 * j + 1] - clear[2 * j + 1];
        const double size = hypot(clear[2 * j], clear[2 * j + 1]);
        energy += size * size;
        largest = fmax(largest, size);
        squares += x * x + y * y;
        apart = fmax(apart, hypot(x, y));
    }
    if (status == SABLE_BOUND) squares = apart = INFINITY; /* no polynomial of such values */
    s->level = ct->level;
    s->parts = ct->parts;
    s->log_scale = log2(ct->scale.hi);
    s->log_q = sable_level_capacity_log2(ct->ctx, ct->level) + 2;
    s->bound = ct->bound;
    s->largest = largest;
    s->rms = sqrt(energy / slots);
    s->error = sqrt(squares / (2.0 * slots));
    s->error_largest = apart;
    s->relative_error = apart > 0 ? apart / largest : 0;
    s->forecast = d->forecast[reg].error;
    s->value = ct;
    return SABLE_OK;
}

static sable_status stop(debugging *d, const sable_debug_step *s) {
    d->report.stopped = true;
    const char *at = *s->site ? s->site : "no site";
    if (s->largest > s->bound * (1 + CLEAR_ERROR))
        return SABLE_REFUSE(
            d->queue, SABLE_BOUND,
            "%s (%s), %zu of %zu: a value of size %g, declared are %g: declare more, or scale the input", s->operation,
            at, s->number + 1, s->count, s->largest, s->bound);
    return SABLE_REFUSE(
        d->queue, SABLE_BOUND,
        "%s (%s), %zu of %zu: the error is %.3g, forecast is %.3g, relative to the largest value %.3g: a "
        "key, an operand or the clear input is not what it should be",
        s->operation, at, s->number + 1, s->count, s->error, s->forecast, s->relative_error);
}

static sable_status compare(debugging *d, uint32_t reg, const sable_ct *ct, const char *operation, const char *site) {
    sable_debug_step s = {.struct_size = sizeof s,
                          .number = d->done,
                          .count = d->p->inputs + d->p->steps,
                          .operation = operation,
                          .site = site};
    SABLE_TRY(measure(d, &s, reg, ct));
    const double scatter = 1 + 3 / sqrt(d->p->slots), clear = CLEAR_ERROR * s.largest;
    const double multiple = s.error / (s.forecast * scatter + clear);
    if (multiple >= d->worst) d->worst = multiple, d->report.worst = s;
    d->report.last = s;
    d->report.compared = ++d->done;
    if (d->o.visit) d->o.visit(d->o.arg, &s);
    const bool off = s.error > d->o.tolerance * scatter * s.forecast + clear;
    const bool relative = d->o.max_relative_error > 0 && s.relative_error > d->o.max_relative_error;
    if (off || relative || s.largest > s.bound * (1 + CLEAR_ERROR)) return stop(d, &s);
    return SABLE_OK;
}

static sable_status look(void *arg, const program_run *run, size_t first, size_t count) {
    debugging *d = arg;
    const sable_program *p = d->p;
    for (size_t i = first; i < first + count; i++) {
        const program_step *step = &p->step[i];
        const uint32_t reg = (uint32_t)(p->inputs + i), b = program_has_b(step->op) ? step->b : step->a;
        d->value[reg] = malloc(2 * (size_t)p->slots * sizeof(double));
        if (!d->value[reg])
            return SABLE_REFUSE(d->queue, SABLE_NO_MEMORY, "no memory for %u slots in the clear", p->slots);
        sable_clear_step(d->value[reg], step, d->value[step->a], d->value[b], p->slots);
        SABLE_TRY(compare(d, reg, run->reg[i], name_of(step->op), p->site[step->site].text));
    }
    for (size_t i = first; i < first + count; i++) {
        const program_step *step = &p->step[i];
        for (unsigned k = 0; k < 2; k++) {
            const uint32_t gone = k ? step->b : step->a;
            if (!(k ? step->last_b : step->last_a) || gone < p->inputs) continue;
            free(d->value[gone]);
            d->value[gone] = NULL;
        }
    }
    return SABLE_OK;
}

static sable_status check(sable_queue *queue, const sable_program *p, const sable_ct *const *inputs, size_t input_count,
                          const double *const *clear, const sable_debug_options *o, const sable_debug_report *report) {
    if (!p) return SABLE_REFUSE(queue, SABLE_INVALID, "sable_debug_run: the program is NULL");
    if ((o && o->struct_size != sizeof *o) || (report && report->struct_size != sizeof *report))
        return SABLE_REFUSE(queue, SABLE_INVALID,
                            "sable_debug_run: struct_size of the options is not %zu or of the report "
                            "not %zu",
                            sizeof *o, sizeof *report);
    if (input_count != p->inputs || (input_count && (!inputs || !clear)))
        return SABLE_REFUSE(queue, SABLE_INVALID,
                            "the program has %zu inputs, %zu are given, as ciphertexts and in the clear", p->inputs,
                            input_count);
    for (size_t i = 0; i < input_count; i++) {
        SABLE_TRY(sable_check_ct(queue, inputs[i], p->input[i].name));
        if (!clear[i]) return SABLE_REFUSE(queue, SABLE_INVALID, "input \"%s\" is NULL in the clear", p->input[i].name);
        if (inputs[i]->batch != 1)
            return SABLE_REFUSE(queue, SABLE_INVALID,
                                "input \"%s\" is a batch of %u: one member is followed, take it with sable_ct_slice",
                                p->input[i].name, inputs[i]->batch);
    }
    return SABLE_OK;
}

static sable_status follow(debugging *d, sable_ct *const *outputs, size_t output_count, const sable_ct *const *inputs,
                           const double *const *clear, const sable_keyset *keys) {
    const sable_program *p = d->p;
    for (size_t i = 0; i < p->inputs; i++) {
        const program_port *port = &p->input[i];
        const char *label = p->site[port->site].text;
        d->value[port->reg] = (double *)clear[i];
        SABLE_TRY(compare(d, port->reg, inputs[i], "input", *label ? label : port->name));
    }
    return sable_program_run_visited(d->queue, p, outputs, output_count, inputs, p->inputs, keys, look, d);
}

sable_status sable_debug_run(sable_queue *queue, const sable_program *program, sable_ct *const *outputs,
                             size_t output_count, const sable_ct *const *inputs, size_t input_count,
                             const double *const *clear, const sable_keyset *keys, const sable_secret *secret,
                             const sable_debug_options *options, sable_debug_report *report) {
    SABLE_TRY(sable_check_queue(queue));
    SABLE_TRY(check(queue, program, inputs, input_count, clear, options, report));
    const sable_program *p = program;
    const size_t registers = p->inputs + p->steps, bytes = 2 * (size_t)p->slots * sizeof(double);
    debugging d = {.queue = queue, .p = p, .secret = secret};
    if (options) d.o = *options;
    if (!(d.o.tolerance > 0)) d.o.tolerance = TOLERANCE;
    d.report.struct_size = sizeof d.report;
    sable_forecast *forecast = NULL;
    SABLE_TRY(sable_forecast_of_inputs(&forecast, p, clear, inputs, &queue->error));
    d.forecast = sable_forecast_registers(forecast);
    d.value = calloc(registers + 1, sizeof *d.value);
    d.decrypted = calloc(1, bytes);
    sable_status status = SABLE_OK;
    if (!d.value || !d.decrypted)
        status = SABLE_REFUSE(queue, SABLE_NO_MEMORY, "no memory for %zu registers in the clear", registers);
    if (status == SABLE_OK) status = follow(&d, outputs, output_count, inputs, clear, keys);
    for (size_t r = p->inputs; d.value && r < registers; r++) free(d.value[r]);
    free(d.value);
    if (d.decrypted) sodium_memzero(d.decrypted, bytes);
    free(d.decrypted);
    sable_forecast_destroy(&forecast);
    d.report.last.value = d.report.worst.value = NULL;
    if (report) *report = d.report;
    return status;
}
