/* SPDX-License-Identifier: Apache-2.0 */
/* Parameter sets as text, or in a container; what is accepted is written and read again. */
#include <string.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sable_error err = {0};
    sable_params *params = NULL, *again = NULL;
    const sable_params_options allow = {sizeof allow, true};
    sable_status status = size && data[0] == 0xF5 ? sable_params_load(&params, fuzz_file(data, size), &allow, &err)
                                                  : sable_params_parse(&params, (const char *)data, size, &allow, &err);
    if (!fuzz_settled(status, err.text)) {
        fuzz_expect(params == NULL, "a refused set leaves its output alone");
        return 0;
    }
    char *text = NULL;
    fuzz_expect(sable_params_write(params, &text, &err) == SABLE_OK, "an accepted set can be written");
    fuzz_expect(sable_params_parse(&again, text, strlen(text), &allow, &err) == SABLE_OK, "and read again");
    sable_params_info a = {.struct_size = sizeof a}, b = a;
    fuzz_expect(sable_params_describe(params, &a) == SABLE_OK && sable_params_describe(again, &b) == SABLE_OK &&
                    memcmp(a.digest, b.digest, sizeof a.digest) == 0,
                "to the same digest");
    sable_text_free(text);
    sable_params_destroy(&params);
    sable_params_destroy(&again);
    return 0;
}
