/* SPDX-License-Identifier: Apache-2.0 */
/* Secret keys; what is accepted decrypts. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_world *w = fuzz_open();
    static sable_ct *ct;
    if (!ct) ct = fuzz_encrypt(0, 1);
    sable_error err = {0};
    sable_secret *secret = NULL;
    if (fuzz_settled(sable_secret_load(&secret, w->ctx, fuzz_file(data, size), &err), err.text)) {
        double values[512];
        fuzz_settled(sable_decrypt(w->queue, values, 512, false, ct, secret), sable_queue_error(w->queue));
    } else {
        fuzz_expect(secret == NULL, "a refused load leaves its output alone");
    }
    sable_secret_destroy(&secret);
    return 0;
}
