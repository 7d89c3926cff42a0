/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CIRCUIT_PLAINS_H
#define SABLE_CIRCUIT_PLAINS_H
/* Plaintexts of a program, encoded once for a context. */
#include "circuit/work.h"

typedef struct program_plains {
    program_plain *of;   /* [steps] what a step needs; nothing where it needs nothing */
    program_plain *each; /* [count] the owners */
    size_t count;
    uint64_t bytes;
} program_plains;

/* Equal values at one level and scale are one plaintext, a map at one level is encoded once. On failure what was made is in *plains, to be freed. */
sable_status sable_plains_make(sable_queue *queue, program_plains *plains, const sable_program *program);
void sable_plains_free(sable_queue *queue, program_plains *plains);

#endif
