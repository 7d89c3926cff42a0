/* SPDX-License-Identifier: Apache-2.0 */
/* Journals of unfinished files, as sable inspect reads them. */
#include "fuzz.h"
#include "logreg/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sable_journal_info info;
    sable_error err = {0};
    if (fuzz_settled(sable_journal_read(&info, fuzz_file(data, size), &err), err.text)) {
        fuzz_expect(sable_journal_detect(data, size), "what is read begins like a journal");
        fuzz_expect((info.pieces == 0) == (info.end == 0), "pieces are not empty");
    }
    return 0;
}
