/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "io/file.h"
#include "io/shape.h"
#include "io/show.h"
#include "tool/inspect.h"
#include "tool/report.h"
#include "tool/workspace.h"

/* Columns that sable decrypt writes: "logit", "logit_0", ..., "feature_1", ... */
static bool is_value(const char *name) {
    static const char *const stems[] = {"logit", "probability", "feature"};
    for (size_t i = 0; i < sizeof stems / sizeof *stems; i++) {
        const size_t length = strlen(stems[i]);
        if (strncmp(name, stems[i], length) == 0 && (name[length] == 0 || name[length] == '_')) return true;
    }
    return false;
}

static const char *kind_of(const sable_table_shape *t) {
    if (!t->names || strcmp(t->names[0], "index") != 0 || t->columns < 2) return "table";
    bool names_only = true, values = false;
    for (uint64_t i = 1; i < t->columns; i++) {
        names_only = names_only && (strcmp(t->names[i], "id") == 0 || strcmp(t->names[i], "label") == 0);
        values = values || is_value(t->names[i]);
    }
    return names_only ? "names and labels" : values ? "decrypted values" : "table";
}

static void report_array(const sable_table_shape *t) {
    json_t *shape = json_array();
    char text[128] = "";
    size_t used = 0;
    const unsigned dimensions = t->format == SABLE_TABLE_NPY ? t->npy.dimensions : t->idx.dimensions;
    for (unsigned d = 0; d < dimensions; d++) {
        const uint64_t size = t->format == SABLE_TABLE_IDX ? t->idx.size[d] : d ? t->columns : t->rows;
        json_array_append_new(shape, json_integer((json_int_t)size));
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%llu", d ? " x " : "", (unsigned long long)size);
    }
    char type[8] = "u1";
    if (t->format == SABLE_TABLE_NPY) snprintf(type, sizeof type, "%c%u", t->npy.type, t->npy.size);
    report_text("type", type);
    report_value("shape", shape);
    say("%s elements of type %s%s", text, type,
        t->format == SABLE_TABLE_NPY && t->npy.fortran ? ", columns lie together" : "");
}

static void report_csv(const sable_table_shape *t) {
    const char delimiter[2] = {t->delimiter, 0};
    report_text("delimiter", delimiter);
    report_bool("header", t->has_header);
    report_integer("numeric_columns", (int64_t)t->numeric_columns);
    json_t *names = t->names ? json_array() : NULL;
    for (uint64_t i = 0; t->names && i < t->columns; i++) { /* text that is not UTF-8 has no place in JSON */
        json_t *name = json_string(t->names[i]);
        json_array_append_new(names, name ? name : json_null());
    }
    report_value("names", names ? names : json_null());
    say("%llu rows of %llu columns, %llu of them numbers; %s", (unsigned long long)t->rows,
        (unsigned long long)t->columns, (unsigned long long)t->numeric_columns,
        t->has_header ? "a header line" : "no header line");
}

sable_status inspect_table(const char *path, sable_error *err) {
    static const char *const formats[] = {"", "csv", "npy", "idx"};
    sable_table_shape t;
    SABLE_TRY(sable_table_shape_read(&t, path, err));
    int fd;
    uint64_t bytes;
    uint8_t start[2] = {0};
    sable_status status = sable_file_open(&fd, &bytes, path, err);
    if (status == SABLE_OK) {
        status = sable_file_read_at(fd, path, start, bytes < 2 ? bytes : 2, 0, err);
        (void)close(fd);
    }
    if (status == SABLE_OK) {
        const char *kind = kind_of(&t);
        const bool gzip = start[0] == 0x1F && start[1] == 0x8B;
        inspect_head(path, kind, bytes);
        report_text("format", formats[t.format]);
        report_bool("gzip", gzip);
        report_integer("rows", (int64_t)t.rows);
        report_integer("columns", (int64_t)t.columns);
        say("%s%s", formats[t.format], gzip ? ", gzip" : "");
        if (t.format == SABLE_TABLE_CSV)
            report_csv(&t);
        else
            report_array(&t);
        if (strcmp(kind, "table") != 0) say("OWNER-ONLY: not encrypted");
        report_bool("owner_only", strcmp(kind, "table") != 0);
    }
    sable_table_shape_clear(&t);
    return status;
}
