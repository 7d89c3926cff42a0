/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_CMD_TRAIN_H
#define SABLE_TOOL_CMD_TRAIN_H
/* sable train: the parts of the command. Roles: the data owner has data and the secret key; who computes gets the circuit, encrypted inputs and
 * evaluation keys. */
#include "sable/evaluators.h"
#include "sable/training.h"
#include "tool/data_source.h"
#include "tool/demo.h"
#include "tool/session.h"
#include "tool/workspace.h"

/* A circuit lowered for a parameter set. */
typedef struct train_program {
    sable_params *params;
    sable_params_info info;
    sable_training *training;
    sable_training_info shape;
    sable_program *program;
    sable_program_info lowered;
    sable_key_spec *keys;
    sable_program_cost_info cost;
} train_program;

typedef struct train_score {
    double accuracy, auroc; /* of test samples; NAN when there are none */
} train_score;

typedef struct train {
    /* the command line */
    sable_training_options options;
    data_source source;
    double held_out;
    uint32_t order;
    const char *keys, *secret_file, *params, *params_out, *weights_out, *out;
    /* the data owner */
    demo_data data;       /* scaled */
    sable_model *scaling; /* mean and deviation */
    double *z;
    double *weights, *twin; /* [features + 1]: decrypted, and of the same circuit in the clear */
    double largest;         /* |Z_t v_t| */
    workspace w;
    sable_secret *secret;
    /* what travels */
    train_program plan;
    sable_keyset *evaluation_keys;
    sable_ct **inputs, **outputs;
    uint64_t input_file_bytes;
    /* times and results */
    double keys_seconds, encrypt_seconds, prepare_seconds, seconds, decrypt_seconds;
    double processor_seconds; /* of the run, all threads */
    double weight_error;
    train_score encrypted, clear;
    session s;
    sable_error *err; /* of the session */
} train;

/* -- the plan (train_plan.c) --------------------------------------------------------------------------------------- */
/* t->plan: for --params, or the set of the workspace, or the set on which the circuit should be fastest. */
sable_status train_choose(train *t);
void train_program_clear(train_program *p);

/* -- the data (train_data.c) --------------------------------------------------------------------------------------- */
sable_status train_load(train *t);
/* Weights against the test samples. */
train_score train_judge(const train *t, const double *weights);

/* -- the roles (train_roles.c) ------------------------------------------------------------------------------------- */
sable_status train_run(train *t);
/* t->inputs and t->outputs, encrypted and empty. */
sable_status train_send_inputs(train *t);
void train_release(train *t);

/* What the training would take, told instead of done, on a planning session (train_dry.c). seconds: processor time of what was done
 * until now. */
sable_status train_dry(train *t, double seconds);

/* The report (train_report.c); false: a bar does not hold. */
bool train_report(const train *t);
/* Its part on data, circuit and parameter set, without the table for people. */
void train_report_plan(const train *t);

#endif
