/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_BASELINE_H
#define SABLE_TOOL_BASELINE_H
/* Inference timed on the evaluator's files, once for each way to compute it: backend, instruction set, threads. Needs no secret. */
#include <stdbool.h>

#include "sable/dataset.h"

enum { BASELINE_RUNS_LEAST = 5, BASELINE_RUNS_MOST = 1000, BASELINE_WARM_UP = 2 }; /* of each measurement */

typedef struct baseline_job {
    const sable_params *params;
    const char *data, *keys, *model, *encrypted_model; /* files */
    const char *scratch;                               /* path of a file that may be written and removed */
    sable_infer_options options; /* of the model in the clear; the encrypted one states its own range */
    double seconds;              /* spent on each measurement */
} baseline_job;

typedef struct baseline_row {
    char backend[16], path[16];
    uint32_t threads;
    uint64_t backend_peak;                   /* bytes */
    double plain_seconds, encrypted_seconds; /* median time of one pass over all blocks, reading the files excluded */
    uint8_t digest[SABLE_DIGEST_BYTES];      /* SHA-256 of the results of both: equal on every path */
} baseline_row;

sable_status baseline_measure(baseline_row *row, const baseline_job *job, const sable_ctx_options *how,
                              sable_error *err);

#endif
