/* SPDX-License-Identifier: Apache-2.0 */
/* Model files: strict JSON in, 17 digits out. */
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "io/text_file.h"
#include "logreg/model_plan.h"

#define MODEL_MOST_BYTES ((size_t)1 << 30)

static sable_status read_numbers(double *out, size_t count, const json_t *array, const char *field, sable_error *err) {
    if (!json_is_array(array) || json_array_size(array) != count)
        return sable_fail(err, SABLE_FORMAT, "model field \"%s\": an array of %zu numbers is needed%s", field, count,
                          json_is_array(array) ? ", its length differs" : "");
    for (size_t i = 0; i < count; i++) {
        const json_t *v = json_array_get(array, i);
        if (!json_is_number(v))
            return sable_fail(err, SABLE_FORMAT, "model field \"%s\", entry %zu is not a number", field, i);
        out[i] = json_number_value(v);
        if (!isfinite(out[i]))
            return sable_fail(err, SABLE_DATA, "model field \"%s\", entry %zu is not finite", field, i);
    }
    return SABLE_OK;
}

static sable_status read_size(uint32_t *out, const json_t *root, const char *field, uint32_t limit, sable_error *err) {
    const json_t *v = json_object_get(root, field);
    if (!json_is_integer(v) || json_integer_value(v) < 1 || json_integer_value(v) > limit)
        return sable_fail(err, SABLE_FORMAT, "model field \"%s\": an integer from 1 to %u is needed", field, limit);
    *out = (uint32_t)json_integer_value(v);
    return SABLE_OK;
}

/* Before memory is taken for what the file only claims. */
static sable_status check_counts(const json_t *root, uint32_t classes, uint32_t features, sable_error *err) {
    const json_t *rows = json_object_get(root, "weights");
    if (!json_is_array(rows) || json_array_size(rows) != classes)
        return sable_fail(err, SABLE_FORMAT, "model field \"weights\": %u rows are needed", classes);
    for (uint32_t c = 0; c < classes; c++)
        if (json_array_size(json_array_get(rows, c)) != features) /* 0 for what is no array */
            return sable_fail(err, SABLE_FORMAT, "model field \"weights\", row %u: %u numbers are needed", c, features);
    return SABLE_OK;
}

static sable_status fill(sable_model *m, const json_t *root, sable_error *err) {
    const json_t *rows = json_object_get(root, "weights");
    for (uint32_t c = 0; c < m->classes; c++)
        SABLE_TRY(
            read_numbers(m->weights + (size_t)c * m->features, m->features, json_array_get(rows, c), "weights", err));
    SABLE_TRY(read_numbers(m->bias, m->classes, json_object_get(root, "bias"), "bias", err));
    if (!m->mean) return SABLE_OK;
    SABLE_TRY(read_numbers(m->mean, m->features, json_object_get(root, "mean"), "mean", err));
    SABLE_TRY(read_numbers(m->deviation, m->features, json_object_get(root, "deviation"), "deviation", err));
    for (uint32_t j = 0; j < m->features; j++)
        if (!(m->deviation[j] > 0))
            return sable_fail(err, SABLE_DATA, "deviation %u is %g: it must be positive", j, m->deviation[j]);
    return SABLE_OK;
}

