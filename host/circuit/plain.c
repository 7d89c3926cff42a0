/* SPDX-License-Identifier: Apache-2.0 */
/* A circuit in the clear: every node on one member, in double precision. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "circuit/clear.h"

/* Rounding may take a value beyond its bound. */
static double with_rounding(double bound) { return bound * (1 + 0x1p-40); }

/* Whether the values of node i keep the bound that the caller declared. */
static sable_status check_declared(const sable_circuit *c, size_t i, const double *value, sable_error *err) {
    const double bound = c->node[i].bound;
    for (uint32_t j = 0; c->node[i].declared && j < c->slots; j++) {
        const double size = hypot(value[2 * j], value[2 * j + 1]);
        if (!(size <= with_rounding(bound)))
            return sable_fail(err, SABLE_BOUND, "node %zu: slot %u has absolute value %g, declared are %g", i, j, size,
                              bound);
    }
    return SABLE_OK;
}

static sable_status check(const sable_circuit *c, double *const *outputs, size_t output_count,
                          const double *const *inputs, size_t input_count, sable_error *err) {
    SABLE_TRY(sable_circuit_status(c, err));
    if (input_count != c->inputs || output_count != c->outputs)
        return sable_fail(err, SABLE_INVALID, "the circuit has %zu inputs and %zu outputs, %zu and %zu are given",
                          c->inputs, c->outputs, input_count, output_count);
    if ((input_count && !inputs) || (output_count && !outputs))
        return sable_fail(err, SABLE_INVALID, "the arrays of inputs or outputs are NULL");
    for (size_t i = 0; i < output_count; i++)
        if (!outputs[i]) return sable_fail(err, SABLE_INVALID, "output \"%s\" is NULL", c->output[i].name);
    for (size_t i = 0; i < input_count; i++) {
        if (!inputs[i]) return sable_fail(err, SABLE_INVALID, "input \"%s\" is NULL", c->input[i].name);
        const double bound = c->node[c->input[i].node].bound;
        for (uint32_t j = 0; j < c->slots; j++) {
            const double size = hypot(inputs[i][2 * j], inputs[i][2 * j + 1]);
            if (!(size <= with_rounding(bound)))
                return sable_fail(err, SABLE_BOUND, "input \"%s\": slot %u has absolute value %g, declared are %g",
                                  c->input[i].name, j, size, bound);
        }
    }
    return SABLE_OK;
}

sable_status sable_circuit_run_plain(const sable_circuit *circuit, double *const *outputs, size_t output_count,
                                     const double *const *inputs, size_t input_count, sable_error *err) {
    const sable_circuit *c = circuit;
    SABLE_TRY(check(c, outputs, output_count, inputs, input_count, err));
    /* A value lives from its node to its last use. */
    size_t *last = calloc(c->count + 1, sizeof *last);
    double **value = calloc(c->count + 1, sizeof *value);
    sable_status status = SABLE_OK;
    if (!last || !value) status = sable_fail(err, SABLE_NO_MEMORY, "no memory for the values of %zu nodes", c->count);
    for (size_t i = 1; i <= c->count && status == SABLE_OK; i++) last[c->node[i].a] = last[c->node[i].b] = i;
    for (size_t i = 0; i < c->outputs && status == SABLE_OK; i++) last[c->output[i].node] = c->count + 1;
    size_t next = 0;
    const size_t bytes = 2 * (size_t)c->slots * sizeof(double);
    for (size_t i = 1; i <= c->count && status == SABLE_OK; i++) {
        const circuit_node *node = &c->node[i];
        const double *input = node->op == CIRCUIT_INPUT ? inputs[next++] : NULL;
        if (last[i] == 0) continue; /* unused; its operands are computed all the same, if something else needs them */
        value[i] = malloc(bytes);
        if (!value[i]) {
            status = sable_fail(err, SABLE_NO_MEMORY, "no memory for %zu bytes of slots", bytes);
        } else {
            sable_clear_compute(value[i], node, input ? input : value[node->a], value[node->b], c->slots);
            status = check_declared(c, i, value[i], err);
            for (unsigned k = 0; k < 2; k++) {
                const sable_node used = k ? node->b : node->a;
                if (used && last[used] == i) free(value[used]), value[used] = NULL;
            }
        }
    }
    for (size_t i = 0; i < c->outputs && status == SABLE_OK; i++) memcpy(outputs[i], value[c->output[i].node], bytes);
    for (size_t i = 1; value && i <= c->count; i++) free(value[i]);
    free(value);
    free(last);
    return status;
}
