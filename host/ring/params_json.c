/* SPDX-License-Identifier: Apache-2.0 */
/* Strict reader of parameter files: every field known, present once, of the right type and in range. What the
 * numbers mean together is checked afterwards (params_check.c). */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "ring/params_hex.h"
#include "ring/params_internal.h"
#include "ring/security.h"

enum { MAX_DEPTH = 4, MAX_PATH = 64 };

/* jansson recurses once a bracket; this bound is known before it starts. */
static sable_status check_depth(const char *json, size_t bytes, sable_error *err) {
    unsigned depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < bytes; i++) {
        char c = json[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > MAX_DEPTH)
                return sable_fail(err, SABLE_FORMAT, "parameter file: brackets nested deeper than %d at byte %zu",
                                  MAX_DEPTH, i);
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return SABLE_OK;
}

static const char *type_name(json_type type) {
    switch (type) {
    case JSON_OBJECT: return "an object";
    case JSON_ARRAY: return "an array";
    case JSON_STRING: return "a string";
    case JSON_INTEGER: return "an integer";
    case JSON_REAL: return "a real number";
    case JSON_TRUE:
    case JSON_FALSE: return "a boolean";
    case JSON_NULL: return "null";
    }
    return "unknown";
}

static sable_status want(const json_t *value, json_type type, const char *path, sable_error *err) {
    if (!value) return sable_fail(err, SABLE_FORMAT, "parameter file: field %s is missing", path);
    if (json_typeof(value) != type)
        return sable_fail(err, SABLE_FORMAT, "parameter file: %s must be %s, not %s", path, type_name(type),
                          type_name(json_typeof(value)));
    return SABLE_OK;
}

static sable_status only(json_t *object, const char *where, const char *const *known, sable_error *err) {
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        const char *const *name = known;
        while (*name && strcmp(*name, key) != 0) name++;
        if (!*name) return sable_fail(err, SABLE_FORMAT, "parameter file: unknown field %s%.40s", where, key);
    }
    return SABLE_OK;
}

static sable_status read_uint(uint32_t *out, const json_t *value, const char *path, uint32_t max, sable_error *err) {
    SABLE_TRY(want(value, JSON_INTEGER, path, err));
    json_int_t x = json_integer_value(value);
    if (x < 0 || x > max)
        return sable_fail(err, SABLE_FORMAT, "parameter file: %s is %" JSON_INTEGER_FORMAT ", outside 0..%u", path, x,
                          max);
    *out = (uint32_t)x;
    return SABLE_OK;
}

static sable_status read_array(json_t **out, const json_t *parent, const char *where, const char *key, size_t min,
                               size_t max, sable_error *err) {
    char path[MAX_PATH];
    snprintf(path, sizeof path, "%s%s", where, key);
    json_t *array = json_object_get(parent, key);
    SABLE_TRY(want(array, JSON_ARRAY, path, err));
    size_t count = json_array_size(array);
    if (count < min || count > max)
        return sable_fail(err, SABLE_FORMAT, "parameter file: %s has %zu elements, outside %zu..%zu", path, count, min,
                          max);
    *out = array;
    return SABLE_OK;
}

static sable_status read_uints(uint32_t *out, uint32_t *count, const json_t *parent, const char *where, const char *key,
                               size_t min, size_t max, uint32_t max_value, sable_error *err) {
    json_t *array;
    SABLE_TRY(read_array(&array, parent, where, key, min, max, err));
    *count = (uint32_t)json_array_size(array);
    for (uint32_t i = 0; i < *count; i++) {
        char path[MAX_PATH];
        snprintf(path, sizeof path, "%s%s[%u]", where, key, i);
        SABLE_TRY(read_uint(&out[i], json_array_get(array, i), path, max_value, err));
    }
    return SABLE_OK;
}

static sable_status read_literal(const json_t *root, const char *key, const char *literal, sable_error *err) {
    const json_t *value = json_object_get(root, key);
    SABLE_TRY(want(value, JSON_STRING, key, err));
    if (strcmp(json_string_value(value), literal) != 0)
        return sable_fail(err, SABLE_FORMAT, "parameter file: %s is \"%.40s\"; this version knows only \"%s\"", key,
                          json_string_value(value), literal);
    return SABLE_OK;
}

static sable_status read_name(sable_params *p, const json_t *root, sable_error *err) {
    const json_t *value = json_object_get(root, "name");
    SABLE_TRY(want(value, JSON_STRING, "name", err));
    size_t length = json_string_length(value);
    const char *text = json_string_value(value);
    if (length == 0 || length >= sizeof p->name)
        return sable_fail(err, SABLE_FORMAT, "parameter file: name has %zu characters, outside 1..%zu", length,
                          sizeof p->name - 1);
    if (strspn(text, SABLE_PARAMS_NAME_CHARS) != length)
        return sable_fail(err, SABLE_FORMAT, "parameter file: name may hold letters, digits and . _ + - only");
    memcpy(p->name, text, length + 1);
    return SABLE_OK;
}