sable_status sable_model_load(sable_model **out, const char *path, sable_error *err) {
    if (!out || !path) return sable_fail(err, SABLE_INVALID, "sable_model_load: arguments must not be NULL");
    json_error_t je;
    char *text;
    size_t bytes;
    sable_container_info info;
    SABLE_TRY(sable_text_read(&text, &bytes, &info, path, SABLE_KIND_MODEL, MODEL_MOST_BYTES, err));
    json_t *root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &je);
    free(text);
    if (!root)
        return *je.text ? sable_fail(err, SABLE_FORMAT, "%s: line %d: %s", path, je.line, je.text)
                        : sable_fail(err, SABLE_NO_MEMORY, "%s: no memory to read it", path);
    static const char *const known[] = {"format",  "version", "classes", "features",
                                        "weights", "bias",    "mean",    "deviation"};
    const char *key;
    json_t *value;
    sable_status status = SABLE_OK;
    json_object_foreach(root, key, value) {
        bool found = false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) found |= strcmp(key, known[i]) == 0;
        if (!found) status = sable_fail(err, SABLE_FORMAT, "%s: unknown model field \"%s\"", path, key);
    }
    const char *format = json_string_value(json_object_get(root, "format"));
    if (status == SABLE_OK &&
        (!format || strcmp(format, "sable-model") != 0 || json_integer_value(json_object_get(root, "version")) != 1))
        status = sable_fail(err, SABLE_FORMAT, "%s is not a sable-model file of version 1", path);
    uint32_t classes, features;
    sable_model *m = NULL;
    if (status == SABLE_OK) status = read_size(&classes, root, "classes", 1024, err);
    if (status == SABLE_OK) status = read_size(&features, root, "features", 1u << 20, err);
    bool mean = json_object_get(root, "mean") != NULL, deviation = json_object_get(root, "deviation") != NULL;
    if (status == SABLE_OK && mean != deviation)
        status = sable_fail(err, SABLE_FORMAT, "%s: mean and deviation go together", path);
    if (status == SABLE_OK) status = check_counts(root, classes, features, err);
    if (status == SABLE_OK) status = sable_model_create(&m, classes, features, mean, err);
    if (status == SABLE_OK) status = fill(m, root, err);
    json_decref(root);
    if (status != SABLE_OK) {
        sable_model_destroy(&m);
        return status;
    }
    *out = m;
    return SABLE_OK;
}

/* -- writing ------------------------------------------------------------------------------------------------------- */

/* A growing text; a failed allocation is remembered. */
typedef struct text_buffer {
    char *data;
    size_t used, room;
    bool failed;
} text_buffer;

__attribute__((format(printf, 2, 3))) static void put(text_buffer *t, const char *format, ...) {
    va_list args;
    if (t->used + 64 > t->room) { /* every call writes less */
        size_t room = t->room ? 2 * t->room : 4096;
        char *grown = realloc(t->data, room);
        if (!grown) {
            t->failed = true;
            return;
        }
        t->data = grown;
        t->room = room;
    }
    va_start(args, format);
    int n = vsnprintf(t->data + t->used, t->room - t->used, format, args);
    va_end(args);
    if (n > 0) t->used += (size_t)n;
}

static void put_numbers(text_buffer *t, const double *v, size_t count) {
    put(t, "[");
    for (size_t i = 0; i < count; i++) put(t, "%s%.17g", i ? ", " : "", v[i]);
    put(t, "]");
}

static void put_model(text_buffer *t, const sable_model *m) {
    put(t, "{\n  \"format\": \"sable-model\", \"version\": 1,");
    put(t, " \"classes\": %u, \"features\": %u,\n", m->classes, m->features);
    put(t, "  \"weights\": [\n");
    for (uint32_t c = 0; c < m->classes; c++) {
        put(t, "    ");
        put_numbers(t, m->weights + (size_t)c * m->features, m->features);
        put(t, c + 1 < m->classes ? ",\n" : "\n");
    }
    put(t, "  ],\n  \"bias\": ");
    put_numbers(t, m->bias, m->classes);
    if (m->mean) {
        put(t, ",\n  \"mean\": ");
        put_numbers(t, m->mean, m->features);
        put(t, ",\n  \"deviation\": ");
        put_numbers(t, m->deviation, m->features);
    }
    put(t, "\n}\n");
}

enum { NUMBER_MOST = 26, HEAD_MOST = 192 }; /* -1.2345678901234567e-308 and what parts it from the next; the rest */

uint64_t sable_model_file_most(uint32_t classes, uint32_t features, bool standardised, const char *path) {
    const uint64_t rows = (uint64_t)classes * (12 + (uint64_t)features * NUMBER_MOST),
                   bias = (uint64_t)classes * NUMBER_MOST, map = standardised ? 2ull * features * NUMBER_MOST : 0;
    return sable_text_file_bytes(HEAD_MOST + rows + bias + map, path);
}

sable_status sable_model_save(const sable_model *model, const char *path, sable_error *err) {
    if (!model || !path) return sable_fail(err, SABLE_INVALID, "sable_model_save: arguments must not be NULL");
    text_buffer t = {0};
    put_model(&t, model);
    const sable_container_info info = {.kind = SABLE_KIND_MODEL};
    sable_status status = t.failed ? sable_fail(err, SABLE_NO_MEMORY, "no memory for the text of a model")
                                   : sable_text_write(t.data, t.used, &info, path, err);
    free(t.data);
    return status;
}
