/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CIRCUIT_LOWER_H
#define SABLE_CIRCUIT_LOWER_H
#include "circuit/program.h"

/* Fills ports, registers and steps of an empty program whose params and slots are set. On failure what was allocated is in the
 * program, to be freed with it. */
sable_status sable_circuit_lower(sable_program *program, const sable_circuit *circuit, const sable_lowering *options,
                                 sable_error *err);

/* The circuit with every rotation written as a sum of rotations for which at most `most` keys are needed; *out stays NULL where the
 * circuit is so already, or most is 0. Borrows the circuit's labels and plaintexts; freed with sable_circuit_composed_free. */
sable_status sable_circuit_compose(sable_circuit **out, const sable_circuit *circuit, uint32_t most, sable_error *err);
void sable_circuit_composed_free(sable_circuit *composed);

/* same[i], i <= nodes: the first node that is equal to node i. */
sable_status sable_circuit_share(sable_node *same, const sable_circuit *circuit, sable_error *err);

#endif
