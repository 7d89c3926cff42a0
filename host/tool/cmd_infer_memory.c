/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/cmd_infer_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/options.h"
#include "tool/report.h"
#include "tool/workspace.h"

sable_status check_memory(session *s, uint64_t need, uint32_t members, const char *to_do) {
    if (!settings.memory || need <= settings.memory) return SABLE_OK;
    return sable_fail(&s->err, SABLE_LIMIT,
                      "to %s, one block of %u ciphertexts takes %s with tables, keys and scratch: --memory is %s",
                      to_do, members, shown_bytes(need).text, shown_bytes(settings.memory).text);
}

uint64_t process_peak(void) {
    FILE *file = fopen("/proc/self/status", "re");
    uint64_t kib = 0;
    char line[256];
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "VmHWM:", 6) == 0) kib = strtoull(line + 6, NULL, 10);
    if (file) fclose(file);
    return kib * 1024;
}

static const char *const tails[] = {".partial", ".partial.journal"};
enum { TAILS = sizeof tails / sizeof *tails, PATH_BYTES = 4096 };

int check_stream_output(const char *out, const char *const *inputs) {
    int status = check_output(out, inputs);
    for (size_t i = 0; i < TAILS && status < 0; i++) {
        char path[PATH_BYTES];
        if ((size_t)snprintf(path, sizeof path, "%s%s", out, tails[i]) < sizeof path)
            status = check_output(path, inputs);
    }
    return status;
}

void unfinished_stream(const char *out) {
    for (size_t i = 0; i < TAILS; i++) {
        char path[PATH_BYTES];
        if ((size_t)snprintf(path, sizeof path, "%s%s", out, tails[i]) < sizeof path) unfinished_add(path, false);
    }
}

bool worth_continuing(sable_status status, uint32_t blocks) {
    return blocks > 0 && (status == SABLE_IO || status == SABLE_NO_MEMORY || status == SABLE_DEVICE);
}
