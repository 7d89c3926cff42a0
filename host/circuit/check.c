/* SPDX-License-Identifier: Apache-2.0 */
/* What is checked before a program runs: handles, inputs, keys. */
#include <stdio.h>
#include <string.h>

#include "circuit/work.h"

static sable_status check_handles(sable_queue *queue, const sable_program *p, sable_ct *const *outputs,
                                  size_t output_count, const sable_ct *const *inputs, size_t input_count) {
    if (p->bootstraps && !queue->ctx->tally)
        return SABLE_REFUSE(queue, SABLE_UNSUPPORTED,
                            "the program has %u bootstrapping points: this version runs none, take a set with more "
                            "levels",
                            p->bootstraps);
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

/* Which rotation a Galois element stands for; 0: none. */
static uint32_t steps_of(const sable_program *p, uint32_t galois) {
    for (uint32_t steps = 1; steps < p->slots; steps++)
        if (sable_galois_rotation(&p->params, steps, p->slots) == galois) return steps;
    return 0;
}

static void append_need(char *text, size_t room, const sable_program *p, const sable_key_need *need) {
    const size_t at = strlen(text);
    const char *comma = at ? ", " : "";
    if (need->kind == SABLE_KEY_RELIN) {
        snprintf(text + at, room - at, "%srelinearisation", comma);
        return;
    }
    const uint32_t steps = steps_of(p, need->galois);
    if (steps)
        snprintf(text + at, room - at, "%srotation by %u", comma, steps);
    else
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

sable_status sable_program_check(sable_queue *queue, const sable_program *p, sable_ct *const *outputs,
                                 size_t output_count, const sable_ct *const *inputs, size_t input_count,
                                 const sable_keyset *keys) {
    SABLE_TRY(check_handles(queue, p, outputs, output_count, inputs, input_count));
    SABLE_TRY(check_inputs(queue, p, inputs));
    return check_keys(queue, p, keys);
}
