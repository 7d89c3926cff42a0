/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys; what is accepted encrypts. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_world *w = fuzz_open();
    static sable_pt *pt;
    static sable_ct *ct;
    sable_error err = {0};
    if (!pt) {
        static const double values[512] = {1, 2, 3};
        const sable_encoding e = {.struct_size = sizeof e, .level = 0, .batch = 1};
        bool made = fuzz_settled(sable_pt_create(&pt, w->ctx, &err), err.text) &&
                    fuzz_settled(sable_ct_create(&ct, w->ctx, &err), err.text) &&
                    fuzz_settled(sable_encode(w->queue, pt, values, 512, &e), sable_queue_error(w->queue));
        fuzz_expect(made, "a plaintext");
    }
    sable_public_key *key = NULL;
    if (fuzz_settled(sable_public_key_load(w->queue, &key, fuzz_file(data, size)), sable_queue_error(w->queue)))
        fuzz_settled(sable_encrypt_public(w->queue, ct, pt, key), sable_queue_error(w->queue));
    else
        fuzz_expect(key == NULL, "a refused load leaves its output alone");
    sable_public_key_destroy(w->queue, &key);
    return 0;
}
