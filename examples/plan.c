/* SPDX-License-Identifier: Apache-2.0 */
/* Plans a computation before any key exists: which parameter sets can do it, what each takes, and what each choice of lowering brings. The
 * command line does the same for circuits that it knows: sable plan.
 * Build: cc plan.c -lsable -lm */
#include <sable/sable.h>
#include <stdio.h>

enum { SLOTS = 4096, ROWS = 4 };
static double mask[SLOTS];

/* The sums over 8 neighbours of x*y, for some pairs, and the cube of their mean. */
static void build(sable_circuit *c) {
    sable_node sum = SABLE_NODE_NONE;
    for (int i = 0; i < ROWS; i++) {
        const char *const names[ROWS][2] = {{"x0", "y0"}, {"x1", "y1"}, {"x2", "y2"}, {"x3", "y3"}};
        const sable_node x = sable_circuit_input(c, names[i][0], 1), y = sable_circuit_input(c, names[i][1], 1);
        const sable_node product = sable_circuit_mul(c, x, y);
        sum = i ? sable_circuit_add(c, sum, product) : product;
    }
    const sable_node mean = sable_circuit_mul_plain(c, sable_circuit_rotate_sum(c, sum, 1, 8), mask);
    sable_circuit_output(c, "cube", sable_circuit_mul(c, sable_circuit_mul(c, mean, mean), mean));
}

/* Prints what a lowering of the circuit takes; the status tells whether it is possible at all. */
static sable_status tell(const char *name, const sable_circuit *c, const sable_params *params,
                         const sable_lowering *lowering, const sable_pricing *prices, sable_error *err) {
    sable_program *p = NULL;
    sable_program_info info = {.struct_size = sizeof info};
    sable_program_cost_info cost = {.struct_size = sizeof cost};
    sable_op_count n;
    sable_status status = sable_program_create(&p, c, params, lowering, err);
    if (status == SABLE_OK) status = sable_program_describe(p, &info);
    if (status == SABLE_OK) status = sable_program_count(p, -1, &n);
    if (status == SABLE_OK) status = sable_program_cost(p, prices, 1, &cost, err);
    if (status == SABLE_OK)
        printf("%-22s %3zu steps, %2u relinearisations, %2u rescales: %7.2f ms, keys %6.1f MB, memory %6.1f MB\n", name,
               info.steps, n.relinearize, n.rescale, 1e3 * cost.seconds, 1e-6 * (double)cost.key_bytes,
               1e-6 * (double)cost.memory_bytes);
    sable_program_destroy(&p);
    return status;
}

int main(void) {
    for (int j = 0; j < SLOTS; j++) mask[j] = j % 8 ? 0 : 1.0 / (8 * ROWS);
    sable_error err = {0};
    sable_circuit *c = NULL;
    size_t possible = 0;
    if (sable_circuit_create(&c, SLOTS, &err) != SABLE_OK) return fprintf(stderr, "%s\n", err.text), 1;
    build(c);
    for (size_t i = 0; sable_params_shipped(i); i++) { /* those that are too small or not secure are told why */
        const char *name = sable_params_shipped(i);
        sable_params *params = NULL;
        sable_pricing *prices = NULL;
        sable_status status = sable_params_load(&params, name, NULL, &err);
        if (status == SABLE_OK) status = sable_pricing_create(&prices, params, NULL, &err);
        if (status == SABLE_OK) status = tell(name, c, params, NULL, prices, &err);
        if (status != SABLE_OK) printf("%-22s no: %s\n", name, err.text);
        possible += status == SABLE_OK;
        sable_pricing_destroy(&prices);
        sable_params_destroy(&params);
    }
    sable_params *params = NULL;
    sable_pricing *prices = NULL;
    sable_status status = sable_params_load(&params, "infer14", NULL, &err);
    if (status == SABLE_OK) status = sable_pricing_create(&prices, params, NULL, &err);
    printf("with infer14, switched off:\n");
    for (size_t i = 0; status == SABLE_OK && sable_pass_name(i); i++) {
        sable_lowering lowering = {.struct_size = sizeof lowering};
        sable_pass_switch_off(&lowering, i);
        status = tell(sable_pass_name(i), c, params, &lowering, prices, &err);
    }
    if (status != SABLE_OK) fprintf(stderr, "%s\n", err.text);
    sable_pricing_destroy(&prices);
    sable_params_destroy(&params);
    sable_circuit_destroy(&c);
    return status == SABLE_OK && possible ? 0 : 1;
}
