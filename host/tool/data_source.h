/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_DATA_SOURCE_H
#define SABLE_TOOL_DATA_SOURCE_H
/* The options that say how a table is read, the same in every command that reads one. */
#include "sable/io.h"
#include "tool/options.h"

typedef struct data_source {
    const char *data, *label_column, *label_positive, *id_column, *labels, *delimiter;
    text_list ignore, label_values;
    bool no_header;
    uint32_t format;
} data_source;

enum { DATA_SOURCE_OPTIONS = 10 };
/* Writes DATA_SOURCE_OPTIONS options; the caller ends the table. */
void data_source_options(option *table, data_source *source);
/* -1, or the exit status after a complaint about options that do not go together. */
int data_source_check(const data_source *source);
/* The same for the readers of sable/io.h; strings are borrowed from source. */
sable_table_options data_source_table_options(const data_source *source);
sable_status data_source_read(sable_table **table, const data_source *source, sable_error *err);

#endif
