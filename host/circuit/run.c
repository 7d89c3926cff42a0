/* SPDX-License-Identifier: Apache-2.0 */
/* Programs on ciphertexts. Everything is checked first; then each step calls the operation of eval.h that it names. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "circuit/program.h"
#include "ckks/eval_internal.h"

/* -- checks -------------------------------------------------------------------------------------------------------- */

static sable_status check_handles(sable_queue *queue, const sable_program *p, sable_ct *const *outputs,
                                  size_t output_count, const sable_ct *const *inputs, size_t input_count) {
    if (memcmp(p->params.digest, queue->ctx->params.digest, sizeof p->params.digest) != 0)
        return SABLE_REFUSE(queue, SABLE_PARAMS_MISMATCH, "the program is for set %s, the context has set %s",
                            p->params.name, queue->ctx->params.name);
    if (input_count != p->inputs || output_count != p->outputs || (input_count && !inputs) || !outputs)
        return SABLE_REFUSE(queue, SABLE_INVALID, "the program has %zu inputs and %zu outputs, %zu and %zu are given",
                            p->inputs, p->outputs, input_count, output_count);
    for (size_t i = 0; i < output_count; i++) {
        SABLE_TRY(sable_check_out(queue, outputs[i]));
        for (size_t j = 0; j < i; j++)
            if (outputs[i] == outputs[j])
                return SABLE_REFUSE(queue, SABLE_INVALID, "outputs \"%s\" and \"%s\" are one handle", p->output[j].name,
                                    p->output[i].name);
        for (size_t j = 0; j < input_count; j++)
            if (outputs[i] == inputs[j])
                return SABLE_REFUSE(queue, SABLE_INVALID, "output \"%s\" is input \"%s\"", p->output[i].name,
                                    p->input[j].name);
    }
    return SABLE_OK;
}

static sable_status check_inputs(sable_queue *queue, const sable_program *p, const sable_ct *const *inputs) {
    uint32_t batch = 1;
    for (size_t i = 0; i < p->inputs; i++) {
        const sable_ct *ct = inputs[i];
        const program_port *port = &p->input[i];
        SABLE_TRY(sable_check_ct(queue, ct, port->name));
        const uint32_t level = p->reg[port->reg].level;
        if (ct->level != level)
            return SABLE_REFUSE(
                queue, SABLE_LEVEL,
                "input \"%s\" is at level %u, the program takes it at %u: encrypt it there, or bring it down with "
                "sable_adjust",
                port->name, ct->level, level);
        if (ct->scale.level != (int32_t)level || ct->scale.power != 1)
            return SABLE_REFUSE(queue, SABLE_SCALE, "input \"%s\" does not have the canonical scale of level %u",
                                port->name, level);
        if (ct->parts != 2)
            return SABLE_REFUSE(queue, SABLE_DEGREE, "input \"%s\" has %u parts: relinearize it first", port->name,
                                ct->parts);
        if (ct->slots != p->slots)
            return SABLE_REFUSE(queue, SABLE_INVALID, "input \"%s\" has %u slots, the program %u", port->name,
                                ct->slots, p->slots);
        if (ct->bound > port->bound)
            return SABLE_REFUSE(queue, SABLE_BOUND,
                                "input \"%s\": values up to %g are declared, the circuit is made for values up to %g",
                                port->name, ct->bound, port->bound);
        if (memcmp(ct->key_id, inputs[0]->key_id, sizeof ct->key_id) != 0)
            return SABLE_REFUSE(queue, SABLE_KEY_MISMATCH, "inputs \"%s\" and \"%s\" are encrypted for different keys",
                                p->input[0].name, port->name);
        if (ct->batch != 1 && batch != 1 && ct->batch != batch)
            return SABLE_REFUSE(queue, SABLE_INVALID, "input \"%s\" is a batch of %u, another input one of %u",
                                port->name, ct->batch, batch);
        if (ct->batch != 1) batch = ct->batch;
    }
    return SABLE_OK;
}

