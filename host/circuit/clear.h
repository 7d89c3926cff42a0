/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CIRCUIT_CLEAR_H
#define SABLE_CIRCUIT_CLEAR_H
/* Nodes of a circuit and steps of a program on values in the clear: arrays of [slots] pairs (re, im). */
#include "circuit/program.h"

/* r = the node's operation on a and b. r is none of them. */
void sable_clear_compute(double *r, const circuit_node *node, const double *a, const double *b, uint32_t slots);
/* The same for a step of a program. */
SABLE_SHARED void sable_clear_step(double *r, const program_step *step, const double *a, const double *b,
                                   uint32_t slots);
/* The error of the step's result, first order and products of errors, when operands a and b have these errors and the step adds none. */
void sable_clear_error(double *r, const program_step *step, const double *a, const double *b, const double *a_error,
                       const double *b_error, uint32_t slots);

#endif
