/* SPDX-License-Identifier: Apache-2.0 */
#include "ring/params_hex.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

void sable_hex_double(char text[SABLE_HEX_DOUBLE_CHARS], double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (value == 0) {
        snprintf(text, SABLE_HEX_DOUBLE_CHARS, "0x0p+0");
        return;
    }
    char fraction[15];
    snprintf(fraction, sizeof fraction, ".%013llx", (unsigned long long)(bits & ((1ull << 52) - 1)));
    size_t length = strlen(fraction);
    while (length > 1 && fraction[length - 1] == '0') length--;
    fraction[length > 1 ? length : 0] = 0;
    snprintf(text, SABLE_HEX_DOUBLE_CHARS, "%s0x1%sp%+d", bits >> 63 ? "-" : "", fraction,
             (int)(bits >> 52 & 0x7ff) - 1023);
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool sable_hex_double_parse(double *value, const char *text) {
    const char *c = text;
    uint64_t fraction = 0;
    int exponent = 0, digits = 0, negative = *c == '-';
    c += negative;
    if (strcmp(c, "0x0p+0") == 0) {
        *value = 0;
        return !negative;
    }
    if (strncmp(c, "0x1", 3) != 0) return false;
    c += 3;
    if (*c == '.')
        for (c++; digits < 13 && hex_digit(*c) >= 0; c++, digits++) fraction = fraction << 4 | (uint64_t)hex_digit(*c);
    if (*c++ != 'p') return false;
    int down = *c == '-';
    if (*c != '-' && *c != '+') return false;
    c++;
    for (int i = 0; i < 4 && *c >= '0' && *c <= '9'; i++) exponent = 10 * exponent + (*c++ - '0');
    if (*c || exponent > (down ? 1022 : 1023)) return false;
    uint64_t bits = fraction << (52 - 4 * digits) | (uint64_t)((down ? -exponent : exponent) + 1023) << 52;
    if (negative) bits |= 1ull << 63;
    memcpy(value, &bits, sizeof bits);
    char canonical[SABLE_HEX_DOUBLE_CHARS];
    sable_hex_double(canonical, *value);
    return strcmp(canonical, text) == 0;
}
