/* SPDX-License-Identifier: Apache-2.0 */
/* Encrypted models; what is accepted is worked with. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_world *w = fuzz_open();
    sable_encrypted_model model = {0};
    if (fuzz_settled(sable_encrypted_model_load(w->queue, &model, fuzz_file(data, size)),
                     sable_queue_error(w->queue))) {
        fuzz_use(model.weights);
        fuzz_use(model.bias);
        static sable_ct *block;
        if (!block) block = fuzz_encrypt(1, 2);
        sable_ct *out = NULL;
        sable_error err = {0};
        const sable_infer_options options = {.struct_size = sizeof options, .range = model.range};
        if (fuzz_settled(sable_ct_create(&out, w->ctx, &err), err.text))
            fuzz_settled(sable_infer_encrypted(w->queue, out, block, model.weights, model.bias, model.classes,
                                               &model.layout, &options, w->keys),
                         sable_queue_error(w->queue));
        sable_ct_destroy(w->queue, &out);
    } else {
        fuzz_expect(!model.weights && !model.bias, "a refused load leaves its output alone");
    }
    sable_encrypted_model_clear(w->queue, &model);
    return 0;
}
