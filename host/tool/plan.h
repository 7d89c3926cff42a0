/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_PLAN_H
#define SABLE_TOOL_PLAN_H
/* sable plan: circuits by name, and what one of them takes with a parameter set. Nothing is encrypted: a run is called on a planning session, where
 * work is counted and not done (cpu/tally.h). */
#include <jansson.h>

#include "sable/training.h"
#include "tool/session.h"

/* What the user asks for. */
typedef struct plan_request {
    uint32_t circuit; /* index in the registry */
    uint32_t features, classes, packing, degree, rows, cols, minibatch, iterations, chains;
    uint64_t samples;
    bool probabilities;
    double bound, range, weight;
} plan_request;

/* A graph with what owns it. */
typedef struct plan_graph {
    const sable_circuit *circuit;
    uint32_t output_level;
    sable_circuit *own;
    sable_training *training;
} plan_graph;

/* A run of a circuit with one set. */
typedef struct plan_trial {
    session s;
    sable_key_spec *spec;
    sable_keyset *keys;
    plan_graph graph;
    sable_program *program; /* NULL: the circuit is not run as a program */
    uint64_t runs;          /* for all samples */
    uint32_t level, depth;  /* the highest level of an input; levels between that and the results */
    uint64_t input_count, output_count;
    uint64_t input_bytes, input_file_bytes, output_bytes; /* of a run: in memory, in files with seeds, in memory */
    uint64_t key_bytes, key_file_bytes, memory_bytes;     /* memory: the most that a run holds, keys included */
    double seconds;                                       /* of a run */
    double precision;                                     /* bits after the point that results keep */
} plan_trial;

typedef struct plan_circuit {
    const char *name, *summary;
    const char *const *options; /* that it takes beside the common ones, and NULL */
    const char *needed;         /* the one of them that must be given, or NULL */
    /* Levels that it takes at most, in a ring with so many slots: where the planner of sets begins. */
    uint32_t (*levels)(const plan_request *r, uint32_t slots);
    /* On a planning session: keys, inputs, one run; fills the trial but for what plan_try adds. */
    sable_status (*run)(plan_trial *t, const plan_request *r);
    /* Of a circuit that is run as a program: its graph, closed by the caller also after a failure. NULL: it is not. */
    sable_status (*build)(plan_graph *graph, const plan_request *r, uint32_t slots, sable_error *err);
    /* Likely values of an input, [slots] real numbers; NULL: any within the declared bounds are. */
    sable_status (*values)(const plan_graph *graph, const plan_request *r, size_t input, double *values,
                           sable_error *err);
} plan_circuit;

const plan_circuit *plan_circuit_at(size_t index); /* NULL past the end */
void plan_graph_close(plan_graph *graph);

/* Opens a planning session for the set (a name or a file; or `params`) and runs the circuit on it. The trial is to be closed
 * whatever comes of it; t->s.err has the sentence. */
sable_status plan_try(plan_trial *t, const plan_request *r, const char *name_or_path, const sable_params *params);
void plan_trial_close(plan_trial *t);
/* As before the first input: for another level. */
sable_status plan_trial_reset(plan_trial *t);
/* The program of the circuit, run once: seconds, with other choices of lowering. Keys and inputs of t. */
sable_status plan_time_program(plan_trial *t, const sable_program *program, double *seconds);

/* -- parts for the circuits' functions ----------------------------------------------------------------------------- */
/* A fresh ciphertext of `members`, counted as input of the run. */
sable_status plan_input(plan_trial *t, sable_ct **ct, uint32_t level, uint32_t members, uint32_t slots, double bound);
/* The keys of t->spec are there; what was counted so far is forgotten. */
sable_status plan_begin_run(plan_trial *t);
/* What the run took, and its results. */
sable_status plan_end_run(plan_trial *t, sable_ct *const *results, size_t count, double factor);
sable_status plan_run_program(plan_trial *t, const plan_request *r);

/* -- the file that keygen --plan reads ----------------------------------------------------------------------------- */
json_t *plan_keys_json(const plan_trial *t);
/* Adds the keys of a plan to the specification, which must be of the plan's set. */
sable_status plan_file_keys(const char *path, sable_key_spec *spec, sable_error *err);
/* Name of the set of a plan; malloc'ed. */
sable_status plan_file_params(char **name, const char *path, sable_error *err);

#endif
