/* SPDX-License-Identifier: Apache-2.0 */
/* A whole table in memory: rows gathered until there are no more. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "io/rows.h"

/* Room for rows that are still to come; grows by half, so that at most a third is unused. */
typedef struct room {
    size_t rows;
    uint64_t max_rows; /* what max_values leaves for this many features */
} room;

/* What becomes of the rows. */
typedef struct keep {
    bool values, labels, ids;
} keep;

static sable_status make_room(sable_table *table, room *have, const keep *kept, const char *path, sable_error *err) {
    if (table->rows < have->rows) return SABLE_OK;
    if (have->rows >= have->max_rows)
        return sable_fail(err, SABLE_LIMIT, "%s: more than %" PRIu64 " rows of %zu features exceed the limit on values",
                          sable_show_path(path).text, have->max_rows, table->features);
    size_t rows = have->rows + have->rows / 2 + 16;
    if (rows > have->max_rows) rows = (size_t)have->max_rows;
    /* rows * features <= max_values <= SIZE_MAX / 8: no product overflows */
    double *values = kept->values ? realloc(table->values, rows * table->features * sizeof *values) : NULL;
    if (values) table->values = values;
    double *label = kept->labels ? realloc(table->labels, rows * sizeof *label) : NULL;
    if (label) table->labels = label;
    char **id = kept->ids ? realloc(table->ids, rows * sizeof *id) : NULL;
    if (id) table->ids = id;
    if ((kept->values && !values) || (kept->labels && !label) || (kept->ids && !id))
        return sable_fail(err, SABLE_NO_MEMORY, "%s: no memory for %zu rows of %zu features",
                          sable_show_path(path).text, rows, table->features);
    have->rows = rows;
    return SABLE_OK;
}

static sable_status copy_names(sable_table *table, const sable_rows *rows, sable_error *err) {
    if (!sable_rows_feature_name(rows, 0)) return SABLE_OK;
    table->feature_names = calloc(table->features, sizeof(char *));
    if (!table->feature_names) return sable_fail(err, SABLE_NO_MEMORY, "no memory for %zu names", table->features);
    for (size_t i = 0; i < table->features; i++)
        if (!(table->feature_names[i] = strdup(sable_rows_feature_name(rows, i))))
            return sable_fail(err, SABLE_NO_MEMORY, "no memory for a name");
    return SABLE_OK;
}

/* *held: bytes of all values, labels and ids, kept or not. */
static sable_status gather(sable_table *table, sable_rows *rows, bool values, uint64_t *held, uint64_t max_values,
                           const char *path, sable_error *err) {
    table->features = sable_rows_features(rows);
    const bool ids = sable_rows_has_ids(rows);
    const keep kept = {values, sable_rows_has_labels(rows), ids && values};
    const uint64_t fixed = (table->features + (kept.labels ? 1 : 0)) * sizeof(double) + (ids ? sizeof(char *) : 0);
    room have = {0, max_values / table->features};
    SABLE_TRY(copy_names(table, rows, err));
    /* rows land here first: whether there is one more is known only after it was asked for */
    double *row = malloc(table->features * sizeof *row);
    if (!row) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a row of %zu values", table->features);
    sable_status status = SABLE_OK;
    for (int more = 1; !status;) {
        double label = 0;
        const char *id = NULL;
        status = sable_rows_next(rows, row, &label, &id, &more, err);
        if (status || !more) break;
        status = make_room(table, &have, &kept, path, err);
        if (status) break;
        if (kept.values) memcpy(table->values + table->rows * table->features, row, table->features * sizeof *row);
        if (kept.labels) table->labels[table->rows] = label;
        *held += fixed + (ids ? strlen(id) + 1 : 0);
        if (kept.ids && !(table->ids[table->rows] = strdup(id)))
            status = sable_fail(err, SABLE_NO_MEMORY, "no memory for the id of row %zu", table->rows);
        else
            table->rows++;
    }
    free(row);
    table->underflows = sable_rows_underflows(rows);
    return status;
}

static sable_status read_table(sable_table **table, bool values, uint64_t *held, const char *path,
                               const sable_table_options *options, sable_error *err) {
    if (!table || !path) return sable_fail(err, SABLE_INVALID, "table: a null argument");
    sable_table_options full;
    SABLE_TRY(sable_table_options_complete(&full, options, err));
    sable_rows *rows;
    SABLE_TRY(sable_rows_open(&rows, path, &full, err));
    sable_table *made = calloc(1, sizeof *made);
    sable_status status = made ? gather(made, rows, values, held, full.max_values, path, err)
                               : sable_fail(err, SABLE_NO_MEMORY, "no memory for a table");
    sable_rows_close(&rows);
    if (status)
        sable_table_destroy(&made);
    else
        *table = made;
    return status;
}

sable_status sable_table_read(sable_table **table, const char *path, const sable_table_options *options,
                              sable_error *err) {
    uint64_t held = 0;
    return read_table(table, true, &held, path, options, err);
}

sable_status sable_table_measure(sable_table **table, uint64_t *held, const char *path,
                                 const sable_table_options *options, sable_error *err) {
    *held = 0;
    return read_table(table, false, held, path, options, err);
}

void sable_table_destroy(sable_table **table) {
    if (!table || !*table) return;
    sable_table *t = *table;
    for (size_t i = 0; t->ids && i < t->rows; i++) free(t->ids[i]);
    for (size_t i = 0; t->feature_names && i < t->features; i++) free(t->feature_names[i]);
    free(t->ids);
    free(t->feature_names);
    free(t->labels);
    free(t->values);
    free(t);
    *table = NULL;
}
