/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "io/text_file.h"
#include "ring/params_internal.h"
#include "ring/security.h"

sable_status sable_params_options_check(const sable_params_options *options, sable_error *err) {
    if (options && options->struct_size < sizeof *options)
        return sable_fail(err, SABLE_INVALID, "sable_params_options.struct_size is %zu, at least %zu is needed",
                          options->struct_size, sizeof *options);
    return SABLE_OK;
}

sable_status sable_params_parse(sable_params **out, const char *json, size_t bytes, const sable_params_options *options,
                                sable_error *err) {
    if (!out || (!json && bytes)) return sable_fail(err, SABLE_INVALID, "params_parse: a pointer is NULL");
    SABLE_TRY(sable_params_options_check(options, err));
    sable_params *p = calloc(1, sizeof *p);
    if (!p) return sable_fail(err, SABLE_NO_MEMORY, "no memory for a parameter set (%zu bytes)", sizeof *p);
    bool admits_insecure = false;
    sable_status status = sable_params_read_json(p, &admits_insecure, json ? json : "", bytes, err);
    if (status == SABLE_OK) status = sable_params_check(p, admits_insecure, options, err);
    if (status != SABLE_OK) {
        free(p);
        return status;
    }
    *out = p;
    return SABLE_OK;
}

static sable_status load_file(sable_params **out, const char *path, const sable_params_options *options,
                              sable_error *err) {
    char *text;
    size_t bytes;
    sable_container_info info;
    SABLE_TRY(sable_text_read(&text, &bytes, &info, path, SABLE_KIND_PARAMS, SABLE_PARAMS_MAX_FILE, err));
    sable_error inner = {SABLE_OK, ""};
    sable_params *p;
    sable_status status = sable_params_parse(&p, text, bytes, options, &inner);
    free(text);
    if (status != SABLE_OK) return sable_fail(err, status, "%.200s: %s", path, inner.text);
    if (info.kind == SABLE_KIND_PARAMS && memcmp(info.params_digest, p->digest, sizeof p->digest) != 0) {
        free(p);
        return sable_fail(err, SABLE_FORMAT, "%.200s: the set inside has another digest than the file's head", path);
    }
    *out = p;
    return SABLE_OK;
}

sable_status sable_params_save(const sable_params *params, const char *path, sable_error *err) {
    if (!params || !path) return sable_fail(err, SABLE_INVALID, "params_save: a pointer is NULL");
    char *text;
    SABLE_TRY(sable_params_write(params, &text, err));
    sable_container_info info = {.kind = SABLE_KIND_PARAMS, .flags = params->insecure ? SABLE_FILE_INSECURE : 0};
    memcpy(info.params_digest, params->digest, sizeof info.params_digest);
    sable_status status = sable_text_write(text, strlen(text), &info, path, err);
    sable_text_free(text);
    return status;
}

sable_status sable_params_load(sable_params **out, const char *name_or_path, const sable_params_options *options,
                               sable_error *err) {
    if (!out || !name_or_path) return sable_fail(err, SABLE_INVALID, "params_load: a pointer is NULL");
    size_t length = strlen(name_or_path);
    if (strchr(name_or_path, '/') || (length > 5 && strcmp(name_or_path + length - 5, ".json") == 0) ||
        (length > 6 && strcmp(name_or_path + length - 6, ".sable") == 0))
        return load_file(out, name_or_path, options, err);
    char names[256] = "";
    size_t used = 0;
    for (const sable_embedded_params *e = sable_embedded_params_list; e->name; e++) {
        if (strcmp(e->name, name_or_path) == 0)
            return sable_params_parse(out, (const char *)e->text, e->bytes, options, err);
        int n = snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", e->name);
        if (n > 0 && (size_t)n < sizeof names - used)
            used += (size_t)n;
        else
            names[used] = 0;
    }
    return sable_fail(
        err, SABLE_INVALID,
        "no shipped parameter set is called \"%.40s\" (there are: %s); a file name needs a '/', .json or .sable",
        name_or_path, names);
}

void sable_params_destroy(sable_params **params) {
    if (!params) return;
    free(*params);
    *params = NULL;
}

const char *sable_params_shipped(size_t index) {
    for (const sable_embedded_params *e = sable_embedded_params_list; e->name; e++)
        if (index-- == 0) return e->name;
    return NULL;
}

/* For people: the exact decisions are made on integers. */
static double log2_of(const sable_big *x) {
    int exponent;
    sable_dd value = sable_big_split(x, &exponent);
    return log2(value.hi) + exponent;
}

sable_status sable_params_describe(const sable_params *params, sable_params_info *info) {
    if (!params || !info || info->struct_size < sizeof *info) return SABLE_INVALID;
    const sable_params *p = params;
    sable_big q, special, all;
    sable_big_product(&q, p->prime, p->q_count);
    sable_big_product(&special, p->prime + p->q_count, p->p_count);
    sable_big_product(&all, p->prime, p->q_count + p->p_count);
    uint64_t limb = 4ull << p->log_n;
    size_t caller_size = info->struct_size;
    *info = (sable_params_info){
        .struct_size = caller_size,
        .log_n = p->log_n,
        .top_level = p->top_level,
        .slots = p->n / 2,
        .q_count = p->q_count,
        .p_count = p->p_count,
        .terminals = p->terminals,
        .alpha = p->alpha,
        .digits = p->digits,
        .log_q = log2_of(&q),
        .log_p = log2_of(&special),
        .log_pq = log2_of(&all),
        .security_bits = p->security_bits,
        .security_bound = p->security_bound,
        .modulus_bits = p->modulus_bits,
        .security_table = sable_security_table((sable_security_model)p->security_model),
        .secure = !p->insecure,
        .bootstrappable = p->boot.em_levels != 0,
        .ciphertext_bytes_top = 2 * limb * sable_window_limbs(p, p->top_level),
        .relin_key_bytes = 2 * limb * p->digits * (p->q_count + p->p_count),
    };
    memcpy(info->name, p->name, sizeof info->name);
    memcpy(info->digest, p->digest, sizeof info->digest);
    memcpy(info->chain_sha256, p->chain_sha256, sizeof info->chain_sha256);
    return SABLE_OK;
}

sable_status sable_params_level(const sable_params *params, uint32_t level, sable_level_info *info) {
    if (!params || !info || info->struct_size < sizeof *info) return SABLE_INVALID;
    if (level > params->top_level) return SABLE_LEVEL;
    sable_big q;
    sable_params_modulus(params, level, &q);
    size_t caller_size = info->struct_size;
    *info = (sable_level_info){
        .struct_size = caller_size,
        .first = sable_window_first(params, level),
        .limbs = sable_window_limbs(params, level),
        .terminals = params->nt[level],
        .mains = params->nm[level],
        .log_q = log2_of(&q),
        .scale_hi = params->scale[level].hi,
        .scale_lo = params->scale[level].lo,
        .log_scale = dd_log2(params->scale[level]),
    };
    return SABLE_OK;
}

uint32_t sable_params_prime(const sable_params *params, uint32_t position) {
    return params && position < params->q_count + params->p_count ? params->prime[position] : 0;
}
