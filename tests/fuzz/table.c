/* SPDX-License-Identifier: Apache-2.0 */
/* Tables through both of their readers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "sable/io.h"

static void read_rows(const char *path, const sable_table_options *options, const sable_table *whole) {
    sable_error err = {0};
    sable_rows *rows = NULL;
    sable_status status = sable_rows_open(&rows, path, options, &err);
    if (!fuzz_settled(status, err.text)) {
        fuzz_expect(rows == NULL, "a refused open leaves its output alone");
        fuzz_expect(!whole, "both readers refuse alike");
        return;
    }
    size_t features = sable_rows_features(rows), count = 0;
    fuzz_expect(features > 0 && features <= 1u << 20, "a number of features in range");
    double *values = malloc(features * sizeof *values), label = 0;
    fuzz_expect(values != NULL, "memory for a row");
    int more = 1;
    while ((status = sable_rows_next(rows, values, &label, NULL, &more, &err)) == SABLE_OK && more) {
        if (whole)
            fuzz_expect(count < whole->rows &&
                            memcmp(values, whole->values + count * features, features * sizeof *values) == 0,
                        "both readers deliver the same rows");
        count++;
    }
    fuzz_settled(status, err.text);
    fuzz_expect((status == SABLE_OK) == (whole != NULL), "both readers agree on what is sound");
    if (whole) fuzz_expect(count == whole->rows && features == whole->features, "both readers agree on the shape");
    sable_rows_close(&rows);
    free(values);
}

void fuzz_table(const uint8_t *data, size_t size, int format) {
    if (size == 0) return;
    static const char *const classes[] = {"a", "b"}, *const ignored[] = {"x"};
    sable_table_options o;
    sable_table_options_init(&o);
    o.format = (sable_table_format)format;
    unsigned choice = data[0];
    if (format != SABLE_TABLE_NPY && format != SABLE_TABLE_IDX) {
        o.has_header = !(choice & 1);
        if (choice & 2) o.label_column = o.has_header ? "y" : "1";
        if (choice & 4) o.id_column = o.has_header ? "id" : "2";
        if ((choice & 10) == 10) o.label_positive = "a";
        if ((choice & 18) == 18 && !(choice & 8)) o.label_values = classes, o.label_value_count = 2;
        if (choice & 32) o.ignore_columns = ignored, o.ignore_count = 1;
        if (choice & 64) o.delimiter = ';';
    }
    o.max_values = 1u << 17;
    o.max_rows = 1u << 17;
    const char *path = fuzz_file(data + 1, size - 1);
    sable_error err = {0};
    sable_table *table = NULL;
    sable_status status = sable_table_read(&table, path, &o, &err);
    if (fuzz_settled(status, err.text)) {
        fuzz_expect(table->rows > 0 && table->features > 0, "a table has rows and columns");
        for (size_t i = 0; i < table->rows * table->features; i++)
            fuzz_expect(isfinite(table->values[i]), "values are finite");
    } else {
        fuzz_expect(table == NULL, "a refused read leaves its output alone");
    }
    if (status != SABLE_LIMIT) read_rows(path, &o, table);
    sable_table_destroy(&table);
}
