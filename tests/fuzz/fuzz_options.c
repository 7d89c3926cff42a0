/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines: the input's bytes between zeros are its words. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "tool/options.h"
#include "tool/parse.c" /* lists live as long as the process: here they are given back after each input */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const words[] = {"sk", "pk", NULL};
    enum { WORDS = 64 };
    char *argv[WORDS + 2] = {(char[]){"sable"}}, *text = malloc(size + 1);
    fuzz_expect(text != NULL, "memory for the words");
    memcpy(text, data, size);
    text[size] = 0;
    int argc = 1;
    for (size_t at = 0; at < size && argc <= WORDS; at += strlen(text + at) + 1) argv[argc++] = text + at;

    bool fast = false;
    uint32_t runs = 10, choice = 0;
    uint64_t big = 7, bytes = 0;
    double rate = 1;
    const char *name = NULL, *other = NULL;
    text_list list = {0};
    option table[] = {
        OPTION("fast", FLAG, &fast, NULL, "a flag"),
        OPTION("runs", U32, &runs, "N", "in a range", .low = 1, .high = 1000),
        OPTION("big", U64, &big, "N", "any"),
        OPTION("rate", NUMBER, &rate, "X", "a number", .low = -1, .high = 2.5),
        OPTION("size", BYTES, &bytes, "BYTES", "a size", .low = 1024),
        OPTION("with", CHOICE, &choice, "KIND", "a choice", .choices = words),
        OPTION("drop", LIST, &list, "A,B", "a list"),
        OPTION("name", TEXT, &name, "TEXT", "a text", .group = "names"),
        OPTION("other", TEXT, &other, "TEXT", "another", .group = "names"),
        {0},
    };
    command_line line = {.name = "fuzz",
                         .summary = "is fuzzed",
                         .operands = "FILE..",
                         .operands_least = 0,
                         .operands_most = 8,
                         .options = table,
                         .common = COMMON_COMPUTE | COMMON_INSECURE};
    memset(&settings, 0, sizeof settings);
    int status = options_parse(&line, argc, argv);
    fuzz_expect(status == -1 || status == 0 || status == 2, "parsed, helped, or a usage error");
    if (status == -1) {
        fuzz_expect(runs >= 1 && runs <= 1000 && rate >= -1 && rate <= 2.5 && choice < 2, "values lie in their ranges");
        fuzz_expect(line.operand_count <= 8 && !(name && other), "words and groups are counted");
        for (uint32_t i = 0; i < list.count; i++) fuzz_expect(*list.item[i] != 0, "no item of a list is empty");
    }
    for (size_t i = 0; i < kept_count; i++) {
        free(kept[i].text);
        free(kept[i].item);
    }
    kept_count = 0;
    free(text);
    return 0;
}
