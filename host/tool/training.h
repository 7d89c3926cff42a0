/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_TRAINING_H
#define SABLE_TOOL_TRAINING_H
/* What training in the clear takes, for --dry-run. */
#include "sable/logreg.h"

typedef struct training_time {
    double train;   /* seconds of all steps */
    double predict; /* of one sample */
} training_time;

/* Measured on a few MiB of constants, and scaled: every step passes over all samples, once a class. */
sable_status training_measure(training_time *time, size_t samples, uint32_t features, uint32_t classes,
                              const sable_train_options *options, sable_error *err);

#endif
