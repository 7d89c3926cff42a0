/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "ckks/serial.h"
#include "io/bytes.h"
#include "sable/linalg.h"
#include "sable/logreg.h"
#include "tool/inspect.h"
#include "tool/report.h"

/* Places inside META of the kinds below; their layers own them. */
enum {
    LAYOUT_BYTES_IN_META = 16,
    BLOCKS_HEAD = 48,
    MODEL_HEAD = 32,
    MATRIX_HEAD = 32,
    KEY_RECORD = 48,
    KEYS_HEAD = 8,
    PUBLIC_META = 48,
    META_MOST = 1 << 20
};

static void report_ciphertext(const char *what, const uint8_t *h) {
    uint32_t level = sable_get_u32(h), parts = sable_get_u32(h + 4), batch = sable_get_u32(h + 8),
             slots = sable_get_u32(h + 12);
    bool seeded = sable_get_u32(h + 16) != 0;
    int32_t scale_level = (int32_t)sable_get_u32(h + 20);
    double scale = sable_get_f64(h + 32), bound = sable_get_f64(h + 48), rms = sable_get_f64(h + 56),
           variance = sable_get_f64(h + 64);
    json_t *ct = json_pack("{s:i, s:i, s:i, s:i, s:b, s:i, s:i}", "level", (int)level, "parts", (int)parts, "batch",
                           (int)batch, "slots", (int)slots, "seeded", seeded, "scale_level", (int)scale_level,
                           "scale_power", (int)sable_get_u32(h + 24));
    const struct {
        const char *key;
        double value;
    } numbers[] = {{"scale_log2", log2(scale)}, {"bound", bound}, {"rms", rms}, {"noise_std", sqrt(variance)}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        json_object_set_new(ct, numbers[i].key, isfinite(numbers[i].value) ? json_real(numbers[i].value) : json_null());
    report_value(what, ct);
    say("%s: level %u, %u ciphertexts of %u parts and %u slots, scale 2^%.2f%s, |values| <= %g%s", what, level, batch,
        parts, slots, log2(scale), scale_level >= 0 ? " (canonical)" : "", bound, seeded ? ", seeded" : "");
}

static void report_layout(const uint8_t *m) {
    uint32_t packing = sable_get_u32(m), features = sable_get_u32(m + 4);
    report_text("packing", packing == SABLE_PACK_ROW ? "row" : "feature-major");
    report_integer("features", features);
    say("%u features, %s packing", features, packing == SABLE_PACK_ROW ? "row" : "feature-major");
}

void inspect_blocks(const uint8_t *m, bool results) {
    uint64_t samples = sable_get_u64(m + 16);
    report_layout(m);
    report_integer("samples", (int64_t)samples);
    say("%llu samples", (unsigned long long)samples);
    if (results) {
        bool probabilities = sable_get_u32(m + 28) != 0;
        report_integer("classes", sable_get_u32(m + 24));
        report_text("output", probabilities ? "probabilities" : "logits");
        report_number("factor", sable_get_f64(m + 32));
        say("%s of %u %s, factor %g", probabilities ? "probabilities" : "logits", sable_get_u32(m + 24),
            sable_get_u32(m + 24) == 1 ? "row" : "classes", sable_get_f64(m + 32));
    }
    report_ciphertext("ciphertext", m + BLOCKS_HEAD);
}

static void report_model(const uint8_t *m) {
    report_layout(m);
    report_integer("classes", sable_get_u32(m + 16));
    report_number("range", sable_get_f64(m + 24));
    report_bool("range_bounds", sable_get_u32(m + 20) != 0);
    say("%u %s, range %g%s", sable_get_u32(m + 16), sable_get_u32(m + 16) == 1 ? "row" : "classes",
        sable_get_f64(m + 24), sable_get_u32(m + 20) ? " (bounds every logit)" : "");
    report_ciphertext("weights", m + MODEL_HEAD);
    report_ciphertext("bias", m + MODEL_HEAD + SABLE_CT_HEADER_BYTES);
}

static void report_matrix(const uint8_t *m) {
    static const char *const names[] = {"matrix", "row vector", "column vector"};
    const uint32_t format = sable_get_u32(m), rows = sable_get_u32(m + 4), cols = sable_get_u32(m + 8),
                   height = sable_get_u32(m + 12), width = sable_get_u32(m + 16);
    const char *name = format >= SABLE_MATRIX && format <= SABLE_COL_VECTOR ? names[format - SABLE_MATRIX] : "unknown";
    report_text("format", name);
    report_integer("rows", rows);
    report_integer("cols", cols);
    report_value("tile", json_pack("[i, i]", (int)height, (int)width));
    say("%s, %u x %u in tiles of %u x %u", name, rows, cols, height, width);
    report_ciphertext("ciphertext", m + MATRIX_HEAD);
}

static void report_keys(const uint8_t *m, uint64_t bytes) {
    uint32_t count = sable_get_u32(m);
    const bool seeded = sable_get_u32(m + 4) == 0;
    report_bool("seeded", seeded);
    say("%u evaluation keys%s", count, seeded ? ", seeded" : ", in full");
    json_t *list = json_array();
    table_row("key\tGalois element\tprimes");
    for (uint32_t i = 0; i < count && KEYS_HEAD + (uint64_t)(i + 1) * KEY_RECORD <= bytes; i++) {
        const uint8_t *r = m + KEYS_HEAD + (size_t)i * KEY_RECORD;
        const char *kind = sable_get_u32(r) == SABLE_KEY_RELIN ? "relinearisation" : "Galois";
        uint32_t first = sable_get_u32(r + 8), limbs = sable_get_u32(r + 12);
        json_array_append_new(list, json_pack("{s:s, s:i, s:i, s:i}", "kind", kind, "galois", (int)sable_get_u32(r + 4),
                                              "first", (int)first, "limbs", (int)limbs));
        table_row("%s\t%u\t%u..%u", kind, sable_get_u32(r + 4), first, first + limbs - 1);
    }
    table_end();
    report_value("keys", list);
}

static void report_public_key(const uint8_t *m) {
    const bool seeded = sable_get_u32(m + 12) == 0;
    report_integer("log_n", sable_get_u32(m + 4));
    report_integer("limbs", sable_get_u32(m + 8));
    report_bool("seeded", seeded);
    say("ring degree 2^%u, %u primes%s", sable_get_u32(m + 4), sable_get_u32(m + 8), seeded ? ", seeded" : ", in full");
}

static uint64_t least_bytes(unsigned kind) {
    switch (kind) {
    case SABLE_KIND_CIPHERTEXT: return SABLE_CT_HEADER_BYTES;
    case SABLE_KIND_DATASET:
    case SABLE_KIND_RESULTS: return BLOCKS_HEAD + SABLE_CT_HEADER_BYTES;
    case SABLE_KIND_ENCRYPTED_MODEL: return MODEL_HEAD + 2 * SABLE_CT_HEADER_BYTES;
    case SABLE_KIND_MATRIX: return MATRIX_HEAD + SABLE_CT_HEADER_BYTES;
    case SABLE_KIND_KEYSET: return KEYS_HEAD;
    case SABLE_KIND_PUBLIC_KEY: return PUBLIC_META;
    default: return 0;
    }
}

static void report_kind(const sable_container_info *info, const uint8_t *meta, uint64_t bytes) {
    switch (info->kind) {
    case SABLE_KIND_CIPHERTEXT: report_ciphertext("ciphertext", meta); break;
    case SABLE_KIND_DATASET:
    case SABLE_KIND_RESULTS:
        report_integer("blocks", info->section_count - 1);
        say("%u blocks", info->section_count - 1);
        inspect_blocks(meta, info->kind == SABLE_KIND_RESULTS);
        break;
    case SABLE_KIND_ENCRYPTED_MODEL: report_model(meta); break;
    case SABLE_KIND_MATRIX: report_matrix(meta); break;
    case SABLE_KIND_KEYSET: report_keys(meta, bytes); break;
    case SABLE_KIND_PUBLIC_KEY: report_public_key(meta); break;
    default: break;
    }
}

sable_status inspect_meta(const sable_container *file, const char *path, sable_error *err) {
    const sable_container_info *info = sable_container_get_info(file);
    uint64_t least = least_bytes(info->kind);
    sable_section_spec spec = sable_container_section(file, 0);
    if (least == 0) return SABLE_OK;
    if (spec.tag != SABLE_TAG_META || spec.length < least || spec.length > META_MOST)
        return sable_fail(err, SABLE_FORMAT, "%s: no META section that a %s could have", path,
                          sable_kind_name(info->kind));
    uint8_t *meta = malloc(spec.length);
    if (!meta) return sable_fail(err, SABLE_NO_MEMORY, "no memory for %llu bytes", (unsigned long long)spec.length);
    sable_status status = sable_container_read(file, SABLE_TAG_META, meta, spec.length, err);
    if (status == SABLE_OK) report_kind(info, meta, spec.length);
    free(meta);
    return status;
}
