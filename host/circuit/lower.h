/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CIRCUIT_LOWER_H
#define SABLE_CIRCUIT_LOWER_H
#include "circuit/program.h"

/* Fills ports, registers and steps of an empty program whose params and slots are set. On failure what was allocated is in the
 * program, to be freed with it. */
sable_status sable_circuit_lower(sable_program *program, const sable_circuit *circuit, const sable_lowering *options,
                                 sable_error *err);

/* same[i], i <= nodes: the first node that is equal to node i. */
sable_status sable_circuit_share(sable_node *same, const sable_circuit *circuit, sable_error *err);

#endif
