/* SPDX-License-Identifier: Apache-2.0 */
/* Plans as files: what sable plan --out writes, of which keygen --plan reads the set and the keys. */
#include <stdlib.h>
#include <string.h>

#include "ckks/objects.h"
#include "io/show.h"
#include "tool/plan.h"
#include "tool/report.h"

/* Steps of a rotation by its Galois element, for people; 0: a conjugation or relinearisation. */
static int64_t steps_of(const sable_params *params, uint32_t slots, const sable_key_need *need) {
    for (uint32_t k = 1; need->kind == SABLE_KEY_GALOIS && k < slots; k++)
        if (sable_galois_rotation(params, k, 0) == need->galois) return k;
    return 0;
}

json_t *plan_keys_json(const plan_trial *t) {
    json_t *list = json_array();
    for (size_t i = 0; i < sable_key_spec_count(t->spec); i++) {
        sable_key_need need;
        if (sable_key_spec_get(t->spec, i, &need) != SABLE_OK) continue;
        const int64_t steps = steps_of(t->s.params, t->s.info.slots, &need);
        json_t *key = json_pack("{s:s, s:I, s:I, s:I}", "kind",
                                need.kind == SABLE_KEY_RELIN ? "relinearisation"
                                : steps                      ? "rotation"
                                                             : "conjugation",
                                "galois", (json_int_t)need.galois, "first", (json_int_t)need.first, "limbs",
                                (json_int_t)need.limbs);
        if (steps) json_object_set_new(key, "steps", json_integer(steps));
        json_array_append_new(list, key);
    }
    return list;
}

static sable_status read_plan(json_t **plan, const char *path, sable_error *err) {
    json_error_t at;
    const char *shown = sable_show_path(path).text;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &at);
    if (!root)
        return sable_fail(err, at.line < 0 ? SABLE_IO : SABLE_FORMAT, "%s: %s", shown,
                          at.line < 0 ? "cannot be read" : at.text);
    const char *format = json_string_value(json_object_get(root, "format"));
    const json_t *version = json_object_get(root, "version");
    if (!format || strcmp(format, "sable-plan") != 0 || json_integer_value(version) != 1) {
        json_decref(root);
        return sable_fail(err, SABLE_FORMAT,
                          "%s is no plan that this version reads: sable plan CIRCUIT --out makes one", shown);
    }
    *plan = root;
    return SABLE_OK;
}

sable_status plan_file_params(char **name, const char *path, sable_error *err) {
    json_t *plan = NULL;
    SABLE_TRY(read_plan(&plan, path, err));
    const char *text = json_string_value(json_object_get(plan, "params"));
    *name = text ? strdup(text) : NULL;
    json_decref(plan);
    if (!text) return sable_fail(err, SABLE_FORMAT, "%s names no parameter set", sable_show_path(path).text);
    return *name ? SABLE_OK : sable_fail(err, SABLE_NO_MEMORY, "no memory for a name");
}

static bool number(uint32_t *value, const json_t *key, const char *name) {
    const json_t *field = json_object_get(key, name);
    const json_int_t v = json_integer_value(field);
    *value = (uint32_t)v;
    return json_is_integer(field) && v >= 0 && v <= INT32_MAX;
}

static sable_status add_key(sable_key_spec *spec, const json_t *key, size_t index, const char *path, sable_error *err) {
    const char *kind = json_string_value(json_object_get(key, "kind"));
    sable_key_need need = {0};
    const bool whole = kind && number(&need.galois, key, "galois") && number(&need.first, key, "first") &&
                       number(&need.limbs, key, "limbs");
    if (!whole)
        return sable_fail(err, SABLE_FORMAT, "%s: key %zu lacks kind, galois, first or limbs",
                          sable_show_path(path).text, index);
    need.kind = strcmp(kind, "relinearisation") == 0 ? SABLE_KEY_RELIN : SABLE_KEY_GALOIS;
    return sable_key_spec_add_need(spec, &need, err);
}

sable_status plan_file_keys(const char *path, sable_key_spec *spec, sable_error *err) {
    json_t *plan = NULL;
    SABLE_TRY(read_plan(&plan, path, err));
    const sable_params *params = sable_key_spec_params(spec);
    char digest[2 * SABLE_DIGEST_BYTES + 1];
    for (size_t i = 0; i < SABLE_DIGEST_BYTES; i++) snprintf(digest + 2 * i, 3, "%02x", params->digest[i]);
    const char *of = json_string_value(json_object_get(plan, "params_digest"));
    const json_t *keys = json_object_get(plan, "keys");
    sable_status status = SABLE_OK;
    if (!of || strcmp(of, digest) != 0)
        status =
            sable_fail(err, SABLE_PARAMS_MISMATCH,
                       "%s was made for set %s with digest %.16s.., these parameters (%s) have %.16s..: plan again, or "
                       "name the plan's set with --params",
                       sable_show_path(path).text, json_string_value(json_object_get(plan, "params")), of ? of : "none",
                       params->name, digest);
    else if (!json_is_array(keys))
        status = sable_fail(err, SABLE_FORMAT, "%s has no list of keys", sable_show_path(path).text);
    for (size_t i = 0; status == SABLE_OK && i < json_array_size(keys); i++)
        status = add_key(spec, json_array_get(keys, i), i, path, err);
    json_decref(plan);
    return status;
}