static sable_status read_security(sable_params *p, json_t *root, sable_error *err) {
    static const char *const known[] = {"bits", "model", NULL};
    json_t *object = json_object_get(root, "security");
    SABLE_TRY(want(object, JSON_OBJECT, "security", err));
    SABLE_TRY(only(object, "security.", known, err));
    SABLE_TRY(read_uint(&p->security_bits, json_object_get(object, "bits"), "security.bits", 256, err));
    if (p->security_bits != 128 && p->security_bits != 192 && p->security_bits != 256)
        return sable_fail(err, SABLE_FORMAT, "parameter file: security.bits is %u; 128, 192 or 256 are known",
                          p->security_bits);
    const json_t *model = json_object_get(object, "model");
    SABLE_TRY(want(model, JSON_STRING, "security.model", err));
    if (strcmp(json_string_value(model), "classical") == 0)
        p->security_model = SABLE_MODEL_CLASSICAL;
    else if (strcmp(json_string_value(model), "pq") == 0)
        p->security_model = SABLE_MODEL_PQ;
    else
        return sable_fail(err, SABLE_FORMAT,
                          "parameter file: security.model is \"%.40s\"; \"classical\" or \"pq\" are known",
                          json_string_value(model));
    return SABLE_OK;
}

static sable_status read_primes(sable_params *p, json_t *root, sable_error *err) {
    uint32_t terminal[SABLE_MAX_Q], mains;
    SABLE_TRY(read_uints(terminal, &p->terminals, root, "", "terminals", 0, SABLE_MAX_Q, UINT32_MAX, err));
    for (uint32_t i = 0; i < p->terminals; i++)
        p->prime[i] = terminal[p->terminals - 1 - i]; /* U starts with t_(T-1) */
    SABLE_TRY(
        read_uints(p->prime + p->terminals, &mains, root, "", "mains", 0, SABLE_MAX_Q - p->terminals, UINT32_MAX, err));
    p->q_count = p->terminals + mains;
    if (p->q_count == 0) return sable_fail(err, SABLE_FORMAT, "parameter file: terminals and mains are both empty");
    return read_uints(p->prime + p->q_count, &p->p_count, root, "", "specials", 1, SABLE_MAX_P, UINT32_MAX, err);
}

static sable_status read_levels(sable_params *p, json_t *root, sable_error *err) {
    json_t *levels;
    SABLE_TRY(read_array(&levels, root, "", "levels", 1, SABLE_MAX_LEVELS, err));
    uint32_t count = (uint32_t)json_array_size(levels);
    p->top_level = count - 1;
    for (uint32_t l = 0; l < count; l++) {
        char path[MAX_PATH];
        const json_t *pair = json_array_get(levels, l);
        snprintf(path, sizeof path, "levels[%u]", l);
        SABLE_TRY(want(pair, JSON_ARRAY, path, err));
        if (json_array_size(pair) != 2)
            return sable_fail(err, SABLE_FORMAT, "parameter file: %s has %zu elements, not 2", path,
                              json_array_size(pair));
        uint32_t nt = 0, nm = 0;
        snprintf(path, sizeof path, "levels[%u][0]", l);
        SABLE_TRY(read_uint(&nt, json_array_get(pair, 0), path, SABLE_MAX_Q, err));
        snprintf(path, sizeof path, "levels[%u][1]", l);
        SABLE_TRY(read_uint(&nm, json_array_get(pair, 1), path, SABLE_MAX_Q, err));
        p->nt[l] = (uint8_t)nt;
        p->nm[l] = (uint8_t)nm;
    }
    return SABLE_OK;
}

static sable_status read_scales(sable_params *p, json_t *root, sable_error *err) {
    json_t *scales;
    uint32_t count = p->top_level + 1;
    SABLE_TRY(read_array(&scales, root, "", "scales", 1, SABLE_MAX_LEVELS, err));
    if (json_array_size(scales) != count)
        return sable_fail(err, SABLE_FORMAT, "parameter file: scales has %zu elements, levels has %u",
                          json_array_size(scales), count);
    for (uint32_t l = 0; l < count; l++) {
        char path[MAX_PATH];
        const json_t *pair = json_array_get(scales, l);
        snprintf(path, sizeof path, "scales[%u]", l);
        SABLE_TRY(want(pair, JSON_ARRAY, path, err));
        if (json_array_size(pair) != 2)
            return sable_fail(err, SABLE_FORMAT, "parameter file: %s has %zu elements, not 2", path,
                              json_array_size(pair));
        double part[2];
        for (unsigned i = 0; i < 2; i++) {
            const json_t *text = json_array_get(pair, i);
            snprintf(path, sizeof path, "scales[%u][%u]", l, i);
            SABLE_TRY(want(text, JSON_STRING, path, err));
            if (!sable_hex_double_parse(&part[i], json_string_value(text)))
                return sable_fail(err, SABLE_FORMAT,
                                  "parameter file: %s is \"%.40s\", not a number such as 0x1.b1c8p+39", path,
                                  json_string_value(text));
        }
        p->scale[l] = (sable_dd){part[0], part[1]};
    }
    return SABLE_OK;
}

