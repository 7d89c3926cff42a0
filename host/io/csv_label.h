/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_IO_CSV_LABEL_H
#define SABLE_IO_CSV_LABEL_H
/* Labels that are texts: which number each stands for (include/sable/io.h, label_positive and label_values). */
#include <stdbool.h>

#include "sable/io.h"

typedef struct sable_csv_labels {
    bool numeric; /* labels are numbers: nothing below is used */
    const char *positive;
    bool positive_seen;
    char *negative; /* the other text, once it was seen; owned */
    const char *const *values;
    size_t value_count;
    bool no_memory; /* why the latest text was not read */
} sable_csv_labels;

/* Borrows the strings of options. */
SABLE_CHECKED sable_status sable_csv_labels_init(sable_csv_labels *labels, const sable_table_options *options,
                                                 sable_error *err);
void sable_csv_labels_release(sable_csv_labels *labels);
/* NULL and the label, or what is wrong, as the end of a sentence that begins with the text. */
const char *sable_csv_label_read(sable_csv_labels *labels, double *label, const char *text, size_t bytes);
/* After the last row. */
SABLE_CHECKED sable_status sable_csv_labels_finish(const sable_csv_labels *labels, const char *file, sable_error *err);

#endif
