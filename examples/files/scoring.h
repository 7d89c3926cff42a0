/* SPDX-License-Identifier: Apache-2.0 */
/* What client.c and server.c have in common: the circuit score = sigmoid(x * y). Both lower it for the same parameters,
 * so both know the levels of the inputs and the keys without a word between them. */
#include <math.h>
#include <sable/sable.h>
#include <stdio.h>

enum { SLOTS = 8192 };
static sable_error err;
static sable_ctx *ctx;
static sable_queue *queue;
static sable_program *program;
static sable_poly *poly; /* outlives the program */

#define TRY(call) \
    if ((call) != SABLE_OK) return fprintf(stderr, "%s\n%s\n", err.text, queue ? sable_queue_error(queue) : ""), 1

static double sigmoid(double x, void *arg) { return (void)arg, 1 / (1 + exp(-x)); }

static int open_scoring(void) {
    sable_params *params = NULL;
    sable_circuit *circuit = NULL;
    TRY(sable_params_load(&params, "infer14", NULL, &err));
    TRY(sable_ctx_create(&ctx, params, NULL, &err));
    TRY(sable_queue_create(&queue, ctx, NULL, &err));
    TRY(sable_poly_interpolate(&poly, sigmoid, NULL, 3, -1, 1, &err));
    TRY(sable_circuit_create(&circuit, SLOTS, &err));
    const sable_node x = sable_circuit_input(circuit, "x", 1), y = sable_circuit_input(circuit, "y", 1);
    sable_circuit_output(circuit, "score", sable_circuit_poly(circuit, sable_circuit_mul(circuit, x, y), poly));
    TRY(sable_program_create(&program, circuit, params, NULL, &err));
    sable_circuit_destroy(&circuit);
    sable_params_destroy(&params);
    return 0;
}

static void close_scoring(void) {
    sable_program_destroy(&program), sable_poly_destroy(&poly);
    sable_queue_destroy(&queue), sable_ctx_destroy(&ctx);
}
