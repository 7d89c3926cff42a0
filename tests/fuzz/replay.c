/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a target without libFuzzer: replay FOLDER [MUTATIONS]. Every file of the folder, then so many mutations of each:
 * the same ones in every run. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

__attribute__((weak)) size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

static uint32_t state = 1;
static uint32_t next(void) {
    state ^= state << 13;
    state ^= state >> 17;
    return state ^= state << 5;
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most) {
    size_t at = size ? next() % size : 0, length = 1 + next() % 8;
    switch (next() % 4) {
    case 0:
        if (size) data[at] ^= (uint8_t)(1u << next() % 8);
        return size;
    case 1:
        if (size) data[at] = (uint8_t)next();
        return size;
    case 2:
        if (size + length > most) return size;
        memmove(data + at + length, data + at, size - at);
        for (size_t i = 0; i < length; i++) data[at + i] = (uint8_t)next();
        return size + length;
    default:
        if (length > size - at || size == length) return size;
        memmove(data + at, data + at + length, size - at - length);
        return size - length;
    }
}

static void run(const char *path, unsigned mutations) {
    FILE *file = fopen(path, "rb");
    fuzz_expect(file != NULL, "a seed can be read");
    enum { MOST = 1 << 20 };
    static uint8_t seed[MOST], input[MOST];
    size_t size = fread(seed, 1, MOST, file);
    fclose(file);
    for (unsigned i = 0; i <= mutations; i++) {
        size_t length = size;
        memcpy(input, seed, size);
        if (i && LLVMFuzzerCustomMutator)
            length = LLVMFuzzerCustomMutator(input, length, MOST, next());
        else
            for (unsigned k = i ? 1 + next() % 4 : 0; k; k--) length = LLVMFuzzerMutate(input, length, MOST);
        uint8_t *exact = malloc(length ? length : 1); /* so that reading beyond the end is noticed */
        fuzz_expect(exact != NULL, "memory for an input");
        memcpy(exact, input, length);
        LLVMFuzzerTestOneInput(exact, length);
        free(exact);
    }
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: %s FOLDER [MUTATIONS]\n", argv[0]);
        return 2;
    }
    struct dirent **names;
    int count = scandir(argv[1], &names, NULL, alphasort);
    unsigned seeds = 0;
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[1], names[i]->d_name);
        if (names[i]->d_name[0] != '.') {
            run(path, argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0);
            seeds++;
        }
        free(names[i]);
    }
    if (count >= 0) free(names);
    fprintf(stderr, "%u seeds\n", seeds);
    return seeds ? 0 : 1;
}
