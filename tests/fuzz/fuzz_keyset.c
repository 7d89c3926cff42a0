/* SPDX-License-Identifier: Apache-2.0 */
/* Key-set files; what is accepted is worked with. */
#include "fuzz.h"

static void use(fuzz_world *w, const sable_keyset *keys) {
    static sable_ct *ct[2];
    sable_error err = {0};
    for (uint32_t level = 0; level < 2; level++)
        if (!ct[level]) ct[level] = fuzz_encrypt(level, 1);
    for (size_t i = 0; i < sable_keyset_count(keys); i++) {
        sable_key_need need;
        fuzz_expect(sable_keyset_get(keys, i, &need) == SABLE_OK && (need.galois & 1), "keys can be listed");
        for (size_t j = 0; j < i; j++) {
            sable_key_need other;
            fuzz_expect(sable_keyset_get(keys, j, &other) == SABLE_OK &&
                            (other.kind != need.kind || other.galois != need.galois),
                        "no key occurs twice");
        }
    }
    sable_ct *out = NULL;
    if (!fuzz_settled(sable_ct_create(&out, w->ctx, &err), err.text)) return;
    for (uint32_t level = 0; level < 2; level++) {
        fuzz_settled(sable_multiply(w->queue, out, ct[level], ct[level], keys), sable_queue_error(w->queue));
        fuzz_settled(sable_rotate(w->queue, out, ct[level], 1, keys), sable_queue_error(w->queue));
        fuzz_settled(sable_conjugate(w->queue, out, ct[level], keys), sable_queue_error(w->queue));
    }
    sable_ct_destroy(w->queue, &out);
}

/* One key of the file, by its index. */
static void one_by_one(fuzz_world *w, const char *path) {
    static sable_key_spec *spec;
    sable_error err = {0};
    if (!spec) {
        bool made = fuzz_settled(sable_key_spec_create(&spec, w->params, &err), err.text) &&
                    fuzz_settled(sable_key_spec_add_rotation(spec, 1, 0, 0, 0, &err), err.text);
        fuzz_expect(made, "a specification");
    }
    sable_key_file *file = NULL;
    if (!fuzz_settled(sable_key_file_open(w->queue, &file, path), sable_queue_error(w->queue))) return;
    sable_keyset *keys = NULL;
    if (fuzz_settled(sable_key_file_load(w->queue, &keys, file, spec), sable_queue_error(w->queue)))
        fuzz_expect(sable_keyset_count(keys) == 1, "one key was asked for");
    sable_keyset_destroy(w->queue, &keys);
    sable_key_file_close(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_world *w = fuzz_open();
    sable_keyset *keys = NULL;
    if (fuzz_settled(sable_keyset_load(w->queue, &keys, fuzz_file(data, size)), sable_queue_error(w->queue)))
        use(w, keys);
    else
        fuzz_expect(keys == NULL, "a refused load leaves its output alone");
    sable_keyset_destroy(w->queue, &keys);
    one_by_one(w, fuzz_file(data, size));
    return 0;
}
