/* SPDX-License-Identifier: Apache-2.0 */
/* Files of encrypted matrices; what is accepted is worked with. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_world *w = fuzz_open();
    sable_error err = {0};
    sable_ct *tiles = NULL;
    sable_matrix_shape shape = {.struct_size = sizeof shape};
    if (!fuzz_settled(sable_ct_create(&tiles, w->ctx, &err), err.text)) return 0;
    if (fuzz_settled(sable_matrix_load(w->queue, &shape, tiles, fuzz_file(data, size)), sable_queue_error(w->queue))) {
        sable_circuit *c = NULL;
        if (fuzz_settled(sable_circuit_create(&c, shape.tile.height * shape.tile.width, &err), err.text))
            fuzz_expect(sable_matrix_input(c, "m", shape.format, shape.rows, shape.cols, shape.tile, 1) != NULL,
                        "a shape from a file is one of a circuit");
        sable_circuit_destroy(&c);
        fuzz_use(tiles);
    } else {
        sable_ct_info info = {.struct_size = sizeof info};
        fuzz_expect(sable_ct_describe(tiles, &info) == SABLE_OK && info.empty && shape.rows == 0,
                    "a refused load leaves its outputs alone");
    }
    sable_ct_destroy(w->queue, &tiles);
    return 0;
}
