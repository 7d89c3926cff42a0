/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_CIRCUIT_TRIAL_H
#define SABLE_CIRCUIT_TRIAL_H
/* A program on a planning context (cpu/tally.h): every operation of a run is called, checks itself and is counted; nothing is computed
 * and no key is there. What the evaluators tell is read off such a run, so it cannot drift from the real one. */
#include "circuit/program.h"

typedef struct program_trial {
    const sable_program *p;
    sable_ctx *ctx;
    sable_queue *queue;
    sable_ct **input, **output;
    sable_keyset *keys; /* all that the program needs */
} program_trial;

/* Inputs are fresh ciphertexts of `batch` members with the declared bounds. options: as of the context that is stood for, or NULL. */
sable_status sable_trial_open(program_trial *trial, const sable_program *program, const sable_ctx_options *options,
                              uint32_t batch, sable_error *err);
sable_status sable_trial_run(program_trial *trial, program_visit visit, void *arg, sable_error *err);
void sable_trial_close(program_trial *trial);

#endif
