/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_DEBUG_H
#define SABLE_DEBUG_H
/* The debug evaluator (libsable_client): a program on ciphertexts and in the clear in step. It decrypts every value, so it is for the owner of the
 * key, on data that may be looked at. */
#include "sable/client.h"
#include "sable/evaluators.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An operation that was compared. Texts live as long as the program, `value` until the call that shows it returns. */
typedef struct sable_debug_step {
    size_t struct_size;
    size_t number, count;  /* inputs first, then operations in the order of the run */
    const char *operation; /* "input", "tensor", "rotate", ... */
    const char
        *site; /* label of the node that it was written for (sable_circuit_site); of an input without one, its name */
    uint32_t level, parts;
    double log_scale, log_q;
    double bound;        /* declared */
    double largest, rms; /* of |slot| in the clear */
    double error;        /* standard deviation of one slot component: decrypted less clear */
    double
        error_largest; /* largest |decrypted - clear|; infinite where decryption tells that the ciphertext is none of such values */
    double relative_error; /* error_largest / largest; 0 where both are */
    double forecast;       /* what error should be (sable_program_forecast of these values) */
    const sable_ct *value;
} sable_debug_step;

typedef struct sable_debug_options {
    size_t struct_size;
    double
        tolerance; /* the error may be so many times the forecast; 0 = 8. Wider for few slots, whose error scatters */
    double max_relative_error;                              /* stop above this too; 0 = no such limit */
    void (*visit)(void *arg, const sable_debug_step *step); /* called after each comparison; may be NULL */
    void *arg;
} sable_debug_options;

typedef struct sable_debug_report {
    size_t struct_size;
    size_t compared;
    bool stopped;           /* at `last` */
    sable_debug_step last;  /* compared last */
    sable_debug_step worst; /* whose error is the largest multiple of its forecast */
} sable_debug_report;

/* Runs as sable_program_run and compares every input and every result with the run in the clear on clear[i] (2*slots doubles, re and im, for each
 * input). Inputs are of batch 1. The first one whose error leaves its bound, or whose values leave their declared bound, ends the run:
 * SABLE_BOUND, a sentence that names operation and site, outputs untouched. options, report: may be NULL; the report is filled in either
 * case. Other errors: those of sable_program_run, sable_program_forecast and sable_decrypt. */
SABLE_API SABLE_CHECKED sable_status sable_debug_run(sable_queue *queue, const sable_program *program,
                                                     sable_ct *const *outputs, size_t output_count,
                                                     const sable_ct *const *inputs, size_t input_count,
                                                     const double *const *clear, const sable_keyset *keys,
                                                     const sable_secret *secret, const sable_debug_options *options,
                                                     sable_debug_report *report);

#ifdef __cplusplus
}
#endif
#endif
