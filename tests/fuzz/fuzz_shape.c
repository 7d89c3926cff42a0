/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of tables, as sable inspect tells them. */
#include "fuzz.h"
#include "io/shape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sable_table_shape shape;
    sable_error err = {0};
    sable_status status = sable_table_shape_read(&shape, fuzz_file(data, size), &err);
    if (fuzz_settled(status, err.text)) {
        fuzz_expect(shape.format != SABLE_TABLE_AUTO, "a format was found");
        fuzz_expect(shape.numeric_columns <= shape.columns, "columns are counted once");
        fuzz_expect(!shape.names || shape.has_header, "names come from a header line");
    } else {
        fuzz_expect(status == SABLE_FORMAT || status == SABLE_NO_MEMORY || status == SABLE_IO, "the file is at fault");
    }
    sable_table_shape_clear(&shape);
    return 0;
}