static bool covered(const sable_keyset *keys, const sable_key_need *need) {
    for (size_t i = 0; keys && i < keys->count; i++) {
        const sable_key_need *have = &keys->key[i].need;
        if (have->kind == need->kind && have->galois == need->galois && have->first <= need->first &&
            have->first + have->limbs >= need->first + need->limbs)
            return true;
    }
    return false;
}

static void append_need(char *text, size_t room, const sable_program *p, const sable_key_need *need) {
    const size_t at = strlen(text);
    const char *comma = at ? ", " : "";
    if (need->kind == SABLE_KEY_RELIN) {
        snprintf(text + at, room - at, "%srelinearisation", comma);
        return;
    }
    for (size_t s = 0; s < p->steps; s++)
        if ((p->step[s].op == PROGRAM_ROTATE || p->step[s].op == PROGRAM_ROTATE_ADD) &&
            sable_galois_rotation(&p->params, p->step[s].integer, p->slots) == need->galois) {
            snprintf(text + at, room - at, "%srotation by %lld", comma, (long long)p->step[s].integer);
            return;
        }
    snprintf(text + at, room - at, "%sconjugation", comma);
}

/* All missing keys in one sentence. */
static sable_status check_keys(sable_queue *queue, const sable_program *p, const sable_keyset *keys) {
    sable_key_spec *spec = NULL;
    SABLE_TRY(sable_key_spec_create(&spec, &p->params, &queue->error));
    sable_status status = sable_program_add_keys(p, spec, &queue->error);
    char text[360] = "";
    size_t missing = 0, named = 0;
    for (size_t i = 0; status == SABLE_OK && i < sable_key_spec_count(spec); i++) {
        sable_key_need need;
        status = sable_key_spec_get(spec, i, &need);
        if (status != SABLE_OK || covered(keys, &need)) continue;
        missing++;
        if (strlen(text) + 40 < sizeof text) append_need(text, sizeof text, p, &need), named++;
    }
    if (status == SABLE_OK && missing)
        status = SABLE_REFUSE(queue, SABLE_NO_KEY, "%zu keys are missing or cover too few levels: %s%s", missing, text,
                              named < missing ? ", ..." : "");
    else if (status == SABLE_OK && sable_key_spec_count(spec) && p->inputs && !keys)
        status = SABLE_REFUSE(queue, SABLE_NO_KEY, "no key set given");
    sable_key_spec_destroy(&spec);
    return status;
}

/* -- work ---------------------------------------------------------------------------------------------------------- */

static sable_status with_plain(sable_queue *queue, sable_ct *out, const sable_ct *a, const program_step *step,
                               uint32_t slots) {
    sable_pt *pt = NULL;
    SABLE_TRY(sable_pt_create(&pt, queue->ctx, &queue->error));
    sable_encoding e = {.struct_size = sizeof e, .level = step->level, .slots = slots};
    if (step->op == PROGRAM_ADD_PLAIN) e.scale = a->scale;
    sable_status status = sable_encode(queue, pt, step->values, slots, &e);
    if (status == SABLE_OK)
        status =
            step->op == PROGRAM_ADD_PLAIN ? sable_add_plain(queue, out, a, pt) : sable_mul_plain(queue, out, a, pt);
    sable_pt_destroy(queue, &pt);
    return status;
}

