/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SABLE_TOOL_CMD_DECRYPT_H
#define SABLE_TOOL_CMD_DECRYPT_H
/* Decrypted rows on their way to a file. */
#include "sable/dataset.h"
#include "sable/io.h"
#include "tool/options.h"

/* Names and labels that `encrypt` kept for the owner. */
typedef struct row_names {
    sable_table *table; /* one feature, the index; NULL: no such file */
} row_names;
sable_status row_names_read(row_names *names, const char *path, uint64_t samples, sable_error *err);

typedef struct decrypt_output {
    const char *path;
    const sable_blocks_info *info;
    const row_names *names;
    const text_list *class_names; /* count 0: numbers */
    double threshold;             /* binary probabilities above it are class 1 */
    uint32_t columns;             /* values a row: classes or features */
    uint64_t correct, labelled;   /* filled while writing */
} decrypt_output;

/* values[samples][columns], logits already multiplied by the factor. Written with mode 0600. */
sable_status decrypt_write_csv(decrypt_output *out, const double *values, sable_error *err);
int32_t decrypt_class_of(const decrypt_output *out, const double *row);

#endif