static sable_status read_bootstrap(sable_params *p, json_t *root, sable_error *err) {
    static const char where[] = "bootstrap.";
    static const char *const known[] = {"stc_levels", "em_levels",        "cts_levels", "k",         "double_angle",
                                        "degree",     "ephemeral_weight", "cts_radix",  "stc_radix", NULL};
    json_t *object = json_object_get(root, "bootstrap");
    if (!object) return SABLE_OK;
    SABLE_TRY(want(object, JSON_OBJECT, "bootstrap", err));
    SABLE_TRY(only(object, where, known, err));
    sable_boot_plan *b = &p->boot;
    uint32_t *const field[] = {&b->stc_levels,   &b->em_levels, &b->cts_levels,      &b->k,
                               &b->double_angle, &b->degree,    &b->ephemeral_weight};
    for (unsigned i = 0; i < sizeof field / sizeof *field; i++) {
        char path[MAX_PATH];
        snprintf(path, sizeof path, "%s%s", where, known[i]);
        SABLE_TRY(read_uint(field[i], json_object_get(object, known[i]), path, 1u << SABLE_PARAMS_MAX_LOG_N, err));
    }
    uint32_t count;
    SABLE_TRY(read_uints(b->cts_radix, &count, object, where, "cts_radix", 1, 8, 16, err));
    if (count != b->cts_levels)
        return sable_fail(err, SABLE_FORMAT,
                          "parameter file: bootstrap.cts_radix has %u elements, bootstrap.cts_levels is %u", count,
                          b->cts_levels);
    SABLE_TRY(read_uints(b->stc_radix, &count, object, where, "stc_radix", 1, 8, 16, err));
    if (count != b->stc_levels)
        return sable_fail(err, SABLE_FORMAT,
                          "parameter file: bootstrap.stc_radix has %u elements, bootstrap.stc_levels is %u", count,
                          b->stc_levels);
    return SABLE_OK;
}

static sable_status read_root(sable_params *p, bool *insecure, json_t *root, sable_error *err) {
    static const char *const known[] = {"format",   "version",   "name",     "log_n",     "secret",   "error",
                                        "security", "alpha",     "mains",    "terminals", "specials", "levels",
                                        "scales",   "bootstrap", "insecure", NULL};
    SABLE_TRY(want(root, JSON_OBJECT, "the whole text", err));
    SABLE_TRY(
        read_literal(root, "format", "sable-params", err)); /* first: another kind of file should be called that */
    uint32_t version;
    SABLE_TRY(read_uint(&version, json_object_get(root, "version"), "version", UINT32_MAX, err));
    if (version != 1)
        return sable_fail(err, SABLE_FORMAT, "parameter file: version %u; this library reads version 1", version);
    SABLE_TRY(only(root, "", known, err));
    SABLE_TRY(read_name(p, root, err));
    SABLE_TRY(read_uint(&p->log_n, json_object_get(root, "log_n"), "log_n", UINT32_MAX, err));
    SABLE_TRY(read_literal(root, "secret", "ternary", err));
    SABLE_TRY(read_literal(root, "error", "cbd21", err));
    SABLE_TRY(read_security(p, root, err));
    SABLE_TRY(read_primes(p, root, err));
    SABLE_TRY(read_uint(&p->alpha, json_object_get(root, "alpha"), "alpha", SABLE_MAX_Q, err));
    SABLE_TRY(read_levels(p, root, err));
    SABLE_TRY(read_scales(p, root, err));
    SABLE_TRY(read_bootstrap(p, root, err));
    const json_t *flag = json_object_get(root, "insecure");
    if (flag && !json_is_true(flag))
        return sable_fail(err, SABLE_FORMAT, "parameter file: insecure may only be true, or left out");
    *insecure = flag != NULL;
    return SABLE_OK;
}

sable_status sable_params_read_json(sable_params *p, bool *insecure, const char *json, size_t bytes, sable_error *err) {
    if (bytes > SABLE_PARAMS_MAX_FILE)
        return sable_fail(err, SABLE_LIMIT, "parameter file: %zu bytes, more than the %u allowed", bytes,
                          SABLE_PARAMS_MAX_FILE);
    SABLE_TRY(check_depth(json, bytes, err));
    json_error_t where;
    json_t *root = json_loadb(json, bytes, JSON_REJECT_DUPLICATES, &where);
    if (!root)
        return *where.text ? sable_fail(err, SABLE_FORMAT, "parameter file, line %d column %d: %s", where.line,
                                        where.column, where.text)
                           : sable_fail(err, SABLE_NO_MEMORY, "parameter file: no memory to read it");
    sable_status status = read_root(p, insecure, root, err);
    json_decref(root);
    return status;
}
