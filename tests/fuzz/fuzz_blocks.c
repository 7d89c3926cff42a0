/* SPDX-License-Identifier: Apache-2.0 */
/* Files of data sets and of results, every block of them. */
#include <math.h>

#include "fuzz.h"

static void read_blocks(fuzz_world *w, sable_blocks *blocks) {
    const sable_blocks_info *info = sable_blocks_get_info(blocks);
    sable_error err = {0};
    uint64_t sum = 0;
    fuzz_expect(info->blocks >= 1 && info->blocks <= 4095 && info->layout.slots == 512, "a shape in range");
    for (uint32_t i = 0; i < info->blocks; i++) {
        sable_ct *ct = NULL;
        if (!fuzz_settled(sable_ct_create(&ct, w->ctx, &err), err.text)) return;
        fuzz_expect(sable_blocks_samples(blocks, i) >= 1, "no block is empty");
        sum += sable_blocks_samples(blocks, i);
        if (fuzz_settled(sable_blocks_read(w->queue, ct, blocks, i), sable_queue_error(w->queue)) && i < 2)
            fuzz_use(ct);
        sable_ct_destroy(w->queue, &ct);
    }
    fuzz_expect(sum == info->samples, "the blocks hold all samples");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_world *w = fuzz_open();
    const char *path = fuzz_file(data, size);
    for (int kind = SABLE_BLOCKS_DATASET; kind <= SABLE_BLOCKS_RESULTS; kind++) {
        sable_blocks *blocks = NULL;
        if (fuzz_settled(sable_blocks_open(w->queue, &blocks, path, (sable_blocks_kind)kind),
                         sable_queue_error(w->queue)))
            read_blocks(w, blocks);
        else
            fuzz_expect(blocks == NULL, "a refused open leaves its output alone");
        sable_blocks_close(&blocks);
    }
    return 0;
}
