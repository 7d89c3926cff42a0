/* SPDX-License-Identifier: Apache-2.0 */
/* CSV files, packed by gzip or not. */
#include "fuzz.h"
#include "sable/io.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_table(data, size, SABLE_TABLE_CSV);
    return 0;
}
