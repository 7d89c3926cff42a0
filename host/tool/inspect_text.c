/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "io/show.h"
#include "io/text_file.h"
#include "sable/logreg.h"
#include "tool/cmd_params.h"
#include "tool/inspect.h"
#include "tool/report.h"
#include "tool/workspace.h"

#define TEXT_MOST ((size_t)1 << 30) /* a model; parameters are far smaller */

static sable_status report_params(const char *text, size_t bytes, const char *path, sable_error *err) {
    const sable_params_options any = {.struct_size = sizeof any, .allow_insecure = true};
    sable_params *params = NULL;
    sable_error inner = {SABLE_OK, ""};
    sable_status status = sable_params_parse(&params, text, bytes, &any, &inner);
    if (status != SABLE_OK)
        return sable_fail(err, SABLE_FORMAT, "%s: no sound parameter set: %s", sable_show_path(path).text, inner.text);
    status = params_report(params);
    sable_params_destroy(&params);
    return status;
}

static sable_status report_model(const char *path, sable_error *err) {
    sable_model *model = NULL;
    sable_status status = sable_model_load(&model, path, err);
    if (status == SABLE_DATA) err->code = status = SABLE_FORMAT; /* here the file is at fault, not a value in it */
    SABLE_TRY(status);
    report_integer("classes", model->classes);
    report_integer("features", model->features);
    report_bool("standardises", model->mean != NULL);
    say("%u %s of %u features%s", model->classes, model->classes == 1 ? "row" : "classes", model->features,
        model->mean ? ", standardises its data" : "");
    sable_model_destroy(&model);
    return SABLE_OK;
}

sable_status inspect_text(const sable_container_info *info, const char *path, sable_error *err) {
    if (info->kind == SABLE_KIND_MODEL) return report_model(path, err);
    if (info->kind != SABLE_KIND_PARAMS) return SABLE_OK;
    char *text;
    size_t bytes;
    sable_container_info again;
    SABLE_TRY(sable_text_read(&text, &bytes, &again, path, SABLE_KIND_PARAMS, TEXT_MOST, err));
    sable_status status = report_params(text, bytes, path, err);
    free(text);
    return status;
}

static bool is_bench(const json_t *root) {
    const json_t *rows = json_object_get(root, "rows"), *first = json_array_get(rows, 0);
    return json_is_array(rows) && (json_array_size(rows) == 0 || json_object_get(first, "median_us")) &&
           json_is_string(json_object_get(root, "commit"));
}

static sable_status report_bench(const json_t *root) {
    static const char *const texts[] = {"device", "cpu", "commit", "date"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        report_text(texts[i], json_string_value(json_object_get(root, texts[i])));
    const size_t rows = json_array_size(json_object_get(root, "rows"));
    report_integer("rows", (int64_t)rows);
    const char *cpu = json_string_value(json_object_get(root, "cpu"));
    const char *date = json_string_value(json_object_get(root, "date"));
    say("%zu rows of %s, %s, commit %s", rows, cpu ? cpu : "an unknown processor", date ? date : "no date",
        json_string_value(json_object_get(root, "commit")));
    return SABLE_OK;
}

static sable_status report_plan(const json_t *root) {
    static const char *const texts[] = {"circuit", "params", "params_digest"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        report_text(texts[i], json_string_value(json_object_get(root, texts[i])));
    const size_t keys = json_array_size(json_object_get(root, "keys"));
    report_integer("keys", (int64_t)keys);
    const char *circuit = json_string_value(json_object_get(root, "circuit"));
    const char *params = json_string_value(json_object_get(root, "params"));
    say("%s with %s, %zu keys", circuit ? circuit : "a circuit without a name", params ? params : "no set", keys);
    return SABLE_OK;
}

static sable_status report_json(const json_t *root, const char *text, size_t bytes, const char *path,
                                sable_error *err) {
    const char *format = json_string_value(json_object_get(root, "format"));
    const char *kind = format && strcmp(format, "sable-params") == 0  ? "parameters"
                       : format && strcmp(format, "sable-model") == 0 ? "model"
                       : format && strcmp(format, "sable-plan") == 0  ? "plan"
                       : is_bench(root)                               ? "bench results"
                                                                      : NULL;
    if (!kind)
        return sable_fail(err, SABLE_FORMAT,
                          "%s: is JSON text, but neither parameters nor a model nor a plan nor results of sable bench",
                          sable_show_path(path).text);
    inspect_head(path, kind, bytes);
    if (strcmp(kind, "model") == 0) return report_model(path, err);
    if (strcmp(kind, "plan") == 0) return report_plan(root);
    return strcmp(kind, "parameters") == 0 ? report_params(text, bytes, path, err) : report_bench(root);
}

sable_status inspect_json(const char *path, sable_error *err) {
    char *text;
    size_t bytes;
    sable_container_info none;
    SABLE_TRY(sable_text_read(&text, &bytes, &none, path, SABLE_KIND_ANY, TEXT_MOST, err));
    json_error_t at;
    json_t *root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &at);
    sable_status status =
        root ? report_json(root, text, bytes, path, err)
             : sable_fail(err, SABLE_FORMAT, "%s: JSON text that is cut or malformed: line %d, column %d: %s",
                          sable_show_path(path).text, at.line, at.column, at.text);
    json_decref(root);
    free(text);
    return status;
}
