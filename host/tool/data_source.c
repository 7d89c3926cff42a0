/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/data_source.h"

#include <string.h>

#include "tool/report.h"

static const char *const formats[] = {"auto", "csv", "npy", "idx", NULL}; /* as sable_table_format */

void data_source_options(option *table, data_source *s) {
    const option all[DATA_SOURCE_OPTIONS] = {
        OPTION("data", TEXT, &s->data, "FILE", "table of samples: CSV, NPY or IDX, gzip or not"),
        OPTION("format", CHOICE, &s->format, "KIND", "auto (default), csv, npy or idx", .choices = formats),
        OPTION("no-header", FLAG, &s->no_header, NULL, "CSV: no heading line; columns are called 1, 2, ..."),
        OPTION("delimiter", TEXT, &s->delimiter, "C", "CSV: one character between cells (default ,)"),
        OPTION("label-column", TEXT, &s->label_column, "NAME", "CSV: column of labels, which are no feature",
               .group = "labels"),
        OPTION("labels", TEXT, &s->labels, "FILE", "labels, one a row, in a file of their own", .group = "labels"),
        OPTION("label-positive", TEXT, &s->label_positive, "TEXT",
               "labels are texts: this one is 1, the one other is 0", .group = "texts"),
        OPTION("label-values", LIST, &s->label_values, "A,B,...", "labels are these texts: 0, 1, ...",
               .group = "texts"),
        OPTION("id-column", TEXT, &s->id_column, "NAME", "CSV: column of names of samples, which are no feature"),
        OPTION("ignore", LIST, &s->ignore, "A,B,...", "CSV: columns to leave out"),
    };
    memcpy(table, all, sizeof all);
}

int data_source_check(const data_source *s) {
    if (s->delimiter && strlen(s->delimiter) != 1) return report_usage("--delimiter is one character");
    if ((s->label_positive || s->label_values.count) && !s->label_column && !s->labels)
        return report_usage("--label-positive and --label-values need --label-column or --labels");
    return -1;
}

sable_table_options data_source_table_options(const data_source *s) {
    sable_table_options options;
    sable_table_options_init(&options);
    options.format = (sable_table_format)s->format;
    options.has_header = !s->no_header;
    if (s->delimiter) options.delimiter = *s->delimiter;
    options.label_column = s->label_column;
    options.id_column = s->id_column;
    options.labels_path = s->labels;
    options.label_positive = s->label_positive;
    options.label_values = s->label_values.item;
    options.label_value_count = s->label_values.count;
    options.ignore_columns = s->ignore.item;
    options.ignore_count = s->ignore.count;
    return options;
}

sable_status data_source_read(sable_table **table, const data_source *s, sable_error *err) {
    const sable_table_options options = data_source_table_options(s);
    sable_status status = sable_table_read(table, s->data, &options, err);
    if (status == SABLE_OK && (*table)->underflows)
        remark("%s: %llu values are too small for a double and were read as 0", s->data,
               (unsigned long long)(*table)->underflows);
    return status;
}
