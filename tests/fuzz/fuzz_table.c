/* SPDX-License-Identifier: Apache-2.0 */
/* Tables whose format is found by their content. */
#include "fuzz.h"
#include "sable/io.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_table(data, size, SABLE_TABLE_AUTO);
    return 0;
}
