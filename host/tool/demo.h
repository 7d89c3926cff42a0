/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_DEMO_H
#define SABLE_TOOL_DEMO_H
/* sable demo: logistic regression on an encrypted data set, from keys to accuracy, with every role in a process of its own. */
#include "sable/sable.h"
#include "tool/baseline.h"
#include "tool/session.h"

typedef struct demo_options {
    const char *data; /* "breast-cancer", "mnist-3v8", a file or a URL */
    const char *label, *id, *positive, *sha256, *mirror;
    const char *params; /* NULL: infer13, with probabilities infer14 */
    const char *out;    /* NULL: a temporary folder */
    uint32_t packing, degree;
    uint64_t download_most;
    double seconds; /* of each timing */
    double ridge;   /* 0: 0.001, with probabilities 0.01 */
    bool all, probabilities, no_baseline;
} demo_options;

/* A file that is not there yet. */
typedef struct demo_fetch {
    char *url, *path; /* where from, where to */
    uint64_t bytes;   /* 0: not known beforehand */
    uint64_t most;    /* what the command would accept */
} demo_fetch;
enum { DEMO_FETCHES_MOST = 4 };

/* A table in the clear. Rows first .. first+count-1 are encrypted; some of the rows train the model. */
typedef struct demo_data {
    char name[64];
    size_t samples, train, first, count;
    uint32_t features;
    bool standardise;                    /* features differ in size */
    double *x;                           /* [samples][features] */
    int32_t *labels;                     /* 0 or 1 */
    bool *trains;                        /* [samples] */
    const char *split;                   /* how training and test rows were told apart */
    demo_fetch fetch[DEMO_FETCHES_MOST]; /* of a dry run: what it would have to fetch; there are no values then */
    uint32_t fetches;
} demo_data;

/* --dry-run fetches nothing: it enters what is missing in data->fetch, and samples is 0 where nobody can tell. */
sable_status demo_data_load(demo_data *data, const demo_options *options, sable_error *err);
void demo_fetch_later(demo_data *data, const char *url, const char *path, uint64_t bytes, uint64_t most);
/* A table of at least 10 samples with labels 0 and 1; `train` of them, by a fixed permutation, are to train on. */
sable_status demo_data_take(demo_data *data, const sable_table *table, const char *path, size_t train,
                            sable_error *err);
void demo_data_clear(demo_data *data);
sable_status demo_data_alloc(demo_data *data, size_t samples, uint32_t features, sable_error *err);
/* Digits 3 (label 0) against 8 (label 1), 14 x 14 pixels in [0, 1]: from $SABLE_DATA, the user's cache or a mirror. */
sable_status demo_mnist_load(demo_data *data, const demo_options *options, sable_error *err);

/* What one role did: a run of this program as a process of its own. */
typedef struct demo_step {
    const char *name, *who;
    double seconds;
    uint64_t bytes;        /* of the files it made */
    uint64_t backend_peak; /* bytes of ciphertexts, keys and scratch; 0: it had none */
} demo_step;
enum { DEMO_STEPS_MOST = 12 };

/* Values of the encrypted rows: logits, or probabilities. */
typedef struct demo_values {
    double *logits; /* in the clear */
    double *twin;   /* what the encrypted computation should give: the logits, or the sigmoid polynomial's value */
    double *plain, *encrypted; /* decrypted; weights in the clear, weights encrypted */
} demo_values;

typedef struct demo_score {
    double accuracy_test,
        accuracy_all;             /* accuracy_test: of the encrypted rows that did not train; NAN when there are none */
    double error, relative_error; /* largest difference to the twin; divided by the twin's largest |value| */
    uint64_t mismatched;          /* predictions that differ from the clear ones where |logit| > 0.001 */
} demo_score;

enum { WAY_PORTABLE_1, WAY_BEST_1, WAY_BEST, WAY_BACKEND, WAYS };

typedef struct demo {
    demo_options options;
    demo_data data;
    sable_params *params;
    char *params_path; /* NULL: a shipped set */
    char *out;         /* --out without a slash at its end; NULL: a temporary folder */
    sable_params_info info;
    sable_layout layout;
    sable_model *model;
    uint32_t level;                     /* of the encrypted data */
    double range;                       /* bounds every |logit|; a power of two */
    char *folder;                       /* absolute; temporary until all is done */
    int lock;                           /* of a temporary one; negative: none */
    char *owner, *modeller, *evaluator; /* folders inside */
    char backend[16], path[16];         /* of inference */
    uint32_t threads;
    double precision_bits[2]; /* predicted by inference: weights in the clear, encrypted */
    demo_step steps[DEMO_STEPS_MOST];
    uint32_t step_count;
    demo_values values;
    demo_score clear, plain, encrypted;
    double largest_logit, poly_error; /* poly_error: sigmoid polynomial against the sigmoid */
    uint64_t key_bytes, dataset_bytes, model_bytes, result_bytes, ciphertext_bytes;
    baseline_row ways[WAYS];
    uint32_t way_count;
    bool same_results; /* of all ways, bit for bit */
    sable_error err;
} demo;

/* The ways to compute that are timed, and how many of them differ. */
uint32_t demo_ways(const demo *d, sable_ctx_options how[WAYS]);
/* The parts of the demonstration, in order. */
sable_status demo_train(demo *d);
sable_status demo_roles_run(demo *d);
sable_status demo_baselines(demo *d);
void demo_compare(demo *d);
void demo_show(const demo *d);
/* NULL when every bar holds, else a sentence; it lives in static memory. */
const char *demo_verdict(const demo *d);
/* --dry-run, in place of all the parts; reading: seconds that the data took. */
sable_status demo_dry(demo *d, double reading);
/* Whether --out can become a folder; d->out. */
sable_status demo_folder_check(demo *d);
/* The folder that the demonstration's own lies in; malloc'ed. */
char *demo_folder_base(const demo *d);
sable_status demo_folder_open(demo *d);
/* It gets its name, if --out gave one: everything is in it. */
sable_status demo_folder_keep(demo *d);
/* Whatever the outcome; one that was not kept is removed. */
void demo_folder_remove(demo *d);

#endif