static sable_status run_step(sable_queue *queue, sable_ct *out, const program_step *step, const sable_ct *a,
                             const sable_ct *b, uint32_t slots, const sable_keyset *keys) {
    switch (step->op) {
    case PROGRAM_ADD: return sable_add(queue, out, a, b);
    case PROGRAM_SUB: return sable_sub(queue, out, a, b);
    case PROGRAM_NEGATE: return sable_negate(queue, out, a);
    case PROGRAM_TENSOR: return sable_tensor(queue, out, a, b);
    case PROGRAM_ADD_SCALAR: return sable_add_scalar(queue, out, a, step->re, step->im);
    case PROGRAM_MUL_SCALAR: return sable_mul_scalar(queue, out, a, step->re, step->im);
    case PROGRAM_MUL_INTEGER: return sable_mul_integer(queue, out, a, step->integer);
    case PROGRAM_MUL_I: return sable_mul_i(queue, out, a);
    case PROGRAM_ADD_PLAIN:
    case PROGRAM_MUL_PLAIN: return with_plain(queue, out, a, step, slots);
    case PROGRAM_ROTATE: return sable_rotate(queue, out, a, step->integer, keys);
    case PROGRAM_ROTATE_ADD:
        if (a->batch == b->batch) return sable_rotate_add(queue, out, a, b, step->integer, keys);
        SABLE_TRY(sable_rotate(queue, out, b, step->integer, keys)); /* one of them is repeated */
        return sable_add(queue, out, a, out);
    case PROGRAM_CONJUGATE: return sable_conjugate(queue, out, a, keys);
    case PROGRAM_POLY: return sable_poly_evaluate(queue, out, a, step->poly, keys);
    case PROGRAM_RELIN: return sable_relinearize(queue, out, a, keys);
    case PROGRAM_RESCALE: return sable_rescale(queue, out, a);
    case PROGRAM_RELIN_RESCALE: return sable_relinearize_rescale(queue, out, a, keys);
    case PROGRAM_ADJUST: return sable_adjust(queue, out, a, (uint32_t)step->integer);
    }
    return SABLE_REFUSE(queue, SABLE_INTERNAL, "a program step of unknown kind %d", (int)step->op);
}

/* A result with the bound that the circuit's caller declares. */
static sable_status declare(sable_queue *queue, sable_ct *result, const program_step *step) {
    if (step->bound == 0 || result->bound <= step->bound) return SABLE_OK;
    return sable_ct_declare(queue, result, step->bound, fmin(result->rms, step->bound));
}

/* The rotations of step s and those that follow in its group. */
static sable_status rotate_together(sable_queue *queue, const sable_program *p, sable_ct **reg,
                                    const sable_ct *const *inputs, const sable_keyset *keys, size_t s) {
    const program_step *step = &p->step[s];
    const size_t count = step->hoisted;
    int64_t *steps = malloc(count * sizeof *steps);
    if (!steps) return SABLE_REFUSE(queue, SABLE_NO_MEMORY, "no memory for %zu rotations", count);
    sable_status status = SABLE_OK;
    for (size_t k = 0; k < count && status == SABLE_OK; k++) {
        steps[k] = step[k].integer;
        status = sable_ct_create(&reg[s + k], queue->ctx, &queue->error);
    }
    if (status == SABLE_OK)
        status = sable_rotate_hoisted(queue, &reg[s], step->a < p->inputs ? inputs[step->a] : reg[step->a - p->inputs],
                                      steps, count, keys);
    for (size_t k = 0; k < count && status == SABLE_OK; k++) status = declare(queue, reg[s + k], &step[k]);
    free(steps);
    return status;
}

/* A register that nothing reads any more; inputs belong to the caller. */
static void let_go(sable_queue *queue, const sable_program *p, sable_ct **reg, uint32_t r, bool last) {
    if (last && r >= p->inputs) sable_ct_destroy(queue, &reg[r - p->inputs]);
}

