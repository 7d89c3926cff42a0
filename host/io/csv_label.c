/* SPDX-License-Identifier: Apache-2.0 */
#include "io/csv_label.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "io/show.h"

sable_status sable_csv_labels_init(sable_csv_labels *labels, const sable_table_options *options, sable_error *err) {
    *labels = (sable_csv_labels){.numeric = !options->label_positive && !options->label_value_count,
                                 .positive = options->label_positive,
                                 .values = options->label_values,
                                 .value_count = options->label_value_count};
    if (labels->numeric) return SABLE_OK;
    if (labels->value_count == 1)
        return sable_fail(err, SABLE_INVALID, "table options: 1 label value, at least 2 needed");
    for (size_t i = 0; i < labels->value_count; i++)
        for (size_t j = 0; j < i; j++)
            if (!strcmp(labels->values[i], labels->values[j]))
                return sable_fail(err, SABLE_INVALID, "table options: label value %s is given twice",
                                  sable_show_text(labels->values[i], strlen(labels->values[i])).text);
    return SABLE_OK;
}

void sable_csv_labels_release(sable_csv_labels *labels) {
    free(labels->negative);
    labels->negative = NULL;
}

static bool same(const char *text, size_t bytes, const char *word) {
    return strlen(word) == bytes && !memcmp(text, word, bytes);
}

const char *sable_csv_label_read(sable_csv_labels *labels, double *label, const char *text, size_t bytes) {
    if (!labels->positive) {
        for (size_t i = 0; i < labels->value_count; i++)
            if (same(text, bytes, labels->values[i])) {
                *label = (double)i;
                return NULL;
            }
        return "is none of the given label values";
    }
    if (same(text, bytes, labels->positive)) {
        labels->positive_seen = true;
        *label = 1;
        return NULL;
    }
    if (!bytes) return "is empty, and a label is needed";
    if (!labels->negative) {
        labels->negative = strndup(text, bytes);
        labels->no_memory = !labels->negative;
        if (labels->no_memory) return "needs memory that is not there";
    }
    *label = 0;
    return same(text, bytes, labels->negative) ? NULL : "is a third label text; only two can be mapped to 1 and 0";
}

sable_status sable_csv_labels_finish(const sable_csv_labels *labels, const char *file, sable_error *err) {
    if (!labels->positive || labels->positive_seen) return SABLE_OK;
    return sable_fail(err, SABLE_DATA, "%s: no label is %s", file,
                      sable_show_text(labels->positive, strlen(labels->positive)).text);
}
