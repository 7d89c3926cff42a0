/* SPDX-License-Identifier: Apache-2.0 */
/* Containers of any kind: head, table, sections. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "io/container.h"

static void read_all(sable_container *c) {
    sable_error err = {0};
    const sable_container_info *info = sable_container_get_info(c);
    fuzz_expect(info->section_count >= 1 && info->section_count <= SABLE_SECTIONS_MOST,
                "a number of sections in range");
    sable_section_spec *spec = calloc(info->section_count, sizeof *spec);
    fuzz_expect(spec != NULL, "memory for the sections");
    uint64_t sum = 0;
    for (uint32_t i = 0; i < info->section_count; i++) {
        spec[i] = sable_container_section(c, i);
        spec[i].flags = 0;
        sum += spec[i].length;
        fuzz_expect(spec[i].length > 0 && sum < info->total_bytes, "sections lie within the file");
        fuzz_expect(sable_container_has(c, spec[i].tag), "a listed section is found");
    }
    bool sound = fuzz_settled(sable_container_verify(c, &err), err.text);
    fuzz_expect(fuzz_settled(sable_container_expect(c, spec, info->section_count, &err), err.text),
                "its own table is expected");
    bool all = true;
    for (uint32_t i = 0; i < info->section_count; i++) {
        uint8_t *buffer = malloc(spec[i].length);
        fuzz_expect(buffer != NULL, "memory for a section");
        bool whole = fuzz_settled(sable_container_read(c, spec[i].tag, buffer, spec[i].length, &err), err.text);
        all = all && whole;
        sable_section_stream stream;
        sable_status status = sable_section_begin(&stream, c, spec[i].tag, spec[i].length, &err);
        for (uint64_t left = spec[i].length, step; left && status == SABLE_OK; left -= step) {
            step = left < 1000 ? left : 1000;
            status = sable_section_next(&stream, buffer, step, &err);
        }
        if (status == SABLE_OK) status = sable_section_end(&stream, &err);
        fuzz_expect(fuzz_settled(status, err.text) == whole, "both ways of reading agree");
        free(buffer);
    }
    fuzz_expect(all == sound, "verify and reading agree");
    free(spec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sable_error err = {0};
    sable_container *c = NULL;
    const sable_container_limits limits = {SABLE_SECTIONS_MOST, 0};
    if (fuzz_settled(sable_container_open_bytes(&c, data, size, "input", SABLE_KIND_ANY, &limits, &err), err.text))
        read_all(c);
    else
        fuzz_expect(c == NULL, "a refused open leaves its output alone");
    sable_container_close(&c);
    return 0;
}