static sable_status run_one(sable_queue *queue, const sable_program *p, sable_ct **reg, const sable_ct *const *inputs,
                            const sable_keyset *keys, size_t s) {
    const program_step *step = &p->step[s];
    const sable_ct *a = step->a < p->inputs ? inputs[step->a] : reg[step->a - p->inputs], *b = NULL;
    if (program_has_b(step->op)) b = step->b < p->inputs ? inputs[step->b] : reg[step->b - p->inputs];
    const unsigned reused = sable_program_reuse(p, s, step->last_a, step->last_b);
    if (reused) {
        sable_ct **from = &reg[(reused == 1 ? step->a : step->b) - p->inputs];
        reg[s] = *from;
        *from = NULL;
    } else {
        SABLE_TRY(sable_ct_create(&reg[s], queue->ctx, &queue->error));
    }
    SABLE_TRY(run_step(queue, reg[s], step, a, b, p->slots, keys));
    return declare(queue, reg[s], step);
}

static sable_status run_steps(sable_queue *queue, const sable_program *p, sable_ct **reg, const sable_ct *const *inputs,
                              const sable_keyset *keys) {
    for (size_t s = 0; s < p->steps; s++) {
        const program_step *step = &p->step[s];
        if (step->op == PROGRAM_ROTATE && step->hoisted > 1)
            SABLE_TRY(rotate_together(queue, p, reg, inputs, keys, s));
        else if (step->op != PROGRAM_ROTATE || step->hoisted == 1)
            SABLE_TRY(run_one(queue, p, reg, inputs, keys, s));
        let_go(queue, p, reg, step->a, step->last_a);
        let_go(queue, p, reg, step->b, step->last_b);
    }
    return SABLE_OK;
}

/* Values move into the outputs: nothing can fail once the first has moved. A register that serves several outputs, and an input that is
 * one, are copied before that, into `copy`. */
static sable_status hand_over(sable_queue *queue, const sable_program *p, sable_ct *const *outputs, sable_ct **reg,
                              const sable_ct *const *inputs, sable_ct **copy) {
    for (size_t i = 0; i < p->outputs; i++) {
        const uint32_t from = p->output[i].reg;
        bool again = from < p->inputs;
        for (size_t j = 0; j < i; j++) again |= p->output[j].reg == from;
        if (!again) continue;
        SABLE_TRY(sable_ct_create(&copy[i], queue->ctx, &queue->error));
        SABLE_TRY(sable_ct_copy(queue, copy[i], from < p->inputs ? inputs[from] : reg[from - p->inputs]));
    }
    for (size_t i = 0; i < p->outputs; i++) {
        sable_ct *from = copy[i] ? copy[i] : reg[p->output[i].reg - p->inputs];
        sable_ct_commit(queue, outputs[i], from, from->data);
        from->data = NULL;
    }
    return SABLE_OK;
}

sable_status sable_program_run(sable_queue *queue, const sable_program *program, sable_ct *const *outputs,
                               size_t output_count, const sable_ct *const *inputs, size_t input_count,
                               const sable_keyset *keys) {
    SABLE_TRY(sable_check_queue(queue));
    if (!program) return SABLE_REFUSE(queue, SABLE_INVALID, "sable_program_run: the program is NULL");
    const sable_program *p = program;
    SABLE_TRY(check_handles(queue, p, outputs, output_count, inputs, input_count));
    SABLE_TRY(check_inputs(queue, p, inputs));
    SABLE_TRY(check_keys(queue, p, keys));
    sable_ct **reg = calloc(p->steps + 1, sizeof *reg), **copy = calloc(p->outputs + 1, sizeof *copy);
    sable_status status = SABLE_OK;
    if (!reg || !copy) status = SABLE_REFUSE(queue, SABLE_NO_MEMORY, "no memory for %zu registers", p->steps);
    if (status == SABLE_OK) status = run_steps(queue, p, reg, inputs, keys);
    if (status == SABLE_OK) status = hand_over(queue, p, outputs, reg, inputs, copy);
    for (size_t s = 0; reg && s < p->steps; s++) sable_ct_destroy(queue, &reg[s]);
    for (size_t i = 0; copy && i < p->outputs; i++) sable_ct_destroy(queue, &copy[i]);
    free(reg);
    free(copy);
    return status;
}
