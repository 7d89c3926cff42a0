/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_CMD_FIT_H
#define SABLE_TOOL_CMD_FIT_H
/* What training, and the telling of what it would take, have in common. */
#include "sable/logreg.h"
#include "tool/data_source.h"

typedef struct fit {
    data_source source;
    const char *out;
    uint32_t classes;
    sable_train_options options;
    double held_out;
    bool plain;         /* features as they are */
    sable_table *table; /* of a dry run only the labels */
    int32_t *labels;
    double *x;    /* of a dry run NULL */
    size_t train; /* rows that are trained on; the rest are held out */
    sable_error err;
} fit;

/* Labels, and values if the table has them, in the order in which the first f->train rows are trained on. */
sable_status fit_arrange(fit *f);
/* --dry-run */
sable_status fit_dry(fit *f);

#endif
