/* SPDX-License-Identifier: Apache-2.0 */
/* Ciphertext files; what is accepted is worked with. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_world *w = fuzz_open();
    sable_error err = {0};
    sable_ct *ct = NULL;
    if (!fuzz_settled(sable_ct_create(&ct, w->ctx, &err), err.text)) return 0;
    if (fuzz_settled(sable_ct_load(w->queue, ct, fuzz_file(data, size)), sable_queue_error(w->queue))) {
        fuzz_use(ct);
    } else {
        sable_ct_info info = {.struct_size = sizeof info};
        fuzz_expect(sable_ct_describe(ct, &info) == SABLE_OK && info.empty, "a refused load leaves its output alone");
    }
    sable_ct_destroy(w->queue, &ct);
    return 0;
}
