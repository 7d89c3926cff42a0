/* SPDX-License-Identifier: Apache-2.0 */
#include "ring/params_hex.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

void sable_hex_double(char text[SABLE_HEX_DOUBLE_CHARS], double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint64_t fraction = bits & ((1ull << 52) - 1);
    int exponent = (int)(bits >> 52 & 0x7ff) - 1023, digits = 13;
    if (value == 0) {
        snprintf(text, SABLE_HEX_DOUBLE_CHARS, "0x0p+0");
        return;
    }
    while (digits > 0 && (fraction & 15) == 0) fraction >>= 4, digits--;
    const char *sign = bits >> 63 ? "-" : "";
    if (digits)
        snprintf(text, SABLE_HEX_DOUBLE_CHARS, "%s0x1.%0*llxp%+d", sign, digits, (unsigned long long)fraction,
                 exponent);
    else
        snprintf(text, SABLE_HEX_DOUBLE_CHARS, "%s0x1p%+d", sign, exponent);
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
    if (*c || exponent > 1022) return false;
    uint64_t bits = fraction << (52 - 4 * digits) | (uint64_t)((down ? -exponent : exponent) + 1023) << 52;
    if (negative) bits |= 1ull << 63;
    memcpy(value, &bits, sizeof bits);
    char canonical[SABLE_HEX_DOUBLE_CHARS];
    sable_hex_double(canonical, *value);
    return strcmp(canonical, text) == 0;
}
